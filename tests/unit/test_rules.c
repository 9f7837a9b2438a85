/* test_rules.c — files of rules: what they say, what is wrong in them, names as patterns.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "unit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "report/rules.h"

static struct arena arena;
static char path[64];

static int begin(void **state)
{
	(void)state;
	arena_init(&arena, UINT64_MAX);
	return 0;
}

static int end(void **state)
{
	(void)state;
	arena_drop(&arena);
	return 0;
}

static struct rules *try_rules(const void *text, size_t n, struct ckpt_error *err)
{
	static const char *folder;
	folder = folder ? folder : unit_folder();
	unit_write(folder, "rules", text, n);
	snprintf(path, sizeof path, "%s/rules", folder);
	return rules_read(&arena, path, err);
}

static struct rules *rules_of(const char *text)
{
	struct ckpt_error err = { 0 };
	struct rules *r = try_rules(text, strlen(text), &err);
	CHECK(r != NULL, "%s: %s", text, err.text);
	return r;
}

static const struct tolerance defaults = { .nan = NAN_DIFFER, .atol = 3, .ulp = 7 };

static struct expected ask(const struct rules *r, const char *name)
{
	return rules_for(r, name, strlen(name), &defaults);
}

static void each_word(void **state)
{
	(void)state;
	struct rules *r = rules_of("\xef\xbb\xbf# comment\r\n"
				   "\r\n"
				   "  \t\n"
				   "**/global_step\tignore\r\n"
				   "  embedding/**   frozen # why\n"
				   "head/**  must-change #\n"
				   "dense*/**  atol=1e-6  rtol=1e-5 ulp=4 nan=equal\n"
				   "any atol=inf nan=bitwise");
	struct expected e = ask(r, "a/global_step");
	assert_true(e.ignore);
	assert_string_equal(e.pattern, "**/global_step");
	assert_int_equal(e.line, 4);
	e = ask(r, "embedding/a/b");
	assert_false(e.ignore);
	assert_int_equal(e.change, EXPECT_FROZEN);
	assert_true(e.tolerance.atol == 3 && e.tolerance.ulp == 7);
	assert_int_equal(ask(r, "head/w").change, EXPECT_CHANGE);
	e = ask(r, "dense_1/kernel");
	assert_int_equal(e.change, EXPECT_NOTHING);
	assert_true(e.tolerance.atol == 1e-6 && e.tolerance.rtol == 1e-5);
	assert_true(e.tolerance.ulp == 4 && e.tolerance.nan == NAN_EQUAL);
	e = ask(r, "any");
	assert_true(isinf(e.tolerance.atol) && e.tolerance.nan == NAN_BITWISE);
	e = ask(r, "other");
	assert_null(e.pattern);
	assert_true(e.tolerance.atol == 3 && e.tolerance.nan == NAN_DIFFER);
	rules_free(r);
	e = rules_for(NULL, "x", 1, &defaults);
	assert_true(!e.pattern && e.tolerance.ulp == 7);
	rules_free(NULL);
	r = rules_of("");
	assert_null(ask(r, "x").pattern);
	rules_free(r);
}

/* Literals are found by another way than globs; lines count all the same. */
static void later_lines_override(void **state)
{
	(void)state;
	struct rules *r = rules_of("** frozen atol=1\n"
				   "a/w rtol=0.5\n"
				   "a/* must-change atol=2\n"
				   "a/w atol=4 ulp=1\n"
				   "a/[w] nan=bitwise\n"
				   "b/w ignore\n"
				   "b/* frozen\n");
	struct expected e = ask(r, "a/w");
	assert_int_equal(e.change, EXPECT_CHANGE);
	assert_true(e.tolerance.atol == 4 && e.tolerance.rtol == 0.5);
	assert_true(e.tolerance.ulp == 1 && e.tolerance.nan == NAN_BITWISE);
	assert_int_equal(e.line, 5);
	e = ask(r, "a/v");
	assert_true(e.change == EXPECT_CHANGE && e.tolerance.atol == 2);
	e = ask(r, "b/w");
	assert_true(e.change == EXPECT_FROZEN && !e.ignore && e.line == 7);
	assert_true(ask(r, "c").tolerance.atol == 1);
	uint64_t line;
	const char *pattern;
	assert_true(rules_all_used(r, &line, &pattern));
	rules_free(r);
}

static void patterns_that_match_nothing(void **state)
{
	(void)state;
	uint64_t line = 0;
	const char *pattern = NULL;
	struct rules *r = rules_of("a frozen\n# x\n\"b c\" frozen\nd* frozen\n");
	assert_false(rules_all_used(r, &line, &pattern));
	assert_int_equal(line, 1);
	ask(r, "a");
	assert_false(rules_all_used(r, &line, &pattern));
	assert_int_equal(line, 3);
	assert_string_equal(pattern, "\"b c\"");
	ask(r, "b c");
	assert_false(rules_all_used(r, &line, &pattern));
	assert_string_equal(pattern, "d*");
	ask(r, "dd");
	assert_true(rules_all_used(r, &line, &pattern));
	assert_true(rules_all_used(NULL, &line, &pattern));
	rules_free(r);
}

static void quotes(void **state)
{
	(void)state;
	struct rules *r = rules_of("\"a b\" ulp=1\n"
				   "\"q\\\"\\x41\\\\*\" ulp=2\n"
				   "\"g \\x2a\" ulp=3\n"
				   "\"#no comment\" ulp=4\n"
				   "\"\" ulp=5\n"
				   "x\\[1\\] ulp=6\n"
				   "\"n\\x00m\" ulp=8\n");
	assert_true(ask(r, "a b").tolerance.ulp == 1);
	assert_true(ask(r, "q\"A*").tolerance.ulp == 2);
	assert_true(ask(r, "q\"A1").tolerance.ulp == 7);
	assert_true(ask(r, "g anything").tolerance.ulp == 3);
	assert_true(ask(r, "#no comment").tolerance.ulp == 4);
	assert_true(ask(r, "").tolerance.ulp == 5);
	assert_true(ask(r, "x[1]").tolerance.ulp == 6);
	assert_true(rules_for(r, "n\0m", 3, &defaults).tolerance.ulp == 8);
	assert_true(ask(r, "n").tolerance.ulp == 7);
	rules_free(r);
}

static void what_is_wrong(void **state)
{
	(void)state;
	static const struct {
		const char *text, *says;
	} bad[] = {
		{ "a forzen", "'forzen': allowed are ignore, frozen" },
		{ "a", "says nothing" },
		{ "a # frozen", "says nothing" },
		{ "a frozen must-change", "exclude each other" },
		{ "a must-change ulp=1 frozen", "exclude each other" },
		{ "a atol=", "'atol='" },
		{ "a atol=-1", "'atol=-1'" },
		{ "a atol=1e-6x", "'atol=1e-6x'" },
		{ "a atol=nan", "'atol=nan'" },
		{ "a atol=1,5", "'atol=1,5'" },
		{ "a atol=1e999", "'atol=1e999'" },
		{ "a atol=\v1", "'atol=\\x0b1'" },
		{ "a rtol=inf", "'rtol=inf'" },
		{ "a ulp=1.5", "'ulp=1.5'" },
		{ "a ulp=-1", "'ulp=-1'" },
		{ "a ulp=18446744073709551616", "ulp=184" },
		{ "a nan=same", "'nan=same'" },
		{ "a nan", "'nan'" },
		{ "a tol=1", "'tol=1'" },
		{ "a =1", "'=1'" },
		{ "\"a frozen", "quotes" },
		{ "\"a\\n\" frozen", "\\xNN" },
		{ "\"a\\x4\" frozen", "\\xNN" },
		{ "\"a\"frozen", "blank behind the quotes" },
		{ "[ frozen", "pattern '['" },
		{ "a\\ frozen", "pattern 'a\\'" },
		{ "\"*\\x00\" frozen", "NUL" },
	};
	for (size_t i = 0; i < COUNT(bad); i++) {
		char text[200];
		struct ckpt_error err = { 0 };
		const int n = snprintf(text, sizeof text, "x* ignore\n\n%s\n",
				       bad[i].text);
		CHECK(!try_rules(text, (size_t)n, &err), "'%s' is taken", bad[i].text);
		CHECK(err.code == CKPT_EINVAL && !strncmp(err.text, "line 3: ", 8) &&
			      strstr(err.text, bad[i].says),
		      "%s: %s", bad[i].text, err.text);
		assert_string_equal(err.file, path);
	}
	struct ckpt_error err = { 0 };
	assert_null(try_rules("a\0b frozen", 10, &err));
	assert_non_null(strstr(err.text, "NUL"));
	error_clear(&err);
	assert_null(rules_read(&arena, "/nowhere/rules", &err));
	assert_int_equal(err.code, CKPT_ENOTFOUND);
}

static void check_pattern_of(const char *name, size_t len)
{
	char text[2000];
	uint64_t line;
	const char *pattern, *of = rules_pattern_of(&arena, name, len);
	const int n = snprintf(text, sizeof text, "# x\n%s ulp=42\n", of);
	assert_true(n > 0 && (size_t)n < sizeof text);
	struct rules *r = rules_of(text);
	CHECK(rules_for(r, name, len, &defaults).tolerance.ulp == 42, "%s", of);
	assert_true(rules_all_used(r, &line, &pattern));
	/* No name that is nearly the same. */
	char other[200];
	for (size_t i = 0; i < len; i++) {
		memcpy(other, name, len);
		other[i] ^= 1;
		CHECK(rules_for(r, other, len, &defaults).tolerance.ulp == 7, "%s", of);
		CHECK(rules_for(r, name, i, &defaults).tolerance.ulp == 7, "%s", of);
	}
	rules_free(r);
}

static void names_as_patterns(void **state)
{
	(void)state;
	static const char *const odd[] = {
		"",	      "dense/kernel",	"a b",	    "a*b",	"?",
		"[x]",	      "a\\b",		"{a,b}",    "#x",	"\"q\"",
		"a\"b",	      "a\nb",		"a\rb\r",   "\t",	" ",
		"gr\xc3\xbc\xc3\x9f", "\xff\xfe", "\xe2\x80\xae", "\xef\xbb\xbfx",
		"a\\",	      "\" \\*",		"ends\\*\"", "**",	"!",
	};
	for (size_t i = 0; i < COUNT(odd); i++)
		check_pattern_of(odd[i], strlen(odd[i]));
	check_pattern_of("\0", 1);
	check_pattern_of("a\0*\0", 4);
	assert_string_equal(rules_pattern_of(&arena, "dense/kernel", 12),
			    "dense/kernel");
	assert_string_equal(rules_pattern_of(&arena, "a b*", 4), "\"a b\\\\*\"");
	for (int i = 0; i < 300; i++) {
		char name[20];
		const size_t n = chance_below(sizeof name);
		if (chance_one_in(2))
			chance_bytes(name, n);
		else
			chance_text(name, n, "\\\"* []{}?#xab0/\n");
		check_pattern_of(name, n);
	}
}

/* As a program writes them: a line for each of very many tensors. */
static void very_many_lines(void **state)
{
	(void)state;
	enum { MANY = 100000 };
	struct buffer b;
	char line[64];
	buffer_init(&b, SIZE_MAX);
	for (int i = 0; i <= MANY; i++) {
		const int n = snprintf(line, sizeof line, "layer_%d/kernel ulp=%d\n", i,
				       i);
		buffer_append(&b, line, (size_t)n, NULL);
		if (i != MANY - 1)
			continue;
		const clock_t start = clock();
		struct rules *r = try_rules(b.p, b.len, NULL);
		assert_non_null(r);
		for (int k = 0; k < MANY; k++) {
			snprintf(line, sizeof line, "layer_%d/kernel", k);
			assert_true(ask(r, line).tolerance.ulp == (uint64_t)k);
		}
		rules_free(r);
		assert_true((clock() - start) / CLOCKS_PER_SEC < 5);
	}
	struct ckpt_error err = { 0 };
	assert_null(try_rules(b.p, b.len, &err));
	assert_int_equal(err.code, CKPT_ELIMIT);
	buffer_drop(&b);
}

int group_rules(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_word, begin, end),
		cmocka_unit_test_setup_teardown(later_lines_override, begin, end),
		cmocka_unit_test_setup_teardown(patterns_that_match_nothing, begin, end),
		cmocka_unit_test_setup_teardown(quotes, begin, end),
		cmocka_unit_test_setup_teardown(what_is_wrong, begin, end),
		cmocka_unit_test_setup_teardown(names_as_patterns, begin, end),
		cmocka_unit_test_setup_teardown(very_many_lines, begin, end),
	};
	return unit_run("rules", tests, COUNT(tests));
}
