/* test_jsontext.c — JSON as a cursor reads it: values, ends, and what is malformed.
 * SPDX-License-Identifier: Apache-2.0
 *
 * That it takes the same texts for JSON as jansson does is fuzz_jsontext's.
 */
#include "config.h"

#include "unit.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsontext.h"

static struct jsontext cursor(const char *text)
{
	struct jsontext j;
	jsontext_init(&j, bytes_of(text, strlen(text)), SIZE_MAX);
	return j;
}

static void check_string(struct bytes got, const char *want)
{
	CHECK(bytes_left(&got) == strlen(want) && !memcmp(got.p, want, strlen(want)),
	      "%.*s, not %s", (int)bytes_left(&got), (const char *)got.p, want);
}

static void a_header_is_walked(void **state)
{
	(void)state;
	struct jsontext j =
		cursor(" {\"a\" : [ 1,22 ,18446744073709551615], \"b\":{},\r\n"
		       "\"skipped\":[{\"x\":[[],{}]},-1.5e+3,null,true,\"\"]\t, "
		       "\"c\":\"d\\u00e9\\ud83d\\ude00\\\"\"}  ");
	static const uint64_t want[] = { 1, 22, UINT64_MAX };
	struct bytes text;
	uint64_t v;
	assert_int_equal(jsontext_open(&j, '{'), 0);
	assert_int_equal(jsontext_key(&j, &text), 1);
	check_string(text, "a");
	assert_int_equal(jsontext_open(&j, '['), 0);
	for (size_t i = 0; i < COUNT(want); i++) {
		assert_int_equal(jsontext_item(&j), 1);
		assert_int_equal(jsontext_u64(&j, &v), 0);
		assert_true(v == want[i]);
	}
	assert_int_equal(jsontext_item(&j), 0);
	assert_int_equal(jsontext_key(&j, &text), 1);
	assert_int_equal(jsontext_open(&j, '{'), 0);
	assert_int_equal(jsontext_key(&j, &text), 0);
	assert_int_equal(jsontext_key(&j, &text), 1);
	check_string(text, "skipped");
	assert_int_equal(jsontext_skip(&j), 0);
	assert_int_equal(jsontext_key(&j, &text), 1);
	assert_int_equal(jsontext_string(&j, &text), 0);
	check_string(text, "d\xc3\xa9\xf0\x9f\x98\x80\"");
	assert_int_equal(jsontext_key(&j, &text), 0);
	assert_int_equal(jsontext_end(&j), 0);
	assert_null(j.problem);
	jsontext_drop(&j);
}

static void numbers_that_are_no_u64(void **state)
{
	(void)state;
	static const char *const bad[] = { "-1",  "1.0", "1e3",	  "01",
					   "",	  "x",	 "\"1\"", "18446744073709551616",
					   "[1]", "1E0" };
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct jsontext j = cursor(bad[i]);
		uint64_t v;
		CHECK(jsontext_u64(&j, &v) == -1 && j.problem, "%s is %" PRIu64, bad[i],
		      v);
		assert_int_equal(jsontext_at(&j), 0);
	}
}

static void what_is_malformed(void **state)
{
	(void)state;
	static const struct {
		const char *text, *says;
		size_t at;
	} bad[] = {
		{ "[1 2]", "','", 3 },
		{ "{\"a\" 1}", "':'", 5 },
		{ "{\"a\":1 \"b\"", "',' or '}'", 7 },
		{ "[1,]", "value", 3 },
		{ "{\"a\":1,}", "key", 7 },
		{ "[", "too early", 1 },
		{ "\"a", "ends within", 2 },
		{ "\"a\\", "ends within", 3 },
		{ "\"\\x\"", "escape", 4 },
		{ "\"\\u12g4\"", "escape", 8 },
		{ "\"\\udc00\"", "surrogate", 8 },
		{ "\"\n\"", "control", 1 },
		{ "\"\xc0\x80\"", "UTF-8", 1 },
		{ "nul", "value", 0 },
		{ "1.", "number", 2 },
		{ "-", "number", 1 },
		{ "1e", "number", 2 },
		{ "{1:2}", "key", 1 },
		{ "1 1", "more", 2 },
	};
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct jsontext j = cursor(bad[i].text);
		CHECK(jsontext_skip(&j) || jsontext_end(&j), "%s passes", bad[i].text);
		CHECK(strstr(j.problem, bad[i].says), "%s: %s", bad[i].text, j.problem);
		CHECK(jsontext_at(&j) == bad[i].at, "%s: byte %zu", bad[i].text,
		      jsontext_at(&j));
		jsontext_drop(&j);
	}
}

static void only_so_many_levels(void **state)
{
	(void)state;
	char text[200];
	for (int n = 60; n < 70; n++) {
		memset(text, '[', (size_t)n);
		memset(text + n, ']', (size_t)n);
		text[2 * n] = '\0';
		struct jsontext j = cursor(text);
		assert_int_equal(jsontext_skip(&j), n <= 64 ? 0 : -1);
	}
}

/* Each prefix of a text is malformed, and nothing behind its end is looked at. */
static void texts_that_are_cut(void **state)
{
	(void)state;
	static const char whole[] = "{\"a\":[1,-2.5e3,\"\\ud83d\\ude00\"],\"b\":null}";
	for (size_t n = 0; n < sizeof whole - 1; n++) {
		char *copy = test_malloc(n + 1);
		memcpy(copy, whole, n);
		struct jsontext j;
		jsontext_init(&j, bytes_of(copy, n), SIZE_MAX);
		assert_int_equal(jsontext_skip(&j), -1);
		assert_in_range(jsontext_at(&j), 0, n);
		jsontext_drop(&j);
		test_free(copy);
	}
}

int group_jsontext(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_header_is_walked),
		cmocka_unit_test(numbers_that_are_no_u64),
		cmocka_unit_test(what_is_malformed),
		cmocka_unit_test(only_so_many_levels),
		cmocka_unit_test(texts_that_are_cut),
	};
	return unit_run("jsontext", tests, COUNT(tests));
}
