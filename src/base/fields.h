/* fields.h — the protobuf fields of a file, in windows: messages of any size.
 * SPDX-License-Identifier: Apache-2.0
 *
 * wire.h walks bytes in memory; this walks a range of a file. What a field holds is only
 * located, so that a message of gigabytes costs a window.
 *
 *	struct fields fields = fields_of(&scan, at, n);
 *	struct field f;
 *	while ((r = fields_next(&fields, &f, err)) > 0)
 *		if (f.number == 1 && f.type == WIRE_LEN)
 *			name = scan_copy(&scan, arena, f.at, f.n, err);
 */
#ifndef BASE_FIELDS_H
#define BASE_FIELDS_H

#include "base/arena.h"
#include "base/source.h"
#include "base/wire.h"

/* A window on a file; what stands in it is read once. */
struct scan {
	struct source *source;
	struct buffer b;
	uint64_t start; /* of the bytes in b */
};

/* limit: the most bytes that scan_bytes() may be asked for. */
void scan_init(struct scan *s, struct source *source, uint64_t limit);
void scan_drop(struct scan *s);
/* n bytes of the file, until the next call with the same scan. */
const uint8_t *scan_bytes(struct scan *s, uint64_t at, size_t n, struct ckpt_error *err);
/* A NUL-terminated copy of them. */
char *scan_copy(struct scan *s, struct arena *a, uint64_t at, uint64_t n,
		struct ckpt_error *err);

struct field {
	uint32_t number;
	enum wire_type type; /* groups are skipped, never returned */
	uint64_t value;	     /* VARINT, I64, I32 */
	uint64_t begin;	     /* of the tag, in the file */
	uint64_t at, n;	     /* LEN: of what it holds; else of the value */
};

/* A cursor: a copy of it goes its own way. */
struct fields {
	struct scan *scan;
	uint64_t at, end;
};

struct fields fields_of(struct scan *s, uint64_t at, uint64_t n);
/* 1: a field was read; 0: the end; -1: ECORRUPT with file and offset, or EIO. */
int fields_next(struct fields *fields, struct field *f, struct ckpt_error *err);

#endif
