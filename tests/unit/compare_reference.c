/* compare_reference.c — two arrays compared one element at a time, slowly and plainly.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "compare_reference.h"

#include <math.h>
#include <string.h>

__extension__ typedef __int128 integer;

struct value {
	bool whole;
	integer i;
	double re, im; /* of any kind */
};

static bool is_integer(const struct dtype *d)
{
	return d->kind == KIND_INT || d->kind == KIND_UINT || d->kind == KIND_BOOL;
}

static struct value value_of(const struct dtype *d, const uint8_t *p)
{
	struct value v = { .whole = is_integer(d) };
	if (d->kind == KIND_COMPLEX)
		dtype_complex(d, p, &v.re, &v.im);
	else if (d->kind == KIND_FLOAT)
		v.re = dtype_real(d, p);
	else if (d->kind == KIND_INT)
		v.i = dtype_int(d, p);
	else
		v.i = d->kind == KIND_BOOL ? dtype_uint(d, p) != 0 : dtype_uint(d, p);
	if (v.whole)
		v.re = (double)v.i;
	return v;
}

static bool is_nan(struct value v)
{
	return isnan(v.re) || isnan(v.im);
}

static bool is_inf(struct value v)
{
	return !is_nan(v) && (isinf(v.re) || isinf(v.im));
}

int reference_mantissa(const struct dtype *d)
{
	return d->size == 4 ? 23 : d->size == 8 ? 52 : d->mantissa_bits;
}

/* Patterns of a sign are in the order of their magnitudes. */
uint64_t reference_pattern(const struct dtype *d, double v)
{
	const float f = (float)v;
	uint32_t four;
	uint64_t low = 0, high;
	memcpy(&four, &f, 4);
	memcpy(&high, &v, 8);
	if (d->size == 8 || d->size == 4)
		return d->size == 8 ? high : four;
	const uint64_t sign = UINT64_C(1) << (d->bits - 1);
	for (high = sign; high - low > 1;) {
		const uint64_t middle = low + (high - low) / 2;
		if (dtype_real(d, &(uint16_t){ (uint16_t)middle }) <= fabs(v))
			low = middle;
		else
			high = middle;
	}
	return low | (signbit(v) && !(v == 0 && d->special == SPECIAL_FNUZ) ? sign : 0);
}

static integer place(const struct dtype *d, double v)
{
	const integer p = (integer)reference_pattern(d, fabs(v));
	return v < 0 ? -p : p;
}

static bool ulps(const struct dtype *a, const struct dtype *b, double x, double y,
		 uint64_t most)
{
	const struct dtype *d = a->kind != KIND_FLOAT				? b
				: b->kind != KIND_FLOAT				? a
				: reference_mantissa(b) < reference_mantissa(a) ? b
										: a;
	if (!most || real_rounded(d, x) != x || real_rounded(d, y) != y)
		return false;
	const integer apart = place(d, x) - place(d, y);
	return (apart < 0 ? -apart : apart) <= (integer)most;
}

static const struct dtype *part_of(const struct dtype *d)
{
	return d->kind != KIND_COMPLEX
		       ? d
		       : dtype_of(d->size == 8 ? CKPT_FLOAT32 : CKPT_FLOAT64);
}

/* Exactly, also where an integer is no double. */
static bool same_number(struct value x, struct value y)
{
	if (x.whole && y.whole)
		return x.i == y.i;
	if (!x.whole && !y.whole)
		return x.re == y.re && x.im == y.im;
	const integer i = x.whole ? x.i : y.i;
	const double f = x.whole ? y.re : x.re;
	return fabs(f) < 0x1p70 && f == floor(f) && (integer)f == i;
}

static double size_of(struct value x, struct value y)
{
	if (x.whole && y.whole)
		return fabs((double)(y.i - x.i));
	const double f = x.whole ? y.re : x.re;
	if (x.whole != y.whole && fabs(f) < 0x1p100 && f == floor(f))
		return fabs((double)((integer)f - (x.whole ? x.i : y.i)));
	return y.im == x.im ? fabs(y.re - x.re) : hypot(y.re - x.re, y.im - x.im);
}

static bool rounds_to(double v, const struct dtype *d, double x)
{
	const double r = real_rounded(d, x);
	return r == v || (isnan(r) && isnan(v));
}

static bool near(const struct comparing *how, struct value x, struct value y)
{
	const struct tolerance *t = &how->tolerance;
	const double larger = fmax(hypot(x.re, x.im), hypot(y.re, y.im));
	const double bound =
		fmax(t->atol, t->rtol * fmin(larger, 0x1.fffffffffffffp1023));
	if (!t->ulp && !(t->atol > 0) && !(t->rtol > 0))
		return false;
	if (x.whole && y.whole) {
		const integer apart = x.i > y.i ? x.i - y.i : y.i - x.i;
		return apart <= (integer)t->ulp || bound > 0x1p70 ||
		       apart <= (integer)floor(bound);
	}
	if (size_of(x, y) <= bound)
		return true;
	if ((x.whole && (integer)x.re != x.i) || (y.whole && (integer)y.re != y.i))
		return false;
	const struct dtype *a = part_of(how->a), *b = part_of(how->b);
	return ulps(a, b, x.re, y.re, t->ulp) &&
	       (how->a->kind != KIND_COMPLEX || ulps(a, b, x.im, y.im, t->ulp));
}

static void count_finite(struct reference *r, struct value x, struct value y,
			 const struct comparing *how, const uint8_t *a, const uint8_t *b,
			 uint64_t i)
{
	struct comparison *c = &r->c;
	const double size = size_of(x, y);
	const long double re = (long double)y.re - (long double)x.re;
	const long double im = (long double)y.im - (long double)x.im;
	const bool whole = x.whole && y.whole;
	const integer apart = !whole ? 0 : x.i > y.i ? x.i - y.i : y.i - x.i;
	const uint64_t exact = apart >> 64 ? UINT64_MAX : (uint64_t)apart;
	c->finite++;
	c->sign_flips += how->a->kind != KIND_COMPLEX &&
			 ((x.re < 0 && y.re > 0) || (x.re > 0 && y.re < 0));
	if (c->max_index == UINT64_MAX || size > c->max_abs ||
	    (size == c->max_abs && exact > c->max_abs_int)) {
		c->max_abs = size;
		c->max_abs_int = exact;
		c->max_index = i;
		memcpy(c->max_a, a, how->a->size);
		memcpy(c->max_b, b, how->b->size);
	}
	r->abs_delta += x.whole || y.whole ? (long double)size : hypotl(re, im);
	r->delta2 += x.whole || y.whole ? (long double)size * (long double)size
					: re * re + im * im;
	r->a2 += (long double)x.re * x.re + (long double)x.im * x.im;
	r->b2 += (long double)y.re * y.re + (long double)y.im * y.im;
	r->ab += (long double)x.re * y.re + (long double)x.im * y.im;
}

static void count_other(struct comparison *c, struct value x, struct value y)
{
	c->zeros_a += x.re == 0 && x.im == 0;
	c->zeros_b += y.re == 0 && y.im == 0;
	c->nan_a += is_nan(x);
	c->nan_b += is_nan(y);
	c->inf_a += is_inf(x);
	c->inf_b += is_inf(y);
	c->nan_appeared += is_nan(y) && !is_nan(x);
	c->nan_vanished += is_nan(x) && !is_nan(y);
	c->inf_appeared += is_inf(y) && !is_inf(x);
	c->inf_vanished += is_inf(x) && !is_inf(y);
}

static void compare_one(struct reference *r, const struct comparing *how,
			const uint8_t *a, const uint8_t *b, uint64_t i)
{
	struct comparison *c = &r->c;
	const struct value x = value_of(how->a, a), y = value_of(how->b, b);
	const bool alike = how->a == how->b && !memcmp(a, b, how->a->size);
	const bool finite = !is_nan(x) && !is_inf(x) && !is_nan(y) && !is_inf(y);
	const bool same =
		same_number(x, y) || (is_nan(x) && is_nan(y) &&
				      (how->tolerance.nan == NAN_EQUAL ||
				       (how->tolerance.nan == NAN_BITWISE && alike)));
	c->elements++;
	c->bits += !alike;
	c->changed += !same;
	c->beyond += !same && !(finite && near(how, x, y));
	if (!same && c->first_changed == UINT64_MAX)
		c->first_changed = i;
	if (is_nan(y) && !is_nan(x) && c->first_nan_appeared == UINT64_MAX)
		c->first_nan_appeared = i;
	count_other(c, x, y);
	if (finite)
		count_finite(r, x, y, how, a, b, i);
	if (how->a != how->b && !same_number(x, y) && !(is_nan(x) && is_nan(y))) {
		const struct dtype *da = part_of(how->a), *db = part_of(how->b);
		c->unrounded_a += y.whole || !rounds_to(y.re, db, x.re) ||
				  !rounds_to(y.im, db, x.im);
		c->unrounded_b += x.whole || !rounds_to(x.re, da, y.re) ||
				  !rounds_to(x.im, da, y.im);
	}
}

void reference_compare(struct reference *r, const struct comparing *how, const uint8_t *a,
		       const uint8_t *b, size_t n)
{
	memset(r, 0, sizeof *r);
	comparison_begin(&r->c);
	for (size_t i = 0; i < n; i++)
		compare_one(r, how, a + i * how->a->size, b + i * how->b->size, i);
}
