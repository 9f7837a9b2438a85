/* frozen.h — a checkpoint and a graph that was frozen: which tensor is which constant.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Freezing makes a constant of each variable, under the name of its node. Which tensor
 * restores that variable, and which slice of it, is what the graph beside the checkpoint
 * says (variables.h); without one, names, and the names of variables in an object graph.
 */
#ifndef REPORT_FROZEN_H
#define REPORT_FROZEN_H

#include "format/objects.h"
#include "model/naming.h"

struct frozen {
	struct ckpt *checkpoint, *graph; /* NULL: it is not one of each */
	/* All tensors of the checkpoint with the names that their constants would have. A
	 * partitioned one stands there in its parts, a tensor each. */
	struct named_list names;
	const char *told_by;	/* path of the graph that has told; NULL: names alone */
	struct objects objects; /* of the checkpoint */
	/* Those that restore a trainable variable, by their addresses: weights, whatever
	 * they are called. */
	const struct ckpt_tensor **trainable;
	size_t n_trainable;
};

/* Loads both. Memory is a's. Where a and b are not a checkpoint and a graph, in either
 * order, f->checkpoint is NULL. -1: EIO, ELIMIT, an index that is damaged. */
int frozen_find(struct frozen *f, struct arena *arena, struct ckpt *a, struct ckpt *b,
		struct ckpt_error *err);
/* Is it one that a frozen graph never holds: a slot, an average, a step? t: of names. */
bool frozen_leaves_out(const struct frozen *f, const struct ckpt_tensor *t);

#endif
