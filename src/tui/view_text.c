/* view_text.c — lines to be read: a record, a string, what was found.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "tui/file.h"
#include "tui/views.h"

struct text_line {
	const char *p;
	size_t len;
};

struct text {
	struct view v;
	const char *title;
	struct pointers lines; /* struct text_line */
	size_t top;            /* the first row that is seen */
	size_t rows;           /* of all lines, wrapped, at the last drawing */
	size_t page;
	bool wide;             /* tables are not wrapped, but move sideways */
	size_t left;           /* columns that are out of sight then */
};

/* --- drawing ----------------------------------------------------------------------- */

/* How many bytes of a line fit a row; at least one character. */
static size_t row_of(const struct text_line *l, size_t from, size_t width)
{
	if (from == l->len)
		return 0;
	const size_t n = text_fit(l->p + from, l->len - from, width);
	uint32_t cp;
	return n ? n : text_utf8(l->p + from, l->len - from, &cp);
}

static void draw(struct view *v, const struct area *area)
{
	struct text *t = (struct text *)v;
	const size_t width = (size_t)area->cols - 2;
	const int first = area->top + 1;
	size_t row = 0;
	t->page = (size_t)area->rows - 1;
	term_name(area->top, 1, area->cols - 2, STYLE_TITLE, t->title, strlen(t->title));
	if (t->top && t->top + t->page > t->rows)
		t->top = t->rows > t->page ? t->rows - t->page : 0;
	for (size_t i = 0; i < t->lines.n; i++) {
		const struct text_line *l = t->lines.p[i];
		size_t from = t->wide ? text_fit(l->p, l->len, t->left) : 0;
		do {
			const size_t n = row_of(l, from, width);
			if (row >= t->top && row < t->top + t->page)
				term_put(first + (int)(row - t->top), 1, (int)width,
					 STYLE_PLAIN, l->p + from, n);
			from = t->wide ? l->len : from + n;
			row++;
		} while (from < l->len);
	}
	t->rows = row;
	term_cursor(first, 0);
}

static void status(struct view *v, char *left, char *right, size_t cap)
{
	const struct text *t = (const struct text *)v;
	const size_t end = t->top + t->page < t->rows ? t->top + t->page : t->rows;
	(void)left;
	if (t->rows > t->page)
		snprintf(right, cap, "%zu-%zu/%zu", t->top + 1, end, t->rows);
}

/* --- keys -------------------------------------------------------------------------- */

static void scroll(struct text *t, size_t by, bool down)
{
	const size_t most = t->rows > t->page ? t->rows - t->page : 0;
	if (!down)
		t->top -= t->top < by ? t->top : by;
	else
		t->top = t->top + by < most ? t->top + by : most;
}

static void write_lines(struct text *t, const char *path, struct request *r)
{
	struct file file;
	if (!file_new(&file, path, r))
		return;
	for (size_t i = 0; i < t->lines.n; i++) {
		const struct text_line *l = t->lines.p[i];
		fwrite(l->p, 1, l->len, file.f);
		putc('\n', file.f);
	}
	file_done(&file, false, r);
}

static void copy(struct text *t, struct request *r)
{
	struct buffer all;
	buffer_init(&all, 1 << 20);
	for (size_t i = 0; i < t->lines.n; i++) {
		const struct text_line *l = t->lines.p[i];
		if (buffer_append(&all, l->p, l->len, NULL) ||
		    buffer_append(&all, "\n", 1, NULL))
			break;
	}
	if (term_copy((const char *)all.p, all.len))
		say(r, "copied: %zu lines", t->lines.n);
	else
		say(r, "too long to copy: w writes it to a file");
	buffer_drop(&all);
}

enum { SIDEWAYS = 8 };

static void act(struct view *v, enum action action, struct request *r)
{
	struct text *t = (struct text *)v;
	switch (action) {
	case ACT_DOWN:
	case ACT_UP:
		scroll(t, 1, action == ACT_DOWN);
		break;
	case ACT_HALF_DOWN:
	case ACT_HALF_UP:
		scroll(t, t->page / 2, action == ACT_HALF_DOWN);
		break;
	case ACT_PAGE_DOWN:
	case ACT_PAGE_UP:
		scroll(t, t->page, action == ACT_PAGE_DOWN);
		break;
	case ACT_FIRST:
	case ACT_LAST:
		scroll(t, SIZE_MAX / 2, action == ACT_LAST);
		break;
	case ACT_COPY:
		copy(t, r);
		break;
	case ACT_WRITE:
		file_ask(r);
		break;
	case ACT_RIGHT:
		t->left += t->wide ? SIDEWAYS : 0;
		break;
	case ACT_LEFT:
		if (t->left) {
			t->left -= SIDEWAYS;
			break;
		}
		r->kind = REQUEST_POP;
		break;
	case ACT_INFO:
		r->kind = REQUEST_POP;
		break;
	default:
		break;
	}
}

static void answer(struct view *v, enum action asked, const char *text, enum answer state,
		   struct request *r)
{
	if (asked == ACT_WRITE && state == ANSWER_DONE)
		write_lines((struct text *)v, text, r);
}

static void close_view(struct view *v)
{
	pointers_drop(&((struct text *)v)->lines);
}

static const struct key_binding keys[] = {
	{ ACT_DOWN, "Enter", "move", "next row", NULL },
	{ ACT_PAGE_DOWN, "Space", "move", "a page down", "page" },
	{ ACT_RIGHT, "l Right", "move", "more of a wide table", NULL },
	{ ACT_LEFT, "h Left", "move", "less of it; back", NULL },
	{ ACT_INFO, "i", "leave", "back", NULL },
	{ ACT_COPY, "y", "take", "copy it", "copy" },
	{ ACT_WRITE, "w", "take", "write it to a file", "write" },
	{ ACT_NONE, NULL, NULL, NULL, NULL },
};

static const struct view_ops ops = {
	.name = "text", .keys = keys, .draw = draw, .status = status, .act = act,
	.answer = answer, .close = close_view,
};

struct view *text_view(const char *title)
{
	struct text *t = view_new(&ops, sizeof *t);
	if (t)
		t->title = arena_copy(&t->v.arena, title, strlen(title));
	return t ? &t->v : NULL;
}

void text_view_add(struct view *v, const char *p, size_t n, bool escape)
{
	struct text *t = (struct text *)v;
	struct text_line *line = arena_zeroed(&v->arena, 1, sizeof *line);
	const size_t len = escape ? text_escape(NULL, 0, p, n) : n;
	char *copy = arena_alloc(&v->arena, len + 1);
	if (!line || !copy)
		return;
	if (escape)
		text_escape(copy, len + 1, p, n);
	else
		memcpy(copy, p, n);
	*line = (struct text_line){ copy, len };
	if (pointers_add(&t->lines, line))
		return;
}

/* --- tables ------------------------------------------------------------------------ */

enum { MOST_COLUMNS = 32, CELL = 1024 };

/* How wide a column is; 0: it says nothing. */
static size_t width_of(const struct column *c, const struct rows *rows)
{
	char title[128];
	size_t widest = 0;
	if (c->show == SHOW_TEXT)
		return 0;
	for (size_t i = 0; i < rows->n; i++) {
		const void *row = rows->at(rows, i);
		const size_t w = column_is_null(c, row) ? 0 : column_width(c, row);
		widest = w > widest ? w : widest;
	}
	column_title(c, title, sizeof title);
	const size_t w = text_width(title, strlen(title));
	return widest && w > widest ? w : widest;
}

/* A line that grows, and its cells. */
struct table_line {
	char text[8192];
	size_t len;
};

static void put(struct table_line *l, const char *text, size_t n)
{
	n = n < sizeof l->text - l->len ? n : sizeof l->text - l->len;
	memcpy(l->text + l->len, text, n);
	l->len += n;
}

static void put_cell(struct table_line *l, const char *text, size_t width, bool right)
{
	static const char blanks[] = "                                        ";
	const size_t w = text_width(text, strlen(text));
	const size_t n = w < width ? width - w : 0;
	const size_t pad = n < sizeof blanks - 1 ? n : sizeof blanks - 1;
	if (right)
		put(l, blanks, pad);
	put(l, text, strlen(text));
	if (!right)
		put(l, blanks, pad);
	put(l, "  ", 2);
}

static void add_line(struct view *v, struct table_line *l)
{
	while (l->len && l->text[l->len - 1] == ' ')
		l->len--;
	text_view_add(v, l->text, l->len, false);
	l->len = 0;
}

void text_view_table(struct view *v, const struct rows *rows)
{
	size_t widths[MOST_COLUMNS] = { 0 };
	struct table_line line = { .len = 0 };
	((struct text *)v)->wide = true;
	char cell[CELL];
	for (int i = 0; i < MOST_COLUMNS && rows->columns[i].name; i++) {
		const struct column *c = &rows->columns[i];
		widths[i] = width_of(c, rows);
		column_title(c, cell, sizeof cell);
		if (widths[i])
			put_cell(&line, cell, widths[i], column_is_number(c));
	}
	add_line(v, &line);
	for (size_t r = 0; r < rows->n; r++) {
		const void *row = rows->at(rows, r);
		for (int i = 0; i < MOST_COLUMNS && rows->columns[i].name; i++) {
			const struct column *c = &rows->columns[i];
			const size_t n = column_text(c, row, cell, sizeof cell);
			if (n >= sizeof cell)
				cell[text_fit(cell, sizeof cell - 1, SIZE_MAX)] = '\0';
			if (widths[i])
				put_cell(&line, cell, widths[i], column_is_number(c));
		}
		add_line(v, &line);
	}
}

static const void *sub_row(const struct rows *rows, size_t i)
{
	const struct cell_rows *all = rows->arg;
	return (const char *)all->p + i * all->n; /* n: the stride here */
}

static void add_rows(struct view *v, const struct column *c, const struct cell_rows *all)
{
	struct cell_rows stride = { all->p, c->stride };
	const struct rows rows = { c->sub, all->n, sub_row, &stride };
	text_view_add(v, "", 0, false);
	text_view_add(v, c->name, strlen(c->name), false);
	text_view_table(v, &rows);
}

struct view *record_view(const char *title, const struct column *columns, const void *row)
{
	char name[128], cell[4096], line[sizeof name + sizeof cell + 2];
	size_t width = 0;
	struct view *v = text_view(title);
	for (const struct column *c = columns; c->name; c++)
		width = strlen(c->name) > width ? strlen(c->name) : width;
	for (const struct column *c = columns; v && row && c->name; c++) {
		if (c->show == SHOW_TEXT || column_is_null(c, row))
			continue;
		snprintf(name, sizeof name, "%-*s", (int)width, c->name);
		const size_t n = column_text(c, row, cell, sizeof cell);
		if (n >= sizeof cell)
			cell[text_fit(cell, sizeof cell - 1, SIZE_MAX)] = '\0';
		const int len = snprintf(line, sizeof line, "%s  %s", name, cell);
		text_view_add(v, line, (size_t)len, false);
	}
	for (const struct column *c = columns; v && row && c->name; c++)
		if (c->type == COL_ROWS && c->sub && !column_is_null(c, row))
			add_rows(v, c, column_field(c, row));
	return v;
}
