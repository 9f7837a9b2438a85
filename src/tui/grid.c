/* grid.c — the elements of a tensor as a table that one walks about in.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "tui/grid.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "base/text.h"
#include "report/column.h"
#include "tui/file.h"

static const int digit_choices[] = { 4, 6, 0, 3 }; /* 0: the shortest */

const struct ckpt_tensor *grid_tensor(const struct grid *g)
{
	return g->tensors[g->n > 1 && g->shows != GRID_A];
}

/* --- open and close ---------------------------------------------------------------- */

/* Strings of any rank are one column of elements. */
static void begin_planes(struct grid *g)
{
	const struct ckpt_tensor *t = g->tensors[g->n - 1];
	g->strings = !ckpt_dtype_size(t->dtype);
	g->all[0] = (int64_t)t->elements;
	if (g->problem)
		planes_begin(&g->planes, NULL, 0);
	else if (g->strings)
		planes_begin(&g->planes, g->all, 1);
	else
		planes_begin(&g->planes, t->dims, t->rank);
	g->planes.empty |= g->problem != NULL;
	g->planes.fold = g->strings ? 1 : g->planes.fold;
}

void grid_open(struct grid *g, struct ckpt *const *ckpts,
	       const struct ckpt_tensor *const *tensors, size_t n, unsigned threads)
{
	struct ckpt_error err = { 0 };
	*g = (struct grid){ .n = n, .threads = threads, .digits = digit_choices[0] };
	arena_init(&g->scratch, UINT64_MAX);
	for (size_t i = 0; i < n; i++) {
		g->ckpts[i] = ckpts[i];
		g->tensors[i] = tensors[i];
		if (!g->problem)
			g->problem = tensors[i]->problem;
	}
	if (!g->problem && cells_open(&g->cells, ckpts, tensors, n, &err))
		g->problem = &error_no_memory;
	begin_planes(g);
}

void grid_stop(struct grid *g)
{
	if (g->finding)
		pool_cancel(&g->find.pool);
	grid_write_stop(g);
}

void grid_close(struct grid *g)
{
	uint64_t number;
	grid_stop(g);
	if (g->finding)
		find_end(&g->find, &number, NULL);
	g->finding = false;
	grid_write_end(g);
	cells_close(&g->cells);
	arena_drop(&g->scratch);
}

void grid_show(struct grid *g, enum grid_shows what)
{
	if (g->shows != what)
		g->width = 0;
	g->shows = what;
}

const struct ckpt_error *grid_error(const struct grid *g)
{
	if (g->problem)
		return g->problem;
	for (size_t i = 0; i < g->cells.n; i++)
		if (cells_error(&g->cells, i))
			return cells_error(&g->cells, i);
	return NULL;
}

/* --- slices ------------------------------------------------------------------------ */

/* "3", ":", "2:8", "7::-1" */
static size_t one_text(const struct planes *p, int axis, bool here, char *out, size_t cap)
{
	const struct selected *d = &p->s.dim[axis];
	char step[32] = "", start[32] = "", stop[32] = "";
	if (d->drop || here)
		return (size_t)snprintf(out, cap, "%" PRId64,
					planes_index(p, axis, p->at[axis]));
	const int64_t end = d->start + (int64_t)d->count * d->step;
	if (d->start != (d->step < 0 ? p->dims[axis] - 1 : 0))
		snprintf(start, sizeof start, "%" PRId64, d->start);
	if (d->step > 0 ? end < p->dims[axis] : end >= 0)
		snprintf(stop, sizeof stop, "%" PRId64, end);
	if (d->step != 1)
		snprintf(step, sizeof step, ":%" PRId64, d->step);
	return (size_t)snprintf(out, cap, "%s:%s%s", start, stop, step);
}

/* here: with the indices of the plane, instead of all that was selected. */
static void slice_text(const struct planes *p, bool here, char *out, size_t cap)
{
	size_t n = 0;
	out[0] = '\0';
	for (int i = 0; i < p->s.rank && n < cap; i++) {
		const bool fixed = here && i != p->row_axis && i != p->col_axis;
		if (i)
			n += (size_t)snprintf(out + n, cap - n, ",");
		if (n < cap)
			n += one_text(p, i, fixed, out + n, cap - n);
	}
}

void grid_slice(const struct grid *g, char *out, size_t cap)
{
	const struct planes *p = &g->planes;
	char text[1024];
	out[0] = '\0';
	if (g->problem || !p->s.rank)
		return;
	slice_text(p, true, text, sizeof text);
	snprintf(out, cap, "slice [%s]%s", text,
		 p->row_axis > p->col_axis && p->col_axis >= 0 ? " transposed" : "");
}

void grid_draw_slice(const struct grid *g, int row, int end, int width)
{
	char text[1100];
	grid_slice(g, text, sizeof text);
	const size_t n = strlen(text), w = text_width(text, n);
	if (width >= 8)
		term_name(row, (int)w < width ? end - (int)w : end - width, width,
			  STYLE_DIM, text, n);
}

static void ask_slice(struct grid *g, struct request *r)
{
	r->kind = REQUEST_ASK;
	r->ask = ACT_SLICE;
	r->label = "slice: ";
	r->text[0] = '\0';
	if (!selection_is_all(&g->planes.s, g->planes.dims))
		slice_text(&g->planes, false, r->text, sizeof r->text);
}

static void take_slice(struct grid *g, const char *text, struct request *r)
{
	struct selection s;
	struct ckpt_error err = { 0 };
	const uint64_t flat = g->planes.empty ? 0 : planes_flat(&g->planes);
	if (g->problem)
		return;
	if (selection_parse(&s, text, g->planes.dims, g->planes.s.rank, &err)) {
		say_error(r, &err);
		return;
	}
	planes_select(&g->planes, &s);
	planes_go_flat(&g->planes, flat);
	g->top = g->left = 0;
	g->width = 0;
	if (g->planes.empty)
		say(r, "nothing is selected: e with nothing typed selects all");
}

/* --- moves ------------------------------------------------------------------------- */

static void move_rows(struct grid *g, uint64_t by, bool down)
{
	const uint64_t row = planes_row(&g->planes), col = planes_col(&g->planes);
	if (down)
		planes_set(&g->planes, row + by < row ? UINT64_MAX : row + by, col);
	else
		planes_set(&g->planes, row < by ? 0 : row - by, col);
}

/* What is folded goes on in the next row. */
static void move_cols(struct grid *g, bool right)
{
	struct planes *p = &g->planes;
	const struct plane q = planes_plane(p);
	const uint64_t row = planes_row(p), col = planes_col(p);
	if (p->row_axis < 0 && p->col_axis >= 0) {
		uint64_t *at = &p->at[p->col_axis];
		*at = right ? *at + (*at + 1 < q.elements) : *at - (*at > 0);
	} else {
		planes_set(p, row, right ? col + 1 : col - (col > 0));
	}
}

static bool move(struct grid *g, enum action action)
{
	struct planes *p = &g->planes;
	switch (action) {
	case ACT_DOWN:
	case ACT_UP:
		move_rows(g, 1, action == ACT_DOWN);
		return true;
	case ACT_HALF_DOWN:
	case ACT_HALF_UP:
		move_rows(g, g->rows / 2 + !(g->rows / 2), action == ACT_HALF_DOWN);
		return true;
	case ACT_PAGE_DOWN:
	case ACT_PAGE_UP:
		move_rows(g, g->rows + !g->rows, action == ACT_PAGE_DOWN);
		return true;
	case ACT_LEFT:
	case ACT_RIGHT:
		move_cols(g, action == ACT_RIGHT);
		return true;
	case ACT_FIRST:
	case ACT_LAST:
		planes_set(p, action == ACT_LAST ? UINT64_MAX : 0,
			   action == ACT_LAST ? UINT64_MAX : 0);
		return true;
	case ACT_LINE_BEGIN:
	case ACT_LINE_END:
		planes_set(p, planes_row(p), action == ACT_LINE_END ? UINT64_MAX : 0);
		return true;
	default:
		return false;
	}
}

static void step(struct grid *g, bool next, bool outer, struct request *r)
{
	bool more = false;
	for (int i = 0; i < g->planes.s.rank; i++)
		more |= i != g->planes.row_axis && i != g->planes.col_axis &&
			g->planes.s.dim[i].count > 1;
	if (!more)
		say(r, "there is one plane only");
	else if (!planes_step(&g->planes, next, outer))
		say(r, "this is the %s one", next ? "last" : "first");
}

static void transpose(struct grid *g, struct request *r)
{
	if (!planes_turn(&g->planes))
		say(r, "there is one dimension only");
	g->width = 0;
}

void grid_go(struct grid *g, uint64_t flat, const char *what, struct request *r)
{
	char shown[1024];
	if (g->planes.empty)
		return;
	if (planes_go_flat(&g->planes, flat))
		return;
	const struct cell_ints index =
		cell_index(&g->scratch, g->tensors[g->n - 1], flat);
	snprintf(shown, sizeof shown, "%s", cell_ints_text(&g->scratch, index));
	say(r, "%s is at %s, which the slice leaves out: e changes it", what, shown);
	r->bad = true;
}

/* "3,7", one index for each dimension, or the number of an element; negative ones count
 * from the end. */
static void go_text(struct grid *g, const char *text, struct request *r)
{
	const struct planes *p = &g->planes;
	const bool one = !strchr(text, ',');
	int64_t all = (int64_t)g->tensors[g->n - 1]->elements;
	const int64_t *dims = one ? &all : p->dims;
	const int rank = one ? 1 : p->s.rank;
	struct selection s;
	struct ckpt_error err = { 0 };
	uint64_t flat = 0;
	bool indices = selection_parse(&s, text, dims, rank, &err) == 0 && *text;
	for (int i = 0; i < rank && indices; i++) {
		indices = s.dim[i].drop;
		flat = flat * (uint64_t)dims[i] + (uint64_t)s.dim[i].start;
	}
	if (err.code) /* what it says of slices is true of an index */
		say(r, "goto%s", strchr(err.text, ':') ? strchr(err.text, ':') : "");
	else if (!indices)
		say(r, "goto takes an index like 3,7, or the number of an element");
	else
		grid_go(g, flat, "it", r);
	r->bad |= !indices;
}

/* --- keys -------------------------------------------------------------------------- */

static void say_precision(const struct grid *g, struct request *r)
{
	if (g->digits)
		say(r, "%d significant digits", g->digits);
	else
		say(r, "as many digits as it takes to read the same value back");
}

static void next_precision(struct grid *g, struct request *r)
{
	const size_t n = sizeof digit_choices / sizeof *digit_choices;
	size_t i = 0;
	while (i < n && digit_choices[i] != g->digits)
		i++;
	g->digits = digit_choices[(i + 1) % n];
	g->width = 0;
	say_precision(g, r);
}

static void set_precision(struct grid *g, const char *text, struct request *r)
{
	char *end;
	const long n = strtol(text, &end, 10);
	if (end == text || *end || n < 0 || n > 17) {
		say(r, "precision is 1 to 17 digits, or 0: the shortest that reads back");
		r->bad = true;
		return;
	}
	g->digits = (int)n;
	g->width = 0;
	say_precision(g, r);
}

static void copy_value(struct grid *g, struct request *r)
{
	char text[8192];
	if (g->planes.empty ||
	    !grid_text(g, planes_row(&g->planes), planes_col(&g->planes), true, text,
		       sizeof text))
		say(r, "there is no value here");
	else if (term_copy(text, strlen(text)))
		say(r, "copied: %.200s", text);
	else
		say(r, "too long to copy");
}

static void copy_name(const struct grid *g, struct request *r)
{
	char text[4096];
	const struct ckpt_tensor *t = grid_tensor(g);
	text_escape(text, sizeof text, t->name, t->name_len);
	if (term_copy(text, strlen(text)))
		say(r, "copied: %.200s", text);
}

static void ask_search(struct request *r)
{
	r->kind = REQUEST_ASK;
	r->ask = ACT_SEARCH;
	r->label = "find: ";
	r->text[0] = '\0';
}

bool grid_act(struct grid *g, enum action action, struct request *r)
{
	if (move(g, action))
		return true;
	switch (action) {
	case ACT_NEXT_PLANE:
	case ACT_PREVIOUS_PLANE:
		step(g, action == ACT_NEXT_PLANE, false, r);
		return true;
	case ACT_NEXT_BLOCK:
	case ACT_PREVIOUS_BLOCK:
		step(g, action == ACT_NEXT_BLOCK, true, r);
		return true;
	case ACT_TRANSPOSE:
		transpose(g, r);
		return true;
	case ACT_SLICE:
		ask_slice(g, r);
		return true;
	case ACT_PRECISION:
		next_precision(g, r);
		return true;
	case ACT_COPY_VALUE:
		copy_value(g, r);
		return true;
	case ACT_COPY:
		copy_name(g, r);
		return true;
	case ACT_SEARCH:
		ask_search(r);
		return true;
	case ACT_SEARCH_NEXT:
	case ACT_SEARCH_PREVIOUS:
		grid_search_next(g, action == ACT_SEARCH_PREVIOUS, r);
		return true;
	case ACT_WRITE:
		file_ask(r);
		return true;
	default:
		return false;
	}
}

bool grid_answer(struct grid *g, enum action asked, const char *text, enum answer state,
		 struct request *r)
{
	if (asked != ACT_SLICE && asked != ACT_SEARCH && asked != ACT_WRITE)
		return false;
	if (state != ANSWER_DONE)
		return true;
	if (asked == ACT_SLICE)
		take_slice(g, text, r);
	else if (asked == ACT_SEARCH)
		grid_search(g, text, r);
	else
		grid_write(g, text, r);
	return true;
}

bool grid_command(struct grid *g, const char *word, const char *rest, struct request *r)
{
	if (!strcmp(word, "goto"))
		go_text(g, rest, r);
	else if (!strcmp(word, "slice"))
		take_slice(g, rest, r);
	else if (!strcmp(word, "precision"))
		set_precision(g, rest, r);
	else if (!strcmp(word, "find"))
		grid_search(g, rest, r);
	else if (!strcmp(word, "write"))
		grid_write(g, rest, r);
	else
		return false;
	return true;
}

/* --- the rest ---------------------------------------------------------------------- */

bool grid_tick(struct grid *g, struct request *r)
{
	bool news = cells_tick(&g->cells);
	news |= grid_search_tick(g, r);
	return grid_write_tick(g, r) || news;
}

void grid_progress(const struct grid *g, struct progress *p)
{
	if (g->finding) {
		const uint64_t size = ckpt_dtype_size(grid_tensor(g)->dtype);
		p->what = "searching";
		p->bytes_done = atomic_load(&g->find.pool.bytes);
		p->bytes_total = selection_elements(&g->planes.s) * size;
	} else if (g->writing) {
		grid_write_progress(g, p);
	} else if (cells_busy(&g->cells)) {
		p->what = "reading";
	}
}
