/* test_histogram.c — counts that depend on the elements alone, and counts of values.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "unit.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "random_tensor.h"
#include "report/distinct.h"
#include "report/histogram.h"

enum { MOST = 3 * BLOCK };

static double reals[MOST];
static uint8_t elements[16 * MOST];
static struct histogram h, other, wanted;

static void extremes(const double *v, size_t n, double *min, double *max)
{
	for (size_t i = 0; i < n; i++)
		if (isfinite(v[i])) {
			*min = v[i] < *min ? v[i] : *min;
			*max = v[i] > *max ? v[i] : *max;
		}
}

/* Each block with its own extremes, or with those so far. */
static void add(struct histogram *to, const double *v, size_t n, bool so_far)
{
	double min = INFINITY, max = -INFINITY;
	for (size_t i = 0; i < n; i += BLOCK) {
		const size_t some = n - i < BLOCK ? n - i : BLOCK;
		if (!so_far) {
			min = INFINITY;
			max = -INFINITY;
		}
		extremes(v + i, some, &min, &max);
		/* Of its own size, so that a sanitizer sees what is read beyond it. */
		double *x = malloc(some * sizeof *x);
		assert_non_null(x);
		histogram_block(to, memcpy(x, v + i, some * sizeof *x), some, min, max);
		free(x);
	}
}

/* floor(v / 2^e), from the integer that v is a power of two of. */
static int64_t bin_of(double v, int e)
{
	int exponent;
	const int64_t m = (int64_t)ldexp(frexp(v, &exponent), 53);
	const int by = e - (exponent - 53);
	if (v == 0)
		return 0;
	if (by < 0)
		return m * (INT64_C(1) << -by);
	if (by > 60)
		return m < 0 ? -1 : 0;
	const int64_t width = INT64_C(1) << by;
	return m / width - (m % width < 0);
}

/* By the words of the header. */
static void count_plainly(struct histogram *to, const double *v, size_t n)
{
	double min = INFINITY, max = -INFINITY;
	histogram_begin(to);
	extremes(v, n, &min, &max);
	if (min > max)
		return;
	const double most = fmax(fabs(min), fabs(max));
	int e = most == 0 || ilogb(most) - 52 < -1074 ? -1074 : ilogb(most) - 52;
	while (bin_of(max, e) - bin_of(min, e) >= HISTOGRAM_BINS)
		e++;
	to->some = true;
	to->width_exponent = e;
	to->first_bin = bin_of(min, e);
	for (size_t i = 0; i < n; i++) {
		if (!isfinite(v[i]))
			continue;
		to->linear[bin_of(v[i], e) - to->first_bin]++;
		if (v[i] == 0)
			to->zeros++;
		else
			to->log[ilogb(v[i]) - LOG_FIRST]++;
	}
}

static void same(const struct histogram *a, const struct histogram *b, const char *what)
{
	CHECK(a->some == b->some, "%s", what);
	CHECK(a->width_exponent == b->width_exponent, "%s: %d, %d", what,
	      a->width_exponent, b->width_exponent);
	CHECK(a->first_bin == b->first_bin, "%s: %" PRId64 ", %" PRId64, what,
	      a->first_bin, b->first_bin);
	CHECK(a->zeros == b->zeros, "%s", what);
	assert_memory_equal(a->linear, b->linear, sizeof a->linear);
	assert_memory_equal(a->log, b->log, sizeof a->log);
}

static void shuffle(double *v, size_t n)
{
	for (size_t i = n; i > 1; i--) {
		const size_t k = chance_below(i);
		const double swap = v[k];
		v[k] = v[i - 1];
		v[i - 1] = swap;
	}
}

static size_t random_reals(int round)
{
	const struct dtype *d = random_dtype();
	const size_t n = chance_below(round % 8 ? 200 : MOST + 1);
	random_elements(d, elements, n);
	for (size_t i = 0; i < n; i += BLOCK)
		reals_of(d, elements + i * d->size, n - i < BLOCK ? n - i : BLOCK,
			 reals + i);
	return n;
}

static void histograms_count_as_one_by_one(void **state)
{
	(void)state;
	static const enum vectors kinds[] = { VECTORS_SCALAR, VECTORS_AVX2,
					      VECTORS_AVX512 };
	for (int round = 0; round < 3000; round++) {
		const size_t n = random_reals(round);
		count_plainly(&wanted, reals, n);
		for (size_t k = 0; k < COUNT(kinds); k++) {
			if (!vectors_choose(kinds[k]))
				continue;
			histogram_begin(&h);
			add(&h, reals, n, chance_one_in(2));
			same(&h, &wanted, "counted");
		}
		vectors_choose(VECTORS_AUTO);
	}
}

static void order_and_ranges_do_not_matter(void **state)
{
	(void)state;
	for (int round = 0; round < 1000; round++) {
		const size_t n = random_reals(round);
		count_plainly(&wanted, reals, n);
		shuffle(reals, n);
		histogram_begin(&h);
		for (size_t i = 0, end; i < n; i = end) {
			end = i + 1 + chance_below(n - i);
			histogram_begin(&other);
			add(&other, reals + i, end - i, chance_one_in(2));
			if (chance_one_in(2)) {
				histogram_join(&h, &other);
			} else {
				histogram_join(&other, &h);
				h = other;
			}
		}
		same(&h, &wanted, "joined");
	}
}

static void ranges_of_all_sizes(void **state)
{
	(void)state;
	static const double cases[][3] = {
		{ 0, 0, 0 },
		{ 1, 1, 1 },
		{ -1, -1, -1 },
		{ DBL_MAX, -DBL_MAX, 0 },
		{ DBL_MAX, DBL_MAX, DBL_MAX },
		{ 0x1p-1074, -0x1p-1074, 0 },
		{ DBL_MAX, -0x1p-1074, 0x1p-1074 },
		{ DBL_MAX, -DBL_MAX, -0x1p-1074 },
		{ 1, 1 + DBL_EPSILON, 1 },
		{ 2 - DBL_EPSILON, 2, 2 },
		{ 0, 63, 1 },
		{ 0, 64, -1 },
		{ -0.5, 0x1.fp4, 1e-310 },
		{ 0x1p53, 0x1p53 - 1, 0x1p53 + 2 },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		count_plainly(&wanted, cases[i], 3);
		histogram_begin(&h);
		for (int k = 0; k < 3; k++)
			add(&h, cases[i] + k, 1, false);
		same(&h, &wanted, "fixed");
	}
	add(&h, (const double[]){ NAN, INFINITY }, 2, false);
	same(&h, &wanted, "nothing finite");
	histogram_begin(&h);
	add(&h, (const double[]){ 0, 10.5, 63.9 }, 3, false);
	assert_int_equal(h.width_exponent, 0);
	assert_true(h.first_bin == 0 && h.linear[0] == 1 && h.linear[10] == 1 &&
		    h.linear[63] == 1);
	assert_true(h.zeros == 1 && h.log[3 - LOG_FIRST] == 1 &&
		    h.log[5 - LOG_FIRST] == 1);
	add(&h, (const double[]){ -1 }, 1, false);
	assert_int_equal(h.width_exponent, 1);
	assert_true(h.first_bin == -1 && h.linear[0] == 1 && h.linear[1] == 1 &&
		    h.linear[6] == 1 && h.linear[32] == 1);
}

/* --- distinct ----------------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return (x > y) - (x < y);
}

static size_t count_different(const struct dtype *d, size_t n)
{
	static uint64_t values[MOST];
	size_t different = 0;
	for (size_t i = 0; i < n; i++) {
		values[i] = dtype_uint(d, elements + i * d->size);
		if (d->kind == KIND_BOOL)
			values[i] = values[i] != 0;
	}
	qsort(values, n, sizeof *values, by_value);
	for (size_t i = 0; i < n; i++)
		different += !i || values[i] != values[i - 1];
	return different;
}

static void different_values_are_counted(void **state)
{
	(void)state;
	for (int round = 0; round < 1000; round++) {
		const struct dtype *d;
		do
			d = random_dtype();
		while (d->kind == KIND_FLOAT || d->kind == KIND_COMPLEX);
		const size_t n = chance_below(round % 8 ? 300 : MOST + 1),
			     split = chance_below(n + 1);
		random_elements(d, elements, n);
		struct distinct s, rest;
		distinct_begin(&s);
		distinct_begin(&rest);
		assert_int_equal(distinct_block(&s, d, elements, split, NULL), 0);
		assert_int_equal(distinct_block(&rest, d, elements + split * d->size,
						n - split, NULL),
				 0);
		assert_int_equal(distinct_join(&s, &rest, NULL), 0);
		assert_int_equal(distinct_count(&s), count_different(d, n));
		assert_false(s.too_many);
		distinct_drop(&s);
		distinct_drop(&rest);
	}
}

static void add_numbers(struct distinct *s, uint64_t from, uint64_t to)
{
	for (uint64_t v = from; v < to; v++)
		assert_int_equal(distinct_block(s, dtype_of(CKPT_INT64), &v, 1, NULL), 0);
}

static void too_many_values(void **state)
{
	(void)state;
	for (uint64_t from = 0; from < 2; from++) { /* with 0 and without */
		struct distinct s, more;
		distinct_begin(&s);
		distinct_begin(&more);
		add_numbers(&s, from, from + DISTINCT_MOST);
		assert_int_equal(distinct_count(&s), DISTINCT_MOST);
		assert_false(s.too_many);
		add_numbers(&more, from + 5, from + DISTINCT_MOST + 1);
		assert_false(more.too_many);
		assert_int_equal(distinct_join(&more, &s, NULL), 0);
		assert_true(more.too_many && !distinct_count(&more) && !more.slots);
		add_numbers(&s, from + 3, from + DISTINCT_MOST + 1);
		assert_true(s.too_many && !s.memory.p);
		add_numbers(&s, 0, 10);
		assert_true(s.too_many && !distinct_count(&s));
		distinct_begin(&s);
		assert_int_equal(distinct_join(&s, &more, NULL), 0);
		assert_true(s.too_many);
	}
}

static void no_memory_for_values(void **state)
{
	(void)state;
	struct distinct s;
	struct ckpt_error err = { 0 };
	distinct_begin(&s);
	s.memory.limit = 4096;
	int32_t v[BLOCK];
	for (int i = 0; i < BLOCK; i++)
		v[i] = i - 5;
	assert_int_equal(distinct_block(&s, dtype_of(CKPT_INT32), v, BLOCK, &err), -1);
	assert_int_equal(err.code, CKPT_ELIMIT);
	assert_true(distinct_count(&s) > 100);
	distinct_drop(&s);
}

int group_histogram(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(histograms_count_as_one_by_one),
		cmocka_unit_test(order_and_ranges_do_not_matter),
		cmocka_unit_test(ranges_of_all_sizes),
		cmocka_unit_test(different_values_are_counted),
		cmocka_unit_test(too_many_values),
		cmocka_unit_test(no_memory_for_values),
	};
	return unit_run("histogram", tests, COUNT(tests));
}
