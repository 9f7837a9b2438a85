/* folder.c — ckpt_open: a folder means its latest checkpoint, if that is whole.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Everything else that a path may mean is locate.c's; here is what needs open
 * checkpoints to be decided.
 */
#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "format/locate.h"
#include "format/path.h"
#include "format/reader.h"
#include "format/state.h"

struct lack {
	struct ckpt_error *err;
	const char *prefix;
};

static void look(void *arg, const struct member *m)
{
	const struct lack *lack = arg;
	const char *base = path_base(m->path);
	if (!m->exists && m->expected)
		error_set(lack->err, CKPT_ENOTFOUND, lack->prefix, -1,
			  "the latest checkpoint is incomplete: %.150s is missing; "
			  "--latest-complete takes the last whole one", base);
	else if (m->exists && m->size < m->expected)
		error_set(lack->err, CKPT_ENOTFOUND, lack->prefix, -1,
			  "the latest checkpoint is incomplete: %.150s has %" PRIu64
			  " of %" PRIu64
			  " bytes; --latest-complete takes the last whole one",
			  base, m->size, m->expected);
}

/* ENOTFOUND names the first file that is missing or too short; loads the tensors. */
static int check_complete(struct ckpt *c, struct ckpt_error *err)
{
	struct ckpt_error found = { 0 };
	struct lack lack = { &found, c->at.prefix };
	if (ckpt_load(c, err) || c->reader->members(c, look, &lack, err))
		return -1;
	return found.code ? error_copy(err, &found) : 0;
}

static struct ckpt *try_one(const struct snapshot *s, const struct ckpt_options *options)
{
	struct ckpt *c = s->on_disk ? reader_open(s->prefix, options, NULL) : NULL;
	if (c && !check_complete(c, NULL))
		return c;
	ckpt_close(c);
	return NULL;
}

/* The last checkpoint of a folder that is whole: the one that the state file calls the
 * latest before all others, then by falling step. */
static struct ckpt *latest_complete(const char *folder,
				    const struct ckpt_options *options,
				    struct ckpt_error *err)
{
	struct ckpt_options plain = *options;
	struct run_folder run;
	struct arena a;
	struct ckpt *c = NULL;
	plain.latest_complete = false;
	arena_init(&a, UINT64_MAX);
	if (!run_read(&a, folder, plain.follow, &run, err)) {
		if (run.latest)
			c = try_one(run.latest, &plain);
		for (size_t i = run.n; i > 0 && !c; i--)
			c = try_one(&run.all[i - 1], &plain);
		if (c)
			c->at.taken_for = "last complete checkpoint of the folder";
		else if (run.n)
			error_set(err, CKPT_ENOTFOUND, folder, -1,
				  "none of the folder's %zu checkpoints is complete",
				  run.n);
	}
	const bool no_run = !c && !run.n;
	arena_drop(&a);
	return no_run ? reader_open(folder, &plain, err) : c;
}

struct ckpt *ckpt_open(const char *path, const struct ckpt_options *options,
		       struct ckpt_error *err)
{
	static const struct ckpt_options defaults = { 0 };
	const char *folder = NULL;
	struct ckpt_error none = { 0 };
	struct arena a;
	options = options ? options : &defaults;
	err = err ? err : &none;
	arena_init(&a, UINT64_MAX);
	const bool is_folder = locate_is_folder(&a, path, &folder);
	struct ckpt *c = is_folder && options->latest_complete
				 ? latest_complete(folder, options, err)
				 : reader_open(path, options, err);
	arena_drop(&a);
	if (!c || !c->at.folder || !check_complete(c, err))
		return c;
	ckpt_close(c);
	return NULL;
}
