/* graph_index.c — the functions of a graph by their names, and who calls them.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "format/graph_index.h"

#include <stdlib.h>

#include "base/error.h"

static int by_name(const void *x, const void *y, void *functions)
{
	const struct graph_function *f = functions;
	const uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;
	const int order = bytes_compare(f[a].name.p, f[a].name.len, f[b].name.p,
					f[b].name.len);
	return order ? order : (a > b) - (a < b);
}

int graph_index(struct graph_index *index, struct graph *g, struct arena *a,
		struct ckpt_error *err)
{
	if (g->n_functions >= UINT32_MAX)
		return error_set(err, CKPT_ELIMIT, g->path, -1, "too many functions");
	uint32_t *sorted = arena_zeroed(a, g->n_functions + 1, sizeof *sorted);
	if (!sorted)
		return arena_error(a, err);
	for (size_t i = 0; i < g->n_functions; i++)
		sorted[i] = (uint32_t)i;
	if (g->n_functions)
		qsort_r(sorted, g->n_functions, sizeof *sorted, by_name, g->functions);
	*index = (struct graph_index){ g, sorted };
	return 0;
}

static int compare(const struct graph_index *index, size_t at, struct ckpt_string name)
{
	const struct ckpt_string f = index->graph->functions[index->by_name[at]].name;
	return bytes_compare(f.p, f.len, name.p, name.len);
}

size_t graph_index_find(const struct graph_index *index, struct ckpt_string name,
			size_t *first)
{
	size_t low = 0, high = index->graph->n_functions, n = 0;
	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		if (compare(index, middle, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*first = low;
	while (low + n < index->graph->n_functions && !compare(index, low + n, name))
		n++;
	return n;
}

/* --- calls ------------------------------------------------------------------------- */

struct calling {
	const struct graph_index *index;
	graph_call_fn fn;
	void *arg;
	int depth; /* of functions in the attributes of functions */
};

static int call_list(struct calling *c, struct bytes message);

static int call_named(const struct calling *c, struct ckpt_string name)
{
	size_t first;
	const size_t n = graph_index_find(c->index, name, &first);
	int r = 0;
	for (size_t i = 0; !r && i < n; i++)
		r = c->fn(c->arg, c->index->by_name[first + i]);
	return r;
}

static int call_func(struct calling *c, struct bytes message);

/* An entry of a function's own attributes: its AttrValue may name functions again. */
static int call_entry(struct calling *c, struct bytes message)
{
	enum { ENTRY_VALUE = 2, DEEPEST = 100 };
	struct wire w = wire_of(message);
	int r = 0;
	if (c->depth == DEEPEST)
		return 0;
	c->depth++;
	while (!r && wire_next(&w) > 0) {
		if (w.field != ENTRY_VALUE || w.type != WIRE_LEN)
			continue;
		struct wire value = wire_of(w.data);
		while (!r && wire_next(&value) > 0)
			if (value.type == WIRE_LEN && value.field == ATTR_FUNC)
				r = call_func(c, value.data);
			else if (value.type == WIRE_LEN && value.field == ATTR_LIST)
				r = call_list(c, value.data);
	}
	c->depth--;
	return r;
}

/* A NameAttrList. */
static int call_func(struct calling *c, struct bytes message)
{
	struct wire w = wire_of(message);
	int r = 0;
	while (!r && wire_next(&w) > 0) {
		if (w.type != WIRE_LEN)
			continue;
		if (w.field == 1)
			r = call_named(c, (struct ckpt_string){ (const char *)w.data.p,
								bytes_left(&w.data) });
		else if (w.field == 2)
			r = call_entry(c, w.data);
	}
	return r;
}

static int call_list(struct calling *c, struct bytes message)
{
	enum { LIST_FUNC = 9 };
	struct wire w = wire_of(message);
	int r = 0;
	while (!r && wire_next(&w) > 0)
		if (w.field == LIST_FUNC && w.type == WIRE_LEN)
			r = call_func(c, w.data);
	return r;
}

int graph_calls(const struct graph_index *index, struct arena *a,
		const struct graph_node *n, graph_call_fn fn, void *arg,
		struct ckpt_error *err)
{
	struct calling c = { index, fn, arg, 0 };
	if (!index->graph->n_functions)
		return 0;
	int r = call_named(&c, n->op);
	for (size_t i = 0; !r && i < n->n_attrs; i++) {
		const struct graph_attr *attr = &n->attrs[i];
		struct bytes b;
		if (attr->kind != ATTR_FUNC && attr->kind != ATTR_LIST)
			continue;
		if (graph_attr_bytes(index->graph, a, attr, &b, err))
			return -1;
		r = attr->kind == ATTR_FUNC ? call_func(&c, b) : call_list(&c, b);
	}
	return r;
}
