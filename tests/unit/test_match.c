/* test_match.c — globs that stop at '/', regular expressions, exclusions, near misses.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "model/match.h"

static bool matches(const char *pattern, const char *name, bool regex)
{
	struct arena a;
	struct ckpt_error err = { 0 };
	char *patterns[] = { (char *)(uintptr_t)pattern };
	arena_init(&a, UINT64_MAX);
	struct matcher *m = match_compile(&a, patterns, 1, NULL, 0, regex, &err);
	CHECK(m != NULL, "%s: %s", pattern, err.text);
	const bool yes = match_name(m, name, strlen(name));
	match_free(m);
	arena_drop(&a);
	return yes;
}

static void globs(void **state)
{
	(void)state;
	static const struct {
		const char *glob, *name;
		bool yes;
	} known[] = {
		{ "dense", "dense", true },
		{ "dense", "dense/kernel", false },
		{ "ens", "dense", false },
		{ "*", "dense", true },
		{ "*", "", true },
		{ "*", "dense/kernel", false },
		{ "*/kernel", "dense/kernel", true },
		{ "*/kernel", "net/dense/kernel", false },
		{ "**/kernel", "net/dense/kernel", true },
		{ "**/kernel", "kernel", true },
		{ "net/**", "net/dense/kernel", true },
		{ "net/**", "network/dense", false },
		{ "net/**/bias", "net/a/b/bias", true },
		{ "net/**/bias", "net/bias", true },
		{ "**", "a/b/c", true },
		{ "**", "", true },
		{ "layer_?", "layer_1", true },
		{ "layer_?", "layer_10", false },
		{ "a?b", "a/b", false },
		{ "layer_[0-3]", "layer_2", true },
		{ "layer_[0-3]", "layer_4", false },
		{ "layer_[!0-3]", "layer_4", true },
		{ "layer_[!0-3]", "layer_3", false },
		{ "a[b/]c", "a/c", false },
		{ "*Adam*", "net/kernel/Adam", false },
		{ "**Adam*", "net/kernel/Adam_1", true },
		{ "a.b", "axb", false },
		{ "a+(b)|c", "a+(b)|c", true },
		{ "a\\*b", "a*b", true },
		{ "a\\*b", "axb", false },
		{ "Dense", "dense", false },
		{ ".ATTRIBUTES", ".ATTRIBUTES", true },
		{ "*ATTRIBUTES", ".ATTRIBUTES", true },
		{ "a\nb*", "a\nbc", true },
		{ "x*", "x\ny", true },
		{ "", "", true },
		{ "", "a", false },
	};
	for (size_t i = 0; i < COUNT(known); i++)
		CHECK(matches(known[i].glob, known[i].name, false) == known[i].yes,
		      "'%s' and '%s'", known[i].glob, known[i].name);
}

static void regular_expressions(void **state)
{
	(void)state;
	assert_true(matches("ens", "dense/kernel", true));
	assert_true(matches("^dense/.*l$", "dense/kernel", true));
	assert_false(matches("^ens", "dense/kernel", true));
	assert_true(matches("layer_(2|10)\\b", "net/layer_10/w", true));
	assert_false(matches("layer_(2|10)\\b", "net/layer_100/w", true));
	assert_true(matches("(?i)DENSE", "dense", true));
	assert_true(matches("a.b", "a\nb", true));
	assert_true(matches("", "", true));
}

static void takes_and_leaves_out(void **state)
{
	(void)state;
	struct arena a;
	char *patterns[] = { (char *)"net/**", (char *)"step" };
	char *excludes[] = { (char *)"**/Adam*", (char *)"**/bias" };
	arena_init(&a, UINT64_MAX);
	struct matcher *m = match_compile(&a, patterns, 2, excludes, 2, false, NULL);
	assert_true(match_name(m, "net/kernel", 10));
	assert_true(match_name(m, "step", 4));
	assert_false(match_name(m, "net/kernel/Adam_1", 17));
	assert_false(match_name(m, "net/bias", 8));
	assert_false(match_name(m, "other", 5));
	match_free(m);
	m = match_compile(&a, NULL, 0, excludes, 2, false, NULL);
	assert_true(match_name(m, "other", 5));
	assert_false(match_name(m, "net/bias", 8));
	match_free(m);
	m = match_compile(&a, NULL, 0, NULL, 0, true, NULL);
	assert_true(match_name(m, "anything", 8));
	assert_true(match_name(m, "", 0));
	match_free(m);
	match_free(NULL);
	/* An expression may have groups. */
	char *groups[] = { (char *)"(Adam|bias)(_1)?$" };
	m = match_compile(&a, groups, 1, NULL, 0, true, NULL);
	assert_true(match_name(m, "net/Adam", 8));
	assert_false(match_name(m, "net/kernel", 10));
	match_free(m);
	m = match_compile(&a, NULL, 0, groups, 1, true, NULL);
	assert_false(match_name(m, "net/Adam", 8));
	assert_true(match_name(m, "net/kernel", 10));
	match_free(m);
	/* Names are bytes: with NUL in them, and not UTF-8. */
	patterns[0] = (char *)"a*c";
	m = match_compile(&a, patterns, 1, NULL, 0, false, NULL);
	assert_true(match_name(m, "a\0c", 3));
	assert_true(match_name(m,
			       "a\xff\x80"
			       "c",
			       4));
	assert_false(match_name(m, "a\0c\0", 4));
	match_free(m);
	arena_drop(&a);
}

static void bad_patterns(void **state)
{
	(void)state;
	static const struct {
		const char *pattern;
		bool regex;
	} bad[] = { { "a[", false },   { "(", true }, { "a{2,1}", true },
		    { "[z-a]", true }, { "*", true }, { "a\\", true } };
	for (size_t i = 0; i < COUNT(bad); i++)
		for (int as_exclude = 0; as_exclude < 2; as_exclude++) {
			struct arena a;
			struct ckpt_error err = { 0 };
			char *one[] = { (char *)"fine",
					(char *)(uintptr_t)bad[i].pattern };
			const size_t in = as_exclude ? 0 : 2, out = as_exclude ? 2 : 0;
			arena_init(&a, UINT64_MAX);
			struct matcher *m =
				match_compile(&a, one, in, one, out, bad[i].regex, &err);
			CHECK(m == NULL, "'%s' is taken", bad[i].pattern);
			assert_int_equal(err.code, CKPT_EINVAL);
			CHECK(strstr(err.text, bad[i].pattern), "%s", err.text);
			arena_drop(&a);
		}
}

/* Each of these would take years if every way were tried. */
static void patterns_that_explode(void **state)
{
	(void)state;
	char name[5001];
	memset(name, 'a', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	const clock_t begin = clock();
	assert_false(matches("^(a+)+$x", name, true));
	assert_false(matches("^(a|aa)*b", name, true));
	assert_false(matches("*a*a*a*a*a*a*a*a*a*a*b", name, false));
	assert_true((clock() - begin) / CLOCKS_PER_SEC < 5);
}

static void near_misses(void **state)
{
	(void)state;
	static const char *const names[] = { "dense/kernel",   "dense/bias",
					     "dense_1/kernel", "dense/kernels",
					     "global_step",    "conv/kernel",
					     "dense/kernel" };
	struct near_names near = { .wanted = "dense/kernle", .wanted_len = 12 };
	for (size_t i = 0; i < COUNT(names); i++)
		near_offer(&near, names[i], strlen(names[i]));
	assert_int_equal(near.n, 3);
	assert_string_equal(near.best[0].name, "dense/kernel");
	for (size_t i = 1; i < near.n; i++)
		assert_true(near.best[i - 1].distance <= near.best[i].distance);
	/* The last part alone. */
	near = (struct near_names){ .wanted = "kernel", .wanted_len = 6 };
	for (size_t i = 0; i < COUNT(names); i++)
		near_offer(&near, names[i], strlen(names[i]));
	assert_int_equal(near.n, 3);
	assert_string_equal(near.best[0].name, "dense/kernel");
	assert_string_equal(near.best[1].name, "dense_1/kernel");
	near = (struct near_names){ .wanted = "xyzzy", .wanted_len = 5 };
	for (size_t i = 0; i < COUNT(names); i++)
		near_offer(&near, names[i], strlen(names[i]));
	assert_int_equal(near.n, 0);
	near_offer(&near, "", 0);
	near = (struct near_names){ .wanted = "", .wanted_len = 0 };
	near_offer(&near, "a/", 2);
	assert_true(near.n <= 1);
}

int group_match(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(globs),
		cmocka_unit_test(regular_expressions),
		cmocka_unit_test(takes_and_leaves_out),
		cmocka_unit_test(bad_patterns),
		cmocka_unit_test(patterns_that_explode),
		cmocka_unit_test(near_misses),
	};
	return unit_run("match", tests, COUNT(tests));
}
