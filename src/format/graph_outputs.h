/* graph_outputs.h — which nodes are likely outputs, once the inputs are known.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_GRAPH_OUTPUTS_H
#define FORMAT_GRAPH_OUTPUTS_H

#include "format/graph_ends.h"

/* The second half of graph_ends(): fills the outputs. */
int graph_outputs(struct graph *g, const struct net *net, const struct net_users *users,
		  struct arena *a, struct graph_ends *ends, struct ckpt_error *err);
/* Is it an op that is fed, or that reads input? */
bool graph_is_source(struct ckpt_string op);
/* Is the node a part of the saver, by its op or its scope? */
bool graph_is_saving(const struct net_node *n);

#endif
