/* values.c — from a tensor's pieces to its elements: the only loop over values.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A range of row-major elements is cut into stretches (stretch.h), which are read in
 * windows. Elements of fixed size are found by their number; strings have to be walked,
 * so each piece remembers how far its lengths and its bytes have been read.
 */
#include "config.h"

#include "model/values.h"

#include <inttypes.h>
#include <string.h>

#include "base/crc32.h"
#include "base/crc32c.h"
#include "base/error.h"
#include "model/piece.h"
#include "model/slice.h"
#include "model/stretch.h"

int values_check(struct values *v, struct ckpt_error *err)
{
	for (uint32_t i = 0; i < v->tensor->n_pieces; i++)
		if (piece_check(v, i, err))
			return -1;
	return 0;
}

bool values_checked(const struct values *v)
{
	for (uint32_t i = 0; i < v->tensor->n_pieces; i++)
		if (v->place[i].state != PLACE_GOOD ||
		    !piece_is_summed(&v->tensor->pieces[i]))
			return false;
	return true;
}

/* --- reading ----------------------------------------------------------------------- */

int values_reopen(struct values *v, const struct ckpt_tensor *t, struct ckpt_error *err)
{
	arena_rewind(&v->arena, (struct arena_mark){ 0 });
	v->tensor = t;
	v->dtype = dtype_of(t->dtype);
	v->lengths.piece = v->bytes.piece = v->held = NULL;
	v->pulled = (struct ckpt_run){ .n = 0 };
	v->sum = NULL;
	v->last = 0;
	v->place = NULL;
	if (t->problem)
		return error_copy(err, t->problem);
	if (pieces_cover(t, err))
		return -1;
	v->place = arena_zeroed(&v->arena, t->n_pieces, sizeof *v->place);
	return v->place ? 0 : arena_error(&v->arena, err);
}

int values_open(struct values *v, struct store *store, const struct ckpt_tensor *t,
		uint64_t limit, struct ckpt_error *err)
{
	*v = (struct values){ .store = store, .window = PIECE_WINDOW };
	arena_init(&v->arena, UINT64_MAX);
	buffer_init(&v->lengths.b, limit);
	buffer_init(&v->bytes.b, limit);
	buffer_init(&v->aligned, limit);
	buffer_init(&v->strings, limit);
	buffer_init(&v->block, limit);
	return values_reopen(v, t, err);
}

void values_close(struct values *v)
{
	buffer_drop(&v->lengths.b);
	buffer_drop(&v->bytes.b);
	buffer_drop(&v->aligned);
	buffer_drop(&v->strings);
	buffer_drop(&v->block);
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

static int read_fixed(struct request *r, const struct ckpt_piece *p,
		      const struct stretch *s)
{
	struct values *v = r->v;
	const size_t size = v->dtype->size, most = v->window / size;
	for (uint64_t done = 0; done < s->n;) {
		const size_t n = s->n - done < most ? (size_t)(s->n - done) : most;
		const uint64_t element = s->element + done;
		const void *data;
		if (p->by_columns)
			data = array_gather(v, p, size, element, n, &v->aligned, r->err);
		else
			data = piece_fetch(v, &v->bytes, p, element * size, n * size,
					   r->err);
		if (!data)
			return -1;
		if (!p->by_columns && (p->swap || (uintptr_t)data % 8)) {
			v->aligned.len = 0;
			if (buffer_append(&v->aligned, data, n * size, r->err))
				return -1;
			data = v->aligned.p;
		}
		if (p->swap)
			dtype_swap(v->dtype, v->aligned.p, n);
		if (hand_over(r, n, data, NULL))
			return -1;
		done += n;
	}
	return 0;
}

/* Finds where the strings' bytes begin: behind all lengths and their checksum, if there
 * is one. */
static int find_string_bytes(struct values *v, const struct ckpt_piece *p,
			     struct piece_place *at, struct ckpt_error *err)
{
	uint64_t pos = 0, length;
	for (uint64_t i = 0; i < p->elements; i++)
		if (piece_length(v, p, &pos, &length, err))
			return -1;
	const bool bare = p->spelling == SPELL_STRINGS_BARE;
	*at = (struct piece_place){ .byte_at = pos + (bare ? 0 : 4), .state = at->state };
	return 0;
}

static int next_strings(struct request *r, const struct ckpt_piece *p,
			struct piece_place *at, size_t n)
{
	struct values *v = r->v;
	struct ckpt_string *s = (struct ckpt_string *)(void *)v->strings.p;
	uint64_t total = 0, length_at = at->length_at;
	size_t got = 0;
	for (uint64_t pos = length_at; got < n; got++) {
		uint64_t length;
		if (piece_length(v, p, &pos, &length, r->err))
			return -1;
		if (length > p->size || (got && total + length > v->window))
			break;
		s[got].len = (size_t)length;
		total += length;
		length_at = pos;
	}
	if (!got)
		return piece_damaged(v, p, at->length_at,
				     "a string is longer than its data", r->err);
	const uint8_t *bytes =
		piece_fetch(v, &v->bytes, p, at->byte_at, (size_t)total, r->err);
	if (!bytes)
		return -1;
	for (size_t i = 0; i < got; i++) {
		s[i].p = (const char *)bytes;
		bytes += s[i].len;
	}
	/* Only now: after an error the piece stands where it stood. */
	at->length_at = length_at;
	at->byte_at += total;
	at->element += got;
	return (int)got;
}

static int next_variant(struct request *r, const struct ckpt_piece *p,
			struct piece_place *at)
{
	struct values *v = r->v;
	struct ckpt_string *s = (struct ckpt_string *)(void *)v->strings.p;
	uint64_t length, pos = at->length_at;
	if (piece_length(v, p, &pos, &length, r->err))
		return -1;
	if (length > p->size)
		return piece_damaged(v, p, pos, "a variant is longer than its data",
				     r->err);
	const uint8_t *bytes =
		piece_fetch(v, &v->bytes, p, pos, (size_t)length, r->err);
	if (!bytes)
		return -1;
	*s = (struct ckpt_string){ (const char *)bytes, (size_t)length };
	at->length_at = pos + length + 4;
	at->element++;
	return 1;
}

/* Strings and variants; skips to the wanted element from where the piece stands. */
static int read_strings(struct request *r, const struct ckpt_piece *p,
			const struct stretch *s)
{
	struct values *v = r->v;
	struct piece_place *at = &v->place[s->piece];
	const bool variant = p->spelling == SPELL_VARIANT;
	if (buffer_reserve(&v->strings, PIECE_BATCH * sizeof(struct ckpt_string), r->err))
		return -1;
	if (s->element < at->element || (!variant && !at->byte_at)) {
		*at = (struct piece_place){ .state = at->state };
		if (!variant && find_string_bytes(v, p, at, r->err))
			return -1;
	}
	while (at->element < s->element + s->n) {
		const bool skip = at->element < s->element;
		const uint64_t want =
			(skip ? s->element : s->element + s->n) - at->element;
		const int n =
			variant ? next_variant(r, p, at)
				: next_strings(r, p, at,
					       want < PIECE_BATCH ? want : PIECE_BATCH);
		if (n < 0)
			return -1;
		if (!skip && hand_over(r, (uint64_t)n, NULL, (void *)v->strings.p))
			return -1;
	}
	return 0;
}

static int read_tagged(struct request *r, const struct ckpt_piece *p,
		       const struct stretch *s)
{
	struct values *v = r->v;
	struct piece_place *at = &v->place[s->piece];
	if (tagged_hold(v, p, r->err))
		return -1;
	if (s->element < at->element)
		*at = (struct piece_place){ .state = at->state };
	while (at->element < s->element + s->n) {
		const bool skip = at->element < s->element;
		const uint64_t want =
			(skip ? s->element : s->element + s->n) - at->element;
		const int n =
			tagged_next(v, p, at, want < PIECE_BATCH ? want : PIECE_BATCH,
				    v->aligned.p, (void *)v->strings.p, r->err);
		if (n < 0)
			return -1;
		if (n == 0)
			return error_set(r->err, CKPT_ECORRUPT, piece_file(v, p), -1,
					 "%" PRIu64
					 " values are stored, expected %" PRIu64,
					 at->element, p->elements);
		const bool strings = p->spelling == SPELL_FIELDS;
		if (!skip && hand_over(r, (uint64_t)n, strings ? NULL : v->aligned.p,
				       strings ? (void *)v->strings.p : NULL))
			return -1;
	}
	return 0;
}

static int read_texts(struct request *r, const struct ckpt_piece *p,
		      const struct stretch *s)
{
	for (uint64_t done = 0; done < s->n;) {
		const int n = array_strings(r->v, p, s->element + done, s->n - done,
					    r->err);
		if (n < 0 || hand_over(r, (uint64_t)n, NULL, (void *)r->v->strings.p))
			return -1;
		done += (uint64_t)n;
	}
	return 0;
}

static int read_stretch(struct request *r, const struct ckpt_piece *p,
			const struct stretch *s)
{
	if (p->spelling == SPELL_RAW)
		return read_fixed(r, p, s);
	if (p->spelling == SPELL_BYTES || p->spelling == SPELL_UCS4)
		return read_texts(r, p, s);
	return piece_is_tagged(p) ? read_tagged(r, p, s) : read_strings(r, p, s);
}

/* Pieces that lie whole in the range are checked before anything is handed over. */
static int check_range(struct values *v, uint64_t first, uint64_t n,
		       struct ckpt_error *err)
{
	const struct ckpt_tensor *t = v->tensor;
	for (uint32_t i = 0; i < t->n_pieces; i++) {
		const struct ckpt_piece *p = &t->pieces[i];
		const bool whole =
			!p->start ? n == t->elements
				  : p->elements && piece_corner(t, p, false) >= first &&
					    piece_corner(t, p, true) - first < n;
		if (whole && piece_check(v, i, err))
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
		if (!stretch_at(t, &v->last, r.flat, end - r.flat, &s))
			return error_set(err, CKPT_ECORRUPT, NULL, -1,
					 "no slice holds element %" PRIu64, r.flat);
		const struct ckpt_piece *p = &t->pieces[s.piece];
		if ((piece_is_tagged(p) && piece_check(v, s.piece, err)) ||
		    read_stretch(&r, p, &s))
			return -1;
	}
	return 0;
}

/* --- block by block ---------------------------------------------------------------- */

bool values_summable(const struct ckpt_tensor *t)
{
	return t->n_pieces == 1 && !t->pieces->start &&
	       t->pieces->spelling == SPELL_RAW && !t->pieces->by_columns;
}

uint32_t values_combine(const struct ckpt_tensor *t, uint32_t a, uint32_t b,
			uint64_t b_len)
{
	return t->pieces->has_crc32 ? crc32_combined(a, b, b_len)
				    : crc32c_combine(a, b, b_len);
}

int values_compare(struct values *v, uint32_t computed, struct ckpt_error *err)
{
	return piece_compare(v, v->tensor->pieces, computed, err);
}

static int gather_run(void *arg, const struct ckpt_run *run)
{
	struct values *v = arg;
	return buffer_append(&v->block, run->data, (size_t)run->n * v->dtype->size, NULL);
}

/* A stretch that is not just bytes in a window. */
static int gather(struct values *v, const struct stretch *s, struct ckpt_error *err)
{
	const struct ckpt_piece *p = &v->tensor->pieces[s->piece];
	struct request r = { v, 0, gather_run, v, err };
	const size_t size = v->dtype->size, bytes = (size_t)s->n * size;
	if (p->spelling != SPELL_RAW || p->by_columns)
		return (piece_is_tagged(p) && piece_check(v, s->piece, err)) ||
		       read_stretch(&r, p, s) ? -1 : 0;
	const void *data = piece_fetch(v, &v->bytes, p, s->element * size, bytes, err);
	if (!data)
		return -1;
	if (v->sum)
		*v->sum = piece_sum(p, *v->sum, data, bytes);
	uint8_t *to = v->block.p + v->block.len;
	memcpy(to, data, bytes);
	if (p->swap)
		dtype_swap(v->dtype, to, (size_t)s->n);
	v->block.len += bytes;
	return 0;
}

const void *values_block(struct values *v, uint64_t first, size_t n,
			 struct ckpt_error *err)
{
	const struct ckpt_tensor *t = v->tensor;
	const size_t size = v->dtype->size;
	v->block.len = 0;
	for (uint64_t done = 0; done < n;) {
		struct stretch s;
		if (!stretch_at(t, &v->last, first + done, n - done, &s)) {
			error_set(err, CKPT_ECORRUPT, NULL, -1,
				  "no slice holds element %" PRIu64, first + done);
			return NULL;
		}
		const struct ckpt_piece *p = &t->pieces[s.piece];
		if (s.n == n && p->spelling == SPELL_RAW && !p->swap && !p->by_columns) {
			const void *data = piece_fetch(v, &v->bytes, p, s.element * size,
						       n * size, err);
			if (!data || (uintptr_t)data % 8 == 0) {
				if (data && v->sum)
					*v->sum = piece_sum(p, *v->sum, data, n * size);
				return data;
			}
		}
		if (buffer_reserve(&v->block, n * size, err) || gather(v, &s, err))
			return NULL;
		done += s.n;
	}
	return v->block.p;
}

static int keep_run(void *arg, const struct ckpt_run *run)
{
	struct values *v = arg;
	v->pulled = *run;
	return 1;
}

int values_strings(struct values *v, uint64_t first, size_t most,
		   const struct ckpt_string **strings, struct ckpt_error *err)
{
	struct ckpt_run *run = &v->pulled;
	if (first < run->first || first - run->first >= run->n) {
		struct ckpt_error why = { 0 };
		run->n = 0;
		if (values_check(v, err))
			return -1;
		values_runs(v, first, v->tensor->elements - first, keep_run, v, &why);
		if (why.code || !run->n)
			return error_copy(err, &why);
	}
	const uint64_t skip = first - run->first, left = run->n - skip;
	*strings = run->strings + skip;
	return left < most ? (int)left : (int)most;
}
