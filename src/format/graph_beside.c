/* graph_beside.c — which graph belongs to a checkpoint.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "format/graph_beside.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "format/locate.h"
#include "format/path.h"

const char *graph_of_saved_model(struct arena *a, const char *folder)
{
	/* TensorFlow looks for them in this order (cc/saved_model/reader.cc). The last is
	 * in chunks; opening it says that they are not read. */
	static const char *const names[] = { "saved_model.pb", "saved_model.pbtxt",
					     "saved_model.cpb" };
	for (size_t i = 0; folder && i < sizeof names / sizeof *names; i++) {
		const char *path = path_join(a, folder, names[i]);
		if (path_is_file(path))
			return path;
	}
	return NULL;
}

/* Is it "DIR/variables/variables"? Then the graph is DIR's. */
static const char *of_variables(struct arena *a, const char *prefix)
{
	const char *folder = path_folder(a, prefix);
	if (!folder || strcmp(path_base(prefix), "variables") ||
	    strcmp(path_base(folder), "variables"))
		return NULL;
	return graph_of_saved_model(a, path_folder(a, folder));
}

const char *graph_of_prefix(struct arena *a, const char *prefix)
{
	uint32_t count;
	const size_t stem = shard_stem(prefix, &count); /* of a V1 pattern */
	const int n = (int)(stem ? stem : strlen(prefix));
	const char *meta = arena_printf(a, "%.*s.meta", n, prefix);
	return path_is_file(meta) ? meta : of_variables(a, prefix);
}

struct ckpt *checkpoint_beside(struct arena *a, const char *path, uint64_t limit)
{
	const struct ckpt_options plain = { .max_memory = limit };
	struct located at;
	const char *folder = path_folder(a, path);
	if (!folder || locate(a, path, &plain, &at, NULL) || at.reader == &reader_graph)
		path = folder && *folder ? folder : ".";
	struct ckpt *c = reader_open(path, &plain, NULL);
	if (c && graph_of_checkpoint(c)) {
		ckpt_close(c);
		return NULL;
	}
	return c;
}

/* --- values ------------------------------------------------------------------------ */

int graph_values_read(struct graph_values *v, struct arena *a, const char *path,
		      struct ckpt *c, uint64_t limit, struct ckpt_error *err)
{
	const size_t was = a->limit;
	*v = (struct graph_values){ 0 };
	if (limit < a->limit - a->taken)
		a->limit = a->taken + (size_t)limit;
	v->graph = graph_open(a, path, c ? c->at.tags : NULL, limit, err);
	const bool good = v->graph && !net_load(v->graph, a, GRAPH_MAIN, &v->net, err) &&
			  !variables_read(&v->variables, v->graph, &v->net, a, err) &&
			  (!c || !variables_match(&v->variables, c, a, err));
	a->limit = was;
	if (!good) {
		graph_values_drop(v);
		return -1;
	}
	for (size_t i = 0; i < v->variables.n; i++) {
		const struct variable *at = &v->variables.all[i];
		v->saved += at->saved;
		v->present += at->saved && at->status == VARIABLE_PRESENT;
	}
	return 0;
}

void graph_values_drop(struct graph_values *v)
{
	graph_close(v->graph);
	v->graph = NULL;
}

/* --- graphs of other names --------------------------------------------------------- */

enum { MOST_CANDIDATES = 200 };

/* ".meta" before ".pbtxt" before ".pb": what has the saver, what is rarely frozen. */
static int rank_of(const char *name)
{
	static const char *const endings[] = { ".meta", ".pbtxt", ".pb" };
	const size_t n = strlen(name);
	for (int i = 0; i < 3; i++) {
		const size_t k = strlen(endings[i]);
		if (n > k && !strcmp(name + n - k, endings[i]))
			return i;
	}
	return -1;
}

static int by_rank(const void *x, const void *y)
{
	const char *a = *(const char *const *)x, *b = *(const char *const *)y;
	const int order = rank_of(a) - rank_of(b);
	return order ? order : strcmp(a, b);
}

/* Names in the folder that may be graphs, the best first. */
static int find_candidates(struct arena *a, const char *folder, struct pointers *names)
{
	DIR *d = opendir(*folder ? folder : ".");
	int r = 0;
	for (struct dirent *e; d && !r && (e = readdir(d));) {
		if (rank_of(e->d_name) < 0 || names->n == MOST_CANDIDATES)
			continue;
		char *name = arena_copy(a, e->d_name, strlen(e->d_name));
		r = !name || pointers_add(names, name) ? -1 : 0;
	}
	if (d)
		closedir(d);
	if (names->n)
		qsort(names->p, names->n, sizeof *names->p, by_rank);
	return r;
}

/* 1: the graph has variables, and the checkpoint a value for each; 0: not so. */
static int serves(struct graph_values *v, struct arena *a, const char *path,
		  struct ckpt *c, struct ckpt_error *err)
{
	enum graph_kind kind;
	struct ckpt_error why = { 0 };
	if (!path_is_file(path) || !graph_is(path, &kind))
		return 0;
	if (!graph_values_read(v, a, path, c, c->limit, &why)) {
		if (v->saved && v->present == v->saved)
			return 1;
		graph_values_drop(v);
		return 0;
	}
	return why.code == CKPT_ENOMEM || why.code == CKPT_ELIMIT ? error_copy(err, &why)
								  : 0;
}

int graph_beside(struct graph_values *v, struct arena *a, struct ckpt *c, bool *borrowed,
		 struct ckpt_error *err)
{
	struct pointers names = { 0 };
	const char *own = graph_of_prefix(a, ckpt_prefix(c));
	*borrowed = false;
	*v = (struct graph_values){ 0 };
	if (own)
		return graph_values_read(v, a, own, c, c->limit, err) ? -1 : 1;
	const char *folder = path_folder(a, ckpt_prefix(c));
	int r = folder ? find_candidates(a, folder, &names) : -1;
	if (r)
		r = arena_error(a, err);
	for (size_t i = 0; !r && i < names.n; i++) {
		const struct arena_mark mark = arena_mark(a);
		r = serves(v, a, path_join(a, folder, names.p[i]), c, err);
		if (!r)
			arena_rewind(a, mark);
	}
	pointers_drop(&names);
	*borrowed = r > 0;
	return r;
}
