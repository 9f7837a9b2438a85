/* test_member_name.c — names of tensors as names of files: safe, different, reversible.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "unit.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "make/member_name.h"

static void known_names(void **state)
{
	(void)state;
	static const struct {
		const char *name, *zip, *file, *folded, *key;
	} cases[] = {
		{ "dense/kernel", "dense/kernel", "dense/kernel", "dense/kernel",
		  "dense/kernel" },
		{ "", "", "", "", "" },
		{ "/", "%2F", "%2F", "%2F", "/" },
		{ "/etc/passwd", "%2Fetc/passwd", "%2Fetc/passwd", "%2Fetc/passwd",
		  "/etc/passwd" },
		{ "a//b/", "a%2F%2Fb%2F", "a%2F%2Fb%2F", "a%2F%2Fb%2F", "a//b/" },
		{ "../x", "%2E%2E/x", "%2E%2E/x", "%2E%2E/x", "../x" },
		{ "./.a/..b", "%2E/.a/..b", "%2E/.a/..b", "%2E/.a/..b", "./.a/..b" },
		{ "C:x", "C%3Ax", "C%3Ax", "%43%3Ax", "C:x" },
		{ "ab:0", "ab:0", "ab%3A0", "ab%3A0", "ab:0" },
		{ "a\\b", "a%5Cb", "a%5Cb", "a%5Cb", "a\\b" },
		{ "50%", "50%25", "50%25", "50%25", "50%25" },
		{ "x\x1b[m", "x%1B[m", "x%1B[m", "x%1B[m", "x\x1b[m" },
		{ "\xff", "%FF", "%FF", "%FF", "%FF" },
		{ "\xc3\x9f", "\xc3\x9f", "\xc3\x9f", "\xc3\x9f", "\xc3\x9f" },
		{ "a.npy", "a%2Enpy", "a%2Enpy", "a%2Enpy", "a.npy" },
		{ "a.NPY/b", "a%2ENPY/b", "a%2ENPY/b", "a%2E%4E%50%59/b", "a.NPY/b" },
		{ "con/Lpt1.x/com", "con/Lpt1.x/com", "%63on/%4Cpt1.x/com",
		  "%63on/%4Cpt1.x/com", "con/Lpt1.x/com" },
		{ "a./b /c", "a./b /c", "a%2E/b%20/c", "a%2E/b%20/c", "a./b /c" },
		{ "__metadata__", "__metadata__", "__metadata__", "__metadata__",
		  "%5F_metadata__" },
	};
	struct arena a;
	arena_init(&a, UINT64_MAX);
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *want[] = { [MEMBER_KEY] = cases[i].key,
				       [MEMBER_ZIP] = cases[i].zip,
				       [MEMBER_FILE] = cases[i].file,
				       [MEMBER_FOLDED] = cases[i].folded };
		for (int kind = MEMBER_KEY; kind <= MEMBER_FOLDED; kind++) {
			size_t n;
			const char *got = member_name(&a, cases[i].name,
						      strlen(cases[i].name),
						      (enum member_kind)kind, ".e", &n);
			CHECK(n == strlen(want[kind]) + 2 &&
				      !memcmp(got, want[kind], n - 2) &&
				      !strcmp(got + n - 2, ".e"),
			      "kind %d: %s, expected %s", kind, got, want[kind]);
		}
	}
	arena_drop(&a);
}

static int hex(char c)
{
	return c >= 'A' ? c - 'A' + 10 : c - '0';
}

/* The name that %XX stands for. */
static size_t decode(const char *p, size_t n, char *out)
{
	size_t len = 0;
	for (size_t i = 0; i < n; i++)
		if (p[i] == '%') {
			out[len++] = (char)(hex(p[i + 1]) << 4 | hex(p[i + 2]));
			i += 2;
		} else {
			out[len++] = p[i];
		}
	return len;
}

static bool is_safe(const char *p, size_t n, enum member_kind kind)
{
	if (!text_is_utf8(p, n))
		return false;
	if (kind == MEMBER_KEY)
		return n != 12 || memcmp(p, "__metadata__", 12);
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)p[i] < 0x20 || p[i] == 0x7f || p[i] == '\\' ||
		    (kind == MEMBER_FOLDED && isupper((unsigned char)p[i]) &&
		     (i < 1 || p[i - 1] != '%') && (i < 2 || p[i - 2] != '%')))
			return false;
	/* A path: no empty part, ".", ".." or drive. */
	for (size_t i = 0, k; i <= n; i = k + 1) {
		for (k = i; k < n && p[k] != '/';)
			k++;
		const size_t len = k - i;
		if ((!len && n) || (len == 1 && p[i] == '.') ||
		    (len == 2 && p[i] == '.' && p[i + 1] == '.') || len > 255 ||
		    (len >= 4 && !strncasecmp(p + k - 4, ".npy", 4)))
			return false;
	}
	return n < 2 || p[1] != ':';
}

static void any_name_is_safe_and_comes_back(void **state)
{
	(void)state;
	enum { MOST = 40 };
	char name[MOST], back[MOST];
	struct arena a;
	arena_init(&a, UINT64_MAX);
	for (int i = 0; i < 20000; i++) {
		const size_t n = (size_t)chance_below(MOST);
		const enum member_kind kind = (enum member_kind)chance_below(4);
		size_t len;
		if (chance_one_in(4))
			chance_bytes(name, n);
		else
			chance_text(name, n, "/.%:\\aAcCoOnN ~_\x7f\x01\xc3\x9f");
		const char *got = member_name(&a, name, n, kind, "", &len);
		CHECK(is_safe(got, len, kind), "kind %d: '%s'", kind, got);
		CHECK(decode(got, len, back) == n && !memcmp(back, name, n),
		      "'%s' is not what it was made of", got);
		arena_rewind(&a, (struct arena_mark){ 0 });
	}
	arena_drop(&a);
}

/* What is cut stays different, and within what file systems take. */
static void long_parts_are_cut(void **state)
{
	(void)state;
	char one[2000], two[2000];
	size_t n, m;
	struct arena a;
	arena_init(&a, UINT64_MAX);
	for (int alphabet = 0; alphabet < 3; alphabet++)
		for (size_t shift = 0; shift < 4; shift++) {
			static const char *const alphabets[] = { "x", "\x01", "\xc3\x9f" };
			for (size_t i = 0; i < sizeof one; i++)
				one[i] = alphabets[alphabet][i % strlen(
					alphabets[alphabet])];
			memset(one, 'y', shift);
			memcpy(two, one, sizeof one);
			two[sizeof two - 1] = 'z';
			const char *p = member_name(&a, one, sizeof one, MEMBER_ZIP,
						    ".npy", &n);
			const char *q = member_name(&a, two, sizeof two, MEMBER_ZIP,
						    ".npy", &m);
			assert_true(n <= 255 && m <= 255 && strcmp(p, q));
			CHECK(is_safe(p, n - 4, MEMBER_ZIP), "'%s'", p);
			assert_non_null(strstr(p, "%~"));
		}
	memset(one, 'x', 251);
	member_name(&a, one, 251, MEMBER_ZIP, ".npy", &n);
	assert_int_equal(n, 255);
	assert_null(strstr(member_name(&a, one, 251, MEMBER_ZIP, ".npy", &n), "%~"));
	arena_drop(&a);
}

int group_member_name(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_names),
		cmocka_unit_test(any_name_is_safe_and_comes_back),
		cmocka_unit_test(long_parts_are_cut),
	};
	return unit_run("member_name", tests, COUNT(tests));
}
