/* graph_beside.h — which graph belongs to a checkpoint.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Its own: PREFIX.meta, or the SavedModel whose variables it holds. Where there is none
 * (write_meta_graph=False, a file that was lost), another graph of the folder serves if
 * the checkpoint has a value for each of its variables.
 */
#ifndef FORMAT_GRAPH_BESIDE_H
#define FORMAT_GRAPH_BESIDE_H

#include "format/reader.h"
#include "format/variables.h"

/* The path of the saved_model.pb, else .pbtxt, else .cpb, of a SavedModel's folder; NULL
 * if it has none. */
const char *graph_of_saved_model(struct arena *a, const char *folder);
/* A checkpoint's own graph; NULL if there is none. */
const char *graph_of_prefix(struct arena *a, const char *prefix);

/* The checkpoint that a graph's path means to the commands that read values, else the one
 * that its folder means: whether it fits the graph is for the caller to see. NULL: none
 * that opens. */
struct ckpt *checkpoint_beside(struct arena *a, const char *path, uint64_t limit);

/* A graph and what a checkpoint has for its variables. */
struct graph_values {
	struct graph *graph; /* closed by graph_values_drop() */
	struct net net;
	struct variables variables; /* matched */
	uint64_t saved;   /* variables that the saver restores */
	uint64_t present; /* of these: the checkpoint has their value */
};

/* Opens a graph and joins its variables with a checkpoint (NULL: with none). Memory is
 * a's, no more than limit of it. */
int graph_values_read(struct graph_values *v, struct arena *a, const char *path,
		      struct ckpt *c, uint64_t limit, struct ckpt_error *err);
void graph_values_drop(struct graph_values *v); /* zeroed is fine */
/* The graph of a checkpoint: 1: read; *borrowed: not its own, but each of its variables
 * has a value; 0: none; -1: its own cannot be read, ENOMEM, ELIMIT. */
int graph_beside(struct graph_values *v, struct arena *a, struct ckpt *c, bool *borrowed,
		 struct ckpt_error *err);

#endif
