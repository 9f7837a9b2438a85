/* test_compare.c — what equal means, and what a comparison counts, case by case.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "unit.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "report/compare.h"

static struct comparison c;
static const struct tolerance exact;

static void compare_as(int a_type, const void *a, int b_type, const void *b, size_t n,
		       struct tolerance tolerance)
{
	const struct comparing how = { dtype_of(a_type), dtype_of(b_type), tolerance };
	comparison_begin(&c);
	compare_block(&c, &how, a, b, n, 0);
}

static void compare(int dtype, const void *a, const void *b, size_t n,
		    struct tolerance tolerance)
{
	compare_as(dtype, a, dtype, b, n, tolerance);
}

static bool close_to(double a, double b)
{
	return fabs(a - b) <= 1e-14 * fabs(b);
}

static void nothing_is_identical(void **state)
{
	(void)state;
	compare(CKPT_FLOAT32, NULL, NULL, 0, exact);
	assert_int_equal(comparison_class(&c), CLASS_IDENTICAL);
	assert_int_equal(c.elements, 0);
	assert_true(c.max_index == UINT64_MAX && c.first_changed == UINT64_MAX);
	assert_true(isnan(comparison_mean_abs(&c)) && isnan(comparison_l2_a(&c)));
	assert_true(isnan(comparison_rel_l2(&c)) && isnan(comparison_cosine(&c)));
}

static void metrics(void **state)
{
	(void)state;
	const float a[] = { 1, -2, 0, 4, 8 }, b[] = { 1, 2, -0.0f, 7, 11 };
	compare(CKPT_FLOAT32, a, b, 5, exact);
	assert_int_equal(comparison_class(&c), CLASS_DIFFER);
	assert_true(c.elements == 5 && c.finite == 5 && c.bits == 4 && c.changed == 3);
	assert_true(c.beyond == 3 && c.sign_flips == 1 && c.zeros_a == 1 &&
		    c.zeros_b == 1);
	assert_true(c.first_changed == 1 && c.max_index == 1 && c.max_abs == 4);
	assert_memory_equal(c.max_a, &a[1], 4);
	assert_memory_equal(c.max_b, &b[1], 4);
	assert_true(comparison_mean_abs(&c) == 2);
	assert_true(close_to(comparison_l2_delta(&c), sqrt(16 + 9 + 9)));
	assert_true(close_to(comparison_l2_a(&c), sqrt(85)));
	assert_true(close_to(comparison_l2_b(&c), sqrt(1 + 4 + 49 + 121)));
	assert_true(close_to(comparison_rel_l2(&c), sqrt(34. / 85)));
	assert_true(close_to(comparison_cosine(&c), (1 - 4 + 28 + 88) / sqrt(85. * 175)));
	assert_true(c.max_abs_int == 0 && c.unrounded_a == 0 && c.unrounded_b == 0);
}

static void the_zeros_are_equal(void **state)
{
	(void)state;
	const double a[] = { 0.0, -0.0 }, b[] = { -0.0, -0.0 };
	compare(CKPT_FLOAT64, a, b, 2, exact);
	assert_int_equal(comparison_class(&c), CLASS_EQUAL);
	assert_true(c.bits == 1 && c.changed == 0 && c.max_abs == 0 && c.max_index == 0);
	assert_true(isnan(comparison_cosine(&c)) && comparison_l2_a(&c) == 0);
	compare(CKPT_FLOAT64, b, b, 2, exact);
	assert_int_equal(comparison_class(&c), CLASS_IDENTICAL);
	assert_true(c.zeros_a == 2 && c.zeros_b == 2 && c.finite == 2);
}

static struct tolerance nan_rule(enum nan_rule rule)
{
	return (struct tolerance){ .nan = rule, .atol = INFINITY };
}

static void nan_by_its_rule(void **state)
{
	(void)state;
	const uint32_t a[] = { 0x7fc00000, 0x7fc00000, 0x7fc00000, 0x3f800000 };
	const uint32_t b[] = { 0x7fc00000, 0xffc00001, 0x3f800000, 0x7f800001 };
	static const uint64_t changed[] = {
		[NAN_EQUAL] = 2, [NAN_DIFFER] = 4, [NAN_BITWISE] = 3
	};
	for (int rule = NAN_EQUAL; rule <= NAN_BITWISE; rule++) {
		compare(CKPT_FLOAT32, a, b, 4, nan_rule((enum nan_rule)rule));
		assert_int_equal(c.changed, changed[rule]);
		assert_int_equal(c.beyond, changed[rule]);
		assert_true(c.bits == 3 && c.nan_a == 3 && c.nan_b == 3);
		assert_true(c.nan_appeared == 1 && c.nan_vanished == 1);
		assert_true(c.first_nan_appeared == 3 && c.max_index == UINT64_MAX);
		assert_true(isnan(comparison_mean_abs(&c)));
	}
	compare(CKPT_FLOAT32, a, a, 4, nan_rule(NAN_DIFFER));
	assert_int_equal(comparison_class(&c), CLASS_DIFFER);
	assert_true(c.bits == 0 && c.changed == 3 && c.first_changed == 0);
	assert_true(c.finite == 1 && c.max_index == 3);
	compare(CKPT_FLOAT32, a, a, 4, nan_rule(NAN_BITWISE));
	assert_int_equal(comparison_class(&c), CLASS_IDENTICAL);
}

static void infinity_never_passes_by_tolerance(void **state)
{
	(void)state;
	const float a[] = { INFINITY, INFINITY, 1, INFINITY, 5 };
	const float b[] = { INFINITY, -INFINITY, INFINITY, 1, 1e30f };
	const struct tolerance any = { .atol = INFINITY, .rtol = 5, .ulp = UINT64_MAX };
	compare(CKPT_FLOAT32, a, b, 5, any);
	assert_true(c.changed == 4 && c.beyond == 3);
	assert_true(c.inf_a == 3 && c.inf_b == 3);
	assert_true(c.inf_appeared == 1 && c.inf_vanished == 1 && c.finite == 1);
	assert_true(c.max_index == 4 && c.sign_flips == 0);
}

static uint64_t beyond(int dtype, const void *a, const void *b, struct tolerance t)
{
	compare(dtype, a, b, 1, t);
	return c.beyond;
}

static void absolute_and_relative(void **state)
{
	(void)state;
	const double a = 100, b = 101, top = DBL_MAX, bottom = -DBL_MAX;
	const int d = CKPT_FLOAT64;
	assert_int_equal(beyond(d, &a, &b, exact), 1);
	assert_int_equal(beyond(d, &a, &b, (struct tolerance){ .atol = 1 }), 0);
	assert_int_equal(beyond(d, &a, &b, (struct tolerance){ .atol = 0.999 }), 1);
	/* The larger of the two counts, whichever side it is on. */
	assert_int_equal(beyond(d, &a, &b, (struct tolerance){ .rtol = 0.00995 }), 0);
	assert_int_equal(beyond(d, &b, &a, (struct tolerance){ .rtol = 0.00995 }), 0);
	assert_int_equal(beyond(d, &b, &a, (struct tolerance){ .rtol = 0.0099 }), 1);
	/* A distance that no double holds. */
	assert_int_equal(beyond(d, &top, &bottom, (struct tolerance){ .atol = top }), 1);
	assert_int_equal(beyond(d, &top, &bottom, (struct tolerance){ .atol = INFINITY }),
			 0);
	assert_true(isinf(c.max_abs) && isfinite(comparison_l2_a(&c)));
	assert_true(comparison_cosine(&c) == -1 && comparison_rel_l2(&c) == 2);
	/* Equal within the tolerance, though the bytes differ. */
	compare(d, &a, &b, 1, (struct tolerance){ .atol = 2 });
	assert_int_equal(comparison_class(&c), CLASS_EQUAL);
	assert_true(c.changed == 1 && c.max_abs == 1);
}

static uint64_t ulps(int dtype, uint64_t a, uint64_t b, uint64_t ulp)
{
	return beyond(dtype, &a, &b, (struct tolerance){ .ulp = ulp });
}

static void steps_of_the_dtype(void **state)
{
	(void)state;
	assert_int_equal(ulps(CKPT_FLOAT32, 0x3f800000, 0x3f800003, 2), 1);
	assert_int_equal(ulps(CKPT_FLOAT32, 0x3f800000, 0x3f800003, 3), 0);
	/* From the smallest negative number over the two zeros, which are one. */
	assert_int_equal(ulps(CKPT_FLOAT32, 0x80000001, 0x00000001, 1), 1);
	assert_int_equal(ulps(CKPT_FLOAT32, 0x80000001, 0x00000001, 2), 0);
	assert_int_equal(ulps(CKPT_FLOAT32, 0x7f7fffff, 0x7f800000, 9), 1);
	assert_int_equal(ulps(CKPT_FLOAT16, 0x03ff, 0x0400, 1), 0);
	assert_int_equal(ulps(CKPT_BFLOAT16, 0x3f80, 0x3f7e, 1), 1);
	assert_int_equal(ulps(CKPT_BFLOAT16, 0x3f80, 0x3f7e, 2), 0);
	assert_int_equal(ulps(CKPT_FLOAT8_E4M3FNUZ, 0x81, 0x01, 1), 1);
	assert_int_equal(ulps(CKPT_FLOAT8_E4M3FNUZ, 0x81, 0x01, 2), 0);
	const uint64_t top = UINT64_C(0x7fefffffffffffff), sign = UINT64_C(1) << 63;
	assert_int_equal(ulps(CKPT_FLOAT64, top, top | sign, 2 * top - 1), 1);
	assert_int_equal(ulps(CKPT_FLOAT64, top, top | sign, 2 * top), 0);
	assert_int_equal(ulps(CKPT_INT8, 0x80, 0x7f, 254), 1);
	assert_int_equal(ulps(CKPT_INT8, 0x80, 0x7f, 255), 0);
	/* Both parts: the imaginary one is 2 steps away. */
	const float a[] = { 1, 1 }, b[] = { 1, 1 + 2 * FLT_EPSILON };
	assert_int_equal(beyond(CKPT_COMPLEX64, a, b, (struct tolerance){ .ulp = 1 }), 1);
	assert_int_equal(beyond(CKPT_COMPLEX64, a, b, (struct tolerance){ .ulp = 2 }), 0);
}

static void integers_are_exact(void **state)
{
	(void)state;
	const int64_t a[] = { 0, INT64_MIN, -1 };
	const int64_t b[] = { (INT64_C(1) << 53) + 1, INT64_MAX, 1 };
	assert_int_equal(beyond(CKPT_INT64, a, b, (struct tolerance){ .atol = 0x1p53 }),
			 1);
	assert_int_equal(beyond(CKPT_INT64, a, b, (struct tolerance){ .atol = 0x1p54 }),
			 0);
	assert_int_equal(beyond(CKPT_INT64, a, b, (struct tolerance){ .rtol = 1 }), 1);
	compare(CKPT_INT64, a, b, 3, exact);
	assert_true(c.max_abs_int == UINT64_MAX && c.max_abs == 0x1p64);
	assert_true(c.max_index == 1 && c.sign_flips == 2 && c.changed == 3);
	/* One distance larger than another of the same double, in one block or two. */
	const struct comparing how = { dtype_of(CKPT_INT64), dtype_of(CKPT_INT64),
				       exact };
	const int64_t x[] = { 0, 0 }, y[] = { INT64_C(1) << 60, (INT64_C(1) << 60) + 1 };
	compare(CKPT_INT64, x, y, 2, exact);
	assert_true(c.max_index == 1 && c.max_abs == 0x1p60);
	assert_true(c.max_abs_int == (UINT64_C(1) << 60) + 1);
	comparison_begin(&c);
	compare_block(&c, &how, &x[0], &y[0], 1, 0);
	compare_block(&c, &how, &x[1], &y[1], 1, 1);
	assert_true(c.max_index == 1 && c.max_abs_int == (UINT64_C(1) << 60) + 1);
}

static void integers_of_two_types(void **state)
{
	(void)state;
	const int64_t minus[] = { -1, 5 };
	const uint64_t large[] = { UINT64_MAX, 5 };
	compare_as(CKPT_INT64, minus, CKPT_UINT64, large, 2, exact);
	assert_true(c.bits == 2 && c.changed == 1 && c.max_abs_int == UINT64_MAX);
	assert_true(c.max_abs == 0x1p64 && c.unrounded_a == 1 && c.unrounded_b == 1);
	const int64_t odd = (INT64_C(1) << 53) + 1;
	const double even = 0x1p53;
	compare_as(CKPT_INT64, &odd, CKPT_FLOAT64, &even, 1, exact);
	assert_true(c.changed == 1 && c.unrounded_a == 0 && c.unrounded_b == 1);
	compare_as(CKPT_FLOAT64, &even, CKPT_INT64, &odd, 1,
		   (struct tolerance){ .ulp = 9 });
	assert_true(c.beyond == 1 && c.unrounded_a == 1 && c.unrounded_b == 0);
	const uint8_t low[] = { 0xf7, 0x18 }, other[] = { 0x07, 0x08 };
	compare(CKPT_INT4, low, other, 2, exact);
	assert_true(c.bits == 2 && c.changed == 0 && c.max_abs_int == 0);
	const uint8_t truth[] = { 1, 0, 2 }, more[] = { 2, 0, 0 };
	compare(CKPT_BOOL, truth, more, 3, exact);
	assert_true(c.bits == 2 && c.changed == 1 && c.max_abs_int == 1);
	assert_true(c.first_changed == 2 && c.zeros_a == 1 && c.zeros_b == 2);
}

static void casts(void **state)
{
	(void)state;
	const float a[] = { 1, 1 + 0x1p-7f, 1 + 0x1p-9f, NAN, 3e38f, 0.3f };
	const uint16_t b[] = { 0x3f80, 0x3f81, 0x3f80, 0x7fc0, 0x7f62, 0x3e98 };
	compare_as(CKPT_FLOAT32, a, CKPT_BFLOAT16, b, 6, exact);
	assert_true(c.bits == 6 && c.changed == 3 && c.unrounded_a == 1);
	assert_true(c.unrounded_b == 3 && c.nan_a == 1 && c.nan_appeared == 0);
	assert_int_equal(comparison_class(&c), CLASS_DIFFER);
	compare_as(CKPT_FLOAT32, a, CKPT_BFLOAT16, b, 2, exact);
	assert_int_equal(comparison_class(&c), CLASS_EQUAL);
	/* ulp counts steps of bfloat16, where both are at one. */
	const float next[] = { 1 + 0x1p-7f, 1 + 0x1p-8f };
	const uint16_t one[] = { 0x3f80, 0x3f80 };
	compare_as(CKPT_FLOAT32, next, CKPT_BFLOAT16, one, 2,
		   (struct tolerance){ .ulp = 1 });
	assert_true(c.changed == 2 && c.beyond == 1);
	const int32_t whole[] = { 3, 16777217 };
	const float real[] = { 3, 16777216 };
	compare_as(CKPT_INT32, whole, CKPT_FLOAT32, real, 2, exact);
	assert_true(c.changed == 1 && c.unrounded_a == 0 && c.unrounded_b == 1);
	assert_true(c.max_abs == 1 && c.max_abs_int == 0);
}

static void complex_pairs(void **state)
{
	(void)state;
	const double a[] = { 3, 4, NAN, 1, 0, 0, INFINITY, NAN, 1, INFINITY };
	const double b[] = { 0, 0, 1, NAN, -0.0, 0, 1, NAN, 1, INFINITY };
	compare(CKPT_COMPLEX128, a, b, 5, exact);
	assert_true(c.finite == 2 && c.max_abs == 5 && c.max_index == 0);
	assert_true(c.changed == 1 && c.bits == 4 && c.zeros_a == 1 && c.zeros_b == 2);
	assert_true(c.nan_a == 2 && c.nan_b == 2 && c.inf_a == 1 && c.inf_b == 1);
	assert_true(c.sign_flips == 0 && comparison_l2_a(&c) == 5);
	assert_true(beyond(CKPT_COMPLEX128, a, b, (struct tolerance){ .atol = 5 }) == 0);
	assert_true(beyond(CKPT_COMPLEX128, a, b, (struct tolerance){ .atol = 4.9 }) ==
		    1);
	const float u[] = { 1, 2 }, v[] = { 3, -1 };
	compare(CKPT_COMPLEX64, u, v, 1, exact);
	assert_true(close_to(comparison_cosine(&c), 1 / sqrt(5. * 10)));
	const double far[] = { 1e300, 1e300 }, near[] = { 2e-300, 0 };
	compare(CKPT_COMPLEX128, far, far, 1, exact);
	assert_true(close_to(comparison_l2_a(&c), sqrt(2) * 1e300));
	compare(CKPT_COMPLEX128, near, far, 1, exact);
	assert_true(close_to(comparison_l2_a(&c), 2e-300));
}

/* Squares that no double holds, beside each other, and differences far below them. */
static void extreme_magnitudes(void **state)
{
	(void)state;
	static double a[BLOCK], b[BLOCK];
	static const double units[] = { 1e300, 1e-300, 4.9e-324, 1e-160, 0x1p1023 };
	for (size_t k = 0; k < COUNT(units); k++) {
		for (size_t i = 0; i < BLOCK; i++) {
			a[i] = units[k];
			b[i] = i % 2 ? units[k] : -units[k];
		}
		compare(CKPT_FLOAT64, a, b, BLOCK, exact);
		assert_true(close_to(comparison_l2_a(&c) / 64, units[k]) || k == 4);
		assert_true(close_to(comparison_rel_l2(&c), sqrt(2)));
		assert_true(fabs(comparison_cosine(&c)) == 0 &&
			    c.sign_flips == BLOCK / 2);
		assert_true(close_to(comparison_mean_abs(&c), units[k]));
		compare(CKPT_FLOAT64, a, a, BLOCK, exact);
		assert_true(comparison_cosine(&c) == 1 && comparison_rel_l2(&c) == 0);
		assert_true(c.max_index == 0 && c.finite == BLOCK);
	}
	for (size_t i = 0; i < BLOCK; i++)
		b[i] = a[i] = i % 2 ? 1 : 1e-200;
	b[100] = 3e-200;
	compare(CKPT_FLOAT64, a, b, BLOCK, exact);
	assert_true(close_to(comparison_l2_delta(&c), 2e-200) && c.max_index == 100);
}

static void the_first_of_the_largest(void **state)
{
	(void)state;
	static float a[3 * BLOCK], b[3 * BLOCK];
	const struct comparing how = { dtype_of(CKPT_FLOAT32), dtype_of(CKPT_FLOAT32),
				       exact };
	struct comparison parts[3];
	b[BLOCK + 7] = b[BLOCK + 9] = b[2 * BLOCK] = -2;
	b[2 * BLOCK + 5] = NAN;
	b[3] = 1;
	for (size_t i = 3; i-- > 0;) {
		comparison_begin(&parts[i]);
		compare_block(&parts[i], &how, a + i * BLOCK, b + i * BLOCK, BLOCK,
			      i * BLOCK);
	}
	comparison_begin(&c);
	for (size_t i = 0; i < 3; i++)
		comparison_join(&c, &parts[i]);
	assert_true(c.max_index == BLOCK + 7 && c.first_changed == 3);
	assert_true(c.first_nan_appeared == 2 * BLOCK + 5 && c.changed == 5);
	assert_true(c.elements == 3 * BLOCK && c.finite == 3 * BLOCK - 1);
}

static void strings_by_their_bytes(void **state)
{
	(void)state;
	const struct ckpt_string a[] = { { "one", 3 }, { NULL, 0 }, { "two", 3 } };
	const struct ckpt_string b[] = { { "one", 3 }, { "", 0 }, { "two", 2 } };
	comparison_begin(&c);
	compare_strings(&c, a, b, 2, 0);
	assert_int_equal(comparison_class(&c), CLASS_IDENTICAL);
	compare_strings(&c, a + 2, b + 2, 1, 2);
	assert_int_equal(comparison_class(&c), CLASS_DIFFER);
	assert_true(c.elements == 3 && c.beyond == 1 && c.first_changed == 2);
	assert_true(isnan(comparison_mean_abs(&c)));
}

int group_compare(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_identical),
		cmocka_unit_test(metrics),
		cmocka_unit_test(the_zeros_are_equal),
		cmocka_unit_test(nan_by_its_rule),
		cmocka_unit_test(infinity_never_passes_by_tolerance),
		cmocka_unit_test(absolute_and_relative),
		cmocka_unit_test(steps_of_the_dtype),
		cmocka_unit_test(integers_are_exact),
		cmocka_unit_test(integers_of_two_types),
		cmocka_unit_test(casts),
		cmocka_unit_test(complex_pairs),
		cmocka_unit_test(extreme_magnitudes),
		cmocka_unit_test(the_first_of_the_largest),
		cmocka_unit_test(strings_by_their_bytes),
	};
	return unit_run("compare", tests, COUNT(tests));
}
