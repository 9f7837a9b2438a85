/* freeze.h — a graph and a checkpoint become one graph without variables.
 * SPDX-License-Identifier: Apache-2.0
 *
 * As TensorFlow's freeze_graph and convert_variables_to_constants do: what the outputs do
 * not need goes, variables become constants, and what read them takes those. Nodes keep
 * their names and their order.
 *
 *	freeze_open(&z, &arena, c, &request, &err)    everything but the values
 *	freeze_write(&z, NULL, &err)                  the file is there
 *	freeze_drop(&z)
 */
#ifndef MAKE_FREEZE_H
#define MAKE_FREEZE_H

#include "base/pool.h"
#include "format/reader.h"
#include "make/frozen.h"

struct freeze_request {
	const char *graph;   /* path of the graph; NULL: beside the checkpoint */
	const char *tags;    /* of a SavedModel; NULL: the usual ones */
	const char *outputs; /* names, separated by commas; NULL: those that are likely */
	const char *out;     /* the file to be made */
	bool text, keep_devices;
	bool replace; /* a file of that name may be there */
};

/* A node that was frozen for. */
struct freeze_output {
	struct ckpt_string name, op;
	const char *reason; /* "named", or as `graph` says it */
	const char *why;    /* for people; NULL: it was named */
};

/* How many nodes have an op: a row of the report. */
struct freeze_op {
	struct ckpt_string op;
	uint64_t nodes;
};

struct freeze {
	struct ckpt *c;
	struct freeze_request request;
	struct graph *graph;
	struct freeze_output *outputs;
	size_t n_outputs;
	uint64_t n_variables, elements, value_bytes;
	/* freeze_write(): */
	uint64_t n_nodes, n_functions;
	uint64_t graph_bytes, file_bytes; /* the message; the file */
	struct freeze_op *ops;		  /* of the main graph, the most frequent first */
	size_t n_ops;
	const char
		*table; /* op of a table whose contents are not in the graph; or NULL */
	/* The library's own. */
	struct arena *arena;
	struct net net;
	struct variables variables;
	struct constant *constants;
	const bool *kept;
	struct flow flow;
	struct kept_functions functions;
	struct frozen frozen;
};

/* Memory is a's; c must outlive it. EINVAL: no such output, or several that are likely
 * (they are named), or out is a file that is read. ENOTFOUND: there is no graph.
 * EUNSUPPORTED names the node that cannot be frozen, and why. */
int freeze_open(struct freeze *z, struct arena *a, struct ckpt *c,
		const struct freeze_request *request, struct ckpt_error *err);
/* Makes the file. pool: counts bytes and may cancel it; may be NULL. */
int freeze_write(struct freeze *z, struct pool *pool, struct ckpt_error *err);
void freeze_drop(struct freeze *z);

/* freeze_outputs.c: finds z->outputs, and their nodes. */
int freeze_outputs(struct freeze *z, const uint32_t **nodes, struct ckpt_error *err);
/* protobuf reads no message that is longer (io::CodedInputStream, INT_MAX). */
#define FREEZE_LONGEST INT32_MAX
/* ELIMIT: it would have n bytes; returns -1. */
int freeze_too_long(const struct freeze *z, uint64_t n, struct ckpt_error *err);

#endif
