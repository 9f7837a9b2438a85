/* list.c — a report's rows on the screen: moves, marks, sorting, filter, search.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Up to INLINE rows the vector is made at once, so that a small list never flickers;
 * above that by a thread. What is typed meanwhile stops that thread and starts another.
 */
#include "config.h"

#include "tui/list.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "base/text.h"

enum { INLINE = 20000, LOOK_EVERY = 1024 };

/* --- making the vector ------------------------------------------------------------- */

bool list_stopped(const struct list_build *b)
{
	return b->failed || (b->pool && pool_cancelled(b->pool));
}

bool list_takes(const struct list_build *b, const char *name, size_t len)
{
	const char *f = b->filter;
	const size_t n = b->filter_len;
	for (size_t i = 0; i + n <= len; i++) {
		size_t k = 0;
		while (k < n && (name[i + k] == f[k] ||
				 tolower((unsigned char)name[i + k]) ==
					 tolower((unsigned char)f[k])))
			k++;
		if (k == n)
			return true;
	}
	return false;
}

void list_add_row(struct list_build *b, uint32_t id)
{
	if (buffer_append(&b->ids, &id, sizeof id, NULL))
		b->failed = true;
}

struct sorting {
	struct list *l;
	const struct list_build *b;
};

static int compare_rows(const void *x, const void *y, void *arg)
{
	const struct sorting *s = arg;
	const uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;
	const int c = s->l->ops->compare(s->l->arg, s->b->sort, a, b);
	return s->b->reverse ? -c : c ? c : (a > b) - (a < b);
}

static void build_plain(struct list *l, struct list_build *b)
{
	for (uint32_t id = 0; id < l->n_all; id++) {
		if (id % LOOK_EVERY == 0 && list_stopped(b))
			return;
		const struct cell_text name = l->ops->name(l->arg, id);
		if (!b->filter_len || list_takes(b, name.p, name.len))
			list_add_row(b, id);
	}
	struct sorting s = { l, b };
	if (l->ops->compare && b->ids.len)
		qsort_r(b->ids.p, b->ids.len / sizeof(uint32_t), sizeof(uint32_t),
			compare_rows, &s);
}

static void build(void *arg, unsigned worker, size_t job)
{
	struct list *l = arg;
	(void)worker;
	(void)job;
	if (l->ops->build)
		l->ops->build(l->arg, &l->next);
	else
		build_plain(l, &l->next);
}

void list_stop(struct list *l)
{
	if (!l->building)
		return;
	pool_cancel(&l->pool);
	pool_end(&l->pool);
	buffer_drop(&l->next.ids);
	l->building = false;
}

static size_t place_of(const struct list *l, uint32_t id)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->ids[i] == id)
			return i;
	return l->n;
}

/* The new vector takes the place of the old one; the cursor stays with its row. */
static void take_over(struct list *l)
{
	uint32_t id;
	const bool had = l->following || list_selected(l, &id);
	if (l->following)
		id = l->follow;
	struct buffer old = { .p = (uint8_t *)l->ids };
	buffer_drop(&old);
	if (l->next.failed)
		buffer_drop(&l->next.ids);
	l->ids = (uint32_t *)(void *)l->next.ids.p;
	l->n = l->next.ids.len / sizeof(uint32_t);
	l->next.ids = (struct buffer){ 0 };
	const bool stay = l->stay_first && !l->at && !l->following;
	const size_t at = had && !stay ? place_of(l, id) : 0;
	l->at = at < l->n ? at : l->at < l->n ? l->at : l->n ? l->n - 1 : 0;
	if (!had)
		l->top = 0;
	l->following = l->finding = false;
	l->built = true;
}

void list_rebuild(struct list *l)
{
	list_stop(l);
	l->next = (struct list_build){ .filter = l->filter,
				       .filter_len = strlen(l->filter),
				       .sort = l->sort,
				       .reverse = l->reverse };
	buffer_init(&l->next.ids, UINT64_MAX);
	if (l->n_all <= INLINE) {
		build(l, 0, 0);
		take_over(l);
		return;
	}
	l->next.pool = &l->pool;
	l->building = true;
	pool_start(&l->pool, 1, 1, build, l);
}

/* --- begin and end ----------------------------------------------------------------- */

void list_set(struct list *l, const struct list_column *columns, size_t n_all)
{
	list_stop(l);
	memset(l->columns, 0, sizeof l->columns);
	l->name_width = 0;
	for (int i = 0; i < LIST_COLUMNS - 1 && columns[i].column; i++) {
		char title[128];
		l->columns[i] = columns[i];
		column_title(columns[i].column, title, sizeof title);
		const int w = (int)text_width(title, strlen(title));
		l->widths[i] = w > columns[i].min ? w : columns[i].min;
	}
	match_free(l->matcher); /* it is in the arena */
	l->matcher = NULL;
	l->finding = false;
	arena_rewind(&l->arena, (struct arena_mark){ 0 });
	l->n_all = n_all;
	l->marks_len = n_all / 8 + 1;
	l->marks = arena_zeroed(&l->arena, l->marks_len, 1);
	l->n_marked = 0;
	l->n = l->at = l->top = 0;
}

void list_init(struct list *l, const struct list_ops *ops, void *arg, const char *title,
	       const struct list_column *columns)
{
	*l = (struct list){ .ops = ops, .arg = arg, .title = title, .page = 1 };
	arena_init(&l->arena, UINT64_MAX);
	arena_init(&l->searching, UINT64_MAX);
	list_set(l, columns, 0);
}

void list_close(struct list *l)
{
	struct buffer ids = { .p = (uint8_t *)l->ids };
	if (!l->ops)
		return;
	list_stop(l);
	buffer_drop(&ids);
	match_free(l->matcher);
	arena_drop(&l->searching);
	arena_drop(&l->arena);
	l->ops = NULL;
}

/* --- the cursor -------------------------------------------------------------------- */

void list_go(struct list *l, size_t at)
{
	l->at = at < l->n ? at : l->n ? l->n - 1 : 0;
}

void list_go_text(struct list *l, const char *text, struct request *r)
{
	char *end;
	const unsigned long long at = strtoull(text, &end, 10);
	if (end == text || *end || !at || at > l->n) {
		say(r, "goto takes the number of a row, 1 to %zu", l->n);
		r->bad = true;
		return;
	}
	list_go(l, (size_t)at - 1);
}

bool list_selected(const struct list *l, uint32_t *id)
{
	if (l->at >= l->n)
		return false;
	*id = l->ids[l->at];
	return true;
}

void list_select(struct list *l, uint32_t id)
{
	const size_t at = place_of(l, id);
	if (l->building) {
		l->follow = id;
		l->following = true;
	}
	if (at < l->n)
		l->at = at;
}

static void go_by(struct list *l, int64_t rows)
{
	const int64_t to = (int64_t)l->at + rows;
	list_go(l, to < 0 ? 0 : (size_t)to);
}

bool list_move(struct list *l, enum action action)
{
	const int page = l->page > 1 ? l->page : 1;
	switch (action) {
	case ACT_DOWN:
		go_by(l, 1);
		return true;
	case ACT_UP:
		go_by(l, -1);
		return true;
	case ACT_HALF_DOWN:
		go_by(l, (page + 1) / 2);
		return true;
	case ACT_HALF_UP:
		go_by(l, -(page + 1) / 2);
		return true;
	case ACT_PAGE_DOWN:
		l->top += (size_t)page;
		go_by(l, page);
		return true;
	case ACT_PAGE_UP:
		l->top -= l->top < (size_t)page ? l->top : (size_t)page;
		go_by(l, -page);
		return true;
	case ACT_FIRST:
		list_go(l, 0);
		return true;
	case ACT_LAST:
		list_go(l, SIZE_MAX);
		return true;
	default:
		return false;
	}
}

static void sort_next(struct list *l)
{
	l->sort++;
	if (!l->sorts[l->sort])
		l->sort = 0;
	l->reverse = false;
	list_rebuild(l);
	if (!l->building)
		list_go(l, 0);
}

bool list_click(struct list *l, const struct term_mouse *m, bool *open)
{
	*open = false;
	if (m->what == MOUSE_WHEEL_UP || m->what == MOUSE_WHEEL_DOWN) {
		go_by(l, m->what == MOUSE_WHEEL_DOWN ? 3 : -3);
		return true;
	}
	if (m->row == l->first_row - 1 && l->sorts) { /* the heading */
		sort_next(l);
		return true;
	}
	if (m->row < l->first_row || m->row >= l->first_row + l->page)
		return false;
	const size_t at = l->top + (size_t)(m->row - l->first_row);
	if (at >= l->n)
		return false;
	*open = m->what == MOUSE_DOUBLE;
	l->at = at;
	return true;
}

/* --- sorting, filter --------------------------------------------------------------- */

bool list_clear(struct list *l)
{
	if (!l->filter[0])
		return false;
	l->filter[0] = '\0';
	list_rebuild(l);
	return true;
}

static void set_filter(struct list *l, const char *text)
{
	if (!strcmp(l->filter, text))
		return;
	list_stop(l); /* it reads the old one */
	snprintf(l->filter, sizeof l->filter, "%s", text);
	list_rebuild(l);
}

/* --- work under way ---------------------------------------------------------------- */

bool list_tick(struct list *l, struct request *r)
{
	if (l->finding) {
		list_find_on(l, r);
		return !l->finding;
	}
	if (!l->building || !pool_wait(&l->pool, 0))
		return false;
	pool_end(&l->pool);
	l->building = false;
	take_over(l);
	return true;
}

bool list_busy(const struct list *l)
{
	return l->building || l->finding;
}

/* --- keys -------------------------------------------------------------------------- */

static void ask(struct request *r, enum action what, const char *label, const char *text)
{
	r->kind = REQUEST_ASK;
	r->ask = what;
	r->label = label;
	snprintf(r->text, sizeof r->text, "%s", text);
}

bool list_act(struct list *l, enum action action, struct request *r)
{
	if (list_move(l, action))
		return true;
	switch (action) {
	case ACT_SORT:
		if (l->sorts)
			sort_next(l);
		return l->sorts != NULL;
	case ACT_REVERSE:
		l->reverse = !l->reverse;
		list_rebuild(l);
		return true;
	case ACT_MARK:
		list_toggle_mark(l, r);
		return true;
	case ACT_UNMARK:
		list_unmark_all(l);
		return true;
	case ACT_SEARCH:
		ask(r, ACT_SEARCH, "/", "");
		return true;
	case ACT_SEARCH_NEXT:
	case ACT_SEARCH_PREVIOUS:
		list_find(l, action == ACT_SEARCH_PREVIOUS, false, r);
		return true;
	case ACT_FILTER:
		ask(r, ACT_FILTER, "&", l->filter);
		return true;
	case ACT_COPY:
		list_copy_names(l, r);
		return true;
	default:
		return false;
	}
}

bool list_answer(struct list *l, enum action asked, const char *text, enum answer state,
		 struct request *r)
{
	struct ckpt_error err = { 0 };
	if (asked == ACT_FILTER) {
		set_filter(l, state == ANSWER_CANCELLED ? "" : text);
		return true;
	}
	if (asked != ACT_SEARCH)
		return false;
	if (state != ANSWER_DONE)
		return true;
	if (*text && list_set_search(l, text, &err))
		say_error(r, &err);
	else if (l->n)
		list_find(l, false, *text != '\0', r);
	return true;
}

/* --- where one is ------------------------------------------------------------------ */

void list_position(const struct list *l, char *out, size_t cap)
{
	char at[NUMBER_MAX], n[NUMBER_MAX], all[NUMBER_MAX], marked[NUMBER_MAX];
	number_grouped(at, l->n ? l->at + 1 : 0);
	number_grouped(n, l->n);
	number_grouped(all, l->n_all);
	number_grouped(marked, l->n_marked);
	snprintf(out, cap, "%s%s%s/%s%s%s%s", l->n_marked ? marked : "",
		 l->n_marked ? " marked  " : "", at, n, l->filter[0] ? " of " : "",
		 l->filter[0] ? all : "", l->building ? " " SIGN_MORE : "");
}

void list_order(const struct list *l, char *out, size_t cap)
{
	snprintf(out, cap, "by %s %s", l->sorts[l->sort],
		 l->reverse ? SIGN_UP : SIGN_DOWN);
}
