/* planes.h — two dimensions of a tensor as rows and columns, and where one stands.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A tensor of any rank is looked at plane by plane: of what is selected (slice.h) two
 * dimensions are rows and columns, the last two unless they are turned; the indices of
 * the others are fixed and can be stepped through. One dimension is folded into rows of
 * a width that fits; a scalar is one row of one column.
 */
#ifndef MODEL_PLANES_H
#define MODEL_PLANES_H

#include "model/slice.h"

/* Elements first + row * row_step + col * col_step, flattened indices of the tensor. */
struct plane {
	uint64_t rows, cols;
	uint64_t elements; /* fewer than rows * cols where the last row is short */
	uint64_t first;
	int64_t row_step, col_step;
};

struct planes {
	const int64_t *dims;
	struct selection s;
	uint64_t stride[MAX_RANK]; /* of the tensor's dimensions, in elements */
	/* Where one stands: in each dimension, from 0, of what is selected there. */
	uint64_t at[MAX_RANK];
	int row_axis, col_axis; /* dimensions of the tensor; -1: none */
	uint64_t fold;          /* columns where row_axis is -1 */
	bool empty;             /* no element is selected: there is nowhere to stand */
};

/* All of a tensor. dims is borrowed. */
void planes_begin(struct planes *p, const int64_t *dims, int rank);
/* Another part of it; one stands at its first element. */
void planes_select(struct planes *p, const struct selection *s);
/* Rows become columns; false: there are not both. */
bool planes_turn(struct planes *p);
/* The plane that one stands in; of an empty selection one without elements. */
struct plane planes_plane(const struct planes *p);

uint64_t planes_row(const struct planes *p);
uint64_t planes_col(const struct planes *p);
/* Goes to a place in the plane; what is beyond it becomes its last row, or column. */
void planes_set(struct planes *p, uint64_t row, uint64_t col);
/* The next plane or the one before; outer: with another index in the first of the fixed
 * dimensions. False: there is none. */
bool planes_step(struct planes *p, bool next, bool outer);

/* The element that one stands at: its flattened index in the tensor; its number in what
 * is selected, in row-major order. */
uint64_t planes_flat(const struct planes *p);
uint64_t planes_number(const struct planes *p);
/* Goes to the element with that number. */
void planes_go(struct planes *p, uint64_t number);
/* The flattened index of the element with that number. */
uint64_t planes_flat_of(const struct planes *p, uint64_t number);
/* Goes to an element of the tensor; false: it is not selected. */
bool planes_go_flat(struct planes *p, uint64_t flat);
/* The index in the tensor of position i of a dimension. */
int64_t planes_index(const struct planes *p, int axis, uint64_t i);
/* What the heading of a row and a column says. */
int64_t planes_row_label(const struct planes *p, uint64_t row);
int64_t planes_col_label(const struct planes *p, uint64_t col);

#endif
