/* slicekey.c — the keys under which slices are stored.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A signed number takes as many leading one bits (for negative numbers: zero bits) as
 * it has bytes; the rest is two's complement, big-endian: n bytes hold -2^(7n-1) …
 * 2^(7n-1)-1.
 */
#include "config.h"

#include "format/slicekey.h"

#include "model/slice.h"

static size_t encode_unsigned(uint8_t *to, uint64_t v)
{
	size_t n = 0;
	for (uint64_t rest = v; rest; rest >>= 8)
		n++;
	to[0] = (uint8_t)n;
	for (size_t i = 0; i < n; i++)
		to[1 + i] = (uint8_t)(v >> (8 * (n - 1 - i)));
	return n + 1;
}

static size_t encode_signed(uint8_t *to, int64_t v)
{
	const uint64_t magnitude = v < 0 ? ~(uint64_t)v : (uint64_t)v;
	size_t n = 1;
	while (n < 10 && magnitude >> (7 * n - 1 < 63 ? 7 * n - 1 : 63))
		n++;
	for (size_t i = 0; i < n; i++) {
		const size_t shift = 8 * (n - 1 - i);
		to[i] = shift < 64 ? (uint8_t)((uint64_t)v >> shift) : v < 0 ? 0xff : 0;
	}
	/* n header bits, inverted against the sign. */
	to[0] ^= (uint8_t)(n >= 8 ? 0xff : 0xff << (8 - n));
	if (n > 8)
		to[1] ^= (uint8_t)(0xff << (16 - n));
	return n;
}

int slicekey_encode(struct buffer *to, const char *name, size_t name_len, int rank,
		    const int64_t *start, const int64_t *length, struct ckpt_error *err)
{
	uint8_t code[24];
	if (buffer_append(to, "\0", 1, err))
		return -1;
	for (size_t i = 0; i < name_len; i++) {
		const uint8_t c = (uint8_t)name[i];
		const char *escaped = c == 0 ? "\x00\xff" : c == 0xff ? "\xff\x00" : NULL;
		if (buffer_append(to, escaped ? escaped : name + i, escaped ? 2 : 1, err))
			return -1;
	}
	if (buffer_append(to, "\x00\x01", 2, err) ||
	    buffer_append(to, code, encode_unsigned(code, (uint64_t)rank), err))
		return -1;
	for (int i = 0; i < rank; i++) {
		size_t n = encode_signed(code, start[i]);
		n += encode_signed(code + n, length[i]);
		if (buffer_append(to, code, n, err))
			return -1;
	}
	return 0;
}

static bool decode_name(struct bytes *key, struct buffer *name)
{
	name->len = 0;
	while (bytes_left(key)) {
		const uint8_t c = *key->p++;
		uint8_t out = c;
		if (c == 0 || c == 0xff) {
			if (!bytes_left(key))
				return false;
			const uint8_t next = *key->p++;
			if (c == 0 && next == 1)
				return true;
			if (next != (c ? 0x00 : 0xff))
				return false;
		}
		if (buffer_append(name, &out, 1, NULL))
			return false;
	}
	return false;
}

static bool decode_unsigned(struct bytes *key, uint64_t *v)
{
	struct bytes digits;
	*v = 0;
	if (!bytes_left(key) || *key->p > 8 || !bytes_take(key, 1u + *key->p, &digits))
		return false;
	for (const uint8_t *p = digits.p + 1; p < digits.end; p++)
		*v = *v << 8 | *p;
	return true;
}

static bool decode_signed(struct bytes *key, int64_t *v)
{
	if (!bytes_left(key))
		return false;
	const bool negative = !(key->p[0] & 0x80);
	const uint8_t flip = negative ? 0xff : 0;
	size_t n = 0;
	while (n < 10 && n / 8 < bytes_left(key) &&
	       (key->p[n / 8] ^ flip) & (0x80u >> (n % 8)))
		n++;
	struct bytes code;
	if (n == 0 || n > 10 || !bytes_take(key, n, &code))
		return false;
	uint64_t value = negative ? UINT64_MAX : 0;
	for (size_t i = 0; i < n; i++) {
		uint8_t byte = code.p[i];
		/* The header bits become copies of the sign again. */
		if (i == 0)
			byte ^= (uint8_t)(n >= 8 ? 0xff : 0xff << (8 - n));
		else if (i == 1 && n > 8)
			byte ^= (uint8_t)(0xff << (16 - n));
		value = value << 8 | byte;
	}
	*v = (int64_t)value;
	return true;
}

bool slicekey_decode(struct bytes key, struct buffer *name, int *rank, int64_t *start,
		     int64_t *length)
{
	uint64_t n;
	if (!bytes_left(&key) || *key.p != 0)
		return false;
	key.p++;
	if (!decode_name(&key, name) || !decode_unsigned(&key, &n) || n > MAX_RANK)
		return false;
	*rank = (int)n;
	for (int i = 0; i < *rank; i++)
		if (!decode_signed(&key, &start[i]) || !decode_signed(&key, &length[i]))
			return false;
	return bytes_left(&key) == 0;
}
