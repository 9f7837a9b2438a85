/* arrays.c — what .npy, .npz and .safetensors share: files of arrays, no checkpoints.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A deflated member is read from its beginning on: whoever reads forward pays for each
 * byte once, whoever goes back begins again. None is ever held whole.
 */
#include "config.h"

#include "format/arrays.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"

/* --- the store --------------------------------------------------------------------- */

static int read_file(void *arg, uint64_t offset, void *buf, size_t n,
		     struct ckpt_error *err)
{
	struct array_store *s = arg;
	const struct ckpt_piece whole = { .size = UINT64_MAX }; /* .npz is one file */
	return s->plain.read(&s->shards.store, &whole, offset, buf, n, err);
}

static int read_packed(struct array_store *s, const struct ckpt_piece *p, uint64_t at,
		       void *buf, size_t n, struct ckpt_error *err)
{
	const struct zip_member *m = zip_at(s->zip, p->offset);
	struct inflater *f = &s->inflater;
	const uint64_t from = m->size - p->size + at; /* behind the array's header */
	if ((!f->good || s->at != p->offset || f->out > from) &&
	    inflate_begin(f, read_file, s, s->shards.paths[p->shard], m->data, m->stored,
			  err))
		return -1;
	s->at = p->offset;
	if (inflate_read(f, NULL, from - f->out, err) || inflate_read(f, buf, n, err))
		return -1;
	return f->out == m->size ? inflate_end(f, err) : 0;
}

static int array_read(struct store *store, const struct ckpt_piece *p, uint64_t at,
		      void *buf, size_t n, struct ckpt_error *err)
{
	struct array_store *s = (struct array_store *)store;
	return p->packed ? read_packed(s, p, at, buf, n, err)
			 : s->plain.read(store, p, at, buf, n, err);
}

static const uint8_t *array_look(struct store *store, const struct ckpt_piece *p,
				 uint64_t at, size_t n)
{
	const struct array_store *s = (const struct array_store *)store;
	return p->packed ? NULL : s->plain.look(store, p, at, n);
}

static void array_release(struct store *store, const struct ckpt_piece *p, uint64_t at,
			  uint64_t n)
{
	const struct array_store *s = (const struct array_store *)store;
	if (!p->packed)
		s->plain.release(store, p, at, n);
}

static void store_init(struct array_store *store, const struct arrays *s, struct arena *a,
		       bool mapped)
{
	shards_init_paths(&store->shards, a, s->paths, s->n_files);
	if (mapped)
		shards_map(&store->shards);
	store->plain = store->shards.store;
	store->zip = &s->zip;
	store->shards.store.read = array_read;
	if (!mapped)
		return;
	store->shards.store.look = array_look;
	store->shards.store.release = array_release;
}

struct store *arrays_fork(struct ckpt *c, struct arena *a)
{
	struct array_store *store = arena_zeroed(a, 1, sizeof *store);
	if (!store)
		return NULL;
	store_init(store, c->state, a, true);
	return &store->shards.store;
}

int arrays_join(struct ckpt *c, struct store *store, struct ckpt_error *err)
{
	struct array_store *s = (struct array_store *)store;
	(void)c;
	const int r = shards_unchanged(&s->shards, err);
	inflate_drop(&s->inflater);
	shards_close(&s->shards);
	return r;
}

/* --- making the tensors ------------------------------------------------------------ */

struct arrays *arrays_begin(struct ckpt *c, const char **paths, uint32_t n,
			    struct ckpt_error *err)
{
	struct arrays *s = arena_zeroed(&c->arena, 1, sizeof *s);
	uint64_t *expected = arena_zeroed(&c->arena, (size_t)n + 1, sizeof *expected);
	struct identity *seen = arena_zeroed(&c->arena, (size_t)n + 1, sizeof *seen);
	if (!s || !expected || !seen) {
		arena_error(&c->arena, err);
		return NULL;
	}
	s->arena = &c->arena;
	s->paths = paths;
	s->n_files = s->n_shards = n;
	s->expected = expected;
	s->seen = seen;
	store_init(&s->store, s, s->arena, false);
	c->state = s;
	c->store = &s->store.shards.store;
	return s;
}

struct ckpt_tensor *arrays_add(struct arrays *s, const char *name, size_t len,
			       struct ckpt_error *err)
{
	struct ckpt_tensor *t = arena_zeroed(s->arena, 1, sizeof *t);
	const char *copy = t ? arena_copy(s->arena, name, len) : NULL;
	if (!copy || pointers_add(&s->tensors, t)) {
		arena_error(s->arena, err);
		return NULL;
	}
	t->name = copy;
	t->name_len = len;
	return t;
}

int arrays_shape(struct arrays *s, struct ckpt_tensor *t, const int64_t *dims, int rank,
		 uint64_t elements, struct ckpt_error *err)
{
	int64_t *copy = arena_zeroed(s->arena, (size_t)rank + 1, sizeof *copy);
	if (!copy)
		return arena_error(s->arena, err);
	if (rank)
		memcpy(copy, dims, (size_t)rank * sizeof *copy);
	t->dims = copy;
	t->rank = rank;
	t->elements = elements;
	return 0;
}

struct ckpt_piece *arrays_piece(struct arrays *s, struct ckpt_tensor *t, uint32_t file,
				uint64_t offset, uint64_t size, struct ckpt_error *err)
{
	struct ckpt_piece *p = arena_zeroed(s->arena, 1, sizeof *p);
	if (!p) {
		arena_error(s->arena, err);
		return NULL;
	}
	p->elements = t->elements;
	p->offset = offset;
	p->size = size;
	p->shard = file;
	t->pieces = p;
	t->n_pieces = 1;
	t->size_bytes = size;
	return p;
}

struct ckpt_piece *arrays_npy(struct arrays *s, struct ckpt_tensor *t,
			      const struct npy *n, uint32_t file, uint64_t offset,
			      struct ckpt_error *err)
{
	struct ckpt_piece *p = arrays_piece(s, t, file, offset, n->size, err);
	if (!p)
		return NULL;
	t->dtype = n->dtype;
	p->spelling = (uint8_t)n->spelling;
	p->swap = n->swap;
	p->by_columns = n->by_columns;
	return p;
}

int arrays_named(struct arrays *s, uint32_t file, const struct ckpt_error *why,
		 struct ckpt_error *err)
{
	return error_set_detail(err, (enum error_detail)why->detail, why->code,
				*why->file ? why->file : s->paths[file], why->offset,
				"%s", why->text);
}

int arrays_problem(struct arrays *s, struct ckpt_tensor *t, uint32_t file,
		   const struct ckpt_error *why, struct ckpt_error *err)
{
	struct ckpt_error *e = arena_zeroed(s->arena, 1, sizeof *e);
	if (!e)
		return arena_error(s->arena, err);
	arrays_named(s, file, why, e);
	t->problem = e;
	t->n_pieces = 0;
	t->size_bytes = 0;
	return 0;
}

static int by_name(const void *x, const void *y)
{
	const struct ckpt_tensor *a = *(struct ckpt_tensor *const *)x;
	const struct ckpt_tensor *b = *(struct ckpt_tensor *const *)y;
	return bytes_compare(a->name, a->name_len, b->name, b->name_len);
}

int arrays_end(struct arrays *s, struct ckpt_error *err)
{
	char name[160];
	if (s->tensors.n)
		qsort(s->tensors.p, s->tensors.n, sizeof *s->tensors.p, by_name);
	for (size_t i = 1; i < s->tensors.n; i++) {
		const struct ckpt_tensor *t = s->tensors.p[i];
		if (by_name(&s->tensors.p[i - 1], &s->tensors.p[i]))
			continue;
		text_escape(name, sizeof name, t->name, t->name_len);
		return error_set(err, CKPT_ECORRUPT, s->paths[0], -1,
				 "two tensors are called '%s'", name);
	}
	return 0;
}

/* --- the reader -------------------------------------------------------------------- */

void arrays_close(struct ckpt *c)
{
	struct arrays *s = c->state;
	if (!s)
		return;
	inflate_drop(&s->store.inflater);
	shards_close(&s->store.shards);
	pointers_drop(&s->tensors);
	pointers_drop(&s->metadata);
}

int arrays_next(struct ckpt *c, struct arena *a, struct ckpt_tensor *t,
		struct ckpt_error *err)
{
	struct arrays *s = c->state;
	(void)a;
	(void)err;
	if (s->next == s->tensors.n)
		return 0;
	*t = *(const struct ckpt_tensor *)s->tensors.p[s->next++];
	return 1;
}

int arrays_find(struct ckpt *c, struct arena *a, const char *name, size_t len,
		struct ckpt_tensor *t, struct ckpt_error *err)
{
	const struct arrays *s = c->state;
	const struct ckpt_tensor *found = tensors_search(&s->tensors, name, len);
	(void)a;
	(void)err;
	if (found)
		*t = *found;
	return found != NULL;
}

int arrays_members(struct ckpt *c, member_fn fn, void *arg, struct ckpt_error *err)
{
	struct arrays *s = c->state;
	(void)err;
	for (uint32_t i = 0; i < s->n_files; i++) {
		struct member m = { .path = s->paths[i],
				    .expected = s->expected[i],
				    .shard = i };
		m.exists = !shards_size(&s->store.shards, i, &m.size);
		fn(arg, &m);
	}
	return 0;
}

const char *arrays_file(struct ckpt *c, size_t i)
{
	struct arrays *s = c->state;
	uint64_t size;
	if (i == 0)
		s->next_file = 0;
	while (s->next_file < s->n_files) {
		const uint32_t file = s->next_file++;
		if (!shards_size(&s->store.shards, file, &size))
			return s->paths[file];
	}
	return NULL;
}

/* Are the files those whose headers were read? */
static int headers_unchanged(const struct arrays *s, struct ckpt_error *err)
{
	for (uint32_t i = 0; i < s->n_files; i++) {
		struct identity now;
		if (!s->seen[i].inode)
			continue;
		if (source_identify(s->paths[i], &now))
			return error_errno(err, s->paths[i], "cannot stat");
		if (!identity_same(&now, &s->seen[i]))
			return error_set(err, CKPT_EIO, s->paths[i], -1,
					 "changed while it was read; nothing said about "
					 "it holds");
	}
	return 0;
}

int arrays_unchanged(struct ckpt *c, struct ckpt_error *err)
{
	struct arrays *s = c->state;
	const int r = shards_unchanged(&s->store.shards, err);
	return r ? r : headers_unchanged(s, err);
}

uint32_t arrays_shards(const struct ckpt *c)
{
	return ((const struct arrays *)c->state)->n_shards;
}

void arrays_check_files(struct arrays *s, const struct finder *f,
			enum finding_code longer)
{
	for (uint32_t i = 0; i < s->n_files; i++) {
		const char *path = s->paths[i];
		const uint64_t end = s->expected[i];
		uint64_t size;
		if (shards_size(&s->store.shards, i, &size))
			finding_emit(f, FOUND_MISSING_SHARD, NULL, path, -1, -1,
				     "the file is missing or cannot be opened");
		else if (size < end)
			finding_emit(f, FOUND_SHORT_SHARD, NULL, path, (int64_t)size,
				     (int64_t)(end - size),
				     "truncated: it has %" PRIu64
				     " bytes, its tensors need %" PRIu64,
				     size, end);
		else if (end && size > end)
			finding_emit(f, longer, NULL, path, (int64_t)end,
				     (int64_t)(size - end),
				     "%" PRIu64 " bytes follow the last tensor",
				     size - end);
	}
}
