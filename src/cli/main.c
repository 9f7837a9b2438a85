/* main.c — the command table; both streams are closed and checked at the end.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "cli/cmd.h"

const struct command *const commands[] = { &cmd_list,   &cmd_info,       &cmd_print,
					   &cmd_verify, &cmd_completion, NULL };

static int run(struct options *o, int argc, char **argv)
{
	struct ckpt_error err = { 0 };
	if (options_parse(o, argc, argv, &err))
		return fail(o, &err);
	if (o->given[OPT_HELP]) {
		print_help(o->command);
		return EXIT_FINE;
	}
	if (o->given[OPT_VERSION]) {
		printf("ckpt-inspect %s\n", ckpt_version());
		return EXIT_FINE;
	}
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

int main(int argc, char **argv)
{
	static char out_buffer[1 << 16];
	struct options o;
	setlocale(LC_CTYPE, ""); /* widths and nothing else: numbers keep their point */
	setvbuf(stdout, out_buffer, _IOFBF, sizeof out_buffer);
	const int code = run(&o, argc, argv);
	arena_drop(&o.arena);
	return close_streams(code);
}
