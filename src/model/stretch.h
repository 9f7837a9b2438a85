/* stretch.h — which elements of a tensor stand one after the other in a piece.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_STRETCH_H
#define MODEL_STRETCH_H

#include <stdbool.h>

#include "ckpt.h"

/* Consecutive elements in one piece. */
struct stretch {
	uint32_t piece;
	uint64_t element, n; /* within the piece */
};

/* The longest stretch of up to n elements from element flat on; false if no piece holds
 * it. *last: the piece used last, 0 at first, where the search begins. */
bool stretch_at(const struct ckpt_tensor *t, uint32_t *last, uint64_t flat, uint64_t n,
		struct stretch *s);
/* The flat index of a piece's first or last element in the tensor. */
uint64_t piece_corner(const struct ckpt_tensor *t, const struct ckpt_piece *p, bool last);

#endif
