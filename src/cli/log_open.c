/* log_open.c — the checkpoints that a history is of, in the order of their steps.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "cli/log_open.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "cli/cmd.h"
#include "cli/paths.h"
#include "format/locate.h"
#include "format/path.h"
#include "format/reader.h"
#include "format/state.h"
#include "report/info.h"

/* What is found, in the order of the arguments. */
struct opening {
	const struct options *o;
	struct arena *a;
	struct pointers found; /* struct history_snapshot */
	size_t opened;
	struct ckpt_error first_error;
};

static struct history_snapshot *add(struct opening *at, const char *path,
				    struct ckpt_error *err)
{
	struct history_snapshot *s = arena_zeroed(at->a, 1, sizeof *s);
	if (!s || pointers_add(&at->found, s)) {
		arena_error(at->a, err);
		return NULL;
	}
	s->path = path;
	s->step = -1;
	return s;
}

/* A SavedModel's version is the name of its folder, or stands behind '@'. */
static void version_of(struct opening *at, const char *path, struct history_snapshot *s)
{
	size_t len = strlen(path);
	while (len > 1 && path[len - 1] == '/')
		len--;
	const char *copy = arena_copy(at->a, path, len);
	const char *base = copy ? path_base(copy) : "";
	const char *number = strrchr(base, '@') ? strrchr(base, '@') + 1 : base;
	char *end;
	errno = 0;
	const long long step = strtoll(number, &end, 10);
	if (end == number || *end || errno || step < 0)
		return;
	s->step = step;
	s->step_source = "name";
}

static int open_one(struct opening *at, const char *path, int64_t step,
		    struct ckpt_error *err)
{
	const struct ckpt_options options = ckpt_options_of(at->o);
	struct history_snapshot *s = add(at, path, err);
	if (!s)
		return -1;
	s->c = ckpt_open(path, &options, &s->error);
	if (s->c && reader_load(s->c, &s->error)) {
		ckpt_close(s->c);
		s->c = NULL;
	}
	if (step >= 0) {
		s->step = step;
		s->step_source = "name";
	} else if (s->c) {
		step_of(s->c, &s->step, &s->step_source);
		if (s->step < 0)
			version_of(at, path, s);
	} else if ((s->step = step_of_name(path_base(path))) >= 0) {
		s->step_source = "name";
	}
	if (!s->c) {
		error_copy(&at->first_error, &s->error);
		return 0;
	}
	at->opened++;
	s->path = ckpt_prefix(s->c);
	tell_note(s->c);
	return 0;
}

/* What is gone has been deleted, as savers do; but the latest may not be. */
static int note_gone(struct opening *at, const struct run_folder *run,
		     const struct snapshot *gone, struct ckpt_error *err)
{
	struct ckpt_error e = { 0 };
	snapshot_gone(run, gone, &e);
	if (!gone->latest) {
		text_error(&e);
		return 0;
	}
	struct history_snapshot *s = add(at, gone->prefix, err);
	if (!s)
		return -1;
	s->step = gone->step;
	s->step_source = gone->step >= 0 ? "name" : NULL;
	s->error = e;
	error_copy(&at->first_error, &e);
	return 0;
}

/* Each checkpoint of a folder: 1; 0: path is no folder of checkpoints. */
static int open_folder(struct opening *at, const char *path, struct ckpt_error *err)
{
	const char *folder;
	struct run_folder run;
	if (!locate_is_folder(at->a, path, &folder))
		return 0;
	if (run_read(at->a, folder, at->o->given[OPT_FOLLOW], &run, err))
		return -1;
	for (size_t i = 0; i < run.n; i++) {
		const struct snapshot *s = &run.all[i];
		if (s->on_disk ? open_one(at, s->prefix, s->step, err)
			       : note_gone(at, &run, s, err))
			return -1;
	}
	return run.n > 0;
}

/* In the order of steps; those of one step stay in the order of the arguments. */
static int put_in_order(struct opening *at, struct log_run *run, struct ckpt_error *err)
{
	run->all = arena_zeroed(at->a, at->found.n + 1, sizeof *run->all);
	if (!run->all)
		return arena_error(at->a, err);
	bool all_known = true;
	for (size_t i = 0; i < at->found.n; i++)
		all_known &= ((struct history_snapshot *)at->found.p[i])->step_source !=
			     NULL;
	for (size_t i = 0; i < at->found.n; i++) {
		struct history_snapshot s = *(struct history_snapshot *)at->found.p[i];
		if (!all_known) {
			s.step = (int64_t)i + 1;
			s.step_source = "position";
		}
		size_t to = run->n++;
		for (; to && run->all[to - 1].step > s.step; to--)
			run->all[to] = run->all[to - 1];
		run->all[to] = s;
	}
	return 0;
}

static int open_all(struct opening *at, const struct paths *paths, struct ckpt_error *err)
{
	for (size_t i = 0; i < paths->n; i++) {
		const int r = open_folder(at, paths->all[i], err);
		if (r < 0 || (!r && open_one(at, paths->all[i], -1, err)))
			return -1;
	}
	if (!at->opened)
		return error_copy(err, &at->first_error);
	if (at->found.n == 1)
		return error_set(err, CKPT_EINVAL, paths->all[0], -1,
				 "this is one checkpoint: a history takes at least two, "
				 "or a folder of them");
	return 0;
}

int log_open(struct options *o, struct arena *a, struct log_run *run,
	     struct ckpt_error *err)
{
	struct opening at = { .o = o, .a = a };
	struct options folders = *o;
	struct paths paths;
	/* Any folder will do: what is wrong with its latest is seen when it is opened. */
	folders.given[OPT_LATEST_COMPLETE] = true;
	const int taken = paths_take(&folders, 1, &paths, err);
	o->arena = folders.arena;
	*run = (struct log_run){ .n = 0 };
	if (taken)
		return -1;
	run->given = paths.all;
	run->n_given = paths.n;
	run->first_pattern = paths.used;
	int r = open_all(&at, &paths, err);
	if (put_in_order(&at, run, err))
		r = -1;
	pointers_drop(&at.found);
	return r;
}

void log_close(struct log_run *run)
{
	for (size_t i = 0; i < run->n; i++)
		ckpt_close(run->all[i].c);
}
