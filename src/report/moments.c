/* moments.c — one tensor's elements: extremes, mean, deviation, counts.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A block is looked at twice: for its sums, and then, when its mean is known, for squares
 * of how far elements are from it; the sum of squares alone would lose every digit of a
 * small deviation from a large mean. Blocks are merged as Chan, Golub and LeVeque do
 * ("Updating formulae and a pairwise algorithm for computing sample variances").
 *
 * Most blocks are finite, raise no extreme, and have squares that a double can hold. The
 * sums tell if one has not; only then is it squeezed (what is not finite taken out),
 * searched, or scaled by a power of two.
 */
#include "config.h"

#include "report/moments.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* What is seen at the first look. */
struct look {
	double sum[LANES], sum2[LANES]; /* of x, of x^2 */
	uint64_t zeros;
	bool beats; /* an element is beyond one of the extremes so far */
};

/* And at the second: sums of x - mean, which tell what rounding took from the mean, and
 * of its square. */
struct deviations {
	double sum[LANES], sum2[LANES];
};

#define VECTOR_KERNEL "report/moments_kernel.h"
#include "model/vectors.h"

static void (*const look[])(const double *, size_t, double, double,
			    struct look *) = VECTOR_TABLE(look);
static void (*const deviate[])(const double *, size_t, double,
			       struct deviations *) = VECTOR_TABLE(deviate);
static void (*const extremes[])(const double *, size_t, double *,
				double *) = VECTOR_TABLE(extremes);

/* A block that moments are computed of. */
struct block {
	const struct dtype *d;
	const uint8_t *in;
	const double *reals;
	size_t n;
	uint64_t first;
};

/* What is merged: a block, or moments. */
struct part {
	uint64_t n;
	struct wide sum, m2, sum2;
	double center, rest;
};

void moments_begin(struct moments *m)
{
	*m = (struct moments){
		.first_nan = UINT64_MAX,
		.first_inf = UINT64_MAX,
		.min = INFINITY,
		.max = -INFINITY,
		.min_index = UINT64_MAX,
		.max_index = UINT64_MAX,
	};
}

static bool is_finite(double v)
{
	uint64_t bits;
	memcpy(&bits, &v, sizeof bits);
	return (bits >> 52 & 0x7ff) != 0x7ff;
}

static void count_infinite(struct moments *m, const struct block *b)
{
	for (size_t i = 0; i < b->n; i++) {
		m->inf_positive += b->reals[i] == INFINITY;
		m->inf_negative += b->reals[i] == -INFINITY;
	}
	for (size_t i = 0; m->first_inf == UINT64_MAX; i++)
		if (isinf(b->reals[i]))
			m->first_inf = b->first + i;
}

/* Copies the finite elements and counts the others; returns how many are finite. */
static size_t squeeze(struct moments *m, const struct block *b, double *finite)
{
	size_t n = 0;
	uint64_t nan = 0;
	for (size_t i = 0; i < b->n; i++) {
		finite[n] = b->reals[i];
		n += is_finite(b->reals[i]);
		nan += isnan(b->reals[i]);
	}
	m->nan += nan;
	for (size_t i = 0; nan && m->first_nan == UINT64_MAX; i++)
		if (isnan(b->reals[i]))
			m->first_nan = b->first + i;
	if (n + nan < b->n)
		count_infinite(m, b);
	return n;
}

static bool is_long(const struct dtype *d)
{
	return d->size == 8 && (d->kind == KIND_INT || d->kind == KIND_UINT);
}

/* A 64-bit integer as a number that is ordered as it is. */
static uint64_t key_at(const struct block *b, size_t i)
{
	uint64_t v;
	memcpy(&v, b->in + 8 * i, 8);
	return b->d->kind == KIND_INT ? v ^ UINT64_C(1) << 63 : v;
}

static void take_min(struct moments *m, const struct block *b, size_t i)
{
	m->min = b->reals[i];
	m->min_index = b->first + i;
	m->min_key = is_long(b->d) ? key_at(b, i) : 0;
	memcpy(m->min_element, b->in + i * b->d->size, b->d->size);
}

static void take_max(struct moments *m, const struct block *b, size_t i)
{
	m->max = b->reals[i];
	m->max_index = b->first + i;
	m->max_key = is_long(b->d) ? key_at(b, i) : 0;
	memcpy(m->max_element, b->in + i * b->d->size, b->d->size);
}

/* Integers that doubles cannot tell apart. */
static void find_keys(struct moments *m, const struct block *b)
{
	uint64_t min = UINT64_MAX, max = 0;
	for (size_t i = 0; i < b->n; i++) {
		const uint64_t key = key_at(b, i);
		min = key < min ? key : min;
		max = key > max ? key : max;
	}
	const bool none = m->min_index == UINT64_MAX;
	size_t i = 0, k = 0;
	if (none || min < m->min_key) {
		while (key_at(b, i) != min)
			i++;
		take_min(m, b, i);
	}
	if (none || max > m->max_key) {
		while (key_at(b, k) != max)
			k++;
		take_max(m, b, k);
	}
}

/* x, n: the block's finite elements. */
static void find_extremes(struct moments *m, const struct block *b, const double *x,
			  size_t n)
{
	double min, max;
	if (is_long(b->d)) {
		find_keys(m, b);
		return;
	}
	extremes[vectors_chosen()](x, n, &min, &max);
	size_t i = 0, k = 0;
	if (min < m->min) {
		while (b->reals[i] != min)
			i++;
		take_min(m, b, i);
	}
	if (max > m->max) {
		while (b->reals[k] != max)
			k++;
		take_max(m, b, k);
	}
}

/* Zeros that no zero is beyond in kernels, where +0 - -0 is positive and -0 - +0 not. */
static void look_at(struct look *l, const struct moments *m, const struct dtype *d,
		    const double *x, size_t n)
{
	const double min = m->min == 0 ? -0.0 : m->min, max = m->max == 0 ? 0.0 : m->max;
	look[vectors_chosen()](x, n, min, max, l);
	/* From 2^53 on equal doubles need not be equal integers. */
	if (is_long(d) && (m->min <= -0x1p53 || m->max >= 0x1p53))
		l->beats = true;
}

/* Brings the largest magnitude near 1. What is lost at the small end is nothing beside
 * it. */
static int scale(const double *x, size_t n, double *scaled)
{
	double most = 0;
	int exponent;
	for (size_t i = 0; i < n; i++)
		most = fabs(x[i]) > most ? fabs(x[i]) : most;
	frexp(most, &exponent);
	/* In two steps, as 2^1074 is no double. */
	const double once = ldexp(1, -exponent / 2),
		     again = ldexp(1, -exponent - -exponent / 2);
	for (size_t i = 0; i < n; i++)
		scaled[i] = x[i] * once * again;
	return exponent;
}

/* The part that finite elements are; scratch may be x. */
static struct part part_of(const struct look *seen, const double *x, size_t n,
			   double *scratch)
{
	const double *sum = seen->sum, *sum2 = seen->sum2;
	double squares = lanes_sum(sum2);
	struct look again;
	struct deviations apart;
	int e = 0;
	/* Between these squares do not overflow, and only those of elements that do not
	 * count beside others are less than normal. */
	if (!(squares > 0x1p-800 && squares < 0x1p1000) && seen->zeros < n) {
		e = scale(x, n, scratch);
		x = scratch;
		look[vectors_chosen()](x, n, -INFINITY, INFINITY, &again);
		sum = again.sum;
		squares = lanes_sum(again.sum2);
	}
	const double total = lanes_sum(sum), mean = total / (double)n;
	deviate[vectors_chosen()](x, n, mean, &apart);
	const double rest = lanes_sum(apart.sum) / (double)n, center = ldexp(mean, e);
	const double m2 = lanes_sum(apart.sum2) - rest * rest * (double)n;
	return (struct part){
		.n = n,
		.sum = { total, e },
		.m2 = { m2 > 0 ? m2 : 0, 2 * e },
		.sum2 = { squares, 2 * e },
		/* Of the largest numbers it may be rounded to infinity. */
		.center = isinf(center) ? copysign(DBL_MAX, center) : center,
		.rest = ldexp(rest, e),
	};
}

static int exponent_of(double v)
{
	int e;
	frexp(v, &e);
	return v == 0 ? DBL_MIN_EXP - DBL_MANT_DIG : e;
}

/* Sets the center to (a + b) * 2^e. */
static void set_center(struct moments *m, double a, double b, int e)
{
	/* Knuth's TwoSum. */
	const double sum = a + b, part = sum - a, lost = a - (sum - part) + (b - part);
	m->center = ldexp(sum, e);
	m->center_rest = ldexp(lost, e);
}

/* Not the center: the sum is exact where numbers are whole, or many of them zero. */
static void set_mean(struct moments *m)
{
	const double mean = wide_ratio(m->sum, (struct wide){ (double)m->finite, 0 });
	m->mean = mean < m->min ? m->min : mean > m->max ? m->max : mean;
	if (m->min == m->max) /* what is not 0 was rounding */
		m->m2 = (struct wide){ 0, 0 };
}

static struct part part_again(const struct moments *m)
{
	return (struct part){
		m->finite, m->sum, m->m2, m->sum2, m->center, m->center_rest
	};
}

/* Adds a part's sums; extremes are those of both already. The difference of two means is
 * often much smaller than they are, so it is taken before they are rounded; and the mean
 * starts at that of the larger part, as only a share of the difference is added then. */
static void merge(struct moments *m, const struct part *p)
{
	const struct part old = part_again(m);
	const bool more = p->n > old.n;
	const struct part *large = more ? p : &old, *small = more ? &old : p;
	if (!p->n)
		return;
	/* Near 1, so that no square overflows, nor the difference of two large means. */
	const int ea = exponent_of(large->center), eb = exponent_of(small->center),
		  e = !small->n || ea > eb ? ea : eb;
	const double a = ldexp(large->center, -e), a_rest = ldexp(large->rest, -e),
		     b = ldexp(small->center, -e), b_rest = ldexp(small->rest, -e),
		     delta = b - a + (b_rest - a_rest),
		     share = (double)small->n / (double)(large->n + small->n);
	const struct wide apart = { delta * delta * ((double)large->n * share), 2 * e };
	set_center(m, a, delta * share + a_rest, e);
	m->finite += p->n;
	m->sum = wide_add(m->sum, p->sum);
	m->m2 = wide_add(wide_add(m->m2, p->m2), apart);
	m->sum2 = wide_add(m->sum2, p->sum2);
	set_mean(m);
}

void moments_block(struct moments *m, const struct dtype *d, const void *in,
		   const double *reals, size_t n, uint64_t first)
{
	const struct block b = { d, in, reals, n, first };
	struct look seen;
	double scratch[BLOCK];
	const double *x = reals;
	if (!n)
		return;
	m->elements += n;
	look_at(&seen, m, d, x, n);
	/* Not finite: an element, or a square. */
	if (!(lanes_sum(seen.sum2) < INFINITY)) {
		n = squeeze(m, &b, scratch);
		if (!n)
			return;
		if (n < b.n) {
			x = scratch;
			look_at(&seen, m, d, x, n);
		}
	}
	m->zeros += seen.zeros;
	if (seen.beats)
		find_extremes(m, &b, x, n);
	const struct part p = part_of(&seen, x, n, scratch);
	merge(m, &p);
}

void moments_join(struct moments *m, const struct moments *next)
{
	const bool none = m->min_index == UINT64_MAX, more = next->finite > 0;
	if (more && (none || next->min < m->min ||
		     (next->min == m->min && next->min_key < m->min_key))) {
		m->min = next->min;
		m->min_index = next->min_index;
		m->min_key = next->min_key;
		memcpy(m->min_element, next->min_element, sizeof m->min_element);
	}
	if (more && (none || next->max > m->max ||
		     (next->max == m->max && next->max_key > m->max_key))) {
		m->max = next->max;
		m->max_index = next->max_index;
		m->max_key = next->max_key;
		memcpy(m->max_element, next->max_element, sizeof m->max_element);
	}
	m->elements += next->elements;
	m->zeros += next->zeros;
	m->nan += next->nan;
	m->inf_positive += next->inf_positive;
	m->inf_negative += next->inf_negative;
	if (m->first_nan == UINT64_MAX)
		m->first_nan = next->first_nan;
	if (m->first_inf == UINT64_MAX)
		m->first_inf = next->first_inf;
	const struct part p = part_again(next);
	merge(m, &p);
}

double moments_std(const struct moments *m)
{
	if (!m->finite)
		return NAN;
	return wide_root((struct wide){ m->m2.v / (double)m->finite, m->m2.exponent });
}

double moments_l2(const struct moments *m)
{
	return m->finite ? wide_root(m->sum2) : NAN;
}
