/* slices.c — V1 checkpoints: tables of SavedTensorSlices, one file a shard.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Opening reads the metadata of each file and no other block. A tensor may have slices in
 * several files: they are gathered by name. A piece's place is the number of its key; its
 * bytes are found when they are read, as the field `data` of the entry under that key, in a
 * block whose checksum has just been compared.
 */
#include "config.h"

#include "format/slices.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "format/finding.h"
#include "format/shape.h"
#include "format/slicekey.h"
#include "format/table.h"
#include "base/wire.h"

/* One file of the checkpoint. */
struct v1_file {
	const char *path;
	struct source source;
	struct table table;
	struct table_walk lookup;
	bool open;
};

/* Where a piece is: an entry of a file. */
struct v1_key {
	struct bytes key;
	uint32_t file;
};

/* One SavedSliceMeta, as it stands in a file. */
struct v1_meta {
	struct bytes name, message;
	uint32_t file;
	size_t order; /* as they stand in the files */
};

struct slices {
	struct store store; /* first, so that a store * is a slices * */
	struct arena *arena;
	struct v1_file *files;
	uint32_t n_files;
	struct pointers metas;   /* struct v1_meta, by name */
	struct pointers tensors; /* struct ckpt_tensor, by name */
	struct pointers keys;    /* struct v1_key: what ckpt_piece.offset counts */
	size_t next;
	struct buffer scratch;
};

static struct slices *slices_of(struct ckpt *c)
{
	return c->state;
}

/* --- the store --------------------------------------------------------------------- */

static const char *v1_file_of(struct store *store, const struct ckpt_piece *p)
{
	return ((struct slices *)store)->files[p->shard].path;
}

/* The TensorProto within SavedTensorSlices.data (field 2), SavedSlice.data (field 3). */
static bool find_field(struct bytes message, uint32_t field, struct bytes *found)
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

static int v1_bytes(struct store *store, const struct ckpt_piece *p, struct bytes *bytes,
		    struct ckpt_error *err)
{
	struct slices *s = (struct slices *)store;
	const struct v1_key *key = s->keys.p[p->offset];
	struct v1_file *f = &s->files[key->file];
	struct table_entry e;
	struct bytes data;
	const int r = table_find(&f->lookup, key->key, &e, err);
	if (r < 0)
		return -1;
	if (r == 0)
		return error_set(err, CKPT_ECORRUPT, f->path, -1,
				 "the metadata lists values that are not in the file");
	if (!find_field(e.value, 2, &data) || !find_field(data, 3, bytes))
		return error_set(err, CKPT_ECORRUPT, f->path, e.offset,
				 "the entry is no SavedSlice with data");
	return 0;
}

/* --- the metadata ------------------------------------------------------------------ */

static int bad_meta(struct v1_file *f, int64_t offset, const char *problem,
		    struct ckpt_error *err)
{
	return error_set(err, CKPT_ECORRUPT, f->path, offset, "the metadata is malformed: %s",
			 problem);
}

static int check_version(struct v1_file *f, struct bytes message, int64_t offset,
			 struct ckpt_error *err)
{
	enum { CHECKPOINT_VERSION = 1 }; /* TF_CHECKPOINT_VERSION, core/public/version.h */
	struct wire w = wire_of(message);
	int r;
	while ((r = wire_next(&w)) > 0)
		if (w.field == 2 && w.type == WIRE_VARINT && (int32_t)w.value > CHECKPOINT_VERSION)
			return error_set(err, CKPT_EUNSUPPORTED, f->path, offset,
					 "written for readers of version %d and newer, this one "
					 "has version %d", (int32_t)w.value, CHECKPOINT_VERSION);
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
		if (w.field == 2 && w.type == WIRE_LEN && check_version(f, w.data, offset, err))
			return -1;
		if (w.field != 1 || w.type != WIRE_LEN)
			continue;
		struct v1_meta *m = arena_zeroed(s->arena, 1, sizeof *m);
		if (!m || pointers_add(&s->metas, m))
			return arena_error(s->arena, err);
		*m = (struct v1_meta){ .message = w.data, .file = file, .order = s->metas.n };
		if (!find_field(w.data, 1, &m->name))
			m->name = bytes_of("", 0);
	}
	return r < 0 ? bad_meta(f, offset, w.problem, err) : 0;
}

static int read_meta(struct slices *s, uint32_t file, struct ckpt_error *err)
{
	struct v1_file *f = &s->files[file];
	struct table_entry e;
	struct bytes meta;
	const int r = table_find(&f->lookup, bytes_of("", 0), &e, err);
	if (r < 0)
		return -1;
	if (r == 0)
		return error_set(err, CKPT_ECORRUPT, f->path, -1,
				 "no metadata: the first key of a V1 checkpoint is empty, here "
				 "it is not");
	if (!find_field(e.value, 1, &meta))
		return error_set(err, CKPT_EFORMAT, f->path, e.offset,
				 "the table holds no SavedTensorSlices: not a V1 checkpoint");
	return add_metas(s, file, meta, e.offset, err);
}

/* --- tensors ----------------------------------------------------------------------- */

__attribute__((format(printf, 5, 6))) static int problem(struct slices *s, struct ckpt_tensor *t,
							 const struct v1_meta *m,
							 struct ckpt_error *err,
							 const char *format, ...)
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
static const char *decode_meta(const struct v1_meta *m, struct shape *shape, int64_t *dtype,
			       uint32_t *n_slices)
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
	if (slicekey_encode(&s->scratch, t->name, t->name_len, t->rank, start, length, err))
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
		return problem(s, t, m[0], err, "dtype %" PRId64 " cannot be in a V1 checkpoint",
			       dtype);
	uint64_t bytes;
	if (shape.unknown_rank || !shape_elements(dims, shape.rank, &t->elements) ||
	    __builtin_mul_overflow(t->elements, dtype_of(t->dtype)->size, &bytes))
		return problem(s, t, m[0], err,
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
	const struct v1_meta *a = *(struct v1_meta *const *)x, *b = *(struct v1_meta *const *)y;
	const int c = bytes_compare(a->name.p, bytes_left(&a->name), b->name.p,
				    bytes_left(&b->name));
	return c ? c : (a->order > b->order) - (a->order < b->order);
}

static int make_tensors(struct slices *s, struct ckpt_error *err)
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

/* --- the reader -------------------------------------------------------------------- */

static int open_file(struct slices *s, uint32_t i, uint64_t limit, struct ckpt_error *err)
{
	struct v1_file *f = &s->files[i];
	if (source_open(&f->source, f->path, err))
		return -1;
	f->open = true;
	if (table_open(&f->table, &f->source, limit, err))
		return -1;
	table_walk_begin(&f->lookup, &f->table);
	return read_meta(s, i, err);
}

static int slices_open(struct ckpt *c, struct ckpt_error *err)
{
	struct slices *s = arena_zeroed(&c->arena, 1, sizeof *s);
	if (!s)
		return arena_error(&c->arena, err);
	c->state = s;
	s->arena = &c->arena;
	s->store = (struct store){ .bytes = v1_bytes, .file = v1_file_of };
	c->store = &s->store;
	buffer_init(&s->scratch, c->limit);
	s->files = arena_zeroed(&c->arena, c->at.n_files, sizeof *s->files);
	if (!s->files)
		return arena_error(&c->arena, err);
	for (; s->n_files < c->at.n_files; s->n_files++) {
		s->files[s->n_files].path = c->at.files[s->n_files];
		if (open_file(s, s->n_files, c->limit, err)) {
			s->n_files++;
			return -1;
		}
	}
	return make_tensors(s, err);
}

static void slices_close(struct ckpt *c)
{
	struct slices *s = slices_of(c);
	if (!s)
		return;
	for (uint32_t i = 0; i < s->n_files; i++)
		if (s->files[i].open) {
			table_walk_end(&s->files[i].lookup);
			source_close(&s->files[i].source);
		}
	pointers_drop(&s->metas);
	pointers_drop(&s->tensors);
	pointers_drop(&s->keys);
	buffer_drop(&s->scratch);
}

static int slices_next(struct ckpt *c, struct arena *a, struct ckpt_tensor *t,
		       struct ckpt_error *err)
{
	struct slices *s = slices_of(c);
	(void)a;
	(void)err;
	if (s->next == s->tensors.n)
		return 0;
	*t = *(const struct ckpt_tensor *)s->tensors.p[s->next++];
	return 1;
}

static int slices_find(struct ckpt *c, struct arena *a, const char *name, size_t len,
		       struct ckpt_tensor *t, struct ckpt_error *err)
{
	struct slices *s = slices_of(c);
	size_t low = 0, high = s->tensors.n;
	(void)a;
	(void)err;
	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		const struct ckpt_tensor *at = s->tensors.p[middle];
		const int order = bytes_compare(at->name, at->name_len, name, len);
		if (order == 0) {
			*t = *at;
			return 1;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return 0;
}

static int by_key(const void *x, const void *y)
{
	const struct v1_key *a = *(struct v1_key *const *)x, *b = *(struct v1_key *const *)y;
	if (a->file != b->file)
		return a->file < b->file ? -1 : 1;
	return bytes_compare(a->key.p, bytes_left(&a->key), b->key.p, bytes_left(&b->key));
}

/* Walks every block of a file; keys that no tensor lists are orphans. */
static void check_file(struct slices *s, uint32_t file, struct v1_key **sorted, size_t n,
		       const struct finder *f)
{
	struct table_walk walk;
	struct v1_file *at = &s->files[file];
	uint64_t orphans = 0;
	table_walk_begin(&walk, &at->table);
	for (;;) {
		struct table_entry e;
		struct ckpt_error damage = { 0 };
		const int r = table_next(&walk, &e, &damage);
		if (r == 0)
			break;
		if (r < 0) {
			finding_emit(f, FOUND_INDEX, NULL, at->path, damage.offset, -1, "%s",
				     damage.text);
			continue;
		}
		const struct v1_key want = { e.key, file };
		const struct v1_key *p = &want;
		if (bytes_left(&e.key) && !bsearch(&p, sorted, n, sizeof *sorted, by_key))
			orphans++;
	}
	table_walk_end(&walk);
	if (orphans)
		finding_emit(f, FOUND_ORPHAN_SLICE, NULL, at->path, -1, -1,
			     "%" PRIu64 " slices are stored that no tensor lists", orphans);
}

static int slices_check(struct ckpt *c, ckpt_finding_fn fn, void *arg, struct ckpt_error *err)
{
	struct slices *s = slices_of(c);
	const struct finder f = { fn, arg, NULL };
	struct arena a;
	arena_init(&a, c->limit);
	struct v1_key **sorted = arena_zeroed(&a, s->keys.n + 1, sizeof *sorted);
	if (!sorted) {
		arena_drop(&a);
		return arena_error(&a, err);
	}
	if (s->keys.n) {
		memcpy(sorted, s->keys.p, s->keys.n * sizeof *sorted);
		qsort(sorted, s->keys.n, sizeof *sorted, by_key);
	}
	for (uint32_t i = 0; i < s->n_files; i++)
		check_file(s, i, sorted, s->keys.n, &f);
	arena_drop(&a);
	return 0;
}

static int slices_members(struct ckpt *c, member_fn fn, void *arg, struct ckpt_error *err)
{
	struct slices *s = slices_of(c);
	(void)err;
	for (uint32_t i = 0; i < s->n_files; i++) {
		const struct v1_file *f = &s->files[i];
		fn(arg, &(struct member){ f->path, f->source.size, f->source.size, true, i });
	}
	for (uint32_t i = 0; i < c->at.n_missing; i++)
		fn(arg, &(struct member){ c->at.missing[i], 0, TABLE_FOOTER, false, -1 });
	return 0;
}

static const char *slices_file(struct ckpt *c, size_t i)
{
	struct slices *s = slices_of(c);
	return i < s->n_files ? s->files[i].path : NULL;
}

static int slices_unchanged(struct ckpt *c, struct ckpt_error *err)
{
	struct slices *s = slices_of(c);
	for (uint32_t i = 0; i < s->n_files; i++)
		if (source_unchanged(&s->files[i].source, err))
			return -1;
	return 0;
}

static uint32_t slices_shards(const struct ckpt *c)
{
	return c->at.n_files + c->at.n_missing;
}

const struct reader reader_slices = {
	.name = "V1 checkpoint",
	.open = slices_open,
	.close = slices_close,
	.next = slices_next,
	.find = slices_find,
	.check = slices_check,
	.members = slices_members,
	.file = slices_file,
	.unchanged = slices_unchanged,
	.shards = slices_shards,
};

bool slices_probe(const char *path)
{
	enum { PROBE_LIMIT = 256 << 20 };
	struct slices s = { .n_files = 1 };
	struct v1_file file = { .path = path };
	struct arena arena;
	arena_init(&arena, PROBE_LIMIT);
	s.arena = &arena;
	s.files = &file;
	const bool is_v1 = !open_file(&s, 0, PROBE_LIMIT, NULL);
	if (file.open) {
		table_walk_end(&file.lookup);
		source_close(&file.source);
	}
	pointers_drop(&s.metas);
	arena_drop(&arena);
	return is_v1;
}
