/* tensor_panes.c — what stats knows of a tensor, as lines, bars and a map.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "base/text.h"
#include "tui/plot.h"
#include "tui/tensor.h"

/* --- statistics -------------------------------------------------------------------- */

/* What the head of the view says already, and what the histogram shows. */
static bool is_shown_elsewhere(const struct column *c)
{
	static const char *const names[] = { "path",	      "name",	  "dtype",
					     "shape",	      "elements", "histogram",
					     "histogram_log2" };
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (!strcmp(c->name, names[i]))
			return true;
	return false;
}

/* False: nothing is known yet, which is said. */
static bool is_known(const struct tensor *t, const struct area *area)
{
	if (t->item && !t->item->error)
		return true;
	if (t->item)
		term_text(area->top, 2, area->cols - 3, STYLE_BAD, t->item->error->text);
	else
		term_text(area->top, 2, area->cols - 3, STYLE_DIM,
			  t->sweeping ? "it is being read" SIGN_MORE
				      : "not read: v reads all of it");
	return false;
}

static void draw_line(const struct tensor *t, const struct column *c, int row, int cols)
{
	enum { NAMES = 14, VALUES = 26 };
	char name[64], text[2 * NUMBER_MAX];
	const size_t n = column_text(c, &t->row, text, sizeof text);
	snprintf(name, sizeof name, "%s",
		 c->title && c->title[0] > 'Z' ? c->title : c->name);
	const bool bad =
		(!strcmp(c->name, "nan") || !strcmp(c->name, "inf")) && strcmp(text, "0");
	term_text(row, 2, NAMES, STYLE_SCOPE, name);
	term_put(row, 2 + NAMES, cols - NAMES - 3, bad ? STYLE_BAD : STYLE_PLAIN, text,
		 n < sizeof text ? n : sizeof text - 1);
	if (c->help && cols >= 70 && text_width(text, strlen(text)) < VALUES)
		term_text(row, 2 + NAMES + VALUES, cols - NAMES - VALUES - 3, STYLE_DIM,
			  c->help);
}

static void draw_stats(struct tensor *t, const struct area *area)
{
	const struct column *lines[64];
	size_t n = 0;
	const size_t page = (size_t)area->rows;
	if (!is_known(t, area))
		return;
	for (const struct column *c = stats_columns; c->name && n < 64; c++)
		if (!is_shown_elsewhere(c) && !column_is_null(c, &t->row))
			lines[n++] = c;
	if (t->stats_top + page > n)
		t->stats_top = n > page ? n - page : 0;
	for (size_t i = 0; i < page && t->stats_top + i < n; i++)
		draw_line(t, lines[t->stats_top + i], area->top + (int)i, area->cols);
}

/* --- histogram --------------------------------------------------------------------- */

enum { MOST_BARS = 1024 };

static size_t bars_of(const struct tensor *t, const struct area *area, struct bar *bars)
{
	const struct stats_found *f = tensor_found(t);
	size_t most = plot_bars_most(area);
	most = most < MOST_BARS ? most : MOST_BARS;
	return f ? stats_bars_up_to(f, t->log2, most, bars) : 0;
}

static void draw_histogram(struct tensor *t, const struct area *area)
{
	struct bar bars[MOST_BARS];
	if (!is_known(t, area))
		return;
	const size_t n = bars_of(t, area, bars);
	t->n_bars = n;
	if (!n) {
		term_text(area->top, 2, area->cols - 3, STYLE_DIM,
			  !t->t->elements ? "it has no elements"
			  : t->log2	  ? "no element is finite but zeros"
					  : "no element is finite");
		return;
	}
	t->bar = t->bar < n ? t->bar : n - 1;
	t->marked = bars[t->bar];
	plot_bars(area, bars, n, t->bar, t->log2);
}

static void histogram_status(const struct tensor *t, char *left, size_t cap)
{
	char low[NUMBER_MAX], high[NUMBER_MAX], count[NUMBER_MAX], share[NUMBER_MAX];
	const struct stats_found *f = tensor_found(t);
	const struct bar *b = &t->marked;
	if (!f || !t->n_bars)
		return;
	plot_limit(b, false, t->log2, low, sizeof low);
	plot_limit(b, true, t->log2, high, sizeof high);
	number_grouped(count, b->count);
	number_short(share, 100 * (double)b->count / (double)t->t->elements, 3);
	snprintf(left, cap, "%s[%.60s, %.60s): %s of all, %.40s%%",
		 t->log2 ? "|x| in " : "", low, high, count, share);
}

/* --- heat map ---------------------------------------------------------------------- */

/* How wide the indices of rows are. */
static int labels_of(const struct planes *p)
{
	char text[NUMBER_MAX];
	const struct plane q = planes_plane(p);
	const int n = (int)number_i64(text, planes_row_label(p, q.rows ? q.rows - 1 : 0));
	return n > 3 ? n : 3;
}

static bool same_plane(const struct heat *h, const struct plane *q, size_t rows,
		       size_t cols)
{
	return h->most_rows == rows && h->most_cols == cols &&
	       h->plane.first == q->first && h->plane.rows == q->rows &&
	       h->plane.cols == q->cols && h->plane.row_step == q->row_step &&
	       h->plane.col_step == q->col_step;
}

/* Makes the map, unless it is there or was stopped. */
static void want_heat(struct tensor *t, const struct area *area, int labels)
{
	size_t rows, cols;
	struct planes *p = &t->heat_planes;
	*p = t->grid.planes;
	plot_heat_most(area, labels, &rows, &cols);
	if (p->row_axis < 0 && p->col_axis >= 0) {
		/* One dimension: blocks of its elements fill the area row by row. */
		const uint64_t n = p->s.dim[p->col_axis].count;
		p->fold = n ? ((n - 1) / (rows * cols) + 1) * cols : 1;
	}
	const struct plane q = planes_plane(p);
	if (same_plane(&t->heat, &q, rows, cols) &&
	    (t->heating || t->heat_known || t->heat_stopped || t->heat_error.code))
		return;
	if (t->heating) {
		pool_cancel(&t->heat.pool);
		return;
	}
	heat_drop(&t->heat);
	t->heat_known = t->heat_stopped = false;
	t->heat_error = (struct ckpt_error){ 0 };
	t->heating = !heat_begin(&t->heat, t->c, t->t, &q, rows, cols,
				 t->settings->threads, &t->heat_error);
}

static void draw_heat(struct tensor *t, const struct area *area)
{
	const int labels = labels_of(&t->grid.planes);
	const char *text = NULL;
	if (t->grid.planes.empty) {
		text = t->t->elements ? "nothing is selected" : "it has no elements";
	} else {
		want_heat(t, area, labels);
		text = t->heat_error.code ? t->heat_error.text
		       : t->heat_stopped  ? "stopped: Tab and back begins again"
		       : !t->heat_known	  ? "it is being read" SIGN_MORE
					  : NULL;
	}
	if (text)
		term_text(area->top, 2, area->cols - 3,
			  t->heat_error.code ? STYLE_BAD : STYLE_DIM, text);
	else
		plot_heat(area, &t->heat, labels, &t->heat_planes);
}

bool tensor_heat_tick(struct tensor *t, struct request *r)
{
	if (!t->heating || !pool_wait(&t->heat.pool, 0))
		return false;
	t->heating = false;
	t->heat_known = !heat_end(&t->heat, &t->heat_error);
	t->heat_stopped = !t->heat_known && !t->heat_error.code;
	if (t->heat_error.code)
		say_error(r, &t->heat_error);
	return true;
}

void tensor_heat_end(struct tensor *t)
{
	if (t->heating) {
		pool_cancel(&t->heat.pool);
		heat_end(&t->heat, NULL);
	}
	t->heating = false;
	heat_drop(&t->heat);
}

static void heat_note(const struct tensor *t, char *out, size_t cap)
{
	char low[NUMBER_MAX], high[NUMBER_MAX];
	const struct heat *h = &t->heat;
	if (!t->heat_known)
		return;
	if (!(h->low <= h->high)) {
		snprintf(out, cap, "no block is finite");
		return;
	}
	number_short(low, h->low, 3);
	number_short(high, h->high, 3);
	if (h->row_block == 1 && h->col_block == 1)
		snprintf(out, cap, "%.60s " SIGN_MORE " %.60s", low, high);
	else
		snprintf(out, cap,
			 "mean of %llu×%llu blocks " SIGN_DOT " %.60s " SIGN_MORE
			 " %.60s",
			 (unsigned long long)h->row_block,
			 (unsigned long long)h->col_block, low, high);
}

/* --- all of them ------------------------------------------------------------------- */

void tensor_draw_pane(struct tensor *t, const struct area *area)
{
	if (t->pane == PANE_STATS)
		draw_stats(t, area);
	else if (t->pane == PANE_HISTOGRAM)
		draw_histogram(t, area);
	else
		draw_heat(t, area);
}

void tensor_pane_note(struct tensor *t, char *out, size_t cap)
{
	const struct stats_found *f = tensor_found(t);
	char zeros[NUMBER_MAX];
	if (t->pane == PANE_HEAT)
		heat_note(t, out, cap);
	if (t->pane != PANE_HISTOGRAM || !f)
		return;
	number_grouped(zeros, f->moments.zeros);
	snprintf(out, cap, "%s%s%s%zu bins " SIGN_DOT " %s",
		 t->log2 && f->moments.zeros ? "without " : "",
		 t->log2 && f->moments.zeros ? zeros : "",
		 t->log2 && f->moments.zeros ? " zeros " SIGN_DOT " " : "", t->n_bars,
		 t->log2 ? "log2 of |x|" : "linear");
}

void tensor_pane_status(struct tensor *t, char *left, size_t cap)
{
	if (t->pane == PANE_HISTOGRAM)
		histogram_status(t, left, cap);
	else if (t->pane == PANE_HEAT)
		grid_slice(&t->grid, left, cap);
}

static void scroll_stats(struct tensor *t, enum action action)
{
	enum { PAGE = 10 };
	if (action == ACT_DOWN)
		t->stats_top++;
	else if (action == ACT_UP)
		t->stats_top -= t->stats_top > 0;
	else if (action == ACT_PAGE_DOWN || action == ACT_HALF_DOWN)
		t->stats_top += PAGE;
	else if (action == ACT_PAGE_UP || action == ACT_HALF_UP)
		t->stats_top -= t->stats_top < PAGE ? t->stats_top : PAGE;
	else if (action == ACT_FIRST)
		t->stats_top = 0;
	else if (action == ACT_LAST)
		t->stats_top = SIZE_MAX / 2;
}

static bool move_bar(struct tensor *t, enum action action)
{
	if (action == ACT_LEFT)
		t->bar -= t->bar > 0;
	else if (action == ACT_RIGHT)
		t->bar += t->bar + 1 < t->n_bars;
	else if (action == ACT_LINE_BEGIN || action == ACT_FIRST)
		t->bar = 0;
	else if (action == ACT_LINE_END || action == ACT_LAST)
		t->bar = t->n_bars ? t->n_bars - 1 : 0;
	else
		return false;
	return true;
}

void tensor_act_pane(struct tensor *t, enum action action, struct request *r)
{
	if (action <= ACT_LINE_END && t->pane == PANE_STATS) {
		scroll_stats(t, action);
	} else if (t->pane == PANE_HISTOGRAM && move_bar(t, action)) {
		return;
	} else if (action == ACT_LOG_SCALE) {
		t->log2 = !t->log2;
		t->bar = 0;
	} else if (t->pane == PANE_HEAT &&
		   (action == ACT_NEXT_PLANE || action == ACT_PREVIOUS_PLANE ||
		    action == ACT_NEXT_BLOCK || action == ACT_PREVIOUS_BLOCK ||
		    action == ACT_TRANSPOSE || action == ACT_SLICE)) {
		grid_act(&t->grid, action, r);
	} else if (action > ACT_LINE_END) {
		say(r, "this is for the pane of values: Tab");
	}
}
