/* graph_net.c — a whole graph in memory: its nodes by name, and its edges.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Names are found by a sorted list rather than by a hash, which a hostile graph could
 * flood.
 */
#include "config.h"

#include "format/graph_net.h"

#include <stdlib.h>

#include "base/error.h"

static int by_name(const void *x, const void *y, void *nodes)
{
	const uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;
	const struct ckpt_string *p = &((struct net_node *)nodes)[a].name,
				 *q = &((struct net_node *)nodes)[b].name;
	const int order = bytes_compare(p->p, p->len, q->p, q->len);
	return order ? order : (a > b) - (a < b);
}

static uint32_t find(const struct net *net, struct ckpt_string name)
{
	uint32_t low = 0, high = net->n_nodes;
	while (low < high) {
		const uint32_t middle = low + (high - low) / 2;
		const struct ckpt_string *at = &net->nodes[net->by_name[middle]].name;
		if (bytes_compare(at->p, at->len, name.p, name.len) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == net->n_nodes)
		return NET_MISSING;
	const struct ckpt_string *at = &net->nodes[net->by_name[low]].name;
	return bytes_compare(at->p, at->len, name.p, name.len) ? NET_MISSING
							       : net->by_name[low];
}

uint32_t net_find(const struct net *net, const char *name, size_t len)
{
	return find(net, graph_ref(name, len).node);
}

static int sort_names(struct net *net, struct arena *a, struct ckpt_error *err)
{
	uint32_t *sorted = arena_alloc(a, ((size_t)net->n_nodes + 1) * sizeof *sorted);
	if (!sorted)
		return arena_error(a, err);
	for (uint32_t i = 0; i < net->n_nodes; i++)
		sorted[i] = i;
	qsort_r(sorted, net->n_nodes, sizeof *sorted, by_name, net->nodes);
	net->by_name = sorted;
	net->duplicate = NET_MISSING;
	for (uint32_t i = 1; i < net->n_nodes; i++) {
		const struct ckpt_string *p = &net->nodes[sorted[i - 1]].name,
					 *q = &net->nodes[sorted[i]].name;
		if (!bytes_compare(p->p, p->len, q->p, q->len) &&
		    sorted[i] < net->duplicate)
			net->duplicate = sorted[i];
	}
	return 0;
}

static void resolve(struct net *net)
{
	for (uint32_t i = 0; i < net->n_nodes; i++) {
		/* They were made below, and are not const there. */
		struct net_input *in = (struct net_input *)net->nodes[i].inputs;
		for (uint32_t k = 0; k < net->nodes[i].n_inputs; k++) {
			const struct graph_ref ref =
				graph_ref(in[k].text.p, in[k].text.len);
			in[k].node = find(net, ref.node);
			in[k].output = ref.control ? -1 : (int32_t)ref.output;
			net->n_missing += in[k].node == NET_MISSING;
		}
	}
}

static struct ckpt_string keep(struct arena *a, struct ckpt_string s)
{
	return (struct ckpt_string){ arena_copy(a, s.p, s.len), s.len };
}

static int add_node(struct net *net, struct arena *a, const struct graph_node *n,
		    struct ckpt_error *err)
{
	struct net_node *to = &net->nodes[net->n_nodes++];
	struct net_input *inputs = n->n_inputs < NET_MISSING
					   ? arena_zeroed(a, n->n_inputs, sizeof *inputs)
					   : NULL;
	*to = (struct net_node){ .name = keep(a, n->name),
				 .op = keep(a, n->op),
				 .inputs = inputs,
				 .n_inputs = (uint32_t)n->n_inputs,
				 .range = n->range };
	bool good = inputs && to->name.p && to->op.p;
	for (size_t i = 0; good && i < n->n_inputs; i++) {
		inputs[i].text = keep(a, n->inputs[i]);
		good = inputs[i].text.p != NULL;
	}
	return good ? 0 : arena_error(a, err);
}

/* The arguments of a function, as nodes. */
static int add_args(struct graph *g, struct arena *a, const Ckpt__FunctionDef *fn,
		    struct net *net, struct ckpt_error *err)
{
	const Ckpt__OpDef *signature = fn->signature;
	for (size_t i = 0; signature && i < signature->n_input_arg; i++) {
		const ProtobufCBinaryData name = signature->input_arg[i]->name;
		const struct graph_node node = {
			.name = { (const char *)name.data, name.len },
			.op = { "_Arg", 4 },
		};
		if (add_node(net, a, &node, err))
			return -1;
	}
	net->n_args = net->n_nodes;
	(void)g;
	return 0;
}

static int add_nodes(struct graph *g, struct arena *a, int64_t which, struct net *net,
		     struct ckpt_error *err)
{
	struct graph_walk w;
	struct graph_node node;
	int r;
	graph_walk_begin(&w, g, which);
	while ((r = graph_walk_next(&w, &node, err)) > 0)
		if (add_node(net, a, &node, err)) {
			r = -1;
			break;
		}
	graph_walk_end(&w);
	return r;
}

int net_load(struct graph *g, struct arena *a, int64_t which, struct net *net,
	     struct ckpt_error *err)
{
	const Ckpt__FunctionDef *fn = NULL;
	uint64_t n = which < 0 ? g->n_nodes : g->functions[which].n_nodes;
	*net = (struct net){ .duplicate = NET_MISSING };
	if (which >= 0 && !(fn = graph_function(g, a, (size_t)which, err)))
		return -1;
	if (fn && fn->signature)
		n += fn->signature->n_input_arg;
	if (n >= NET_MISSING)
		return error_set(err, CKPT_ELIMIT, g->path, -1, "too many nodes");
	net->nodes = arena_zeroed(a, (size_t)n + 1, sizeof *net->nodes);
	if (!net->nodes)
		return arena_error(a, err);
	if ((fn && add_args(g, a, fn, net, err)) || add_nodes(g, a, which, net, err) ||
	    sort_names(net, a, err))
		return -1;
	resolve(net);
	return 0;
}
