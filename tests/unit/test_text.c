/* test_text.c — UTF-8, escapes and their way back, widths, natural order, near misses.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "unit.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "base/text.h"

static size_t encode(char *to, uint32_t cp)
{
	static const uint8_t lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	const size_t n = cp < 0x80 ? 1 : cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;
	for (size_t i = n; i-- > 1; cp >>= 6)
		to[i] = (char)(0x80 | (cp & 0x3f));
	to[0] = (char)(lead[n] | cp);
	return n;
}

/* The Unicode Standard, table 3-7: well-formed byte sequences. */
static size_t well_formed(const uint8_t *p, size_t n)
{
	static const uint8_t rows[][5] = {
		{ 1, 0x00, 0x7f, 0, 0 },       { 2, 0xc2, 0xdf, 0x80, 0xbf },
		{ 3, 0xe0, 0xe0, 0xa0, 0xbf }, { 3, 0xe1, 0xec, 0x80, 0xbf },
		{ 3, 0xed, 0xed, 0x80, 0x9f }, { 3, 0xee, 0xef, 0x80, 0xbf },
		{ 4, 0xf0, 0xf0, 0x90, 0xbf }, { 4, 0xf1, 0xf3, 0x80, 0xbf },
		{ 4, 0xf4, 0xf4, 0x80, 0x8f },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		if (n < rows[i][0] || p[0] < rows[i][1] || p[0] > rows[i][2])
			continue;
		bool good = rows[i][0] == 1 || (p[1] >= rows[i][3] && p[1] <= rows[i][4]);
		for (size_t k = 2; k < rows[i][0]; k++)
			good = good && p[k] >= 0x80 && p[k] <= 0xbf;
		if (good)
			return rows[i][0];
	}
	return 0;
}

static void check_utf8(const char *p, size_t n)
{
	uint32_t cp = 0;
	const size_t len = text_utf8(p, n, &cp),
		     want = well_formed((const uint8_t *)p, n);
	CHECK(len == want, "%02x %02x … of %zu", (uint8_t)p[0], n > 1 ? (uint8_t)p[1] : 0,
	      n);
	if (len) {
		char again[4];
		assert_int_equal(encode(again, cp), len);
		assert_memory_equal(again, p, len);
	}
}

static void utf8_is_decoded_strictly(void **state)
{
	(void)state;
	char p[4];
	uint32_t cp;
	assert_int_equal(text_utf8("", 0, &cp), 0);
	for (unsigned v = 0; v < 65536; v++) {
		const char two[2] = { (char)(v >> 8), (char)v };
		check_utf8(two, 2);
		check_utf8(two, 1);
	}
	for (uint32_t v = 0; v < 0x110000; v++) {
		const size_t n = encode(p, v);
		const bool surrogate = v >= 0xd800 && v < 0xe000;
		assert_int_equal(text_utf8(p, n, &cp), surrogate ? 0 : n);
		assert_int_equal(text_utf8(p, n - 1, &cp), 0);
	}
	for (int i = 0; i < 300000; i++) {
		chance_text(
			p, 4,
			"a\x7f\x80\x8f\x90\x9f\xa0\xbf\xc0\xc1\xc2\xdf\xe0\xe1\xec\xed"
			"\xee\xef\xf0\xf1\xf3\xf4\xf5\xff");
		check_utf8(p, 1 + chance_below(4));
	}
	assert_true(text_is_utf8("", 0));
	assert_true(text_is_utf8("a\0\xe6\xbc\xa2", 5));
	assert_false(text_is_utf8("a\0\xe6\xbc\xa2", 4));
}

static void what_a_terminal_would_obey(void **state)
{
	(void)state;
	static const uint32_t bad[] = { 0,	 7,	 8,	 0x1b,	 0x1f,	 0x7f,
					0x80,	 0x9b,	 0x9f,	 0xad,	 0x61c,	 0x200b,
					0x200d,	 0x200e, 0x2028, 0x2029, 0x202a, 0x202e,
					0x2060,	 0x2066, 0x2069, 0xfeff, 0xfff9, 0xe0001,
					0xe0020, 0xe007f };
	static const uint32_t good[] = { ' ',	 'a',	 '~',	 0xa0,	 0xe9,
					 0x3b1,	 0x2010, 0x2026, 0x2500, 0x28ff,
					 0x6f22, 0xac00, 0x1f600 };
	for (size_t i = 0; i < COUNT(bad); i++)
		CHECK(text_is_unsafe(bad[i]), "U+%04X", bad[i]);
	for (size_t i = 0; i < COUNT(good); i++)
		CHECK(!text_is_unsafe(good[i]), "U+%04X", good[i]);
}

static void known_escapes(void **state)
{
	(void)state;
	static const struct {
		const char *raw;
		size_t n;
		const char *escaped;
	} known[] = {
		{ "dense/kernel", 12, "dense/kernel" },
		{ "a\tb\nc\rd", 7, "a\\tb\\nc\\rd" },
		{ "C:\\x", 4, "C:\\\\x" },
		{ "\x1b[2J\0\x7f", 6, "\\x1b[2J\\x00\\x7f" },
		{ "\xe6\xbc\xa2", 3, "\xe6\xbc\xa2" },
		{ "\xe6\xbc", 2, "\\xe6\\xbc" },
		{ "\xff", 1, "\\xff" },
		{ "\x9b", 1, "\\x9b" },
		{ "\xc2\x9b", 2, "\\u009b" },
		{ "\xe2\x80\xae", 3, "\\u202e" },
		{ "\xf3\xa0\x80\xa1", 4, "\\U000e0021" },
		{ "", 0, "" },
	};
	for (size_t i = 0; i < COUNT(known); i++) {
		char out[64], back[64];
		const size_t len = text_escape(out, sizeof out, known[i].raw, known[i].n);
		assert_string_equal(out, known[i].escaped);
		assert_int_equal(len, strlen(out));
		assert_int_equal(text_unescape(back, out, len), known[i].n);
		assert_memory_equal(back, known[i].raw, known[i].n);
	}
}

/* Text of all sorts: plain, control, whole and broken sequences. */
static size_t random_text(char *to, size_t cap)
{
	size_t n = 0;
	while (n + 4 < cap && !chance_one_in(cap)) {
		const uint64_t kind = chance_below(6);
		if (kind == 0)
			n += encode(to + n, (uint32_t)chance_below(0x110000));
		else if (kind == 1)
			n += encode(to + n, (uint32_t)(0x2000 + chance_below(0x80)));
		else if (kind == 2)
			to[n++] = (char)chance();
		else
			to[n++] = "\\xu0n\t\n/ab7"[chance_below(11)];
	}
	return n;
}

static void check_escape(const char *raw, size_t n)
{
	char out[512], back[512], part[512];
	const size_t len = text_escape(out, sizeof out, raw, n);
	assert_true(len < sizeof out);
	assert_int_equal(len, strlen(out));
	uint32_t cp;
	for (size_t i = 0, step; i < len; i += step) {
		assert_true((step = text_utf8(out + i, len - i, &cp)) > 0);
		CHECK(!text_is_unsafe(cp), "U+%04X in the escape", cp);
	}
	assert_int_equal(text_unescape(back, out, len), n);
	assert_memory_equal(back, raw, n);
	for (int i = 0; i < 8; i++) {
		const size_t cap = chance_below(len + 4);
		memset(part, 'X', sizeof part);
		assert_int_equal(text_escape(part, cap, raw, n), len);
		const size_t got = cap ? strlen(part) : 0;
		assert_true(got == 0 || got < cap);
		assert_memory_equal(part, out, got);
		assert_int_equal(part[cap], 'X');
		if (cap > len)
			assert_int_equal(got, len);
	}
}

static void escapes_read_back(void **state)
{
	(void)state;
	char raw[48];
	for (unsigned b = 0; b < 256; b++) {
		raw[0] = (char)b;
		check_escape(raw, 1);
	}
	for (int i = 0; i < 30000; i++)
		check_escape(raw, random_text(raw, sizeof raw));
}

static void what_is_no_escape(void **state)
{
	(void)state;
	static const char *const bad[] = { "\\",      "a\\",	 "\\q",	       "\\x",
					   "\\x1",    "\\xg1",	 "\\xG1",      "\\u12",
					   "\\u123g", "\\U0000", "\\U0000000", "\\\t",
					   "\\\n",    "\\\r",	 "\\ " };
	char out[64];
	for (size_t i = 0; i < COUNT(bad); i++)
		CHECK(text_unescape(out, bad[i], strlen(bad[i])) == SIZE_MAX,
		      "case %zu, %s", i, bad[i]);
	assert_int_equal(text_unescape(out, "\\\0", 2), SIZE_MAX);
	/* Anything at all: no more bytes come out than went in. */
	for (int i = 0; i < 100000; i++) {
		char text[12];
		const size_t n = chance_below(sizeof text + 1);
		chance_text(text, n, "\\\\\\xuU0f1nt\xe6");
		const size_t len = text_unescape(out, text, n);
		assert_true(len == SIZE_MAX || len <= n);
	}
}

static void widths(void **state)
{
	(void)state;
	assert_int_equal(text_width("dense/kernel", 12), 12);
	assert_int_equal(text_width("", 0), 0);
	assert_int_equal(text_fit("dense/kernel", 12, 5), 5);
	assert_int_equal(text_fit("dense", 5, 50), 5);
	assert_int_equal(text_fit("dense", 5, 0), 0);
	if (wcwidth(0x6f22) != 2)
		return; /* no UTF-8 locale here */
	const char *mixed = "a\xe6\xbc\xa2\xc3\xa9\xe6\xbc\xa2"; /* a 漢 é 漢 */
	assert_int_equal(text_width(mixed, 9), 6);
	static const size_t fits[] = { 0, 1, 1, 4, 6, 6, 9, 9 };
	for (size_t width = 0; width < COUNT(fits); width++)
		assert_int_equal(text_fit(mixed, 9, width), fits[width]);
	char raw[64], text[512];
	for (int i = 0; i < 5000; i++) {
		const size_t len =
			text_escape(text, sizeof text, raw, random_text(raw, 64));
		const size_t width = chance_below(40), n = text_fit(text, len, width);
		assert_true(text_width(text, n) <= width);
		uint32_t cp;
		if (n < len)
			assert_true(text_width(text, n + text_utf8(text + n, len - n,
								   &cp)) > width);
	}
}

static int natural(const char *a, const char *b)
{
	const int c = text_natural(a, strlen(a), b, strlen(b));
	return (c > 0) - (c < 0);
}

static void numbers_in_names_count_as_numbers(void **state)
{
	(void)state;
	static const char *const order[] = {
		"",
		"0",
		"00",
		"01",
		"1",
		"2",
		"010",
		"10",
		"99999999999999999999",
		"100000000000000000000",
		"a",
		"a/b",
		"a0",
		"a00",
		"a0b",
		"a1",
		"a01b1",
		"a1b01",
		"a1b2",
		"a2",
		"a10",
		"ab",
		"layer_2",
		"layer_2/x",
		"layer_10",
		"layer_10/a",
		"layers",
		"\xc3\xa9",
	};
	for (size_t i = 0; i < COUNT(order); i++)
		for (size_t k = 0; k < COUNT(order); k++)
			CHECK(natural(order[i], order[k]) == (i > k) - (i < k),
			      "%s and %s", order[i], order[k]);
}

static void natural_order_is_total(void **state)
{
	(void)state;
	for (int i = 0; i < 200000; i++) {
		char s[3][6];
		size_t n[3];
		int c[3][3];
		for (int k = 0; k < 3; k++) {
			n[k] = chance_below(6);
			chance_text(s[k], n[k], "0012a/\xff");
		}
		for (int k = 0; k < 3; k++)
			for (int m = 0; m < 3; m++)
				c[k][m] = text_natural(s[k], n[k], s[m], n[m]);
		for (int k = 0; k < 3; k++)
			for (int m = 0; m < 3; m++) {
				const bool same =
					n[k] == n[m] && !memcmp(s[k], s[m], n[k]);
				assert_int_equal(c[k][m] == 0, same);
				assert_int_equal(c[k][m]<0, c[m][k]> 0);
				const int last = 3 - k - m;
				if (k != m && c[k][m] < 0 && c[m][last] < 0)
					assert_true(c[k][last] < 0);
			}
	}
}

static unsigned slow_distance(const char *a, size_t n, const char *b, size_t m)
{
	unsigned d[12][12];
	for (size_t i = 0; i <= n; i++)
		for (size_t k = 0; k <= m; k++) {
			unsigned least = (unsigned)(i + k);
			if (i && d[i - 1][k] + 1 < least)
				least = d[i - 1][k] + 1;
			if (k && d[i][k - 1] + 1 < least)
				least = d[i][k - 1] + 1;
			if (i && k && d[i - 1][k - 1] + (a[i - 1] != b[k - 1]) < least)
				least = d[i - 1][k - 1] + (a[i - 1] != b[k - 1]);
			if (i > 1 && k > 1 && a[i - 1] == b[k - 2] &&
			    a[i - 2] == b[k - 1] && d[i - 2][k - 2] + 1 < least)
				least = d[i - 2][k - 2] + 1;
			d[i][k] = least;
		}
	return d[n][m];
}

static void distances(void **state)
{
	(void)state;
	char a[300] = { 0 }, b[300] = { 0 };
	assert_int_equal(text_distance("kernel", 6, "kernle", 6, 5), 1);
	assert_int_equal(text_distance("", 0, "abc", 3, 5), 3);
	assert_int_equal(text_distance("abc", 3, "", 0, 2), 3);
	assert_int_equal(text_distance(a, 255, b, 255, 3), 0);
	assert_int_equal(text_distance(a, 256, b, 256, 3),
			 4); /* too long to be compared */
	for (int i = 0; i < 100000; i++) {
		const size_t n = chance_below(11), m = chance_below(11);
		const unsigned limit = (unsigned)chance_below(8);
		chance_text(a, n, "abc");
		chance_text(b, m, "abc");
		const unsigned want = slow_distance(a, n, b, m);
		assert_int_equal(text_distance(a, n, b, m, limit),
				 want > limit ? limit + 1 : want);
	}
}

int group_text(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(utf8_is_decoded_strictly),
		cmocka_unit_test(what_a_terminal_would_obey),
		cmocka_unit_test(known_escapes),
		cmocka_unit_test(escapes_read_back),
		cmocka_unit_test(what_is_no_escape),
		cmocka_unit_test(widths),
		cmocka_unit_test(numbers_in_names_count_as_numbers),
		cmocka_unit_test(natural_order_is_total),
		cmocka_unit_test(distances),
	};
	return unit_run("text", tests, COUNT(tests));
}
