/* guard.c — nothing is ever written onto the checkpoint that is read.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Files are the same if the system says so, whatever they are called; a file that is
 * missing is known by its folder and its name.
 */
#include "config.h"

#include "make/guard.h"

#include <string.h>

#include "base/error.h"
#include "base/source.h"
#include "format/graph_beside.h"
#include "format/path.h"

struct guard {
	struct arena *arena;
	const char *path;
	struct identity own, folder;
	bool exists, in_folder, hit, no_memory;
};

static bool same_file(const struct identity *a, const struct identity *b)
{
	return a->device == b->device && a->inode == b->inode;
}

/* The identity of the folder that a path lies in. */
static bool identify_folder(struct guard *g, const char *path, struct identity *id)
{
	const char *folder = path_folder(g->arena, path);
	g->no_memory |= !folder;
	return folder && !source_identify(*folder ? folder : ".", id);
}

static void look_at(struct guard *g, const char *path)
{
	struct identity id;
	if (!source_identify(path, &id)) {
		g->hit |= g->exists && same_file(&id, &g->own);
		return;
	}
	g->hit |= !strcmp(path_base(path), path_base(g->path)) && g->in_folder &&
		  identify_folder(g, path, &id) && same_file(&id, &g->folder);
}

static void on_member(void *arg, const struct member *m)
{
	look_at(arg, m->path);
}

int guard_path(struct arena *a, struct ckpt *c, const char *path, struct ckpt_error *err)
{
	struct guard g = { .arena = a, .path = path };
	const struct located *at = &c->at;
	const char *more[] = { ".index", ".meta" };
	g.exists = !source_identify(path, &g.own);
	g.in_folder = identify_folder(&g, path, &g.folder);
	look_at(&g, at->given);
	look_at(&g, at->prefix);
	if (at->folder) {
		const char *state = path_join(a, at->folder, "checkpoint");
		g.no_memory |= !state;
		if (state)
			look_at(&g, state);
	}
	for (size_t i = 0; i < sizeof more / sizeof *more; i++) {
		const char *beside = arena_printf(a, "%s%s", at->prefix, more[i]);
		g.no_memory |= !beside;
		if (beside)
			look_at(&g, beside);
	}
	/* Of a V1 pattern, and of a SavedModel's variables, under another name. */
	const char *graph = graph_of_prefix(a, at->prefix);
	if (graph)
		look_at(&g, graph);
	if (c->reader->members(c, on_member, &g, err))
		return -1;
	if (g.no_memory)
		return arena_error(a, err);
	return g.hit ? error_set(err, CKPT_EINVAL, path, -1,
				 "belongs to the checkpoint that is read")
		     : 0;
}
