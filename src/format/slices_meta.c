/* slices_meta.c — the metadata of a V1 checkpoint: from messages to tensors in pieces.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Each file describes the slices that it holds; a tensor's may be spread over several, so
 * they are gathered by name, and the files must agree about dtype and shape.
 */
#include "config.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/wire.h"
#include "format/shape.h"
#include "format/slicekey.h"
#include "format/slices.h"

bool slices_field(struct bytes message, uint32_t field, struct bytes *found)
{
	struct wire w = wire_of(message);
	bool any = false;
	int r;
	while ((r = wire_next(&w)) > 0)
		if (w.field == field && w.type == WIRE_LEN) {
			*found = w.data;
			any = true;
		}
	return r == 0 && any;
}

static int bad_meta(struct v1_file *f, int64_t offset, const char *problem,
		    struct ckpt_error *err)
{
	return error_set(err, CKPT_ECORRUPT, f->path, offset,
			 "the metadata is malformed: %s", problem);
}

static int check_version(struct v1_file *f, struct bytes message, int64_t offset,
			 struct ckpt_error *err)
{
	enum {
		CHECKPOINT_VERSION = 1
	}; /* TF_CHECKPOINT_VERSION, core/public/version.h */
	struct wire w = wire_of(message);
	int r;
	while ((r = wire_next(&w)) > 0)
		if (w.field == 2 && w.type == WIRE_VARINT &&
		    (int32_t)w.value > CHECKPOINT_VERSION)
			return error_set(
				err, CKPT_EUNSUPPORTED, f->path, offset,
				"written for readers of version %d and newer, this one "
				"has version %d",
				(int32_t)w.value, CHECKPOINT_VERSION);
	return r < 0 ? bad_meta(f, offset, w.problem, err) : 0;
}

/* Keeps where each SavedSliceMeta is; the bytes move to the arena. */
static int add_metas(struct slices *s, uint32_t file, struct bytes meta, int64_t offset,
		     struct ckpt_error *err)
{
	struct v1_file *f = &s->files[file];
	const size_t n = bytes_left(&meta);
	char *kept = arena_copy(s->arena, meta.p, n);
	if (!kept)
		return arena_error(s->arena, err);
	struct wire w = wire_of(bytes_of(kept, n));
	int r;
	while ((r = wire_next(&w)) > 0) {
		if (w.field == 2 && w.type == WIRE_LEN &&
		    check_version(f, w.data, offset, err))
			return -1;
		if (w.field != 1 || w.type != WIRE_LEN)
			continue;
		struct v1_meta *m = arena_zeroed(s->arena, 1, sizeof *m);
		if (!m || pointers_add(&s->metas, m))
			return arena_error(s->arena, err);
		*m = (struct v1_meta){ .message = w.data,
				       .file = file,
				       .order = s->metas.n };
		if (!slices_field(w.data, 1, &m->name))
			m->name = bytes_of("", 0);
	}
	return r < 0 ? bad_meta(f, offset, w.problem, err) : 0;
}

int slices_read_meta(struct slices *s, uint32_t file, struct ckpt_error *err)
{
	struct v1_file *f = &s->files[file];
	struct table_entry e;
	struct bytes meta;
	const int r = table_find(&f->lookup, bytes_of("", 0), &e, err);
	if (r < 0)
		return -1;
	if (r == 0)
		return error_set(
			err, CKPT_ECORRUPT, f->path, -1,
			"no metadata: the first key of a V1 checkpoint is empty, here "
			"it is not");
	if (!slices_field(e.value, 1, &meta))
		return error_set(
			err, CKPT_EFORMAT, f->path, e.offset,
			"the table holds no SavedTensorSlices: not a V1 checkpoint");
	return add_metas(s, file, meta, e.offset, err);
}

/* --- tensors ----------------------------------------------------------------------- */

__attribute__((format(printf, 5, 6))) static int
problem(struct slices *s, struct ckpt_tensor *t, const struct v1_meta *m,
	struct ckpt_error *err, const char *format, ...)
{
	char text[256];
	struct ckpt_error *e = arena_zeroed(s->arena, 1, sizeof *e);
	if (!e)
		return arena_error(s->arena, err);
	va_list ap;
	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	error_set(e, CKPT_ECORRUPT, s->files[m->file].path, -1, "%s", text);
	t->problem = e;
	t->n_pieces = 0;
	return 1;
}

/* dtype and shape of a SavedSliceMeta. */
static const char *decode_meta(const struct v1_meta *m, struct shape *shape,
			       int64_t *dtype, uint32_t *n_slices)
{
	struct wire w = wire_of(m->message);
	int r;
	*dtype = 0;
	*n_slices = 0;
	shape->rank = 0;
	shape->unknown_rank = false;
	while ((r = wire_next(&w)) > 0) {
		const char *wrong = NULL;
		if (w.field == 2 && w.type == WIRE_LEN)
			wrong = shape_decode(w.data, shape);
		else if (w.field == 3 && w.type == WIRE_VARINT)
			*dtype = (int64_t)w.value;
		else if (w.field == 4 && w.type == WIRE_LEN)
			++*n_slices;
		if (wrong)
			return wrong;
	}
	return r < 0 ? w.problem : NULL;
}

/* The dtypes that have a typed field in a TensorProto. */
static bool can_be_v1(const struct dtype *d)
{
	return d && d->kind != KIND_RESOURCE && d->kind != KIND_VARIANT;
}

static int add_slice(struct slices *s, struct ckpt_tensor *t, const struct v1_meta *m,
		     struct bytes message, struct ckpt_piece *p, struct ckpt_error *err)
{
	int64_t start[MAX_RANK], length[MAX_RANK];
	const struct dtype *d = dtype_of(t->dtype);
	int64_t *from = arena_zeroed(s->arena, 2 * (size_t)t->rank + 1, sizeof *from);
	struct v1_key *key = arena_zeroed(s->arena, 1, sizeof *key);
	if (!from || !key)
		return arena_error(s->arena, err);
	int64_t *extent = from + t->rank;
	const char *wrong = slice_decode(message, t->rank, start, length);
	wrong = wrong ? wrong : slice_place(t, start, length, from, extent);
	if (wrong)
		return problem(s, t, m, err, "a slice: %s", wrong);
	s->scratch.len = 0;
	if (slicekey_encode(&s->scratch, t->name, t->name_len, t->rank, start, length,
			    err))
		return -1;
	const char *copy = arena_copy(s->arena, s->scratch.p, s->scratch.len);
	if (!copy || pointers_add(&s->keys, key))
		return arena_error(s->arena, err);
	*key = (struct v1_key){ bytes_of(copy, s->scratch.len), m->file };
	uint64_t elements;
	shape_elements(extent, t->rank, &elements); /* within the tensor's: no overflow */
	*p = (struct ckpt_piece){
		.start = from,
		.extent = extent,
		.elements = elements,
		.offset = s->keys.n - 1,
		.size = elements * d->size,
		.shard = m->file,
		.spelling = d->kind == KIND_STRING ? SPELL_FIELDS : SPELL_TAGGED,
		.in_block = true,
	};
	t->size_bytes += p->size;
	return 0;
}

static int add_slices(struct slices *s, struct ckpt_tensor *t, const struct v1_meta *m,
		      struct ckpt_piece *pieces, uint32_t *n, struct ckpt_error *err)
{
	struct wire w = wire_of(m->message);
	while (wire_next(&w) > 0) {
		if (w.field != 4 || w.type != WIRE_LEN)
			continue;
		const int r = add_slice(s, t, m, w.data, &pieces[*n], err);
		if (r)
			return r;
		++*n;
	}
	return 0;
}

static bool is_whole(const struct ckpt_tensor *t, const struct ckpt_piece *p)
{
	return !t->rank || !memcmp(p->extent, t->dims, (size_t)t->rank * sizeof *t->dims);
}

/* TensorFlow multiplies the dimensions of a V1 tensor in any order, so a zero excuses no
 * overflow among the others (TensorSliceReader; V2 is not as strict). */
static bool overflows(const struct shape *shape)
{
	int64_t n = 1;
	for (int i = 0; i < shape->rank; i++)
		if (shape->dims[i] > 0 && __builtin_mul_overflow(n, shape->dims[i], &n))
			return true;
	return false;
}

/* All metas of one name, from several files perhaps. */
static int make_tensor(struct slices *s, struct v1_meta *const *m, size_t n_metas,
		       struct ckpt_tensor *t, struct ckpt_error *err)
{
	struct shape shape, other;
	int64_t dtype, other_dtype;
	uint32_t n = 0, n_slices, total = 0;
	const char *wrong = decode_meta(m[0], &shape, &dtype, &n_slices);
	const size_t len = bytes_left(&m[0]->name);
	int64_t *dims = arena_zeroed(s->arena, (size_t)shape.rank, sizeof *dims);
	*t = (struct ckpt_tensor){ .name = arena_copy(s->arena, m[0]->name.p, len),
				   .name_len = len, .dims = dims, .rank = shape.rank,
				   .dtype = (int)dtype };
	if (!t->name || !dims)
		return arena_error(s->arena, err);
	memcpy(dims, shape.dims, (size_t)shape.rank * sizeof *dims);
	if (wrong)
		return problem(s, t, m[0], err, "its metadata is malformed: %s", wrong);
	if (dtype != t->dtype || !can_be_v1(dtype_of(t->dtype)))
		return problem(s, t, m[0], err,
			       "dtype %" PRId64 " cannot be in a V1 checkpoint", dtype);
	uint64_t bytes;
	if (shape.unknown_rank || overflows(&shape) ||
	    !shape_elements(dims, shape.rank, &t->elements) ||
	    __builtin_mul_overflow(t->elements, dtype_of(t->dtype)->size, &bytes))
		return problem(
			s, t, m[0], err,
			"the shape is unknown, or a dimension is negative or overflows");
	for (size_t i = 0; i < n_metas; i++) {
		wrong = decode_meta(m[i], &other, &other_dtype, &n_slices);
		if (wrong || other_dtype != dtype || other.rank != shape.rank ||
		    memcmp(other.dims, shape.dims, (size_t)shape.rank * sizeof *dims))
			return problem(s, t, m[i], err,
				       "files disagree about its dtype or shape");
		total += n_slices;
	}
	struct ckpt_piece *pieces = arena_zeroed(s->arena, total, sizeof *pieces);
	if (!pieces)
		return arena_error(s->arena, err);
	for (size_t i = 0; i < n_metas; i++) {
		const int r = add_slices(s, t, m[i], pieces, &n, err);
		if (r)
			return r;
	}
	if (!n)
		return problem(s, t, m[0], err, "it has no slices");
	slices_sort(pieces, n, t->rank);
	if (n == 1 && is_whole(t, pieces))
		pieces->start = pieces->extent = NULL;
	t->pieces = pieces;
	t->n_pieces = n;
	return 0;
}

static int by_name(const void *x, const void *y)
{
	const struct v1_meta *a = *(struct v1_meta *const *)x,
			     *b = *(struct v1_meta *const *)y;
	const int c = bytes_compare(a->name.p, bytes_left(&a->name), b->name.p,
				    bytes_left(&b->name));
	return c ? c : (a->order > b->order) - (a->order < b->order);
}

int slices_make_tensors(struct slices *s, struct ckpt_error *err)
{
	struct v1_meta **m = (struct v1_meta **)s->metas.p;
	const size_t n = s->metas.n;
	if (n)
		qsort(m, n, sizeof *m, by_name);
	for (size_t i = 0, next; i < n; i = next) {
		const size_t len = bytes_left(&m[i]->name);
		for (next = i + 1; next < n; next++)
			if (bytes_left(&m[next]->name) != len ||
			    (len && memcmp(m[next]->name.p, m[i]->name.p, len)))
				break;
		struct ckpt_tensor *t = arena_zeroed(s->arena, 1, sizeof *t);
		if (!t || pointers_add(&s->tensors, t))
			return arena_error(s->arena, err);
		if (make_tensor(s, m + i, next - i, t, err) < 0)
			return -1;
	}
	return 0;
}
