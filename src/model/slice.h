/* slice.h — NumPy slices of a tensor, and boxes of elements.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_SLICE_H
#define MODEL_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ckpt.h"

/* TensorShape::IsValid (tensorflow/core/framework/tensor_shape.h). */
enum { MAX_RANK = 254 };

/* The product of dims; false if one is negative or the product is 2^63 or more. As
 * TensorFlow does, a zero among the dims does not excuse an overflow before it. */
bool shape_elements(const int64_t *dims, int rank, uint64_t *elements);

/* Have both tensors the same shape? */
bool shape_same(const struct ckpt_tensor *a, const struct ckpt_tensor *b);

/* What "-s 0:3,:,-1" means on a shape: per dimension of the tensor, indices start,
 * start + step, … (count of them); drop: an integer index, which leaves the result. */
struct selection {
	int rank;
	struct selected {
		int64_t start, step;
		uint64_t count;
		bool drop;
	} dim[MAX_RANK];
};

/* The whole tensor. */
void selection_all(struct selection *s, const int64_t *dims, int rank);
/* As NumPy's basic indexing: integers, start:stop:step, "..."; missing dimensions are
 * taken whole. EINVAL with what was wrong, for an integer out of range too. */
int selection_parse(struct selection *s, const char *text, const int64_t *dims, int rank,
		    struct ckpt_error *err);
/* True if every element is taken, in order. */
bool selection_is_all(const struct selection *s, const int64_t *dims);
/* Elements selected. */
uint64_t selection_elements(const struct selection *s);
/* The shape of the result in dims (room for MAX_RANK); returns its rank. */
int selection_shape(const struct selection *s, int64_t *dims);

/* A selection is walked as rows: first, first + step, … n elements, flattened indices
 * of the tensor; consecutive rows are joined while they are contiguous. */
struct selection_row {
	uint64_t first, n;
	int64_t step;
};

struct selection_walk {
	const struct selection *s;
	uint64_t stride[MAX_RANK]; /* of the tensor, in elements */
	uint64_t at[MAX_RANK];     /* counters of the outer dimensions */
	uint64_t row_n;
	int64_t row_step;
	int outer;                 /* dimensions that the counters run over */
	bool done;
};

void selection_begin(struct selection_walk *w, const struct selection *s,
		     const int64_t *dims);
bool selection_next(struct selection_walk *w, struct selection_row *row);

#endif
