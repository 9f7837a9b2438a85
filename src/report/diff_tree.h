/* diff_tree.h — what differs between two checkpoints, by scope; and element by element.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef REPORT_DIFF_TREE_H
#define REPORT_DIFF_TREE_H

#include "format/side.h"
#include "report/diff.h"

/* A scope, or a tensor in it, with what changed added up. */
struct diff_tree_row {
	uint64_t null;
	struct cell_text path, shown;
	uint64_t depth, tensors, differ, elements, changed;
	double max_abs, l2_delta, rel_l2;
};

extern const struct column diff_tree_columns[];

/* Rows of struct diff_tree_row * down to a depth, those without a difference left out
 * unless all are wanted. */
int diff_tree(const struct diff *d, struct arena *a, size_t depth, bool all,
	      struct pointers *rows, struct ckpt_error *err);

/* One pair of elements. */
struct diff_element_row {
	uint64_t null;
	struct cell_ints index;
	struct cell_element a, b, delta;
};

extern const struct column diff_element_columns[];

/* Of a thread that the checkpoints do not belong to. */
struct diff_reading {
	struct side a, b;
	struct pool pool; /* pool_cancel() stops it: -1 with CKPT_OK */
};

/* The n elements of a pair that differ most: NaN and infinities that are on one side
 * alone, then by |b - a|; the first ones first. Reads the tensor once more; reading: NULL
 * for the thread of the checkpoints. Rows are the arena's, *found of them. EINVAL:
 * strings and the like. */
int diff_elements(const struct diff *d, struct diff_reading *reading, struct arena *a,
		  const struct diff_item *item, size_t n, struct diff_element_row **rows,
		  size_t *found, struct ckpt_error *err);

#endif
