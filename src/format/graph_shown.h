/* graph_shown.h — names from a graph as messages may have them.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Errors go to terminals as they are: so names are escaped, and cut where they are long.
 */
#ifndef FORMAT_GRAPH_SHOWN_H
#define FORMAT_GRAPH_SHOWN_H

#include "format/graph.h"

enum { SHOWN_NAME = 56, SHOWN_NODE = 120 };

const char *shown_name(char out[SHOWN_NAME], struct ckpt_string name);
/* "node 'x' (Op)"; in a function "node 'f: x' (Op)". */
const char *shown_node(char out[SHOWN_NODE], const struct graph *g, int64_t function,
		       struct ckpt_string name, struct ckpt_string op);

/* They live as long as the block that they stand in. */
#define SHOWN(name) shown_name((char[SHOWN_NAME]){ "" }, name)
#define NODE(g, function, n)                                                             \
	shown_node((char[SHOWN_NODE]){ "" }, g, function, (n)->name, (n)->op)

#endif
