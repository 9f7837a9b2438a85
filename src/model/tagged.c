/* tagged.c — elements in the typed fields of a TensorProto (int_val and the like).
 * SPDX-License-Identifier: Apache-2.0
 *
 * Fields: tensorflow/core/framework/tensor.proto; which dtype uses which:
 * core/util/saved_tensor_slice_util.h. Values may be packed or stand one by one.
 */
#include "config.h"

#include <inttypes.h>

#include "base/error.h"
#include "base/wire.h"
#include "model/piece.h"
#include "model/typed.h"

struct typed_field typed_field(int dtype)
{
	switch (dtype) {
	case CKPT_FLOAT32:
		return (struct typed_field){ 5, WIRE_I32, 1 };
	case CKPT_FLOAT64:
		return (struct typed_field){ 6, WIRE_I64, 1 };
	case CKPT_STRING:
		return (struct typed_field){ 8, WIRE_LEN, 1 };
	case CKPT_COMPLEX64:
		return (struct typed_field){ 9, WIRE_I32, 2 };
	case CKPT_INT64:
		return (struct typed_field){ 10, WIRE_VARINT, 1 };
	case CKPT_BOOL:
		return (struct typed_field){ 11, WIRE_VARINT, 1 };
	case CKPT_COMPLEX128:
		return (struct typed_field){ 12, WIRE_I64, 2 };
	case CKPT_FLOAT16:
	case CKPT_BFLOAT16:
		return (struct typed_field){ 13, WIRE_VARINT, 1 };
	case CKPT_UINT32:
		return (struct typed_field){ 16, WIRE_VARINT, 1 };
	case CKPT_UINT64:
		return (struct typed_field){ 17, WIRE_VARINT, 1 };
	case CKPT_VARIANT:
		return (struct typed_field){ 15, WIRE_LEN, 1 };
	case CKPT_FLOAT8_E5M2:
	case CKPT_FLOAT8_E4M3FN:
	case CKPT_FLOAT8_E4M3FNUZ:
	case CKPT_FLOAT8_E4M3B11FNUZ:
	case CKPT_FLOAT8_E5M2FNUZ:
		return (struct typed_field){ 18, WIRE_BYTES, 1 };
	default: /* every other integer, and what is stored like one */
		return (struct typed_field){ 7, WIRE_VARINT, 1 };
	}
}

uint32_t tagged_raw_field(int dtype)
{
	const struct typed_field f = typed_field(dtype);
	const bool raw = f.wire == WIRE_I32 || f.wire == WIRE_I64 || f.wire == WIRE_BYTES;
	return raw ? f.field : 0;
}

/* A number of a packed field. */
static bool read_packed(struct bytes *b, uint8_t wire, uint64_t *number)
{
	uint32_t word;
	struct bytes byte;
	switch (wire) {
	case WIRE_VARINT:
		return bytes_varint(b, number);
	case WIRE_I64:
		return bytes_u64le(b, number);
	case WIRE_BYTES:
		if (!bytes_take(b, 1, &byte))
			return false;
		*number = *byte.p;
		return true;
	default:
		if (!bytes_u32le(b, &word))
			return false;
		*number = word;
		return true;
	}
}

static int whole_message(struct values *v, const struct ckpt_piece *p,
			 struct ckpt_error *err)
{
	if (v->held == p)
		return 0;
	v->held = NULL;
	if (v->store->bytes(v->store, p, &v->message, err))
		return -1;
	v->held = p;
	return 0;
}

/* Moves to the next number of the wanted field: 1, 0 at the end of the message. string:
 * of string_val. */
static int next_number(struct values *v, const struct ckpt_piece *p,
		       struct piece_place *at, struct typed_field f, uint64_t *number,
		       struct bytes *string, struct ckpt_error *err)
{
	for (;;) {
		if (at->packed_end && at->length_at < at->packed_end) {
			struct bytes b = bytes_of(v->message.p + at->length_at,
						  at->packed_end - at->length_at);
			if (!read_packed(&b, f.wire, number))
				return error_set(err, CKPT_ECORRUPT, piece_file(v, p), -1,
						 "packed values are cut short");
			at->length_at = (uint64_t)(b.p - v->message.p);
			return 1;
		}
		at->packed_end = 0;
		struct wire w = wire_of((struct bytes){ v->message.p + at->length_at,
							v->message.end });
		const int r = wire_next(&w);
		if (r < 0)
			return error_set(err, CKPT_ECORRUPT, piece_file(v, p), -1,
					 "the values are malformed: %s", w.problem);
		if (r == 0)
			return 0;
		at->length_at = (uint64_t)(w.left.p - v->message.p);
		if (w.field != f.field)
			continue;
		if (f.wire == WIRE_LEN && w.type == WIRE_LEN) {
			*string = w.data;
			return 1;
		}
		if (w.type == WIRE_LEN) {
			at->packed_end = at->length_at;
			at->length_at = (uint64_t)(w.data.p - v->message.p);
		} else if (w.type == f.wire) {
			*number = w.value;
			return 1;
		}
	}
}

/* Writes a number's low bytes as the element's part. */
static void put_number(uint8_t *to, uint64_t number, size_t size)
{
	const uint16_t two = (uint16_t)number;
	const uint32_t four = (uint32_t)number;
	if (size == 8)
		memcpy(to, &number, 8);
	else if (size == 4)
		memcpy(to, &four, 4);
	else if (size == 2)
		memcpy(to, &two, 2);
	else
		*to = (uint8_t)number;
}

/* Up to n elements that are stored, as tagged_next(). */
static int next_stored(struct values *v, const struct ckpt_piece *p,
		       struct piece_place *at, size_t n, uint8_t *data,
		       struct ckpt_string *strings, struct ckpt_error *err)
{
	const struct typed_field f = typed_field(v->tensor->dtype);
	const size_t part = v->dtype->size / f.parts;
	size_t got = 0;
	for (; got < n; got++) {
		for (int k = 0; k < f.parts; k++) {
			uint64_t number = 0;
			struct bytes string = { NULL, NULL };
			const int r = next_number(v, p, at, f, &number, &string, err);
			if (r < 0)
				return -1;
			if (r == 0)
				return (int)got;
			if (f.wire == WIRE_LEN)
				strings[got] =
					(struct ckpt_string){ (const char *)string.p,
							      bytes_left(&string) };
			else
				put_number(data + got * v->dtype->size + (size_t)k * part,
					   number, part);
		}
		at->element++;
	}
	return (int)got;
}

int tagged_next(struct values *v, const struct ckpt_piece *p, struct piece_place *at,
		size_t n, uint8_t *data, struct ckpt_string *strings,
		struct ckpt_error *err)
{
	const size_t size = v->dtype->size;
	const int r = at->ended ? 0 : next_stored(v, p, at, n, data, strings, err);
	if (r < 0 || !p->fill)
		return r;
	const size_t got = (size_t)r;
	if (got && size)
		memcpy(at->last, data + (got - 1) * size, size);
	else if (got)
		at->last_string = strings[got - 1];
	for (size_t i = got; i < n; i++) {
		at->ended = true;
		if (size)
			memcpy(data + i * size, at->last, size);
		else
			strings[i] = at->last_string;
	}
	at->element += n - got;
	return (int)n;
}

int tagged_hold(struct values *v, const struct ckpt_piece *p, struct ckpt_error *err)
{
	return whole_message(v, p, err) ||
			       buffer_reserve(&v->strings,
					      PIECE_BATCH * sizeof(struct ckpt_string),
					      err) ||
			       buffer_reserve(&v->aligned, PIECE_BATCH * 16, err)
		       ? -1
		       : 0;
}

/* There must be as many values as the piece has elements (tensor_slice_reader.h); with
 * fill, any number (tensor.cc FromProtoField takes the first ones). */
int tagged_check(struct values *v, const struct ckpt_piece *p, struct ckpt_error *err)
{
	struct piece_place at = { 0 };
	int n;
	if (tagged_hold(v, p, err))
		return -1;
	do {
		n = next_stored(v, p, &at, PIECE_BATCH, v->aligned.p,
				(void *)v->strings.p, err);
	} while (n == PIECE_BATCH && at.element <= p->elements);
	if (n < 0)
		return -1;
	if (at.element != p->elements && !p->fill)
		return error_set(err, CKPT_ECORRUPT, piece_file(v, p), -1,
				 "%s%" PRIu64 " values are stored, expected %" PRIu64,
				 at.element > p->elements ? "at least " : "", at.element,
				 p->elements);
	return 0;
}
