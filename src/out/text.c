/* text.c — rows as a table, names and errors as lines.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A table's rows are formatted twice: once to learn how wide the columns are, once to print
 * them. That costs less memory than keeping a million lines of text.
 */
#include "config.h"

#include "out/text.h"

#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"

enum { CELL = 8192 }; /* a longer cell is cut, with "…" at its end */

void text_choose(struct chosen *to, const struct column *columns, bool long_form)
{
	to->n = 0;
	for (const struct column *c = columns; c->name && to->n < TEXT_MAX_COLUMNS; c++)
		if (c->show == SHOW_ALWAYS || c->show == SHOW_TEXT ||
		    (long_form && c->show == SHOW_LONG))
			to->column[to->n++] = c;
}

static int unknown_column(const struct column *columns, const char *name, size_t n,
			  struct ckpt_error *err)
{
	char known[256] = "";
	size_t at = 0;
	for (const struct column *c = columns; c->name && at < sizeof known; c++)
		at += (size_t)snprintf(known + at, sizeof known - at, "%s%s", at ? ", " : "",
				       c->name);
	return error_set(err, CKPT_EINVAL, NULL, -1, "no column '%.*s'; there are %s", (int)n,
			 name, known);
}

int text_choose_named(struct chosen *to, const struct column *columns, const char *names,
		      struct ckpt_error *err)
{
	to->n = 0;
	for (const char *p = names; *p;) {
		const size_t n = strcspn(p, ",");
		char name[64];
		snprintf(name, sizeof name, "%.*s", (int)n, p);
		const struct column *c = column_named(columns, name);
		if (!c || n >= sizeof name)
			return unknown_column(columns, p, n, err);
		if (to->n == TEXT_MAX_COLUMNS)
			return error_set(err, CKPT_EINVAL, NULL, -1, "too many columns");
		to->column[to->n++] = c;
		p += n + (p[n] == ',');
	}
	return to->n ? 0 : error_set(err, CKPT_EINVAL, NULL, -1, "no columns are named");
}

static size_t cell(const struct column *c, const void *row, char text[CELL])
{
	const size_t n = column_text(c, row, text, CELL);
	if (n < CELL)
		return n;
	const size_t kept = text_fit(text, strlen(text), CELL - 8);
	memcpy(text + kept, "…", sizeof "…");
	return kept + sizeof "…" - 1;
}

static void pad(FILE *out, size_t n)
{
	while (n--)
		putc(' ', out);
}

static void put_cell(FILE *out, const struct column *c, const char *text, size_t n,
		     size_t width, bool last)
{
	const size_t used = text_width(text, n), space = width > used ? width - used : 0;
	const bool right = column_is_number(c);
	if (right)
		pad(out, space);
	fwrite(text, 1, n, out);
	if (!right && !last)
		pad(out, space);
	if (!last)
		pad(out, 2);
}

void text_table(FILE *out, const struct rows *rows, const struct chosen *columns)
{
	char text[CELL];
	size_t width[TEXT_MAX_COLUMNS];
	for (size_t k = 0; k < columns->n; k++)
		width[k] = column_title(columns->column[k], text, CELL);
	for (size_t i = 0; i < rows->n; i++) {
		const void *row = rows->at(rows, i);
		for (size_t k = 0; k < columns->n; k++) {
			const size_t n = cell(columns->column[k], row, text);
			const size_t w = text_width(text, n);
			width[k] = w > width[k] ? w : width[k];
		}
	}
	for (size_t k = 0; k < columns->n; k++) {
		const size_t n = column_title(columns->column[k], text, CELL);
		put_cell(out, columns->column[k], text, n, width[k], k + 1 == columns->n);
	}
	putc('\n', out);
	for (size_t i = 0; i < rows->n; i++) {
		const void *row = rows->at(rows, i);
		for (size_t k = 0; k < columns->n; k++) {
			const size_t n = cell(columns->column[k], row, text);
			put_cell(out, columns->column[k], text, n, width[k],
				 k + 1 == columns->n);
		}
		putc('\n', out);
	}
}

void text_put(FILE *out, const char *p, size_t n)
{
	char text[1024];
	while (n) { /* in parts that end between characters */
		const size_t part = n < 160 ? n : text_fit(p, 160, 150);
		const size_t len = text_escape(text, sizeof text, p, part);
		fwrite(text, 1, len < sizeof text ? len : sizeof text - 1, out);
		p += part;
		n -= part;
	}
}

void text_error(const struct ckpt_error *err)
{
	fputs("ckpt-inspect: ", stderr);
	if (*err->file) {
		text_put(stderr, err->file, strlen(err->file));
		fputs(": ", stderr);
	}
	if (*err->file && err->offset >= 0)
		fprintf(stderr, "byte %" PRId64 ": ", err->offset);
	fprintf(stderr, "%s\n", err->text);
}
