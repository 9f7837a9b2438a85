/* compare_reals.c — a block's pairs that doubles hold as they are, by vectors.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A block becomes doubles a part at a time, so that they stay in the first cache. Sums
 * are first taken as if all numbers were ordinary; if they show that some are not, they
 * are taken again with care. Bits, zeros and signs are counted in the stored elements,
 * of which a register holds more. Indices are looked for only where there is something
 * to find.
 */
#include "config.h"

#include "report/compare_block.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* What there is to count where infinity and NaN are among the numbers. */
struct special {
	uint64_t finite, same, flips;
	uint64_t nan_a, nan_b, nan_both, inf_a, inf_b, inf_both;
};

struct bit_counts {
	uint64_t differ, zeros_a, zeros_b, same, flips;
};

#define VECTOR_KERNEL "report/compare_kernel.h"
#include "model/vectors.h"

enum { PART = 1024, REGISTER = 64 };

typedef size_t (*count_bits_fn)(const uint8_t *a, const uint8_t *b, size_t n,
				uint64_t magnitude, uint64_t sign, struct bit_counts *c);

typedef void (*add_sums_fn)(const void *a, const void *b, size_t n, struct sums *s);
typedef void (*add_squares_fn)(const void *a, size_t n, double *a2, int64_t *zeros);

static const add_sums_fn add_sums[] = VECTOR_TABLE(add_sums);
static const add_sums_fn add_float_sums[] = VECTOR_TABLE(add_float_sums);
static const add_sums_fn add_bfloat_sums[] = VECTOR_TABLE(add_bfloat_sums);
static const add_squares_fn add_squares[] = VECTOR_TABLE(add_squares);
static const add_squares_fn add_float_squares[] = VECTOR_TABLE(add_float_squares);
static const add_squares_fn add_bfloat_squares[] = VECTOR_TABLE(add_bfloat_squares);
static void (*const add_scaled[])(const double *, const double *, size_t,
				  const struct scales *,
				  struct sums *) = VECTOR_TABLE(add_scaled);
static void (*const count_special[])(const double *, const double *, size_t,
				     struct special *) = VECTOR_TABLE(count_special);
static size_t (*const count_near[])(const double *, const double *, size_t, double,
				    double) = VECTOR_TABLE(count_near);
static const count_bits_fn count_bits8[] = VECTOR_TABLE(count_bits8);
static const count_bits_fn count_bits16[] = VECTOR_TABLE(count_bits16);
static const count_bits_fn count_bits32[] = VECTOR_TABLE(count_bits32);
static const count_bits_fn count_bits64[] = VECTOR_TABLE(count_bits64);

/* A part of a block as doubles, padded with zeros to a multiple of LANES. */
struct part {
	_Alignas(REGISTER) double x[PART], y[PART];
	size_t start, n, padded;
};

static size_t pad(double *x, size_t n)
{
	for (; n % LANES; n++)
		x[n] = 0;
	return n;
}

/* The part behind this one; the first one behind a part of { .n = 0, .start = 0 }. */
static bool next_part(const struct pairs *p, struct part *t)
{
	const struct dtype *a = p->how->a, *b = p->how->b;
	t->start += t->n;
	t->n = p->n - t->start < PART ? p->n - t->start : PART;
	reals_of(a, p->a + t->start * a->size, t->n, t->x);
	reals_of(b, p->b + t->start * b->size, t->n, t->y);
	pad(t->y, t->n);
	t->padded = pad(t->x, t->n);
	return t->n > 0;
}

/* Booleans are the same by what they say, not by their bits, and two dtypes have no bits
 * in common: these are counted as doubles. */
static bool stored_alike(const struct comparing *how)
{
	return how->a == how->b && how->a->kind != KIND_BOOL;
}

static const count_bits_fn *counter(size_t size)
{
	return size == 1   ? count_bits8
	       : size == 2 ? count_bits16
	       : size == 4 ? count_bits32
			   : count_bits64;
}

/* n <= PART elements. */
static void count_some(const uint8_t *a, const uint8_t *b, size_t n, size_t size,
		       uint64_t magnitude, uint64_t sign, struct bit_counts *c)
{
	const count_bits_fn count = counter(size)[vectors_chosen()];
	const size_t done = count(a, b, n, magnitude, sign, c), rest = n - done;
	if (!rest)
		return;
	uint8_t last_a[REGISTER] = { 0 }, last_b[REGISTER] = { 0 };
	memcpy(last_a, a + done * size, rest * size);
	memcpy(last_b, b + done * size, rest * size);
	count(last_a, last_b, REGISTER / size, magnitude, sign, c);
	const size_t none = REGISTER / size - rest;
	c->zeros_a -= none;
	c->zeros_b -= none;
	c->same -= none;
}

/* n <= PART of the pairs, from the one at start. */
static struct pairs slice(const struct pairs *p, size_t start)
{
	struct pairs q = *p;
	q.a += start * p->how->a->size;
	q.b += start * p->how->b->size;
	q.n = p->n - start < PART ? p->n - start : PART;
	return q;
}

static void count_stored(const struct pairs *p, struct bit_counts *c)
{
	const struct dtype *d = p->how->a;
	const unsigned width = d->bits ? d->bits : 8u * d->size;
	const uint64_t top = UINT64_C(1) << (width - 1);
	const bool plain = d->kind == KIND_FLOAT && d->special != SPECIAL_FNUZ;
	count_some(p->a, p->b, p->n, d->size, plain ? top - 1 : top | (top - 1),
		   d->kind == KIND_UINT ? 0 : top, c);
}

/* The counts of a part's doubles; differ is not what it is of the stored elements. */
static void count_reals(const struct part *t, struct bit_counts *c)
{
	count_some((const uint8_t *)t->x, (const uint8_t *)t->y, t->n, sizeof *t->x,
		   INT64_MAX, (uint64_t)1 << 63, c);
}

static uint64_t bytes_differ(const struct pairs *p)
{
	struct bit_counts c = { 0 };
	if (p->how->a != p->how->b)
		return p->n;
	for (size_t i = 0; i < p->n; i += PART)
		count_some(p->a + i, p->b + i, p->n - i < PART ? p->n - i : PART, 1,
			   UINT8_MAX, 0, &c);
	return c.differ;
}

static uint64_t same_nans(const struct pairs *p, uint64_t both)
{
	const struct dtype *d = p->how->a;
	uint64_t n = 0;
	double x, y;
	if (p->how->tolerance.nan == NAN_EQUAL)
		return both;
	if (p->how->tolerance.nan == NAN_DIFFER || p->how->a != p->how->b)
		return 0;
	for (size_t i = 0; i < p->n; i++) {
		const uint8_t *a = p->a + i * d->size, *b = p->b + i * d->size;
		reals_of(d, a, 1, &x);
		reals_of(d, b, 1, &y);
		n += isnan(x) && isnan(y) && same_nan(p->how, a, b);
	}
	return n;
}

/* Sums and counts of a block with infinity, NaN, or numbers of extreme magnitude. */
static uint64_t sum_with_care(const struct pairs *p, struct comparison *c)
{
	struct sums s = { 0 };
	struct special k = { 0 };
	struct scales scales = unscaled;
	struct part t;
	t.start = t.n = 0;
	while (next_part(p, &t)) {
		add_scaled[vectors_chosen()](t.x, t.y, t.padded, &scales, &s);
		count_special[vectors_chosen()](t.x, t.y, t.padded, &k);
		k.finite -= t.padded - t.n;
		k.same -= t.padded - t.n;
	}
	c->max_abs = lanes_max(s.max_delta);
	if (!sums_hold(&s, lanes_max(s.max_a) == 0, lanes_max(s.max_b) == 0)) {
		scales = sums_scales(&s);
		s = (struct sums){ 0 };
		t.start = t.n = 0;
		while (next_part(p, &t))
			add_scaled[vectors_chosen()](t.x, t.y, t.padded, &scales, &s);
	}
	sums_fold(&s, &scales, c);
	c->finite = k.finite;
	c->sign_flips = k.flips;
	c->nan_a = k.nan_a;
	c->nan_b = k.nan_b;
	c->inf_a = k.inf_a;
	c->inf_b = k.inf_b;
	c->nan_vanished = k.nan_a - k.nan_both;
	c->nan_appeared = k.nan_b - k.nan_both;
	c->inf_vanished = k.inf_a - k.inf_both;
	c->inf_appeared = k.inf_b - k.inf_both;
	const uint64_t nans = same_nans(p, k.nan_both);
	c->changed = p->n - k.same - nans;
	return nans;
}

static bool is(const struct dtype *d, int number)
{
	return d == dtype_of(number);
}

/* The sums of as many elements as a kernel takes without their being made doubles. */
static size_t add_stored_sums(const struct pairs *p, struct sums *s)
{
	const struct dtype *d = p->how->a;
	const size_t n = p->n - p->n % LANES;
	const add_sums_fn *add = is(d, CKPT_FLOAT32)	? add_float_sums
				 : is(d, CKPT_BFLOAT16) ? add_bfloat_sums
				 : is(d, CKPT_FLOAT64)	? add_sums
							: NULL;
	if (!add)
		return 0;
	add[vectors_chosen()](p->a, p->b, n, s);
	return n;
}

static size_t add_stored_squares(const struct pairs *p, double *a2, int64_t *zeros)
{
	const struct dtype *d = p->how->a;
	const size_t n = p->n - p->n % LANES;
	const add_squares_fn *add = is(d, CKPT_FLOAT32)	   ? add_float_squares
				    : is(d, CKPT_BFLOAT16) ? add_bfloat_squares
				    : is(d, CKPT_FLOAT64)  ? add_squares
							   : NULL;
	if (!add)
		return 0;
	add[vectors_chosen()](p->a, n, a2, zeros);
	return n;
}

/* Returns how many pairs of NaN are the same value. */
static uint64_t sum(const struct pairs *p, struct comparison *c)
{
	struct sums s = { 0 };
	struct part t;
	struct bit_counts k = { 0 };
	const bool stored = stored_alike(p->how);
	t.start = t.n = 0;
	for (size_t i = 0; stored && i < p->n; i += PART) {
		const struct pairs q = slice(p, i);
		count_stored(&q, &k);
		t.start += add_stored_sums(&q, &s);
	}
	while (next_part(p, &t)) {
		add_sums[vectors_chosen()](t.x, t.y, t.padded, &s);
		if (!stored)
			count_reals(&t, &k);
	}
	c->bits = stored ? k.differ : bytes_differ(p);
	c->zeros_a = k.zeros_a;
	c->zeros_b = k.zeros_b;
	if (!sums_hold(&s, k.zeros_a == p->n, k.zeros_b == p->n))
		return sum_with_care(p, c);
	sums_fold(&s, &unscaled, c);
	c->max_abs = lanes_max(s.max_delta);
	c->finite = p->n;
	c->changed = p->n - k.same;
	c->sign_flips = k.flips;
	return 0;
}

static bool same(const struct pairs *p, size_t i, double x, double y)
{
	return x == y ||
	       (isnan(x) && isnan(y) &&
		same_nan(p->how, p->a + i * p->how->a->size, p->b + i * p->how->b->size));
}

static bool near(const struct comparing *how, double x, double y)
{
	const double p = fabs(x), q = fabs(y), delta = fabs(y - x);
	if (!isfinite(x) || !isfinite(y))
		return false;
	if (delta <= tolerance_bound(&how->tolerance, p > q ? p : q))
		return true;
	if (dtype_whole(how->a) && dtype_whole(how->b))
		return delta <= (double)how->tolerance.ulp;
	return how->tolerance.ulp && within_ulp(how, x, y);
}

static uint64_t count_beyond(const struct pairs *p, uint64_t changed, uint64_t nans)
{
	const struct tolerance *tolerance = &p->how->tolerance;
	uint64_t n = 0;
	struct part t;
	t.start = t.n = 0;
	if (!changed || !tolerance_some(tolerance))
		return changed;
	while (!tolerance->ulp && next_part(p, &t))
		n += count_near[vectors_chosen()](t.x, t.y, t.padded, tolerance->atol,
						  tolerance->rtol) -
		     (t.padded - t.n);
	if (!tolerance->ulp)
		return p->n - n - nans;
	while (next_part(p, &t))
		for (size_t i = 0; i < t.n; i++)
			n += !same(p, t.start + i, t.x[i], t.y[i]) &&
			     !near(p->how, t.x[i], t.y[i]);
	return n;
}

/* One of the pairs that there is one of: whose delta is the largest, that changed, whose
 * b is a NaN that a was not. */
enum sought { SOUGHT_MAX, SOUGHT_CHANGED, SOUGHT_NAN };

static bool is_sought(enum sought what, const struct pairs *p, size_t i, double x,
		      double y, double delta)
{
	if (what == SOUGHT_CHANGED)
		return !same(p, i, x, y);
	if (what == SOUGHT_NAN)
		return isnan(y) && !isnan(x);
	return isfinite(x) && isfinite(y) && fabs(y - x) == delta;
}

static size_t find(enum sought what, const struct pairs *p, double delta)
{
	struct part t;
	t.start = t.n = 0;
	while (next_part(p, &t))
		for (size_t i = 0; i < t.n; i++)
			if (is_sought(what, p, t.start + i, t.x[i], t.y[i], delta))
				return t.start + i;
	return 0;
}

static void count_unrounded(const struct pairs *p, struct comparison *c)
{
	struct part t;
	t.start = t.n = 0;
	while (p->how->a != p->how->b && next_part(p, &t))
		for (size_t i = 0; i < t.n; i++) {
			c->unrounded_a += unrounded(p->how->b, t.x[i], t.y[i]);
			c->unrounded_b += unrounded(p->how->a, t.y[i], t.x[i]);
		}
}

static void find_indices(const struct pairs *p, struct comparison *c)
{
	const struct comparison *so_far = p->so_far;
	if (c->changed && so_far->first_changed == UINT64_MAX)
		c->first_changed = p->first + find(SOUGHT_CHANGED, p, 0);
	if (c->nan_appeared && so_far->first_nan_appeared == UINT64_MAX)
		c->first_nan_appeared = p->first + find(SOUGHT_NAN, p, 0);
	if (c->finite &&
	    (so_far->max_index == UINT64_MAX || c->max_abs > so_far->max_abs)) {
		const size_t i = find(SOUGHT_MAX, p, c->max_abs);
		c->max_index = p->first + i;
		memcpy(c->max_a, p->a + i * p->how->a->size, p->how->a->size);
		memcpy(c->max_b, p->b + i * p->how->b->size, p->how->b->size);
	}
}

bool compare_identical(struct comparison *c, const struct pairs *p)
{
	struct sums s = { 0 };
	int64_t zeros[LANES] = { 0 };
	_Alignas(REGISTER) double x[PART];
	const struct dtype *d = p->how->a;
	if (p->how->a != p->how->b || memcmp(p->a, p->b, p->n * d->size))
		return false;
	for (size_t i = add_stored_squares(p, s.a2, zeros); i < p->n; i += PART) {
		const size_t n = p->n - i < PART ? p->n - i : PART;
		reals_of(d, p->a + i * d->size, n, x);
		add_squares[vectors_chosen()](x, pad(x, n), s.a2, zeros);
	}
	uint64_t n_zeros = 0;
	for (int k = 0; k < LANES; k++)
		n_zeros += (uint64_t)zeros[k];
	n_zeros -= (LANES - p->n % LANES) % LANES;
	memcpy(s.b2, s.a2, sizeof s.a2);
	memcpy(s.ab, s.a2, sizeof s.a2);
	if (!sums_hold(&s, n_zeros == p->n, n_zeros == p->n))
		return false;
	sums_fold(&s, &unscaled, c);
	c->zeros_a = c->zeros_b = n_zeros;
	c->finite = p->n;
	find_indices(p, c);
	return true;
}

void compare_reals(struct comparison *c, const struct pairs *p)
{
	const uint64_t nans = sum(p, c);
	c->beyond = count_beyond(p, c->changed, nans);
	if (dtype_whole(p->how->a) && dtype_whole(p->how->b))
		c->max_abs_int = (uint64_t)c->max_abs;
	count_unrounded(p, c);
	find_indices(p, c);
}
