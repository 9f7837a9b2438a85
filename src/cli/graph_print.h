/* graph_print.h — a graph as tables, as a document, or for Graphviz.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_GRAPH_PRINT_H
#define CLI_GRAPH_PRINT_H

#include "cli/opt.h"
#include "format/locate.h"
#include "report/graph.h"
#include "report/node.h"
#include "report/scan.h"

/* One run of the command. */
struct graph_asked {
	const struct options *o;
	struct arena arena;
	struct located at; /* what the path was taken for */
	struct graph *graph;
	struct graph_report report;
	struct node_report node; /* of FILE NODE */
	struct scan_report scan; /* of --scan */
	struct ckpt *checkpoint; /* of --checkpoint; else NULL */
	struct graph_match {
		uint64_t present, missing, different, damaged, not_saved;
	} match;
};

void graph_overview_text(struct graph_asked *q);
void graph_node_text(const struct graph_asked *q);
void graph_scan_text(const struct graph_asked *q);
/* --nodes: they are not kept, but printed as they are read. -1: the rest is damaged. */
int graph_nodes_text(struct graph_asked *q, struct ckpt_error *err);

/* Each prints a whole document; a late error stands in it, and is returned. */
int graph_overview_json(struct graph_asked *q, struct ckpt_error *err);
void graph_node_json(struct graph_asked *q);
void graph_scan_json(struct graph_asked *q);

/* The main graph, and each function as a cluster. */
int graph_dot(struct graph_asked *q, struct ckpt_error *err);

#endif
