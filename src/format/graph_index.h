/* graph_index.h — the functions of a graph by their names, and who calls them.
 * SPDX-License-Identifier: Apache-2.0
 *
 * graph_function_find() is for one question; this for as many as there are nodes.
 */
#ifndef FORMAT_GRAPH_INDEX_H
#define FORMAT_GRAPH_INDEX_H

#include "format/graph.h"

struct graph_index {
	struct graph *graph;
	const uint32_t *by_name; /* numbers of functions */
};

/* Memory is a's. -1: ELIMIT. */
int graph_index(struct graph_index *index, struct graph *g, struct arena *a,
		struct ckpt_error *err);
/* The functions of that name: by_name[*first] … by_name[*first + n - 1]; returns n, more
 * than 1 in a damaged graph. */
size_t graph_index_find(const struct graph_index *index, struct ckpt_string name,
			size_t *first);

typedef int (*graph_call_fn)(void *arg, uint32_t function);

/* Calls fn for each function of the library that a node calls: by its op's name, or by
 * attributes of functions and lists of them. Returns what fn returned, if that was not 0;
 * -1: EIO, ELIMIT. a: for what is read on the way. */
int graph_calls(const struct graph_index *index, struct arena *a,
		const struct graph_node *n, graph_call_fn fn, void *arg,
		struct ckpt_error *err);

#endif
