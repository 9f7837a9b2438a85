/* graph.c — opening a graph: its kind, its text form, its outermost fields.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "format/graph.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/text.h"
#include "format/events.h"
#include "format/sniff.h"
#include "format/textproto.h"

static const char *const kind_names[] = { "GraphDef", "MetaGraphDef", "SavedModel" };

const char *graph_kind_name(enum graph_kind kind)
{
	return kind_names[kind];
}

int64_t graph_offset(const struct graph *g, uint64_t at)
{
	return g->text ? -1 : (int64_t)at;
}

static int damaged(const struct graph *g, uint64_t at, const char *what,
		   struct ckpt_error *err)
{
	return error_set(err, CKPT_ECORRUPT, g->path, graph_offset(g, at), "%s", what);
}

/* --- the outermost fields ---------------------------------------------------------- */

/* A FunctionDef: its name, and how many nodes it has. */
static int add_function(struct graph *g, const struct field *in,
			struct graph_function *fn, struct ckpt_error *err)
{
	struct fields fields = fields_of(&g->scan, in->at, in->n);
	struct field f, name;
	int r;
	*fn = (struct graph_function){ .name = { "", 0 }, .range = { in->at, in->n } };
	while ((r = fields_next(&fields, &f, err)) > 0) {
		fn->n_nodes += f.number == 3 && f.type == WIRE_LEN;
		if (f.number != 1 || f.type != WIRE_LEN)
			continue;
		struct fields signature = fields_of(&g->scan, f.at, f.n);
		while ((r = fields_next(&signature, &name, err)) > 0) {
			if (name.number != 1 || name.type != WIRE_LEN)
				continue;
			fn->name.p = scan_copy(&g->scan, g->arena, name.at, name.n, err);
			fn->name.len = (size_t)name.n;
			if (!fn->name.p)
				return -1;
		}
		if (r < 0)
			return -1;
	}
	return r;
}

/* The functions of a library; functions NULL: only counts them. */
static int read_library(struct graph *g, const struct field *in, bool count,
			struct ckpt_error *err)
{
	struct fields fields = fields_of(&g->scan, in->at, in->n);
	struct field f;
	int r;
	while ((r = fields_next(&fields, &f, err)) > 0) {
		if (f.number != 1)
			continue;
		if (f.type != WIRE_LEN)
			return damaged(g, f.begin, "a function is no message", err);
		if (!count && add_function(g, &f, &g->functions[g->n_functions], err))
			return -1;
		g->n_functions++;
	}
	return r;
}

static int read_def(struct graph *g, bool count, struct ckpt_error *err)
{
	struct fields fields = fields_of(&g->scan, g->def.at, g->def.n);
	struct field f;
	int r;
	g->n_functions = 0;
	g->n_nodes = 0;
	while ((r = fields_next(&fields, &f, err)) > 0) {
		if (f.number == 1 && f.type != WIRE_LEN)
			return damaged(g, f.begin, "a node is no message", err);
		/* TensorFlow takes no such graph either, and millions fit into a file. */
		if (f.number == 1 && f.n == 0)
			return damaged(g, f.begin, "a node has no name and no op", err);
		g->n_nodes += f.number == 1;
		if (f.number == 2 && f.type != WIRE_LEN)
			return damaged(g, f.begin, "the library is no message", err);
		if (f.number == 2 && read_library(g, &f, count, err))
			return -1;
	}
	return r;
}

/* The GraphDef within the MetaGraphDef. */
static int find_def(struct graph *g, struct ckpt_error *err)
{
	struct fields fields = fields_of(&g->scan, g->meta.at, g->meta.n);
	struct field f;
	bool found = false;
	int r;
	g->def = (struct graph_range){ g->meta.at, 0 };
	while ((r = fields_next(&fields, &f, err)) > 0) {
		if (f.number != 2)
			continue;
		if (f.type != WIRE_LEN || found)
			return damaged(g, f.begin,
				       found ? "the graph stands twice"
					     : "the graph is no message",
				       err);
		found = true;
		g->def = (struct graph_range){ f.at, f.n };
	}
	return r;
}

/* --- tags -------------------------------------------------------------------------- */

static int by_text(const void *x, const void *y)
{
	return strcmp(*(const char *const *)x, *(const char *const *)y);
}

/* The tags sorted and joined, so that sets are equal if their texts are. */
static const char *join_tags(struct arena *a, struct pointers *tags)
{
	const char *joined = "";
	if (tags->n)
		qsort(tags->p, tags->n, sizeof *tags->p, by_text);
	for (size_t i = 0; joined && i < tags->n; i++)
		if (!i || strcmp(tags->p[i], tags->p[i - 1]))
			joined = arena_printf(a, "%s%s%s", joined, *joined ? "," : "",
					      (char *)tags->p[i]);
	return joined;
}

enum { MOST_TAGS = 1000 }; /* and a thousand is not joined in quadratic time */

/* MetaGraphDef.meta_info_def.tags */
static int read_tags(struct graph *g, struct graph_tags *to, struct pointers *tags,
		     struct ckpt_error *err)
{
	struct fields fields = fields_of(&g->scan, to->range.at, to->range.n);
	struct field f, tag;
	int r;
	while ((r = fields_next(&fields, &f, err)) > 0) {
		if (f.number != 1 || f.type != WIRE_LEN)
			continue;
		struct fields info = fields_of(&g->scan, f.at, f.n);
		while ((r = fields_next(&info, &tag, err)) > 0) {
			if (tag.number != 4 || tag.type != WIRE_LEN)
				continue;
			char *text = scan_copy(&g->scan, g->arena, tag.at, tag.n, err);
			if (!text)
				return -1;
			if (tags->n == MOST_TAGS)
				return damaged(g, tag.begin, "it has too many tags", err);
			if (pointers_add(tags, text))
				return arena_error(g->arena, err);
		}
		if (r < 0)
			return -1;
	}
	to->text = join_tags(g->arena, tags);
	return r < 0 ? -1 : to->text ? 0 : arena_error(g->arena, err);
}

/* The tags that the user named, in the same form. */
static const char *wanted_tags(struct arena *a, const char *text)
{
	struct pointers tags = { 0 };
	bool full = false;
	for (const char *p = text; *p && !full;) {
		const size_t n = strcspn(p, ",");
		char *tag = arena_copy(a, p, n);
		full = !tag || tags.n == MOST_TAGS || (n && pointers_add(&tags, tag));
		p += n + (p[n] == ',');
	}
	const char *joined = full ? NULL : join_tags(a, &tags);
	pointers_drop(&tags);
	return joined;
}

/* "{serve} {serve,gpu}", for a message. */
static void list_tags(const struct graph *g, char *text, size_t size)
{
	char shown[80];
	size_t at = 0;
	*text = '\0';
	for (size_t i = 0; i < g->n_tag_sets && at < size; i++) {
		const char *tags = g->tag_sets[i].text;
		text_escape(shown, sizeof shown, tags, strlen(tags));
		at += (size_t)snprintf(text + at, size - at, "%s{%s}", i ? " " : "",
				       shown);
	}
}

static int choose_tags(struct graph *g, const char *tags, struct ckpt_error *err)
{
	char known[160];
	const char *want = wanted_tags(g->arena, tags ? tags : "serve");
	if (!want)
		return arena_error(g->arena, err);
	for (size_t i = 0; i < g->n_tag_sets; i++)
		if (!strcmp(g->tag_sets[i].text, want)) {
			g->tag_set = i;
			return 0;
		}
	const bool any = tags && !strcmp(tags, GRAPH_FIRST_TAGS);
	if (g->n_tag_sets && (any || (!tags && g->n_tag_sets == 1)))
		return 0;
	if (!g->n_tag_sets)
		return error_set(err, CKPT_ECORRUPT, g->path, -1,
				 "the SavedModel holds no graph");
	list_tags(g, known, sizeof known);
	return error_set(err, CKPT_ENOTFOUND, g->path, -1,
			 "no graph has the tags {%.60s}; there are %s", want, known);
}

/* The MetaGraphDefs of a SavedModel, and the one that is meant. */
static int find_meta(struct graph *g, struct graph_range in, const char *tags,
		     struct ckpt_error *err)
{
	struct pointers found = { 0 };
	struct field f;
	int r = 0;
	for (int pass = 0; pass < 2 && !r; pass++) {
		struct fields fields = fields_of(&g->scan, in.at, in.n);
		if (pass && !(g->tag_sets = arena_zeroed(g->arena, g->n_tag_sets + 1,
							 sizeof *g->tag_sets)))
			return arena_error(g->arena, err);
		for (size_t i = 0; (r = fields_next(&fields, &f, err)) > 0;) {
			if (f.number != 2 || f.type != WIRE_LEN)
				continue;
			if (!pass) {
				g->n_tag_sets++;
				continue;
			}
			struct graph_tags *to = &g->tag_sets[i++];
			to->range = (struct graph_range){ f.at, f.n };
			found.n = 0;
			if (read_tags(g, to, &found, err)) {
				r = -1;
				break;
			}
		}
	}
	pointers_drop(&found);
	if (r < 0 || choose_tags(g, tags, err))
		return -1;
	g->meta = g->tag_sets[g->tag_set].range;
	return 0;
}

/* --- opening ----------------------------------------------------------------------- */

static int encode_text(struct graph *g, struct ckpt_error *err)
{
	static const ProtobufCMessageDescriptor *const types[] = {
		&ckpt__graph_def__descriptor, &ckpt__meta_graph_def__descriptor,
		&ckpt__saved_model__descriptor
	};
	enum { MOST = 64 << 20 };
	const uint64_t share = g->limit / 4;
	spool_init(&g->spool, g->path, share < MOST ? share : MOST);
	g->text = true;
	g->source = &g->spool.source;
	if (textproto_encode_file(types[g->kind], &g->file, (size_t)share, &g->spool,
				  err))
		return -1;
	g->range = (struct graph_range){ 0, g->source->size };
	return 0;
}

/* Finds out what the file is, and where in it the graph lies. */
static int find_kind(struct graph *g, struct ckpt_error *err)
{
	enum { HEAD = 4096 };
	struct scan scan;
	struct ckpt_error why = { 0 };
	scan_init(&scan, &g->file, g->limit);
	const size_t n = g->file.size < HEAD ? (size_t)g->file.size : HEAD;
	const uint8_t *head = scan_bytes(&scan, 0, n, &why);
	int r = -1;
	if (head && graph_probe_text(bytes_of(head, n), &g->kind)) {
		scan_drop(&scan);
		return encode_text(g, err);
	}
	if (head && events_probe(bytes_of(head, n))) {
		scan_drop(&scan);
		return graph_in_events(g, err);
	}
	g->range = (struct graph_range){ 0, g->file.size };
	if (head)
		r = graph_probe(&scan, g->range, &g->kind);
	scan_drop(&scan);
	if (r > 0)
		return 0;
	if (why.code)
		return error_copy(err, &why);
	if (r < 0)
		return error_set(err, CKPT_EIO, g->path, -1, "cannot be read");
	if (sniff_graph(g->path))
		return error_set(err, CKPT_ECORRUPT, g->path, -1,
				 "it begins like a graph, and is cut short or damaged");
	if (sniff_file(g->path, err))
		return -1;
	return error_set(err, CKPT_EFORMAT, g->path, -1,
			 "neither a GraphDef, a MetaGraphDef nor a SavedModel; or it is "
			 "cut short, or damaged at its beginning");
}

static int read_structure(struct graph *g, const char *tags, struct ckpt_error *err)
{
	scan_init(&g->scan, g->source, g->limit);
	g->def = g->range;
	if (g->kind == GRAPH_META)
		g->meta = g->range;
	if (g->kind == GRAPH_SAVED_MODEL && find_meta(g, g->range, tags, err))
		return -1;
	if (g->kind != GRAPH_DEF && find_def(g, err))
		return -1;
	if (read_def(g, true, err))
		return -1;
	g->functions = arena_zeroed(g->arena, g->n_functions + 1, sizeof *g->functions);
	if (!g->functions)
		return arena_error(g->arena, err);
	return g->n_functions ? read_def(g, false, err) : 0;
}

static struct graph *open_file(struct arena *a, const char *path, uint64_t limit,
			       struct ckpt_error *err)
{
	struct graph *g = arena_zeroed(a, 1, sizeof *g);
	if (!g || !(g->path = arena_copy(a, path, strlen(path)))) {
		arena_error(a, err);
		return NULL;
	}
	g->arena = a;
	g->limit = limit;
	spool_init(&g->spool, g->path, 0);
	g->source = &g->file;
	return source_open(&g->file, g->path, err) ? NULL : g;
}

struct graph *graph_open(struct arena *a, const char *path, const char *tags,
			 uint64_t limit, struct ckpt_error *err)
{
	struct graph *g = open_file(a, path, limit, err);
	if (!g)
		return NULL;
	if (!find_kind(g, err) && !read_structure(g, tags, err))
		return g;
	graph_close(g);
	return NULL;
}

struct graph *graph_open_range(struct arena *a, const char *path,
			       struct graph_range range, enum graph_kind kind,
			       const char *tags, uint64_t limit, struct ckpt_error *err)
{
	struct graph *g = open_file(a, path, limit, err);
	if (!g)
		return NULL;
	g->kind = kind;
	g->range = range;
	if (range.at <= g->file.size && range.n <= g->file.size - range.at) {
		if (!read_structure(g, tags, err))
			return g;
	} else {
		damaged(g, range.at, "the graph reaches beyond the file", err);
	}
	graph_close(g);
	return NULL;
}

void graph_close(struct graph *g)
{
	if (!g)
		return;
	scan_drop(&g->scan);
	spool_drop(&g->spool);
	source_close(&g->file);
}

int graph_unchanged(struct graph *g, struct ckpt_error *err)
{
	return g->in_events ? source_only_grew(&g->file, err)
			    : source_unchanged(&g->file, err);
}
