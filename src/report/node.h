/* node.h — one node of a graph: its attributes, its inputs, who uses it, how it is fed.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef REPORT_NODE_H
#define REPORT_NODE_H

#include "format/graph_users.h"
#include "report/column.h"

struct node_attr_row {
	uint64_t null;
	struct cell_text name, kind, value;
};

/* An input, or a use. */
struct node_edge_row {
	uint64_t null;
	struct cell_text name; /* the input as it stands; the user's node */
	struct cell_text op;   /* of the node at the other end; null: there is none */
	uint64_t input;	       /* of a use: which input of that node it is */
	bool control;
};

/* A node on the way to an input. */
struct node_step_row {
	uint64_t null;
	struct cell_text name, op;
};

extern const struct column node_attr_columns[], node_input_columns[], node_use_columns[],
	node_step_columns[];

struct node_report {
	struct cell_text name, op, device, function; /* function NULL: main graph */
	const struct node_attr_row *attrs;	     /* by name */
	const struct node_edge_row *inputs, *uses;   /* in file order */
	/* The shortest way along the data, the node itself first, to what has to be fed
	 * or is read; n_steps 0: it depends on no input. */
	const struct node_step_row *steps;
	size_t n_attrs, n_inputs, n_uses, n_steps;
	uint64_t same_name; /* other nodes of the same name: the graph is damaged */
};

/* Finds a node by "add", "add:0", "^add", or "@FUNCTION/add" in a function. ENOTFOUND,
 * with a name that may have been meant. Memory is a's. */
int node_report(struct node_report *r, struct arena *a, struct graph *g, const char *name,
		struct ckpt_error *err);

/* A row for each node, for lists of them. */
struct node_row {
	uint64_t null;
	struct cell_text name, op, device, function;
	struct cell_texts inputs;
};

extern const struct column node_columns[];

/* Fills the row of a node, which must outlive it, as must a. */
int node_row(struct node_row *row, struct arena *a, const struct graph *g,
	     const struct graph_node *n, struct ckpt_error *err);

/* The rows of a report's tables. */
struct rows node_attr_rows(const struct node_report *r);
struct rows node_input_rows(const struct node_report *r);
struct rows node_use_rows(const struct node_report *r);
struct rows node_step_rows(const struct node_report *r);

#endif
