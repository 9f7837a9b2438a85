/* check.c — is a checkpoint whole: every checksum, every entry, every file.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Tensors are read in the order of their bytes, so that a disk is read once from front to
 * back. A tensor whose file is missing or too short is a finding of its own beside the
 * file's, so that one can see which tensors survive.
 */
#include "config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "format/beside.h"
#include "format/finding.h"
#include "format/reader.h"

struct relay {
	struct finder to;
	bool explained; /* a data file is known to be converted, or something else */
};

static void pass_on(void *arg, const struct ckpt_finding *found)
{
	struct relay *relay = arg;
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

static void damage(struct ckpt *c, const struct finder *f, const struct ckpt_tensor *t,
		   const struct ckpt_error *e)
{
	const int64_t length = t->n_pieces == 1 ? (int64_t)t->size_bytes : -1;
	enum finding_code code = FOUND_CHECKSUM;
	f->summary->damaged++;
	if (t->problem)
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
	else if (is_zeros(c, t))
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
		  const struct ckpt_error *e, struct ckpt *c, const struct finder *f)
{
	if (!t->n_pieces || t->pieces->in_block || !t->size_bytes)
		return;
	if (t->pieces->shard != s->shard) {
		judge_shard(s, f);
		*s = (struct shard_tally){ .shard = t->pieces->shard,
					   .explained = s->explained };
	}
	s->compared++;
	if (!e || e->code != CKPT_ECORRUPT || e->detail == DETAIL_SHORT_FILE)
		return;
	if (is_zeros(c, t)) /* an unfinished write, which is said of the tensor */
		return;
	s->failed++;
	s->file = c->store->file(c->store, t->pieces);
}

static void check_tensor(struct ckpt *c, const struct ckpt_tensor *t,
			 struct shard_tally *s, const struct finder *f)
{
	struct ckpt_error e = { 0 };
	f->summary->tensors++;
	f->summary->bytes += t->size_bytes;
	if (ckpt_check(c, t, &e)) {
		damage(c, f, t, &e);
		tally(s, t, &e, c, f);
		return;
	}
	tally(s, t, NULL, c, f);
	f->summary->ok++;
	uint64_t unchecked = 0, pieces = 0;
	for (uint32_t i = 0; i < t->n_pieces; i++)
		if (!t->pieces[i].has_crc32c && !t->pieces[i].in_block) {
			unchecked += t->pieces[i].size;
			pieces++;
		}
	f->summary->unchecked_tensors += pieces > 0;
	f->summary->unchecked_bytes += unchecked;
}

int ckpt_verify(struct ckpt *c, ckpt_finding_fn fn, void *arg,
		struct ckpt_summary *summary, struct ckpt_error *err)
{
	struct relay relay = { { fn, arg, summary }, false };
	const struct finder *f = &relay.to;
	memset(summary, 0, sizeof *summary);
	ckpt_load(c, NULL);
	if (c->load_error.code) /* what is not known cannot be found good */
		return error_copy(err, &c->load_error);
	for (size_t i = 0; i < c->damage.n; i++) {
		const struct ckpt_error *e = c->damage.p[i];
		finding_emit(f, e->detail == DETAIL_ORDER ? FOUND_ORDER : FOUND_INDEX,
			     NULL, e->file, e->offset, -1, "%s", e->text);
	}
	if (c->reader->check(c, pass_on, &relay, err))
		return -1;
	struct pointers order = { 0 };
	for (size_t i = 0; i < c->tensors.n; i++)
		if (pointers_add(&order, c->tensors.p[i])) {
			pointers_drop(&order);
			return error_set(err, CKPT_ENOMEM, NULL, -1, "out of memory");
		}
	if (order.n)
		qsort(order.p, order.n, sizeof *order.p, by_place);
	struct shard_tally shard = { .shard = UINT32_MAX, .explained = relay.explained };
	for (size_t i = 0; i < order.n; i++)
		check_tensor(c, order.p[i], &shard, f);
	judge_shard(&shard, f);
	beside_meta(c, f);
	pointers_drop(&order);
	if (summary->unchecked_tensors)
		finding_emit(f, FOUND_UNCHECKED, NULL, NULL, -1, -1,
			     "no checksum is recorded for %" PRIu64 " tensors",
			     summary->unchecked_tensors);
	return ckpt_unchanged(c, err);
}
