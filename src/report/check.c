/* check.c — is a checkpoint whole: every checksum, every entry, every file.
 * SPDX-License-Identifier: Apache-2.0
 *
 * One sweep reads all tensors; what it found is then told in the order of their bytes. A
 * tensor whose file is missing or too short is a finding of its own beside the
 * file's, so that one can see which tensors survive.
 */
#include "config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "format/beside.h"
#include "format/finding.h"
#include "report/check.h"

static void pass_on(void *arg, const struct ckpt_finding *found)
{
	struct check_relay *relay = arg;
	const struct finder *f = &relay->to;
	relay->explained |= found->code == finding_kinds[FOUND_CRLF].code ||
			    found->code == finding_kinds[FOUND_NOT_DATA].code;
	f->summary->errors += found->severity == CKPT_ERROR;
	f->summary->warnings += found->severity == CKPT_WARNING;
	f->summary->notes += found->severity == CKPT_NOTE;
	if (f->fn)
		f->fn(f->arg, found);
}

static int by_place(const void *x, const void *y)
{
	const struct ckpt_tensor *a = *(const struct ckpt_tensor *const *)x;
	const struct ckpt_tensor *b = *(const struct ckpt_tensor *const *)y;
	if (!a->n_pieces || !b->n_pieces)
		return (a->n_pieces != 0) - (b->n_pieces != 0);
	if (a->pieces->shard != b->pieces->shard)
		return a->pieces->shard < b->pieces->shard ? -1 : 1;
	return (a->pieces->offset > b->pieces->offset) -
	       (a->pieces->offset < b->pieces->offset);
}

/* True if the tensor's bytes are there, and all zero. */
static bool is_zeros(struct ckpt *c, const struct ckpt_tensor *t)
{
	static const uint8_t zeros[4096];
	uint8_t window[sizeof zeros];
	for (uint32_t i = 0; i < t->n_pieces; i++) {
		const struct ckpt_piece *p = &t->pieces[i];
		for (uint64_t at = 0, n; at < p->size; at += n) {
			n = p->size - at < sizeof window ? p->size - at : sizeof window;
			if (p->in_block ||
			    c->store->read(c->store, p, at, window, (size_t)n, NULL) ||
			    memcmp(window, zeros, (size_t)n))
				return false;
		}
	}
	return t->size_bytes > 0;
}

static void damage(const struct finder *f, const struct ckpt_tensor *t,
		   const struct ckpt_error *e, bool zeros)
{
	const int64_t length = t->n_pieces == 1 ? (int64_t)t->size_bytes : -1;
	enum finding_code code = FOUND_CHECKSUM;
	f->summary->damaged++;
	if (t->problem && t->problem->code == CKPT_EUNSUPPORTED)
		code = FOUND_UNSUPPORTED;
	else if (t->problem && t->problem->code == CKPT_ECORRUPT &&
		 t->problem->detail != DETAIL_SHORT_FILE)
		code = FOUND_ENTRY;
	else if (e->detail == DETAIL_SLICES)
		code = FOUND_SLICES;
	else if (e->code == CKPT_ENOTFOUND)
		code = FOUND_MISSING_SHARD;
	else if (e->detail == DETAIL_SHORT_FILE)
		code = FOUND_SHORT_SHARD;
	else if (e->code != CKPT_ECORRUPT)
		code = FOUND_UNREADABLE;
	else if (e->detail != DETAIL_CHECKSUM)
		code = FOUND_VALUES;
	else if (zeros)
		code = FOUND_ZEROS;
	const char *more =
		code == FOUND_ZEROS ? "; all are zero: an unfinished write" : "";
	finding_emit(f, code, t, code == FOUND_SLICES ? NULL : e->file, e->offset, length,
		     "%s%s", e->text, more);
}

/* How the checksums of one shard's tensors came out. */
struct shard_tally {
	uint32_t shard;
	uint64_t failed, compared;
	const char *file;
	bool explained;
};

/* Rot and lost blocks hit a few tensors; a file of another save has nearly all of them
 * wrong, and only those that did not change between the two right. */
static void judge_shard(const struct shard_tally *s, const struct finder *f)
{
	enum { SOME = 3 };
	if (!s->explained && s->failed >= SOME && s->failed * 2 >= s->compared)
		finding_emit(
			f, FOUND_OTHER_SAVE, NULL, s->file, -1, -1,
			"%" PRIu64 " of %" PRIu64
			" checksums fail: index and data file are of different saves",
			s->failed, s->compared);
}

static void tally(struct shard_tally *s, const struct ckpt_tensor *t,
		  const struct ckpt_error *e, bool zeros, struct ckpt *c,
		  const struct finder *f)
{
	if (!t->n_pieces || !t->pieces->has_crc32c || !t->size_bytes)
		return;
	if (t->pieces->shard != s->shard) {
		judge_shard(s, f);
		*s = (struct shard_tally){ .shard = t->pieces->shard,
					   .explained = s->explained };
	}
	s->compared++;
	if (!e || e->code != CKPT_ECORRUPT || e->detail == DETAIL_SHORT_FILE)
		return;
	if (zeros) /* an unfinished write, which is said of the tensor */
		return;
	s->failed++;
	s->file = c->store->file(c->store, t->pieces);
}

/* What the sweep said of a tensor. */
static void tell_tensor(struct ckpt *c, const struct ckpt_tensor *t,
			const struct ckpt_error *e, struct shard_tally *s,
			const struct finder *f)
{
	f->summary->tensors++;
	f->summary->bytes += t->size_bytes;
	const bool zeros = e && e->code == CKPT_ECORRUPT &&
			   e->detail != DETAIL_SHORT_FILE && is_zeros(c, t);
	if (e)
		damage(f, t, e, zeros);
	tally(s, t, e, zeros, c, f);
	if (e)
		return;
	f->summary->ok++;
	uint64_t unchecked = 0, pieces = 0;
	for (uint32_t i = 0; i < t->n_pieces; i++)
		if (!piece_is_summed(&t->pieces[i])) {
			unchecked += t->n_pieces == 1 ? t->size_bytes : t->pieces[i].size;
			pieces++;
		}
	f->summary->unchecked_tensors += pieces > 0;
	f->summary->unchecked_bytes += unchecked;
}

/* A sweep compares checksums by itself: there is nothing to compute. */
static void end_item(struct sweep *s, struct sweep_item *item, const void *partials,
		     size_t n)
{
	(void)s;
	(void)item;
	(void)partials;
	(void)n;
}

static const struct sweep_ops check_ops = { .end = end_item };

static int start_sweep(struct check *k, unsigned threads, struct ckpt_error *err)
{
	const size_t n = k->c->tensors.n;
	const struct ckpt_tensor **order = arena_zeroed(&k->arena, n + 1, sizeof *order);
	k->items = sweep_items(&k->arena, n, 1);
	if (!order || !k->items)
		return arena_error(&k->arena, err);
	if (n)
		memcpy(order, k->c->tensors.p, n * sizeof *order);
	qsort(order, n, sizeof *order, by_place);
	for (size_t i = 0; i < n; i++)
		k->items[i].streams->tensor = order[i];
	k->sweep = (struct sweep){ .checkpoints = &k->c, .streams = 1, .items = k->items,
				   .n_items = n, .ops = &check_ops };
	return sweep_start(&k->sweep, threads, err);
}

int check_begin(struct check *k, struct ckpt *c, ckpt_finding_fn fn, void *arg,
		struct ckpt_summary *summary, unsigned threads, struct ckpt_error *err)
{
	*k = (struct check){ .c = c, .relay = { { fn, arg, summary }, false } };
	const struct finder *f = &k->relay.to;
	memset(summary, 0, sizeof *summary);
	ckpt_load(c, NULL);
	if (c->load_error.code) /* what is not known cannot be found good */
		return error_copy(err, &c->load_error);
	for (size_t i = 0; i < c->damage.n; i++) {
		const struct ckpt_error *e = c->damage.p[i];
		finding_emit(f, e->detail == DETAIL_ORDER ? FOUND_ORDER : FOUND_INDEX,
			     NULL, e->file, e->offset, -1, "%s", e->text);
	}
	if (c->reader->check(c, pass_on, &k->relay, err))
		return -1;
	arena_init(&k->arena, UINT64_MAX);
	if (!start_sweep(k, threads, err))
		return 0;
	arena_drop(&k->arena);
	return -1;
}

int check_end(struct check *k, struct ckpt_error *err)
{
	struct ckpt *c = k->c;
	const struct finder *f = &k->relay.to;
	struct shard_tally shard = { .shard = UINT32_MAX,
				     .explained = k->relay.explained };
	int r = sweep_end(&k->sweep, err);
	for (size_t i = 0; i < k->sweep.n_items; i++) {
		const struct sweep_stream *s = k->items[i].streams;
		if (atomic_load(&k->items[i].done))
			tell_tensor(c, s->tensor, s->error, &shard, f);
		else
			k->incomplete = true;
	}
	judge_shard(&shard, f);
	if (!k->incomplete)
		beside_meta(c, f);
	if (f->summary->unchecked_tensors)
		finding_emit(f, FOUND_UNCHECKED, NULL, NULL, -1, -1,
			     "no checksum is recorded for %" PRIu64 " tensor%s",
			     f->summary->unchecked_tensors,
			     f->summary->unchecked_tensors == 1 ? "" : "s");
	sweep_drop(&k->sweep);
	arena_drop(&k->arena);
	return r ? r : ckpt_unchanged(c, err);
}

int ckpt_verify(struct ckpt *c, ckpt_finding_fn fn, void *arg,
		struct ckpt_summary *summary, struct ckpt_error *err)
{
	struct check k;
	if (check_begin(&k, c, fn, arg, summary, 0, err))
		return -1;
	while (!pool_wait(&k.sweep.pool, 1000))
		;
	return check_end(&k, err);
}

/* --- rows -------------------------------------------------------------------------- */

enum null_bits { NULL_OFFSET = 1, NULL_LENGTH = 2 };

#define FIELD(field) .offset = offsetof(struct finding_row, field)

const struct column finding_columns[] = {
	{ .name = "severity", .type = COL_TEXT, FIELD(severity) },
	{ .name = "code", .type = COL_TEXT, FIELD(code) },
	{ .name = "tensor", .type = COL_NAME, FIELD(tensor) },
	{ .name = "path", .type = COL_NAME, FIELD(path) },
	{ .name = "file", .type = COL_NAME, FIELD(file) },
	{ .name = "offset", .type = COL_INT, FIELD(offset), .null = NULL_OFFSET },
	{ .name = "length", .type = COL_INT, FIELD(length), .null = NULL_LENGTH },
	{ .name = "message", .type = COL_NAME, FIELD(message) },
	{ .name = NULL },
};

void finding_row_of(const struct ckpt_finding *f, const char *path,
		    struct finding_row *row)
{
	const struct ckpt_tensor *t = f->tensor;
	*row = (struct finding_row){
		.null = (f->offset < 0 ? NULL_OFFSET : 0) |
			(f->length < 0 ? NULL_LENGTH : 0),
		.severity = cell_of(severity_names[f->severity]),
		.code = cell_of(f->code),
		.tensor = { t ? t->name : NULL, t ? t->name_len : 0 },
		.path = cell_of(path),
		.file = cell_of(f->file),
		.message = cell_of(f->message),
		.offset = f->offset,
		.length = f->length,
	};
}
