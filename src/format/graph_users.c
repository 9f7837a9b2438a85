/* graph_users.c — along the edges of a graph: who uses a node, what constant it takes.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Uses are counted, summed up, filled in: no list per node, no sorting.
 */
#include "config.h"

#include "format/graph_users.h"

#include "base/error.h"
#include "format/graph_const.h"

int net_users(const struct net *net, struct arena *a, struct net_users *users,
	      struct ckpt_error *err)
{
	const uint32_t n = net->n_nodes;
	uint32_t *first = arena_zeroed(a, (size_t)n + 2, sizeof *first);
	uint64_t edges = 0;
	if (!first)
		return arena_error(a, err);
	/* first[i + 2] counts at first; then first[i + 1] is where i's next use goes, and
	 * when all are in, where they end. */
	for (uint32_t i = 0; i < n; i++)
		for (uint32_t k = 0; k < net->nodes[i].n_inputs; k++)
			if (net->nodes[i].inputs[k].node != NET_MISSING) {
				first[net->nodes[i].inputs[k].node + 2]++;
				edges++;
			}
	if (edges >= UINT32_MAX)
		return error_set(err, CKPT_ELIMIT, NULL, -1, "too many edges");
	struct net_use *uses = arena_zeroed(a, (size_t)edges + 1, sizeof *uses);
	if (!uses)
		return arena_error(a, err);
	for (uint32_t i = 1; i <= n; i++)
		first[i + 1] += first[i];
	for (uint32_t i = 0; i < n; i++)
		for (uint32_t k = 0; k < net->nodes[i].n_inputs; k++) {
			const uint32_t to = net->nodes[i].inputs[k].node;
			if (to != NET_MISSING)
				uses[first[to + 1]++] = (struct net_use){ i, k };
		}
	*users = (struct net_users){ uses, first };
	return 0;
}

int net_strings(struct graph *g, const struct net *net, struct arena *a,
		const struct net_node *node, uint32_t slot,
		const struct ckpt_string **strings, size_t *n, struct ckpt_error *err)
{
	struct graph_node constant;
	struct ckpt_tensor t;
	struct arena scratch;
	*n = 0;
	*strings = NULL;
	const uint32_t at = slot < node->n_inputs ? node->inputs[slot].node : NET_MISSING;
	if (at == NET_MISSING || !graph_text_is(net->nodes[at].op, "Const"))
		return 0;
	arena_init(&scratch, g->limit);
	int r = graph_node_read(g, &scratch, net->nodes[at].range, &constant, err);
	const int found = r ? -1 : graph_const(g, &scratch, &constant, &t, err);
	if (found > 0 && !t.problem && t.dtype == CKPT_STRING)
		r = graph_strings(g, a, &t, strings, n, err);
	arena_drop(&scratch);
	return found < 0 ? -1 : r;
}
