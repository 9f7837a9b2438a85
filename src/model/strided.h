/* strided.h — elements of a tensor at even distances: a row or a column of a plane.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_STRIDED_H
#define MODEL_STRIDED_H

#include "model/planes.h"
#include "model/values.h"

/* The elements first, first + step, …, n of them, of fixed size, into out, in host
 * order. No more is read than lies between them. Checksums are not looked at. */
int values_strided(struct values *v, uint64_t first, int64_t step, size_t n, void *out,
		   struct ckpt_error *err);
/* The flattened index of an element of a plane. */
static inline uint64_t plane_flat(const struct plane *q, uint64_t row, uint64_t col)
{
	return q->first + row * (uint64_t)q->row_step + col * (uint64_t)q->col_step;
}

#endif
