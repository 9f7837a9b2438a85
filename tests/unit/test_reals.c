/* test_reals.c — elements as doubles, rounding to small floats, sums of any magnitude.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "unit.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "model/reals.h"

static const int rounded_dtypes[] = {
	CKPT_FLOAT16,	      CKPT_BFLOAT16,	    CKPT_FLOAT8_E5M2,
	CKPT_FLOAT8_E4M3FN,   CKPT_FLOAT8_E4M3FNUZ, CKPT_FLOAT8_E4M3B11FNUZ,
	CKPT_FLOAT8_E5M2FNUZ, CKPT_FLOAT4_E2M1FN,
};

/* What numpy 2 and ml_dtypes make of a float64. */
static const struct {
	double v, rounded[COUNT(rounded_dtypes)];
} known[] = {
	/* clang-format off */
	{ 1.0625, { 1.0625, 1.0625, 1, 1, 1, 1, 1, 1 } },
	{ -1.125, { -1.125, -1.125, -1, -1.125, -1.125, -1.125, -1, -1 } },
	{ 1.1875, { 1.1875, 1.1875, 1.25, 1.25, 1.25, 1.25, 1.25, 1 } },
	{ -1.375, { -1.375, -1.375, -1.5, -1.375, -1.375, -1.375, -1.5, -1.5 } },
	{ 0x1.0080000001p0, { 0x1.008p0, 1, 1, 1, 1, 1, 1, 1 } },
	{ 0x1.01p0, { 0x1.01p0, 1, 1, 1, 1, 1, 1, 1 } },
	{ 0x1.03p0, { 0x1.03p0, 0x1.04p0, 1, 1, 1, 1, 1, 1 } },
	{ 0x1.0020000001p0, { 0x1.004p0, 1, 1, 1, 1, 1, 1, 1 } },
	{ 0x1.002p0, { 1, 1, 1, 1, 1, 1, 1, 1 } },
	{ -0x1.006p0, { -0x1.008p0, -1, -1, -1, -1, -1, -1, -1 } },
	{ 7.5, { 7.5, 7.5, 8, 7.5, 7.5, 7.5, 8, 6 } },
	{ -29, { -29, -29, -28, -28, -28, -28, -28, -6 } },
	{ 30, { 30, 30, 32, 30, 30, 30, 32, 6 } },
	{ 31, { 31, 31, 32, 32, 32, NAN, 32, 6 } },
	{ 240, { 240, 240, 256, 240, 240, NAN, 256, 6 } },
	{ -248, { -248, -248, -256, -256, NAN, NAN, -256, -6 } },
	{ 448, { 448, 448, 448, 448, NAN, NAN, 448, 6 } },
	{ 464, { 464, 464, 448, 448, NAN, NAN, 448, 6 } },
	{ 0x1.d00001p8, { 464, 464, 448, 448, NAN, NAN, 448, 6 } },
	{ 57344, { 57344, 57344, 57344, NAN, NAN, NAN, 57344, 6 } },
	{ 61440, { 61440, 61440, INFINITY, NAN, NAN, NAN, NAN, 6 } },
	{ -0x1.e00002p15, { -61440, -61440, -INFINITY, NAN, NAN, NAN, NAN, -6 } },
	{ 65504, { 65504, 65536, INFINITY, NAN, NAN, NAN, NAN, 6 } },
	{ 0x1.ffdfffp15, { 65504, 65536, INFINITY, NAN, NAN, NAN, NAN, 6 } },
	{ 65520, { INFINITY, 65536, INFINITY, NAN, NAN, NAN, NAN, 6 } },
	{ 0x1.fep127, { INFINITY, 0x1.fep127, INFINITY, NAN, NAN, NAN, NAN, 6 } },
	{ 0x1.fefffep127, { INFINITY, 0x1.fep127, INFINITY, NAN, NAN, NAN, NAN, 6 } },
	{ 0x1.ffp127, { INFINITY, INFINITY, INFINITY, NAN, NAN, NAN, NAN, 6 } },
	{ 0x1p1000, { INFINITY, INFINITY, INFINITY, NAN, NAN, NAN, NAN, 6 } },
	{ 0x1p-10, { 0x1p-10, 0x1p-10, 0x1p-10, 0, 0x1p-10, 0x1p-10, 0x1p-10, 0 } },
	{ -0x1.8p-10, { -0x1.8p-10, -0x1.8p-10, -0x1.8p-10, -0x1p-9, -0x1p-9, -0x1.8p-10, -0x1.8p-10, -0. } },
	{ 0x1p-11, { 0x1p-11, 0x1p-11, 0x1p-11, 0, 0, 0x1p-11, 0x1p-11, 0 } },
	{ 0x1.8p-13, { 0x1.8p-13, 0x1.8p-13, 0x1.8p-13, 0, 0, 0x1p-12, 0x1.8p-13, 0 } },
	{ 0x1p-14, { 0x1p-14, 0x1p-14, 0x1p-14, 0, 0, 0, 0x1p-14, 0 } },
	{ -0x1p-14, { -0x1p-14, -0x1p-14, -0x1p-14, -0., 0, 0, -0x1p-14, -0. } },
	{ 0x1p-16, { 0x1p-16, 0x1p-16, 0x1p-16, 0, 0, 0, 0x1p-16, 0 } },
	{ 0x1p-17, { 0x1p-17, 0x1p-17, 0, 0, 0, 0, 0x1p-17, 0 } },
	{ 0x1.1p-17, { 0x1.1p-17, 0x1.1p-17, 0x1p-16, 0, 0, 0, 0x1p-17, 0 } },
	{ 0x1p-18, { 0x1p-18, 0x1p-18, 0, 0, 0, 0, 0, 0 } },
	{ 0x1.8p-24, { 0x1p-23, 0x1.8p-24, 0, 0, 0, 0, 0, 0 } },
	{ 0x1p-25, { 0, 0x1p-25, 0, 0, 0, 0, 0, 0 } },
	{ 0x1.0001p-25, { 0x1p-24, 0x1p-25, 0, 0, 0, 0, 0, 0 } },
	{ 0x1p-133, { 0, 0x1p-133, 0, 0, 0, 0, 0, 0 } },
	{ 0x1p-134, { 0, 0, 0, 0, 0, 0, 0, 0 } },
	{ -0x1.8p-133, { -0., -0x1p-132, -0., -0., 0, 0, 0, -0. } },
	{ 0x0.0000000000001p-1022, { 0, 0, 0, 0, 0, 0, 0, 0 } },
	{ INFINITY, { INFINITY, INFINITY, INFINITY, NAN, NAN, NAN, NAN, 6 } },
	{ -INFINITY, { -INFINITY, -INFINITY, -INFINITY, NAN, NAN, NAN, NAN, -6 } },
	{ NAN, { NAN, NAN, NAN, NAN, NAN, NAN, NAN, -0. } },
	{ -0., { -0., -0., -0., -0., 0, 0, 0, -0. } },
	{ 0.25, { 0.25, 0.25, 0.25, 0.25, 0.25, 0.25, 0.25, 0 } },
	{ -0.3, { -0x1.334p-2, -0x1.34p-2, -0.3125, -0.3125, -0.3125, -0.3125, -0.3125, -0.5 } },
	{ 0.75, { 0.75, 0.75, 0.75, 0.75, 0.75, 0.75, 0.75, 1 } },
	{ 1.25, { 1.25, 1.25, 1.25, 1.25, 1.25, 1.25, 1.25, 1 } },
	{ 5, { 5, 5, 5, 5, 5, 5, 5, 4 } },
	{ -7, { -7, -7, -7, -7, -7, -7, -7, -6 } },
	/* clang-format on */
};

static bool same(double a, double b)
{
	return isnan(a) ? isnan(b) : a == b && !signbit(a) == !signbit(b);
}

static void rounding_is_that_of_ml_dtypes(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(known); i++)
		for (size_t k = 0; k < COUNT(rounded_dtypes); k++) {
			const struct dtype *d = dtype_of(rounded_dtypes[k]);
			const double r = real_rounded(d, known[i].v);
			CHECK(same(r, known[i].rounded[k]), "%a as %s: %a, not %a",
			      known[i].v, d->name, r, known[i].rounded[k]);
		}
	for (int i = 0; i < 1000; i++) {
		const double v = ldexp((double)chance(), (int)chance_below(400) - 264);
		assert_true(real_rounded(dtype_of(CKPT_FLOAT32), v) == (double)(float)v);
		assert_true(real_rounded(dtype_of(CKPT_FLOAT64), v) == v);
	}
}

static double element(const struct dtype *d, const uint8_t *p)
{
	double re, im;
	switch (d->kind) {
	case KIND_FLOAT:
		return dtype_real(d, p);
	case KIND_INT:
		return (double)dtype_int(d, p);
	case KIND_COMPLEX:
		dtype_complex(d, p, &re, &im);
		if (isnan(re) || isnan(im))
			return NAN;
		return isinf(hypot(re, im)) && !isinf(re) && !isinf(im) ? DBL_MAX
									: hypot(re, im);
	case KIND_BOOL:
		return dtype_uint(d, p) != 0;
	default:
		return (double)dtype_uint(d, p);
	}
}

static void check_block(const struct dtype *d, const uint8_t *in, size_t n)
{
	static double out[BLOCK + 1];
	out[n] = 12345;
	reals_of(d, in, n, out);
	assert_true(out[n] == 12345);
	for (size_t i = 0; i < n; i++) {
		const double want = element(d, in + i * d->size);
		CHECK(same(out[i], want), "%s, element %zu of %zu: %a, not %a", d->name,
		      i, n, out[i], want);
		if (d->kind == KIND_FLOAT)
			CHECK(same(real_rounded(d, want), want), "%s: %a changes",
			      d->name, want);
	}
}

static void elements_are_what_dtype_says(void **state)
{
	(void)state;
	static uint8_t in[16 * BLOCK + 1];
	for (enum vectors v = VECTORS_SCALAR; v <= VECTORS_AVX512; v++) {
		if (!vectors_choose(v))
			continue;
		assert_int_equal(vectors_chosen(), v);
		for (int number = 1; number <= CKPT_FLOAT4_E2M1FN; number++) {
			const struct dtype *d = dtype_of(number);
			for (int i = 0; i < 20 && d->size; i++) {
				chance_bytes(in, sizeof in);
				check_block(d, in + i % 2, chance_below(BLOCK + 1));
			}
			for (unsigned k = 0; k < 65536 && d->size == 2; k += BLOCK) {
				for (unsigned i = 0; i < BLOCK; i++)
					memcpy(in + 2 * i,
					       &(uint16_t){ (uint16_t)(k + i) }, 2);
				check_block(d, in, BLOCK);
			}
		}
	}
	assert_true(vectors_choose(VECTORS_AUTO));
	assert_int_not_equal(vectors_chosen(), VECTORS_AUTO);
}

static struct wide wide(double v, int exponent)
{
	return (struct wide){ v, exponent };
}

static bool close_to(double a, double b)
{
	return a == b || fabs(a - b) <= 1e-15 * fabs(b);
}

static void wide_numbers(void **state)
{
	(void)state;
	const struct wide big = wide(1, 3000), small = wide(3, -3000), one = wide(1, 0);
	assert_true(isinf(wide_real(big)) && wide_real(small) == 0);
	assert_true(wide_real(wide_add(one, wide(0.5, 1))) == 2);
	assert_true(wide_real(wide_add(wide(0, 0), wide(0, 5))) == 0);
	assert_true(wide_real(wide_add(wide(0, 7), one)) == 1);
	assert_true(wide_root(wide(1, 2000)) == 0x1p1000);
	assert_true(wide_root(wide(2, 2001)) == 0x1p1001);
	assert_true(wide_root(wide(2, -2001)) == 0x1p-1000);
	assert_true(wide_root(wide(0, 0)) == 0);
	assert_true(wide_ratio(big, wide(4, 2998)) == 1);
	assert_true(wide_ratio(big, one) == INFINITY && wide_ratio(small, big) == 0);
	assert_true(isnan(wide_ratio(one, wide(0, 0))));
	assert_true(wide_ratio(wide(0, 0), one) == 0);
	assert_true(wide_cosine(wide(-6, 2999), wide(9, 4000), wide(1, 2000)) == -1);
	assert_true(wide_cosine(wide(1, -2001), wide(1, -4001), wide(1, -1)) == 1);
	assert_true(isnan(wide_cosine(wide(0, 0), one, wide(0, 0))));
	/* One huge number does not lose what a double can hold beside it. */
	struct wide sum = wide_add(big, wide(1, 2950));
	sum = wide_add(sum, wide(-1, 3000));
	assert_true(wide_ratio(sum, wide(1, 2950)) == 1);
}

static void wide_sums_are_sums(void **state)
{
	(void)state;
	for (int i = 0; i < 20000; i++) {
		const double a = ldexp((double)chance(), -64),
			     b = ldexp((double)chance(), -64);
		const int ea = (int)chance_below(3000) - 1500;
		const int eb = chance_one_in(2) ? ea : (int)chance_below(3000) - 1500;
		struct wide s =
			wide_add(wide(a, ea), wide(chance_one_in(9) ? -a : b, eb));
		const struct wide t = wide_add(wide(b, eb), wide(a, ea));
		if (ea - eb > -1000 && ea - eb < 1000 && s.v > 0)
			assert_true(close_to(wide_ratio(t, wide(1, ea)),
					     a + ldexp(b, eb - ea)));
		s = wide_add(s, t);
		assert_true(isfinite(s.v) && (s.exponent == 0 || fabs(s.v) < 1));
	}
}

int group_reals(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(rounding_is_that_of_ml_dtypes),
		cmocka_unit_test(elements_are_what_dtype_says),
		cmocka_unit_test(wide_numbers),
		cmocka_unit_test(wide_sums_are_sums),
	};
	return unit_run("reals", tests, COUNT(tests));
}
