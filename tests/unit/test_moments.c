/* test_moments.c — moments against plain sums, whatever the vectors and the ranges.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The reference scales by a power of two, so that it knows no limits, sums what elements
 * are above the smallest one, and carries along what rounding took (Neumaier). Blocks are
 * copied to memory of their own size, so that a sanitizer sees what is read beyond them.
 */
#include "config.h"

#include "unit.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "random_tensor.h"
#include "report/moments.h"

enum { MOST = 3 * BLOCK };

static uint8_t elements[16 * MOST];
static double reals[MOST];

static const struct {
	enum vectors kind;
	const char *name;
} kinds[] = {
	{ VECTORS_SCALAR, "scalar" },
	{ VECTORS_AVX2, "AVX2" },
	{ VECTORS_AVX512, "AVX-512" },
};

static void *copy_of(const void *p, size_t n)
{
	void *copy = malloc(n);
	assert_non_null(copy);
	return memcpy(copy, p, n);
}

static void add_range(struct moments *m, const struct dtype *d, size_t from, size_t to)
{
	for (size_t i = from; i < to; i += BLOCK) {
		const size_t n = to - i < BLOCK ? to - i : BLOCK;
		uint8_t *in = copy_of(elements + i * d->size, n * d->size);
		double *x = copy_of(reals + i, n * sizeof *x);
		moments_block(m, d, in, x, n, i);
		free(in);
		free(x);
	}
}

static struct moments whole(const struct dtype *d, size_t n)
{
	struct moments m;
	moments_begin(&m);
	reals_of(d, elements, n < BLOCK ? n : BLOCK, reals);
	for (size_t i = BLOCK; i < n; i += BLOCK)
		reals_of(d, elements + i * d->size, n - i < BLOCK ? n - i : BLOCK,
			 reals + i);
	add_range(&m, d, 0, n);
	return m;
}

static struct moments of_reals(const double *v, size_t n)
{
	memcpy(elements, v, n * sizeof *v);
	return whole(dtype_of(CKPT_FLOAT64), n);
}

static void same_bits(const struct moments *a, const struct moments *b, const char *what)
{
#define SAME(field)                                                                      \
	CHECK(!memcmp(&a->field, &b->field, sizeof a->field), "%s: " #field, what)
	SAME(elements);
	SAME(finite);
	SAME(zeros);
	SAME(nan);
	SAME(inf_positive);
	SAME(inf_negative);
	SAME(first_nan);
	SAME(first_inf);
	SAME(min);
	SAME(max);
	SAME(min_index);
	SAME(max_index);
	SAME(min_element);
	SAME(max_element);
	SAME(min_key);
	SAME(max_key);
	SAME(mean);
	SAME(sum.v);
	SAME(sum.exponent);
	SAME(center);
	SAME(center_rest);
	SAME(m2.v);
	SAME(m2.exponent);
	SAME(sum2.v);
	SAME(sum2.exponent);
#undef SAME
}

/* --- the reference ------------------------------------------------------------------ */

struct sum {
	long double v, lost;
};

static void sum_add(struct sum *s, long double x)
{
	const volatile long double sum = s->v + x;
	s->lost += fabsl(s->v) >= fabsl(x) ? s->v - sum + x : x - sum + s->v;
	s->v = sum;
}

/* Exact order of two elements: -1, 0, 1. */
static int order(const struct dtype *d, size_t i, size_t k)
{
	const uint8_t *p = elements + i * d->size, *q = elements + k * d->size;
	if (d->kind == KIND_INT)
		return (dtype_int(d, p) > dtype_int(d, q)) -
		       (dtype_int(d, p) < dtype_int(d, q));
	if (d->kind == KIND_UINT)
		return (dtype_uint(d, p) > dtype_uint(d, q)) -
		       (dtype_uint(d, p) < dtype_uint(d, q));
	return (reals[i] > reals[k]) - (reals[i] < reals[k]);
}

static void check_counts(const struct moments *m, size_t n)
{
	uint64_t finite = 0, zeros = 0, nan = 0, positive = 0, negative = 0;
	uint64_t first_nan = UINT64_MAX, first_inf = UINT64_MAX;
	for (size_t i = n; i-- > 0;) {
		finite += isfinite(reals[i]) != 0;
		zeros += reals[i] == 0;
		nan += isnan(reals[i]) != 0;
		positive += isinf(reals[i]) && reals[i] > 0;
		negative += isinf(reals[i]) && reals[i] < 0;
		first_nan = isnan(reals[i]) ? i : first_nan;
		first_inf = isinf(reals[i]) ? i : first_inf;
	}
	assert_int_equal(m->elements, n);
	assert_int_equal(m->finite, finite);
	assert_int_equal(m->zeros, zeros);
	assert_int_equal(m->nan, nan);
	assert_int_equal(m->inf_positive, positive);
	assert_int_equal(m->inf_negative, negative);
	assert_int_equal(m->first_nan, first_nan);
	assert_int_equal(m->first_inf, first_inf);
}

static void check_extremes(const struct moments *m, const struct dtype *d, size_t n)
{
	size_t min = SIZE_MAX, max = SIZE_MAX;
	for (size_t i = 0; i < n; i++) {
		if (!isfinite(reals[i]))
			continue;
		if (min == SIZE_MAX || order(d, i, min) < 0)
			min = i;
		if (max == SIZE_MAX || order(d, i, max) > 0)
			max = i;
	}
	if (min == SIZE_MAX) {
		assert_true(m->min == INFINITY && m->max == -INFINITY);
		assert_true(m->min_index == UINT64_MAX && m->max_index == UINT64_MAX);
		return;
	}
	assert_int_equal(m->min_index, min);
	assert_int_equal(m->max_index, max);
	assert_memory_equal(&m->min, &reals[min], sizeof m->min);
	assert_memory_equal(&m->max, &reals[max], sizeof m->max);
	assert_memory_equal(m->min_element, elements + min * d->size, d->size);
	assert_memory_equal(m->max_element, elements + max * d->size, d->size);
}

/* slack is scaled as want is. Who exceeds the largest number by no more is infinite or it. */
static bool near(double got, long double want, int exponent, long double slack)
{
	const long double v = ldexpl(want, exponent), off = ldexpl(slack, exponent);
	if (isinf(got))
		return got > 0 ? v + off > DBL_MAX : v - off < -DBL_MAX;
	return fabsl(got - v) <= off + ldexpl(2, DBL_MIN_EXP - DBL_MANT_DIG);
}

static void check_sums(const struct moments *m, const struct dtype *d, size_t n)
{
	struct sum sum = { 0 }, m2 = { 0 }, sum2 = { 0 }, sizes = { 0 };
	int e;
	if (!m->finite) {
		assert_true(isnan(moments_std(m)) && isnan(moments_l2(m)));
		return;
	}
	frexp(fmax(fabs(m->min), fabs(m->max)), &e);
	const long double least = ldexp(m->min, -e), count = (long double)m->finite;
	for (size_t i = 0; i < n; i++)
		if (isfinite(reals[i])) {
			const long double x = ldexp(reals[i], -e);
			sum_add(&sum, x - least);
			sum_add(&sum2, x * x);
			sum_add(&sizes, fabsl(x));
		}
	const long double above = (sum.v + sum.lost) / count, mean = least + above;
	for (size_t i = 0; i < n; i++)
		if (isfinite(reals[i])) {
			const long double x = ldexp(reals[i], -e) - least - above;
			sum_add(&m2, x * x);
		}
	/* Where positive and negative numbers cancel, the mean is as exact as they are. */
	const long double size = (sizes.v + sizes.lost) / count;
	CHECK(near(m->mean, mean, e, 1e-13L * size),
	      "%s[%zu]: mean %.17g, not %.17Lg * 2^%d", d->name, n, m->mean, mean, e);
	const long double std = sqrtl((m2.v + m2.lost) / count);
	/* Less than a double's step at the mean is known with fewer digits. */
	const long double steps = std > 0 ? DBL_EPSILON * size / std : 0;
	CHECK(near(moments_std(m), std, e, 1e-12L * std * (1 + steps * steps)),
	      "%s[%zu]: std %.17g, not %.17Lg * 2^%d", d->name, n, moments_std(m), std,
	      e);
	const long double l2 = sqrtl(sum2.v + sum2.lost);
	CHECK(near(moments_l2(m), l2, e, 1e-14L * l2),
	      "%s[%zu]: l2 %.17g, not %.17Lg * 2^%d", d->name, n, moments_l2(m), l2, e);
}

/* --- tests -------------------------------------------------------------------------- */

static void moments_are_those_of_plain_sums(void **state)
{
	(void)state;
	for (int round = 0; round < 3000; round++) {
		const struct dtype *d = random_dtype();
		const size_t n = round % 4 ? chance_below(200) : chance_below(MOST + 1);
		random_elements(d, elements, n);
		struct moments first;
		for (size_t k = 0; k < COUNT(kinds); k++) {
			if (!vectors_choose(kinds[k].kind))
				continue;
			const struct moments m = whole(d, n);
			if (!k)
				first = m;
			same_bits(&m, &first, kinds[k].name);
		}
		vectors_choose(VECTORS_AUTO);
		check_counts(&first, n);
		check_extremes(&first, d, n);
		check_sums(&first, d, n);
	}
}

static void ranges_are_joined(void **state)
{
	(void)state;
	for (int round = 0; round < 1000; round++) {
		const struct dtype *d = random_dtype();
		const size_t n = chance_below(round % 8 ? 300 : MOST + 1);
		random_elements(d, elements, n);
		struct moments m, part, again;
		whole(d, n);
		moments_begin(&m);
		moments_begin(&again);
		for (size_t i = 0, end; i < n; i = end) {
			end = i + 1 + chance_below(n - i);
			moments_begin(&part);
			add_range(&part, d, i, end);
			moments_join(&m, &part);
			vectors_choose(chance_one_in(2) ? VECTORS_SCALAR : VECTORS_AUTO);
			moments_begin(&part);
			add_range(&part, d, i, end);
			moments_join(&again, &part);
		}
		vectors_choose(VECTORS_AUTO);
		same_bits(&m, &again, "joined again");
		check_counts(&m, n);
		check_extremes(&m, d, n);
		check_sums(&m, d, n);
	}
}

static void small_deviations_from_a_large_mean(void **state)
{
	(void)state;
	static double v[MOST];
	for (size_t i = 0; i < MOST; i++)
		v[i] = 1e6 + 1e-3 * random_normal();
	struct moments m = of_reals(v, MOST);
	check_sums(&m, dtype_of(CKPT_FLOAT64), MOST);
	for (size_t i = 0; i < MOST; i++)
		v[i] = i % 2 ? 1 : 1 + DBL_EPSILON;
	m = of_reals(v, MOST);
	assert_true(moments_std(&m) == DBL_EPSILON / 2);
	for (size_t i = 0; i < MOST; i++)
		v[i] = 0.1;
	m = of_reals(v, MOST);
	assert_true(m.mean == 0.1 && moments_std(&m) == 0);
	for (size_t i = 0; i < MOST; i++)
		v[i] = i == 5000 ? 3 : 0;
	m = of_reals(v, MOST);
	assert_true(m.mean == 3.0 / MOST);
	const double threes[] = { 1, 2, 2 };
	m = of_reals(threes, 3);
	assert_true(moments_l2(&m) == 3);
}

static void squares_that_no_double_holds(void **state)
{
	(void)state;
	static const double scales[] = { 1e300,	    1e-300, 0x1p-1074,
					 0x1p-1070, 1e-160, 1e160 };
	for (size_t i = 0; i < COUNT(scales); i++) {
		const double s = scales[i], v[] = { 3 * s, -4 * s, 0, 0 };
		const struct moments m = of_reals(v, 2);
		CHECK(fabs(moments_l2(&m) / s - 5) < 1e-14, "%g", s);
		CHECK(moments_std(&m) == 3.5 * s ||
			      fabs(moments_std(&m) / s - 3.5) < 1e-14,
		      "%g: %g", s, moments_std(&m));
	}
	const double large[] = { DBL_MAX, DBL_MAX, DBL_MAX, -DBL_MAX };
	struct moments m = of_reals(large, 3);
	assert_true(m.mean == DBL_MAX && moments_std(&m) == 0);
	assert_true(isinf(moments_l2(&m)));
	m = of_reals(large, 4);
	assert_true(fabs(m.mean / DBL_MAX - 0.5) < 1e-15);
	assert_true(fabs(moments_std(&m) / DBL_MAX - sqrt(0.75)) < 1e-15);
	struct moments next = of_reals(large + 3, 1);
	m = of_reals(large, 1);
	moments_join(&m, &next);
	assert_true(m.mean == 0 && moments_std(&m) == DBL_MAX);
	const double small = 1e-300;
	next = of_reals(&small, 1);
	m = of_reals((const double[]){ 0 }, 1);
	moments_join(&m, &next);
	assert_true(fabs(moments_std(&m) / 0.5e-300 - 1) < 1e-15);
}

static void integers_are_exact(void **state)
{
	(void)state;
	const struct dtype *d = dtype_of(CKPT_UINT64);
	uint64_t v[BLOCK];
	for (size_t i = 0; i < BLOCK; i++)
		v[i] = UINT64_MAX - 100;
	v[7] = UINT64_MAX - 101; /* the same double */
	v[4000] = UINT64_MAX - 99;
	memcpy(elements, v, sizeof v);
	struct moments m = whole(d, BLOCK), next;
	assert_true(m.min == 0x1p64 && m.max == 0x1p64);
	assert_int_equal(m.min_index, 7);
	assert_int_equal(m.max_index, 4000);
	assert_memory_equal(m.min_element, v + 7, 8);
	assert_memory_equal(m.max_element, v + 4000, 8);
	moments_begin(&next);
	const uint64_t more = UINT64_MAX - 102;
	double real;
	reals_of(d, &more, 1, &real);
	moments_block(&next, d, &more, &real, 1, BLOCK);
	moments_join(&m, &next);
	assert_int_equal(m.min_index, BLOCK);
	assert_int_equal(m.max_index, 4000);
	assert_memory_equal(m.min_element, &more, 8);
}

static void of_equal_ones_the_first(void **state)
{
	(void)state;
	const double v[] = { NAN, 0.0, -0.0, INFINITY, -INFINITY, 0.0, NAN };
	struct moments m = of_reals(v, COUNT(v)), empty;
	assert_int_equal(m.min_index, 1);
	assert_int_equal(m.max_index, 1);
	assert_true(m.zeros == 3 && !signbit(m.min) && !signbit(m.max));
	assert_true(m.nan == 2 && m.first_nan == 0);
	assert_true(m.inf_positive == 1 && m.inf_negative == 1 && m.first_inf == 3);
	m = of_reals(v + 2, 4);
	assert_true(m.min_index == 0 && m.max_index == 0 && signbit(m.min));
	moments_begin(&empty);
	const struct moments before = m;
	moments_join(&m, &empty);
	same_bits(&m, &before, "nothing joined");
	moments_join(&empty, &m);
	assert_true(empty.min_index == 0 && empty.finite == m.finite);
}

int group_moments(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(moments_are_those_of_plain_sums),
		cmocka_unit_test(ranges_are_joined),
		cmocka_unit_test(small_deviations_from_a_large_mean),
		cmocka_unit_test(squares_that_no_double_holds),
		cmocka_unit_test(integers_are_exact),
		cmocka_unit_test(of_equal_ones_the_first),
	};
	return unit_run("moments", tests, COUNT(tests));
}
