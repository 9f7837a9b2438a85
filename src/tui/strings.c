/* strings.c — a string or a variant of a tensor as lines to be read.
 * SPDX-License-Identifier: Apache-2.0
 *
 * JSON is checked by jansson, but shown as it is spelled: numbers keep their digits and
 * objects the order of their keys; only blanks between tokens are ours.
 */
#include "config.h"

#include "tui/strings.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "base/text.h"
#include "base/wire.h"
#include "report/object_tree.h"
#include "tui/views.h"

/* More than that nobody reads on a screen; JSON that is longer is not taken apart. */
enum { TEXT_MOST = 1 << 20, HEX_MOST = 1 << 16, HEX_ROW = 16, DEEPEST = 64 };

struct cell_text variant_type(const char *p, size_t len)
{
	struct wire w = wire_of(bytes_of(p, len));
	while (wire_next(&w) > 0)
		if (w.field == 1 && w.type == WIRE_LEN)
			return (struct cell_text){ (const char *)w.data.p,
						   bytes_left(&w.data) };
	return cell_of("");
}

/* --- JSON -------------------------------------------------------------------------- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_json(const char *p, size_t len)
{
	json_error_t error;
	size_t first = 0;
	while (first < len && is_blank(p[first]))
		first++;
	if (first == len || (p[first] != '{' && p[first] != '[') || len > TEXT_MOST)
		return false;
	json_t *j = json_loadb(p, len, JSON_DECODE_INT_AS_REAL, &error);
	json_decref(j);
	return j != NULL;
}

struct indenting {
	struct view *v;
	struct buffer line;
	size_t depth;
	bool empty; /* a bracket is open that holds nothing */
};

/* JSON escapes what a terminal must not get by itself, but for some of Unicode. */
static bool is_safe(const char *p, size_t n)
{
	uint32_t cp;
	for (size_t at = 0, len; at < n; at += len) {
		len = text_utf8(p + at, n - at, &cp);
		if (!len || text_is_unsafe(cp))
			return false;
	}
	return true;
}

static void end_line(struct indenting *to)
{
	const char *p = (const char *)to->line.p;
	if (to->line.len)
		text_view_add(to->v, p, to->line.len, !is_safe(p, to->line.len));
	to->line.len = 0;
	for (size_t i = 0; i < to->depth && i < DEEPEST; i++)
		buffer_append(&to->line, "  ", 2, NULL);
}

/* The end of a string that begins at p. */
static const char *end_of_string(const char *p, const char *end)
{
	for (p++; p < end && *p != '"'; p++)
		p += *p == '\\';
	return p < end ? p + 1 : end;
}

/* One token: brackets and commas end lines. holds: what it opens is not empty. */
static void add_token(struct indenting *to, const char *p, size_t n, bool holds)
{
	const bool closes = *p == '}' || *p == ']';
	if (closes && !to->empty) {
		to->depth -= to->depth > 0;
		end_line(to);
	}
	buffer_append(&to->line, p, n, NULL);
	to->empty = false;
	if (*p == '{' || *p == '[') {
		to->empty = !holds;
		to->depth += holds;
		if (holds)
			end_line(to);
	} else if (*p == ',') {
		end_line(to);
	} else if (*p == ':') {
		buffer_append(&to->line, " ", 1, NULL);
	}
}

/* The text is known to be JSON. */
static void add_json(struct view *v, const char *p, size_t len)
{
	struct indenting to = { .v = v };
	const char *const end = p + len;
	buffer_init(&to.line, TEXT_MOST);
	while (p < end) {
		const char *const from = p;
		if (is_blank(*p)) {
			p++;
			continue;
		}
		/* Of numbers and words each character is a token; nothing parts them. */
		p = *p == '"' ? end_of_string(p, end) : p + 1;
		const char *next = p;
		while (next < end && is_blank(*next))
			next++;
		add_token(&to, from, (size_t)(p - from),
			  next < end && *next != '}' && *next != ']');
	}
	end_line(&to);
	buffer_drop(&to.line);
}

/* --- text and bytes ---------------------------------------------------------------- */

static void add_more(struct view *v, size_t shown, size_t len)
{
	char number[NUMBER_MAX], line[NUMBER_MAX + 64];
	if (shown >= len)
		return;
	number_grouped(number, len - shown);
	const int n = snprintf(line, sizeof line,
			       SIGN_MORE " %s bytes more: print shows them", number);
	text_view_add(v, line, (size_t)n, false);
}

static void add_text(struct view *v, const char *p, size_t len)
{
	size_t most = len < TEXT_MOST ? len : TEXT_MOST;
	for (size_t from = 0; from < most || !from;) {
		const char *stop = most ? memchr(p + from, '\n', most - from) : NULL;
		const size_t n = stop ? (size_t)(stop - p) - from : most - from;
		text_view_add(v, p + from, n, true);
		from += n + 1;
	}
	add_more(v, most, len);
}

/* "00000010  0a 04 6e 61 …  |..na…|" */
static void add_bytes(struct view *v, const char *p, size_t len)
{
	const size_t most = len < HEX_MOST ? len : HEX_MOST;
	for (size_t from = 0; from < most; from += HEX_ROW) {
		char line[128];
		int n = snprintf(line, sizeof line, "%08zx ", from);
		for (size_t i = from; i < from + HEX_ROW; i++)
			n += i < most
				     ? snprintf(line + n, sizeof line - (size_t)n,
						" %02x", (uint8_t)p[i])
				     : snprintf(line + n, sizeof line - (size_t)n, "   ");
		n += snprintf(line + n, sizeof line - (size_t)n, "  ");
		for (size_t i = from; i < from + HEX_ROW && i < most; i++)
			line[n++] = p[i] >= 32 && p[i] < 127 ? p[i] : '.';
		text_view_add(v, line, (size_t)n, false);
	}
	add_more(v, most, len);
}

struct view *string_view(const char *title, const char *p, size_t len, bool variant)
{
	struct view *v = text_view(title);
	if (!v)
		return NULL;
	if (variant) {
		const struct cell_text type = variant_type(p, len);
		text_view_add(v, type.p, type.len, true);
		text_view_add(v, "", 0, false);
		add_bytes(v, p, len);
	} else if (!text_is_utf8(p, len) || (len && memchr(p, 0, len))) {
		add_bytes(v, p, len);
	} else if (is_json(p, len)) {
		add_json(v, p, len);
	} else {
		add_text(v, p, len);
	}
	return v;
}

/* --- the object graph -------------------------------------------------------------- */

static void add_object(struct view *v, const struct object_row *row)
{
	static const char *const behind[] = { "full_name", "dtype", "shape", "note" };
	char text[4096], cell[2048];
	size_t n = column_text(column_named(object_columns, "shown"), row, text,
			       sizeof text);
	n = n < sizeof text ? n : sizeof text - 1;
	for (size_t i = 0; i < sizeof behind / sizeof *behind; i++) {
		const struct column *c = column_named(object_columns, behind[i]);
		if (!c || column_is_null(c, row))
			continue;
		column_text(c, row, cell, sizeof cell);
		if (n + strlen(cell) + 3 < sizeof text && strcmp(cell, "-"))
			n += (size_t)snprintf(text + n, sizeof text - n, "  %s", cell);
	}
	text_view_add(v, text, n, false);
}

struct view *graph_view(const char *title, struct ckpt *c, const struct objects *o,
			struct ckpt_error *err)
{
	struct pointers rows = { 0 };
	struct arena arena;
	struct view *v = NULL;
	arena_init(&arena, c->limit);
	if (!object_tree(c, &arena, o, DEEPEST, &rows, err))
		v = text_view(title);
	for (size_t i = 0; v && i < rows.n; i++)
		add_object(v, rows.p[i]);
	pointers_drop(&rows);
	arena_drop(&arena);
	return v;
}
