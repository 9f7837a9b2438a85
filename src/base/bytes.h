/* bytes.h — a bounded cursor: all bytes of a file pass through it.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Each function returns false, and leaves the cursor alone, if too little is left.
 */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bytes {
	const uint8_t *p, *end;
};

static inline struct bytes bytes_of(const void *p, size_t n)
{
	const uint8_t *q = p;
	return (struct bytes){ q, n ? q + n : q };
}

static inline size_t bytes_left(const struct bytes *b)
{
	return (size_t)(b->end - b->p);
}

static inline bool bytes_take(struct bytes *b, uint64_t n, struct bytes *out)
{
	if (n > bytes_left(b))
		return false;
	*out = (struct bytes){ b->p, b->p + n };
	b->p += n;
	return true;
}

static inline bool bytes_skip(struct bytes *b, uint64_t n)
{
	struct bytes skipped;
	return bytes_take(b, n, &skipped);
}

static inline uint32_t load_u32le(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline uint64_t load_u64le(const uint8_t *p)
{
	return load_u32le(p) | (uint64_t)load_u32le(p + 4) << 32;
}

static inline bool bytes_u32le(struct bytes *b, uint32_t *v)
{
	if (bytes_left(b) < 4)
		return false;
	*v = load_u32le(b->p);
	b->p += 4;
	return true;
}

static inline bool bytes_u64le(struct bytes *b, uint64_t *v)
{
	if (bytes_left(b) < 8)
		return false;
	*v = load_u64le(b->p);
	b->p += 8;
	return true;
}

/* Base-128, at most 10 bytes; a tenth byte above 1 does not fit into 64 bits. */
static inline bool bytes_varint(struct bytes *b, uint64_t *v)
{
	uint64_t value = 0;
	for (size_t i = 0; i < 10 && b->p + i < b->end; i++) {
		const uint8_t byte = b->p[i];
		if (i == 9 && byte > 1)
			return false;
		value |= (uint64_t)(byte & 0x7f) << (7 * i);
		if (byte < 0x80) {
			*v = value;
			b->p += i + 1;
			return true;
		}
	}
	return false;
}

static inline bool bytes_varint32(struct bytes *b, uint32_t *v)
{
	struct bytes at = *b;
	uint64_t wide;
	if (!bytes_varint(&at, &wide) || wide > UINT32_MAX || at.p - b->p > 5)
		return false;
	*v = (uint32_t)wide;
	*b = at;
	return true;
}

/* Plain unsigned byte order, a prefix before what it begins (tsl
 * StringPiece::compare). */
static inline int bytes_compare(const void *a, size_t a_len, const void *b, size_t b_len)
{
	const size_t n = a_len < b_len ? a_len : b_len;
	const int c = n ? memcmp(a, b, n) : 0;
	return c ? c : (a_len > b_len) - (a_len < b_len);
}

#endif
