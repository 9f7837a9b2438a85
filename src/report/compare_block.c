/* compare_block.c — what the ways to compare a block share: sums, tolerance, casts.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "report/compare_block.h"

#include <math.h>
#include <string.h>

#include "model/vectors.h"

const struct scales unscaled = { 1, 1, 1, 1, 0, 0, 0 };

double lanes_max(const double lanes[LANES])
{
	double most = lanes[0];
	for (int i = 1; i < LANES; i++)
		most = lanes[i] > most ? lanes[i] : most;
	return most;
}

/* A sum of squares from here on has lost nothing that matters: what underflowed in it is
 * below a part in 2^200. */
static bool holds(double square, bool zeros)
{
	return isfinite(square) && (zeros || square >= 0x1p-800);
}

bool sums_hold(const struct sums *s, bool zeros_a, bool zeros_b)
{
	return holds(lanes_sum(s->a2), zeros_a) && holds(lanes_sum(s->b2), zeros_b) &&
	       holds(lanes_sum(s->delta2), lanes_max(s->max_delta) == 0);
}

/* The exponent of the largest number; 2 to the negative of it is a double. */
static int exponent_of(double largest)
{
	const int e = largest > 0 ? ilogb(largest) : 0;
	return e > 1000 ? 1000 : e < -1000 ? -1000 : e;
}

struct scales sums_scales(const struct sums *s)
{
	struct scales by = unscaled;
	double most = lanes_max(s->max_delta);
	const bool over = isinf(most);
	if (over)
		most = 0x1p1023;
	by.a_exponent = exponent_of(lanes_max(s->max_a));
	by.b_exponent = exponent_of(lanes_max(s->max_b));
	by.delta_exponent = exponent_of(most);
	by.a = ldexp(1, -by.a_exponent);
	by.b = ldexp(1, -by.b_exponent);
	by.half = over ? 0.5 : 1;
	by.delta = ldexp(1, -by.delta_exponent);
	by.delta_exponent += over;
	return by;
}

static struct wide fold(const double lanes[LANES], int exponent)
{
	const struct wide none = { 0, 0 };
	return wide_add(none, (struct wide){ lanes_sum(lanes), exponent });
}

void sums_fold(const struct sums *s, const struct scales *by, struct comparison *c)
{
	c->abs_delta = fold(s->abs_delta, by->delta_exponent);
	c->delta2 = fold(s->delta2, 2 * by->delta_exponent);
	c->a2 = fold(s->a2, 2 * by->a_exponent);
	c->b2 = fold(s->b2, 2 * by->b_exponent);
	c->ab = fold(s->ab, by->a_exponent + by->b_exponent);
}

bool tolerance_some(const struct tolerance *t)
{
	return t->atol > 0 || t->rtol > 0 || t->ulp;
}

double tolerance_bound(const struct tolerance *t, double larger)
{
	const double relative = t->rtol * larger;
	return relative > t->atol ? relative : t->atol;
}

bool same_nan(const struct comparing *how, const uint8_t *a, const uint8_t *b)
{
	if (how->tolerance.nan == NAN_BITWISE)
		return how->a == how->b && !memcmp(a, b, how->a->size);
	return how->tolerance.nan == NAN_EQUAL;
}

bool unrounded(const struct dtype *d, double x, double v)
{
	if (v == x)
		return false;
	if (d->kind != KIND_FLOAT)
		return true;
	const double r = real_rounded(d, x);
	return !(v == r || (isnan(v) && isnan(r)));
}

static int mantissa_bits(const struct dtype *d)
{
	return d->size == 4 ? 23 : d->size == 8 ? 52 : d->mantissa_bits;
}

/* Which of d's numbers from 0 upwards |v| is; v is one of them. */
static uint64_t steps(const struct dtype *d, double v)
{
	const int width = mantissa_bits(d), least = d->size == 4 ? -126 : 1 - d->bias;
	uint64_t bits;
	memcpy(&bits, &v, sizeof bits);
	bits &= INT64_MAX;
	if (d->size == 8 || !bits)
		return bits;
	const int exponent = (int)(bits >> 52) - 1023;
	const int scale = exponent < least ? least : exponent;
	const uint64_t one = UINT64_C(1) << 52;
	const uint64_t digits =
		((bits & (one - 1)) | one) >> (52 - width + scale - exponent);
	/* Subnormals have the steps of the smallest normal numbers; those have one digit
	 * more, which counts as the exponent's first step. */
	return ((uint64_t)(scale - least) << width) + digits;
}

bool within_ulp(const struct comparing *how, double x, double y)
{
	const struct dtype *d = how->a;
	if (d->kind != KIND_FLOAT ||
	    (how->b->kind == KIND_FLOAT && mantissa_bits(how->b) < mantissa_bits(d)))
		d = how->b;
	if (how->a != how->b && (real_rounded(d, x) != x || real_rounded(d, y) != y))
		return false;
	const uint64_t p = steps(d, x), q = steps(d, y);
	const uint64_t apart = (x < 0) != (y < 0) ? p + q : p > q ? p - q : q - p;
	return apart <= how->tolerance.ulp;
}
