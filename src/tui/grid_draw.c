/* grid_draw.c — the elements of a tensor as they are seen.
 * SPDX-License-Identifier: Apache-2.0
 *
 * All columns have one width, that of the widest element that has been seen, so that a
 * table does not jump about while one walks. What is not read yet is an ellipsis.
 */
#include "config.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "base/text.h"
#include "model/reals.h"
#include "report/column.h"
#include "report/delta.h"
#include "tui/grid.h"
#include "tui/strings.h"

enum { MARGIN = 2, GAP = 2, LEAST_WIDTH = 3, CELL = 2 * NUMBER_MAX };

/* --- an element as text ------------------------------------------------------------ */

static const struct dtype *dtype_at(const struct grid *g, size_t which)
{
	return dtype_of(g->tensors[which]->dtype);
}

static size_t shown_tensor(const struct grid *g)
{
	return g->n > 1 && g->shows == GRID_B;
}

static bool number_text(const struct grid *g, uint64_t row, uint64_t col, int digits,
			char *out, size_t cap)
{
	const size_t which = shown_tensor(g);
	const uint8_t *a = cells_element(&g->cells, which, row, col);
	if (!a)
		return false;
	if (g->shows == GRID_DELTA) {
		char text[CELL];
		const uint8_t *b = cells_element(&g->cells, 1, row, col);
		if (!b)
			return false;
		delta_text(dtype_at(g, 0), a, dtype_at(g, 1), b, digits, text);
		snprintf(out, cap, "%s", text);
		return true;
	}
	struct cell_element e = { .dtype = dtype_at(g, which), .digits = digits };
	memcpy(e.bytes, a, e.dtype->size);
	cell_element_text(&e, out, cap);
	return true;
}

/* What is known of a string, escaped; of a variant its type. */
static bool string_text(const struct grid *g, uint64_t row, char *out, size_t cap)
{
	const size_t which = shown_tensor(g);
	const struct cell_string *s = cells_string(&g->cells, which, row);
	if (!s)
		return false;
	if (dtype_at(g, which)->kind == KIND_VARIANT) {
		const struct cell_text type = variant_type(s->p, s->len);
		text_escape(out, cap, type.p, type.len);
		return true;
	}
	const size_t n = text_escape(out, cap, s->p, s->len);
	if (n >= cap)
		out[text_fit(out, cap - 1, SIZE_MAX)] = '\0';
	return true;
}

bool grid_text(struct grid *g, uint64_t row, uint64_t col, bool whole, char *out,
	       size_t cap)
{
	if (g->strings)
		return string_text(g, row, out, cap);
	return number_text(g, row, col, whole ? 0 : g->digits, out, cap);
}

/* NaN and infinities are bad, of two tensors what differs has changed. */
static int style_of(const struct grid *g, uint64_t row, uint64_t col)
{
	const uint8_t *a = cells_element(&g->cells, shown_tensor(g), row, col);
	double v;
	if (!a)
		return STYLE_DIM;
	reals_of(dtype_at(g, shown_tensor(g)), a, 1, &v);
	const uint8_t *one = cells_element(&g->cells, 0, row, col);
	const uint8_t *two = g->n > 1 ? cells_element(&g->cells, 1, row, col) : NULL;
	double w = v;
	if (g->shows == GRID_DELTA && two)
		reals_of(dtype_at(g, 1), two, 1, &w);
	if (!isfinite(v) || !isfinite(w))
		return STYLE_BAD;
	if (one && two && !delta_none(dtype_at(g, 0), one, dtype_at(g, 1), two))
		return STYLE_CHANGED;
	return STYLE_PLAIN;
}

const char *grid_index(struct grid *g)
{
	const struct ckpt_tensor *t = g->tensors[g->n - 1];
	arena_rewind(&g->scratch, (struct arena_mark){ 0 });
	return cell_ints_text(&g->scratch,
			      cell_index(&g->scratch, t, planes_flat(&g->planes)));
}

/* --- layout ------------------------------------------------------------------------ */

/* How wide an element of that dtype usually is, before any has been seen. */
static int usual_width(const struct dtype *d, int digits)
{
	static const int of_whole[] = { [1] = 4, [2] = 6, [4] = 9, [8] = 10 };
	const int part = d->kind == KIND_COMPLEX ? d->size / 2 : d->size;
	const int real = digits ? digits + 6 : part == 8 ? 18 : part == 4 ? 12 : 9;
	if (d->kind == KIND_BOOL)
		return 5;
	if (dtype_whole(d))
		return of_whole[d->size];
	return d->kind == KIND_COMPLEX ? 2 * real + 1 : real;
}

static int label_width(const struct planes *p, const struct plane *q)
{
	char first[NUMBER_MAX], last[NUMBER_MAX];
	const size_t a = number_i64(first, planes_row_label(p, 0));
	const size_t b = number_i64(last, planes_row_label(p, q->rows ? q->rows - 1 : 0));
	const int w = (int)(a > b ? a : b);
	return w > LEAST_WIDTH ? w : LEAST_WIDTH;
}

/* One dimension: as many columns as fit, a number of them that one can count with. */
static void fold(struct grid *g, int room, int width)
{
	static const int folds[] = { 100, 50, 20, 10, 5, 2, 1 };
	size_t i = 0;
	while (folds[i] > 1 && folds[i] * (width + GAP) > room)
		i++;
	if (g->planes.fold != (uint64_t)folds[i])
		g->top = g->left = 0;
	g->planes.fold = (uint64_t)folds[i];
}

static void keep_row_seen(struct grid *g, const struct plane *q)
{
	const uint64_t row = planes_row(&g->planes);
	if (row + g->rows < g->top || row >= g->top + 2 * g->rows)
		g->top = row < g->rows / 2 ? 0 : row - g->rows / 2; /* a jump */
	else if (row < g->top)
		g->top = row;
	else if (row >= g->top + g->rows)
		g->top = row - g->rows + 1;
	if (g->top + g->rows > q->rows)
		g->top = q->rows > g->rows ? q->rows - g->rows : 0;
}

static int max_int(int a, int b)
{
	return a > b ? a : b;
}

static int width_of_column(struct grid *g, uint64_t col, size_t rows)
{
	char text[CELL];
	int w = (int)number_i64(text, planes_col_label(&g->planes, col));
	for (size_t i = 0; i < rows; i++)
		if (grid_text(g, g->top + i, col, false, text, sizeof text))
			w = max_int(w, (int)strlen(text));
	return w;
}

/* How many columns from left on have room, as wide as the widest of them. */
static size_t columns_that_fit(struct grid *g, const struct plane *q, int room,
			       size_t rows, size_t most)
{
	size_t n = 0;
	int width = max_int(g->width, LEAST_WIDTH);
	while (n < most && g->left + n < q->cols) {
		const int w = max_int(width, width_of_column(g, g->left + n, rows));
		if (n && ((int)n + 1) * (w + GAP) > room) {
			/* What is folded has all its columns seen: fewer of them. */
			width = g->planes.row_axis < 0 ? w : width;
			break;
		}
		width = w;
		n++;
	}
	g->width = width < room - GAP ? width : max_int(room - GAP, 1);
	return n;
}

/* Reads what is to be seen, so that the column one stands in is among it. */
static void lay_out(struct grid *g, const struct plane *q, int room)
{
	const uint64_t col = planes_col(&g->planes);
	const size_t most = (size_t)(room / (LEAST_WIDTH + GAP)) + 1;
	if (col + g->cols < g->left || (g->cols && col >= g->left + 2 * g->cols))
		g->left = col < g->cols / 2 ? 0 : col - g->cols / 2; /* a jump */
	else if (col < g->left)
		g->left = col;
	for (int tries = 0; tries < 8; tries++) {
		struct cells_place place = { *q, g->top, g->left, g->rows, most };
		if (place.rows > q->rows - g->top)
			place.rows = (size_t)(q->rows - g->top);
		if (place.cols > q->cols - g->left)
			place.cols = (size_t)(q->cols - g->left);
		cells_want(&g->cells, &place);
		g->cols = columns_that_fit(g, q, room, place.rows, place.cols);
		if (col < g->left + g->cols)
			return;
		g->left = col - g->cols + 1;
	}
}

/* --- drawing ----------------------------------------------------------------------- */

static void draw_mark(const struct grid *g, int row, int width, bool here, int64_t label)
{
	char text[NUMBER_MAX];
	(void)g;
	number_i64(text, label);
	if (here)
		term_text(row, 0, 1, STYLE_PLAIN, ">");
	term_right(row, MARGIN + width, width, STYLE_HEAD, text);
}

static void draw_cell(struct grid *g, int y, int x, uint64_t row, uint64_t col)
{
	char text[CELL] = SIGN_MORE;
	const bool here = row == planes_row(&g->planes) && col == planes_col(&g->planes);
	const bool known = grid_text(g, row, col, false, text, sizeof text);
	int style = style_of(g, row, col);
	const int width = g->width;
	if (!known && cells_error(&g->cells, shown_tensor(g)))
		snprintf(text, sizeof text, "?");
	if (here) {
		style = (known ? style : STYLE_PLAIN) | STYLE_REVERSE;
		term_format(y, x, width, style, "%*s", width, "");
		term_cursor(y, x + width - 1);
	}
	if (known && (int)strlen(text) > width) {
		term_text(y, x, width - 1, style, text);
		term_text(y, x + width - 1, 1, style, SIGN_MORE);
	} else {
		term_right(y, x + width, width, style, text);
	}
}

static void draw_numbers(struct grid *g, const struct area *area, const struct plane *q,
			 int labels)
{
	const int begin = MARGIN + labels + GAP;
	for (size_t k = 0; k < g->cols && !area->small; k++) {
		char text[NUMBER_MAX];
		number_i64(text, planes_col_label(&g->planes, g->left + k));
		const int x = begin + (int)k * (g->width + GAP);
		term_right(area->top, x + g->width, g->width, STYLE_HEAD, text);
	}
	for (size_t i = 0; i < g->rows && g->top + i < q->rows; i++) {
		const int y = g->first_row + (int)i;
		const uint64_t row = g->top + i;
		draw_mark(g, y, labels, row == planes_row(&g->planes),
			  planes_row_label(&g->planes, row));
		for (size_t k = 0; k < g->cols; k++)
			if (row * q->cols + g->left + k < q->elements)
				draw_cell(g, y, begin + (int)k * (g->width + GAP), row,
					  g->left + k);
	}
}

/* What is folded may turn out to be wider than it was thought to be. */
static void draw_plane(struct grid *g, const struct area *area)
{
	enum { TRIES = 4 };
	const struct planes *p = &g->planes;
	struct plane q = planes_plane(p);
	int labels = label_width(p, &q);
	for (int tries = 0; tries < TRIES; tries++) {
		const int room = area->cols - MARGIN - labels;
		if (p->row_axis < 0)
			fold(g, room,
			     max_int(g->width, usual_width(dtype_at(g, shown_tensor(g)),
							   g->digits)));
		q = planes_plane(p);
		labels = label_width(p, &q);
		keep_row_seen(g, &q);
		lay_out(g, &q, area->cols - MARGIN - labels);
		if (p->row_axis >= 0 || g->cols == q.cols)
			break;
	}
	draw_numbers(g, area, &q, labels);
}

/* An index, a length, as much of the text as there is room for. */
static void draw_string(struct grid *g, int y, int labels, uint64_t row, int cols)
{
	enum { LENGTH = 9 };
	char text[8192], number[NUMBER_MAX];
	const struct ckpt_tensor *t = g->tensors[shown_tensor(g)];
	const struct cell_string *s = cells_string(&g->cells, shown_tensor(g), row);
	const int begin = MARGIN + labels + GAP + LENGTH + GAP;
	const bool here = row == planes_row(&g->planes);
	const int style = here ? STYLE_REVERSE : STYLE_PLAIN;
	const struct cell_ints index =
		cell_index(&g->scratch, t, (uint64_t)planes_row_label(&g->planes, row));
	if (here)
		term_format(y, 0, cols, style, "%*s", cols, "");
	term_text(y, 0, 1, style, here ? ">" : " ");
	term_right(y, MARGIN + labels, labels, here ? style : STYLE_HEAD,
		   cell_ints_text(&g->scratch, index));
	if (here)
		term_cursor(y, 0);
	if (!s || !string_text(g, row, text, sizeof text)) {
		term_text(y, begin, 1, style | STYLE_DIM,
			  cells_error(&g->cells, shown_tensor(g)) ? "?" : SIGN_MORE);
		return;
	}
	number_grouped(number, s->whole);
	term_right(y, MARGIN + labels + GAP + LENGTH, LENGTH, style, number);
	const size_t n = strlen(text);
	const int width = cols - begin - 1;
	const bool cut = text_width(text, n) > (size_t)width || s->len < s->whole;
	const int used = term_put(y, begin, cut ? width - 1 : width, style, text, n);
	if (cut)
		term_text(y, begin + used, 1, style, SIGN_MORE);
}

static void draw_strings(struct grid *g, const struct area *area, const struct plane *q)
{
	const struct ckpt_tensor *t = g->tensors[shown_tensor(g)];
	const struct cells_place place = {
		*q, g->top, 0,
		g->rows < q->rows - g->top ? g->rows : (size_t)(q->rows - g->top), 1
	};
	arena_rewind(&g->scratch, (struct arena_mark){ 0 });
	const struct cell_ints last =
		cell_index(&g->scratch, t, t->elements ? t->elements - 1 : 0);
	int labels = (int)strlen(cell_ints_text(&g->scratch, last));
	labels = max_int(labels < area->cols / 3 ? labels : area->cols / 3, 5);
	cells_want(&g->cells, &place);
	if (!area->small) {
		const bool variants = dtype_at(g, 0)->kind == KIND_VARIANT;
		term_right(area->top, MARGIN + labels, labels, STYLE_HEAD, "INDEX");
		term_right(area->top, MARGIN + labels + GAP + 9, 9, STYLE_HEAD, "BYTES");
		term_text(area->top, MARGIN + labels + 2 * GAP + 9, 8, STYLE_HEAD,
			  variants ? "TYPE" : "TEXT");
	}
	for (size_t i = 0; i < place.rows; i++)
		draw_string(g, g->first_row + (int)i, labels, g->top + i, area->cols);
}

/* Why there is nothing to be seen, on as many lines as it takes. */
static void draw_error(const struct area *area, const struct ckpt_error *err)
{
	struct request r = { .kind = REQUEST_NONE };
	const size_t width = (size_t)area->cols - 4;
	say_error(&r, err);
	const char *p = r.message;
	for (int i = 0; *p && i < area->rows; i++) {
		size_t n = text_fit(p, strlen(p), width);
		n = n ? n : strlen(p);
		for (size_t k = n; p[n] && k > n / 2; k--)
			if (p[k] == ' ') {
				n = k + 1;
				break;
			}
		term_put(area->top + i, 2, (int)width, STYLE_BAD, p, n);
		p += n;
	}
}

void grid_draw(struct grid *g, const struct area *area)
{
	const int heading = area->small ? 0 : 1;
	struct planes *p = &g->planes;
	g->rows = area->rows > heading ? (size_t)(area->rows - heading) : 1;
	g->first_row = area->top + heading;
	if (g->problem) {
		draw_error(area, g->problem);
		return;
	}
	if (p->empty) {
		term_text(area->top, MARGIN, area->cols - MARGIN, STYLE_DIM,
			  g->tensors[0]->elements ? "nothing is selected"
						  : "it has no elements");
		return;
	}
	if (g->strings) {
		const struct plane q = planes_plane(p);
		keep_row_seen(g, &q);
		draw_strings(g, area, &q);
		return;
	}
	draw_plane(g, area);
}

/* --- status and clicks ------------------------------------------------------------- */

static const char *value_at(struct grid *g, enum grid_shows what, char *out, size_t cap)
{
	enum { DELTA_DIGITS = 6 }; /* what it has more than its operands is noise */
	const uint64_t row = planes_row(&g->planes), col = planes_col(&g->planes);
	const enum grid_shows was = g->shows;
	g->shows = what;
	const bool known =
		g->strings ? string_text(g, row, out, cap)
			   : number_text(g, row, col,
					 what == GRID_DELTA ? DELTA_DIGITS : 0, out, cap);
	if (!known)
		snprintf(out, cap, "?");
	g->shows = was;
	return out;
}

void grid_status(struct grid *g, char *left, char *right, size_t cap)
{
	char a[2048], b[2048], delta[CELL], row[NUMBER_MAX], rows[NUMBER_MAX];
	char col[NUMBER_MAX], cols[NUMBER_MAX];
	struct planes *p = &g->planes;
	if (p->empty)
		return;
	const struct plane q = planes_plane(p);
	if (g->n > 1 && !g->strings && term_cols() < 60) {
		snprintf(left, 4096, "%.512s %s %.512s", grid_index(g),
			 g->shows == GRID_A   ? "A"
			 : g->shows == GRID_B ? "B"
					      : "Δ",
			 value_at(g, g->shows, a, sizeof a));
		return;
	}
	if (g->n > 1 && !g->strings) {
		snprintf(left, 4096, "%.512s  A %.512s  B %.512s  Δ %.512s",
			 grid_index(g), value_at(g, GRID_A, a, sizeof a),
			 value_at(g, GRID_B, b, sizeof b),
			 value_at(g, GRID_DELTA, delta, sizeof delta));
		return;
	}
	value_at(g, g->shows, a, sizeof a);
	/* Of a text the beginning. */
	a[text_fit(a, strlen(a), g->strings ? (size_t)term_cols() / 2 : SIZE_MAX)] = '\0';
	snprintf(left, 4096, "%.1500s = %.2000s", grid_index(g), a);
	number_grouped(row, planes_row(p));
	number_grouped(rows, q.rows);
	number_grouped(col, planes_col(p));
	number_grouped(cols, q.cols);
	if (term_cols() < 60) {
		return;
	} else if (p->row_axis >= 0) {
		snprintf(right, cap, "row %s/%s  col %s/%s", row, rows, col, cols);
	} else if (p->col_axis >= 0) {
		number_grouped(row, p->at[p->col_axis]);
		number_grouped(rows, q.elements);
		snprintf(right, cap, "%s/%s", row, rows);
	}
}

bool grid_click(struct grid *g, const struct term_mouse *m)
{
	const struct plane q = planes_plane(&g->planes);
	if (m->what == MOUSE_WHEEL_UP || m->what == MOUSE_WHEEL_DOWN) {
		struct request r = { .kind = REQUEST_NONE };
		for (int i = 0; i < 3; i++)
			grid_act(g, m->what == MOUSE_WHEEL_UP ? ACT_UP : ACT_DOWN, &r);
		return true;
	}
	const int labels = label_width(&g->planes, &q);
	const int x = m->col - MARGIN - labels - GAP, y = m->row - g->first_row;
	if (g->planes.empty || y < 0 || (size_t)y >= g->rows ||
	    g->top + (size_t)y >= q.rows)
		return false;
	const int k = x < 0 || !g->width ? 0 : x / (g->width + GAP);
	planes_set(&g->planes, g->top + (size_t)y,
		   g->strings
			   ? 0
			   : g->left + ((size_t)k < g->cols ? (size_t)k : g->cols - 1));
	return true;
}
