/* graph_sound.c — whether a graph is one that can run.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "format/graph_sound.h"

#include "base/error.h"
#include "format/graph_shown.h"

static int refuse(const struct graph *g, int64_t function, const struct net_node *n,
		  const char *why, const char *what, struct ckpt_error *err)
{
	return error_set(err, CKPT_EUNSUPPORTED, g->path, -1, "%s %s%s",
			 NODE(g, function, n), why, what);
}

/* The only edge that may lead back: the next round of a loop. */
static bool leads_back(const struct net *net, uint32_t from, uint32_t to)
{
	const struct ckpt_string a = net->nodes[from].op, b = net->nodes[to].op;
	return (graph_text_is(a, "NextIteration") && graph_text_is(b, "Merge")) ||
	       (graph_text_is(a, "RefNextIteration") && graph_text_is(b, "RefMerge"));
}

enum state { NEW, OPEN, DONE };

struct step {
	uint32_t node, input; /* the next one to be looked at */
};

/* Depth first from one node along its inputs; the node at which a circle closes, or
 * NET_MISSING. */
static uint32_t find_circle(const struct net *net, uint8_t *state, struct step *stack,
			    uint32_t from)
{
	size_t n = 0;
	stack[n++] = (struct step){ from, 0 };
	state[from] = OPEN;
	while (n) {
		struct step *top = &stack[n - 1];
		if (top->input == net->nodes[top->node].n_inputs) {
			state[top->node] = DONE;
			n--;
			continue;
		}
		const uint32_t in = net->nodes[top->node].inputs[top->input++].node;
		if (state[in] == DONE || leads_back(net, in, top->node))
			continue;
		if (state[in] == OPEN)
			return in;
		state[in] = OPEN;
		stack[n++] = (struct step){ in, 0 };
	}
	return NET_MISSING;
}

int sound_check(struct graph *g, struct arena *a, const struct net *net, const bool *kept,
		int64_t function, struct ckpt_error *err)
{
	const struct arena_mark mark = arena_mark(a);
	uint8_t *state = arena_zeroed(a, (size_t)net->n_nodes + 1, sizeof *state);
	struct step *stack = arena_zeroed(a, (size_t)net->n_nodes + 1, sizeof *stack);
	if (!state || !stack)
		return arena_error(a, err);
	if (net->duplicate != NET_MISSING)
		return refuse(g, function, &net->nodes[net->duplicate],
			      "has the name of another", "", err);
	for (uint32_t i = 0; i < net->n_nodes; i++) {
		const struct net_node *n = &net->nodes[i];
		for (uint32_t k = 0; (!kept || kept[i]) && k < n->n_inputs; k++)
			if (n->inputs[k].node == NET_MISSING)
				return refuse(g, function, n,
					      "needs what the graph does not have: ",
					      SHOWN(n->inputs[k].text), err);
	}
	for (uint32_t i = 0; i < net->n_nodes; i++) {
		if ((kept && !kept[i]) || state[i] != NEW)
			continue;
		const uint32_t at = find_circle(net, state, stack, i);
		if (at != NET_MISSING)
			return refuse(g, function, &net->nodes[at],
				      "needs its own result", "", err);
	}
	arena_rewind(a, mark);
	return 0;
}
