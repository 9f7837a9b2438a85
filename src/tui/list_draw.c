/* list_draw.c — the rows of a list as they are seen.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Widths of columns grow with what is seen and never shrink, so that a table does not
 * jump about while one scrolls.
 */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "tui/list.h"

enum {
	MARGIN = 3,     /* mark, cursor, a blank */
	GAP = 2,
	NAME_LEAST = 12,
	BAR = 4,
	CELL = 512,
	BAR_DROP = 90,  /* bars leave first */
	SHARE_DROP = 80,
	SHARE_WIDTH = 3,
};

/* --- columns ----------------------------------------------------------------------- */

/* Which columns there is room for. */
struct layout {
	bool on[LIST_COLUMNS];
	bool bar, share;
	int name; /* width */
};

static int width_of(const struct list *l, const struct layout *at)
{
	int w = MARGIN;
	for (int i = 0; l->columns[i].column; i++)
		w += at->on[i] ? GAP + l->widths[i] : 0;
	w += at->bar ? 1 + BAR : 0;
	return w + (at->share ? 1 + SHARE_WIDTH : 0);
}

/* Takes away the column that is needed least; false: all that are left stay. */
static bool drop_one(const struct list *l, struct layout *at)
{
	int worst = -1, most = 0;
	if (at->bar) {
		at->bar = false;
		return true;
	}
	for (int i = 0; l->columns[i].column; i++)
		if (at->on[i] && l->columns[i].drop > most) {
			most = l->columns[i].drop;
			worst = i;
		}
	if (at->share && SHARE_DROP > most) {
		at->share = false;
		return true;
	}
	if (worst >= 0)
		at->on[worst] = false;
	return worst >= 0;
}

/* What has left, but is narrow enough for the room that is there now, comes back. */
static void take_back(const struct list *l, struct layout *at, int cols, int least)
{
	for (int drop = 0; drop < BAR_DROP; drop++)
		for (int i = 0; l->columns[i].column; i++)
			if (!at->on[i] && l->columns[i].drop == drop &&
			    cols - width_of(l, at) - GAP - l->widths[i] >= least)
				at->on[i] = true;
}

static struct layout lay_out(const struct list *l, int cols)
{
	struct layout at = { .bar = l->ops->share != NULL,
			     .share = l->ops->share != NULL };
	for (int i = 0; l->columns[i].column; i++)
		at.on[i] = true;
	int least = cols / 3 > l->name_width ? l->name_width : cols / 3;
	least = least > NAME_LEAST ? least : NAME_LEAST;
	while (cols - width_of(l, &at) < least && drop_one(l, &at))
		;
	take_back(l, &at, cols, least);
	at.name = cols - width_of(l, &at);
	return at;
}

/* --- rows -------------------------------------------------------------------------- */

static void draw_heading(const struct list *l, const struct layout *at, int row)
{
	int col = MARGIN + at->name;
	term_text(row, MARGIN, at->name, STYLE_HEAD, l->title);
	for (int i = 0; l->columns[i].column; i++) {
		char title[CELL];
		if (!at->on[i])
			continue;
		col += GAP;
		column_title(l->columns[i].column, title, sizeof title);
		if (column_is_number(l->columns[i].column))
			term_right(row, col + l->widths[i], l->widths[i], STYLE_HEAD,
				   title);
		else
			term_text(row, col, l->widths[i], STYLE_HEAD, title);
		col += l->widths[i];
	}
	if (at->share)
		term_right(row, col + (at->bar ? 1 + BAR : 0) + 1 + SHARE_WIDTH,
			   SHARE_WIDTH, STYLE_HEAD, "%");
}

/* "██▌" in eighths of a column. */
static void draw_share(const struct layout *at, int row, int col, double share, int style)
{
	static const char *const eighths[] = { "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█" };
	const int parts = (int)(share * BAR * 8 + 0.5);
	if (at->bar) {
		for (int i = 0; i * 8 < parts; i++)
			term_text(row, col + 1 + i, 1,
				  style & STYLE_REVERSE ? style : STYLE_BAR,
				  eighths[parts - i * 8 < 8 ? parts - i * 8 - 1 : 7]);
		col += 1 + BAR;
	}
	char percent[16];
	snprintf(percent, sizeof percent, "%.0f", floor(share * 100 + 0.5));
	term_right(row, col + 1 + SHARE_WIDTH, SHARE_WIDTH, style, percent);
}

/* A cell; what does not fit is cut at its end. */
static void draw_cell(struct list *l, int i, int row, int col, int style, uint32_t id,
		      const void *data)
{
	char text[CELL];
	const struct column *c = l->columns[i].column;
	const int width = l->widths[i];
	if (!data) {
		term_right(row, col + width, width,
			   style & STYLE_REVERSE ? style : STYLE_DIM, SIGN_MORE);
		return;
	}
	if (column_is_null(c, data) && c->type != COL_COUNT)
		return;
	size_t n = column_text(c, data, text, sizeof text);
	n = n < sizeof text ? n : sizeof text - 1;
	if (!strcmp(text, "-"))
		return;
	if (l->ops->cell_style && !(style & STYLE_REVERSE)) {
		const int own = (int)l->ops->cell_style(l->arg, id, c, data);
		style = own ? own : style;
	}
	const int w = (int)text_width(text, n);
	if (w > width) {
		term_put(row, col, width - 1, style, text, n);
		term_text(row, col + width - 1, 1, style, SIGN_MORE);
	} else if (column_is_number(c)) {
		term_right(row, col + width, width, style, text);
	} else {
		term_put(row, col, width, style, text, n);
	}
}

/* The text of a name and what stands before it; returns the length of the name. */
static size_t name_text(struct list *l, uint32_t id, char *lead, size_t lead_cap,
			char *text, size_t cap)
{
	const struct cell_text name = l->ops->shown ? l->ops->shown(l->arg, id)
						    : l->ops->name(l->arg, id);
	lead[0] = '\0';
	if (l->ops->lead)
		l->ops->lead(l->arg, id, lead, lead_cap);
	const size_t n = text_escape(text, cap, name.p, name.len);
	return n < cap ? n : text_fit(text, cap - 1, SIZE_MAX);
}

static void draw_name(struct list *l, const struct layout *at, int row, int style,
		      uint32_t id)
{
	char lead[256], text[4096];
	const size_t n = name_text(l, id, lead, sizeof lead, text, sizeof text);
	const size_t n_lead = strlen(lead);
	/* Deep in a tree the name is worth more than how deep. */
	const size_t w = text_width(lead, n_lead), most = (size_t)(at->name / 2);
	size_t skip = w > most ? w - most : 0;
	skip = strspn(lead, " ") < skip ? strspn(lead, " ") : skip;
	int col = MARGIN;
	col += term_put(row, col, at->name, style, lead + skip, n_lead - skip);
	term_name(row, col, MARGIN + at->name - col, style, text, n);
}

static void draw_row(struct list *l, const struct layout *at, int row, size_t i, int cols)
{
	const uint32_t id = l->ids[i];
	int style = l->ops->style ? (int)l->ops->style(l->arg, id) : STYLE_PLAIN;
	if (i == l->at) {
		style |= STYLE_REVERSE;
		term_format(row, 0, cols, style, "%*s", cols, "");
		term_cursor(row, 1);
	}
	term_text(row, 0, 1, style, list_is_marked(l, id) ? "*" : " ");
	term_text(row, 1, 1, style, i == l->at ? ">" : " ");
	draw_name(l, at, row, style, id);
	const void *data = l->ops->row(l->arg, id);
	int col = MARGIN + at->name;
	for (int k = 0; l->columns[k].column; k++) {
		if (!at->on[k])
			continue;
		draw_cell(l, k, row, col + GAP, style, id, data);
		col += GAP + l->widths[k];
	}
	const double share = l->ops->share ? l->ops->share(l->arg, id) : -1;
	if (at->share && share >= 0)
		draw_share(at, row, col, share, style);
}

/* Lets columns grow with what is about to be seen. */
static void measure(struct list *l, size_t from, size_t to)
{
	enum { WIDEST = 28 };
	char lead[256], text[4096];
	for (size_t i = from; i < to; i++) {
		const size_t n = name_text(l, l->ids[i], lead, sizeof lead, text,
					   sizeof text);
		const size_t name = text_width(lead, strlen(lead)) + text_width(text, n);
		if ((int)name > l->name_width)
			l->name_width = (int)name;
		const void *data = l->ops->row(l->arg, l->ids[i]);
		for (int k = 0; data && l->columns[k].column; k++) {
			const int w = (int)column_width(l->columns[k].column, data);
			if (w > l->widths[k])
				l->widths[k] = w < WIDEST ? w : WIDEST;
		}
	}
}

void list_draw(struct list *l, const struct area *area)
{
	const int heading = area->small ? 0 : 1;
	l->page = area->rows - heading > 1 ? area->rows - heading : 1;
	l->first_row = area->top + heading;
	const size_t page = (size_t)l->page;
	if (l->at < l->top)
		l->top = l->at;
	if (l->at >= l->top + page)
		l->top = l->at - page + 1;
	if (l->top + page > l->n)
		l->top = l->n > page ? l->n - page : 0;
	const size_t end = l->top + page < l->n ? l->top + page : l->n;
	measure(l, l->top, end);
	const struct layout at = lay_out(l, area->cols);
	if (heading)
		draw_heading(l, &at, area->top);
	for (size_t i = l->top; i < end; i++)
		draw_row(l, &at, l->first_row + (int)(i - l->top), i, area->cols);
	if (!l->n && l->built)
		term_text(l->first_row, MARGIN, area->cols - MARGIN, STYLE_DIM,
			  l->filter[0] ? "nothing matches the filter; Esc clears it"
				       : "nothing is here");
	if (!l->built)
		term_text(l->first_row, MARGIN, area->cols - MARGIN, STYLE_DIM,
			  SIGN_MORE);
}
