/* view_tensor.c — one tensor: its values, what stats knows of it, histogram, heat map.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The sweep that makes the statistics checks the checksum on its way. It begins by itself
 * where that does not take long, else when something is asked for that needs it.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "base/text.h"
#include "tui/strings.h"
#include "tui/tensor.h"
#include "tui/views.h"

static const char *const pane_names[] = { "values", "stats", "histogram", "heat map" };

/* --- the sweep --------------------------------------------------------------------- */

static void start_sweep(struct tensor *t, struct request *r)
{
	struct ckpt_error err = { 0 };
	char size[NUMBER_MAX];
	if (t->sweeping || t->item || !tensor_is_number(t))
		return;
	stats_drop(&t->stats);
	arena_drop(&t->stats_arena);
	arena_init(&t->stats_arena, UINT64_MAX);
	if (stats_begin(&t->stats, t->c, &t->stats_arena, &t->t, 1, STATS_ALL,
			t->settings->threads, &err)) {
		t->swept = true;
		say_error(r, &err);
		return;
	}
	t->swept = t->sweeping = true;
	number_bytes(size, t->t->size_bytes);
	if (t->t->size_bytes > TENSOR_SWEPT_AT_ONCE)
		say(r, "reading all of it, %s; ^C stops it", size);
}

/* Takes what was found; unless the sweep was stopped, that is known from now on. */
static void end_sweep(struct tensor *t, struct request *r)
{
	struct ckpt_error err = { 0 };
	struct stats_item *item = &t->stats.items[0];
	t->sweeping = false;
	if (stats_end(&t->stats, &err))
		say_error(r, &err);
	else if (stats_ready(item) &&
		 stats_row_of(&t->stats, &t->stats_arena, item, &t->row))
		t->item = item;
	if (t->item && t->item->error)
		say_error(r, t->item->error);
}

const struct stats_found *tensor_found(const struct tensor *t)
{
	return t->item ? t->item->found : NULL;
}

/* --- drawing ----------------------------------------------------------------------- */

/* " [values]  stats  histogram  heat map", and what the pane says of itself. */
static void draw_strip(struct tensor *t, int row, int cols)
{
	char right[1024] = "";
	int col = 1;
	for (int i = 0; i < (tensor_is_number(t) ? N_PANES : 1); i++) {
		if ((int)t->pane == i)
			col += term_format(row, col, cols - col, STYLE_KEY, "[%s]",
					   pane_names[i]);
		else
			col += term_text(row, col, cols - col, STYLE_DIM, pane_names[i]);
		col += 2;
	}
	const int room = cols - 1 - col;
	tensor_pane_note(t, right, sizeof right);
	if (t->pane == PANE_VALUES)
		grid_draw_slice(&t->grid, row, cols - 1, room);
	else if (right[0] && room >= 12)
		term_right(row, cols - 1, room, STYLE_DIM, right);
}

static void draw(struct view *v, const struct area *area)
{
	struct tensor *t = (struct tensor *)v;
	struct area pane = *area;
	const int cols = area->cols;
	term_name(area->top, 1, cols - 2, STYLE_TITLE, t->title, strlen(t->title));
	pane.top += area->small ? 1 : 3;
	pane.rows -= area->small ? 1 : 3;
	if (!area->small) {
		tensor_draw_facts(t, area->top + 1, cols);
		draw_strip(t, area->top + 2, cols);
	}
	if (t->pane == PANE_VALUES && !area->small && tensor_is_number(t)) {
		pane.rows -= pane.rows > 14 ? 2 : 1;
		tensor_draw_summary(t, area->top + area->rows - 1, cols);
	}
	if (t->pane == PANE_VALUES)
		grid_draw(&t->grid, &pane);
	else
		tensor_draw_pane(t, &pane);
}

static void status(struct view *v, char *left, char *right, size_t cap)
{
	struct tensor *t = (struct tensor *)v;
	if (t->pane == PANE_VALUES)
		grid_status(&t->grid, left, right, cap);
	else
		tensor_pane_status(t, left, cap);
}

/* --- keys -------------------------------------------------------------------------- */

static void to_pane(struct tensor *t, bool next, struct request *r)
{
	if (!tensor_is_number(t)) {
		say(r, "these are no numbers: there is one pane");
		return;
	}
	t->pane = (t->pane + (next ? 1 : N_PANES - 1)) % N_PANES;
	if (t->pane == PANE_STATS || t->pane == PANE_HISTOGRAM)
		start_sweep(t, r);
	t->heat_stopped = false;
}

/* To the smallest element, or the largest. */
static void go_extreme(struct tensor *t, bool largest, struct request *r)
{
	const struct stats_found *f = tensor_found(t);
	if (!f) {
		start_sweep(t, r);
		say(r, tensor_is_number(t) ? "not known yet: it is being read"
					   : "these are no numbers");
		return;
	}
	const uint64_t at = largest ? f->moments.max_index : f->moments.min_index;
	if (at == UINT64_MAX)
		say(r, "no element is finite");
	else
		grid_go(&t->grid, at, largest ? "the largest" : "the smallest", r);
}

/* --- a string in full ----------------------------------------------------------- */

static int keep_string(void *arg, const struct ckpt_run *run)
{
	struct tensor_opening *o = arg;
	buffer_append(&o->text, run->strings->p, run->strings->len, &o->error);
	return 1;
}

static void read_string(void *arg, unsigned worker, size_t job)
{
	struct tensor_opening *o = arg;
	struct values *v = side_values(&o->side, &o->error);
	(void)worker;
	(void)job;
	if (v)
		values_runs(v, o->flat, 1, keep_string, o, &o->error);
	side_intact(&o->side, &o->error);
}

static void end_opening(struct tensor *t)
{
	pool_end(&t->opening.pool);
	side_join(&t->opening.side, NULL);
	t->is_opening = false;
}

/* Shows what was read, if it is there within some milliseconds; else tick() looks. */
static bool finish_opening(struct tensor *t, int ms, struct request *r)
{
	struct tensor_opening *o = &t->opening;
	char title[1200], index[400] = "";
	if (!pool_wait(&o->pool, ms))
		return false;
	end_opening(t);
	arena_rewind(&t->grid.scratch, (struct arena_mark){ 0 });
	if (t->t->rank)
		snprintf(index, sizeof index, " %s",
			 cell_ints_text(&t->grid.scratch,
					cell_index(&t->grid.scratch, t->t, o->flat)));
	snprintf(title, sizeof title, "%.700s%s", t->title, index);
	title[text_fit(title, strlen(title), SIZE_MAX)] = '\0';
	if (o->error.code) {
		say_error(r, &o->error);
	} else {
		r->view = string_view(title, (const char *)o->text.p, o->text.len,
				      t->t->dtype == CKPT_VARIANT);
		r->kind = r->view ? REQUEST_PUSH : REQUEST_NONE;
	}
	buffer_drop(&o->text);
	return true;
}

static void open_graph(struct tensor *t, struct request *r)
{
	struct ckpt_error err = { 0 };
	r->view = graph_view(t->title, t->c, t->objects, &err);
	r->kind = r->view ? REQUEST_PUSH : REQUEST_NONE;
	if (!r->view)
		say_error(r, &err);
}

static void open_element(struct tensor *t, struct request *r)
{
	enum { PATIENCE_MS = 10 };
	struct tensor_opening *o = &t->opening;
	struct ckpt_error err = { 0 };
	if (!t->grid.strings || t->grid.planes.empty || t->is_opening)
		return;
	if (t->objects && t->objects->n_nodes && !strcmp(t->t->name, OBJECT_GRAPH_KEY)) {
		open_graph(t, r);
		return;
	}
	*o = (struct tensor_opening){ .flat = planes_flat(&t->grid.planes) };
	buffer_init(&o->text, t->c->limit);
	if (side_fork(&o->side, t->c, t->t, &err)) {
		say_error(r, &err);
		return;
	}
	t->is_opening = true;
	pool_start(&o->pool, 1, 1, read_string, o);
	finish_opening(t, PATIENCE_MS, r);
}

/* --- the view --------------------------------------------------------------------- */

static void act(struct view *v, enum action action, struct request *r)
{
	struct tensor *t = (struct tensor *)v;
	switch (action) {
	case ACT_NEXT_PANE:
	case ACT_PREVIOUS_PANE:
		to_pane(t, action == ACT_NEXT_PANE, r);
		return;
	case ACT_VERIFY:
		if (t->grid.strings && t->grid.planes.empty)
			say(r, "there is nothing to check");
		else if (t->grid.strings)
			cells_check(&t->grid.cells);
		else
			start_sweep(t, r);
		return;
	case ACT_SMALLEST:
	case ACT_LARGEST:
		go_extreme(t, action == ACT_LARGEST, r);
		return;
	case ACT_OPEN:
		open_element(t, r);
		return;
	default:
		break;
	}
	if (t->pane == PANE_VALUES)
		grid_act(&t->grid, action, r);
	else
		tensor_act_pane(t, action, r);
}

static void answer(struct view *v, enum action asked, const char *text, enum answer state,
		   struct request *r)
{
	grid_answer(&((struct tensor *)v)->grid, asked, text, state, r);
}

static bool command(struct view *v, const char *word, const char *rest, struct request *r)
{
	return grid_command(&((struct tensor *)v)->grid, word, rest, r);
}

static bool tick(struct view *v, struct request *r)
{
	struct tensor *t = (struct tensor *)v;
	if (!t->swept && tensor_is_number(t) && t->t->size_bytes <= TENSOR_SWEPT_AT_ONCE)
		start_sweep(t, r);
	bool news = grid_tick(&t->grid, r);
	news |= tensor_heat_tick(t, r);
	if (t->is_opening)
		news |= finish_opening(t, 0, r);
	if (t->sweeping && pool_wait(&t->stats.sweep.pool, 0)) {
		end_sweep(t, r);
		news = true;
	}
	return news;
}

static void progress(struct view *v, struct progress *p)
{
	const struct tensor *t = (const struct tensor *)v;
	grid_progress(&t->grid, p);
	if (!p->what && t->is_opening)
		p->what = "reading";
	if (!p->what && t->heating) {
		p->what = "making the map";
		p->bytes_done = atomic_load(&t->heat.pool.bytes);
		p->bytes_total = t->heat.bytes;
	}
	if (p->what || !t->sweeping)
		return;
	p->what = "reading all of it";
	p->bytes_done = atomic_load(&t->stats.sweep.pool.bytes);
	p->bytes_total = t->stats.sweep.bytes;
}

static void stop(struct view *v)
{
	struct tensor *t = (struct tensor *)v;
	grid_stop(&t->grid);
	if (t->sweeping)
		pool_cancel(&t->stats.sweep.pool);
	if (t->heating)
		pool_cancel(&t->heat.pool);
}

static void close_view(struct view *v)
{
	struct tensor *t = (struct tensor *)v;
	stop(v);
	if (t->sweeping)
		stats_end(&t->stats, NULL);
	stats_drop(&t->stats);
	arena_drop(&t->stats_arena);
	tensor_heat_end(t);
	if (t->is_opening)
		end_opening(t);
	buffer_drop(&t->opening.text);
	grid_close(&t->grid);
}

static void click(struct view *v, const struct term_mouse *m, struct request *r)
{
	struct tensor *t = (struct tensor *)v;
	if (t->pane == PANE_VALUES && grid_click(&t->grid, m) && m->what == MOUSE_DOUBLE)
		open_element(t, r);
}

static const struct key_binding number_keys[] = {
	{ ACT_NEXT_PANE, "Tab", "pane", "next pane", "next pane" },
	{ ACT_PREVIOUS_PANE, "BackTab", "pane", "pane before", NULL },
	GRID_NUMBER_KEYS,
	{ ACT_SMALLEST, "<", "find", "the smallest", NULL },
	{ ACT_LARGEST, ">", "find", "the largest", NULL },
	{ ACT_VERIFY, "v", "show", "check, count, measure", NULL },
	{ ACT_LOG_SCALE, "o L", "show", "histogram: log2 bins", NULL },
	{ ACT_NONE, NULL, NULL, NULL, NULL },
};

static const struct key_binding string_keys[] = {
	{ ACT_OPEN, "Enter", "show", "all of it", "open" },
	{ ACT_OPEN, "l Right", "show", "the same", NULL },
	{ ACT_SLICE, "e", "show", "a slice: 0:10", "slice" },
	{ ACT_SEARCH, "/", "find", "with this in it", "find" },
	GRID_KEYS,
	{ ACT_VERIFY, "v", "show", "check the checksum", "check" },
	{ ACT_NONE, NULL, NULL, NULL, NULL },
};

static const struct key_binding broken_keys[] = {
	{ ACT_COPY, "y Y", "take", "copy the name", "copy name" },
	{ ACT_NONE, NULL, NULL, NULL, NULL },
};

/* Of one that is malformed. */
static const struct view_ops broken_ops = {
	.name = "tensor",
	.keys = broken_keys,
	.draw = draw,
	.status = status,
	.act = act,
	.close = close_view,
};

static const struct view_ops number_ops = {
	.name = "tensor",
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
	.name = "strings",
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

struct view *tensor_view(struct ckpt *c, const struct ckpt_tensor *k,
			 const struct objects *objects, const struct view_settings *s)
{
	struct tensor *t = view_new(k->problem			? &broken_ops
				    : ckpt_dtype_size(k->dtype) ? &number_ops
								: &string_ops,
				    sizeof *t);
	if (!t)
		return NULL;
	t->c = c;
	t->t = k;
	t->objects = objects;
	t->settings = s;
	arena_init(&t->stats_arena, UINT64_MAX);
	text_escape(t->title, sizeof t->title, k->name, k->name_len);
	t->title[text_fit(t->title, strlen(t->title), SIZE_MAX)] = '\0';
	if (!k->problem)
		t->shape = cell_ints_text(&t->v.arena,
					  (struct cell_ints){ k->dims, (size_t)k->rank });
	grid_open(&t->grid, &t->c, &t->t, 1, s->threads);
	return &t->v;
}
