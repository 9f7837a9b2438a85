/* holds.h — what a file holds, and what lies beside it: a graph, values, or both.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The answer to "my .pb is only a few KB": a graph names variables, a checkpoint has
 * their values, and a frozen graph has them as constants.
 */
#ifndef REPORT_HOLDS_H
#define REPORT_HOLDS_H

#include "ckpt.h"
#include "report/column.h"

/* A tensor that a signature takes or gives. */
struct signature_row {
	uint64_t null;
	struct cell_text signature, method, direction, key, tensor, dtype;
	struct cell_ints shape; /* -1: not known */
};

extern const struct column signature_columns[];

struct holds {
	bool graph;		   /* the file is a graph */
	uint64_t nodes, functions; /* then */
	bool has_variables;	   /* a graph is known, here or beside: */
	uint64_t variables;	   /* those that its saver restores */
	uint64_t values;	   /* of these, how many have their values in this file */
	uint64_t beside;	   /* … in the checkpoint beside it */
	const char *checkpoint_beside; /* of a graph: its prefix; NULL: none */
	const char *graph_beside;      /* of a checkpoint: its path; NULL: none */
	bool reads; /* a graph: it reads variables, its own or not */
	bool borrowed; /* that graph is of another name, but each variable has a value */
	const char *tensorflow; /* the version that wrote the graph; NULL: not known */
	struct signature_row *signatures;
	size_t n_signatures;
};

/* What c holds. What cannot be read beside it is passed over.
 * Memory is a's. -1: ENOMEM, ELIMIT. */
int holds_find(struct holds *h, struct arena *a, struct ckpt *c, struct ckpt_error *err);
/* "graph yes, values 0 of 19 variables; beside it: model.ckpt-200": names in it are as
 * they are in the file system. NULL: no memory. */
const char *holds_text(const struct holds *h, struct arena *a, struct ckpt *c);

#endif
