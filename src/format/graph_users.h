/* graph_users.h — along the edges of a graph: who uses a node, what constant it takes.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_GRAPH_USERS_H
#define FORMAT_GRAPH_USERS_H

#include "format/graph_net.h"

/* An input of another node. */
struct net_use {
	uint32_t node;	/* who */
	uint32_t input; /* which of its inputs */
};

/* Those of node i are uses[first[i]] … uses[first[i + 1] - 1], in file order. */
struct net_users {
	const struct net_use *uses;
	const uint32_t *first;
};

/* Memory is a's: 8 bytes an edge, 4 a node. -1: ELIMIT. */
int net_users(const struct net *net, struct arena *a, struct net_users *users,
	      struct ckpt_error *err);

/* The strings of the constant that is input number `slot` of a node, copied into a; *n is
 * 0 where that input is no constant of strings. -1: EIO, ECORRUPT, ELIMIT. */
int net_strings(struct graph *g, const struct net *net, struct arena *a,
		const struct net_node *node, uint32_t slot,
		const struct ckpt_string **strings, size_t *n, struct ckpt_error *err);

#endif
