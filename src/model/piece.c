/* piece.c — the bytes of one piece: read in windows, compared with their checksums.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "model/piece.h"

#include <inttypes.h>

#include "base/crc32.h"
#include "base/crc32c.h"
#include "base/error.h"

const char *piece_file(struct values *v, const struct ckpt_piece *p)
{
	return v->store->file(v->store, p);
}

int piece_damaged(struct values *v, const struct ckpt_piece *p, uint64_t at,
		   const char *what, struct ckpt_error *err)
{
	return error_set(err, CKPT_ECORRUPT, piece_file(v, p), (int64_t)(p->offset + at),
			 "%s", what);
}

/* To go back in what is deflated is to begin again: whoever does so goes on to. Then so
 * much is read around the place that there are few beginnings, however large it is. */
static void look_around(const struct values *v, const struct ckpt_piece *p, uint64_t at,
			size_t n, uint64_t *start, size_t *want)
{
	enum { PARTS = 32 };
	const size_t most = v->bytes.b.limit / 4;
	uint64_t around = p->size / PARTS < v->window ? v->window : p->size / PARTS;
	around = around < most ? around : most;
	if (around <= n)
		return;
	*start = at > around / 2 ? at - around / 2 : 0;
	*want = (size_t)(p->size - *start < around ? p->size - *start : around);
	if (*want < at - *start + n)
		*want = (size_t)(at - *start) + n;
}

const uint8_t *piece_fetch(struct values *v, struct window *w, const struct ckpt_piece *p,
			    uint64_t at, size_t n, struct ckpt_error *err)
{
	if (at > p->size || n > p->size - at) {
		piece_damaged(v, p, at, "the data ends before its elements do", err);
		return NULL;
	}
	const uint8_t *mapped =
		v->store->look ? v->store->look(v->store, p, at, n) : NULL;
	if (mapped)
		return mapped;
	const bool here = w->piece == p && at >= w->start;
	if (here && at - w->start <= w->b.len && n <= w->b.len - (at - w->start))
		return w->b.p + (at - w->start);
	const bool onward = (here && at - w->start <= w->b.len) || at == 0;
	uint64_t start = at;
	size_t want = n;
	if (onward && want < v->window)
		want = p->size - at < v->window ? (size_t)(p->size - at) : v->window;
	else if (p->packed && w->piece == p && at < w->start)
		look_around(v, p, at, n, &start, &want);
	w->piece = NULL;
	if (buffer_reserve(&w->b, want ? want : 1, err) ||
	    v->store->read(v->store, p, start, w->b.p, want, err))
		return NULL;
	w->piece = p;
	w->start = start;
	w->b.len = want;
	return w->b.p + (at - start);
}

/* --- checksums --------------------------------------------------------------------- */

uint32_t piece_sum(const struct ckpt_piece *p, uint32_t sum, const void *data, size_t n)
{
	return p->has_crc32 ? crc32_of(sum, data, n) : crc32c(sum, data, n);
}

int piece_compare(struct values *v, const struct ckpt_piece *p, uint32_t computed,
		  struct ckpt_error *err)
{
	if (!CRC32C_COMPARED || !(p->has_crc32c || p->has_crc32) || p->crc == computed)
		return 0;
	if (p->has_crc32)
		return error_set_detail(err, DETAIL_CHECKSUM, CKPT_ECORRUPT,
					piece_file(v, p), (int64_t)p->offset,
					"CRC-32 of the array's %" PRIu64 " bytes is "
					"%08x, by the archive's it is %08x",
					p->size, computed, p->crc);
	return error_set_detail(
		err, DETAIL_CHECKSUM, CKPT_ECORRUPT, piece_file(v, p), (int64_t)p->offset,
		"checksum of the %" PRIu64 " bytes here is %08x, stored is %08x", p->size,
		computed, p->crc);
}

static int crc_of_bytes(struct values *v, const struct ckpt_piece *p, uint64_t from,
			uint64_t to, uint32_t *crc, struct ckpt_error *err)
{
	while (from < to) {
		const size_t n = to - from < v->window ? (size_t)(to - from) : v->window;
		const uint8_t *bytes = piece_fetch(v, &v->bytes, p, from, n, err);
		if (!bytes)
			return -1;
		*crc = piece_sum(p, *crc, bytes, n);
		from += n;
	}
	return 0;
}

int piece_length(struct values *v, const struct ckpt_piece *p, uint64_t *at,
		       uint64_t *length, struct ckpt_error *err)
{
	const size_t most = p->size - *at < 10 ? (size_t)(p->size - *at) : 10;
	const uint8_t *bytes = piece_fetch(v, &v->lengths, p, *at, most, err);
	if (!bytes)
		return -1;
	struct bytes b = bytes_of(bytes, most);
	if (!bytes_varint(&b, length))
		return piece_damaged(v, p, *at, "a string's length is cut short", err);
	*at += most - bytes_left(&b);
	return 0;
}

/* A length as it enters the checksum: u32, or u64 if it needs one, in
 * the file's order. */
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

/* The checksum of the lengths, which stands behind them. */
static int check_length_sum(struct values *v, const struct ckpt_piece *p, uint64_t at,
			    uint32_t *crc, struct ckpt_error *err)
{
	const uint8_t *sum = piece_fetch(v, &v->lengths, p, at, 4, err);
	if (!sum)
		return -1;
	if (CRC32C_COMPARED && stored_crc(sum, p->swap) != *crc)
		return error_set_detail(
			err, DETAIL_CHECKSUM, CKPT_ECORRUPT, piece_file(v, p),
			(int64_t)(p->offset + at),
			"checksum of the string lengths is %08x, stored is %08x", *crc,
			stored_crc(sum, p->swap));
	*crc = crc32c(*crc, sum, 4);
	return 0;
}

static int check_strings(struct values *v, const struct ckpt_piece *p,
			 struct ckpt_error *err)
{
	if (p->size == 0 && p->elements == 0)
		return piece_compare(v, p, 0, err);
	const bool bare = p->spelling == SPELL_STRINGS_BARE;
	uint64_t at = 0, total = 0;
	uint32_t crc = 0;
	for (uint64_t i = 0; i < p->elements; i++) {
		uint64_t length;
		if (piece_length(v, p, &at, &length, err))
			return -1;
		crc = crc_of_length(crc, length, p->swap, false);
		if (length > p->size || total > p->size - length)
			return piece_damaged(
				v, p, at, "the strings are longer than their data", err);
		total += length;
	}
	if (!bare && check_length_sum(v, p, at, &crc, err))
		return -1;
	at += bare ? 0 : 4;
	if (!bare && (crc_of_bytes(v, p, at, p->size, &crc, err) ||
		      piece_compare(v, p, crc, err)))
		return -1;
	if (total != p->size - at)
		return error_set(
			err, CKPT_ECORRUPT, piece_file(v, p), (int64_t)(p->offset + at),
			"the strings have %" PRIu64 " bytes, %" PRIu64 " are stored",
			total, p->size - at);
	return 0;
}

static int check_variants(struct values *v, const struct ckpt_piece *p,
			  struct ckpt_error *err)
{
	uint64_t at = 0, length;
	uint32_t crc = 0;
	for (uint64_t i = 0; i < p->elements; i++) {
		if (piece_length(v, p, &at, &length, err))
			return -1;
		if (length > p->size - at || p->size - at - length < 4)
			return piece_damaged(v, p, at,
					     "a variant is longer than its data", err);
		crc = crc_of_length(crc, length, p->swap, true);
		if (crc_of_bytes(v, p, at, at + length, &crc, err))
			return -1;
		at += length;
		const uint8_t *sum = piece_fetch(v, &v->bytes, p, at, 4, err);
		if (!sum)
			return -1;
		if (CRC32C_COMPARED && stored_crc(sum, p->swap) != crc)
			return error_set_detail(
				err, DETAIL_CHECKSUM, CKPT_ECORRUPT, piece_file(v, p),
				(int64_t)(p->offset + at),
				"checksum up to variant %" PRIu64 " is %08x, stored "
				"is %08x",
				i, crc, stored_crc(sum, p->swap));
		crc = crc32c(crc, sum, 4);
		at += 4;
	}
	if (at != p->size)
		return piece_damaged(v, p, at,
				     "more bytes are stored than the variants have", err);
	return piece_compare(v, p, crc, err);
}

/* --- checking ---------------------------------------------------------------------- */

int piece_check(struct values *v, uint32_t i, struct ckpt_error *err)
{
	const struct ckpt_piece *p = &v->tensor->pieces[i];
	uint32_t crc = 0;
	if (v->place[i].state == PLACE_GOOD)
		return 0;
	if (piece_is_tagged(p)) {
		if (tagged_check(v, p, err))
			return -1;
	} else if (p->spelling == SPELL_STRINGS || p->spelling == SPELL_STRINGS_BARE) {
		if (check_strings(v, p, err))
			return -1;
	} else if (p->spelling == SPELL_VARIANT) {
		if (check_variants(v, p, err))
			return -1;
	} else if (crc_of_bytes(v, p, 0, p->size, &crc, err) ||
		   piece_compare(v, p, crc, err) || array_check(v, p, err)) {
		return -1;
	}
	v->place[i].state = PLACE_GOOD;
	return 0;
}

