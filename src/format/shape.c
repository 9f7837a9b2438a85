/* shape.c — shapes and slices: TensorShapeProto, TensorSliceProto, and slices as text.
 * SPDX-License-Identifier: Apache-2.0
 *
 * tensorflow/core/framework/{tensor_shape,tensor_slice}.proto. Zero is absent on the
 * wire; an absent length is the whole dimension.
 */
#include "config.h"

#include "format/shape.h"

#include <stdlib.h>

#include "base/wire.h"

static const char *decode_dim(struct bytes b, struct shape *s)
{
	struct wire w = wire_of(b);
	int64_t size = 0;
	int r;
	while ((r = wire_next(&w)) > 0)
		if (w.field == 1 && w.type == WIRE_VARINT)
			size = (int64_t)w.value;
	if (r < 0)
		return w.problem;
	if (s->rank == MAX_RANK)
		return "the shape has more than 254 dimensions";
	s->dims[s->rank++] = size;
	return NULL;
}

const char *shape_decode(struct bytes message, struct shape *s)
{
	struct wire w = wire_of(message);
	int r;
	while ((r = wire_next(&w)) > 0) {
		const char *problem = NULL;
		if (w.field == 2 && w.type == WIRE_LEN)
			problem = decode_dim(w.data, s);
		else if (w.field == 3 && w.type == WIRE_VARINT)
			s->unknown_rank = w.value != 0;
		if (problem)
			return problem;
	}
	return r < 0 ? w.problem : NULL;
}

static const char *decode_extent(struct bytes message, int64_t *start, int64_t *length)
{
	struct wire w = wire_of(message);
	int r;
	*start = 0;
	*length = -1;
	while ((r = wire_next(&w)) > 0) {
		if (w.field == 1 && w.type == WIRE_VARINT)
			*start = (int64_t)w.value;
		else if (w.field == 2 && w.type == WIRE_VARINT)
			*length = (int64_t)w.value;
	}
	return r < 0 ? w.problem : NULL;
}

const char *slice_decode(struct bytes message, int rank, int64_t *start, int64_t *length)
{
	struct wire w = wire_of(message);
	int at = 0, r;
	while ((r = wire_next(&w)) > 0) {
		if (w.field != 1 || w.type != WIRE_LEN)
			continue;
		if (at == rank)
			return "it has more dimensions than the tensor";
		const char *problem = decode_extent(w.data, &start[at], &length[at]);
		if (problem)
			return problem;
		at++;
	}
	if (r < 0)
		return w.problem;
	return at == rank ? NULL : "it has fewer dimensions than the tensor";
}

const char *slice_place(const struct ckpt_tensor *t, const int64_t *start,
			const int64_t *length, int64_t *from, int64_t *extent)
{
	for (int i = 0; i < t->rank; i++) {
		if (start[i] < 0 || length[i] < -1 || start[i] > t->dims[i])
			return "it lies outside of the tensor";
		from[i] = start[i];
		extent[i] = length[i] < 0 ? t->dims[i] - start[i] : length[i];
		if (extent[i] > t->dims[i] - start[i])
			return "it reaches beyond the tensor";
	}
	return NULL;
}

static int by_start(const void *x, const void *y, void *arg)
{
	const struct ckpt_piece *a = x, *b = y;
	const int rank = *(int *)arg;
	for (int i = 0; i < rank; i++)
		if (a->start[i] != b->start[i])
			return a->start[i] < b->start[i] ? -1 : 1;
	return 0;
}

void slices_sort(struct ckpt_piece *pieces, size_t n, int rank)
{
	qsort_r(pieces, n, sizeof *pieces, by_start, &rank);
}

static bool take_number(const char **p, const char *end, int64_t *number)
{
	enum { DIGITS = 18 };
	const char *from = *p;
	int64_t v = 0;
	for (; *p < end && **p >= '0' && **p <= '9' && *p - from < DIGITS; (*p)++)
		v = v * 10 + (**p - '0');
	*number = v;
	return *p > from;
}

static bool take_char(const char **p, const char *end, char c)
{
	if (*p == end || **p != c)
		return false;
	(*p)++;
	return true;
}

bool slice_text_decode(const char *p, size_t len, int *rank, int64_t *dims,
		       int64_t *start, int64_t *extent)
{
	const char *end = p + len, *spec = end;
	while (spec > p && spec[-1] != ' ')
		spec--;
	for (*rank = 0; p < spec && *rank < MAX_RANK; ++*rank)
		if (!take_number(&p, spec, &dims[*rank]) || !take_char(&p, spec, ' '))
			return false;
	for (int i = 0; i < *rank; i++) {
		if (i && !take_char(&p, end, ':'))
			return false;
		if (take_char(&p, end, '-')) {
			start[i] = 0;
			extent[i] = dims[i];
		} else if (!take_number(&p, end, &start[i]) || !take_char(&p, end, ',') ||
			   !take_number(&p, end, &extent[i]))
			return false;
		if (start[i] > dims[i] || extent[i] > dims[i] - start[i])
			return false;
	}
	return *rank && p == end;
}
