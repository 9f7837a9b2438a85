/* scan_saver.h — which nodes and functions are the saver's alone.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef REPORT_SCAN_SAVER_H
#define REPORT_SCAN_SAVER_H

#include "format/graph_index.h"
#include "format/graph_users.h"

/* A call: a node of the main graph, or of a function, names a function. */
struct scan_call {
	int64_t from;	   /* a function's number, or GRAPH_MAIN */
	uint32_t node;	   /* of the main graph: its number in the net */
	uint32_t function; /* that is called */
};

struct scan_saver {
	bool good; /* there is a saver, and nothing else leads to it */
	struct net net;
	bool *needs;	/* nodes that the saver consists of */
	bool *named;	/* nodes that the name of its file leads to */
	bool *function; /* functions that the saver alone calls, with that name */
	struct arena *arena;
	/* The function asked about last, and which of its nodes that name leads to. */
	int64_t last;
	struct net last_net;
	bool *last_named;
};

/* Finds the saver's parts. calls: all of the graph. Memory is a's. */
int scan_saver_find(struct scan_saver *s, const struct graph_index *index,
		    struct arena *a,
		    const struct scan_call *calls, size_t n_calls,
		    struct ckpt_error *err);
/* Is a node of a function, or of the main graph, the saver's own? */
int scan_saver_has(struct scan_saver *s, struct graph *g, int64_t function,
		   struct ckpt_string node, bool *has, struct ckpt_error *err);

#endif
