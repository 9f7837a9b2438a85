/* keep.c — the nodes that some outputs of a graph need.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "make/keep.h"

#include "base/error.h"
#include "base/wire.h"
#include "format/graph_sound.h"

/* The nodes that each node is to stand with. */
struct together {
	size_t *first; /* per node; one more at the end */
	struct buffer nodes;
};

static int add_together(struct graph *g, struct arena *scratch, const struct net *net,
			const struct graph_node *n, struct together *t,
			struct ckpt_error *err)
{
	enum { LIST_S = 2, PREFIX = 5 };
	const struct graph_attr *attr = graph_attr(n, "_class");
	struct bytes b;
	if (!attr || attr->kind != ATTR_LIST)
		return 0;
	if (graph_attr_bytes(g, scratch, attr, &b, err))
		return -1;
	struct wire w = wire_of(b);
	while (wire_next(&w) > 0) {
		const char *name = (const char *)w.data.p;
		const size_t len = bytes_left(&w.data);
		if (w.field != LIST_S || w.type != WIRE_LEN || len < PREFIX ||
		    memcmp(name, "loc:@", PREFIX))
			continue;
		const uint32_t node = net_find(net, name + PREFIX, len - PREFIX);
		if (node == NET_MISSING)
			continue; /* a hint about places, that says nothing here */
		if (buffer_append(&t->nodes, &node, sizeof node, err))
			return -1;
	}
	return 0;
}

static int find_together(struct graph *g, struct arena *a, const struct net *net,
			 struct together *t, struct ckpt_error *err)
{
	struct graph_walk w;
	struct graph_node n;
	uint32_t i = 0;
	int r;
	buffer_init(&t->nodes, a->limit);
	t->first = arena_zeroed(a, (size_t)net->n_nodes + 1, sizeof *t->first);
	if (!t->first)
		return arena_error(a, err);
	graph_walk_begin(&w, g, GRAPH_MAIN);
	while ((r = graph_walk_next(&w, &n, err)) > 0) {
		const struct arena_mark mark = arena_mark(a);
		if (add_together(g, a, net, &n, t, err)) {
			r = -1;
			break;
		}
		arena_rewind(a, mark);
		t->first[++i] = t->nodes.len / sizeof(uint32_t);
	}
	graph_walk_end(&w);
	return r;
}

/* Nodes that are kept but not looked at yet. */
struct pending {
	bool *kept;
	uint32_t *stack;
	size_t n;
};

static void keep(struct pending *p, uint32_t node)
{
	if (node == NET_MISSING || p->kept[node])
		return;
	p->kept[node] = true;
	p->stack[p->n++] = node;
}

static void keep_needed(struct pending *p, const struct net *net,
			const struct together *t)
{
	const uint32_t *others = (const uint32_t *)(const void *)t->nodes.p;
	while (p->n) {
		const uint32_t node = p->stack[--p->n];
		for (uint32_t i = 0; i < net->nodes[node].n_inputs; i++)
			keep(p, net->nodes[node].inputs[i].node);
		for (size_t i = t->first[node]; i < t->first[node + 1]; i++)
			keep(p, others[i]);
	}
}

int keep_nodes(struct graph *g, const struct net *net, const uint32_t *outputs, size_t n,
	       struct arena *a, const bool **kept, struct ckpt_error *err)
{
	struct together t = { 0 };
	struct pending p = {
		.kept = arena_zeroed(a, (size_t)net->n_nodes + 1, sizeof *p.kept),
		.stack = arena_zeroed(a, (size_t)net->n_nodes + 1, sizeof *p.stack),
	};
	int r = !p.kept || !p.stack ? arena_error(a, err)
				    : find_together(g, a, net, &t, err);
	for (size_t i = 0; !r && i < n; i++)
		keep(&p, outputs[i]);
	if (!r)
		keep_needed(&p, net, &t);
	buffer_drop(&t.nodes);
	*kept = p.kept;
	return r ? r : sound_check(g, a, net, p.kept, GRAPH_MAIN, err);
}
