/* graph_net.h — a whole graph in memory: its nodes by name, and its edges.
 * SPDX-License-Identifier: Apache-2.0
 *
 * For those who follow edges. Names, ops, inputs and places of all nodes are kept,
 * attributes are not (graph_node_read() has them): about 100 bytes a node.
 */
#ifndef FORMAT_GRAPH_NET_H
#define FORMAT_GRAPH_NET_H

#include "format/graph.h"

/* No such node: the graph is cut, or damaged. */
#define NET_MISSING UINT32_MAX

/* What an input refers to. */
struct net_input {
	uint32_t node;		 /* number of the node, or NET_MISSING */
	int32_t output;		 /* which of its outputs; -1 for a control edge */
	struct ckpt_string text; /* as it stands */
};

struct net_node {
	struct ckpt_string name, op; /* NUL-terminated too */
	const struct net_input *inputs;
	uint32_t n_inputs;
	struct graph_range range; /* of the NodeDef; n is 0 for an argument */
};

/* The main graph, or one function. Nodes are in file order; before those of a function
 * stand its arguments, as nodes of the op "_Arg" without inputs. In functions the output
 * of an input "node:arg:1" is the last number; which output that is depends on the op. */
struct net {
	struct net_node *nodes;
	uint32_t n_nodes;
	uint32_t n_args;
	const uint32_t *by_name; /* numbers of the nodes, sorted by their names */
	uint64_t n_missing;	 /* inputs that refer to no node */
	uint32_t duplicate;	 /* a node whose name another has; NET_MISSING: none */
};

/* which: GRAPH_MAIN or a function's number. Memory is a's. A node that is damaged is an
 * error: the graph would not be whole. */
int net_load(struct graph *g, struct arena *a, int64_t which, struct net *net,
	     struct ckpt_error *err);
/* The node of that name, "add", "add:0" or "^add"; NET_MISSING if there is none. Where
 * several have it, the first. */
uint32_t net_find(const struct net *net, const char *name, size_t len);

#endif
