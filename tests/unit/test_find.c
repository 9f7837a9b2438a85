/* test_find.c — values that are looked for, in any plane, from any place.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "unit.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/delta.h"
#include "report/find.h"
#include "two_checkpoints.h"
#include "write_bundle.h"

/* --- what is looked for -------------------------------------------------------------- */

static int parses(const char *text, int dtype, struct find_what *what)
{
	return find_parse(what, text, dtype_of(dtype), NULL);
}

static void test_parse(void **state)
{
	static const struct {
		const char *text;
		enum find_test test;
		double real;
	} good[] = {
		{ "nan", FIND_NAN, 0 },		 { " NaN ", FIND_NAN, 0 },
		{ "INF", FIND_INF, 0 },		 { "zero", FIND_EQ, 0 },
		{ "1.5", FIND_EQ, 1.5 },	 { "= 1.5", FIND_EQ, 1.5 },
		{ "==1.5", FIND_EQ, 1.5 },	 { "!=0", FIND_NE, 0 },
		{ ">0.5", FIND_GT, 0.5 },	 { ">= .5", FIND_GE, 0.5 },
		{ "<=-3", FIND_LE, -3 },	 { "<1e3", FIND_LT, 1000 },
		{ "<-inf", FIND_LT, -INFINITY }, { "true", FIND_EQ, 1 },
	};
	static const char *const bad[] = { "",	   " ", ">",	 "nana", "1.5x",
					   "=> 3", "x", "> nan", "1 2",	 "--3" };
	struct find_what what;
	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		CHECK(!parses(good[i].text, CKPT_FLOAT64, &what), "%s", good[i].text);
		CHECK(what.test == good[i].test, "%s", good[i].text);
		CHECK(what.real == good[i].real, "%s", good[i].text);
	}
	for (size_t i = 0; i < COUNT(bad); i++)
		CHECK(parses(bad[i], CKPT_FLOAT32, &what), "%s", bad[i]);
	/* What is shown as 0.1 is found by 0.1. */
	assert_int_equal(parses("0.1", CKPT_FLOAT32, &what), 0);
	assert_true(what.real == 0.1f);
	assert_int_equal(parses("0.1", CKPT_BFLOAT16, &what), 0);
	assert_true(what.real == 0.10009765625);
	assert_int_equal(parses("> nan", CKPT_STRING, &what), 0);
	assert_int_equal(what.test, FIND_TEXT);
}

/* --- integers ------------------------------------------------------------------------ */

/* The number of what is found next; UINT64_MAX: nothing. */
static uint64_t next(const char *name, const struct planes *p, const char *text,
		     uint64_t at, bool backwards, unsigned threads)
{
	struct find f;
	struct find_what what;
	struct ckpt_error err = { 0 };
	uint64_t number = UINT64_MAX;
	const struct ckpt_tensor *t = ckpt_find(two_a, name, strlen(name), &err);
	assert_non_null(t);
	assert_int_equal(find_parse(&what, text, dtype_of(t->dtype), &err), 0);
	assert_int_equal(find_begin(&f, two_a, t, p, &what, at, backwards, threads, &err),
			 0);
	while (!pool_wait(&f.pool, 1000))
		;
	const int r = find_end(&f, &number, &err);
	CHECK(r >= 0, "%s", err.text);
	return r ? number : UINT64_MAX;
}

static void test_wide_integers(void **state)
{
	static const int64_t i64[] = { INT64_MIN, -9007199254740993, -1,
				       0,	  9007199254740993,  INT64_MAX };
	static const uint64_t u64[] = { 0, 1, 9007199254740993u, UINT64_MAX - 1,
					UINT64_MAX };
	static const struct {
		const char *name, *text;
		uint64_t found;
	} cases[] = {
		{ "i", "9007199254740993", 4 },
		{ "i", "9007199254740992", UINT64_MAX },
		{ "i", "-9007199254740993", 1 },
		{ "i", "<-9007199254740993", 0 },
		{ "i", ">9223372036854775806", 5 },
		{ "i", "=9223372036854775807", 5 },
		{ "i", ">9223372036854775807", UINT64_MAX },
		{ "i", ">1e30", UINT64_MAX },
		{ "i", "<-1e30", UINT64_MAX },
		{ "i", ">0.5", 4 },
		{ "i", "<=-9223372036854775808", 0 },
		{ "i", "-0", 3 },
		{ "i", "nan", UINT64_MAX },
		{ "u", "18446744073709551615", 4 },
		{ "u", "18446744073709551614", 3 },
		{ "u", "18446744073709551616", UINT64_MAX },
		{ "u", "<0", UINT64_MAX },
		{ "u", ">9007199254740992", 2 },
		{ "u", ">=18446744073709551615", 4 },
		{ "u", "0.5", UINT64_MAX },
		{ "u", "zero", 0 },
	};
	struct bundle_writer w;
	int64_t dims[1];
	struct planes p;
	(void)state;
	bundle_writer_begin(&w);
	bundle_writer_add(&w, "i", 1, CKPT_INT64, COUNT(i64), i64, sizeof i64);
	bundle_writer_add(&w, "u", 1, CKPT_UINT64, COUNT(u64), u64, sizeof u64);
	two_a = two_open(bundle_writer_end(&w));
	for (size_t i = 0; i < COUNT(cases); i++) {
		dims[0] = *cases[i].name == 'i' ? COUNT(i64) : COUNT(u64);
		planes_begin(&p, dims, 1);
		const uint64_t found = next(cases[i].name, &p, cases[i].text,
					    (uint64_t)dims[0] - 1, false, 1);
		CHECK(found == cases[i].found, "%s %s: %" PRIu64, cases[i].name,
		      cases[i].text, found);
	}
}

/* --- everywhere ---------------------------------------------------------------------- */

enum { ELEMENTS = 3 * (1 << 18) + 1000 };

static float values[ELEMENTS];

/* The definition: one by one, around. */
static uint64_t next_slowly(const struct planes *p, float wanted, uint64_t at,
			    bool backwards)
{
	const uint64_t all = selection_elements(&p->s);
	for (uint64_t k = 1; k <= all; k++) {
		const uint64_t n = backwards ? (at + all - k) % all : (at + k) % all;
		const float v = values[planes_flat_of(p, n)];
		if (isnan(wanted) ? isnan(v) : v == wanted)
			return n;
	}
	return UINT64_MAX;
}

static void part_of(struct planes *p, const int64_t *dims, int rank)
{
	static const char *const slices[] = { "",	   "1:",       "...,::-1", "::3",
					      "...,1:7:2", "::-2,...", "0" };
	struct selection s;
	planes_begin(p, dims, rank);
	assert_int_equal(selection_parse(&s, slices[chance_below(COUNT(slices))], dims,
					 rank, NULL),
			 0);
	planes_select(p, &s);
}

static void test_chance(void **state)
{
	static const int64_t shapes[][3] = { { ELEMENTS, 1, 1 },
					     { 8, ELEMENTS / 8, 1 },
					     { ELEMENTS / 8, 2, 4 },
					     { 1, 8, ELEMENTS / 8 } };
	struct bundle_writer w;
	struct planes p;
	(void)state;
	for (size_t i = 0; i < ELEMENTS; i++)
		values[i] = (float)(i % 7) + 10;
	for (int i = 0; i < 12; i++) {
		values[chance_below(ELEMENTS)] = NAN;
		values[chance_below(ELEMENTS)] = 3;
	}
	bundle_writer_begin(&w);
	bundle_writer_floats(&w, "x", ELEMENTS, values);
	two_a = two_open(bundle_writer_end(&w));
	for (int run = 0; run < 60; run++) {
		part_of(&p, shapes[chance_below(COUNT(shapes))], 3);
		const uint64_t at = chance_below(selection_elements(&p.s));
		const bool backwards = chance_one_in(2), nan = chance_one_in(2);
		const uint64_t want = next_slowly(&p, nan ? NAN : 3, at, backwards);
		const uint64_t got = next("x", &p, nan ? "nan" : "3", at, backwards,
					  1 + (unsigned)chance_below(3));
		CHECK(got == want, "%" PRIu64 ", wanted %" PRIu64 ", from %" PRIu64, got,
		      want, at);
	}
}

static void test_strings(void **state)
{
	static const char *const words[] = { "alpha", "beta", "", "alphabet", "gamma" };
	static const int64_t dims[1] = { COUNT(words) };
	struct bundle_writer w;
	struct planes p;
	(void)state;
	bundle_writer_begin(&w);
	bundle_writer_strings(&w, "s", COUNT(words), words);
	two_a = two_open(bundle_writer_end(&w));
	planes_begin(&p, dims, 1);
	assert_int_equal(next("s", &p, "alpha", 0, false, 2), 3);
	assert_int_equal(next("s", &p, "alpha", 3, false, 2), 0);
	assert_int_equal(next("s", &p, "alpha", 3, true, 2), 0);
	assert_int_equal(next("s", &p, "gamma", 4, true, 2), 4);
	assert_int_equal(next("s", &p, "delta", 0, true, 2), UINT64_MAX);
}

/* --- differences --------------------------------------------------------------------- */

static void test_delta(void **state)
{
	static const struct {
		int dtype;
		uint64_t a, b;
		const char *text;
	} cases[] = {
		{ CKPT_INT64, (uint64_t)INT64_MIN, INT64_MAX, "18446744073709551615" },
		{ CKPT_INT64, INT64_MAX, (uint64_t)INT64_MIN, "-18446744073709551615" },
		{ CKPT_UINT64, UINT64_MAX, 0, "-18446744073709551615" },
		{ CKPT_UINT64, UINT64_MAX - 1, UINT64_MAX, "1" },
		{ CKPT_INT64, 9007199254740992, 9007199254740993, "1" },
		{ CKPT_INT8, 0xff, 1, "2" },
		{ CKPT_INT64, (uint64_t)-5, (uint64_t)-5, "0" },
		{ CKPT_INT64, (uint64_t)-5, (uint64_t)-7, "-2" },
		{ CKPT_BOOL, 1, 0, "-1" },
		{ CKPT_FLOAT32, 0x3f800000, 0x40200000, "1.5" }, /* 1, 2.5 */
		{ CKPT_FLOAT32, 0x7fc00000, 0x40200000, "nan" },
	};
	char text[2 * 400];
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct dtype *d = dtype_of(cases[i].dtype);
		delta_text(d, &cases[i].a, d, &cases[i].b, 6, text);
		assert_string_equal(text, cases[i].text);
		assert_int_equal(delta_none(d, &cases[i].a, d, &cases[i].b),
				 cases[i].a == cases[i].b);
		assert_true(delta_none(d, &cases[i].a, d, &cases[i].a));
	}
	/* More than 64 bits: as doubles. */
	delta_text(dtype_of(CKPT_INT64), &(int64_t){ INT64_MIN }, dtype_of(CKPT_UINT64),
		   &(uint64_t){ UINT64_MAX }, 4, text);
	assert_string_equal(text, "2.767e+19");
}

int group_find(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test_setup_teardown(test_wide_integers, two_begin, two_end),
		cmocka_unit_test_setup_teardown(test_chance, two_begin, two_end),
		cmocka_unit_test_setup_teardown(test_strings, two_begin, two_end),
		cmocka_unit_test(test_delta),
	};
	return unit_run("find", tests, COUNT(tests));
}
