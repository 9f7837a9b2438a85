/* cmd_tui.c — ckpt-inspect tui: all of it on a screen.
 * SPDX-License-Identifier: Apache-2.0
 *
 * What is given is opened before the screen is: what is no checkpoint is said as every
 * command says it.
 */
#include "config.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "cli/cmd.h"
#include "format/reader.h"
#include "tui/app.h"
#include "tui/views.h"

bool tui_possible(void)
{
	const char *term = getenv("TERM");
	return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && term && *term &&
	       strcmp(term, "dumb") != 0;
}

/* "80x24" */
static int read_size(const char *text, struct term_options *to, struct ckpt_error *err)
{
	enum { MOST = 1000 };
	char *end;
	const long cols = strtol(text, &end, 10);
	const long rows = *end == 'x' ? strtol(end + 1, &end, 10) : 0;
	if (*end || cols < 1 || rows < 1 || cols > MOST || rows > MOST)
		return error_set(err, CKPT_EINVAL, NULL, -1,
				 "--size takes columns and rows, as 80x24, not '%.40s'",
				 text);
	to->cols = (int)cols;
	to->rows = (int)rows;
	return 0;
}

static int read_options(const struct options *o, struct app_options *to,
			struct ckpt_error *err)
{
	const char *color = o->given[OPT_COLOR] ? o->value[OPT_COLOR] : "auto";
	const char *no_color = getenv("NO_COLOR");
	*to = (struct app_options){
		.term = { .ascii = o->given[OPT_ASCII],
			  .mouse = o->given[OPT_MOUSE],
			  .in_memory = o->given[OPT_KEYS],
			  .rows = 24,
			  .cols = 80 },
		.script = o->value[OPT_KEYS],
	};
	if (wants_json(o))
		return error_set(err, CKPT_EINVAL, NULL, -1,
				 "a screen is no document: list, diff and log have "
				 "--json");
	if (strcmp(color, "auto") && strcmp(color, "always") && strcmp(color, "never"))
		return error_set(err, CKPT_EINVAL, NULL, -1,
				 "--color takes auto, always or never, not '%.40s'",
				 color);
	to->term.mono = !strcmp(color, "never") ||
			(!strcmp(color, "auto") && no_color && *no_color);
	if (o->given[OPT_SIZE] && !o->given[OPT_KEYS])
		return error_set(err, CKPT_EINVAL, NULL, -1,
				 "--size is for --keys: a terminal has a size");
	return o->given[OPT_SIZE] ? read_size(o->value[OPT_SIZE], &to->term, err) : 0;
}

/* A folder of several checkpoints opens on its history, a graph on its nodes, everything
 * else on what is in it. */
static struct view *view_of_one(const struct options *o, struct arena *a,
				const struct view_settings *s, struct ckpt_error *err)
{
	struct run_folder run = { .n = 0 };
	if (!o->given[OPT_LATEST_COMPLETE] && folder_of(o, a, o->args[0], &run, err))
		return NULL;
	if (run.n > 1)
		return history_view(o->args[0], s);
	const struct view_ckpt c = { .c = ckpt_open(o->args[0], &s->open, err) };
	if (!c.c)
		return NULL;
	return graph_of_checkpoint(c.c) ? nodes_view(c, o->args[0], s)
					: browse_view(c, o->args[0], s);
}

static struct view *view_of_two(const struct options *o, const struct view_settings *s,
				struct ckpt_error *err)
{
	const struct view_ckpt a = { .c = ckpt_open(o->args[0], &s->open, err) };
	const struct view_ckpt b = { .c = a.c ? ckpt_open(o->args[1], &s->open, err)
					      : NULL };
	if (b.c)
		return diff_view(a, b, s);
	ckpt_close(a.c);
	return NULL;
}

static int run(const struct options *o)
{
	struct ckpt_error err = { 0 };
	struct app_options options;
	struct arena arena;
	const struct view_settings settings = {
		.open = ckpt_options_of(o),
		.threads = threads_of(o),
	};
	struct view *first = NULL;
	int r = -1;
	arena_init(&arena, UINT64_MAX);
	if (!read_options(o, &options, &err))
		first = o->n_args == 1 ? view_of_one(o, &arena, &settings, &err)
				       : view_of_two(o, &settings, &err);
	if (first)
		r = app_run(&options, first, &err);
	else if (!err.code)
		error_set(&err, CKPT_ENOMEM, NULL, -1, "out of memory");
	arena_drop(&arena);
	if (r > 0) { /* as the signal would have had it */
		signal(r, SIG_DFL);
		raise(r);
	}
	return r ? fail(o, &err) : EXIT_FINE;
}

const struct command cmd_tui = {
	.name = "tui",
	.args = "PATH [PATH]",
	.summary = "browse, read, compare and follow a run on the screen",
	.examples =
		"ckpt-inspect run                     # on a terminal the same\n"
		"ckpt-inspect tui model.ckpt-200\n"
		"ckpt-inspect tui run@200 run@1000    # what differs\n"
		"ckpt-inspect tui --ascii --color never run\n"
		"ckpt-inspect tui --keys FILE --size 80x24 run    # a script of keys\n",
	.notes = "? shows the keys of the screen that one is in. Files are only read; w "
		 "writes what\nis shown to a new one.\n",
	.options = { OPT_ASCII, OPT_COLOR, OPT_MOUSE, OPT_KEYS, OPT_SIZE, OPT_JOBS,
		     OPT_NO_MMAP },
	.min_args = 1,
	.max_args = 2,
	.run = run,
};
