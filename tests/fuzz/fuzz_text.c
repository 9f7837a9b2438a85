/* fuzz_text.c — any bytes as a name: escaped and back, as JSON, ordered, measured.
 * SPDX-License-Identifier: Apache-2.0
 *
 *	length of the first of two names | both
 */
#include "config.h"

#include <jansson.h>
#include <string.h>

#include "base/text.h"
#include "fuzz.h"
#include "out/json.h"

/* Nothing in it would do anything to a terminal. */
static void require_safe(const char *p, size_t n, bool lines)
{
	uint32_t cp;
	for (size_t i = 0, len; i < n; i += len) {
		REQUIRE((len = text_utf8(p + i, n - i, &cp)) > 0);
		REQUIRE(!text_is_unsafe(cp) || (lines && cp == '\n'));
	}
}

static void escape(const char *p, size_t n)
{
	const size_t cap = 6 * n + 1;
	char *out = malloc(cap), *back = malloc(cap), *cut = malloc(cap);
	REQUIRE(out && back && cut);
	const size_t len = text_escape(out, cap, p, n);
	REQUIRE(len < cap && len == strlen(out));
	require_safe(out, len, false);
	REQUIRE(text_unescape(back, out, len) == n && !memcmp(back, p, n));
	const size_t room = len / 2 + 1;
	REQUIRE(text_escape(cut, room, p, n) == len);
	REQUIRE(strlen(cut) < room && !memcmp(cut, out, strlen(cut)));
	require_safe(cut, strlen(cut), false);
	const size_t width = text_width(out, len);
	REQUIRE(text_fit(out, len, width) == len);
	REQUIRE(text_width(out, text_fit(out, len, width / 2)) <= width / 2);
	/* The bytes themselves as an escape, which they may be or not. */
	const size_t taken = text_unescape(back, p, n);
	REQUIRE(taken == SIZE_MAX || taken <= n);
	free(out);
	free(back);
	free(cut);
}

static void as_json(const char *p, size_t n)
{
	char *text = NULL;
	size_t len = 0;
	struct json j;
	const struct cell_text name = { p, n };
	FILE *f = open_memstream(&text, &len);
	REQUIRE(f);
	jw_begin(&j, f, n % 2);
	jw_open(&j, NULL, '{');
	jw_name(&j, "name", &name);
	jw_string(&j, "again", p, n);
	jw_close(&j, '}');
	REQUIRE(!fclose(f));
	require_safe(text, len, true);
	json_t *read =
		json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
	REQUIRE(read);
	const json_t *s = json_object_get(read, "name");
	REQUIRE(json_is_string(s) && json_equal(s, json_object_get(read, "again")));
	if (text_is_utf8(p, n))
		REQUIRE(json_string_length(s) == n &&
			!memcmp(json_string_value(s), p, n));
	else
		REQUIRE(json_string_length(json_object_get(read, "name_b64")) ==
			(n + 2) / 3 * 4);
	json_decref(read);
	free(text);
}

static void order(const char *a, size_t n, const char *b, size_t m)
{
	const int there = text_natural(a, n, b, m), back = text_natural(b, m, a, n);
	const bool same = n == m && !memcmp(a, b, n);
	REQUIRE((there < 0) == (back > 0) && (there == 0) == same && (back == 0) == same);
	const unsigned d = text_distance(a, n, b, m, 5);
	REQUIRE(d == text_distance(b, m, a, n, 5) && d <= 6);
	REQUIRE(n > 255 || m > 255 || (d == 0) == same);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	const char *p = (const char *)bytes + 1;
	if (!n--)
		return 0;
	const size_t first = bytes[0] < n ? bytes[0] : n;
	escape(p, n);
	as_json(p, n);
	order(p, first, p + first, n - first);
	order(p, first, p, n);
	return 0;
}
