/* jsontext.c — a cursor over JSON text: nothing is built, what is not wanted is skipped.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "base/jsontext.h"

#include <string.h>

#include "base/text.h"

enum { DEEPEST = 64 };

void jsontext_init(struct jsontext *j, struct bytes text, uint64_t limit)
{
	*j = (struct jsontext){ .left = text, .begin = text.p };
	buffer_init(&j->decoded, limit);
}

void jsontext_drop(struct jsontext *j)
{
	buffer_drop(&j->decoded);
}

size_t jsontext_at(const struct jsontext *j)
{
	return (size_t)(j->left.p - j->begin);
}

static int wrong(struct jsontext *j, const char *problem)
{
	if (!j->problem)
		j->problem = problem;
	return -1;
}

/* Something else stands here, or nothing. */
static int expected(struct jsontext *j, const char *problem)
{
	return wrong(j, bytes_left(&j->left) ? problem : "it ends too early");
}

char jsontext_peek(struct jsontext *j)
{
	while (bytes_left(&j->left) && memchr(" \t\r\n", *j->left.p, 4))
		j->left.p++;
	return bytes_left(&j->left) ? (char)*j->left.p : '\0';
}

static bool take(struct jsontext *j, char c)
{
	if (!bytes_left(&j->left) || jsontext_peek(j) != c || !c)
		return false;
	j->left.p++;
	return true;
}

int jsontext_open(struct jsontext *j, char c)
{
	if (!take(j, c))
		return expected(j, c == '{' ? "an object was expected"
					    : "an array was expected");
	if (++j->depth > DEEPEST)
		return wrong(j, "more than 64 levels");
	j->first = true;
	return 0;
}

/* Behind a value: is there another one? */
static int next(struct jsontext *j, char end)
{
	const bool first = j->first;
	j->first = false;
	if (take(j, end)) {
		j->depth--;
		return 0;
	}
	if (!first && !take(j, ','))
		return expected(j, end == '}' ? "',' or '}' was expected"
					      : "',' or ']' was expected");
	return 1;
}

int jsontext_key(struct jsontext *j, struct bytes *key)
{
	const int r = next(j, '}');
	if (r <= 0)
		return r;
	if (jsontext_peek(j) != '"')
		return expected(j, "a key was expected");
	if (jsontext_string(j, key))
		return -1;
	return take(j, ':') ? 1 : expected(j, "':' was expected");
}

int jsontext_item(struct jsontext *j)
{
	return next(j, ']');
}

/* --- strings ----------------------------------------------------------------------- */

static bool hex4(struct bytes *b, uint32_t *v)
{
	struct bytes digits;
	*v = 0;
	if (!bytes_take(b, 4, &digits))
		return false;
	for (int i = 0; i < 4; i++) {
		const uint8_t c = digits.p[i], low = c | 0x20;
		const bool digit = c >= '0' && c <= '9';
		if (!digit && (low < 'a' || low > 'f'))
			return false;
		*v = *v << 4 | (uint32_t)(digit ? c - '0' : low - 'a' + 10);
	}
	return true;
}

/* What stands behind a backslash. */
static int take_escape(struct jsontext *j, struct bytes *b)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	char out[4];
	uint32_t code, low;
	const char c = bytes_left(b) ? (char)*b->p++ : '\0';
	const char *simple = c ? strchr(from, c) : NULL;
	if (simple)
		return buffer_append(&j->decoded, &to[simple - from], 1, NULL);
	if (c != 'u' || !hex4(b, &code))
		return wrong(j, "an escape that JSON does not have");
	if (code >= 0xd800 && code < 0xdc00) {
		if (bytes_left(b) < 6 || memcmp(b->p, "\\u", 2))
			return wrong(j, "half a surrogate pair");
		b->p += 2;
		if (!hex4(b, &low) || low < 0xdc00 || low > 0xdfff)
			return wrong(j, "half a surrogate pair");
		code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
	}
	const size_t n = text_from_code(out, code);
	return n ? buffer_append(&j->decoded, out, n, NULL)
		 : wrong(j, "half a surrogate pair");
}

static int decode(struct jsontext *j, struct bytes raw, struct bytes *text)
{
	j->decoded.len = 0;
	while (bytes_left(&raw)) {
		const uint8_t *slash = memchr(raw.p, '\\', bytes_left(&raw));
		const uint8_t *to = slash ? slash : raw.end;
		if (buffer_append(&j->decoded, raw.p, (size_t)(to - raw.p), NULL))
			return wrong(j, "a string that is too long for memory");
		raw.p = slash ? slash + 1 : to;
		if (slash && take_escape(j, &raw))
			return wrong(j, "a string that is too long for memory");
	}
	*text = bytes_of(j->decoded.p, j->decoded.len);
	return 0;
}

int jsontext_string(struct jsontext *j, struct bytes *text)
{
	bool escapes = false;
	if (!take(j, '"'))
		return expected(j, "a string was expected");
	const uint8_t *from = j->left.p;
	for (; bytes_left(&j->left) && *j->left.p != '"'; j->left.p++) {
		if (*j->left.p < 0x20)
			return wrong(j, "a control character in a string");
		if (*j->left.p == '\\') {
			escapes = true;
			if (++j->left.p == j->left.end)
				break;
		}
	}
	const struct bytes raw = { from, j->left.p };
	if (!bytes_left(&j->left))
		return wrong(j, "the text ends within a string");
	if (!text_is_utf8((const char *)raw.p, bytes_left(&raw))) {
		j->left.p = from;
		return wrong(j, "a string is not UTF-8");
	}
	j->left.p++;
	*text = raw;
	return escapes ? decode(j, raw, text) : 0;
}

/* --- numbers and words ------------------------------------------------------------- */

static size_t digits(struct jsontext *j)
{
	const uint8_t *from = j->left.p;
	while (bytes_left(&j->left) && *j->left.p >= '0' && *j->left.p <= '9')
		j->left.p++;
	return (size_t)(j->left.p - from);
}

static bool accept(struct jsontext *j, const char *any)
{
	return bytes_left(&j->left) && memchr(any, *j->left.p, strlen(any)) &&
	       j->left.p++;
}

int jsontext_u64(struct jsontext *j, uint64_t *v)
{
	jsontext_peek(j);
	const uint8_t *p = j->left.p;
	const size_t n = digits(j);
	*v = 0;
	for (size_t i = 0; i < n; i++)
		if (__builtin_mul_overflow(*v, 10, v) ||
		    __builtin_add_overflow(*v, p[i] - '0', v)) {
			j->left.p = p;
			return wrong(j, "a number of 2^64 or more");
		}
	const bool more = bytes_left(&j->left) && memchr(".eE", *j->left.p, 3);
	if (n && !(n > 1 && *p == '0') && !more)
		return 0;
	j->left.p = p;
	return expected(j, "a whole number was expected");
}

static int skip_number(struct jsontext *j)
{
	accept(j, "-");
	const bool zero = bytes_left(&j->left) && *j->left.p == '0';
	const size_t n = digits(j);
	if (!n || (zero && n > 1) || (accept(j, ".") && !digits(j)))
		return wrong(j, "a number is malformed");
	if (accept(j, "eE")) {
		accept(j, "+-");
		if (!digits(j))
			return wrong(j, "a number is malformed");
	}
	return 0;
}

static int skip_plain(struct jsontext *j, char c)
{
	static const char *const words[] = { "true", "false", "null" };
	struct bytes ignored;
	if (c == '"')
		return jsontext_string(j, &ignored);
	for (size_t i = 0; i < 3; i++) {
		const size_t n = strlen(words[i]);
		if (bytes_left(&j->left) >= n && !memcmp(j->left.p, words[i], n)) {
			j->left.p += n;
			return 0;
		}
	}
	return c == '-' || (c >= '0' && c <= '9') ? skip_number(j)
						  : expected(j, "a value was expected");
}

int jsontext_skip(struct jsontext *j)
{
	uint64_t objects = 0; /* which of the levels that were entered are objects */
	const int outside = j->depth;
	struct bytes key;
	do {
		const char c = jsontext_peek(j);
		int r = 0;
		if (c == '{' || c == '[') {
			if (jsontext_open(j, c))
				return -1;
			objects = objects << 1 | (c == '{');
		} else if (skip_plain(j, c)) {
			return -1;
		}
		/* Leave what ends here; stop before the next value. */
		while (j->depth > outside &&
		       !(r = objects & 1 ? jsontext_key(j, &key) : jsontext_item(j)))
			objects >>= 1;
		if (j->depth > outside && r < 0)
			return -1;
	} while (j->depth > outside);
	return 0;
}

int jsontext_end(struct jsontext *j)
{
	jsontext_peek(j);
	return bytes_left(&j->left) ? wrong(j, "more follows behind the end") : 0;
}
