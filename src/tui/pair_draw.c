/* pair_draw.c — what is known of a tensor that two checkpoints have.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "base/text.h"
#include "report/delta.h"
#include "tui/pair.h"

/* --- the three lines --------------------------------------------------------------- */

static int put_pair(int row, int col, int end, const char *name, const char *text,
		    bool bad)
{
	const int w = (int)(text_width(name, strlen(name)) + 1 +
			    text_width(text, strlen(text)));
	if (col + w > end)
		return end;
	col += term_text(row, col, end - col, STYLE_DIM, name) + 1;
	return col + term_text(row, col, end - col, bad ? STYLE_BAD : STYLE_PLAIN, text) +
	       2;
}

/* "A  min -0.1993  max 0.2011  mean 1.4e-05  std 0.0201  ▁▁▂▃▅▇█▇▅▃▂▁▁" */
static void draw_side(const struct pair_screen *p, size_t i, int row, int cols)
{
	static const char *const names[] = { "min", "max", "mean", "std" };
	const struct one_side *s = &p->sides[i];
	char text[1024];
	const int end = cols - 1;
	int col = 2 + term_text(row, 2, 1, STYLE_KEY, i ? "B" : "A") + 2;
	if (p->tensors[i]->problem || (s->known && s->row.error.p)) {
		const char *why = p->tensors[i]->problem ? p->tensors[i]->problem->text
							 : s->row.error.p;
		text_escape(text, sizeof text, why, strlen(why));
		term_text(row, col, end - col, STYLE_BAD, text);
		return;
	}
	if (!s->known) {
		snprintf(text, sizeof text, "%s",
			 s->sweeping  ? "is being read" SIGN_MORE
			 : p->numbers ? "not read"
				      : "not numbers");
		term_text(row, col, end - col, STYLE_DIM, text);
		return;
	}
	for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
		column_text(column_named(stats_columns, names[k]), &s->row, text,
			    sizeof text);
		col = put_pair(row, col, end, names[k], text, false);
	}
	if (s->row.nan) {
		number_grouped(text, s->row.nan);
		col = put_pair(row, col, end, "nan", text, true);
	}
	if (s->row.bars.p && col < end)
		term_text(row, col, end - col, STYLE_BAR, s->row.bars.p);
}

const char *pair_verdict(const struct pair_screen *p)
{
	const struct diff_item *item = p->item;
	if (item->error)
		return "it could not be compared";
	if (item->class == CLASS_IDENTICAL)
		return "the same bytes";
	if (item->class == CLASS_INCOMPARABLE)
		return "not comparable";
	if (!item->found)
		return "not compared";
	return item->found->changed ? NULL : "the same values";
}

/* What the comparison has found. */
static void draw_delta(struct pair_screen *p, int row, int cols)
{
	static const char *const names[] = { "max_abs", "mean_abs", "l2_delta", "rel_l2",
					     "cosine" };
	struct diff_row found;
	char text[2 * NUMBER_MAX], title[64];
	int col = 2 + term_text(row, 2, 1, STYLE_KEY, "Δ") + 2;
	const char *say = pair_verdict(p);
	arena_rewind(&p->scratch, (struct arena_mark){ 0 });
	if (!diff_row_of(p->d, &p->scratch, p->item, &found))
		return;
	if (say) {
		const struct column *note = column_named(diff_columns, "note");
		col += term_text(row, col, cols - col - 1,
				 p->item->error ? STYLE_BAD : STYLE_PLAIN, say);
		if (!column_is_null(note, &found) && p->item->class != CLASS_IDENTICAL) {
			column_text(note, &found, text, sizeof text);
			term_format(row, col, cols - col - 1, STYLE_DIM, ": %s", text);
		}
		return;
	}
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const struct column *c = column_named(diff_columns, names[i]);
		if (column_is_null(c, &found))
			continue;
		column_text(c, &found, text, sizeof text);
		column_title(c, title, sizeof title);
		for (char *t = title; *t; t++)
			if (*t >= 'A' && *t <= 'Z' && strcmp(names[i], "rel_l2"))
				*t += 'a' - 'A';
		col = put_pair(row, col, cols - 1, title, text, false);
	}
}

void pair_draw_sides(struct pair_screen *p, int row, int cols)
{
	draw_side(p, 0, row, cols);
	draw_side(p, 1, row + 1, cols);
	draw_delta(p, row + 2, cols);
}

/* --- the largest differences ------------------------------------------------------- */

/* The columns of a row as text. */
struct shown_row {
	char cell[4][2 * NUMBER_MAX];
};

static void row_text(struct pair_screen *p, size_t i, struct shown_row *to)
{
	const struct diff_element_row *row = &p->rows[i];
	struct cell_element a = row->a, b = row->b;
	const size_t cap = sizeof to->cell[0];
	a.digits = b.digits = p->grids[0].digits;
	column_text(column_named(diff_element_columns, "index"), row, to->cell[0], cap);
	cell_element_text(&a, to->cell[1], cap);
	cell_element_text(&b, to->cell[2], cap);
	delta_text(a.dtype, a.bytes, b.dtype, b.bytes, a.digits, to->cell[3]);
}

static void draw_empty(const struct pair_screen *p, const struct area *area)
{
	const char *text = p->comparing	     ? "looking for the largest" SIGN_MORE
			   : pair_verdict(p) ? pair_verdict(p)
			   : !p->numbers     ? "these are no numbers: see the grids"
			   : !p->read	     ? "c reads both and finds the largest"
					     : "stopped: c begins again";
	if (p->error.code)
		term_text(area->top, 2, area->cols - 3, STYLE_BAD, p->error.text);
	else
		term_text(area->top, 2, area->cols - 3, STYLE_DIM, text);
}

void pair_draw_largest(struct pair_screen *p, const struct area *area)
{
	static const char *const titles[] = { "INDEX", "A", "B", "Δ" };
	const int heading = area->small ? 0 : 1;
	int width[4] = { 5, 8, 8, 8 };
	struct shown_row row;
	p->page = area->rows > heading ? (size_t)(area->rows - heading) : 1;
	p->first_row = area->top + heading;
	if (!p->n) {
		draw_empty(p, area);
		return;
	}
	if (p->at < p->top)
		p->top = p->at;
	if (p->at >= p->top + p->page)
		p->top = p->at - p->page + 1;
	if (p->top + p->page > p->n)
		p->top = p->n > p->page ? p->n - p->page : 0;
	const size_t end = p->top + p->page < p->n ? p->top + p->page : p->n;
	for (size_t i = p->top; i < end; i++) {
		row_text(p, i, &row);
		for (int k = 0; k < 4; k++)
			width[k] = (int)strlen(row.cell[k]) > width[k]
					   ? (int)strlen(row.cell[k])
					   : width[k];
	}
	const int rest = width[1] + width[2] + width[3] + 6;
	if (width[0] > area->cols - 3 - rest && area->cols - 3 - rest > 5)
		width[0] = area->cols - 3 - rest;
	for (size_t i = p->top; i < end + (size_t)heading; i++) {
		const bool head = heading && i == end;
		const int y = head ? area->top : p->first_row + (int)(i - p->top);
		int style = head ? STYLE_HEAD : STYLE_PLAIN, col = 3 + width[0];
		if (!head)
			row_text(p, i, &row);
		if (!head && i == p->at) {
			style = STYLE_REVERSE;
			term_format(y, 0, area->cols, style, "%*s", area->cols, "");
			term_text(y, 1, 1, style, ">");
			term_cursor(y, 1);
		}
		const char *index = head ? titles[0] : row.cell[0];
		term_name(y, 3, width[0], style, index, strlen(index));
		for (int k = 1; k < 4; k++) {
			col += 2 + width[k];
			term_right(y, col, width[k], style,
				   head ? titles[k] : row.cell[k]);
		}
	}
}
