/* guard.c — nothing is ever written onto what is read.
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

/* What belongs to a checkpoint though no value is in it. */
static void look_beside(struct guard *g, const struct located *at)
{
	static const char *const endings[] = { ".index", ".meta" };
	const char *graph = graph_of_prefix(g->arena, at->prefix);
	if (graph)
		look_at(g, graph);
	if (at->folder) {
		const char *state = path_join(g->arena, at->folder, "checkpoint");
		g->no_memory |= !state;
		if (state)
			look_at(g, state);
	}
	for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
		const char *beside = arena_printf(g->arena, "%s%s", at->prefix,
						  endings[i]);
		g->no_memory |= !beside;
		if (beside)
			look_at(g, beside);
	}
}

int guard_path(struct ckpt *c, struct arena *a, const char *path, const char *more,
	       struct ckpt_error *err)
{
	struct guard g = { .arena = a, .path = path };
	g.exists = !source_identify(path, &g.own);
	g.in_folder = identify_folder(&g, path, &g.folder);
	look_at(&g, c->at.given);
	look_at(&g, c->at.prefix);
	look_beside(&g, &c->at);
	if (more)
		look_at(&g, more);
	if (c->reader->members(c, on_member, &g, err))
		return -1;
	if (g.no_memory)
		return arena_error(a, err);
	return g.hit ? error_set(err, CKPT_EINVAL, path, -1,
				 "belongs to what is read; the new file needs another "
				 "name")
		     : 0;
}
