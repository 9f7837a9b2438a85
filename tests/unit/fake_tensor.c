/* fake_tensor.c — tensors in memory, cut up at random and written out the slow way.
 * SPDX-License-Identifier: Apache-2.0
 *
 * How strings and variants are stored: tensor_bundle.cc, WriteStringTensor and
 * WriteVariantTensor.
 */
#include "config.h"

#include "fake_tensor.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/crc32c.h"
#include "base/error.h"
#include "unit.h"

static int fake_read(struct store *s, const struct ckpt_piece *p, uint64_t at, void *buf,
		     size_t n, struct ckpt_error *err)
{
	struct fake_tensor *f = (struct fake_tensor *)s;
	assert_true(at <= p->size && n <= p->size - at);
	assert_true(p->offset + at + n <= f->data.len);
	if (f->reads_until_error-- == 0)
		return error_set(err, CKPT_EIO, "fake", -1, "no more reading");
	if (n)
		memcpy(buf, f->data.p + p->offset + at, n);
	f->bytes_read += n;
	return 0;
}

static const char *fake_file(struct store *s, const struct ckpt_piece *p)
{
	(void)s;
	(void)p;
	return "fake";
}

static int fake_bytes(struct store *s, const struct ckpt_piece *p, struct bytes *bytes,
		      struct ckpt_error *err)
{
	struct fake_tensor *f = (struct fake_tensor *)s;
	if (f->reads_until_error-- == 0)
		return error_set(err, CKPT_EIO, "fake", -1, "no more reading");
	*bytes = bytes_of(f->data.p + p->offset, f->message_len[p - f->pieces]);
	return 0;
}

static void put(struct fake_tensor *f, const void *p, size_t n)
{
	assert_int_equal(buffer_append(&f->data, p, n, NULL), 0);
}

/* A number of n bytes in the file's order, into coded. */
static void code(uint8_t *coded, uint64_t v, size_t n, bool big)
{
	for (size_t i = 0; i < n; i++)
		coded[big ? n - 1 - i : i] = (uint8_t)(v >> 8 * i);
}

static void put_varint(struct fake_tensor *f, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		put(f, &(uint8_t){ (uint8_t)(v | 0x80) }, 1);
	put(f, &(uint8_t){ (uint8_t)v }, 1);
}

/* The flat index of element number i in Fortran's order. */
static uint64_t flat_by_columns(const struct fake_tensor *f, uint64_t i)
{
	uint64_t flat = 0, stride = f->t.elements;
	for (int d = 0; d < f->t.rank; d++) {
		stride /= (uint64_t)f->dims[d];
		flat += i % (uint64_t)f->dims[d] * stride;
		i /= (uint64_t)f->dims[d];
	}
	return flat;
}

/* The flat index in the tensor of a piece's element number i. */
static uint64_t flat_of(const struct fake_tensor *f, const struct ckpt_piece *p,
			uint64_t i)
{
	uint64_t flat = 0, stride = 1;
	if (p->by_columns)
		return flat_by_columns(f, i);
	if (!p->start)
		return i;
	for (int d = f->t.rank - 1; d >= 0; d--) {
		flat += ((uint64_t)p->start[d] + i % (uint64_t)p->extent[d]) * stride;
		i /= (uint64_t)p->extent[d];
		stride *= (uint64_t)f->dims[d];
	}
	return flat;
}

static uint32_t store_numbers(struct fake_tensor *f, const struct ckpt_piece *p)
{
	const size_t size = ckpt_dtype_size(f->t.dtype);
	const bool parts = f->t.dtype == CKPT_COMPLEX64 || f->t.dtype == CKPT_COMPLEX128;
	const size_t unit = parts ? size / 2 : size, from = f->data.len;
	for (uint64_t i = 0; i < p->elements; i++) {
		const uint8_t *element = f->plain + flat_of(f, p, i) * size;
		for (size_t k = 0; k < size; k++) {
			const size_t other = k / unit * unit + unit - 1 - k % unit;
			put(f, element + (p->swap ? other : k), 1);
		}
	}
	return crc32c_table(0, f->data.p + from, f->data.len - from);
}

/* Filled up with zeros, which are then no part of the strings. */
static uint32_t store_one_width(struct fake_tensor *f, const struct ckpt_piece *p,
				size_t width)
{
	const size_t from = f->data.len;
	for (uint64_t i = 0; i < p->elements; i++) {
		struct ckpt_string *s = &f->strings[flat_of(f, p, i)];
		put(f, s->p, s->len);
		for (size_t k = s->len; k < width; k++)
			put(f, "", 1);
		while (s->len && !s->p[s->len - 1])
			s->len--;
	}
	return crc32c_table(0, f->data.p + from, f->data.len - from);
}

static uint32_t store_strings(struct fake_tensor *f, const struct ckpt_piece *p)
{
	uint8_t coded[4];
	uint32_t crc = 0;
	for (uint64_t i = 0; i < p->elements; i++) {
		const size_t len = f->strings[flat_of(f, p, i)].len;
		put_varint(f, len);
		code(coded, len, 4, p->swap);
		crc = crc32c_table(crc, coded, 4);
	}
	code(coded, crc32c_mask(crc), 4, p->swap);
	put(f, coded, 4);
	crc = crc32c_table(crc, coded, 4);
	for (uint64_t i = 0; i < p->elements; i++) {
		const struct ckpt_string *s = &f->strings[flat_of(f, p, i)];
		put(f, s->p, s->len);
		crc = crc32c_table(crc, s->p, s->len);
	}
	return crc;
}

static uint32_t store_variants(struct fake_tensor *f, const struct ckpt_piece *p)
{
	uint8_t coded[8];
	uint32_t crc = 0;
	for (uint64_t i = 0; i < p->elements; i++) {
		const struct ckpt_string *s = &f->strings[flat_of(f, p, i)];
		put_varint(f, s->len);
		code(coded, s->len, 8, p->swap);
		crc = crc32c_table(crc, coded, 8);
		put(f, s->p, s->len);
		crc = crc32c_table(crc, s->p, s->len);
		code(coded, crc32c_mask(crc), 4, p->swap);
		put(f, coded, 4);
		crc = crc32c_table(crc, coded, 4);
	}
	return crc;
}

/* --- TensorProto: one field for each kind of number, tensor.proto ------------------- */

enum { VARINT = 0, FIXED64 = 1, DELIMITED = 2, FIXED32 = 5 };

static const struct field {
	uint8_t number, wire, parts;
} fields[CKPT_FLOAT4_E2M1FN + 1] = {
	[CKPT_FLOAT32] = { 5, FIXED32, 1 },   [CKPT_FLOAT64] = { 6, FIXED64, 1 },
	[CKPT_INT32] = { 7, VARINT, 1 },      [CKPT_UINT8] = { 7, VARINT, 1 },
	[CKPT_INT16] = { 7, VARINT, 1 },      [CKPT_INT8] = { 7, VARINT, 1 },
	[CKPT_UINT16] = { 7, VARINT, 1 },     [CKPT_QINT8] = { 7, VARINT, 1 },
	[CKPT_QUINT8] = { 7, VARINT, 1 },     [CKPT_QINT32] = { 7, VARINT, 1 },
	[CKPT_QUINT16] = { 7, VARINT, 1 },    [CKPT_STRING] = { 8, DELIMITED, 1 },
	[CKPT_COMPLEX64] = { 9, FIXED32, 2 }, [CKPT_INT64] = { 10, VARINT, 1 },
	[CKPT_BOOL] = { 11, VARINT, 1 },      [CKPT_COMPLEX128] = { 12, FIXED64, 2 },
	[CKPT_FLOAT16] = { 13, VARINT, 1 },   [CKPT_UINT32] = { 16, VARINT, 1 },
	[CKPT_UINT64] = { 17, VARINT, 1 },
};

/* One part of an element, as the field's numbers are; signed ones fill 64 bits. */
static void put_part(struct fake_tensor *f, const uint8_t *p, size_t size, uint8_t wire)
{
	const struct dtype *d = dtype_of(f->t.dtype);
	if (wire == VARINT)
		put_varint(f, d->kind == KIND_INT     ? (uint64_t)dtype_int(d, p)
			      : d->kind == KIND_FLOAT ? load_u32le(p) & 0xffff
						      : dtype_uint(d, p));
	else
		put(f, p, size);
}

/* Elements from on, at most so many, in one packed field or each in one. */
static void put_values(struct fake_tensor *f, const struct ckpt_piece *p, uint64_t from,
		       uint64_t to, bool packed)
{
	const struct field *field = &fields[f->t.dtype];
	const size_t size = ckpt_dtype_size(f->t.dtype), part = size / field->parts;
	struct buffer all = f->data;
	if (packed)
		buffer_init(&f->data, SIZE_MAX);
	for (uint64_t i = from; i < to; i++)
		for (size_t k = 0; k < field->parts; k++) {
			uint8_t bytes[16] = { 0 };
			memcpy(bytes, f->plain + flat_of(f, p, i) * size + k * part,
			       part);
			if (!packed)
				put_varint(f, (uint64_t)field->number << 3 | field->wire);
			put_part(f, bytes, part, field->wire);
		}
	if (!packed)
		return;
	struct buffer values = f->data;
	f->data = all;
	put_varint(f, (uint64_t)field->number << 3 | DELIMITED);
	put_varint(f, values.len);
	put(f, values.p, values.len);
	buffer_drop(&values);
}

static void store_message(struct fake_tensor *f, const struct ckpt_piece *p)
{
	for (uint64_t i = 0, n; i < p->elements; i += n) {
		if (chance_one_in(8))
			put(f, "\xa0\x06\x05\xaa\x06\x01x",
			    7); /* fields that nobody knows */
		n = 1 + chance_below(p->elements - i);
		if (f->t.dtype == CKPT_STRING) {
			const struct ckpt_string *s = &f->strings[flat_of(f, p, i)];
			n = 1;
			put_varint(f, 8 << 3 | DELIMITED);
			put_varint(f, s->len);
			put(f, s->p, s->len);
		} else {
			put_values(f, p, i, i + n, chance_one_in(2));
		}
	}
}

/* Cuts one of the boxes in two; false if it cannot be cut. */
static bool cut_box(struct fake_tensor *f)
{
	const uint32_t n = f->t.n_pieces, from = (uint32_t)chance_below(n);
	if (!f->t.rank || n == FAKE_MAX_PIECES)
		return false;
	const size_t d = chance_below((uint64_t)f->t.rank);
	const int64_t length = f->boxes[from][1][d];
	if (length < 2)
		return false;
	const int64_t kept = 1 + (int64_t)chance_below((uint64_t)length - 1);
	memcpy(f->boxes[n], f->boxes[from], sizeof *f->boxes);
	f->boxes[from][1][d] = kept;
	f->boxes[n][0][d] += kept;
	f->boxes[n][1][d] -= kept;
	f->t.n_pieces++;
	return true;
}

static int by_start(const void *x, const void *y)
{
	const int64_t *a = x, *b = y;
	for (int d = 0; d < FAKE_MAX_RANK; d++)
		if (a[d] != b[d])
			return a[d] < b[d] ? -1 : 1;
	return 0;
}

static void make_values(struct fake_tensor *f, size_t longest)
{
	const size_t size = ckpt_dtype_size(f->t.dtype), n = (size_t)f->t.elements;
	if (size) {
		f->plain = test_malloc(n * size + 1);
		chance_bytes(f->plain, n * size);
		return;
	}
	size_t total = 0;
	f->strings = test_calloc(n + 1, sizeof *f->strings);
	for (size_t i = 0; i < n; i++)
		total += f->strings[i].len = chance_below(longest + 1);
	f->plain = test_malloc(total + 1);
	chance_bytes(f->plain, total);
	total = 0;
	for (size_t i = 0; i < n; i++) {
		f->strings[i].p = (char *)f->plain + total;
		total += f->strings[i].len;
	}
}

static void make_piece(struct fake_tensor *f, uint32_t i, const struct fake_plan *plan)
{
	struct ckpt_piece *p = &f->pieces[i];
	*p = (struct ckpt_piece){ .elements = 1,
				  .has_crc32c = true,
				  .swap = plan->other_order };
	p->start = plan->pieces ? f->boxes[i][0] : NULL;
	p->extent = plan->pieces ? f->boxes[i][1] : NULL;
	for (int d = 0; d < f->t.rank; d++)
		p->elements *= (uint64_t)f->boxes[i][1][d];
	/* Bytes of nobody lie between the pieces. */
	for (uint64_t gap = chance_below(4); gap; gap--)
		put(f, "?", 1);
	p->offset = f->data.len;
	if (plan->in_block) {
		p->in_block = true;
		p->has_crc32c = false;
		p->spelling = f->t.dtype == CKPT_STRING ? SPELL_FIELDS : SPELL_TAGGED;
		store_message(f, p);
		f->message_len[i] = f->data.len - p->offset;
		p->size = p->elements * ckpt_dtype_size(f->t.dtype);
		return;
	}
	p->by_columns = plan->by_columns;
	if (f->t.dtype == CKPT_STRING && plan->one_width) {
		p->spelling = SPELL_BYTES;
		p->crc = store_one_width(f, p, plan->longest);
	} else if (f->t.dtype == CKPT_STRING) {
		p->spelling = SPELL_STRINGS;
		p->crc = store_strings(f, p);
	} else if (f->t.dtype == CKPT_VARIANT) {
		p->spelling = SPELL_VARIANT;
		p->crc = store_variants(f, p);
	} else {
		p->spelling = SPELL_RAW;
		p->crc = store_numbers(f, p);
	}
	p->size = f->data.len - p->offset;
	if (!plan->crc32)
		return;
	p->has_crc32c = false;
	p->has_crc32 = true;
	p->crc = (uint32_t)crc32(0, f->data.p + p->offset, (uInt)p->size);
}

void fake_tensor_make(struct fake_tensor *f, const struct fake_plan *plan)
{
	memset(f, 0, sizeof *f);
	f->store = (struct store){ .bytes = fake_bytes,
				   .read = fake_read,
				   .file = fake_file };
	f->reads_until_error = UINT64_MAX;
	f->t = (struct ckpt_tensor){ .name = "fake",
				     .name_len = 4,
				     .dims = f->dims,
				     .elements = 1,
				     .pieces = f->pieces,
				     .n_pieces = 1,
				     .dtype = plan->dtype,
				     .rank = plan->rank };
	memcpy(f->dims, plan->dims, sizeof f->dims);
	memcpy(f->boxes[0][1], plan->dims, sizeof f->dims);
	for (int d = 0; d < plan->rank; d++)
		f->t.elements *= (uint64_t)plan->dims[d];
	buffer_init(&f->data, SIZE_MAX);
	buffer_reserve(&f->data, 1, NULL); /* never NULL */
	make_values(f, plan->longest);
	for (uint32_t tries = 0; tries < 4 * plan->pieces && f->t.n_pieces < plan->pieces;
	     tries++)
		cut_box(f);
	qsort(f->boxes, f->t.n_pieces, sizeof *f->boxes, by_start);
	for (uint32_t i = 0; i < f->t.n_pieces; i++)
		make_piece(f, i, plan);
}

void fake_tensor_drop(struct fake_tensor *f)
{
	buffer_drop(&f->data);
	test_free(f->plain);
	if (f->strings)
		test_free(f->strings);
}

static void plan_array(struct fake_plan *plan)
{
	int longer = 0;
	uint64_t elements = 1;
	for (int d = 0; d < plan->rank; d++) {
		longer += plan->dims[d] > 1;
		elements *= (uint64_t)plan->dims[d];
	}
	plan->one_width = plan->longest && chance_one_in(2);
	plan->by_columns = elements && longer > 1 && chance_one_in(2) &&
			   (ckpt_dtype_size(plan->dtype) ||
			    (plan->dtype == CKPT_STRING && plan->one_width));
	plan->crc32 = chance_one_in(2) && plan->dtype != CKPT_VARIANT &&
		      (plan->dtype != CKPT_STRING || plan->one_width);
}

struct fake_plan fake_plan_any(void)
{
	struct fake_plan plan = { .rank = (int)chance_below(FAKE_MAX_RANK + 1),
				  .longest = 12 };
	do
		plan.dtype = 1 + (int)chance_below(CKPT_FLOAT4_E2M1FN);
	while (plan.dtype == CKPT_RESOURCE);
	if (chance_one_in(3))
		plan.dtype = chance_one_in(2) ? CKPT_STRING : CKPT_VARIANT;
	if (chance_one_in(10))
		plan.longest = 0;
	for (int d = 0; d < plan.rank; d++)
		plan.dims[d] = (int64_t)chance_below(chance_one_in(5) ? 2 : 7) +
			       !chance_one_in(9);
	plan.pieces = (uint32_t)chance_below(chance_one_in(3) ? 2 : FAKE_MAX_PIECES);
	plan.in_block = fields[plan.dtype].number && chance_one_in(3);
	plan.other_order = !plan.in_block && chance_one_in(3);
	if (!plan.pieces && !plan.in_block)
		plan_array(&plan);
	return plan;
}
