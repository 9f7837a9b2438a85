/* test_dtype.c — the table of dtypes, and every pattern of the small ones.
 * SPDX-License-Identifier: Apache-2.0
 *
 * float16 is compared with the same number as a float32 (its bits moved, its bias changed
 * by a product that is exact), bfloat16 and float8_e5m2 as the upper halves that they
 * are, the other float8 among each other by the powers of two between their biases.
 */
#include "config.h"

#include "unit.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "model/dtype.h"

static float float_of(uint32_t bits)
{
	float f;
	memcpy(&f, &bits, 4);
	return f;
}

static double float16_of(unsigned h)
{
	const double sign = h & 0x8000 ? -1 : 1;
	if ((h & 0x7c00) == 0x7c00)
		return h & 0x3ff ? NAN : sign * INFINITY;
	return sign * (double)float_of((h & 0x7fffu) << 13) * 0x1p112;
}

static double e4m3(unsigned b, double unit)
{
	/* Half of float16's exponent: the same trick with three bits of mantissa. */
	return (b & 0x80 ? -1 : 1) * (double)float_of((b & 0x7fu) << 20) * unit;
}

static double reference(int dtype, unsigned b)
{
	static const double float4[] = { 0, 0.5, 1, 1.5, 2, 3, 4, 6 };
	switch (dtype) {
	case CKPT_BFLOAT16:
		return float_of((uint32_t)b << 16);
	case CKPT_FLOAT16:
		return float16_of(b);
	case CKPT_FLOAT8_E5M2:
		return float16_of(b << 8);
	case CKPT_FLOAT8_E4M3FN:
		return (b & 0x7f) == 0x7f ? NAN : e4m3(b, 0x1p120);
	case CKPT_FLOAT8_E4M3FNUZ:
		return b == 0x80 ? NAN : e4m3(b, 0x1p119);
	case CKPT_FLOAT8_E4M3B11FNUZ:
		return b == 0x80 ? NAN : e4m3(b, 0x1p116);
	case CKPT_FLOAT8_E5M2FNUZ:
		return b == 0x80 ? NAN
				 : (b & 0x80 ? -1 : 1) *
					   (double)float_of((b & 0x7fu) << 21) * 0x1p111;
	default:
		return (b & 8 ? -1 : 1) * float4[b & 7];
	}
}

static const struct small {
	int dtype;
	unsigned patterns;
	double most, least;
} smalls[] = {
	{ CKPT_FLOAT16, 65536, 65504, 0x1p-24 },
	{ CKPT_BFLOAT16, 65536, 0x1.fep127, 0x1p-133 },
	{ CKPT_FLOAT8_E5M2, 256, 57344, 0x1p-16 },
	{ CKPT_FLOAT8_E4M3FN, 256, 448, 0x1p-9 },
	{ CKPT_FLOAT8_E4M3FNUZ, 256, 240, 0x1p-10 },
	{ CKPT_FLOAT8_E4M3B11FNUZ, 256, 30, 0x1p-13 },
	{ CKPT_FLOAT8_E5M2FNUZ, 256, 57344, 0x1p-17 },
	{ CKPT_FLOAT4_E2M1FN, 256, 6, 0.5 },
};

static double value_of(const struct dtype *d, unsigned pattern)
{
	uint8_t byte = (uint8_t)pattern;
	uint16_t two = (uint16_t)pattern;
	return dtype_real(d, d->size == 1 ? (void *)&byte : &two);
}

static void small_floats_are_what_they_stand_for(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(smalls); i++) {
		const struct small *s = &smalls[i];
		const struct dtype *d = dtype_of(s->dtype);
		double most = 0, least = INFINITY;
		for (unsigned p = 0; p < s->patterns; p++) {
			const double v = value_of(d, p), want = reference(s->dtype, p);
			CHECK(isnan(v) ? isnan(want)
				       : v == want && !signbit(v) == !signbit(want),
			      "%s %#x is %a, not %a", d->name, p, v, want);
			if (isfinite(v) && v > most)
				most = v;
			if (v > 0 && v < least)
				least = v;
		}
		CHECK(most == s->most && least == s->least, "%s %a %a", d->name, most,
		      least);
	}
}

/* The numbers of a type from 0 upwards by their patterns, and one more step above. */
struct scale {
	const struct dtype *d;
	unsigned n; /* finite */
	long double v[0x8000];
};

static void make_scale(struct scale *s, const struct dtype *d)
{
	s->d = d;
	const unsigned half = 1u << (d->bits - 1);
	for (s->n = 0; s->n < half && isfinite(value_of(d, s->n)); s->n++)
		s->v[s->n] = (long double)value_of(d, s->n);
	if (s->n < COUNT(s->v))
		s->v[s->n] = 2 * s->v[s->n - 1] - s->v[s->n - 2];
}

/* The pattern that a decimal rounds to: the nearest, the even one of two. */
static unsigned nearest(const struct scale *s, long double x)
{
	unsigned low = 0, high = s->n;
	while (high - low > 1) {
		const unsigned middle = low + (high - low) / 2;
		if (s->v[middle] <= x)
			low = middle;
		else
			high = middle;
	}
	const long double middle = (s->v[low] + s->v[low + 1]) / 2;
	return low + (x > middle || (x == middle && low % 2 == 1));
}

static unsigned read_decimal(const struct scale *s, uint64_t m, int power)
{
	char text[48];
	snprintf(text, sizeof text, "%" PRIu64 "e%d", m, power);
	return nearest(s, strtold(text, NULL));
}

static void check_text(const struct scale *s, unsigned pattern)
{
	char text[NUMBER_MAX];
	const uint8_t byte = (uint8_t)pattern;
	const uint16_t two = (uint16_t)pattern;
	const void *p = s->d->size == 1 ? (const void *)&byte : &two;
	const size_t len = dtype_real_text(s->d, p, text);
	assert_int_equal(len, strlen(text));
	CHECK(nearest(s, strtold(text, NULL)) == pattern, "%s %#x as %s", s->d->name,
	      pattern, text);
	const struct digits d = unit_digits(text);
	const uint64_t m = d.m / 10;
	for (uint64_t other = m ? m - 1 : 0; d.n > 1 && other <= m + 2; other++)
		CHECK(read_decimal(s, other, d.power + 1) != pattern,
		      "%s %#x as %s, %" PRIu64 "e%d does as well", s->d->name, pattern,
		      text, other, d.power + 1);
}

static void small_floats_read_back_from_the_shortest_text(void **state)
{
	(void)state;
	static struct scale scale;
	for (size_t i = 0; i < COUNT(smalls); i++) {
		const struct dtype *d = dtype_of(smalls[i].dtype);
		const unsigned sign = 1u << (d->bits - 1);
		make_scale(&scale, d);
		for (unsigned p = 1; p < scale.n; p++) {
			char plus[NUMBER_MAX], minus[NUMBER_MAX];
			const uint16_t a = (uint16_t)p, b = (uint16_t)(p | sign);
			check_text(&scale, p);
			dtype_real_text(d, &a, plus);
			dtype_real_text(d, &b, minus);
			assert_int_equal(minus[0], '-');
			assert_string_equal(minus + 1, plus);
		}
	}
}

static void known_texts(void **state)
{
	(void)state;
	static const struct {
		int dtype;
		uint64_t bits;
		const char *text;
	} known[] = {
		{ CKPT_FLOAT16, 0x2e66, "0.1" },
		{ CKPT_FLOAT16, 0x7bff, "65500.0" },
		{ CKPT_FLOAT16, 0x0001, "6e-08" },
		{ CKPT_FLOAT16, 0x8000, "-0.0" },
		{ CKPT_FLOAT16, 0xfc00, "-inf" },
		{ CKPT_FLOAT16, 0x7e00, "nan" },
		{ CKPT_BFLOAT16, 0x3dcd, "0.1" },
		{ CKPT_BFLOAT16, 0x7f7f, "3.39e+38" },
		{ CKPT_BFLOAT16, 0x4049, "3.14" },
		{ CKPT_FLOAT8_E4M3FN, 0x7e, "450.0" },
		{ CKPT_FLOAT8_E4M3FNUZ, 0x80, "nan" },
		{ CKPT_FLOAT4_E2M1FN, 0xf3, "1.5" },
		{ CKPT_FLOAT32, 0x3dcccccd, "0.1" },
		{ CKPT_FLOAT8_E5M2, 0x7c, "inf" },
		{ CKPT_FLOAT64, 0x3fb999999999999a, "0.1" },
	};
	for (size_t i = 0; i < COUNT(known); i++) {
		char text[NUMBER_MAX];
		const uint8_t byte = (uint8_t)known[i].bits;
		const uint16_t two = (uint16_t)known[i].bits;
		const uint32_t four = (uint32_t)known[i].bits;
		const struct dtype *d = dtype_of(known[i].dtype);
		const void *p = d->size == 1   ? (const void *)&byte
				: d->size == 2 ? (const void *)&two
				: d->size == 4 ? (const void *)&four
					       : (const void *)&known[i].bits;
		dtype_real_text(d, p, text);
		assert_string_equal(text, known[i].text);
	}
}

static void whole_numbers_of_all_sizes(void **state)
{
	(void)state;
	for (unsigned b = 0; b < 256; b++) {
		const uint8_t byte = (uint8_t)b;
		assert_int_equal(dtype_int(dtype_of(CKPT_INT8), &byte), (int8_t)b);
		assert_int_equal(dtype_int(dtype_of(CKPT_QINT8), &byte), (int8_t)b);
		assert_int_equal(dtype_uint(dtype_of(CKPT_UINT8), &byte), b);
		assert_int_equal(dtype_uint(dtype_of(CKPT_BOOL), &byte), b);
		assert_int_equal(dtype_int(dtype_of(CKPT_INT4), &byte),
				 (int)(b % 16) - (b % 16 > 7 ? 16 : 0));
		assert_int_equal(dtype_int(dtype_of(CKPT_INT2), &byte),
				 (int)(b % 4) - (b % 4 > 1 ? 4 : 0));
		assert_int_equal(dtype_uint(dtype_of(CKPT_UINT4), &byte), b % 16);
		assert_int_equal(dtype_uint(dtype_of(CKPT_UINT2), &byte), b % 4);
	}
	for (int i = 0; i < 1000; i++) {
		uint8_t odd[9];
		const uint64_t v = i ? chance_magnitude() : UINT64_MAX;
		memcpy(odd + 1, &v, 8); /* nothing need be aligned */
		assert_int_equal(dtype_int(dtype_of(CKPT_INT64), odd + 1), (int64_t)v);
		assert_int_equal(dtype_uint(dtype_of(CKPT_UINT64), odd + 1), v);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
		assert_int_equal(dtype_int(dtype_of(CKPT_INT32), odd + 1), (int32_t)v);
		assert_int_equal(dtype_uint(dtype_of(CKPT_UINT32), odd + 1), (uint32_t)v);
		assert_int_equal(dtype_int(dtype_of(CKPT_INT16), odd + 1), (int16_t)v);
		assert_int_equal(dtype_uint(dtype_of(CKPT_QUINT16), odd + 1),
				 (uint16_t)v);
#endif
	}
}

static void complex_numbers(void **state)
{
	(void)state;
	const float narrow[] = { 1.5f, -2.25f };
	const double wide[] = { 0.1, -1e300 };
	double re, im;
	dtype_complex(dtype_of(CKPT_COMPLEX64), narrow, &re, &im);
	assert_true(re == 1.5 && im == -2.25);
	dtype_complex(dtype_of(CKPT_COMPLEX128), wide, &re, &im);
	assert_true(re == 0.1 && im == -1e300);
}

static void swapping_reverses_each_unit(void **state)
{
	(void)state;
	for (int number = 1; number <= CKPT_FLOAT4_E2M1FN; number++) {
		const struct dtype *d = dtype_of(number);
		uint8_t before[16 * 7], after[16 * 7];
		const size_t n = 7, size = d->size,
			     complex_parts = d->kind == KIND_COMPLEX;
		const size_t unit = size >> complex_parts;
		chance_bytes(before, sizeof before);
		memcpy(after, before, sizeof after);
		dtype_swap(d, after, n);
		for (size_t i = 0; i < n * size; i++)
			assert_int_equal(after[i],
					 before[i / unit * unit + unit - 1 - i % unit]);
		assert_memory_equal(after + n * size, before + n * size,
				    sizeof after - n * size);
		dtype_swap(d, after, n);
		assert_memory_equal(after, before, sizeof after);
	}
}

/* Sizes as in types.proto and tensorflow/core/framework/types.h. */
static void the_table_is_complete(void **state)
{
	(void)state;
	static const uint8_t sizes[] = { 0, 4, 8, 4, 1, 2, 1,  0, 8, 8, 1, 1,
					 1, 4, 2, 2, 2, 2, 16, 2, 0, 0, 4, 8,
					 1, 1, 1, 1, 1, 1, 1,  1, 1, 1 };
	for (int i = 1; i < (int)COUNT(sizes); i++) {
		assert_int_equal(ckpt_dtype_size(i), sizes[i]);
		assert_int_equal(dtype_named(ckpt_dtype_name(i)), i);
		assert_memory_equal(dtype_of(i)->proto, "DT_", 3);
	}
	assert_string_equal(ckpt_dtype_name(CKPT_FLOAT16), "float16");
	assert_string_equal(ckpt_dtype_name(CKPT_FLOAT4_E2M1FN), "float4_e2m1fn");
	static const int none[] = { 0,	 -1, INT32_MIN, INT32_MAX, (int)COUNT(sizes),
				    101, 999 };
	for (size_t i = 0; i < COUNT(none); i++) {
		assert_null(dtype_of(none[i]));
		assert_null(ckpt_dtype_name(none[i]));
		assert_int_equal(ckpt_dtype_size(none[i]), 0);
	}
	assert_int_equal(dtype_named("float"), 0);
	assert_int_equal(dtype_named(""), 0);
}

/* As np.save (NumPy 2.4, ml_dtypes 0.6) and safetensors 0.8 wrote arrays of each type. */
static const struct names {
	int dtype;
	const char *descr, *safetensors;
} names[] = {
	{ CKPT_BOOL, "'|b1'", "BOOL" },
	{ CKPT_INT8, "'|i1'", "I8" },
	{ CKPT_UINT8, "'|u1'", "U8" },
	{ CKPT_INT16, "'<i2'", "I16" },
	{ CKPT_UINT16, "'<u2'", "U16" },
	{ CKPT_INT32, "'<i4'", "I32" },
	{ CKPT_UINT32, "'<u4'", "U32" },
	{ CKPT_INT64, "'<i8'", "I64" },
	{ CKPT_UINT64, "'<u8'", "U64" },
	{ CKPT_FLOAT16, "'<f2'", "F16" },
	{ CKPT_FLOAT32, "'<f4'", "F32" },
	{ CKPT_FLOAT64, "'<f8'", "F64" },
	{ CKPT_COMPLEX64, "'<c8'", "C64" },
	{ CKPT_COMPLEX128, "'<c16'", NULL },
	{ CKPT_BFLOAT16, "'<V2'", "BF16" },
	{ CKPT_FLOAT8_E5M2, "'<f1'", "F8_E5M2" },
	{ CKPT_FLOAT8_E4M3FN, "'<V1'", "F8_E4M3" },
	{ CKPT_FLOAT8_E4M3FNUZ, "'<V1'", "F8_E4M3FNUZ" },
	{ CKPT_FLOAT8_E5M2FNUZ, "'<V1'", "F8_E5M2FNUZ" },
	{ CKPT_FLOAT8_E4M3B11FNUZ, "'<V1'", NULL },
	{ CKPT_FLOAT4_E2M1FN, "'<V1'", NULL },
	{ CKPT_INT4, "'<V1'", NULL },
	{ CKPT_UINT4, "'<V1'", NULL },
	{ CKPT_INT2, "'<V1'", NULL },
	{ CKPT_UINT2, "'<V1'", NULL },
	{ CKPT_QINT8, "[('qint8', '|i1')]", NULL },
	{ CKPT_QUINT8, "[('quint8', '|u1')]", NULL },
	{ CKPT_QINT16, "[('qint16', '<i2')]", NULL },
	{ CKPT_QUINT16, "[('quint16', '<u2')]", NULL },
	{ CKPT_QINT32, "[('qint32', '<i4')]", NULL },
	{ CKPT_STRING, NULL, NULL },
	{ CKPT_RESOURCE, NULL, NULL },
	{ CKPT_VARIANT, NULL, NULL },
};

static void names_in_files_of_arrays(void **state)
{
	(void)state;
	assert_int_equal(COUNT(names), CKPT_FLOAT4_E2M1FN);
	for (size_t i = 0; i < COUNT(names); i++) {
		const struct names *n = &names[i];
		const struct dtype *d = dtype_of(n->dtype);
		char descr[DTYPE_DESCR_MAX] = "";
		const size_t len = dtype_npy_descr(d, descr);
		assert_string_equal(descr, n->descr ? n->descr : "");
		assert_int_equal(len, strlen(descr));
		if (d->npy)
			assert_int_equal(
				dtype_of_npy(d->npy, d->npy_field ? d->name : NULL),
				strcmp(d->npy, "V1") ? n->dtype : 0);
		if (!n->safetensors)
			assert_null(d->safetensors);
		else
			assert_int_equal(dtype_of_safetensors(n->safetensors), n->dtype);
	}
	static const char *const none[] = { "", "f", "f16", "O", "<f4", "V3", "M8", "F32" };
	for (size_t i = 0; i < COUNT(none); i++)
		assert_int_equal(dtype_of_npy(none[i], NULL), 0);
	assert_int_equal(dtype_of_npy("i1", "qint16"), 0);
	assert_int_equal(dtype_of_npy("f4", "float32"), 0);
	assert_int_equal(dtype_of_safetensors("f32"), 0);
	assert_int_equal(dtype_of_safetensors("F4"), 0);
}

int group_dtype(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(small_floats_are_what_they_stand_for),
		cmocka_unit_test(small_floats_read_back_from_the_shortest_text),
		cmocka_unit_test(known_texts),
		cmocka_unit_test(whole_numbers_of_all_sizes),
		cmocka_unit_test(complex_numbers),
		cmocka_unit_test(swapping_reverses_each_unit),
		cmocka_unit_test(the_table_is_complete),
		cmocka_unit_test(names_in_files_of_arrays),
	};
	return unit_run("dtype", tests, COUNT(tests));
}
