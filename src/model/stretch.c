/* stretch.c — which elements of a tensor stand one after the other in a piece.
 * SPDX-License-Identifier: Apache-2.0
 *
 * From an index on, a piece goes on until its box ends along the last dimension that it
 * does not fill.
 */
#include "config.h"

#include "model/stretch.h"

#include <inttypes.h>

#include "base/error.h"
#include "model/slice.h"
#include "model/values.h"

static bool box_has(const struct ckpt_piece *p, const int64_t *index, int rank)
{
	for (int i = 0; i < rank; i++)
		if (index[i] < p->start[i] || index[i] - p->start[i] >= p->extent[i])
			return false;
	return true;
}

uint64_t piece_corner(const struct ckpt_tensor *t, const struct ckpt_piece *p, bool last)
{
	uint64_t flat = 0;
	for (int i = 0; i < t->rank; i++)
		flat = flat * (uint64_t)t->dims[i] +
		       (uint64_t)(p->start[i] + (last ? p->extent[i] - 1 : 0));
	return flat;
}

/* The piece that holds an index: the last one used, its neighbour, or a search. Pieces
 * are sorted by their first index, so reading goes from neighbour to neighbour. */
static bool find_piece(const struct ckpt_tensor *t, uint32_t *last, const int64_t *index,
		       uint32_t *found)
{
	for (uint32_t i = 0; i < 2 && *last + i < t->n_pieces; i++)
		if (box_has(&t->pieces[*last + i], index, t->rank)) {
			*found = *last += i;
			return true;
		}
	for (uint32_t i = 0; i < t->n_pieces; i++)
		if (box_has(&t->pieces[i], index, t->rank)) {
			*found = *last = i;
			return true;
		}
	return false;
}

bool stretch_at(const struct ckpt_tensor *t, uint32_t *last, uint64_t flat, uint64_t n,
		struct stretch *s)
{
	if (!t->pieces[0].start) {
		*s = (struct stretch){ 0, flat, n };
		return true;
	}
	int64_t index[MAX_RANK];
	for (int i = t->rank - 1; i >= 0; i--) {
		index[i] = (int64_t)(flat % (uint64_t)t->dims[i]);
		flat /= (uint64_t)t->dims[i];
	}
	if (!find_piece(t, last, index, &s->piece))
		return false;
	const struct ckpt_piece *p = &t->pieces[s->piece];
	uint64_t element = 0, inner = 1, offset = 0;
	int d = t->rank - 1; /* the last dimension that the piece does not fill */
	for (; d > 0 && p->extent[d] == t->dims[d]; d--) {
		offset += (uint64_t)index[d] * inner;
		inner *= (uint64_t)p->extent[d];
	}
	for (int i = 0; i < t->rank; i++)
		element = element * (uint64_t)p->extent[i] +
			  (uint64_t)(index[i] - p->start[i]);
	uint64_t run = inner - offset;
	if (t->rank)
		run = (uint64_t)(p->start[d] + p->extent[d] - index[d]) * inner - offset;
	s->element = element;
	s->n = run < n ? run : n;
	return true;
}

/* Pieces are sorted by their first index, so only those that begin before a piece ends
 * along the first dimension can overlap it. What is compared is limited, lest a hostile
 * index make this quadratic. */
static int overlap(const struct ckpt_tensor *t, struct ckpt_error *err)
{
	enum { MOST_COMPARED = 20000000 };
	uint64_t compared = 0;
	for (uint32_t i = 0; i < t->n_pieces; i++)
		for (uint32_t k = i + 1; k < t->n_pieces; k++) {
			const struct ckpt_piece *a = &t->pieces[i], *b = &t->pieces[k];
			if (t->rank && b->start[0] >= a->start[0] + a->extent[0])
				break;
			if (++compared > MOST_COMPARED)
				return error_set_detail(
					err, DETAIL_SLICES, CKPT_ELIMIT, NULL, -1,
					"%u slices are too many to compare", t->n_pieces);
			int d = 0;
			while (d < t->rank && a->start[d] < b->start[d] + b->extent[d] &&
			       b->start[d] < a->start[d] + a->extent[d])
				d++;
			if (d == t->rank)
				return error_set_detail(err, DETAIL_SLICES, CKPT_ECORRUPT,
							NULL, -1,
							"slices %u and %u overlap", i, k);
		}
	return 0;
}

int pieces_cover(const struct ckpt_tensor *t, struct ckpt_error *err)
{
	uint64_t sum = 0;
	if (t->n_pieces == 1 && !t->pieces[0].start)
		return 0;
	if (overlap(t, err))
		return -1;
	for (uint32_t i = 0; i < t->n_pieces; i++)
		sum += t->pieces[i].elements;
	if (sum != t->elements)
		return error_set_detail(err, DETAIL_SLICES, CKPT_ECORRUPT, NULL, -1,
					"its slices hold %" PRIu64 " of %" PRIu64
					" elements",
					sum, t->elements);
	return 0;
}
