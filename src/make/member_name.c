/* member_name.c — names of tensors as names of files that stay where they belong.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "make/member_name.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/fingerprint.h"
#include "base/text.h"

enum { PART_MOST = 255, PART_KEPT = 200 };

/* A name under construction; out has room for the worst of it. */
struct making {
	enum member_kind kind;
	const char *name;
	size_t len;
	char *out;
	size_t n;
};

static void put_escaped(struct making *m, const char *p, size_t n)
{
	static const char digits[] = "0123456789ABCDEF";
	for (size_t i = 0; i < n; i++) {
		const unsigned char c = (unsigned char)p[i];
		m->out[m->n++] = '%';
		m->out[m->n++] = digits[c >> 4];
		m->out[m->n++] = digits[c & 15];
	}
}

/* Names that DOS keeps for devices, with any ending. */
static bool is_device(const char *p, size_t n)
{
	static const char *const names[] = { "con", "prn", "aux", "nul", "com", "lpt" };
	size_t stem = 0;
	while (stem < n && p[stem] != '.' && p[stem] != ' ')
		stem++;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const bool numbered = i >= 4;
		if (stem == 3u + numbered && !strncasecmp(p, names[i], 3) &&
		    (!numbered || (p[3] >= '0' && p[3] <= '9')))
			return true;
	}
	return false;
}

/* A character within a part of a path: at p, code point cp. */
static bool is_unsafe(enum member_kind kind, uint32_t cp)
{
	if (cp == '%')
		return true;
	if (kind == MEMBER_KEY)
		return false;
	if (text_is_unsafe(cp) || cp == '\\')
		return true;
	if (kind == MEMBER_ZIP)
		return false;
	if (kind == MEMBER_FOLDED && cp >= 'A' && cp <= 'Z')
		return true;
	return cp < 0x80 && strchr(":*?\"<>|", (int)cp);
}

static bool ends_in(const char *p, size_t n, const char *ending)
{
	const size_t k = strlen(ending);
	return n >= k && !strncasecmp(p + n - k, ending, k);
}

/* Must the byte at i of a part be escaped for where it stands? */
static bool is_misplaced(const struct making *m, const char *p, size_t n, size_t i)
{
	if (n <= 2 && p[0] == '.' && p[n - 1] == '.') /* "." and ".." */
		return true;
	/* A drive; and what would be taken for another member's name. */
	if (m->name == p && i == 1 && p[1] == ':')
		return true;
	if (i + 4 == n && ends_in(p, n, ".npy"))
		return true;
	if (m->kind == MEMBER_ZIP)
		return false;
	return (i + 1 == n && (p[i] == '.' || p[i] == ' ')) ||
	       (i == 0 && is_device(p, n));
}

/* Cuts the part that begins at start of out: not within an escape or a character. */
static void shorten(struct making *m, size_t start, size_t ending)
{
	if (m->kind == MEMBER_KEY || m->n - start + ending <= PART_MOST)
		return;
	size_t n = start + PART_KEPT;
	for (size_t back = 1; back <= 2; back++)
		if (m->out[n - back] == '%') {
			n -= back;
			break;
		}
	while (((unsigned char)m->out[n] & 0xc0) == 0x80)
		n--;
	m->n = n + (size_t)snprintf(m->out + n, PART_MOST, "%%~%016llx",
				    (unsigned long long)fingerprint64(m->name, m->len));
}

static void put_part(struct making *m, const char *p, size_t n, size_t ending)
{
	const size_t start = m->n;
	for (size_t i = 0; i < n;) {
		uint32_t cp = 0;
		const size_t k = text_utf8(p + i, n - i, &cp);
		const size_t bytes = k ? k : 1;
		if (!k || is_unsafe(m->kind, cp) ||
		    (m->kind != MEMBER_KEY && is_misplaced(m, p, n, i))) {
			put_escaped(m, p + i, bytes);
		} else {
			memcpy(m->out + m->n, p + i, bytes);
			m->n += bytes;
		}
		i += bytes;
	}
	shorten(m, start, ending);
}

/* A '/' stays one where something stands on both sides. */
static void put_path(struct making *m, size_t ending)
{
	const char *p = m->name, *const end = p + m->len;
	for (;;) {
		const char *slash = p;
		while (slash < end && *slash != '/')
			slash++;
		put_part(m, p, (size_t)(slash - p), slash == end ? ending : 0);
		if (slash == end)
			return;
		if (slash == p || slash + 1 == end || slash[1] == '/')
			put_escaped(m, slash, 1);
		else
			m->out[m->n++] = '/';
		p = slash + 1;
	}
}

char *member_name(struct arena *a, const char *name, size_t len, enum member_kind kind,
		  const char *ending, size_t *out_len)
{
	static const char reserved[] = "__metadata__";
	const size_t ending_len = strlen(ending);
	struct making m = { kind, name, len, NULL, 0 };
	m.out = arena_alloc(a, 3 * len + PART_MOST + ending_len + 1);
	if (!m.out)
		return NULL;
	if (kind != MEMBER_KEY) {
		put_path(&m, ending_len);
	} else if (len == sizeof reserved - 1 && !memcmp(name, reserved, len)) {
		put_escaped(&m, name, 1);
		put_part(&m, name + 1, len - 1, 0);
	} else {
		put_part(&m, name, len, 0);
	}
	memcpy(m.out + m.n, ending, ending_len + 1);
	*out_len = m.n + ending_len;
	return m.out;
}
