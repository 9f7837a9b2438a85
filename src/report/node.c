/* node.c — one node of a graph: its attributes, its inputs, who uses it, how it is fed.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "report/node.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "format/graph_outputs.h"
#include "model/match.h"
#include "report/attr_text.h"

struct looking {
	struct node_report *r;
	struct arena *a;
	struct graph *g;
	struct net net;
	struct net_users users;
	uint32_t node;
	struct ckpt_error *err;
};

static struct cell_text cell(struct ckpt_string s)
{
	return (struct cell_text){ s.p, s.len };
}

static int keep(struct looking *l, struct ckpt_string s, struct cell_text *to)
{
	*to = (struct cell_text){ arena_copy(l->a, s.p, s.len), s.len };
	return to->p ? 0 : arena_error(l->a, l->err);
}

/* --- finding ----------------------------------------------------------------------- */

static int unknown(const struct looking *l, const char *name)
{
	char shown[160];
	struct near_names near = { .wanted = name, .wanted_len = strlen(name) };
	for (uint32_t i = 0; i < l->net.n_nodes; i++)
		near_offer(&near, l->net.nodes[i].name.p, l->net.nodes[i].name.len);
	if (!near.n)
		return error_set(l->err, CKPT_ENOTFOUND, l->g->path, -1,
				 "no node '%.100s'; --nodes lists them", name);
	text_escape(shown, sizeof shown, near.best[0].name, near.best[0].len);
	return error_set(l->err, CKPT_ENOTFOUND, l->g->path, -1,
			 "no node '%.100s'; did you mean '%s'?", name, shown);
}

/* "@FUNCTION/NODE": both may have a '/', so every function is tried whose name fits. */
static int find_in_function(struct looking *l, const char *name)
{
	for (size_t i = 0; i < l->g->n_functions; i++) {
		const struct ckpt_string f = l->g->functions[i].name;
		if (strlen(name) <= f.len + 2 || memcmp(name + 1, f.p, f.len) ||
		    name[f.len + 1] != '/')
			continue;
		const char *node = name + f.len + 2;
		if (net_load(l->g, l->a, (int64_t)i, &l->net, l->err))
			return -1;
		l->node = net_find(&l->net, node, strlen(node));
		if (l->node == NET_MISSING)
			return unknown(l, node);
		return keep(l, f, &l->r->function);
	}
	return error_set(l->err, CKPT_ENOTFOUND, l->g->path, -1,
			 "no function of which '%.100s' could be a node "
			 "(@FUNCTION/NODE); --nodes lists them",
			 name);
}

static int find(struct looking *l, const char *name)
{
	if (net_load(l->g, l->a, GRAPH_MAIN, &l->net, l->err))
		return -1;
	l->node = net_find(&l->net, name, strlen(name));
	if (l->node != NET_MISSING)
		return 0;
	return name[0] == '@' ? find_in_function(l, name) : unknown(l, name);
}

/* --- the parts --------------------------------------------------------------------- */

static int by_name(const void *x, const void *y)
{
	const struct node_attr_row *a = x, *b = y;
	return bytes_compare(a->name.p, a->name.len, b->name.p, b->name.len);
}

static int read_attrs(struct looking *l, const struct graph_node *n)
{
	struct node_attr_row *rows = arena_zeroed(l->a, n->n_attrs + 1, sizeof *rows);
	if (!rows)
		return arena_error(l->a, l->err);
	for (size_t i = 0; i < n->n_attrs; i++) {
		rows[i].name = cell(n->attrs[i].name);
		rows[i].kind = cell_of(attr_kind_name(n->attrs[i].kind));
		if (attr_text(l->g, l->a, &n->attrs[i], &rows[i].value, l->err))
			return -1;
	}
	qsort(rows, n->n_attrs, sizeof *rows, by_name);
	l->r->attrs = rows;
	l->r->n_attrs = n->n_attrs;
	return 0;
}

static int read_inputs(struct looking *l)
{
	const struct net_node *n = &l->net.nodes[l->node];
	struct node_edge_row *rows = arena_zeroed(l->a, n->n_inputs + 1, sizeof *rows);
	if (!rows)
		return arena_error(l->a, l->err);
	for (uint32_t i = 0; i < n->n_inputs; i++) {
		const struct net_input *in = &n->inputs[i];
		rows[i].name = cell(in->text);
		rows[i].input = i;
		rows[i].control = graph_ref(in->text.p, in->text.len).control;
		if (in->node != NET_MISSING)
			rows[i].op = cell(l->net.nodes[in->node].op);
	}
	l->r->inputs = rows;
	l->r->n_inputs = n->n_inputs;
	return 0;
}

static int read_uses(struct looking *l)
{
	const uint32_t from = l->users.first[l->node], to = l->users.first[l->node + 1];
	struct node_edge_row *rows =
		arena_zeroed(l->a, (size_t)(to - from) + 1, sizeof *rows);
	if (!rows)
		return arena_error(l->a, l->err);
	for (uint32_t i = from; i < to; i++) {
		const struct net_use *use = &l->users.uses[i];
		const struct net_node *by = &l->net.nodes[use->node];
		rows[i - from] = (struct node_edge_row){
			.name = cell(by->name),
			.op = cell(by->op),
			.input = use->input,
			.control = by->inputs[use->input].output < 0,
		};
	}
	l->r->uses = rows;
	l->r->n_uses = to - from;
	return 0;
}

/* Is this where the way ends: something that is fed, read, or an argument? */
static bool is_end(const struct looking *l, uint32_t node)
{
	return node < l->net.n_args || graph_is_source(l->net.nodes[node].op);
}

/* Writes the way from the node to an end, of which each step knows the one before. */
static int keep_steps(struct looking *l, const uint32_t *before, uint32_t end)
{
	size_t n = 1;
	for (uint32_t at = end; at != l->node; at = before[at])
		n++;
	struct node_step_row *rows = arena_zeroed(l->a, n, sizeof *rows);
	if (!rows)
		return arena_error(l->a, l->err);
	l->r->steps = rows;
	l->r->n_steps = n;
	for (uint32_t at = end;; at = before[at]) {
		rows[--n] = (struct node_step_row){
			.name = cell(l->net.nodes[at].name),
			.op = cell(l->net.nodes[at].op),
		};
		if (at == l->node)
			return 0;
	}
}

/* Breadth first, so that the way is a shortest one. */
static int find_way(struct looking *l)
{
	const size_t n_nodes = (size_t)l->net.n_nodes + 1;
	uint32_t *before = arena_zeroed(l->a, n_nodes, sizeof *before);
	uint32_t *queue = arena_zeroed(l->a, n_nodes, sizeof *queue);
	size_t head = 0, n = 0;
	uint32_t setting = NET_MISSING; /* the first end that need not be fed */
	if (!before || !queue)
		return arena_error(l->a, l->err);
	memset(before, 0xff, n_nodes * sizeof *before); /* NET_MISSING: not reached */
	queue[n++] = l->node;
	before[l->node] = l->node;
	while (head < n) {
		const uint32_t at = queue[head++];
		const struct net_node *node = &l->net.nodes[at];
		if (is_end(l, at) && !graph_text_is(node->op, "PlaceholderWithDefault"))
			return keep_steps(l, before, at);
		if (is_end(l, at) && setting == NET_MISSING)
			setting = at;
		for (uint32_t i = 0; i < node->n_inputs; i++) {
			const uint32_t next = node->inputs[i].node;
			if (next == NET_MISSING || node->inputs[i].output < 0 ||
			    before[next] != NET_MISSING)
				continue;
			before[next] = at;
			queue[n++] = next;
		}
	}
	return setting == NET_MISSING ? 0 : keep_steps(l, before, setting);
}

static int read_node(struct looking *l)
{
	const struct net_node *at = &l->net.nodes[l->node];
	struct graph_node n;
	l->r->name = cell(at->name);
	l->r->op = cell(at->op);
	l->r->device = (struct cell_text){ "", 0 };
	for (uint32_t i = 0; i < l->net.n_nodes; i++)
		l->r->same_name +=
			i != l->node &&
			!bytes_compare(l->net.nodes[i].name.p, l->net.nodes[i].name.len,
				       at->name.p, at->name.len);
	if (!at->range.n) /* an argument, or a node with nothing in it */
		return 0;
	if (graph_node_read(l->g, l->a, at->range, &n, l->err))
		return -1;
	l->r->device = cell(n.device);
	return read_attrs(l, &n);
}

int node_report(struct node_report *r, struct arena *a, struct graph *g, const char *name,
		struct ckpt_error *err)
{
	struct looking l = { .r = r, .a = a, .g = g, .err = err };
	*r = (struct node_report){ .n_attrs = 0 };
	return find(&l, name) || net_users(&l.net, a, &l.users, err) || read_node(&l) ||
			       read_inputs(&l) || read_uses(&l) || find_way(&l)
		       ? -1
		       : 0;
}

int node_row(struct node_row *row, struct arena *a, const struct graph *g,
	     const struct graph_node *n, struct ckpt_error *err)
{
	struct cell_text *inputs = arena_zeroed(a, n->n_inputs + 1, sizeof *inputs);
	if (!inputs)
		return arena_error(a, err);
	for (size_t i = 0; i < n->n_inputs; i++)
		inputs[i] = cell(n->inputs[i]);
	*row = (struct node_row){ .name = cell(n->name),
				  .op = cell(n->op),
				  .device = cell(n->device),
				  .inputs = { inputs, n->n_inputs } };
	if (n->function >= 0)
		row->function = cell(g->functions[n->function].name);
	return 0;
}

/* --- rows -------------------------------------------------------------------------- */

static const void *attr_at(const struct rows *rows, size_t i)
{
	return &((const struct node_attr_row *)rows->arg)[i];
}

static const void *edge_at(const struct rows *rows, size_t i)
{
	return &((const struct node_edge_row *)rows->arg)[i];
}

static const void *step_at(const struct rows *rows, size_t i)
{
	return &((const struct node_step_row *)rows->arg)[i];
}

struct rows node_attr_rows(const struct node_report *r)
{
	return (struct rows){ node_attr_columns, r->n_attrs, attr_at,
			      (void *)(uintptr_t)r->attrs };
}

struct rows node_input_rows(const struct node_report *r)
{
	return (struct rows){ node_input_columns, r->n_inputs, edge_at,
			      (void *)(uintptr_t)r->inputs };
}

struct rows node_use_rows(const struct node_report *r)
{
	return (struct rows){ node_use_columns, r->n_uses, edge_at,
			      (void *)(uintptr_t)r->uses };
}

struct rows node_step_rows(const struct node_report *r)
{
	return (struct rows){ node_step_columns, r->n_steps, step_at,
			      (void *)(uintptr_t)r->steps };
}

#define ATTR(field) .offset = offsetof(struct node_attr_row, field)
#define EDGE(field) .offset = offsetof(struct node_edge_row, field)
#define STEP(field) .offset = offsetof(struct node_step_row, field)
#define NODE(field) .offset = offsetof(struct node_row, field)

const struct column node_attr_columns[] = {
	{ .name = "name", .title = "ATTRIBUTE", .type = COL_NAME, ATTR(name),
	  .help = "of the attribute" },
	{ .name = "kind", .type = COL_TEXT, ATTR(kind),
	  .help = "s, i, f, b, type, shape, tensor, list, placeholder, func" },
	{ .name = "value", .type = COL_NAME, ATTR(value),
	  .help = "what it says; of much, the beginning" },
	{ .name = NULL },
};

const struct column node_input_columns[] = {
	{ .name = "name", .title = "INPUT", .type = COL_NAME, EDGE(name),
	  .help = "as it stands: add, add:1, ^add" },
	{ .name = "op", .type = COL_NAME, EDGE(op),
	  .help = "of that node; null: there is no such node" },
	{ .name = "control", .type = COL_BOOL, EDGE(control),
	  .help = "it only has to run before" },
	{ .name = NULL },
};

const struct column node_use_columns[] = {
	{ .name = "name", .title = "USED BY", .type = COL_NAME, EDGE(name),
	  .help = "a node that takes it" },
	{ .name = "op", .type = COL_NAME, EDGE(op), .help = "of that node" },
	{ .name = "input", .type = COL_COUNT, EDGE(input),
	  .help = "as which of its inputs, from 0 on" },
	{ .name = "control", .type = COL_BOOL, EDGE(control),
	  .help = "it only has to run before" },
	{ .name = NULL },
};

const struct column node_step_columns[] = {
	{ .name = "name", .title = "WAY TO AN INPUT", .type = COL_NAME, STEP(name),
	  .help = "each takes the next" },
	{ .name = "op", .type = COL_NAME, STEP(op), .help = "of that node" },
	{ .name = NULL },
};

const struct column node_columns[] = {
	{ .name = "name", .type = COL_NAME, NODE(name), .help = "of the node" },
	{ .name = "op", .type = COL_NAME, NODE(op), .help = "what it does" },
	{ .name = "function", .type = COL_NAME, NODE(function), .rare = true,
	  .help = "which function it is in; null: the main graph" },
	{ .name = "device", .type = COL_NAME, NODE(device), .show = SHOW_LONG,
	  .help = "where it asks to be" },
	{ .name = "inputs", .type = COL_TEXTS, NODE(inputs),
	  .help = "as they stand: add, add:1, ^add" },
	{ .name = NULL },
};
