/* view_history.c — the checkpoints of a run, and how each tensor moved in it.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Two panes: the checkpoints, and the tensors over all of them.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "base/text.h"
#include "tui/file.h"
#include "tui/history_list.h"

static const struct run_row *checkpoint(const struct past *p, uint32_t id)
{
	return &p->run.rows[id];
}

/* --- work -------------------------------------------------------------------------- */

static void verify_next(struct past *p)
{
	verifier_close(&p->verifier);
	if (p->verified < p->queued)
		verifier_start(&p->verifier,
			       p->run.rows[p->queue[p->verified]].prefix.p, p->settings);
}

static bool tick_verify(struct past *p)
{
	if (p->verified == p->queued || !verifier_done(&p->verifier))
		return false;
	run_verified(&p->run, p->queue[p->verified], &p->verifier);
	p->verified++;
	verify_next(p);
	return true;
}

static bool is_time(struct past *p, int64_t ms)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	if ((now.tv_sec - p->looked.tv_sec) * 1000 +
		    (now.tv_nsec - p->looked.tv_nsec) / 1000000 < ms)
		return false;
	p->looked = now;
	return true;
}

static bool tick(struct view *v, struct request *r)
{
	struct past *p = (struct past *)v;
	bool news = list_tick(&p->lists[p->pane], r) | tick_verify(p);
	if (run_tick(&p->run)) {
		if (p->run.error.code) {
			say_error(r, &p->run.error);
			p->run.error = (struct ckpt_error){ 0 };
		}
		if (!p->lists[CHECKPOINTS].built)
			history_list_checkpoints(p);
		history_list_tensors(p);
		return true;
	}
	if (p->run.stage == RUN_READING && is_time(p, 100)) {
		news = true;
		if (p->lists[TENSORS].sort && !list_busy(&p->lists[TENSORS]))
			list_rebuild(&p->lists[TENSORS]);
	} else if (!p->told && p->run.stage != RUN_READING && is_time(p, 1000) &&
		   run_has_changed(&p->run)) {
		p->told = news = true;
		say(r, "the folder has changed: R reads it again");
	}
	return news;
}

static void progress(struct view *v, struct progress *pr)
{
	struct past *p = (struct past *)v;
	if (p->verified < p->queued) {
		verifier_progress(&p->verifier, pr);
		pr->what = pr->what ? "verifying" : NULL;
		pr->done = p->verified;
		pr->total = p->queued;
	} else {
		run_progress(&p->run, pr);
	}
	if (!pr->what && list_busy(&p->lists[p->pane]))
		pr->what = "sorting";
}

static void stop(struct view *v)
{
	struct past *p = (struct past *)v;
	run_stop(&p->run);
	if (p->verified < p->queued)
		verifier_stop(&p->verifier);
	p->queued = p->verified < p->queued ? p->verified + 1 : p->queued;
}

/* --- drawing ----------------------------------------------------------------------- */

static void draw_title(const struct past *p, int row, int cols)
{
	char folder[1024], size[NUMBER_MAX], text[sizeof folder + 64];
	text_escape(folder, sizeof folder, p->run.folder, strlen(p->run.folder));
	if (p->run.stage == RUN_OPENING) { /* the rest is its thread's */
		term_name(row, 1, cols - 2, STYLE_TITLE, folder, strlen(folder));
		return;
	}
	uint64_t bytes = 0;
	struct cell_text latest = { NULL, 0 };
	for (size_t i = 0; i < p->run.n; i++) {
		bytes += p->run.rows[i].size_bytes;
		latest = p->run.rows[i].latest ? p->run.rows[i].name : latest;
	}
	number_bytes(size, bytes);
	const int end = term_right(row, cols - 1, cols / 3, STYLE_PLAIN, size);
	snprintf(text, sizeof text, "%s " SIGN_DOT " %zu checkpoints", folder, p->run.n);
	const int used = term_text(row, 1, end - 2, STYLE_TITLE, text);
	char name[512] = "";
	if (latest.p)
		text_escape(name, sizeof name, latest.p, latest.len);
	const int room = end - 3 - used;
	if (latest.p && (int)text_width(name, strlen(name)) + 10 <= room)
		term_format(row, 1 + used, room, STYLE_PLAIN, " " SIGN_DOT " latest %s",
			    name);
}

static void draw_context(const struct past *p, int row, int cols)
{
	char size[NUMBER_MAX], right[64] = "", text[NUMBER_MAX + LIST_FILTER];
	const struct list *l = &p->lists[p->pane];
	if (p->pane == TENSORS)
		list_order(l, right, sizeof right);
	const int end = term_right(row, cols - 1, cols / 3, STYLE_DIM, right);
	int col = 1;
	col += term_text(row, col, end - col, STYLE_PLAIN,
			 p->pane == CHECKPOINTS ? "[checkpoints] tensors"
						: "checkpoints [tensors]") + 2;
	number_bytes(size, p->run.bytes);
	if (l->filter[0])
		snprintf(text, sizeof text, "& %s", l->filter);
	else if (p->run.stage == RUN_READ)
		snprintf(text, sizeof text, "%s",
			 p->run.stopped ? "stopped: not all values were read"
					: "values were read");
	else
		snprintf(text, sizeof text,
			 "recorded checksums; c reads %s", size);
	term_text(row, col, end - col - 1, l->filter[0] ? STYLE_MATCH : STYLE_DIM, text);
}

/* The tensor that is chosen in the other pane, in a line. */
static void draw_chosen(struct past *p, int row, int cols)
{
	uint32_t id;
	char name[1024], trend[512];
	if (!list_selected(&p->lists[TENSORS], &id))
		return;
	const struct history_row *h = history_tensor_row(p, id);
	if (!h)
		return;
	text_escape(name, sizeof name, h->name.p, h->name.len);
	snprintf(trend, sizeof trend, "%.*s  %.*s", (int)h->trend.len,
		 h->trend.p ? h->trend.p : "", (int)h->state.len,
		 h->state.p ? h->state.p : "");
	const int end = term_right(row, cols - 1, cols / 2, STYLE_PLAIN, trend);
	term_name(row, 1, end - 3, STYLE_DIM, name, strlen(name));
}

static void draw(struct view *v, const struct area *area)
{
	struct past *p = (struct past *)v;
	struct area rows = *area;
	draw_title(p, area->top, area->cols);
	if (p->run.stage == RUN_OPENING)
		return;
	if (!area->small)
		draw_context(p, area->top + 1, area->cols);
	rows.top += area->small ? 1 : 2;
	rows.rows -= area->small ? 1 : 2;
	if (p->pane == CHECKPOINTS && rows.rows > 8) {
		rows.rows -= 2;
		draw_chosen(p, rows.top + rows.rows + 1, area->cols);
	}
	list_draw(&p->lists[p->pane], &rows);
}

/* ": 3 tensors could not be compared" */
static void say_count(char *out, uint64_t n, const char *what)
{
	char number[NUMBER_MAX];
	number_grouped(number, n);
	snprintf(out, 2048, ": %s tensor%s %s", number, n == 1 ? "" : "s", what);
}

static void status(struct view *v, char *left, char *right, size_t cap)
{
	struct past *p = (struct past *)v;
	uint32_t id;
	const struct list *l = &p->lists[p->pane];
	if (p->run.stage == RUN_OPENING || !list_selected(l, &id))
		return;
	list_position(l, right, cap);
	const struct cell_text name = l->ops->name(l->arg, id);
	size_t n = text_escape(left, 2048, name.p, name.len);
	if (p->pane == TENSORS || n >= 2048)
		return;
	const struct run_row *row = checkpoint(p, id);
	if (row->error.p)
		snprintf(left + n, 2048, ": %s", row->error.p);
	else if (row->missing.n)
		snprintf(left + n, 2048, ": missing or too short: %s%s",
			 row->missing.p[0].p, row->missing.n > 1 ? ", …" : "");
	else if (row->finding.p) {
		n += (size_t)snprintf(left + n, 8, ": ");
		text_escape(left + n, 1024, row->finding.p, row->finding.len);
	} else if (row->unreadable)
		say_count(left + n, row->unreadable, "could not be read; v says why");
	else if (row->unknown)
		say_count(left + n, row->unknown, "could not be compared");
}

/* --- keys -------------------------------------------------------------------------- */

static struct ckpt *open_row(struct past *p, uint32_t id, struct request *r)
{
	struct ckpt_error err = { 0 };
	struct ckpt *c = ckpt_open(checkpoint(p, id)->prefix.p, &p->settings->open, &err);
	if (!c)
		say_error(r, &err);
	return c;
}

static void browse(struct past *p, uint32_t id, struct request *r)
{
	const struct view_ckpt c = { .c = open_row(p, id, r) };
	if (c.c)
		request_push(r, browse_view(c, checkpoint(p, id)->prefix.p, p->settings));
}

static const void *step_at(const struct rows *rows, size_t i)
{
	const struct cell_rows *steps = rows->arg;
	return (const struct history_step_row *)steps->p + i;
}

/* A tensor in each checkpoint. */
static void show_steps(struct past *p, uint32_t id, struct request *r)
{
	char title[1024];
	const struct history_row *h = history_tensor_row(p, id);
	if (!h)
		return;
	text_escape(title, sizeof title, h->name.p, h->name.len);
	struct view *text = text_view(title);
	struct cell_rows steps = h->steps;
	const struct rows rows = { history_step_columns, steps.n, step_at, &steps };
	if (text)
		text_view_table(text, &rows);
	request_push(r, text);
}

static void open_selected(struct past *p, struct request *r)
{
	uint32_t id;
	if (!list_selected(&p->lists[p->pane], &id))
		return;
	if (p->pane == CHECKPOINTS)
		browse(p, id, r);
	else
		show_steps(p, id, r);
}

/* The two that are marked; else the one before the cursor, and this one. */
static void compare(struct past *p, struct request *r)
{
	const struct list *l = &p->lists[CHECKPOINTS];
	uint32_t ids[3], id;
	const size_t marked = list_marked(l, ids, 3);
	if (marked != 2 && marked != 0) {
		say(r, "mark two checkpoints with Space: %zu are marked", marked);
		return;
	}
	if (!marked) {
		if (!list_selected(l, &id) || !l->at) {
			say(r, "this is the first one: mark two with Space");
			return;
		}
		ids[0] = l->ids[l->at - 1];
		ids[1] = id;
	}
	const struct view_ckpt a = { .c = open_row(p, ids[0], r) };
	const struct view_ckpt b = { .c = a.c ? open_row(p, ids[1], r) : NULL };
	if (b.c)
		request_push(r, diff_view(a, b, p->settings));
	else
		ckpt_close(a.c);
}

/* Those that are marked; without marks the one under the cursor. */
static void verify(struct past *p, struct request *r)
{
	const struct list *l = &p->lists[CHECKPOINTS];
	uint32_t id;
	if (p->verified < p->queued) {
		say(r, "still verifying: ^C stops it");
		return;
	}
	p->queue = arena_zeroed(&p->v.arena, p->run.n + 1, sizeof *p->queue);
	p->queued = p->verified = 0;
	for (size_t i = 0; p->queue && i < p->run.n; i++)
		if (l->n_marked ? list_is_marked(l, (uint32_t)i)
				: list_selected(l, &id) && id == i)
			p->queue[p->queued++] = i;
	verify_next(p);
}

static void compute(struct past *p, struct request *r)
{
	if (p->run.stage == RUN_READ || p->run.stage == RUN_READING)
		say(r, "the values have been read: R begins anew");
	else if (p->run.stage == RUN_RECORDED && p->run.n_snapshots > 1)
		run_compute(&p->run);
	else if (p->run.stage == RUN_RECORDED)
		say(r, "there is one checkpoint alone: nothing to compare it with");
}

static void show_record(struct past *p, struct request *r)
{
	uint32_t id;
	char title[1024];
	if (!list_selected(&p->lists[p->pane], &id))
		return;
	const struct cell_text name = p->lists[p->pane].ops->name(p, id);
	text_escape(title, sizeof title, name.p, name.len);
	if (p->pane == CHECKPOINTS)
		request_push(r, record_view(title, run_columns, checkpoint(p, id)));
	else
		request_push(r, record_view(title, history_columns,
					    history_tensor_row(p, id)));
}

static void write_table(struct past *p, const char *path, struct request *r)
{
	const struct column *columns =
		p->pane == CHECKPOINTS ? run_columns
				       : history_text_columns(p->shown, &p->columns,
							      history_columns);
	if (columns)
		file_table(path, &p->lists[p->pane], columns, r);
}

static void act(struct view *v, enum action action, struct request *r)
{
	struct past *p = (struct past *)v;
	struct list *l = &p->lists[p->pane];
	if (action == ACT_RELOAD) {
		r->view = history_view(p->run.folder, p->settings);
		r->kind = r->view ? REQUEST_REPLACE : REQUEST_NONE;
		return;
	}
	if (p->run.stage == RUN_OPENING ||
	    (p->pane == TENSORS && (action == ACT_MARK || action == ACT_UNMARK)) ||
	    list_act(l, action, r))
		return;
	if (action == ACT_OPEN || action == ACT_RIGHT)
		open_selected(p, r);
	else if (action == ACT_NEXT_PANE || action == ACT_PREVIOUS_PANE)
		p->pane = p->pane == CHECKPOINTS ? TENSORS : CHECKPOINTS;
	else if (action == ACT_LEFT)
		p->pane = CHECKPOINTS;
	else if (action == ACT_DIFF)
		compare(p, r);
	else if (action == ACT_VERIFY)
		verify(p, r);
	else if (action == ACT_COMPUTE)
		compute(p, r);
	else if (action == ACT_INFO)
		show_record(p, r);
	else if (action == ACT_WRITE)
		file_ask(r);
}

static void answer(struct view *v, enum action asked, const char *text, enum answer state,
		   struct request *r)
{
	struct past *p = (struct past *)v;
	if (p->run.stage != RUN_OPENING &&
	    !list_answer(&p->lists[p->pane], asked, text, state, r) &&
	    state == ANSWER_DONE && asked == ACT_WRITE)
		write_table(p, text, r);
}

static bool command(struct view *v, const char *word, const char *rest, struct request *r)
{
	struct past *p = (struct past *)v;
	if (p->run.stage == RUN_OPENING)
		return false;
	if (!strcmp(word, "goto"))
		list_go_text(&p->lists[p->pane], rest, r);
	else if (!strcmp(word, "write"))
		write_table(p, rest, r);
	else
		return false;
	return true;
}

static void click(struct view *v, const struct term_mouse *m, struct request *r)
{
	struct past *p = (struct past *)v;
	bool open;
	if (p->run.stage != RUN_OPENING && list_click(&p->lists[p->pane], m, &open) &&
	    open)
		open_selected(p, r);
}

static bool clears(struct view *v)
{
	struct past *p = (struct past *)v;
	return list_clear(&p->lists[p->pane]);
}

static void close_view(struct view *v)
{
	struct past *p = (struct past *)v;
	list_close(&p->lists[0]);
	list_close(&p->lists[1]);
	verifier_close(&p->verifier);
	run_close(&p->run);
	arena_drop(&p->scratch);
	arena_drop(&p->columns);
}

static const struct key_binding keys[] = {
	{ ACT_OPEN, "Enter", "show", "browse; a tensor's steps", "browse" },
	{ ACT_RIGHT, "l Right", "show", "the same", NULL },
	{ ACT_NEXT_PANE, "Tab", "show", "checkpoints, tensors", "tensors" },
	{ ACT_PREVIOUS_PANE, "BackTab", "show", "the same", NULL },
	{ ACT_LEFT, "h Left", "show", "the checkpoints", NULL },
	{ ACT_DIFF, "d", "run", "compare the two marked", "diff" },
	{ ACT_COMPUTE, "c", "run", "read values: drift, NaN", "changes" },
	{ ACT_VERIFY, "v", "run", "verify the marked ones", "verify" },
	{ ACT_INFO, "i", "show", "all about this one", NULL },
	LIST_MARK_KEYS,
	LIST_KEYS,
	LIST_SORT_KEYS,
	{ ACT_COPY, "y", "take", "copy the name, or marked", NULL },
	{ ACT_WRITE, "w", "take", "table (marked) to a file", NULL },
	{ ACT_RELOAD, "R", "other", "read the folder again", NULL },
	{ ACT_NONE, NULL, NULL, NULL, NULL },
};

static const struct view_ops ops = {
	.name = "history", .keys = keys, .draw = draw, .status = status, .act = act,
	.answer = answer, .command = command, .tick = tick, .progress = progress,
	.stop = stop, .click = click, .close = close_view, .clears = clears,
};

struct view *history_view(const char *folder, const struct view_settings *s)
{
	static const struct list_column none[] = { { NULL, 0, 0 } };
	struct past *p = view_new(&ops, sizeof *p);
	const char *copy = p ? arena_copy(&p->v.arena, folder, strlen(folder)) : NULL;
	if (!p)
		return NULL;
	p->settings = s;
	arena_init(&p->scratch, UINT64_MAX);
	arena_init(&p->columns, UINT64_MAX);
	list_init(&p->lists[CHECKPOINTS], &history_checkpoints, p, "CHECKPOINT", none);
	list_init(&p->lists[TENSORS], &history_tensors, p, "NAME", none);
	p->lists[TENSORS].sorts = history_sorts;
	p->shown = &p->run.history[0];
	if (copy) {
		run_start(&p->run, copy, s);
		return &p->v;
	}
	view_drop(&p->v);
	return NULL;
}
