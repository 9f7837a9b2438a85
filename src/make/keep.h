/* keep.h — the nodes and functions that some outputs of a graph need.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A node needs what its inputs come from, control edges included, and the nodes that it
 * is to stand with ("loc:@x" in its attribute _class), as in extract_sub_graph()
 * (tensorflow/python/framework/graph_util_impl.py).
 */
#ifndef MAKE_KEEP_H
#define MAKE_KEEP_H

#include "make/flow.h"

/* *kept: for each node of the main graph; it is a's. EUNSUPPORTED names a node that is
 * missing, stands twice, or needs itself: TensorFlow takes no such graph. */
int keep_nodes(struct graph *g, const struct net *net, const uint32_t *outputs, size_t n,
	       struct arena *a, const bool **kept, struct ckpt_error *err);

/* The functions that those nodes call, and what those call. */
struct kept_functions {
	bool *plain;		    /* of each function: it is needed as it is */
	struct flow_scope **scopes; /* those that are used, in file order, with names */
	size_t n_scopes;
	const char *table; /* the op of a lookup table that is needed; NULL: none */
};

/* Memory is f's. A function has to be as sound as the graph, and hold no variable of its
 * own: EUNSUPPORTED. */
int keep_functions(struct kept_functions *k, struct flow *f, const bool *kept,
		   struct ckpt_error *err);

#endif
