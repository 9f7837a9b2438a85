/* main.c — the command table; both streams are closed and checked at the end.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/error.h"
#include "base/mapping.h"
#include "cli/cmd.h"
#include "cli/paths.h"
#include "model/reals.h"

const struct command *const commands[] = {
	&cmd_list, &cmd_info, &cmd_print, &cmd_verify,     &cmd_diff,
	&cmd_log,  &cmd_stats, &cmd_graph, &cmd_tui,        &cmd_freeze,
	&cmd_export, &cmd_completion, NULL,
};

/* Without a command, two checkpoints are to be compared, one is to be looked at. */
static int guess_command(struct options *o, struct ckpt_error *err)
{
	struct paths paths;
	struct ckpt_error e = { 0 };
	if (o->n_args > 1 && !paths_take(o, 1, &paths, &e)) {
		if (paths.n > 2)
			return error_set(
				err, CKPT_EINVAL, NULL, -1,
				"these are %zu checkpoints: diff compares two of "
				"them, log shows how all of them changed",
				paths.n);
		if (paths.n == 2)
			o->command = &cmd_diff;
		else if (paths.used > 1) { /* several files of one checkpoint */
			o->args += paths.used - 1;
			o->n_args -= paths.used - 1;
		}
	}
	/* On a terminal the same as a screen, unless an option asks for another thing. */
	const struct command *plain = o->command;
	const size_t paths_only = plain == &cmd_diff ? 2 : 1;
	o->command = &cmd_tui;
	if (o->n_args != paths_only || wants_json(o) || !tui_possible() ||
	    options_check(o, NULL))
		o->command = plain;
	return options_check(o, err);
}

/* CKPT_INSPECT_VECTORS: which instructions compute. The answers are the same. */
static int choose_vectors(struct ckpt_error *err)
{
	static const char *const names[] = {
		[VECTORS_SCALAR] = "scalar", [VECTORS_AVX2] = "avx2",
		[VECTORS_AVX512] = "avx512",
	};
	const char *wanted = getenv("CKPT_INSPECT_VECTORS");
	if (!wanted || !*wanted)
		return 0;
	for (int v = VECTORS_SCALAR; v <= VECTORS_AVX512; v++)
		if (!strcmp(wanted, names[v]))
			return vectors_choose((enum vectors)v)
				       ? 0
				       : error_set(err, CKPT_EINVAL, NULL, -1,
						   "CKPT_INSPECT_VECTORS: this processor "
						   "has no %s", wanted);
	return error_set(err, CKPT_EINVAL, NULL, -1,
			 "CKPT_INSPECT_VECTORS is scalar, avx2 or avx512, not '%.40s'",
			 wanted);
}

static int run(struct options *o, int argc, char **argv)
{
	struct ckpt_error err = { 0 };
	if (options_parse(o, argc, argv, &err) || choose_vectors(&err))
		return fail(o, &err);
	if (o->implied && o->command && guess_command(o, &err))
		return fail(o, &err);
	if (o->given[OPT_HELP]) {
		print_help(o->command);
		return EXIT_FINE;
	}
	if (o->given[OPT_VERSION]) {
		printf("ckpt-inspect %s\n", ckpt_version());
		return EXIT_FINE;
	}
	if (!o->given[OPT_NO_MMAP])
		mapping_allow();
	return o->command->run(o);
}

/* Output that did not reach its file is trouble, whatever the answer was. */
static int close_streams(int code)
{
	errno = 0;
	const bool failed = ferror(stdout) || fflush(stdout);
	const int why = errno;
	if (fclose(stdout) || failed) {
		errno = failed ? why : errno;
		fprintf(stderr, "ckpt-inspect: standard output: cannot write: %s\n",
			errno ? strerror(errno) : "an earlier write failed");
		code = EXIT_TROUBLE;
	}
	const bool unheard = ferror(stderr);
	if (fclose(stderr) || unheard)
		code = EXIT_TROUBLE;
	return code;
}

/* Each checkpoint has its index open, and in each thread its data files: as many as the
 * system lets us. */
static void allow_files(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur == limit.rlim_max)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int argc, char **argv)
{
	static char out_buffer[1 << 16];
	struct options o;
	allow_files();
	setlocale(LC_CTYPE, ""); /* widths and nothing else: numbers keep their point */
	setvbuf(stdout, out_buffer, _IOFBF, sizeof out_buffer);
	const int code = run(&o, argc, argv);
	arena_drop(&o.arena);
	return close_streams(code);
}
