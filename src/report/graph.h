/* graph.h — what a graph is: counts, inputs, likely outputs, signatures, variables.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef REPORT_GRAPH_H
#define REPORT_GRAPH_H

#include "format/graph_ends.h"
#include "format/graph_signatures.h"
#include "format/variables.h"
#include "report/column.h"

struct graph_input_row {
	uint64_t null;
	struct cell_text name, op, dtype, role;
	struct cell_ints shape; /* -1: not known */
	bool has_default;
};

struct graph_output_row {
	uint64_t null;
	struct cell_text name, op, reason, why;
};

/* A tensor of a signature. */
struct graph_signature_row {
	uint64_t null;
	struct cell_text signature, direction, key, tensor, dtype;
	struct cell_ints shape;
};

struct graph_variable_row {
	uint64_t null;
	struct cell_text name, op, dtype, status, tensor, how, restore, reason;
	struct cell_ints shape, slice_start, slice_shape;
};

/* How often something stands there: an op, a device. */
struct graph_count_row {
	uint64_t null;
	struct cell_text name;
	uint64_t nodes, in_functions;
};

struct graph_collection_row {
	uint64_t null;
	struct cell_text name, kind;
	uint64_t items;
};

extern const struct column graph_input_columns[], graph_output_columns[],
	graph_signature_columns[], graph_variable_columns[], graph_op_columns[],
	graph_device_columns[], graph_collection_columns[];
/* Without what only a match with a checkpoint fills. */
extern const struct column graph_unmatched_columns[];

struct graph_report {
	struct graph *graph;
	struct net net; /* of the main graph */
	struct net_users users;
	struct graph_ends ends;
	struct variables variables;
	const struct signature *signatures;
	size_t n_signatures;
	uint64_t n_nodes, n_function_nodes, n_control_edges;
	/* Elements of the variables (of those whose shape is known), of the constants. */
	uint64_t variable_elements, constant_elements, n_constants;
	uint64_t n_shapeless; /* variables without a known shape */
	const char *version, *git_version; /* of the TensorFlow that wrote it; NULL */
	int32_t producer, min_consumer;
	const Ckpt__SaverDef *saver;		     /* NULL: none */
	const struct graph_count_row *ops, *devices; /* the most frequent first */
	size_t n_ops, n_devices;
	const struct graph_collection_row *collections; /* by name */
	size_t n_collections;
};

/* Reads all of the graph once. Memory is a's; g stays open as long as the report is used.
 * -1: ECORRUPT, EIO, ELIMIT. */
int graph_report(struct graph_report *r, struct arena *a, struct graph *g,
		 struct ckpt_error *err);

/* --- rows, graph_rows.c ------------------------------------------------------------- */

/* All rows of one kind. They are a's, made at once: rows->n is 0 without memory. */
struct rows graph_input_rows(const struct graph_report *r, struct arena *a);
struct rows graph_output_rows(const struct graph_report *r, struct arena *a);
struct rows graph_signature_rows(const struct graph_report *r, struct arena *a);
struct rows graph_variable_rows(const struct graph_report *r, struct arena *a);
struct rows graph_op_rows(const struct graph_report *r);
struct rows graph_device_rows(const struct graph_report *r);
struct rows graph_collection_rows(const struct graph_report *r);

#endif
