/* test_number.c — numbers as text: the shortest that reads back, laid out as Python does.
 * SPDX-License-Identifier: Apache-2.0
 *
 * That a text of n digits is the shortest is shown by trying the decimals of n - 1 digits
 * on both sides of the value: a shorter one that reads back would be among them, or would
 * make one of them read back.
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

/* What Python 3.11 prints. */
static const struct {
	double v;
	const char *repr;
} python[] = {
	{ 0x0.0p+0, "0.0" },
	{ -0x0.0p+0, "-0.0" },
	{ 0x1.0p+0, "1.0" },
	{ 0x1.9p+6, "100.0" },
	{ 0x1.999999999999ap-4, "0.1" },
	{ 0x1.3333333333333p-2, "0.3" },
	{ 0x1.3333333333334p-2, "0.30000000000000004" },
	{ 0x1.1c37937e08p+53, "1e+16" },
	{ 0x1.c6bf52634p+49, "1000000000000000.0" },
	{ 0x1.b69b4ba630f35p+56, "1.2345678901234568e+17" },
	{ 9007199254740993.0, "9007199254740992.0" },
	{ 0x1.1c37937e07fffp+53, "9999999999999998.0" },
	{ 0x1.6345785d89fffp+56, "9.999999999999998e+16" },
	{ 0x1.a36e2eb1c432dp-14, "0.0001" },
	{ 0x1.02e4b6ce5dc68p-13, "0.00012345" },
	{ 0x1.4f8b588e368f1p-17, "1e-05" },
	{ 0x1.a36e2eb1c432dp-15, "5e-05" },
	{ 0x1.ad7f29abcaf48p-24, "1e-07" },
	{ 0x1p-1074, "5e-324" },
	{ 0x1p-1073, "1e-323" },
	{ 0x1.8p-1073, "1.5e-323" },
	{ DBL_MIN, "2.2250738585072014e-308" },
	{ 0x0.fffffffffffffp-1022, "2.225073858507201e-308" },
	{ DBL_MAX, "1.7976931348623157e+308" },
	{ 0x1p+1023, "8.98846567431158e+307" },
	{ 0x1.e240c9fbe76c9p+16, "123456.789" },
	{ -0x1.4p+1, "-2.5" },
	{ 0x1.0f0cf064dd592p+73, "1e+22" },
	{ 0x1.52d02c7e14af6p+76, "1e+23" },
	{ 0x1.249ad2594c37dp+332, "1e+100" },
	{ 0x1p-20, "9.5367431640625e-07" },
	{ 0x1p-24, "5.960464477539063e-08" },
	{ 0x1p-25, "2.9802322387695312e-08" },
	{ 0x1p-44, "5.684341886080802e-14" },
	{ 0x1p+54, "1.8014398509481984e+16" },
	{ 0x1p+60, "1.152921504606847e+18" },
	{ 0x1p+63, "9.223372036854776e+18" },
	{ 0x1.5555555555555p-2, "0.3333333333333333" },
	{ INFINITY, "inf" },
	{ -INFINITY, "-inf" },
	{ NAN, "nan" },
	{ -NAN, "nan" },
};

static void doubles_as_python_prints_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(python); i++) {
		char text[NUMBER_MAX];
		assert_int_equal(number_double(text, python[i].v),
				 strlen(python[i].repr));
		assert_string_equal(text, python[i].repr);
	}
}

static void floats_as_numpy_prints_them(void **state)
{
	(void)state;
	static const struct {
		float v;
		const char *text;
	} known[] = {
		{ 0.1f, "0.1" },
		{ 1e16f, "1e+16" },
		{ 1e15f, "1000000000000000.0" },
		{ 16777216.0f, "16777216.0" },
		{ 33554432.0f, "33554432.0" },
		{ FLT_MAX, "3.4028235e+38" },
		{ FLT_MIN, "1.1754944e-38" },
		{ 0x1p-149f, "1e-45" },
		{ 0x1.8p-148f, "4e-45" },
		{ 3.14159274f, "3.1415927" },
		{ 0x1p-44f, "5.684342e-14" },
		{ 9.5367431640625e-07f, "9.536743e-07" },
		{ -0.0f, "-0.0" },
		{ -100.0f, "-100.0" },
		{ 1.0f / 3, "0.33333334" },
		{ 2.0f / 3, "0.6666667" },
		{ 123456.789f, "123456.79" },
		{ INFINITY, "inf" },
		{ NAN, "nan" },
	};
	for (size_t i = 0; i < COUNT(known); i++) {
		char text[NUMBER_MAX];
		assert_int_equal(number_float(text, known[i].v), strlen(known[i].text));
		assert_string_equal(text, known[i].text);
	}
}

static bool reads_back(uint64_t m, int power, double v, bool narrow)
{
	char text[48];
	snprintf(text, sizeof text, "%" PRIu64 "e%d", m, power);
	return narrow ? strtof(text, NULL) == (float)v : strtod(text, NULL) == v;
}

/* v: not zero, finite, positive. */
static void check_shortest(const char *text, double v, bool narrow)
{
	const struct digits d = unit_digits(text);
	CHECK(reads_back(d.m, d.power, v, narrow), "%a as %s", v, text);
	CHECK(d.n <= (narrow ? 9 : 17), "%a as %s", v, text);
	char nearest[48];
	snprintf(nearest, sizeof nearest, "%.*e", d.n - 1, v);
	const struct digits near = unit_digits(nearest);
	if (reads_back(near.m, near.power, v, narrow))
		CHECK(near.m == d.m && near.power == d.power, "%a as %s, %s is nearer", v,
		      text, nearest);
	if (d.n == 1)
		return;
	const uint64_t m = d.m / 10;
	for (uint64_t other = m ? m - 1 : 0; other <= m + 2; other++)
		CHECK(!reads_back(other, d.power + 1, v, narrow),
		      "%a as %s, %" PRIu64 "e%d does as well", v, text, other,
		      d.power + 1);
}

/* Positional for exponents -4 to 15, else with an exponent of two digits or more. */
static void check_layout(const char *text)
{
	const struct digits d = unit_digits(text);
	const int exponent = d.power + d.n - 1;
	char want[NUMBER_MAX], m[24];
	snprintf(m, sizeof m, "%" PRIu64, d.m);
	if (exponent < -4 || exponent > 15)
		snprintf(want, sizeof want, "%c%s%se%c%02d", *m, d.n > 1 ? "." : "",
			 m + 1, exponent < 0 ? '-' : '+', abs(exponent));
	else if (d.power >= 0)
		snprintf(want, sizeof want, "%s%.*s.0", m, d.power, "0000000000000000");
	else if (exponent >= 0)
		snprintf(want, sizeof want, "%.*s.%s", exponent + 1, m, m + exponent + 1);
	else
		snprintf(want, sizeof want, "0.%.*s%s", -exponent - 1, "0000", m);
	assert_string_equal(text, want);
}

static void check_double(uint64_t bits)
{
	double v;
	char text[NUMBER_MAX];
	memcpy(&v, &bits, 8);
	const size_t n = number_double(text, v);
	assert_int_equal(n, strlen(text));
	if (!isfinite(v) || v == 0)
		return;
	const double back = strtod(text, NULL);
	CHECK(back == v, "%a as %s", v, text);
	const bool negative = text[0] == '-';
	assert_int_equal(negative, signbit(v) != 0);
	check_shortest(text + negative, fabs(v), false);
	check_layout(text + negative);
}

static void check_float(uint32_t bits)
{
	float v;
	char text[NUMBER_MAX];
	memcpy(&v, &bits, 4);
	const size_t n = number_float(text, v);
	assert_int_equal(n, strlen(text));
	if (!isfinite(v) || v == 0)
		return;
	const bool negative = text[0] == '-';
	assert_int_equal(negative, signbit(v) != 0);
	check_shortest(text + negative, fabsf(v), true);
	check_layout(text + negative);
}

static void every_power_of_two_and_its_neighbours(void **state)
{
	(void)state;
	for (uint64_t e = 0; e < 2048; e++)
		for (uint64_t near = 0; near < 4; near++) {
			check_double((e << 52) + near - 1);
			check_double((e << 52) + (UINT64_C(1) << near * 15));
		}
	for (uint32_t e = 0; e < 256; e++)
		for (uint32_t near = 0; near < 6; near++) {
			check_float((e << 23) + near - 1);
			check_float((e << 23) + (1u << near * 4));
		}
	for (unsigned bit = 0; bit < 52; bit++)
		check_double(UINT64_C(1) << bit);
}

static void doubles_of_all_kinds(void **state)
{
	(void)state;
	for (int i = 0; i < 60000; i++) {
		double v;
		uint64_t bits;
		check_double(chance());
		check_double(chance_magnitude()); /* subnormals among them */
		v = (double)chance_below(1000000) / (double)(1 + chance_below(1000));
		memcpy(&bits, &v, 8);
		check_double(bits);
		v = (double)chance_magnitude();
		memcpy(&bits, &v, 8);
		check_double(bits);
	}
}

static void floats_of_all_kinds(void **state)
{
	(void)state;
	for (int i = 0; i < 100000; i++) {
		check_float((uint32_t)chance());
		check_float((uint32_t)chance_magnitude());
		const float v =
			(float)chance_below(100000) / (float)(1 + chance_below(1000));
		uint32_t bits;
		memcpy(&bits, &v, 4);
		check_float(bits);
	}
}

static void chosen_digits(void **state)
{
	(void)state;
	char text[NUMBER_MAX];
	assert_int_equal(number_digits(text, 3.14159265, 3), 4);
	assert_string_equal(text, "3.14");
	number_digits(text, 2.0, 10);
	assert_string_equal(text, "2.0");
	number_digits(text, 999.96, 4);
	assert_string_equal(text, "1000.0");
	number_digits(text, -1.6e-7, 0);
	assert_string_equal(text, "-2e-07");
	number_digits(text, 0.1, 16);
	assert_string_equal(text, "0.1");
	number_digits(text, 0.1, 17);
	assert_string_equal(text, "0.10000000000000001");
	number_digits(text, 1.0 / 3, 99);
	assert_string_equal(text, "0.33333333333333331");
	number_digits(text, -0.0, 5);
	assert_string_equal(text, "-0.0");
	number_digits(text, NAN, 5);
	assert_string_equal(text, "nan");
}

static void hexadecimal(void **state)
{
	(void)state;
	char text[NUMBER_MAX];
	assert_int_equal(number_hex(text, 0.1), strlen("0x1.999999999999ap-4"));
	assert_string_equal(text, "0x1.999999999999ap-4");
	number_hex(text, -INFINITY);
	assert_string_equal(text, "-inf");
	for (int i = 0; i < 1000; i++) {
		const uint64_t bits = chance();
		double v;
		memcpy(&v, &bits, 8);
		number_hex(text, v);
		assert_true(isnan(v) || strtod(text, NULL) == v);
	}
}

/* A program that uses the library may have set a locale with a decimal comma. */
static void a_decimal_comma(void **state)
{
	(void)state;
	char text[3][NUMBER_MAX], hex[NUMBER_MAX];
	if (!unit_comma())
		skip();
	number_double(text[0], 0.1);
	number_float(text[1], 1.5f);
	number_digits(text[2], 1234.5, 3);
	number_hex(hex, 1.5);
	unit_point();
	assert_string_equal(text[0], "0.1");
	assert_string_equal(text[1], "1.5");
	assert_string_equal(text[2], "1230.0");
	assert_string_equal(hex, "0x1.8p+0");
}

static void whole_numbers(void **state)
{
	(void)state;
	static const struct {
		uint64_t v;
		const char *grouped, *bytes;
	} known[] = {
		{ 0, "0", "0 B" },
		{ 7, "7", "7 B" },
		{ 999, "999", "999 B" },
		{ 1000, "1,000", "1000 B" },
		{ 1023, "1,023", "1023 B" },
		{ 1024, "1,024", "1.0 KiB" },
		{ 1536, "1,536", "1.5 KiB" },
		{ 123456, "123,456", "120.6 KiB" },
		{ 1048524, "1,048,524", "1023.9 KiB" },
		{ 1048525, "1,048,525", "1.0 MiB" },
		{ 1048576, "1,048,576", "1.0 MiB" },
		{ 437883699, "437,883,699", "417.6 MiB" },
		{ UINT64_MAX, "18,446,744,073,709,551,615", "16.0 EiB" },
	};
	char text[NUMBER_MAX];
	for (size_t i = 0; i < COUNT(known); i++) {
		assert_int_equal(number_grouped(text, known[i].v),
				 strlen(known[i].grouped));
		assert_string_equal(text, known[i].grouped);
		assert_int_equal(number_bytes(text, known[i].v), strlen(known[i].bytes));
		assert_string_equal(text, known[i].bytes);
	}
	number_u64(text, UINT64_MAX);
	assert_string_equal(text, "18446744073709551615");
	number_i64(text, INT64_MIN);
	assert_string_equal(text, "-9223372036854775808");
}

int group_number(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(doubles_as_python_prints_them),
		cmocka_unit_test(floats_as_numpy_prints_them),
		cmocka_unit_test(every_power_of_two_and_its_neighbours),
		cmocka_unit_test(doubles_of_all_kinds),
		cmocka_unit_test(floats_of_all_kinds),
		cmocka_unit_test(chosen_digits),
		cmocka_unit_test(hexadecimal),
		cmocka_unit_test(a_decimal_comma),
		cmocka_unit_test(whole_numbers),
	};
	return unit_run("number", tests, COUNT(tests));
}
