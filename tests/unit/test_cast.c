/* test_cast.c — elements of one dtype as those of another: the bits that come out.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "unit.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "model/cast.h"

static const int small[] = {
	CKPT_FLOAT16,	      CKPT_BFLOAT16,	    CKPT_FLOAT8_E5M2,
	CKPT_FLOAT8_E4M3FN,   CKPT_FLOAT8_E4M3FNUZ, CKPT_FLOAT8_E4M3B11FNUZ,
	CKPT_FLOAT8_E5M2FNUZ, CKPT_FLOAT4_E2M1FN,
};

/* What numpy 2 and ml_dtypes make of the float32 with these bits. */
static const struct {
	uint32_t bits;
	uint16_t cast[COUNT(small)];
} known[] = {
	/* clang-format off */
	{ 0x00000000, { 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00 } },
	{ 0x80000000, { 0x8000, 0x8000, 0x80, 0x80, 0x00, 0x00, 0x00, 0x08 } },
	{ 0x3f800000, { 0x3c00, 0x3f80, 0x3c, 0x38, 0x40, 0x58, 0x40, 0x02 } },
	{ 0xbfc00000, { 0xbe00, 0xbfc0, 0xbe, 0xbc, 0xc4, 0xdc, 0xc2, 0x0b } },
	{ 0x40490fdb, { 0x4248, 0x4049, 0x42, 0x45, 0x4d, 0x65, 0x46, 0x05 } },
	{ 0x7f800000, { 0x7c00, 0x7f80, 0x7c, 0x7f, 0x80, 0x80, 0x80, 0x07 } },
	{ 0xff800000, { 0xfc00, 0xff80, 0xfc, 0xff, 0x80, 0x80, 0x80, 0x0f } },
	{ 0x7fc00000, { 0x7e00, 0x7fc0, 0x7e, 0x7f, 0x80, 0x80, 0x80, 0x08 } },
	{ 0xffc00000, { 0xfe00, 0xffc0, 0xfe, 0xff, 0x80, 0x80, 0x80, 0x00 } },
	{ 0x7f7fffff, { 0x7c00, 0x7f80, 0x7c, 0x7f, 0x80, 0x80, 0x80, 0x07 } },
	{ 0x00000001, { 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00 } },
	{ 0x80000001, { 0x8000, 0x8000, 0x80, 0x80, 0x00, 0x00, 0x00, 0x08 } },
	{ 0x007fffff, { 0x00, 0x80, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00 } },
	{ 0x38800000, { 0x400, 0x3880, 0x04, 0x00, 0x00, 0x00, 0x08, 0x00 } },
	{ 0x33800000, { 0x01, 0x3380, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00 } },
	{ 0x477fe000, { 0x7bff, 0x4780, 0x7c, 0x7f, 0x80, 0x80, 0x80, 0x07 } },
	{ 0x477ff000, { 0x7c00, 0x4780, 0x7c, 0x7f, 0x80, 0x80, 0x80, 0x07 } },
	{ 0x43e00000, { 0x5f00, 0x43e0, 0x5f, 0x7e, 0x80, 0x80, 0x63, 0x07 } },
	{ 0x43e80000, { 0x5f40, 0x43e8, 0x5f, 0x7e, 0x80, 0x80, 0x63, 0x07 } },
	{ 0x3b000000, { 0x1800, 0x3b00, 0x18, 0x01, 0x02, 0x10, 0x1c, 0x00 } },
	{ 0xbb400000, { 0x9a00, 0xbb40, 0x9a, 0x82, 0x83, 0x94, 0x9e, 0x08 } },
	{ 0x3f808000, { 0x3c04, 0x3f80, 0x3c, 0x38, 0x40, 0x58, 0x40, 0x02 } },
	{ 0x3f818000, { 0x3c0c, 0x3f82, 0x3c, 0x38, 0x40, 0x58, 0x40, 0x02 } },
	{ 0xc0a00000, { 0xc500, 0xc0a0, 0xc5, 0xca, 0xd2, 0xea, 0xc9, 0x0e } },
	/* clang-format on */
};

static uint16_t bits_of(const struct dtype *d, const void *p)
{
	uint8_t one;
	uint16_t two;
	memcpy(&one, p, 1);
	if (d->size == 1)
		return one;
	memcpy(&two, p, 2);
	return two;
}

static void reals_become_the_bits_of_numpy(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(known); i++)
		for (size_t k = 0; k < COUNT(small); k++) {
			const struct dtype *to = dtype_of(small[k]);
			uint8_t out[2];
			assert_int_equal(cast_elements(dtype_of(CKPT_FLOAT32), to,
						       &known[i].bits, 1, out),
					 1);
			CHECK(bits_of(to, out) == known[i].cast[k],
			      "%08" PRIx32 " as %s is %x, expected %x", known[i].bits,
			      to->name, bits_of(to, out), known[i].cast[k]);
		}
}

/* Each number of a small float is one of float32 and float64, and comes back. */
static void every_pattern_comes_back(void **state)
{
	(void)state;
	static const int wide[] = { CKPT_FLOAT32, CKPT_FLOAT64 };
	for (size_t k = 0; k < 2 * COUNT(small); k++) {
		const struct dtype *d = dtype_of(small[k / 2]),
				   *w = dtype_of(wide[k % 2]);
		for (unsigned i = 0; i < 1u << d->bits; i++) {
			const uint8_t one = (uint8_t)i;
			const uint16_t two = (uint16_t)i;
			const void *in = d->size == 1 ? (const void *)&one : &two;
			uint8_t real[8], back[2];
			cast_elements(d, w, in, 1, real);
			cast_elements(w, d, real, 1, back);
			if (isnan(dtype_real(d, in)))
				CHECK(isnan(dtype_real(w, real)) &&
					      isnan(dtype_real(d, back)),
				      "%s %x is NaN", d->name, i);
			else
				CHECK(bits_of(d, back) == i, "%s %x came back as %x",
				      d->name, i, bits_of(d, back));
		}
	}
}

/* A bfloat16 is the upper half of a float32, NaN or not. */
static void bfloat16_keeps_its_bits(void **state)
{
	(void)state;
	for (uint32_t i = 0; i <= UINT16_MAX; i++) {
		const uint16_t in = (uint16_t)i;
		uint32_t out;
		cast_elements(dtype_of(CKPT_BFLOAT16), dtype_of(CKPT_FLOAT32), &in, 1,
			      &out);
		assert_int_equal(out, i << 16);
	}
}

/* The short way to a bfloat16 gives what the long one does, by a double. */
static void float32_is_rounded_as_any_real(void **state)
{
	(void)state;
	for (int i = 0; i < 200000; i++) {
		uint32_t in = (uint32_t)chance();
		if (chance_one_in(3))
			in = (in & 0xffff0000) | (0x7fff + (uint32_t)chance_below(3));
		uint8_t wide[8];
		uint16_t straight, around;
		const struct dtype *to = dtype_of(CKPT_BFLOAT16);
		cast_elements(dtype_of(CKPT_FLOAT32), to, &in, 1, &straight);
		cast_elements(dtype_of(CKPT_FLOAT32), dtype_of(CKPT_FLOAT64), &in, 1,
			      wide);
		cast_elements(dtype_of(CKPT_FLOAT64), to, wide, 1, &around);
		CHECK(straight == around, "%08" PRIx32 ": %x, %x", in, straight, around);
	}
}

static void integers_fit_or_are_refused(void **state)
{
	(void)state;
	static const struct {
		int from, to;
		int64_t v;
		bool fits;
	} cases[] = {
		{ CKPT_INT64, CKPT_INT8, 127, true },
		{ CKPT_INT64, CKPT_INT8, 128, false },
		{ CKPT_INT64, CKPT_INT8, -128, true },
		{ CKPT_INT64, CKPT_INT8, -129, false },
		{ CKPT_INT64, CKPT_UINT8, 255, true },
		{ CKPT_INT64, CKPT_UINT8, -1, false },
		{ CKPT_INT64, CKPT_UINT64, INT64_MAX, true },
		{ CKPT_INT64, CKPT_UINT64, -1, false },
		{ CKPT_UINT64, CKPT_INT64, INT64_MAX, true },
		{ CKPT_UINT64, CKPT_INT64, INT64_MIN, false }, /* 2^63 */
		{ CKPT_UINT64, CKPT_UINT32, -1, false },       /* 2^64 - 1 */
		{ CKPT_UINT64, CKPT_UINT64, -1, true },
		{ CKPT_INT32, CKPT_INT4, -8, true },
		{ CKPT_INT32, CKPT_INT4, 8, false },
		{ CKPT_INT32, CKPT_UINT2, 3, true },
		{ CKPT_INT32, CKPT_UINT2, 4, false },
		{ CKPT_INT16, CKPT_QINT8, -5, true },
		{ CKPT_INT4, CKPT_INT64, -3, true },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct dtype *from = dtype_of(cases[i].from);
		const struct dtype *to = dtype_of(cases[i].to);
		const int64_t in = cases[i].v;
		uint8_t out[8];
		const size_t n = cast_elements(from, to, &in, 1, out);
		CHECK(n == cases[i].fits, "%s %" PRId64 " as %s", from->name, in,
		      to->name);
		if (n && to->kind == KIND_INT)
			assert_int_equal(dtype_int(to, out), in);
		else if (n)
			assert_int_equal(dtype_uint(to, out), (uint64_t)in);
	}
	/* The first that does not fit is named. */
	const int32_t many[] = { 1, 2, 300, 4, 500 };
	int8_t few[COUNT(many)];
	assert_int_equal(cast_elements(dtype_of(CKPT_INT32), dtype_of(CKPT_INT8), many,
				       COUNT(many), few),
			 2);
}

static void complex_numbers_are_pairs(void **state)
{
	(void)state;
	const double in[] = { 1.5, -2.25, 1e300, NAN };
	float out[4];
	assert_int_equal(cast_elements(dtype_of(CKPT_COMPLEX128),
				       dtype_of(CKPT_COMPLEX64), in, 2, out),
			 2);
	assert_true(out[0] == 1.5f && out[1] == -2.25f && isinf(out[2]) && isnan(out[3]));
}

static void kinds_do_not_mix(void **state)
{
	(void)state;
	static const int all[] = { CKPT_FLOAT32, CKPT_INT8, CKPT_BOOL, CKPT_COMPLEX64,
				   CKPT_STRING, CKPT_VARIANT };
	for (size_t i = 0; i < COUNT(all); i++)
		for (size_t k = 0; k < COUNT(all); k++)
			assert_int_equal(
				cast_applies(dtype_of(all[i]), dtype_of(all[k])),
				i == k && all[i] != CKPT_BOOL && dtype_of(all[i])->size);
	assert_true(cast_applies(dtype_of(CKPT_QINT32), dtype_of(CKPT_UINT8)));
	assert_true(cast_applies(dtype_of(CKPT_BFLOAT16), dtype_of(CKPT_FLOAT8_E5M2)));
}

int group_cast(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(reals_become_the_bits_of_numpy),
		cmocka_unit_test(every_pattern_comes_back),
		cmocka_unit_test(bfloat16_keeps_its_bits),
		cmocka_unit_test(float32_is_rounded_as_any_real),
		cmocka_unit_test(integers_fit_or_are_refused),
		cmocka_unit_test(complex_numbers_are_pairs),
		cmocka_unit_test(kinds_do_not_mix),
	};
	return unit_run("cast", tests, COUNT(tests));
}
