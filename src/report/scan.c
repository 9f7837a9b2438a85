/* scan.c — what a graph does besides computing: its ops that are hazards.
 * SPDX-License-Identifier: Apache-2.0
 *
 * One walk over all nodes collects hazards and calls; then each hazard is told from the
 * saver's own, and what it touches is looked up where the graph has that as a constant.
 */
#include "config.h"

#include "report/scan.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "format/graph_index.h"
#include "report/scan_saver.h"

struct hit {
	const struct hazard *hazard;
	struct ckpt_string name;
	struct graph_range range;
	int64_t function;
};

struct scanning {
	struct scan_report *report;
	struct arena *a;
	struct graph *g;
	const char *tags; /* of a SavedModel's graph; else NULL */
	struct pointers hits, calls, rows;
	struct graph_index index;
	int64_t net_of;	   /* of which function the net below is */
	bool has_net;
	struct net net;
	struct ckpt_error *err;
};

/* --- the walk ---------------------------------------------------------------------- */

/* A node that calls. */
struct caller {
	struct scanning *s;
	int64_t from;
	uint32_t node;
};

static int add_call(void *arg, uint32_t function)
{
	const struct caller *c = arg;
	struct scan_call *call = arena_zeroed(c->s->a, 1, sizeof *call);
	if (!call)
		return arena_error(c->s->a, c->s->err);
	*call = (struct scan_call){ c->from, c->node, function };
	return pointers_add(&c->s->calls, call)
		       ? error_copy(c->s->err, &error_no_memory)
		       : 0;
}

static int add_hit(struct scanning *s, const struct hazard *h, const struct graph_node *n)
{
	struct hit *hit = arena_zeroed(s->a, 1, sizeof *hit);
	if (!hit)
		return arena_error(s->a, s->err);
	*hit = (struct hit){ h,
			     { arena_copy(s->a, n->name.p, n->name.len), n->name.len },
			     n->range,
			     n->function };
	if (!hit->name.p)
		return arena_error(s->a, s->err);
	return pointers_add(&s->hits, hit) ? error_copy(s->err, &error_no_memory) : 0;
}

static int walk(struct scanning *s)
{
	struct graph_walk w;
	struct graph_node n;
	uint32_t number = 0;
	int r;
	graph_walk_begin(&w, s->g, GRAPH_ALL);
	while ((r = graph_walk_next(&w, &n, s->err)) > 0) {
		const struct hazard *h = hazard_of(n.op);
		s->report->n_nodes++;
		struct caller caller = { s, n.function, number };
		number += n.function < 0;
		if ((h && add_hit(s, h, &n)) ||
		    graph_calls(&s->index, s->a, &n, add_call, &caller, s->err)) {
			r = -1;
			break;
		}
	}
	graph_walk_end(&w);
	return r;
}

/* --- what it touches --------------------------------------------------------------- */

static int load_net(struct scanning *s, int64_t function)
{
	if (s->has_net && s->net_of == function)
		return 0;
	s->has_net = false;
	if (net_load(s->g, s->a, function, &s->net, s->err))
		return -1;
	s->has_net = true;
	s->net_of = function;
	return 0;
}

/* The first string of an attribute that says where to. */
static int detail_of_attr(const struct scanning *s, const struct graph_node *n,
			  struct cell_text *detail)
{
	static const char *const names[] = {
		"output_stream",      "debug_urls",	  "filename",  "output_file_path",
		"memory_region_name", "file_pattern",	  "token",     "vocab_file",
		"target_name",	      "call_target_name", "file_name",
	};
	enum { LIST_S = 2 };
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const struct graph_attr *attr = graph_attr(n, names[i]);
		struct bytes b;
		if (!attr || (attr->kind != ATTR_S && attr->kind != ATTR_LIST))
			continue;
		if (graph_attr_bytes(s->g, s->a, attr, &b, s->err))
			return -1;
		struct wire w = wire_of(b);
		while (attr->kind == ATTR_LIST && wire_next(&w) > 0)
			if (w.field == LIST_S && w.type == WIRE_LEN) {
				b = w.data;
				break;
			}
		if (!bytes_left(&b))
			continue;
		detail->len = bytes_left(&b);
		detail->p = arena_copy(s->a, b.p, detail->len);
		return detail->p ? 0 : arena_error(s->a, s->err);
	}
	return 0;
}

/* Which input says where to, where one does. */
static uint32_t place_input(const struct hazard *h)
{
	static const char *const second[] = {
		"CacheDataset",
		"CacheDatasetV2",
		"CreateSummaryDbWriter",
		"CreateSummaryFileWriter",
		"DatasetToTFRecord",
		"DistributedSave",
		"InitializeTableFromTextFile",
		"InitializeTableFromTextFileV2",
		"MergeV2Checkpoints",
		"RegisterDataset",
		"RegisterDatasetV2",
		"SaveDataset",
		"SaveDatasetV2",
		"SnapshotDataset",
		"SnapshotDatasetV2",
		"SqlDataset",
	};
	for (size_t i = 0; i < sizeof second / sizeof *second; i++)
		if (!strcmp(h->op, second[i]))
			return 1;
	return 0;
}

/* Or of that input, where it is a constant. */
static int detail_of(struct scanning *s, const struct hit *hit, struct cell_text *detail)
{
	struct graph_node n;
	if (graph_node_read(s->g, s->a, hit->range, &n, s->err) ||
	    detail_of_attr(s, &n, detail))
		return -1;
	if (detail->p || load_net(s, hit->function))
		return detail->p ? 0 : -1;
	const uint32_t at = net_find(&s->net, hit->name.p, hit->name.len);
	const struct ckpt_string *strings;
	size_t count;
	if (at == NET_MISSING)
		return 0;
	if (net_strings(s->g, &s->net, s->a, &s->net.nodes[at], place_input(hit->hazard),
			&strings, &count, s->err))
		return -1;
	if (count)
		*detail = (struct cell_text){ strings[0].p, strings[0].len };
	return 0;
}

/* --- rows -------------------------------------------------------------------------- */

static int add_row(struct scanning *s, struct scan_saver *saver, const struct hit *hit)
{
	struct scan_row *row = arena_zeroed(s->a, 1, sizeof *row);
	if (!row)
		return arena_error(s->a, s->err);
	row->op = cell_of(hit->hazard->op);
	row->class = cell_of(hazard_class_names[hit->hazard->class]);
	row->why = cell_of(hit->hazard->why);
	row->node = (struct cell_text){ hit->name.p, hit->name.len };
	row->tags = cell_of(s->tags);
	if (hit->function >= 0) {
		const struct ckpt_string name = s->g->functions[hit->function].name;
		row->function.p = arena_copy(s->a, name.p, name.len);
		row->function.len = name.len;
		if (!row->function.p)
			return arena_error(s->a, s->err);
	}
	if ((hazard_is_saving(hit->hazard) &&
	     scan_saver_has(saver, s->g, hit->function, hit->name, &row->expected,
			    s->err)) ||
	    detail_of(s, hit, &row->detail))
		return -1;
	s->report->n_found += !row->expected;
	return pointers_add(&s->rows, row) ? error_copy(s->err, &error_no_memory) : 0;
}

static int scan_one(struct scanning *s, struct graph *g)
{
	struct scan_saver saver = { .good = false };
	s->g = g;
	s->hits.n = s->calls.n = 0;
	s->has_net = false;
	if (graph_index(&s->index, g, s->a, s->err) || walk(s))
		return -1;
	struct scan_call *calls = arena_zeroed(s->a, s->calls.n + 1, sizeof *calls);
	if (!calls)
		return arena_error(s->a, s->err);
	for (size_t i = 0; i < s->calls.n; i++)
		calls[i] = *(const struct scan_call *)s->calls.p[i];
	if (s->hits.n &&
	    scan_saver_find(&saver, &s->index, s->a, calls, s->calls.n, s->err))
		return -1;
	for (size_t i = 0; i < s->hits.n; i++)
		if (add_row(s, &saver, s->hits.p[i]))
			return -1;
	return 0;
}

/* Each of the graphs of a SavedModel. They are opened by their tags; two of the same tags
 * could hide what the second one does. */
static int scan_all(struct scanning *s, const struct graph *g)
{
	int r = 0;
	for (size_t i = 0; i < g->n_tag_sets; i++)
		for (size_t k = 0; k < i; k++)
			if (!strcmp(g->tag_sets[i].text, g->tag_sets[k].text))
				return error_set(s->err, CKPT_EUNSUPPORTED, g->path, -1,
						 "two of its graphs have the tags "
						 "'%.60s'; the second cannot be scanned",
						 g->tag_sets[i].text);
	for (size_t i = 0; !r && i < g->n_tag_sets; i++) {
		s->tags = g->tag_sets[i].text;
		struct graph *one = graph_open(s->a, g->path, s->tags, g->limit, s->err);
		r = one ? scan_one(s, one) : -1;
		graph_close(one);
	}
	return r;
}

int scan_make(struct scan_report *r, struct arena *a, struct graph *g, const char *tags,
	      struct ckpt_error *err)
{
	struct scanning s = { .report = r, .a = a, .err = err };
	*r = (struct scan_report){ .n = 0 };
	int result = g->n_tag_sets > 1 && !tags ? scan_all(&s, g) : scan_one(&s, g);
	struct scan_row *rows = arena_zeroed(a, s.rows.n + 1, sizeof *rows);
	if (!result && !rows)
		result = arena_error(a, err);
	/* Those that are expected stand behind the others, else as in the file. */
	size_t n = 0;
	for (int expected = 0; !result && expected < 2; expected++)
		for (size_t i = 0; i < s.rows.n; i++) {
			const struct scan_row *row = s.rows.p[i];
			if (row->expected == (expected == 1))
				rows[n++] = *row;
		}
	r->rows = rows;
	r->n = n;
	pointers_drop(&s.hits);
	pointers_drop(&s.calls);
	pointers_drop(&s.rows);
	return result;
}

#define FIELD(field) .offset = offsetof(struct scan_row, field)

const struct column scan_columns[] = {
	{ .name = "class", .type = COL_TEXT, FIELD(class),
	  .help = "reads, writes, python, native, network, prints, process" },
	{ .name = "op", .type = COL_TEXT, FIELD(op), .help = "what was found" },
	{ .name = "expected", .type = COL_BOOL, FIELD(expected), .show = SHOW_LONG,
	  .help = "it is the saver's own, and runs only for the saver" },
	{ .name = "node", .type = COL_NAME, FIELD(node), .help = "where" },
	{ .name = "function", .type = COL_NAME, FIELD(function), .rare = true,
	  .help = "of which function the node is; null: of the main graph" },
	{ .name = "tags", .type = COL_NAME, FIELD(tags), .rare = true,
	  .help = "of which graph of a SavedModel" },
	{ .name = "detail", .type = COL_NAME, FIELD(detail), .rare = true,
	  .help = "the file, address or function, where the graph has it as a constant" },
	{ .name = "why", .type = COL_TEXT, FIELD(why), .show = SHOW_LONG,
	  .help = "what such an op does" },
	{ .name = NULL },
};
