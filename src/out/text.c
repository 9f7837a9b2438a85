/* text.c — rows as a table, names and errors as lines.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A table's rows are formatted twice: once to learn how wide the columns are, once to
 * print them. That costs less memory than keeping a million lines of text.
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
			return error_set(err, CKPT_EINVAL, NULL, -1,
					 "no column '%.*s'; --help lists them", (int)n,
					 p);
		if (to->n == TEXT_MAX_COLUMNS)
			return error_set(err, CKPT_EINVAL, NULL, -1, "too many columns");
		to->column[to->n++] = c;
		p += n + (p[n] == ',');
	}
	return to->n ? 0 : error_set(err, CKPT_EINVAL, NULL, -1, "no columns are named");
}

/* A line being made. */
struct line {
	char text[TEXT_MAX_COLUMNS * CELL / 4];
	size_t len;
};

static void pad(struct line *l, size_t n)
{
	const size_t room = sizeof l->text - l->len;
	n = n < room ? n : room;
	memset(l->text + l->len, ' ', n);
	l->len += n;
}

/* Adds a text that fills used of width terminal columns. */
static void add_text(struct line *l, const char *text, size_t n, size_t used,
		     size_t width, bool right, bool last)
{
	const size_t space = width > used ? width - used : 0;
	if (right)
		pad(l, space);
	if (n <= sizeof l->text - l->len) {
		memcpy(l->text + l->len, text, n);
		l->len += n;
	}
	if (!last)
		pad(l, right ? 2 : space + 2);
}

static void add_cell(struct line *l, const struct column *c, const void *row,
		     size_t width, bool last)
{
	char text[CELL];
	size_t n = column_text(c, row, text, CELL);
	if (n >= CELL) {
		n = text_fit(text, strlen(text), CELL - 8);
		memcpy(text + n, "…", sizeof "…");
		n += sizeof "…" - 1;
	}
	add_text(l, text, n, text_width(text, n), width, column_is_number(c), last);
}

static void put_line(FILE *out, struct line *l)
{
	fwrite(l->text, 1, l->len, out);
	putc('\n', out);
	l->len = 0;
}

/* How wide the cells are, and which columns are left without rare ones that are empty. */
static struct chosen drop_rare(const struct rows *rows, const struct chosen *columns,
			       size_t width[TEXT_MAX_COLUMNS])
{
	bool some[TEXT_MAX_COLUMNS] = { false };
	struct chosen left = { .n = 0 };
	memset(width, 0, TEXT_MAX_COLUMNS * sizeof *width);
	for (size_t i = 0; i < rows->n; i++) {
		const void *row = rows->at(rows, i);
		for (size_t k = 0; k < columns->n; k++) {
			const size_t w = column_width(columns->column[k], row);
			width[k] = w > width[k] ? w : width[k];
			some[k] |= columns->column[k]->rare &&
				   !column_is_null(columns->column[k], row);
		}
	}
	for (size_t k = 0; k < columns->n; k++)
		if (!columns->column[k]->rare || some[k]) {
			width[left.n] = width[k];
			left.column[left.n++] = columns->column[k];
		}
	return left;
}

void text_table(FILE *out, const struct rows *rows, const struct chosen *columns)
{
	char title[64];
	size_t width[TEXT_MAX_COLUMNS];
	struct line line = { .len = 0 };
	const struct chosen left = drop_rare(rows, columns, width);
	const size_t n = left.n;
	for (size_t k = 0; k < n; k++) {
		const size_t len = column_title(left.column[k], title, sizeof title);
		const size_t wide = text_width(title, len);
		width[k] = wide > width[k] ? wide : width[k];
		add_text(&line, title, len, wide, width[k],
			 column_is_number(left.column[k]), k + 1 == n);
	}
	put_line(out, &line);
	for (size_t i = 0; i < rows->n; i++) {
		const void *row = rows->at(rows, i);
		for (size_t k = 0; k < n; k++)
			add_cell(&line, left.column[k], row, width[k], k + 1 == n);
		put_line(out, &line);
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
