/* bundle_check.c — is a V2 checkpoint whole: its files, and how its tensors lie in them.
 * SPDX-License-Identifier: Apache-2.0
 *
 * All pieces are sorted by shard and offset; one walk over them then gives the size that
 * each shard needs, gaps between tensors, and tensors that overlap.
 */
#include "config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "format/beside.h"
#include "format/bundle.h"
#include "format/finding.h"
#include "format/path.h"
#include "format/sniff.h"

struct extent {
	const struct ckpt_tensor *tensor;
	const struct ckpt_piece *piece;
};

static int by_place(const void *x, const void *y)
{
	const struct ckpt_piece *a = ((const struct extent *)x)->piece;
	const struct ckpt_piece *b = ((const struct extent *)y)->piece;
	if (a->shard != b->shard)
		return a->shard < b->shard ? -1 : 1;
	if (a->offset != b->offset)
		return a->offset < b->offset ? -1 : 1;
	return (a->size > b->size) - (a->size < b->size);
}

/* The pieces of all tensors in the order of their bytes, in the arena. */
static int collect(struct ckpt *c, struct arena *a, struct extent **extents, size_t *n,
		   struct ckpt_error *err)
{
	size_t total = 0;
	for (size_t i = 0; i < c->tensors.n; i++)
		total += ((const struct ckpt_tensor *)c->tensors.p[i])->n_pieces;
	struct extent *e = arena_zeroed(a, total, sizeof *e);
	if (!e)
		return arena_error(a, err);
	*n = 0;
	for (size_t i = 0; i < c->tensors.n; i++) {
		const struct ckpt_tensor *t = c->tensors.p[i];
		for (uint32_t k = 0; k < t->n_pieces; k++)
			e[(*n)++] = (struct extent){ t, &t->pieces[k] };
	}
	qsort(e, total, sizeof *e, by_place);
	*extents = e;
	return 0;
}

/* The end of the pieces from i on that lie in one shard; *next: behind the last of
 * them. */
static uint64_t shard_end(const struct extent *e, size_t n, size_t i, size_t *next)
{
	uint64_t end = 0;
	const uint32_t shard = e[i].piece->shard;
	for (; i < n && e[i].piece->shard == shard; i++)
		if (e[i].piece->offset + e[i].piece->size > end)
			end = e[i].piece->offset + e[i].piece->size;
	*next = i;
	return end;
}

static int tell_member(struct bundle *b, uint32_t shard, uint64_t expected, member_fn fn,
			void *arg)
{
	struct member m = { .path = shards_path(&b->shards, shard), .expected = expected,
			    .shard = shard };
	if (!m.path)
		return -1;
	m.exists = shards_size(&b->shards, shard, &m.size) == 0;
	if (m.exists || expected || shard < b->num_shards)
		fn(arg, &m);
	return 0;
}

int bundle_members(struct ckpt *c, member_fn fn, void *arg, struct ckpt_error *err)
{
	enum { MOST_UNUSED = 1000 }; /* a header may claim any number */
	struct bundle *b = c->state;
	struct arena a;
	struct extent *e;
	size_t n;
	arena_init(&a, c->limit);
	if (collect(c, &a, &e, &n, err)) {
		arena_drop(&a);
		return -1;
	}
	fn(arg,
	   &(struct member){ b->index_path, b->index.size, b->index.size, true, -1 });
	uint32_t unused = 0;
	int r = 0;
	for (size_t i = 0, next; !r && i < n; i = next) {
		const uint64_t end = shard_end(e, n, i, &next);
		const uint32_t shard = e[i].piece->shard;
		for (; !r && unused < shard && unused < MOST_UNUSED; unused++)
			r = tell_member(b, unused, 0, fn, arg);
		r = r ? r : tell_member(b, shard, end, fn, arg);
		unused = shard + 1;
	}
	for (; !r && unused < b->num_shards && unused < MOST_UNUSED; unused++)
		r = tell_member(b, unused, 0, fn, arg);
	arena_drop(&a);
	return r ? arena_error(&c->arena, err) : 0;
}

static void check_gap(const struct finder *f, const char *path, const struct extent *e,
		      const struct extent *before, uint64_t end)
{
	const uint64_t offset = e->piece->offset;
	if (offset > end)
		finding_emit(f, FOUND_GAP, NULL, path, (int64_t)end,
			     (int64_t)(offset - end),
			     "%" PRIu64 " bytes belong to no tensor", offset - end);
	else if (offset < end && e->piece->size)
		finding_emit(f, FOUND_OVERLAP, e->tensor, path, (int64_t)offset,
			     (int64_t)(end - offset), "shares bytes with '%.200s'",
			     before ? before->tensor->name : "");
}

static size_t survivors(const struct extent *e, size_t i, size_t next, uint64_t size)
{
	size_t n = 0;
	for (; i < next; i++)
		n += e[i].piece->offset + e[i].piece->size <= size;
	return n;
}

/* A file of another size than its tensors need: is it something else altogether? */
static bool diagnose(const char *path, uint64_t size, uint64_t end,
		     const struct finder *f)
{
	const int line_ends = sniff_line_ends(path);
	const struct file_kind *kind = sniff_path(path);
	/* Healthy tensors may well begin with zeros. */
	if (kind && (strcmp(kind->name, "zeros") || size < end)) {
		finding_emit(f, FOUND_NOT_DATA, NULL, path, -1, -1, "this is %s",
			     kind->what);
		return true;
	}
	if ((line_ends > 0 && size > end) || (line_ends < 0 && size < end)) {
		finding_emit(f, FOUND_CRLF, NULL, path, -1, -1,
			     "it has %" PRIu64 " bytes, its tensors need %" PRIu64
			     ", and %s: it was copied as text; copy it again as binary",
			     size, end, line_ends > 0 ? "each LF has a CR before it"
						      : "there is not one CR LF in it");
		return true;
	}
	return false;
}

/* One shard: e[i] … e[next - 1] lie in it. */
static int check_shard(struct bundle *b, const struct finder *f, const struct extent *e,
			size_t i, size_t next, struct ckpt_error *err)
{
	const uint32_t shard = e[i].piece->shard;
	const char *path = shards_path(&b->shards, shard);
	const struct extent *last = NULL;
	uint64_t end = 0, size;
	if (!path)
		return arena_error(b->shards.arena, err);
	const bool exists = shards_size(&b->shards, shard, &size) == 0;
	const char *wanted = shards_wanted(&b->shards, shard);
	if (wanted)
		finding_emit(f, FOUND_SHARD_COUNT, NULL, path, -1, -1,
			     "the index counts %u, so TensorFlow looks for %.200s: "
			     "rename the file", b->num_shards, path_base(wanted));
	for (size_t k = i; k < next; k++) {
		const uint64_t to = e[k].piece->offset + e[k].piece->size;
		check_gap(f, path, &e[k], last, end);
		if (to > end) {
			end = to;
			last = &e[k];
		}
	}
	if (exists && size != end && diagnose(path, size, end, f))
		return 0;
	if (!exists && end)
		finding_emit(
			f, FOUND_MISSING_SHARD, NULL, path, -1, -1,
			"the file is missing or cannot be opened; %zu piece%s in it",
			next - i, next - i == 1 ? " is" : "s are");
	else if (exists && size < end)
		finding_emit(
			f, FOUND_SHORT_SHARD, NULL, path, (int64_t)size,
			(int64_t)(end - size),
			"truncated: it has %" PRIu64 " bytes, its tensors need %" PRIu64
			"; bytes %" PRIu64 "-%" PRIu64
			" are still to be fetched; %zu of %zu pieces lie before that",
			size, end, size, end - 1, survivors(e, i, next, size), next - i);
	else if (exists && size > end)
		finding_emit(f, FOUND_TRAILING, NULL, path, (int64_t)end,
			     (int64_t)(size - end),
			     "%" PRIu64 " bytes follow the last tensor", size - end);
	return 0;
}

int bundle_check(struct ckpt *c, ckpt_finding_fn fn, void *arg, struct ckpt_error *err)
{
	struct bundle *b = c->state;
	const struct finder f = { fn, arg, NULL };
	struct ckpt_error damage = { 0 };
	struct arena a;
	struct extent *e;
	size_t n;
	if (table_check_metaindex(&b->table, &damage))
		finding_emit(&f, FOUND_INDEX, NULL, b->index_path, damage.offset, -1,
			     "%s", damage.text);
	uint64_t orphans = b->orphans;
	if (b->slices_seen > b->slices_listed)
		orphans += b->slices_seen - b->slices_listed;
	if (orphans)
		finding_emit(&f, FOUND_ORPHAN_SLICE, NULL, b->index_path, -1, -1,
			     "%" PRIu64 " slices are stored that no tensor lists",
			     orphans);
	beside_fingerprint(c, b->index_path, &f);
	arena_init(&a, c->limit);
	if (collect(c, &a, &e, &n, err)) {
		arena_drop(&a);
		return -1;
	}
	int r = 0;
	for (size_t i = 0, next; !r && i < n; i = next) {
		shard_end(e, n, i, &next);
		r = check_shard(b, &f, e, i, next, err);
	}
	arena_drop(&a);
	return r;
}
