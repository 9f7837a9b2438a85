/* slices.c — V1 checkpoints: tables of SavedTensorSlices, one file a shard.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Opening reads the metadata of each file and no other block. A tensor may have slices
 * in several files: they are gathered by name. A piece's place is the number of its
 * key; its bytes are found when they are read, as the field `data` of the entry under
 * that key, in a block whose checksum has just been compared.
 */
#include "config.h"

#include "format/slices.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "format/finding.h"

static struct slices *slices_of(struct ckpt *c)
{
	return c->state;
}

/* --- the store --------------------------------------------------------------------- */

static const char *v1_file_of(struct store *store, const struct ckpt_piece *p)
{
	return ((struct slices *)store)->files[p->shard].path;
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
	if (!slices_field(e.value, 2, &data) || !slices_field(data, 3, bytes))
		return error_set(err, CKPT_ECORRUPT, f->path, e.offset,
				 "the entry is no SavedSlice with data");
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
	return slices_read_meta(s, i, err);
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
	return slices_make_tensors(s, err);
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
	const struct ckpt_tensor *found =
		tensors_search(&slices_of(c)->tensors, name, len);
	(void)a;
	(void)err;
	if (found)
		*t = *found;
	return found != NULL;
}

static int by_key(const void *x, const void *y)
{
	const struct v1_key *a = *(struct v1_key *const *)x,
			    *b = *(struct v1_key *const *)y;
	if (a->file != b->file)
		return a->file < b->file ? -1 : 1;
	return bytes_compare(a->key.p, bytes_left(&a->key), b->key.p,
			     bytes_left(&b->key));
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
			finding_emit(f, FOUND_INDEX, NULL, at->path, damage.offset, -1,
				     "%s", damage.text);
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
			     "%" PRIu64 " slices are stored that no tensor lists",
			     orphans);
}

static int slices_check(struct ckpt *c, ckpt_finding_fn fn, void *arg,
			struct ckpt_error *err)
{
	struct slices *s = slices_of(c);
	const struct finder f = { fn, arg, NULL };
	struct arena a;
	arena_init(&a, c->limit);
	struct v1_key **sorted = arena_zeroed(&a, s->keys.n + 1, sizeof *sorted);
	if (!sorted) {
		arena_error(&a, err);
		arena_drop(&a);
		return -1;
	}
	if (s->keys.n) {
		memcpy(sorted, s->keys.p, s->keys.n * sizeof *sorted);
		qsort(sorted, s->keys.n, sizeof *sorted, by_key);
	}
	for (uint32_t i = 0; i < s->n_files; i++)
		check_file(s, i, sorted, s->keys.n, &f);
	for (uint32_t i = 0; i < s->n_files; i++) {
		struct ckpt_error damage = { 0 };
		if (table_check_metaindex(&s->files[i].table, &damage))
			finding_emit(&f, FOUND_INDEX, NULL, s->files[i].path,
				     damage.offset, -1, "%s", damage.text);
	}
	for (uint32_t i = 0; i < c->at.n_missing; i++)
		finding_emit(&f, FOUND_MISSING_SHARD, NULL, c->at.missing[i], -1, -1,
			     "the file is missing; what is in it is not known");
	const char *first = s->files[0].path;
	const size_t len = strlen(first);
	if (len > 6 && !strcmp(first + len - 6, ".index"))
		finding_emit(
			&f, FOUND_V1_SUFFIX, NULL, first, -1, -1,
			"this is a V1 checkpoint, which TensorFlow finds under its name "
			"without .index only");
	arena_drop(&a);
	return 0;
}

static int slices_members(struct ckpt *c, member_fn fn, void *arg, struct ckpt_error *err)
{
	struct slices *s = slices_of(c);
	(void)err;
	for (uint32_t i = 0; i < s->n_files; i++) {
		const struct v1_file *f = &s->files[i];
		fn(arg,
		   &(struct member){ f->path, f->source.size, f->source.size, true, i });
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

/* Looks keys up by itself; files, metadata and the list of keys are shared. */
static struct store *slices_fork(struct ckpt *c, struct arena *a)
{
	const struct slices *s = slices_of(c);
	struct slices *fork = arena_zeroed(a, 1, sizeof *fork);
	struct v1_file *files = arena_zeroed(a, s->n_files, sizeof *files);
	if (!fork || !files)
		return NULL;
	*fork = *s;
	fork->files = files;
	for (uint32_t i = 0; i < s->n_files; i++) {
		files[i].path = s->files[i].path;
		table_walk_begin(&files[i].lookup, &s->files[i].table);
	}
	return &fork->store;
}

static int slices_join(struct ckpt *c, struct store *store, struct ckpt_error *err)
{
	struct slices *fork = (struct slices *)store;
	for (uint32_t i = 0; i < fork->n_files; i++)
		table_walk_end(&fork->files[i].lookup);
	return slices_unchanged(c, err);
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
	.fork = slices_fork,
	.join = slices_join,
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
