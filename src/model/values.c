/* values.c — from a tensor's pieces to its elements: the only loop over values.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A range of row-major elements is cut into stretches that lie in one piece and are
 * consecutive there: from an index on, a piece goes on until its box ends along the last
 * dimension that it does not fill. Each stretch is then read in windows. Elements of fixed
 * size are found by their number; strings have to be walked, so each piece remembers how far
 * its lengths and its bytes have been read.
 */
#include "config.h"

#include "model/values.h"

#include <inttypes.h>
#include <string.h>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "base/error.h"
#include "base/wire.h"
#include "model/slice.h"

enum { WINDOW = 256 << 10, BATCH = 1024 };

enum place_state { UNCHECKED, GOOD };

struct piece_place {
	uint64_t element;    /* the next one, where elements have to be walked */
	uint64_t length_at;  /* where its length, or its tag, stands */
	uint64_t byte_at;    /* strings: where its bytes stand; 0: not known yet */
	uint64_t packed_end; /* tagged: where the packed field ends; 0: in none */
	uint8_t state;
};

static const char *file_of(struct values *v, const struct ckpt_piece *p)
{
	return v->store->file(v->store, p);
}

static int damaged(struct values *v, const struct ckpt_piece *p, uint64_t at,
		   const char *what, struct ckpt_error *err)
{
	return error_set(err, CKPT_ECORRUPT, file_of(v, p), (int64_t)(p->offset + at), "%s",
			 what);
}

/* n bytes of a piece in memory; reads ahead where it goes on from the bytes before. */
static const uint8_t *fetch(struct values *v, struct window *w, const struct ckpt_piece *p,
			    uint64_t at, size_t n, struct ckpt_error *err)
{
	if (at > p->size || n > p->size - at) {
		damaged(v, p, at, "the data ends before its elements do", err);
		return NULL;
	}
	const bool here = w->piece == p && at >= w->start;
	if (here && at - w->start <= w->b.len && n <= w->b.len - (at - w->start))
		return w->b.p + (at - w->start);
	const bool onward = (here && at - w->start <= w->b.len) || at == 0;
	size_t want = n;
	if (onward && want < WINDOW)
		want = p->size - at < WINDOW ? (size_t)(p->size - at) : WINDOW;
	w->piece = NULL;
	if (buffer_reserve(&w->b, want ? want : 1, err) ||
	    v->store->read(v->store, p, at, w->b.p, want, err))
		return NULL;
	w->piece = p;
	w->start = at;
	w->b.len = want;
	return w->b.p;
}

/* --- checksums --------------------------------------------------------------------- */

static int compare_crc(struct values *v, const struct ckpt_piece *p, uint32_t computed,
		       struct ckpt_error *err)
{
	if (!p->has_crc32c || p->crc32c == computed)
		return 0;
	return error_set(err, CKPT_ECORRUPT, file_of(v, p), (int64_t)p->offset,
			 "checksum of the %" PRIu64 " bytes here is %08x, stored is %08x",
			 p->size, computed, p->crc32c);
}

static int crc_of_bytes(struct values *v, const struct ckpt_piece *p, uint64_t from,
			uint64_t to, uint32_t *crc, struct ckpt_error *err)
{
	while (from < to) {
		const size_t n = to - from < WINDOW ? (size_t)(to - from) : WINDOW;
		const uint8_t *bytes = fetch(v, &v->bytes, p, from, n, err);
		if (!bytes)
			return -1;
		*crc = crc32c(*crc, bytes, n);
		from += n;
	}
	return 0;
}

/* A varint of a piece; *at moves behind it. */
static int read_length(struct values *v, const struct ckpt_piece *p, uint64_t *at,
		       uint64_t *length, struct ckpt_error *err)
{
	const size_t most = p->size - *at < 10 ? (size_t)(p->size - *at) : 10;
	const uint8_t *bytes = fetch(v, &v->lengths, p, *at, most, err);
	if (!bytes)
		return -1;
	struct bytes b = bytes_of(bytes, most);
	if (!bytes_varint(&b, length))
		return damaged(v, p, *at, "a string's length is cut short", err);
	*at += most - bytes_left(&b);
	return 0;
}

/* A length as it enters the checksum: u32, or u64 if it needs one, in the file's order. */
static uint32_t crc_of_length(uint32_t crc, uint64_t length, bool swap, bool always_64)
{
	uint8_t coded[8];
	const size_t n = always_64 || length > UINT32_MAX ? 8 : 4;
	for (size_t i = 0; i < n; i++)
		coded[swap ? n - 1 - i : i] = (uint8_t)(length >> (8 * i));
	return crc32c(crc, coded, n);
}

static uint32_t stored_crc(const uint8_t *p, bool swap)
{
	const uint32_t masked = load_u32le(p);
	return crc32c_unmask(swap ? __builtin_bswap32(masked) : masked);
}

static int check_strings(struct values *v, const struct ckpt_piece *p, struct ckpt_error *err)
{
	if (p->size == 0 && p->elements == 0)
		return compare_crc(v, p, 0, err);
	uint64_t at = 0, total = 0;
	uint32_t crc = 0;
	for (uint64_t i = 0; i < p->elements; i++) {
		uint64_t length;
		if (read_length(v, p, &at, &length, err))
			return -1;
		crc = crc_of_length(crc, length, p->swap, false);
		if (length > p->size || total > p->size - length)
			return damaged(v, p, at, "the strings are longer than their data", err);
		total += length;
	}
	const uint8_t *sum = fetch(v, &v->lengths, p, at, 4, err);
	if (!sum)
		return -1;
	if (stored_crc(sum, p->swap) != crc)
		return error_set(err, CKPT_ECORRUPT, file_of(v, p), (int64_t)(p->offset + at),
				 "checksum of the string lengths is %08x, stored is %08x", crc,
				 stored_crc(sum, p->swap));
	crc = crc32c(crc, sum, 4);
	if (crc_of_bytes(v, p, at + 4, p->size, &crc, err) || compare_crc(v, p, crc, err))
		return -1;
	if (total != p->size - at - 4)
		return error_set(err, CKPT_ECORRUPT, file_of(v, p), (int64_t)(p->offset + at),
				 "the strings have %" PRIu64 " bytes, %" PRIu64 " are stored",
				 total, p->size - at - 4);
	return 0;
}

static int check_variants(struct values *v, const struct ckpt_piece *p,
			  struct ckpt_error *err)
{
	uint64_t at = 0, length;
	uint32_t crc = 0;
	for (uint64_t i = 0; i < p->elements; i++) {
		if (read_length(v, p, &at, &length, err))
			return -1;
		if (length > p->size - at || p->size - at - length < 4)
			return damaged(v, p, at, "a variant is longer than its data", err);
		crc = crc_of_length(crc, length, p->swap, true);
		if (crc_of_bytes(v, p, at, at + length, &crc, err))
			return -1;
		at += length;
		const uint8_t *sum = fetch(v, &v->bytes, p, at, 4, err);
		if (!sum)
			return -1;
		if (stored_crc(sum, p->swap) != crc)
			return error_set(err, CKPT_ECORRUPT, file_of(v, p),
					 (int64_t)(p->offset + at),
					 "checksum up to variant %" PRIu64 " is %08x, stored "
					 "is %08x", i, crc, stored_crc(sum, p->swap));
		crc = crc32c(crc, sum, 4);
		at += 4;
	}
	if (at != p->size)
		return damaged(v, p, at, "more bytes are stored than the variants have", err);
	return compare_crc(v, p, crc, err);
}

/* --- typed fields ------------------------------------------------------------------ */

/* Which field of a TensorProto holds a dtype's elements, and how it is encoded there. */
struct typed_field {
	uint8_t field, wire, parts; /* parts: numbers an element; wire: WIRE_… */
};

static struct typed_field typed_field(int dtype)
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
	default: /* every other integer, and what is stored like one */
		return (struct typed_field){ 7, WIRE_VARINT, 1 };
	}
}

/* The whole message of a piece. */
static int hold(struct values *v, const struct ckpt_piece *p, struct ckpt_error *err)
{
	if (v->held == p)
		return 0;
	v->held = NULL;
	if (v->store->bytes(v->store, p, &v->message, err))
		return -1;
	v->held = p;
	return 0;
}

/* Moves to the next number of the wanted field: 1, 0 at the end of the message. string: of
 * string_val. */
static int next_number(struct values *v, const struct ckpt_piece *p, struct piece_place *at,
		       struct typed_field f, uint64_t *number, struct bytes *string,
		       struct ckpt_error *err)
{
	for (;;) {
		if (at->packed_end && at->length_at < at->packed_end) {
			struct bytes b = bytes_of(v->message.p + at->length_at,
						  at->packed_end - at->length_at);
			uint32_t word;
			const bool good = f.wire == WIRE_VARINT ? bytes_varint(&b, number)
					  : f.wire == WIRE_I64  ? bytes_u64le(&b, number)
								: bytes_u32le(&b, &word);
			if (!good)
				return error_set(err, CKPT_ECORRUPT, file_of(v, p), -1,
						 "packed values are cut short");
			if (f.wire == WIRE_I32)
				*number = word;
			at->length_at = (uint64_t)(b.p - v->message.p);
			return 1;
		}
		at->packed_end = 0;
		struct wire w = wire_of((struct bytes){ v->message.p + at->length_at,
							v->message.end });
		const int r = wire_next(&w);
		if (r < 0)
			return error_set(err, CKPT_ECORRUPT, file_of(v, p), -1,
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

/* Up to n elements into data or strings; returns how many there were. */
static int next_tagged(struct values *v, const struct ckpt_piece *p, struct piece_place *at,
		       size_t n, uint8_t *data, struct ckpt_string *strings,
		       struct ckpt_error *err)
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
				strings[got] = (struct ckpt_string){ (const char *)string.p,
								     bytes_left(&string) };
			else
				put_number(data + got * v->dtype->size + (size_t)k * part,
					   number, part);
		}
		at->element++;
	}
	return (int)got;
}

static int reserve_batch(struct values *v, struct ckpt_error *err)
{
	return buffer_reserve(&v->strings, BATCH * sizeof(struct ckpt_string), err) ||
	       buffer_reserve(&v->aligned, BATCH * 16, err);
}

/* There must be as many values as the piece has elements (tensor_slice_reader.h). */
static int check_tagged(struct values *v, const struct ckpt_piece *p, struct ckpt_error *err)
{
	struct piece_place at = { 0 };
	int n;
	if (hold(v, p, err) || reserve_batch(v, err))
		return -1;
	do {
		n = next_tagged(v, p, &at, BATCH, v->aligned.p, (void *)v->strings.p, err);
	} while (n == BATCH && at.element <= p->elements);
	if (n < 0)
		return -1;
	if (at.element != p->elements)
		return error_set(err, CKPT_ECORRUPT, file_of(v, p), -1,
				 "%s%" PRIu64 " values are stored, expected %" PRIu64,
				 at.element > p->elements ? "at least " : "", at.element,
				 p->elements);
	return 0;
}

/* --- checking ---------------------------------------------------------------------- */

static int check_piece(struct values *v, uint32_t i, struct ckpt_error *err)
{
	const struct ckpt_piece *p = &v->tensor->pieces[i];
	uint32_t crc = 0;
	if (v->place[i].state == GOOD)
		return 0;
	if (p->in_block) {
		if (check_tagged(v, p, err))
			return -1;
	} else if (p->spelling == SPELL_STRINGS) {
		if (check_strings(v, p, err))
			return -1;
	} else if (p->spelling == SPELL_VARIANT) {
		if (check_variants(v, p, err))
			return -1;
	} else if (crc_of_bytes(v, p, 0, p->size, &crc, err) || compare_crc(v, p, crc, err)) {
		return -1;
	}
	v->place[i].state = GOOD;
	return 0;
}

int values_check(struct values *v, struct ckpt_error *err)
{
	for (uint32_t i = 0; i < v->tensor->n_pieces; i++)
		if (check_piece(v, i, err))
			return -1;
	return 0;
}

bool values_checked(const struct values *v)
{
	for (uint32_t i = 0; i < v->tensor->n_pieces; i++)
		if (v->place[i].state != GOOD ||
		    (!v->tensor->pieces[i].has_crc32c && !v->tensor->pieces[i].in_block))
			return false;
	return true;
}

/* --- geometry ---------------------------------------------------------------------- */

static bool box_has(const struct ckpt_piece *p, const int64_t *index, int rank)
{
	for (int i = 0; i < rank; i++)
		if (index[i] < p->start[i] || index[i] - p->start[i] >= p->extent[i])
			return false;
	return true;
}

/* The flat index of a box's first or last element in the tensor. */
static uint64_t box_corner(const struct ckpt_tensor *t, const struct ckpt_piece *p, bool last)
{
	uint64_t flat = 0;
	for (int i = 0; i < t->rank; i++)
		flat = flat * (uint64_t)t->dims[i] +
		       (uint64_t)(p->start[i] + (last ? p->extent[i] - 1 : 0));
	return flat;
}

/* Consecutive elements in one piece. */
struct stretch {
	uint32_t piece;
	uint64_t element, n; /* within the piece */
};

/* The piece that holds an index: the last one used, its neighbour, or a search. Pieces are
 * sorted by their first index, so reading goes from neighbour to neighbour. */
static bool find_piece(struct values *v, const int64_t *index, uint32_t *found)
{
	const struct ckpt_tensor *t = v->tensor;
	for (uint32_t i = 0; i < 2 && v->last + i < t->n_pieces; i++)
		if (box_has(&t->pieces[v->last + i], index, t->rank)) {
			*found = v->last += i;
			return true;
		}
	for (uint32_t i = 0; i < t->n_pieces; i++)
		if (box_has(&t->pieces[i], index, t->rank)) {
			*found = v->last = i;
			return true;
		}
	return false;
}

static bool stretch_at(struct values *v, uint64_t flat, uint64_t n, struct stretch *s)
{
	const struct ckpt_tensor *t = v->tensor;
	if (!t->pieces[0].start) {
		*s = (struct stretch){ 0, flat, n };
		return true;
	}
	int64_t index[MAX_RANK];
	for (int i = t->rank - 1; i >= 0; i--) {
		index[i] = (int64_t)(flat % (uint64_t)t->dims[i]);
		flat /= (uint64_t)t->dims[i];
	}
	if (!find_piece(v, index, &s->piece))
		return false;
	const struct ckpt_piece *p = &t->pieces[s->piece];
	uint64_t element = 0, inner = 1, offset = 0;
	int d = t->rank - 1; /* the last dimension that the piece does not fill */
	for (; d > 0 && p->extent[d] == t->dims[d]; d--) {
		offset += (uint64_t)index[d] * inner;
		inner *= (uint64_t)p->extent[d];
	}
	for (int i = 0; i < t->rank; i++)
		element = element * (uint64_t)p->extent[i] + (uint64_t)(index[i] - p->start[i]);
	uint64_t run = inner - offset;
	if (t->rank)
		run = (uint64_t)(p->start[d] + p->extent[d] - index[d]) * inner - offset;
	s->element = element;
	s->n = run < n ? run : n;
	return true;
}

/* Pieces are sorted by their first index, so only those that begin before a piece ends along
 * the first dimension can overlap it. What is compared is limited, lest a hostile index make
 * this quadratic. */
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
				return error_set(err, CKPT_ELIMIT, NULL, -1,
						 "%u slices are too many to compare",
						 t->n_pieces);
			int d = 0;
			while (d < t->rank && a->start[d] < b->start[d] + b->extent[d] &&
			       b->start[d] < a->start[d] + a->extent[d])
				d++;
			if (d == t->rank)
				return error_set(err, CKPT_ECORRUPT, NULL, -1,
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
		return error_set(err, CKPT_ECORRUPT, NULL, -1,
				 "its slices hold %" PRIu64 " of %" PRIu64 " elements", sum,
				 t->elements);
	return 0;
}

/* --- reading ----------------------------------------------------------------------- */

int values_open(struct values *v, struct store *store, const struct ckpt_tensor *t,
		uint64_t limit, struct ckpt_error *err)
{
	*v = (struct values){ .store = store, .tensor = t, .dtype = dtype_of(t->dtype) };
	if (t->problem)
		return error_set(err, t->problem->code, t->problem->file, t->problem->offset,
				 "%s", t->problem->text);
	if (pieces_cover(t, err))
		return -1;
	arena_init(&v->arena, UINT64_MAX);
	v->place = arena_zeroed(&v->arena, t->n_pieces, sizeof *v->place);
	if (!v->place)
		return arena_error(&v->arena, err);
	buffer_init(&v->lengths.b, limit);
	buffer_init(&v->bytes.b, limit);
	buffer_init(&v->aligned, limit);
	buffer_init(&v->strings, limit);
	return 0;
}

void values_close(struct values *v)
{
	buffer_drop(&v->lengths.b);
	buffer_drop(&v->bytes.b);
	buffer_drop(&v->aligned);
	buffer_drop(&v->strings);
	arena_drop(&v->arena);
}

/* A caller's range of runs. */
struct request {
	struct values *v;
	uint64_t flat; /* of the next element */
	ckpt_run_fn fn;
	void *arg;
	struct ckpt_error *err;
};

static int hand_over(struct request *r, uint64_t n, const void *data,
		     const struct ckpt_string *strings)
{
	const struct ckpt_run run = { r->flat, n, data, strings };
	r->flat += n;
	return r->fn(r->arg, &run) ? -1 : 0;
}

static int read_fixed(struct request *r, const struct ckpt_piece *p, const struct stretch *s)
{
	struct values *v = r->v;
	const size_t size = v->dtype->size, most = WINDOW / size;
	for (uint64_t done = 0; done < s->n;) {
		const size_t n = s->n - done < most ? (size_t)(s->n - done) : most;
		const void *data = fetch(v, &v->bytes, p, (s->element + done) * size, n * size,
					 r->err);
		if (!data)
			return -1;
		if (p->swap || (uintptr_t)data % 8) {
			v->aligned.len = 0;
			if (buffer_append(&v->aligned, data, n * size, r->err))
				return -1;
			if (p->swap)
				dtype_swap(v->dtype, v->aligned.p, n);
			data = v->aligned.p;
		}
		if (hand_over(r, n, data, NULL))
			return -1;
		done += n;
	}
	return 0;
}

/* Finds where the strings' bytes begin: behind all lengths and their checksum. */
static int find_string_bytes(struct values *v, const struct ckpt_piece *p,
			     struct piece_place *at, struct ckpt_error *err)
{
	uint64_t pos = 0, length;
	for (uint64_t i = 0; i < p->elements; i++)
		if (read_length(v, p, &pos, &length, err))
			return -1;
	*at = (struct piece_place){ .byte_at = pos + 4, .state = at->state };
	return 0;
}

static int next_strings(struct request *r, const struct ckpt_piece *p,
			struct piece_place *at, size_t n)
{
	struct values *v = r->v;
	struct ckpt_string *s = (struct ckpt_string *)(void *)v->strings.p;
	uint64_t total = 0;
	size_t got = 0;
	for (uint64_t pos = at->length_at; got < n; got++) {
		uint64_t length;
		if (read_length(v, p, &pos, &length, r->err))
			return -1;
		if (length > p->size || (got && total + length > WINDOW))
			break;
		s[got].len = (size_t)length;
		total += length;
		at->length_at = pos;
	}
	if (!got)
		return damaged(v, p, at->length_at, "a string is longer than its data", r->err);
	const uint8_t *bytes = fetch(v, &v->bytes, p, at->byte_at, (size_t)total, r->err);
	if (!bytes)
		return -1;
	for (size_t i = 0; i < got; i++) {
		s[i].p = (const char *)bytes;
		bytes += s[i].len;
	}
	at->byte_at += total;
	at->element += got;
	return (int)got;
}

static int next_variant(struct request *r, const struct ckpt_piece *p, struct piece_place *at)
{
	struct values *v = r->v;
	struct ckpt_string *s = (struct ckpt_string *)(void *)v->strings.p;
	uint64_t length;
	if (read_length(v, p, &at->length_at, &length, r->err))
		return -1;
	if (length > p->size)
		return damaged(v, p, at->length_at, "a variant is longer than its data", r->err);
	const uint8_t *bytes = fetch(v, &v->bytes, p, at->length_at, (size_t)length, r->err);
	if (!bytes)
		return -1;
	*s = (struct ckpt_string){ (const char *)bytes, (size_t)length };
	at->length_at += length + 4;
	at->element++;
	return 1;
}

/* Strings and variants; skips to the wanted element from where the piece stands. */
static int read_strings(struct request *r, const struct ckpt_piece *p, const struct stretch *s)
{
	struct values *v = r->v;
	struct piece_place *at = &v->place[s->piece];
	const bool variant = p->spelling == SPELL_VARIANT;
	if (buffer_reserve(&v->strings, BATCH * sizeof(struct ckpt_string), r->err))
		return -1;
	if (s->element < at->element || (!variant && !at->byte_at)) {
		*at = (struct piece_place){ .state = at->state };
		if (!variant && find_string_bytes(v, p, at, r->err))
			return -1;
	}
	while (at->element < s->element + s->n) {
		const bool skip = at->element < s->element;
		const uint64_t want = (skip ? s->element : s->element + s->n) - at->element;
		const int n = variant ? next_variant(r, p, at)
				      : next_strings(r, p, at, want < BATCH ? want : BATCH);
		if (n < 0)
			return -1;
		if (!skip && hand_over(r, (uint64_t)n, NULL, (void *)v->strings.p))
			return -1;
	}
	return 0;
}

static int read_tagged(struct request *r, const struct ckpt_piece *p, const struct stretch *s)
{
	struct values *v = r->v;
	struct piece_place *at = &v->place[s->piece];
	if (hold(v, p, r->err) || reserve_batch(v, r->err))
		return -1;
	if (s->element < at->element)
		*at = (struct piece_place){ .state = at->state };
	while (at->element < s->element + s->n) {
		const bool skip = at->element < s->element;
		const uint64_t want = (skip ? s->element : s->element + s->n) - at->element;
		const int n = next_tagged(v, p, at, want < BATCH ? want : BATCH, v->aligned.p,
					  (void *)v->strings.p, r->err);
		if (n < 0)
			return -1;
		if (n == 0)
			return error_set(r->err, CKPT_ECORRUPT, file_of(v, p), -1,
					 "%" PRIu64 " values are stored, expected %" PRIu64,
					 at->element, p->elements);
		const bool strings = p->spelling == SPELL_FIELDS;
		if (!skip && hand_over(r, (uint64_t)n, strings ? NULL : v->aligned.p,
				       strings ? (void *)v->strings.p : NULL))
			return -1;
	}
	return 0;
}

static int read_stretch(struct request *r, const struct ckpt_piece *p, const struct stretch *s)
{
	if (p->spelling == SPELL_RAW)
		return read_fixed(r, p, s);
	return p->in_block ? read_tagged(r, p, s) : read_strings(r, p, s);
}

/* Pieces that lie whole in the range are checked before anything is handed over. */
static int check_range(struct values *v, uint64_t first, uint64_t n, struct ckpt_error *err)
{
	const struct ckpt_tensor *t = v->tensor;
	for (uint32_t i = 0; i < t->n_pieces; i++) {
		const struct ckpt_piece *p = &t->pieces[i];
		const bool whole = !p->start
					   ? n == t->elements
					   : p->elements && box_corner(t, p, false) >= first &&
						     box_corner(t, p, true) - first < n;
		if (whole && check_piece(v, i, err))
			return -1;
	}
	return 0;
}

int values_runs(struct values *v, uint64_t first, uint64_t n, ckpt_run_fn fn, void *arg,
		struct ckpt_error *err)
{
	const struct ckpt_tensor *t = v->tensor;
	struct request r = { v, first, fn, arg, err };
	if (first > t->elements || n > t->elements - first)
		return error_set(err, CKPT_EINVAL, NULL, -1,
				 "elements %" PRIu64 " to %" PRIu64 " of %" PRIu64, first,
				 first + n, t->elements);
	if (check_range(v, first, n, err))
		return -1;
	for (const uint64_t end = first + n; r.flat < end;) {
		struct stretch s;
		if (!stretch_at(v, r.flat, end - r.flat, &s))
			return error_set(err, CKPT_ECORRUPT, NULL, -1,
					 "no slice holds element %" PRIu64, r.flat);
		const struct ckpt_piece *p = &t->pieces[s.piece];
		if ((p->in_block && check_piece(v, s.piece, err)) || read_stretch(&r, p, &s))
			return -1;
	}
	return 0;
}
