/* fingerprint.c — FarmHash's Fingerprint64, by which a SavedModel knows its checkpoint.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The hash that FarmHash calls "na": inputs up to 64 bytes are mixed at once, by length
 * class; longer ones run through a state of seven words, 64 bytes a step, and the last 64
 * bytes (overlapping, if need be) end it.
 */
#include "config.h"

#include "base/fingerprint.h"

#include "base/bytes.h"

static const uint64_t k0 = UINT64_C(0xc3a5c85c97cb3127),
		      k1 = UINT64_C(0xb492b66fbe98f273),
		      k2 = UINT64_C(0x9ae16a3b2f90404f);

static uint64_t rotate(uint64_t v, int right)
{
	return v >> right | v << (64 - right);
}

static uint64_t shift_mix(uint64_t v)
{
	return v ^ v >> 47;
}

static uint64_t mix(uint64_t u, uint64_t v, uint64_t mul)
{
	const uint64_t a = shift_mix((u ^ v) * mul);
	return shift_mix((v ^ a) * mul) * mul;
}

static uint64_t hash_to_16(const uint8_t *p, size_t n)
{
	const uint64_t mul = k2 + n * 2;
	if (n >= 8) {
		const uint64_t a = load_u64le(p) + k2, b = load_u64le(p + n - 8);
		return mix(rotate(b, 37) * mul + a, (rotate(a, 25) + b) * mul, mul);
	}
	if (n >= 4)
		return mix(n + ((uint64_t)load_u32le(p) << 3), load_u32le(p + n - 4),
			   mul);
	if (n == 0)
		return k2;
	const uint32_t y = p[0] + ((uint32_t)p[n >> 1] << 8);
	const uint32_t z = (uint32_t)n + ((uint32_t)p[n - 1] << 2);
	return shift_mix(y * k2 ^ z * k0) * k2;
}

static uint64_t hash_to_32(const uint8_t *p, size_t n)
{
	const uint64_t mul = k2 + n * 2;
	const uint64_t a = load_u64le(p) * k1, b = load_u64le(p + 8);
	const uint64_t c = load_u64le(p + n - 8) * mul, d = load_u64le(p + n - 16) * k2;
	return mix(rotate(a + b, 43) + rotate(c, 30) + d, a + rotate(b + k2, 18) + c,
		   mul);
}

static uint64_t hash_to_64(const uint8_t *p, size_t n)
{
	const uint64_t mul = k2 + n * 2;
	const uint64_t a = load_u64le(p) * k2, b = load_u64le(p + 8);
	const uint64_t c = load_u64le(p + n - 8) * mul, d = load_u64le(p + n - 16) * k2;
	const uint64_t y = rotate(a + b, 43) + rotate(c, 30) + d;
	const uint64_t z = mix(y, a + rotate(b + k2, 18) + c, mul);
	const uint64_t e = load_u64le(p + 16) * mul, f = load_u64le(p + 24);
	const uint64_t g = (y + load_u64le(p + n - 32)) * mul;
	const uint64_t h = (z + load_u64le(p + n - 24)) * mul;
	return mix(rotate(e + f, 43) + rotate(g, 30) + h, e + rotate(f + a, 18) + g, mul);
}

struct pair {
	uint64_t first, second;
};

/* 32 bytes into two seeds. */
static struct pair weak(const uint8_t *p, uint64_t a, uint64_t b)
{
	const uint64_t z = load_u64le(p + 24);
	a += load_u64le(p);
	b = rotate(b + a + z, 21);
	const uint64_t c = a;
	a += load_u64le(p + 8) + load_u64le(p + 16);
	b += rotate(a, 44);
	return (struct pair){ a + z, b + c };
}

/* The state between steps. */
struct state {
	uint64_t x, y, z;
	struct pair v, w;
};

/* One step over 64 bytes; the last one uses other multipliers. */
static void step(struct state *s, const uint8_t *p, uint64_t mul, uint64_t nine)
{
	s->x = rotate(s->x + s->y + s->v.first + load_u64le(p + 8), 37) * mul;
	s->y = rotate(s->y + s->v.second + load_u64le(p + 48), 42) * mul;
	s->x ^= s->w.second * nine;
	s->y += s->v.first * nine + load_u64le(p + 40);
	s->z = rotate(s->z + s->w.first, 33) * mul;
	s->v = weak(p, s->v.second * mul, s->x + s->w.first);
	s->w = weak(p + 32, s->z + s->w.second, s->y + load_u64le(p + 16));
	const uint64_t z = s->z;
	s->z = s->x;
	s->x = z;
}

uint64_t fingerprint64(const void *data, size_t n)
{
	enum { SEED = 81 };
	const uint8_t *p = data;
	if (n <= 64)
		return n <= 16	 ? hash_to_16(p, n)
		       : n <= 32 ? hash_to_32(p, n)
				 : hash_to_64(p, n);
	struct state s = { .y = SEED * k1 + 113 };
	s.x = SEED * k2 + load_u64le(p);
	s.z = shift_mix(s.y * k2 + 113) * k2;
	const uint8_t *end = p + (n - 1) / 64 * 64, *last = p + n - 64;
	for (; p < end; p += 64)
		step(&s, p, k1, 1);
	const uint64_t mul = k1 + ((s.z & 0xff) << 1);
	s.w.first += (n - 1) & 63;
	s.v.first += s.w.first;
	s.w.first += s.v.first;
	step(&s, last, mul, 9);
	return mix(mix(s.v.first, s.w.first, mul) + shift_mix(s.y) * k0 + s.z,
		   mix(s.v.second, s.w.second, mul) + s.x, mul);
}
