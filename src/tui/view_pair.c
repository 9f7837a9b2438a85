/* view_pair.c — one tensor as two checkpoints have it: what differs most, and both.
 * SPDX-License-Identifier: Apache-2.0
 *
 * What the comparison knows is shown at once; the statistics of both sides and the list
 * of the largest differences are read by threads. The grids share their cursor and slice,
 * since they are one grid, unless the shapes differ.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "base/text.h"
#include "model/slice.h"
#include "tui/pair.h"

enum { READ_AT_ONCE = 1 << 30, LARGEST = 1000, SUMMARY_ROWS = 3 };

static const char *const pane_names[] = { "largest", "grid A", "grid B", "grid Δ" };

/* --- what takes long --------------------------------------------------------------- */

static void compare(void *arg, unsigned worker, size_t job)
{
	struct pair_screen *p = arg;
	(void)worker;
	(void)job;
	diff_elements(p->d, &p->reading, &p->arena, p->item, LARGEST, &p->finding.rows,
		      &p->finding.n, &p->finding.error);
}

/* Only what was compared element by element has a list; of what is identical it is
 * empty. */
static void start_comparing(struct pair_screen *p)
{
	if (!p->numbers || !p->item->found || p->item->error || !p->item->found->changed)
		return;
	p->n = p->at = p->top = 0;
	p->error = (struct ckpt_error){ 0 };
	p->finding = (struct pair_largest){ .n = 0 };
	arena_drop(&p->arena);
	if (side_fork(&p->reading.a, p->ckpts[0], p->tensors[0], &p->error))
		return;
	if (side_fork(&p->reading.b, p->ckpts[1], p->tensors[1], &p->error)) {
		side_join(&p->reading.a, NULL);
		return;
	}
	p->comparing = true;
	pool_start(&p->reading.pool, 1, 1, compare, p);
}

static void end_comparing(struct pair_screen *p)
{
	struct ckpt_error *err = &p->finding.error;
	const bool stopped = pool_cancelled(&p->reading.pool);
	pool_end(&p->reading.pool);
	p->comparing = false;
	side_join(&p->reading.a, err);
	side_join(&p->reading.b, err);
	p->error = *err;
	if (stopped || err->code)
		return;
	p->rows = p->finding.rows;
	p->n = p->finding.n;
}

static void start_stats(struct pair_screen *p, size_t i)
{
	struct one_side *s = &p->sides[i];
	if (!ckpt_dtype_size(p->tensors[i]->dtype) || p->tensors[i]->problem)
		return;
	stats_drop(&s->stats);
	arena_drop(&s->arena);
	s->known = false;
	s->sweeping = !stats_begin(&s->stats, p->ckpts[i], &s->arena, &p->tensors[i], 1,
				   STATS_HISTOGRAM, p->settings->threads, NULL);
}

static void end_stats(struct one_side *s)
{
	const struct stats_item *item = &s->stats.items[0];
	s->sweeping = false;
	s->known = !stats_end(&s->stats, NULL) && stats_ready(item) &&
		   stats_row_of(&s->stats, &s->arena, item, &s->row);
}

static void read_all(struct pair_screen *p)
{
	p->read = true;
	start_stats(p, 0);
	start_stats(p, 1);
	start_comparing(p);
}

static uint64_t stored_bytes(const struct pair_screen *p)
{
	return p->tensors[0]->size_bytes + p->tensors[1]->size_bytes;
}

/* --- panes ------------------------------------------------------------------------- */

static struct grid *shown_grid(struct pair_screen *p)
{
	return &p->grids[!p->together && p->pane == PAIR_B];
}

static bool has_pane(const struct pair_screen *p, int pane)
{
	return pane == PAIR_A || pane == PAIR_B || (p->together && p->numbers);
}

static void show_pane(struct pair_screen *p, enum pair_pane pane)
{
	static const enum grid_shows shows[] = { GRID_A, GRID_A, GRID_B, GRID_DELTA };
	p->pane = pane;
	if (p->together && pane != PAIR_LARGEST)
		grid_show(&p->grids[0], shows[pane]);
}

static void next_pane(struct pair_screen *p, bool next)
{
	int pane = p->pane;
	do
		pane = (pane + (next ? 1 : N_PAIR_PANES - 1)) % N_PAIR_PANES;
	while (!has_pane(p, pane));
	show_pane(p, (enum pair_pane)pane);
}

static bool move(struct pair_screen *p, enum action action)
{
	const size_t last = p->n ? p->n - 1 : 0;
	const size_t by = action == ACT_DOWN || action == ACT_UP ? 1
			  : action == ACT_HALF_DOWN || action == ACT_HALF_UP
				  ? p->page / 2 + 1
				  : p->page;
	switch (action) {
	case ACT_DOWN:
	case ACT_HALF_DOWN:
	case ACT_PAGE_DOWN:
		p->at = last - p->at < by ? last : p->at + by;
		return true;
	case ACT_UP:
	case ACT_HALF_UP:
	case ACT_PAGE_UP:
		p->at -= p->at < by ? p->at : by;
		return true;
	case ACT_FIRST:
	case ACT_LAST:
		p->at = action == ACT_LAST ? last : 0;
		return true;
	default:
		return false;
	}
}

/* To the element of the difference that is selected. */
static void open_row(struct pair_screen *p, struct request *r)
{
	uint64_t flat = 0;
	const int side = p->pane == PAIR_B;
	if (!p->numbers)
		request_push(r, tensor_view(p->ckpts[side], p->tensors[side], NULL,
					    p->settings));
	if (!p->numbers || p->pane != PAIR_LARGEST || p->at >= p->n)
		return;
	const struct cell_ints *index = &p->rows[p->at].index;
	for (size_t i = 0; i < index->n; i++)
		flat = flat * (uint64_t)p->tensors[1]->dims[i] + (uint64_t)index->p[i];
	show_pane(p, PAIR_DELTA);
	grid_go(&p->grids[0], flat, "it", r);
}

/* --- drawing ----------------------------------------------------------------------- */

static void draw_title(const struct pair_screen *p, int row, int cols)
{
	char right[256] = "", share[NUMBER_MAX];
	const struct ckpt_tensor *t = p->tensors[1];
	const struct comparison *c = p->item->found;
	int end = cols - 1;
	if (!t->problem && p->together)
		snprintf(right, sizeof right, "%s %.100s", ckpt_dtype_name(t->dtype),
			 p->shape);
	if (c && c->changed && right[0]) {
		const size_t n = strlen(right);
		const bool all = c->changed == c->elements;
		number_short(share, 100 * (double)c->changed / (double)c->elements, 3);
		if (all)
			snprintf(share, sizeof share, "100");
		snprintf(right + n, sizeof right - n, " " SIGN_DOT " %.20s%% differ",
			 share);
	}
	if (cols >= 60 && right[0])
		end = term_right(row, end, cols / 2, STYLE_PLAIN, right) - 2;
	term_name(row, 1, end - 1, STYLE_TITLE, p->title, strlen(p->title));
}

static void draw_strip(struct pair_screen *p, int row, int cols)
{
	int col = 1;
	for (int i = 0; i < N_PAIR_PANES; i++) {
		if (!has_pane(p, i))
			continue;
		if ((int)p->pane == i)
			col += term_format(row, col, cols - col, STYLE_KEY, "[%s]",
					   pane_names[i]);
		else
			col += term_text(row, col, cols - col, STYLE_DIM, pane_names[i]);
		col += 2;
	}
	const int room = cols - 1 - col;
	if (p->pane != PAIR_LARGEST)
		grid_draw_slice(shown_grid(p), row, cols - 1, room);
	else if (p->n == LARGEST && room >= 17)
		term_right(row, cols - 1, room, STYLE_DIM, "the 1,000 largest");
}

static void draw(struct view *v, const struct area *area)
{
	struct pair_screen *p = (struct pair_screen *)v;
	struct area pane = *area;
	const int sides = area->rows >= 12 ? SUMMARY_ROWS : 0;
	const int head = area->small ? 1 : 2 + sides;
	draw_title(p, area->top, area->cols);
	if (sides)
		pair_draw_sides(p, area->top + 1, area->cols);
	if (!area->small)
		draw_strip(p, area->top + 1 + sides, area->cols);
	pane.top += head;
	pane.rows -= head;
	if (p->pane == PAIR_LARGEST)
		pair_draw_largest(p, &pane);
	else
		grid_draw(shown_grid(p), &pane);
}

static void status(struct view *v, char *left, char *right, size_t cap)
{
	struct pair_screen *p = (struct pair_screen *)v;
	if (p->pane != PAIR_LARGEST)
		grid_status(shown_grid(p), left, right, cap);
	else if (p->n)
		snprintf(right, cap, "%zu/%zu", p->at + 1, p->n);
}

/* --- keys -------------------------------------------------------------------------- */

static void act(struct view *v, enum action action, struct request *r)
{
	struct pair_screen *p = (struct pair_screen *)v;
	if (action == ACT_NEXT_PANE || action == ACT_PREVIOUS_PANE) {
		next_pane(p, action == ACT_NEXT_PANE);
	} else if (action == ACT_OPEN) {
		open_row(p, r);
	} else if (action == ACT_COMPUTE) {
		if (!p->sides[0].sweeping && !p->sides[1].sweeping && !p->comparing)
			read_all(p);
	} else if (p->pane != PAIR_LARGEST) {
		grid_act(shown_grid(p), action, r);
	} else if (action == ACT_PRECISION || action == ACT_COPY) {
		grid_act(&p->grids[0], action, r);
	} else if (!move(p, action)) {
		say(r, "this is for the grids: Tab");
	}
}

static void answer(struct view *v, enum action asked, const char *text, enum answer state,
		   struct request *r)
{
	grid_answer(shown_grid((struct pair_screen *)v), asked, text, state, r);
}

static bool command(struct view *v, const char *word, const char *rest, struct request *r)
{
	struct pair_screen *p = (struct pair_screen *)v;
	if (p->pane == PAIR_LARGEST)
		show_pane(p, has_pane(p, PAIR_DELTA) ? PAIR_DELTA : PAIR_A);
	return grid_command(shown_grid(p), word, rest, r);
}

static bool tick(struct view *v, struct request *r)
{
	struct pair_screen *p = (struct pair_screen *)v;
	bool news = false;
	if (!p->read && stored_bytes(p) <= READ_AT_ONCE)
		read_all(p);
	for (int i = 0; i < 2; i++) {
		news |= grid_tick(&p->grids[i], r);
		if (p->sides[i].sweeping && pool_wait(&p->sides[i].stats.sweep.pool, 0)) {
			end_stats(&p->sides[i]);
			news = true;
		}
	}
	if (p->comparing && pool_wait(&p->reading.pool, 0)) {
		end_comparing(p);
		news = true;
	}
	return news;
}

static void progress(struct view *v, struct progress *to)
{
	const struct pair_screen *p = (const struct pair_screen *)v;
	for (int i = 0; i < 2 && !to->what; i++)
		grid_progress(&p->grids[i], to);
	if (to->what)
		return;
	for (int i = 0; i < 2; i++)
		if (p->sides[i].sweeping) {
			to->what = "reading both";
			to->bytes_done +=
				atomic_load(&p->sides[i].stats.sweep.pool.bytes);
			to->bytes_total += p->sides[i].stats.sweep.bytes;
		}
	if (p->comparing) {
		to->what = "comparing";
		to->bytes_done += atomic_load(&p->reading.pool.bytes);
		to->bytes_total += stored_bytes(p);
	}
}

static void stop(struct view *v)
{
	struct pair_screen *p = (struct pair_screen *)v;
	for (int i = 0; i < 2; i++) {
		grid_stop(&p->grids[i]);
		if (p->sides[i].sweeping)
			pool_cancel(&p->sides[i].stats.sweep.pool);
	}
	if (p->comparing)
		pool_cancel(&p->reading.pool);
}

static void close_view(struct view *v)
{
	struct pair_screen *p = (struct pair_screen *)v;
	stop(v);
	if (p->comparing)
		end_comparing(p);
	for (int i = 0; i < 2; i++) {
		if (p->sides[i].sweeping)
			stats_end(&p->sides[i].stats, NULL);
		stats_drop(&p->sides[i].stats);
		arena_drop(&p->sides[i].arena);
		grid_close(&p->grids[i]);
	}
	arena_drop(&p->arena);
	arena_drop(&p->scratch);
}

static void click(struct view *v, const struct term_mouse *m, struct request *r)
{
	struct pair_screen *p = (struct pair_screen *)v;
	if (p->pane != PAIR_LARGEST) {
		grid_click(shown_grid(p), m);
		return;
	}
	if (m->what == MOUSE_WHEEL_UP || m->what == MOUSE_WHEEL_DOWN) {
		move(p, m->what == MOUSE_WHEEL_UP ? ACT_UP : ACT_DOWN);
		return;
	}
	const int y = m->row - p->first_row;
	if (y < 0 || (size_t)y >= p->page || p->top + (size_t)y >= p->n)
		return;
	p->at = p->top + (size_t)y;
	if (m->what == MOUSE_DOUBLE)
		open_row(p, r);
}

static const struct key_binding number_keys[] = {
	{ ACT_NEXT_PANE, "Tab", "pane", "next pane", "next pane" },
	{ ACT_PREVIOUS_PANE, "BackTab", "pane", "pane before", NULL },
	{ ACT_OPEN, "Enter", "pane", "to it in the grids", "open" },
	GRID_NUMBER_KEYS,
	{ ACT_COMPUTE, "c", "show", "read both again", NULL },
	{ ACT_NONE, NULL, NULL, NULL, NULL },
};

static const struct key_binding string_keys[] = {
	{ ACT_NEXT_PANE, "Tab", "pane", "next pane", "next pane" },
	{ ACT_PREVIOUS_PANE, "BackTab", "pane", "pane before", NULL },
	{ ACT_OPEN, "Enter", "show", "this side alone", "open" },
	{ ACT_SLICE, "e", "show", "a slice: 0:10", "slice" },
	{ ACT_SEARCH, "/", "find", "with this in it", "find" },
	GRID_KEYS,
	{ ACT_COMPUTE, "c", "show", "read both again", NULL },
	{ ACT_NONE, NULL, NULL, NULL, NULL },
};

static const struct view_ops number_ops = {
	.name = "tensor diff",
	.keys = number_keys,
	.draw = draw,
	.status = status,
	.act = act,
	.answer = answer,
	.command = command,
	.tick = tick,
	.progress = progress,
	.stop = stop,
	.click = click,
	.close = close_view,
};

static const struct view_ops string_ops = {
	.name = "strings diff",
	.keys = string_keys,
	.draw = draw,
	.status = status,
	.act = act,
	.answer = answer,
	.command = command,
	.tick = tick,
	.progress = progress,
	.stop = stop,
	.click = click,
	.close = close_view,
};

/* --- open -------------------------------------------------------------------------- */

/* Can their elements be shown side by side? */
static bool are_alike(const struct ckpt_tensor *a, const struct ckpt_tensor *b)
{
	const struct dtype *da = dtype_of(a->dtype), *db = dtype_of(b->dtype);
	if (a->problem || b->problem || !da || !db || a->elements != b->elements)
		return false;
	if (!da->size || !db->size)
		return da == db;
	return (da->kind == KIND_COMPLEX) == (db->kind == KIND_COMPLEX);
}

struct view *pair_view(const struct diff *d, const struct diff_item *item,
		       const struct view_settings *s)
{
	const struct ckpt_tensor *a = item->pair.a, *b = item->pair.b;
	if (!a || !b)
		return tensor_view(a ? d->a : d->b, a ? a : b, NULL, s);
	const bool numbers = ckpt_dtype_size(a->dtype) && ckpt_dtype_size(b->dtype);
	struct pair_screen *p = view_new(numbers ? &number_ops : &string_ops, sizeof *p);
	if (!p)
		return NULL;
	p->d = d;
	p->item = item;
	p->settings = s;
	p->ckpts[0] = d->a;
	p->ckpts[1] = d->b;
	p->tensors[0] = a;
	p->tensors[1] = b;
	p->together = are_alike(a, b);
	p->numbers = numbers;
	arena_init(&p->arena, UINT64_MAX);
	arena_init(&p->scratch, UINT64_MAX);
	for (int i = 0; i < 2; i++)
		arena_init(&p->sides[i].arena, UINT64_MAX);
	text_escape(p->title, sizeof p->title, b->name, b->name_len);
	p->title[text_fit(p->title, strlen(p->title), SIZE_MAX)] = '\0';
	if (!b->problem)
		p->shape = cell_ints_text(&p->v.arena,
					  (struct cell_ints){ b->dims, (size_t)b->rank });
	grid_open(&p->grids[0], p->ckpts, p->tensors, p->together ? 2 : 1, s->threads);
	if (!p->together)
		grid_open(&p->grids[1], p->ckpts + 1, p->tensors + 1, 1, s->threads);
	show_pane(p, item->found && item->found->changed && has_pane(p, PAIR_LARGEST)
			     ? PAIR_LARGEST
			     : PAIR_A);
	return &p->v;
}
