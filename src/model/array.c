/* array.c — pieces as NumPy lays arrays out: first index fastest, strings of one width.
 * SPDX-License-Identifier: Apache-2.0
 *
 * In Fortran's order an element's neighbours in a row lie a column apart. A range of
 * row-major elements is gathered column by column: what the range has of a column lies
 * together in the file, however many rows there are.
 */
#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "model/piece.h"
#include "model/slice.h"

/* n elements that lie together in the file and a row apart in memory. */
static void put_column(uint8_t *to, size_t row, const uint8_t *from, uint64_t n,
		       size_t size)
{
#define COPY(k)                                                                          \
	case k:                                                                          \
		for (; n; n--, to += row, from += (k))                                   \
			memcpy(to, from, k);                                             \
		break
	switch (size) {
		COPY(1);
		COPY(2);
		COPY(4);
		COPY(8);
		COPY(16);
	default:
		for (; n; n--, to += row, from += size)
			memcpy(to, from, size);
	}
#undef COPY
}

/* The columns, one for each index of all dimensions but the first: counted in row-major
 * order, and where they lie in the file. */
struct columns {
	const struct ckpt_tensor *t;
	int64_t index[MAX_RANK];
	uint64_t stride[MAX_RANK]; /* in columns; of dimension 1: 1 */
	uint64_t at;
};

static void column_seek(struct columns *c, const struct ckpt_tensor *t, uint64_t column)
{
	c->t = t;
	c->at = 0;
	uint64_t stride = 1;
	for (int i = 1; i < t->rank; i++, stride *= (uint64_t)t->dims[i - 1])
		c->stride[i] = stride;
	for (int i = t->rank - 1; i > 0; i--) {
		c->index[i] = (int64_t)(column % (uint64_t)t->dims[i]);
		column /= (uint64_t)t->dims[i];
		c->at += (uint64_t)c->index[i] * c->stride[i];
	}
}

static void column_next(struct columns *c)
{
	for (int i = c->t->rank - 1; i > 0; i--) {
		c->at += c->stride[i];
		if (++c->index[i] < c->t->dims[i])
			return;
		c->at -= (uint64_t)c->index[i] * c->stride[i];
		c->index[i] = 0;
	}
}

static const uint8_t *fetch_all(struct values *v, const struct ckpt_piece *p,
				struct ckpt_error *err)
{
	struct ckpt_error why = { 0 };
	const size_t size = p->size < SIZE_MAX ? (size_t)p->size : SIZE_MAX;
	const uint8_t *all = piece_fetch(v, &v->bytes, p, 0, size, &why);
	if (!all && why.code == CKPT_ELIMIT)
		error_set(err, CKPT_ELIMIT, piece_file(v, p), -1,
			  "its %" PRIu64 " bytes in Fortran order have to be held in "
			  "memory, of which %zu bytes may be used",
			  p->size, v->bytes.b.limit);
	else if (!all)
		error_copy(err, &why);
	return all;
}

const void *array_gather(struct values *v, const struct ckpt_piece *p, size_t size,
			 uint64_t element, uint64_t n, struct buffer *to,
			 struct ckpt_error *err)
{
	const uint64_t rows = (uint64_t)v->tensor->dims[0];
	const uint64_t width = v->tensor->elements / rows, end = element + n;
	const uint64_t row = element / width, last_row = (end - 1) / width;
	const bool one_row = row == last_row;
	struct columns c;
	to->len = 0;
	const uint8_t *all = fetch_all(v, p, err);
	if (!all || buffer_reserve(to, (size_t)n * size, err))
		return NULL;
	const uint64_t first = one_row ? element % width : 0;
	const uint64_t columns = one_row ? n : width;
	column_seek(&c, v->tensor, first);
	for (uint64_t k = first; k < first + columns; k++, column_next(&c)) {
		/* The rows of which the range has this column. */
		const uint64_t from = row + (row * width + k < element);
		const uint64_t past = last_row + (last_row * width + k < end);
		put_column(to->p + (from * width + k - element) * size,
			   (size_t)width * size, all + (c.at * rows + from) * size,
			   past - from, size);
	}
	to->len = (size_t)n * size;
	return to->p;
}

/* --- strings of one width ---------------------------------------------------------- */

static size_t without_zeros(const uint8_t *p, size_t n)
{
	while (n && !p[n - 1])
		n--;
	return n;
}

static uint32_t code_at(const uint8_t *p, bool swap)
{
	const uint32_t code = load_u32le(p);
	return swap ? __builtin_bswap32(code) : code;
}

/* Code points as UTF-8: its length; SIZE_MAX if one of them is none. */
static size_t utf8_of(char *out, const uint8_t *p, size_t width, bool swap)
{
	size_t n = 0, codes = width / 4;
	while (codes && !code_at(p + 4 * (codes - 1), false))
		codes--;
	for (size_t i = 0; i < codes; i++) {
		const size_t len = text_from_code(out + n, code_at(p + 4 * i, swap));
		if (!len)
			return SIZE_MAX;
		n += len;
	}
	return n;
}

/* The bytes of n strings, side by side, in the order of the tensor. */
static const uint8_t *fetch_texts(struct values *v, const struct ckpt_piece *p,
				  size_t width, uint64_t element, size_t n,
				  struct ckpt_error *err)
{
	if (p->by_columns)
		return array_gather(v, p, width, element, n, &v->aligned, err);
	return piece_fetch(v, &v->bytes, p, element * width, n * width, err);
}

int array_strings(struct values *v, const struct ckpt_piece *p, uint64_t element,
		  uint64_t n, struct ckpt_error *err)
{
	const uint64_t wide = p->size / p->elements;
	const size_t width = wide < SIZE_MAX ? (size_t)wide : SIZE_MAX;
	const size_t most = width < v->window / PIECE_BATCH ? PIECE_BATCH
			    : width < v->window		    ? v->window / width
							    : 1;
	const size_t count = n < most ? (size_t)n : most;
	if (buffer_reserve(&v->strings, PIECE_BATCH * sizeof(struct ckpt_string), err))
		return -1;
	const uint8_t *raw = fetch_texts(v, p, width, element, count, err);
	if (!raw)
		return -1;
	struct ckpt_string *s = (struct ckpt_string *)(void *)v->strings.p;
	if (p->spelling == SPELL_BYTES) {
		for (size_t i = 0; i < count; i++, raw += width)
			s[i] = (struct ckpt_string){ (const char *)raw,
						     without_zeros(raw, width) };
		return (int)count;
	}
	if (buffer_reserve(&v->block, count * width, err))
		return -1;
	char *text = (char *)v->block.p;
	for (size_t i = 0; i < count; i++, raw += width) {
		const size_t len = utf8_of(text, raw, width, p->swap);
		if (len == SIZE_MAX)
			return error_set(err, CKPT_ECORRUPT, piece_file(v, p),
					 (int64_t)p->offset,
					 "string %" PRIu64 " has a number in it that is "
					 "no character of Unicode",
					 element + i);
		s[i] = (struct ckpt_string){ text, len };
		text += len;
	}
	return (int)count;
}

int array_check(struct values *v, const struct ckpt_piece *p, struct ckpt_error *err)
{
	if (p->by_columns && !fetch_all(v, p, err))
		return -1;
	for (uint64_t i = 0; p->spelling == SPELL_UCS4 && i < p->elements;) {
		const int n = array_strings(v, p, i, p->elements - i, err);
		if (n < 0)
			return -1;
		i += (uint64_t)n;
	}
	return 0;
}
