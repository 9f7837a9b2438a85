/* record.c — record files (TFRecord): lengths, checksums, data, back to back.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "format/record.h"

#include <string.h>

#include "base/crc32c.h"
#include "base/error.h"

enum { HEADER = 12, FOOTER = 4, CHUNK = 64 << 10 };

struct records records_of(struct scan *s)
{
	return (struct records){ .scan = s };
}

static int mismatch(const struct records *r, uint64_t at, const char *of, uint32_t stored,
		    uint32_t computed, struct ckpt_error *err)
{
	return error_set_detail(
		err, DETAIL_CHECKSUM, CKPT_ECORRUPT, r->scan->source->path, (int64_t)at,
		"checksum mismatch of a record's %s: stored %08x, computed %08x", of,
		crc32c_unmask(stored), computed);
}

/* Data may be of any size: it is read in chunks. */
static int check_data(struct records *r, const struct record *record,
		      struct ckpt_error *err)
{
	uint32_t crc = 0;
	const uint8_t *p;
	for (uint64_t done = 0; done < record->n;) {
		const uint64_t left = record->n - done;
		const size_t n = left < CHUNK ? (size_t)left : CHUNK;
		if (!(p = scan_bytes(r->scan, record->at + done, n, err)))
			return -1;
		crc = crc32c(crc, p, n);
		done += n;
	}
	if (!(p = scan_bytes(r->scan, record->at + record->n, FOOTER, err)))
		return -1;
	const uint32_t stored = load_u32le(p);
	if (CRC32C_COMPARED && crc32c_unmask(stored) != crc)
		return mismatch(r, record->begin, "data", stored, crc, err);
	return 0;
}

/* Nothing but zeros to the end: the file was made longer, and the machine stopped before
 * what belongs there was written. */
static bool is_zeros(struct records *r)
{
	const uint64_t size = r->scan->source->size;
	for (uint64_t at = r->at; at < size; at += CHUNK) {
		const size_t n = size - at < CHUNK ? (size_t)(size - at) : CHUNK;
		const uint8_t *p = scan_bytes(r->scan, at, n, NULL);
		if (!p || *p || memcmp(p, p + 1, n - 1))
			return false;
	}
	return true;
}

int records_next(struct records *r, struct record *record, struct ckpt_error *err)
{
	const uint64_t size = r->scan->source->size;
	const uint64_t left = r->at < size ? size - r->at : 0;
	if (!left || r->torn || r->lost)
		return 0;
	r->torn = left < HEADER;
	if (r->torn)
		return 0;
	const uint8_t *p = scan_bytes(r->scan, r->at, HEADER, err);
	if (!p) {
		r->lost = true;
		return -1;
	}
	const uint64_t n = load_u64le(p);
	const uint32_t stored = load_u32le(p + 8), computed = crc32c(0, p, 8);
	if (CRC32C_COMPARED && crc32c_unmask(stored) != computed) {
		r->torn = !n && !stored && is_zeros(r);
		if (r->torn)
			return 0;
		r->lost = true;
		return mismatch(r, r->at, "length", stored, computed, err);
	}
	r->torn = left - HEADER < FOOTER || n > left - HEADER - FOOTER;
	if (r->torn)
		return 0;
	*record = (struct record){ r->at, r->at + HEADER, n };
	r->at += HEADER + n + FOOTER;
	return check_data(r, record, err) ? -1 : 1;
}
