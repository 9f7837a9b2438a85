/* text.c — UTF-8, escaping for terminals, display width, natural order.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>
#include <wchar.h>

#include "base/bytes.h"

size_t text_utf8(const char *text, size_t n, uint32_t *cp)
{
	const uint8_t *p = (const uint8_t *)text;
	if (!n)
		return 0;
	if (p[0] < 0x80) {
		*cp = p[0];
		return 1;
	}
	const size_t len = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	if (p[0] < 0xc2 || p[0] > 0xf4 || len > n)
		return 0;
	uint32_t c = p[0] & (0x7fu >> len);
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	if (c < least[len] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*cp = c;
	return len;
}

size_t text_from_code(char *out, uint32_t cp)
{
	static const uint8_t marks[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	if (cp > 0x10ffff || (cp >= 0xd800 && cp < 0xe000))
		return 0;
	const size_t n = cp < 0x80 ? 1 : cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;
	for (size_t i = n - 1; i > 0; i--, cp >>= 6)
		out[i] = (char)(0x80 | (cp & 0x3f));
	out[0] = (char)(marks[n] | cp);
	return n;
}

bool text_is_utf8(const char *p, size_t n)
{
	uint32_t cp;
	for (size_t i = 0, len; i < n; i += len)
		if (!(len = text_utf8(p + i, n - i, &cp)))
			return false;
	return true;
}

bool text_is_unsafe(uint32_t cp)
{
	return cp < 0x20 || (cp >= 0x7f && cp <= 0x9f) || cp == 0xad || cp == 0x61c ||
	       (cp >= 0x200b && cp <= 0x200f) || (cp >= 0x2028 && cp <= 0x202e) ||
	       (cp >= 0x2060 && cp <= 0x206f) || cp == 0xfeff ||
	       (cp >= 0xfff9 && cp <= 0xfffb) || (cp >= 0xe0000 && cp <= 0xe0fff);
}

/* The escape of one code point or invalid byte, or 0 if it may stand as it is. */
static int escape_one(char out[16], const char *p, size_t len, uint32_t cp)
{
	static const char shorts[][2] = { { '\t', 't' }, { '\n', 'n' }, { '\r', 'r' },
					  { '\\', '\\' } };
	if (!len)
		return snprintf(out, 16, "\\x%02x", (uint8_t)*p);
	for (size_t i = 0; i < sizeof shorts / sizeof *shorts; i++)
		if (cp == (uint8_t)shorts[i][0])
			return snprintf(out, 16, "\\%c", shorts[i][1]);
	if (!text_is_unsafe(cp))
		return 0;
	return snprintf(out, 16,
			cp < 0x80      ? "\\x%02x"
			: cp < 0x10000 ? "\\u%04x"
				       : "\\U%08x",
			cp);
}

/* How many bytes from p on are printable ASCII other than backslash:
 * most names, whole. */
static size_t plain_ascii(const char *p, size_t n)
{
	size_t i = 0;
	while (i < n && p[i] >= 0x20 && p[i] < 0x7f && p[i] != '\\')
		i++;
	return i;
}

bool text_is_plain(const char *p, size_t n)
{
	return plain_ascii(p, n) == n;
}

size_t text_escape(char *out, size_t cap, const char *p, size_t n)
{
	size_t total = 0, written = 0;
	bool room = true;
	for (size_t i = 0, len; i < n; i += len) {
		char escaped[16];
		uint32_t cp = 0;
		len = plain_ascii(p + i, n - i);
		if (len) {
			const bool fits = written + len < cap;
			const size_t part = fits ? len : cap ? cap - written - 1 : 0;
			if (room && part)
				memcpy(out + written, p + i, part);
			written += room ? part : 0;
			room = room && fits;
			total += len;
			continue;
		}
		len = text_utf8(p + i, n - i, &cp);
		const int e = escape_one(escaped, p + i, len, cp);
		const char *piece = e ? escaped : p + i;
		len = len ? len : 1;
		const size_t width = e ? (size_t)e : len;
		room = room && written + width < cap;
		if (room) {
			memcpy(out + written, piece, width);
			written += width;
		}
		total += width;
	}
	if (cap)
		out[written] = '\0';
	return total;
}

static bool read_hex(const char *p, size_t n, size_t digits, uint32_t *v)
{
	*v = 0;
	if (n < digits)
		return false;
	for (size_t i = 0; i < digits; i++) {
		const char *hex = "0123456789abcdef", *at = memchr(hex, p[i], 16);
		if (!at)
			return false;
		*v = *v << 4 | (uint32_t)(at - hex);
	}
	return true;
}

size_t text_unescape(char *out, const char *p, size_t n)
{
	size_t to = 0;
	for (size_t i = 0; i < n;) {
		if (p[i] != '\\') {
			out[to++] = p[i++];
			continue;
		}
		if (++i == n)
			return SIZE_MAX;
		const char kind = p[i++];
		static const char letters[] = "tnr\\", meant[] = "\t\n\r\\";
		const char *plain = kind ? strchr(letters, kind) : NULL;
		const size_t digits = kind == 'x'   ? 2
				      : kind == 'u' ? 4
				      : kind == 'U' ? 8
						    : 0;
		uint32_t v;
		if (digits && read_hex(p + i, n - i, digits, &v)) {
			i += digits;
			const size_t len = kind == 'x' ? 1 : text_from_code(out + to, v);
			if (!len)
				return SIZE_MAX;
			if (kind == 'x')
				out[to] = (char)v;
			to += len;
		} else if (plain) {
			out[to++] = meant[plain - letters];
		} else {
			return SIZE_MAX;
		}
	}
	return to;
}

static size_t char_width(uint32_t cp)
{
	if (cp < 0x80)
		return 1;
	const int w = wcwidth((wchar_t)cp);
	return w < 0 ? 1 : (size_t)w;
}

size_t text_fit(const char *p, size_t n, size_t width)
{
	size_t used = 0, i = 0;
	while (i < n) {
		uint32_t cp = 0;
		size_t len = text_utf8(p + i, n - i, &cp);
		len = len ? len : 1;
		const size_t w = char_width(cp);
		if (used + w > width)
			break;
		used += w;
		i += len;
	}
	return i;
}

size_t text_width(const char *p, size_t n)
{
	size_t width = 0;
	unsigned high = 0;
	for (size_t i = 0; i < n; i++)
		high |= (uint8_t)p[i];
	if (high < 0x80)
		return n;
	for (size_t i = 0, len; i < n; i += len) {
		uint32_t cp = 0;
		if ((uint8_t)p[i] < 0x80) {
			len = 1;
			width++;
			continue;
		}
		len = text_utf8(p + i, n - i, &cp);
		len = len ? len : 1;
		width += char_width(cp);
	}
	return width;
}

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

static size_t digits_at(const char *p, size_t n)
{
	size_t k = 0;
	while (k < n && digit(p[k]))
		k++;
	return k;
}

size_t text_common(const char *a, const char *b, size_t n)
{
	size_t i = 0;
	for (uint64_t x, y; i + 8 <= n; i += 8) {
		memcpy(&x, a + i, 8);
		memcpy(&y, b + i, 8);
		if (x != y)
			break;
	}
	while (i < n && a[i] == b[i])
		i++;
	return i;
}

int text_natural(const char *a, size_t a_len, const char *b, size_t b_len)
{
	/* What both begin with decides nothing, but for a number that goes on behind
	 * it. */
	size_t i = text_common(a, b, a_len < b_len ? a_len : b_len), k;
	while (i > 0 && digit(a[i - 1]))
		i--;
	k = i;
	while (i < a_len && k < b_len) {
		if (!digit(a[i]) || !digit(b[k])) {
			if (a[i] != b[k])
				return (uint8_t)a[i] < (uint8_t)b[k] ? -1 : 1;
			i++;
			k++;
			continue;
		}
		while (i < a_len && a[i] == '0')
			i++;
		while (k < b_len && b[k] == '0')
			k++;
		const size_t na = digits_at(a + i, a_len - i),
			     nb = digits_at(b + k, b_len - k);
		if (na != nb)
			return na < nb ? -1 : 1;
		const int c = memcmp(a + i, b + k, na);
		if (c)
			return c;
		i += na;
		k += nb;
	}
	if (i < a_len || k < b_len)
		return i < a_len ? 1 : -1;
	return bytes_compare(a, a_len, b, b_len);
}

unsigned text_distance(const char *a, size_t a_len, const char *b, size_t b_len,
		       unsigned limit)
{
	enum { LONGEST = 255 };
	const size_t gap = a_len > b_len ? a_len - b_len : b_len - a_len;
	if (a_len > LONGEST || b_len > LONGEST || gap > limit)
		return limit + 1;
	unsigned rows[3][LONGEST + 1];
	unsigned *before = rows[0], *last = rows[1], *now = rows[2];
	for (size_t k = 0; k <= b_len; k++)
		last[k] = (unsigned)k;
	for (size_t i = 1; i <= a_len; i++) {
		unsigned least = now[0] = (unsigned)i;
		for (size_t k = 1; k <= b_len; k++) {
			unsigned d = last[k - 1] + (a[i - 1] != b[k - 1]);
			d = last[k] + 1 < d ? last[k] + 1 : d;
			d = now[k - 1] + 1 < d ? now[k - 1] + 1 : d;
			if (i > 1 && k > 1 && a[i - 1] == b[k - 2] &&
			    a[i - 2] == b[k - 1] && before[k - 2] + 1 < d)
				d = before[k - 2] + 1;
			now[k] = d;
			least = d < least ? d : least;
		}
		if (least > limit)
			return limit + 1;
		unsigned *spare = before;
		before = last;
		last = now;
		now = spare;
	}
	return last[b_len] > limit ? limit + 1 : last[b_len];
}
