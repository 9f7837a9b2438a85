/* cast.c — elements of one dtype as those of another.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Reals go by way of doubles, which hold every real dtype, a block at a time. bfloat16 is
 * the upper half of a float32: made into one it keeps even the bits of a NaN. The way
 * back, which is the commonest cast, is short as well.
 */
#include "config.h"

#include "model/cast.h"

#include <math.h>
#include <string.h>

#include "model/reals.h"

static bool whole_number(const struct dtype *d)
{
	return d->kind == KIND_INT || d->kind == KIND_UINT;
}

bool cast_applies(const struct dtype *from, const struct dtype *to)
{
	return whole_number(from)
		       ? whole_number(to)
		       : from->kind == to->kind &&
				 (from->kind == KIND_FLOAT || from->kind == KIND_COMPLEX);
}

/* The bits of a number that d holds as it is. */
static unsigned small_bits(const struct dtype *d, double v)
{
	const unsigned sign = (unsigned)(signbit(v) != 0) << (d->bits - 1);
	const unsigned top = (1u << d->exponent_bits) - 1;
	const unsigned all = (1u << d->mantissa_bits) - 1;
	const double a = fabs(v);
	int e;
	if (isnan(v))
		return d->special == SPECIAL_FNUZ ? 1u << (d->bits - 1)
		       : d->special == SPECIAL_FN
			       ? sign | top << d->mantissa_bits | all
			       : sign | top << d->mantissa_bits | (all + 1) >> 1;
	if (isinf(v))
		return sign | top << d->mantissa_bits;
	if (a == 0)
		return sign;
	const double m = frexp(a, &e);
	const int exponent = e - 1 + d->bias;
	if (exponent < 1)
		return sign | (unsigned)ldexp(a, d->bias - 1 + d->mantissa_bits);
	return sign | (unsigned)exponent << d->mantissa_bits |
	       (unsigned)ldexp(2 * m - 1, d->mantissa_bits);
}

static void put_reals(const struct dtype *to, const double *in, size_t n, uint8_t *out)
{
	for (size_t i = 0; i < n; i++, out += to->size) {
		const float f = (float)in[i];
		if (to->size == 8) {
			memcpy(out, &in[i], 8);
		} else if (to->size == 4) {
			memcpy(out, &f, 4);
		} else {
			const unsigned bits = small_bits(to, real_rounded(to, in[i]));
			const uint8_t byte = (uint8_t)bits;
			const uint16_t two = (uint16_t)bits;
			memcpy(out, to->size == 1 ? (const void *)&byte : &two, to->size);
		}
	}
}

static void widen_bfloat16(const uint8_t *in, size_t n, uint8_t *out)
{
	for (size_t i = 0; i < n; i++) {
		uint16_t half;
		memcpy(&half, in + 2 * i, 2);
		const uint32_t bits = (uint32_t)half << 16;
		memcpy(out + 4 * i, &bits, 4);
	}
}

/* The nearest upper half, ties to even: what real_rounded() gives. */
static void narrow_float32(const uint8_t *in, size_t n, uint8_t *out)
{
	for (size_t i = 0; i < n; i++) {
		uint32_t bits;
		memcpy(&bits, in + 4 * i, 4);
		const bool nan = (bits & INT32_MAX) > 0x7f800000;
		const uint32_t rounded = bits + 0x7fff + (bits >> 16 & 1);
		const uint16_t half = nan ? (uint16_t)(bits >> 31 << 15 | 0x7fc0)
					  : (uint16_t)(rounded >> 16);
		memcpy(out + 2 * i, &half, 2);
	}
}

/* Complex numbers are pairs of reals. */
static void cast_reals(const struct dtype *from, const struct dtype *to,
		       const uint8_t *in, size_t n, uint8_t *out)
{
	double block[BLOCK];
	if (from == dtype_of(CKPT_BFLOAT16) && to->size == 4) {
		widen_bfloat16(in, n, out);
		return;
	}
	if (from == dtype_of(CKPT_FLOAT32) && to == dtype_of(CKPT_BFLOAT16)) {
		narrow_float32(in, n, out);
		return;
	}
	while (n) {
		const size_t part = n < BLOCK ? n : BLOCK;
		reals_of(from, in, part, block);
		put_reals(to, block, part, out);
		in += part * from->size;
		out += part * to->size;
		n -= part;
	}
}

/* False if the dtype cannot hold it. */
static bool put_signed(const struct dtype *to, int64_t v, uint8_t *out)
{
	const uint64_t bits = (uint64_t)v;
	uint8_t b[8];
	for (int i = 0; i < 8; i++) {
		const int shift = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
					  ? 8 * i
					  : 8 * (to->size - 1 - i);
		b[i] = shift < 0 ? 0 : (uint8_t)(bits >> shift);
	}
	memcpy(out, b, to->size);
	return to->kind == KIND_INT ? dtype_int(to, out) == v
				    : v >= 0 && dtype_uint(to, out) == bits;
}

static size_t cast_whole(const struct dtype *from, const struct dtype *to,
			 const uint8_t *in, size_t n, uint8_t *out)
{
	for (size_t i = 0; i < n; i++, in += from->size, out += to->size) {
		const uint64_t u = from->kind == KIND_INT ? 0 : dtype_uint(from, in);
		const int64_t v =
			from->kind == KIND_INT ? dtype_int(from, in) : (int64_t)u;
		if (u > INT64_MAX) {
			if (to->kind != KIND_UINT || to->size != 8)
				return i;
			memcpy(out, &u, 8);
		} else if (!put_signed(to, v, out)) {
			return i;
		}
	}
	return n;
}

size_t cast_elements(const struct dtype *from, const struct dtype *to, const void *in,
		     size_t n, void *out)
{
	if (whole_number(from))
		return cast_whole(from, to, in, n, out);
	if (from->kind != KIND_COMPLEX) {
		cast_reals(from, to, in, n, out);
		return n;
	}
	const struct dtype *parts[2] = { dtype_of(CKPT_FLOAT32), dtype_of(CKPT_FLOAT64) };
	cast_reals(parts[from->size == 16], parts[to->size == 16], in, 2 * n, out);
	return n;
}
