/* shape.h — shapes and slices: TensorShapeProto, TensorSliceProto, and slices as text.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Functions that return text say what is wrong, or NULL.
 */
#ifndef FORMAT_SHAPE_H
#define FORMAT_SHAPE_H

#include <stdbool.h>

#include "base/bytes.h"
#include "ckpt.h"
#include "model/slice.h"

struct shape {
	int rank;
	bool unknown_rank;
	int64_t dims[MAX_RANK];
};

/* Adds the message's dimensions to s, as merging two messages does. */
const char *shape_decode(struct bytes message, struct shape *s);
/* start and length of each of rank dimensions; -1: the whole dimension. */
const char *slice_decode(struct bytes message, int rank, int64_t *start, int64_t *length);
/* The same as text, behind the shape of the whole tensor: "4 5 0,2:-" is its first two
 * rows. dims, start and extent have room for MAX_RANK; false: malformed, or out of the
 * tensor (ParseShapeAndSlice, core/util/saved_tensor_slice_util.cc). */
bool slice_text_decode(const char *p, size_t len, int *rank, int64_t *dims,
		       int64_t *start, int64_t *extent);
/* The box in a tensor that a slice means. */
const char *slice_place(const struct ckpt_tensor *t, const int64_t *start,
			const int64_t *length, int64_t *from, int64_t *extent);
/* Sorts boxes by their first index, as reading wants them. */
void slices_sort(struct ckpt_piece *pieces, size_t n, int rank);

#endif
