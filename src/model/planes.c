/* planes.c — two dimensions of a tensor as rows and columns, and where one stands.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "model/planes.h"

#include <string.h>

enum { FOLD = 10 };

void planes_begin(struct planes *p, const int64_t *dims, int rank)
{
	struct selection all;
	memset(p, 0, sizeof *p);
	p->dims = dims;
	p->fold = FOLD;
	selection_all(&all, dims, rank);
	planes_select(p, &all);
}

void planes_select(struct planes *p, const struct selection *s)
{
	uint64_t stride = 1;
	p->s = *s;
	p->empty = !selection_elements(s);
	p->row_axis = p->col_axis = -1;
	memset(p->at, 0, sizeof p->at);
	for (int i = s->rank - 1; i >= 0; i--) {
		if (s->dim[i].count <= 1) /* it may be anything, and overflow */
			p->s.dim[i].step = 1;
		if (p->col_axis < 0 && !s->dim[i].drop)
			p->col_axis = i;
		else if (p->row_axis < 0 && !s->dim[i].drop)
			p->row_axis = i;
		p->stride[i] = p->empty ? 0 : stride; /* may overflow beside a 0 */
		stride *= p->empty ? 1 : (uint64_t)p->dims[i];
	}
}

bool planes_turn(struct planes *p)
{
	const int axis = p->row_axis;
	if (axis < 0)
		return false;
	p->row_axis = p->col_axis;
	p->col_axis = axis;
	return true;
}

/* --- the plane --------------------------------------------------------------------- */

static uint64_t count_of(const struct planes *p, int axis)
{
	return axis < 0 ? 1 : p->s.dim[axis].count;
}

static int64_t step_of(const struct planes *p, int axis)
{
	return axis < 0 ? 1 : p->s.dim[axis].step * (int64_t)p->stride[axis];
}

/* Where the elements begin, given the position in each dimension but those two. */
static uint64_t flat_but(const struct planes *p, int one, int other)
{
	uint64_t flat = 0;
	for (int i = 0; i < p->s.rank; i++)
		flat += p->stride[i] *
			(uint64_t)planes_index(p, i,
					       i == one || i == other ? 0 : p->at[i]);
	return flat;
}

struct plane planes_plane(const struct planes *p)
{
	struct plane q = { 0 };
	const uint64_t n = count_of(p, p->col_axis);
	if (p->empty)
		return q;
	q.first = flat_but(p, p->row_axis, p->col_axis);
	q.col_step = step_of(p, p->col_axis);
	if (p->row_axis >= 0) {
		q.rows = count_of(p, p->row_axis);
		q.cols = n;
		q.row_step = step_of(p, p->row_axis);
		q.elements = q.rows * q.cols;
	} else {
		q.cols = n < p->fold ? n : p->fold;
		q.rows = (n - 1) / q.cols + 1;
		q.row_step = q.col_step * (int64_t)q.cols;
		q.elements = n;
	}
	return q;
}

/* --- where one stands -------------------------------------------------------------- */

uint64_t planes_row(const struct planes *p)
{
	if (p->row_axis >= 0)
		return p->at[p->row_axis];
	return p->col_axis >= 0 ? p->at[p->col_axis] / p->fold : 0;
}

uint64_t planes_col(const struct planes *p)
{
	if (p->col_axis < 0)
		return 0;
	return p->row_axis >= 0 ? p->at[p->col_axis] : p->at[p->col_axis] % p->fold;
}

void planes_set(struct planes *p, uint64_t row, uint64_t col)
{
	const struct plane q = planes_plane(p);
	if (p->empty || p->col_axis < 0)
		return;
	row = row < q.rows ? row : q.rows - 1;
	col = col < q.cols ? col : q.cols - 1;
	if (p->row_axis >= 0) {
		p->at[p->row_axis] = row;
		p->at[p->col_axis] = col;
	} else {
		const uint64_t at = row * q.cols + col;
		p->at[p->col_axis] = at < q.elements ? at : q.elements - 1;
	}
}

bool planes_step(struct planes *p, bool next, bool outer)
{
	int fixed[MAX_RANK], n = 0;
	for (int i = 0; i < p->s.rank; i++)
		if (i != p->row_axis && i != p->col_axis && p->s.dim[i].count > 1)
			fixed[n++] = i;
	if (p->empty)
		return false;
	uint64_t was[MAX_RANK];
	memcpy(was, p->at, sizeof was);
	/* As an odometer, of which outer moves the first wheel. */
	for (int k = outer && n ? 0 : n - 1; k >= 0; k--) {
		uint64_t *at = &p->at[fixed[k]];
		const uint64_t last = p->s.dim[fixed[k]].count - 1;
		if (next ? *at < last : *at > 0) {
			*at = next ? *at + 1 : *at - 1;
			return true;
		}
		*at = next ? 0 : last;
	}
	memcpy(p->at, was, sizeof was);
	return false;
}

/* --- elements ---------------------------------------------------------------------- */

uint64_t planes_flat(const struct planes *p)
{
	return flat_but(p, -1, -1);
}

uint64_t planes_number(const struct planes *p)
{
	uint64_t number = 0;
	for (int i = 0; i < p->s.rank; i++)
		number = number * p->s.dim[i].count + p->at[i];
	return number;
}

void planes_go(struct planes *p, uint64_t number)
{
	for (int i = p->s.rank - 1; i >= 0 && !p->empty; i--) {
		p->at[i] = number % p->s.dim[i].count;
		number /= p->s.dim[i].count;
	}
}

uint64_t planes_flat_of(const struct planes *p, uint64_t number)
{
	uint64_t flat = 0;
	for (int i = p->s.rank - 1; i >= 0 && !p->empty; i--) {
		const uint64_t n = p->s.dim[i].count;
		flat += p->stride[i] * (uint64_t)planes_index(p, i, number % n);
		number /= n;
	}
	return flat;
}

bool planes_go_flat(struct planes *p, uint64_t flat)
{
	uint64_t at[MAX_RANK] = { 0 };
	if (p->empty)
		return false;
	for (int i = 0; i < p->s.rank; i++) {
		const struct selected *d = &p->s.dim[i];
		const int64_t index = (int64_t)(flat / p->stride[i]);
		const int64_t from = index - d->start;
		flat %= p->stride[i];
		if (index >= p->dims[i] || from % d->step || from / d->step < 0 ||
		    (uint64_t)(from / d->step) >= d->count)
			return false;
		at[i] = (uint64_t)(from / d->step);
	}
	if (flat)
		return false;
	memcpy(p->at, at, sizeof at);
	return true;
}

int64_t planes_index(const struct planes *p, int axis, uint64_t i)
{
	return p->s.dim[axis].start + (int64_t)i * p->s.dim[axis].step;
}

int64_t planes_row_label(const struct planes *p, uint64_t row)
{
	if (p->row_axis >= 0)
		return planes_index(p, p->row_axis, row);
	return p->col_axis >= 0 ? planes_index(p, p->col_axis, row * p->fold) : 0;
}

int64_t planes_col_label(const struct planes *p, uint64_t col)
{
	if (p->col_axis < 0)
		return 0;
	return p->row_axis >= 0 ? planes_index(p, p->col_axis, col)
				: (int64_t)col * p->s.dim[p->col_axis].step;
}
