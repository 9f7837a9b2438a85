/* view_diff.c — two checkpoints: what differs, as it becomes known.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "base/text.h"
#include "format/path.h"
#include "tui/differ.h"
#include "tui/file.h"

/* --- work -------------------------------------------------------------------------- */

static bool tick(struct view *v, struct request *r)
{
	return differ_tick((struct differ *)v, r);
}

static void progress(struct view *v, struct progress *p)
{
	struct differ *d = (struct differ *)v;
	if (d->stage == PAIRING) {
		p->what = "reading both indexes";
	} else if (d->stage == READING) {
		p->what = "comparing";
		p->done = d->counts.compared + d->counts.added + d->counts.removed;
		p->total = d->diff.n;
		p->bytes_done = atomic_load(&d->diff.sweep.pool.bytes);
		p->bytes_total = d->diff.sweep.bytes;
	} else if (list_busy(&d->list)) {
		p->what = "sorting";
	}
}

static void stop(struct view *v)
{
	struct differ *d = (struct differ *)v;
	if (d->stage != READING)
		return;
	pool_cancel(&d->diff.sweep.pool);
	d->stopped = true;
}

/* --- drawing ----------------------------------------------------------------------- */

static void put_count(char *out, size_t cap, uint64_t n, const char *what)
{
	char number[NUMBER_MAX];
	const size_t at = strlen(out);
	number_grouped(number, n);
	snprintf(out + at, cap - at, " " SIGN_DOT " %s %s", number, what);
}

static void draw_counts(const struct differ *d, int row, int cols)
{
	char text[1024];
	const struct diff_counts *n = &d->counts;
	const uint64_t all = n->compared + n->added + n->removed;
	snprintf(text, sizeof text, "%" PRIu64 "%s tensor%s%s", all,
		 d->stage == DONE && !d->diff.complete ? " of all" : "",
		 all == 1 ? "" : "s", d->stopped && d->stage == DONE ? ", stopped" : "");
	if (d->stage == FAILED)
		snprintf(text, sizeof text, "no result");
	const struct { uint64_t n; const char *what; } counts[] = {
		{ n->added, "added" }, { n->removed, "removed" },
		{ n->changed - n->incomparable, "changed" },
		{ n->incomparable, "incomparable" }, { n->identical, "identical" },
		{ n->equal, "equal" }, { n->unknown - n->unreadable, "unknown" },
		{ n->unreadable, "unreadable" },
		{ n->not_frozen, "no part of a frozen graph" },
	};
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
		if (counts[i].n && d->stage != FAILED)
			put_count(text, sizeof text, counts[i].n, counts[i].what);
	char right[64] = "tree", order[32] = "";
	if (!d->tree) {
		list_order(&d->list, order, sizeof order);
		snprintf(right, sizeof right, "%s%s", order,
			 d->show_same ? " " SIGN_DOT " all" : "");
	}
	const int end = cols < 60 ? cols
				  : term_right(row, cols - 1, cols / 2, STYLE_DIM, right);
	if (d->list.filter[0])
		term_format(row, 1, end - 2, STYLE_MATCH, "& %s", d->list.filter);
	else
		term_text(row, 1, end - 2, STYLE_PLAIN, text);
}

static void draw_title(const struct differ *d, int row, int cols)
{
	char name[2][512], how[128], atol[NUMBER_MAX], rtol[NUMBER_MAX];
	struct ckpt *const both[] = { d->a.c, d->b.c };
	const struct tolerance *t = &d->query.tolerance;
	const char *called[2];
	size_t len[2];
	for (int i = 0; i < 2; i++) {
		called[i] = path_called(ckpt_prefix(both[i]), &len[i]);
		text_escape(name[i], sizeof name[i], called[i], len[i]);
	}
	if (!strcmp(name[0], name[1])) /* the folders tell them apart */
		for (int i = 0; i < 2; i++) {
			const char *prefix = ckpt_prefix(both[i]);
			text_escape(name[i], sizeof name[i], prefix,
				    (size_t)(called[i] + len[i] - prefix));
		}
	number_double(atol, t->atol);
	number_double(rtol, t->rtol);
	if (d->query.depth == DEPTH_RECORDED)
		snprintf(how, sizeof how, "recorded checksums");
	else if (t->ulp)
		snprintf(how, sizeof how, "ulp %" PRIu64, t->ulp);
	else
		snprintf(how, sizeof how, "rtol %.20s " SIGN_DOT " atol %.20s", rtol,
			 atol);
	const int end = cols >= 60 ? term_right(row, cols - 1, cols / 3, STYLE_PLAIN, how)
				   : cols;
	const int each = (end - 8) / 2;
	int col = 1;
	col += term_text(row, col, 2, STYLE_DIM, "A ");
	col += term_name(row, col, each, STYLE_TITLE, name[0], strlen(name[0])) + 2;
	col += term_text(row, col, 2, STYLE_DIM, "B ");
	term_name(row, col, each, STYLE_TITLE, name[1], strlen(name[1]));
}

static void draw(struct view *v, const struct area *area)
{
	struct differ *d = (struct differ *)v;
	struct area rows = *area;
	const int above = area->small ? 1 : 2;
	draw_title(d, area->top, area->cols);
	if (!area->small && d->stage != PAIRING)
		draw_counts(d, area->top + 1, area->cols);
	rows.top += above;
	rows.rows -= above;
	if (d->stage == DONE && !d->list.n && !d->list.filter[0] && !d->tree)
		term_text(rows.top + 1, 3, area->cols - 3, STYLE_GOOD,
			  d->diff.complete ? "no difference; = shows what is the same"
					   : "no difference so far");
	else if (d->stage != PAIRING && (d->stage != READING || d->list.n))
		list_draw(&d->list, &rows);
}

static void status(struct view *v, char *left, char *right, size_t cap)
{
	struct differ *d = (struct differ *)v;
	uint32_t id;
	if (d->stage == PAIRING || !list_selected(&d->list, &id))
		return;
	const struct cell_text name = differ_name(d, id);
	text_escape(left, 4096, name.p, name.len);
	list_position(&d->list, right, cap);
}

/* --- keys -------------------------------------------------------------------------- */

static void open_row(struct differ *d, struct request *r)
{
	uint32_t id;
	if (!list_selected(&d->list, &id))
		return;
	if (d->tree) {
		if (fold_has_rows(&d->folded, id))
			fold_set(&d->folded, id, !fold_is_open(&d->folded, id));
		list_rebuild(&d->list);
		list_select(&d->list, id);
		return;
	}
	const struct diff_item *item = &d->diff.items[id];
	const struct pair *p = &item->pair;
	if (!p->a || !p->b)
		request_push(r, tensor_view(p->b ? d->b.c : d->a.c, p->b ? p->b : p->a,
					    NULL, d->settings));
	else
		request_push(r, pair_view(&d->diff, item, d->settings));
}

static void close_row(struct differ *d)
{
	uint32_t id;
	if (!d->tree || !list_selected(&d->list, &id))
		return;
	if (fold_has_rows(&d->folded, id) && fold_is_open(&d->folded, id))
		fold_set(&d->folded, id, false);
	else
		id = fold_parent(&d->folded, id);
	list_rebuild(&d->list);
	list_select(&d->list, id);
}

static void change_mode(struct differ *d, struct request *r)
{
	struct ckpt_error err = { 0 };
	if (d->stage != DONE)
		say(r, "scopes are added up when all has been compared");
	else if (!differ_set_tree(d, !d->tree, &err))
		say_error(r, &err);
}

static void show_record(struct differ *d, struct request *r)
{
	uint32_t id;
	char title[1024];
	if (!list_selected(&d->list, &id))
		return;
	const struct cell_text name = differ_name(d, id);
	text_escape(title, sizeof title, name.p, name.len);
	request_push(r, record_view(title, differ_columns(d),
			    differ_row(d, id)));
}

static void swap(struct differ *d)
{
	differ_give_up(d);
	const struct view_ckpt a = d->a;
	d->a = d->b;
	d->b = a;
	differ_start(d);
}

static void change_depth(struct differ *d)
{
	const bool quick = d->query.depth == DEPTH_RECORDED;
	differ_give_up(d);
	d->query.depth = quick ? DEPTH_VALUES : DEPTH_RECORDED;
	differ_start(d);
}

static void act(struct view *v, enum action action, struct request *r)
{
	struct differ *d = (struct differ *)v;
	if (action == ACT_SWAP && d->stage != PAIRING)
		swap(d);
	else if (action == ACT_QUICK && d->stage != PAIRING)
		change_depth(d);
	else if (d->stage == PAIRING || d->stage == FAILED ||
		 list_act(&d->list, action, r))
		return;
	else if (action == ACT_OPEN || action == ACT_RIGHT)
		open_row(d, r);
	else if (action == ACT_LEFT)
		close_row(d);
	else if (action == ACT_TREE)
		change_mode(d, r);
	else if (action == ACT_INFO)
		show_record(d, r);
	else if (action == ACT_WRITE)
		file_ask(r);
	else if (action == ACT_UNFOLD_ALL && d->tree) {
		bool all = true;
		for (uint32_t i = 0; i < d->folded.n && all; i++)
			all = fold_is_open(&d->folded, i);
		fold_all(&d->folded, !all);
		list_rebuild(&d->list);
	} else if (action == ACT_SAME && !d->tree) {
		d->show_same = !d->show_same;
		list_rebuild(&d->list);
	}
}

static void answer(struct view *v, enum action asked, const char *text, enum answer state,
		   struct request *r)
{
	struct differ *d = (struct differ *)v;
	if (!list_answer(&d->list, asked, text, state, r) && state == ANSWER_DONE &&
	    asked == ACT_WRITE)
		file_table(text, &d->list, differ_columns(d), r);
}

/* "rtol 1e-5" and the like compare again. */
static bool set_tolerance(struct differ *d, const char *word, const char *rest,
			  struct request *r)
{
	struct tolerance t = d->query.tolerance;
	char *end;
	const double x = number_read(rest, &end);
	const bool good = end != rest && !*end && x >= 0 && x < 1e300;
	if (!strcmp(word, "rtol"))
		t.rtol = x;
	else if (!strcmp(word, "atol"))
		t.atol = x;
	else if (!strcmp(word, "ulp"))
		t.ulp = good ? (uint64_t)x : 0;
	else
		return false;
	if (!good) {
		say(r, "%s takes a number, 0 or more", word);
		r->bad = true;
		return true;
	}
	differ_give_up(d);
	d->query.tolerance = t;
	differ_start(d);
	return true;
}

static bool command(struct view *v, const char *word, const char *rest, struct request *r)
{
	struct differ *d = (struct differ *)v;
	if (d->stage == PAIRING)
		return false;
	if (!strcmp(word, "goto"))
		list_go_text(&d->list, rest, r);
	else if (!strcmp(word, "write"))
		file_table(rest, &d->list, differ_columns(d), r);
	else
		return set_tolerance(d, word, rest, r);
	return true;
}

static void click(struct view *v, const struct term_mouse *m, struct request *r)
{
	struct differ *d = (struct differ *)v;
	bool open;
	if (d->stage != PAIRING && list_click(&d->list, m, &open) && open)
		open_row(d, r);
}

static bool clears(struct view *v)
{
	return list_clear(&((struct differ *)v)->list);
}

static void close_view(struct view *v)
{
	struct differ *d = (struct differ *)v;
	differ_give_up(d);
	list_close(&d->list);
	arena_drop(&d->arena);
	arena_drop(&d->scratch);
	if (!d->a.borrowed)
		ckpt_close(d->a.c);
	if (!d->b.borrowed)
		ckpt_close(d->b.c);
}

static const struct key_binding keys[] = {
	{ ACT_OPEN, "Enter", "show", "values of both", "values" },
	{ ACT_RIGHT, "l Right", "show", "values; unfold", NULL },
	{ ACT_LEFT, "h Left", "show", "fold, or go up", NULL },
	{ ACT_TREE, "t", "show", "scopes, or tensors", "tree" },
	{ ACT_UNFOLD_ALL, "*", "show", "unfold or fold all", NULL },
	{ ACT_SAME, "=", "show", "what is the same, too", "show same" },
	{ ACT_INFO, "i", "show", "all about this one", NULL },
	LIST_KEYS,
	LIST_SORT_KEYS,
	{ ACT_SWAP, "x", "diff", "swap A and B", "swap" },
	{ ACT_QUICK, "c", "diff", "checksums, or values", NULL },
	{ ACT_COPY, "y", "take", "copy the name", NULL },
	{ ACT_WRITE, "w", "take", "this table to a file", NULL },
	{ ACT_NONE, NULL, NULL, NULL, NULL },
};

static const struct view_ops ops = {
	.name = "diff", .keys = keys, .draw = draw, .status = status, .act = act,
	.answer = answer, .command = command, .tick = tick, .progress = progress,
	.stop = stop, .click = click, .close = close_view, .clears = clears,
};

struct view *diff_view(struct view_ckpt a, struct view_ckpt b,
		       const struct view_settings *s)
{
	static const struct list_column none[] = { { NULL, 0, 0 } };
	struct differ *d = view_new(&ops, sizeof *d);
	if (!d)
		return NULL;
	d->a = a;
	d->b = b;
	d->settings = s;
	d->query.keep_same = true;
	arena_init(&d->arena, UINT64_MAX);
	arena_init(&d->scratch, UINT64_MAX);
	list_init(&d->list, &differ_list, d, "NAME", none);
	d->list.sorts = differ_sorts;
	differ_start(d);
	return &d->v;
}
