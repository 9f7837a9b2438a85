/* graph_node.c — nodes of a graph, one at a time.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A NodeDef is read twice: to count its inputs and attributes, and to keep them.
 */
#include "config.h"

#include "format/graph.h"

#include <stdlib.h>

#include "base/error.h"

/* What a node is read with. */
struct reading {
	struct scan *scan;
	struct arena *arena;
	const char *path;
	struct ckpt_error *err;
};

static int misfit(const struct reading *r, const struct field *f, const char *what)
{
	return error_set(r->err, CKPT_ECORRUPT, r->path, (int64_t)f->begin,
			 "the %s of a node is of another kind", what);
}

static int read_string(const struct reading *r, const struct field *f, const char *what,
		       struct ckpt_string *to)
{
	if (f->type != WIRE_LEN)
		return misfit(r, f, what);
	to->p = scan_copy(r->scan, r->arena, f->at, f->n, r->err);
	to->len = (size_t)f->n;
	return to->p ? 0 : -1;
}

/* Is this the wire type of an AttrValue's field? */
static bool fits(const struct field *f)
{
	switch (f->number) {
	case ATTR_I:
	case ATTR_B:
	case ATTR_TYPE:
		return f->type == WIRE_VARINT;
	case ATTR_F:
		return f->type == WIRE_I32;
	default:
		return f->type == WIRE_LEN;
	}
}

/* An AttrValue; the last of its fields counts, as in a oneof. */
static int read_value(const struct reading *r, const struct field *in,
		      struct graph_attr *attr)
{
	struct fields fields = fields_of(r->scan, in->at, in->n);
	struct field f;
	int n;
	while ((n = fields_next(&fields, &f, r->err)) > 0) {
		if (f.number > ATTR_FUNC)
			continue;
		if (!fits(&f))
			return misfit(r, &f, "attribute");
		attr->kind = (enum graph_attr_kind)f.number;
		attr->number = f.value;
		attr->value = (struct graph_range){ f.at, f.n };
	}
	return n;
}

/* An entry of the map of attributes. */
static int read_attr(const struct reading *r, const struct field *in,
		     struct graph_attr *attr)
{
	struct fields fields = fields_of(r->scan, in->at, in->n);
	struct field f;
	int n;
	*attr = (struct graph_attr){ .name = { "", 0 }, .entry = { in->at, in->n } };
	if (in->type != WIRE_LEN)
		return misfit(r, in, "attribute");
	while ((n = fields_next(&fields, &f, r->err)) > 0) {
		if (f.number == 1 && read_string(r, &f, "attribute", &attr->name))
			return -1;
		if (f.number == 2 && f.type != WIRE_LEN)
			return misfit(r, &f, "attribute");
		if (f.number == 2 && read_value(r, &f, attr))
			return -1;
	}
	const bool has_bytes = attr->kind == ATTR_S || attr->kind == ATTR_LIST ||
			       attr->kind >= ATTR_SHAPE;
	if (n < 0 || !has_bytes || attr->kind == ATTR_TENSOR ||
	    attr->value.n > GRAPH_SMALL)
		return n;
	attr->data = (const uint8_t *)scan_copy(r->scan, r->arena, attr->value.at,
						attr->value.n, r->err);
	return attr->data ? 0 : -1;
}

static int count_parts(const struct reading *r, struct graph_node *n)
{
	struct fields fields = fields_of(r->scan, n->range.at, n->range.n);
	struct field f;
	int more;
	while ((more = fields_next(&fields, &f, r->err)) > 0) {
		n->n_inputs += f.number == 3;
		n->n_attrs += f.number == 5;
	}
	return more;
}

static int read_parts(const struct reading *r, struct graph_node *n)
{
	struct ckpt_string *inputs =
		arena_zeroed(r->arena, n->n_inputs + 1, sizeof *inputs);
	struct graph_attr *attrs = arena_zeroed(r->arena, n->n_attrs + 1, sizeof *attrs);
	struct fields fields = fields_of(r->scan, n->range.at, n->range.n);
	struct field f;
	int more;
	if (!inputs || !attrs)
		return arena_error(r->arena, r->err);
	n->inputs = inputs;
	n->attrs = attrs;
	while ((more = fields_next(&fields, &f, r->err)) > 0) {
		if ((f.number == 1 && read_string(r, &f, "name", &n->name)) ||
		    (f.number == 2 && read_string(r, &f, "op", &n->op)) ||
		    (f.number == 3 && read_string(r, &f, "input", inputs++)) ||
		    (f.number == 4 && read_string(r, &f, "device", &n->device)) ||
		    (f.number == 5 && read_attr(r, &f, attrs++)))
			return -1;
	}
	return more;
}

static int read_node(const struct reading *r, struct graph_range range,
		     struct graph_node *n)
{
	static const struct ckpt_string none = { "", 0 };
	*n = (struct graph_node){ .name = none,
				  .op = none,
				  .device = none,
				  .range = range,
				  .function = GRAPH_MAIN };
	return count_parts(r, n) || read_parts(r, n) ? -1 : 0;
}

int graph_node_read(struct graph *g, struct arena *a, struct graph_range range,
		    struct graph_node *n, struct ckpt_error *err)
{
	const struct reading r = { &g->scan, a, g->path, err };
	return read_node(&r, range, n);
}

const struct graph_attr *graph_attr(const struct graph_node *n, const char *name)
{
	for (size_t i = n->n_attrs; i-- > 0;)
		if (graph_text_is(n->attrs[i].name, name))
			return &n->attrs[i];
	return NULL;
}

int graph_attr_bytes(struct graph *g, struct arena *a, const struct graph_attr *attr,
		     struct bytes *bytes, struct ckpt_error *err)
{
	const void *p = attr->data;
	if (!p)
		p = scan_copy(&g->scan, a, attr->value.at, attr->value.n, err);
	*bytes = bytes_of(p, p ? (size_t)attr->value.n : 0);
	return p ? 0 : -1;
}

/* --- the walk ---------------------------------------------------------------------- */

void graph_walk_begin(struct graph_walk *w, struct graph *g, int64_t which)
{
	*w = (struct graph_walk){ .graph = g, .which = which, .at_function = -1 };
	scan_init(&w->scan, g->source, g->limit);
	arena_init(&w->arena, g->limit);
	w->outer = fields_of(&w->scan, g->def.at, g->def.n);
	if (which < 0)
		return;
	const struct graph_range *range = &g->functions[which].range;
	w->function = fields_of(&w->scan, range->at, range->n);
	w->at_function = which;
	w->depth = 2;
}

void graph_walk_end(struct graph_walk *w)
{
	scan_drop(&w->scan);
	arena_drop(&w->arena);
}

/* The next NodeDef of a file: 1 found, 0 the end, -1 error. Goes down into the library
 * and its functions, and up at their ends. */
static int next_range(struct graph_walk *w, struct graph_range *range,
		      struct ckpt_error *err)
{
	static const uint32_t node_field[] = { 1, 0, 3 };
	struct fields *const levels[] = { &w->outer, &w->library, &w->function };
	while (!w->done) {
		struct field f;
		const int r = fields_next(levels[w->depth], &f, err);
		if (r <= 0 && (w->depth == 0 || w->which >= 0))
			w->done = true;
		else if (r <= 0)
			w->depth--;
		if (r < 0)
			return -1;
		if (r == 0 || f.type != WIRE_LEN)
			continue;
		if (f.number == node_field[w->depth]) {
			*range = (struct graph_range){ f.at, f.n };
			return 1;
		}
		if (w->depth == 0 && f.number == 2 && w->which == GRAPH_ALL) {
			w->library = fields_of(&w->scan, f.at, f.n);
			w->depth = 1;
		} else if (w->depth == 1 && f.number == 1) {
			w->function = fields_of(&w->scan, f.at, f.n);
			w->depth = 2;
			w->at_function++;
		}
	}
	return 0;
}

int graph_walk_next(struct graph_walk *w, struct graph_node *n, struct ckpt_error *err)
{
	struct graph_range range;
	arena_rewind(&w->arena, (struct arena_mark){ 0 });
	const int r = next_range(w, &range, err);
	if (r <= 0)
		return r;
	const struct reading reading = { &w->scan, &w->arena, w->graph->path, err };
	if (read_node(&reading, range, n))
		return -1;
	n->function = w->depth == 2 ? w->at_function : GRAPH_MAIN;
	return 1;
}

/* --- names ------------------------------------------------------------------------- */

bool graph_text_is(struct ckpt_string s, const char *text)
{
	const size_t n = strlen(text);
	return s.len == n && !memcmp(s.p, text, n);
}

/* Digits alone; -1 for anything else. */
static int64_t number_of(const char *p, size_t len)
{
	int64_t v = 0;
	if (!len || len > 9)
		return -1;
	for (size_t i = 0; i < len; i++) {
		if (p[i] < '0' || p[i] > '9')
			return -1;
		v = v * 10 + (p[i] - '0');
	}
	return v;
}

struct graph_ref graph_ref(const char *p, size_t len)
{
	struct graph_ref ref = { .arg = { "", 0 } };
	if (len && *p == '^') {
		ref.control = true;
		p++;
		len--;
	}
	const char *colon = len ? memchr(p, ':', len) : NULL;
	ref.node = (struct ckpt_string){ p, colon ? (size_t)(colon - p) : len };
	if (!colon)
		return ref;
	const char *rest = colon + 1, *end = p + len;
	const char *second = memchr(rest, ':', (size_t)(end - rest));
	if (second)
		ref.arg = (struct ckpt_string){ rest, (size_t)(second - rest) };
	rest = second ? second + 1 : rest;
	ref.output = number_of(rest, (size_t)(end - rest));
	return ref;
}
