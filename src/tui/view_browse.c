/* view_browse.c — what is in a checkpoint: a tree of scopes, a list, the object graph.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "base/text.h"
#include "format/path.h"
#include "format/reader.h"
#include "tui/browse_list.h"
#include "tui/file.h"

static const char *const mode_names[] = { "tree", "list", "objects" };

/* --- the three ways to see it ------------------------------------------------------ */

/* The row of a tensor as it is shown now; false: there is none. */
static bool row_of_tensor(const struct browse *b, const struct ckpt_tensor *t,
			  uint32_t *id)
{
	const size_t n = b->list.n_all;
	for (*id = 0; t && *id < n; ++*id)
		if (browse_tensor(&b->rows, b->mode, *id) == t)
			return true;
	return false;
}

static void change_mode(struct browse *b, struct request *r)
{
	uint32_t id;
	const struct ckpt_tensor *t = list_selected(&b->list, &id)
					      ? browse_tensor(&b->rows, b->mode, id)
					      : NULL;
	enum browse_mode next = b->mode == BROWSE_TREE   ? BROWSE_LIST
				: b->mode == BROWSE_LIST ? BROWSE_OBJECTS
							 : BROWSE_TREE;
	if (next == BROWSE_OBJECTS && !b->rows.objects.n)
		next = BROWSE_TREE;
	browse_set_mode(b, next);
	if (next == BROWSE_OBJECTS)
		say(r, "the object graph, as tf.train.Checkpoint has saved it");
	if (row_of_tensor(b, t, &id))
		browse_reveal(b, id);
}

/* --- making the rows --------------------------------------------------------------- */

static void make_rows(void *arg, unsigned worker, size_t job)
{
	struct browse *b = arg;
	(void)worker;
	(void)job;
	browse_make(&b->rows);
}

static void put_title(struct browse *b)
{
	char name[256], tensors[NUMBER_MAX], size[NUMBER_MAX], all[NUMBER_MAX + 8] = "";
	size_t len;
	const char *called = path_called(ckpt_prefix(b->rows.c), &len);
	const uint32_t shards = ckpt_shards(b->rows.c);
	text_escape(name, sizeof name, called, len);
	number_grouped(tensors, b->rows.report.n);
	number_bytes(size, b->rows.report.size_bytes);
	if (b->rows.report.n != b->rows.report.all) {
		memcpy(all, " of ", 4);
		number_grouped(all + 4, b->rows.report.all);
	}
	snprintf(b->title, sizeof b->title,
		 "%s " SIGN_DOT " %s " SIGN_DOT " %u shard%s " SIGN_DOT
		 " %s%s tensor%s " SIGN_DOT " %s",
		 name, ckpt_format(b->rows.c), shards, shards == 1 ? "" : "s", tensors,
		 all, b->rows.report.all == 1 ? "" : "s", size);
	if (b->rows.step_source)
		snprintf(b->step, sizeof b->step, "step %" PRId64, b->rows.step);
}

static void finish(struct browse *b)
{
	b->making = false;
	put_title(b);
	browse_set_mode(b, b->mode);
}

static void start(struct browse *b)
{
	b->making = true;
	pool_start(&b->pool, 1, 1, make_rows, b);
}

/* The rows again, of what is in memory: a few at once, so that no key is lost. */
static void start_again(struct browse *b)
{
	enum { AT_ONCE = 20000 };
	list_stop(&b->list);
	if (b->rows.report.all > AT_ONCE) {
		start(b);
		return;
	}
	browse_make(&b->rows);
	finish(b);
}

static bool tick(struct view *v, struct request *r)
{
	struct browse *b = (struct browse *)v;
	if (!b->making)
		return list_tick(&b->list, r);
	if (!pool_wait(&b->pool, 0))
		return false;
	pool_end(&b->pool);
	finish(b);
	if (b->rows.error.code)
		say_error(r, &b->rows.error);
	else if (b->rows.c->at.note && !b->told)
		say(r, "%s", b->rows.c->at.note);
	b->told = true;
	return true;
}

static void progress(struct view *v, struct progress *p)
{
	const struct browse *b = (const struct browse *)v;
	if (b->making)
		p->what = "reading the index";
	else if (list_busy(&b->list))
		p->what = b->list.finding ? "searching" : "sorting";
}

/* --- drawing ----------------------------------------------------------------------- */

static void draw_context(struct browse *b, int row, int cols)
{
	char right[128] = "", order[64] = "", name[1024] = "/";
	uint32_t id;
	if (b->list.sorts)
		list_order(&b->list, order, sizeof order);
	snprintf(right, sizeof right, "%s%s%s%s%s", mode_names[b->mode],
		 order[0] ? " " SIGN_DOT " " : "", order,
		 b->rows.roles ? " " SIGN_DOT " only " : "",
		 b->rows.roles ? role_names[__builtin_ctz(b->rows.roles)] : "");
	const int end = term_right(row, cols - 1, cols - 2, STYLE_DIM, right);
	if (b->list.filter[0]) {
		snprintf(name, sizeof name, "& %s", b->list.filter);
		term_text(row, 1, end - 2, STYLE_MATCH, name);
		return;
	}
	if (b->mode == BROWSE_TREE && list_selected(&b->list, &id)) {
		const struct scope_node *up = b->rows.nodes[id]->parent;
		text_escape(name + 1, sizeof name - 1, up->path, up->path_len);
	}
	term_name(row, 1, end - 2, STYLE_DIM, name, strlen(name));
}

static void draw(struct view *v, const struct area *area)
{
	struct browse *b = (struct browse *)v;
	struct area rows = *area;
	int end = area->cols - 1;
	if (b->making) {
		term_name(area->top, 1, area->cols - 2, STYLE_TITLE, b->given,
			  strlen(b->given));
		return;
	}
	if (b->step[0] && area->cols >= 60)
		end = term_right(area->top, area->cols - 1, area->cols / 3, STYLE_PLAIN,
				 b->step) - 2;
	term_text(area->top, 1, end - 1, STYLE_TITLE, b->title);
	if (!area->small)
		draw_context(b, area->top + 1, area->cols);
	rows.top += area->small ? 1 : 2;
	rows.rows -= area->small ? 1 : 2;
	list_draw(&b->list, &rows);
}

static void status(struct view *v, char *left, char *right, size_t cap)
{
	struct browse *b = (struct browse *)v;
	uint32_t id;
	if (b->making || !list_selected(&b->list, &id))
		return;
	const struct cell_text name = browse_name(b, id);
	const struct ckpt_tensor *t = browse_tensor(&b->rows, b->mode, id);
	char where[96] = "", position[128];
	text_escape(left, 4096, name.p, name.len);
	if (t && !t->problem && t->n_pieces == 1 && !t->pieces[0].in_block)
		snprintf(where, sizeof where, "shard %u @0x%" PRIx64 "  ",
			 t->pieces[0].shard, t->pieces[0].offset);
	else if (t && !t->problem && t->n_pieces > 1)
		snprintf(where, sizeof where, "%u slices  ", t->n_pieces);
	list_position(&b->list, position, sizeof position);
	snprintf(right, cap, "%s%s", term_cols() >= 60 ? where : "", position);
}

/* --- keys -------------------------------------------------------------------------- */

static void fold(struct browse *b, uint32_t id, bool open)
{
	list_stop(&b->list);
	browse_set_open(&b->rows, b->mode, id, open);
	list_rebuild(&b->list);
	list_select(&b->list, id);
}

static void open_row(struct browse *b, bool toggle, struct request *r)
{
	uint32_t id;
	if (!list_selected(&b->list, &id))
		return;
	const struct ckpt_tensor *t = browse_tensor(&b->rows, b->mode, id);
	const bool open = browse_is_open(&b->rows, b->mode, id);
	if (browse_has_rows(&b->rows, b->mode, id) && !b->list.filter[0] &&
	    (!open || (toggle && !t)))
		fold(b, id, !open);
	else if (t)
		request_push(r, tensor_view(b->rows.c, t, &b->rows.report.objects,
					    b->settings));
	else if (open)
		list_move(&b->list, ACT_DOWN);
}

static void close_row(struct browse *b)
{
	uint32_t id;
	if (!list_selected(&b->list, &id) || b->list.filter[0])
		return;
	if (browse_has_rows(&b->rows, b->mode, id) &&
	    browse_is_open(&b->rows, b->mode, id))
		fold(b, id, false);
	else
		list_select(&b->list, browse_parent(&b->rows, b->mode, id));
}

static void open_all(struct browse *b)
{
	bool all = true;
	for (uint32_t id = 0; id < b->list.n_all && all; id++)
		all = !browse_has_rows(&b->rows, b->mode, id) ||
		      browse_is_open(&b->rows, b->mode, id);
	list_stop(&b->list);
	browse_open_all(&b->rows, b->mode, !all);
	list_rebuild(&b->list);
}

static void show_record(struct browse *b, struct request *r)
{
	uint32_t id;
	char title[1024];
	if (!list_selected(&b->list, &id))
		return;
	const struct ckpt_tensor *t = browse_tensor(&b->rows, b->mode, id);
	const struct cell_text name = browse_name(b, id);
	text_escape(title, sizeof title, name.p, name.len);
	arena_rewind(&b->scratch, (struct arena_mark){ 0 });
	if (t && list_row_of(b->rows.c, &b->scratch, &b->rows.report.objects, t,
			     &b->row.list))
		request_push(r, record_view(title, list_columns, &b->row.list));
	else if (b->mode == BROWSE_TREE)
		request_push(r, record_view(title, tree_columns, browse_row(b, id)));
	else
		request_push(r, record_view(title, object_columns, browse_row(b, id)));
}

/* The next role that there is, or all of them again. */
static void next_role(struct browse *b)
{
	int role = b->rows.roles ? __builtin_ctz(b->rows.roles) + 1 : 0;
	if (role < N_ROLES)
		b->rows.roles = 1u << role;
	else
		b->rows.roles = 0;
	start_again(b);
}

static void write_table(struct browse *b, const char *path, struct request *r)
{
	file_table(path, &b->list, browse_columns(b), r);
}

static void reload(struct browse *b, struct request *r)
{
	struct ckpt_error err = { 0 };
	struct view_ckpt again = { .c = ckpt_open(b->given, &b->settings->open, &err) };
	if (!again.c) {
		say_error(r, &err);
		return;
	}
	r->view = browse_view(again, b->given, b->settings);
	r->kind = r->view ? REQUEST_REPLACE : REQUEST_NONE;
	if (!r->view)
		ckpt_close(again.c);
}

static void ask_other(struct request *r)
{
	r->kind = REQUEST_ASK;
	r->ask = ACT_DIFF;
	r->label = "compare with: ";
	r->text[0] = '\0';
}

static void act(struct view *v, enum action action, struct request *r)
{
	struct browse *b = (struct browse *)v;
	if (b->making)
		return;
	if (list_act(&b->list, action, r))
		return;
	if (action == ACT_OPEN || action == ACT_RIGHT)
		open_row(b, action == ACT_OPEN, r);
	else if (action == ACT_LEFT)
		close_row(b);
	else if (action == ACT_TREE)
		change_mode(b, r);
	else if (action == ACT_UNFOLD_ALL && b->mode != BROWSE_LIST)
		open_all(b);
	else if (action == ACT_INFO)
		show_record(b, r);
	else if (action == ACT_ROLE)
		next_role(b);
	else if (action == ACT_VERIFY)
		request_push(r, verify_view(b->rows.c, b->settings));
	else if (action == ACT_WRITE)
		file_ask(r);
	else if (action == ACT_RELOAD)
		reload(b, r);
	else if (action == ACT_DIFF)
		ask_other(r);
}

static void compare_with(struct browse *b, const char *path, struct request *r)
{
	struct ckpt_error err = { 0 };
	struct view_ckpt other = { .c = ckpt_open(path, &b->settings->open, &err) };
	const struct view_ckpt own = { .c = b->rows.c, .borrowed = true };
	if (!other.c)
		say_error(r, &err);
	else
		request_push(r, diff_view(other, own, b->settings));
}

static void answer(struct view *v, enum action asked, const char *text, enum answer state,
		   struct request *r)
{
	struct browse *b = (struct browse *)v;
	if (list_answer(&b->list, asked, text, state, r) || state != ANSWER_DONE)
		return;
	if (asked == ACT_WRITE)
		write_table(b, text, r);
	else if (asked == ACT_DIFF && *text)
		compare_with(b, text, r);
}

static bool command(struct view *v, const char *word, const char *rest, struct request *r)
{
	struct browse *b = (struct browse *)v;
	if (!strcmp(word, "write"))
		write_table(b, rest, r);
	else if (!strcmp(word, "goto"))
		list_go_text(&b->list, rest, r);
	else if (!strcmp(word, "diff"))
		compare_with(b, rest, r);
	else
		return false;
	return true;
}

static void click(struct view *v, const struct term_mouse *m, struct request *r)
{
	struct browse *b = (struct browse *)v;
	bool open;
	if (!b->making && list_click(&b->list, m, &open) && open)
		open_row(b, true, r);
}

static bool clears(struct view *v)
{
	return list_clear(&((struct browse *)v)->list);
}

static void close_view(struct view *v)
{
	struct browse *b = (struct browse *)v;
	if (b->making)
		pool_end(&b->pool);
	list_close(&b->list);
	browse_drop(&b->rows);
	arena_drop(&b->scratch);
	if (!b->ckpt.borrowed)
		ckpt_close(b->ckpt.c);
}

static const struct key_binding keys[] = {
	{ ACT_OPEN, "Enter", "tree", "open; fold or unfold", "open" },
	{ ACT_RIGHT, "l Right", "tree", "unfold, or open", NULL },
	{ ACT_LEFT, "h Left", "tree", "fold, or go up", NULL },
	{ ACT_UNFOLD_ALL, "*", "tree", "unfold or fold all", NULL },
	{ ACT_TREE, "t", "tree", "tree, list, objects", "tree/list" },
	LIST_KEYS,
	{ ACT_ROLE, "r", "find", "weights, slots, … alone", NULL },
	LIST_SORT_KEYS,
	LIST_MARK_KEYS,
	{ ACT_INFO, "i", "show", "all about this one", "info" },
	{ ACT_VERIFY, "v", "show", "verify: is it whole?", "verify" },
	{ ACT_DIFF, "d", "show", "compare with another", "diff" },
	{ ACT_COPY, "y", "take", "copy the name, or marked", NULL },
	{ ACT_WRITE, "w", "take", "table (marked) to a file", NULL },
	{ ACT_RELOAD, "R", "other", "read it again", NULL },
	{ ACT_NONE, NULL, NULL, NULL, NULL },
};

static const struct view_ops ops = {
	.name = "browse", .keys = keys, .draw = draw, .status = status, .act = act,
	.answer = answer, .command = command, .tick = tick, .progress = progress,
	.click = click, .close = close_view, .clears = clears,
};

struct view *browse_view(struct view_ckpt c, const char *given,
			 const struct view_settings *s)
{
	static const struct list_column none[] = { { NULL, 0, 0 } };
	struct browse *b = view_new(&ops, sizeof *b);
	if (!b)
		return NULL;
	b->ckpt = c;
	b->settings = s;
	b->rows.c = c.c;
	b->given = arena_copy(&b->v.arena, given, strlen(given));
	arena_init(&b->scratch, UINT64_MAX);
	arena_init(&b->rows.arena, UINT64_MAX);
	list_init(&b->list, &browse_tree_list, b, "NAME", none);
	start(b);
	return &b->v;
}
