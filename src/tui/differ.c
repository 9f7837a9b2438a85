/* differ.c — a comparison under way and its rows, for view_diff.c.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Pairing the names is done by a thread of its own, reading by the sweep's. Rows come up
 * as tensors have been compared, the largest change first.
 */
#include "config.h"

#include "tui/differ.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* --- rows -------------------------------------------------------------------------- */

static const struct diff_tree_row *tree_row(const struct differ *d, uint32_t id)
{
	return d->tree_rows.p[id];
}

const void *differ_row(void *arg, uint32_t id)
{
	struct differ *d = arg;
	if (d->tree)
		return tree_row(d, id);
	arena_rewind(&d->scratch, (struct arena_mark){ 0 });
	return diff_row_of(&d->diff, &d->scratch, &d->diff.items[id], &d->row) ? &d->row
									       : NULL;
}

struct cell_text differ_name(void *arg, uint32_t id)
{
	const struct differ *d = arg;
	if (d->tree)
		return tree_row(d, id)->path;
	const struct pair *p = &d->diff.items[id].pair;
	const struct ckpt_tensor *t = p->b ? p->b : p->a;
	return (struct cell_text){ t->name, t->name_len };
}

static struct cell_text shown_of(void *arg, uint32_t id)
{
	const struct differ *d = arg;
	if (!d->tree || d->list.filter[0])
		return differ_name(arg, id);
	struct cell_text shown = tree_row(d, id)->shown;
	while (shown.len && *shown.p == ' ')
		shown.p++, shown.len--;
	return shown;
}

/* What happened to a tensor, as a sign and a style: never by colour alone. */
static const struct mark {
	char sign;
	enum style style;
} marks[] = {
	{ '=', STYLE_DIM },	  /* the same */
	{ '~', STYLE_CHANGED },
	{ '+', STYLE_ADDED },
	{ '-', STYLE_REMOVED },
	{ '>', STYLE_CHANGED },	  /* under another name */
	{ '?', STYLE_BAD },	  /* not known */
	{ 's', STYLE_CHANGED },	  /* another shape */
	{ 't', STYLE_CHANGED },	  /* another dtype */
};

static const struct mark *mark_of(const struct diff_item *item)
{
	static const uint8_t by_status[N_DIFF_STATUS] = {
		[DIFF_SAME] = 0,    [DIFF_CHANGED] = 1, [DIFF_ADDED] = 2,
		[DIFF_REMOVED] = 3, [DIFF_RENAMED] = 4, [DIFF_UNKNOWN] = 5,
	};
	const struct pair *p = &item->pair;
	if (item->status == DIFF_CHANGED && item->class == CLASS_INCOMPARABLE)
		return &marks[p->a->dtype != p->b->dtype ? 7 : 6];
	return &marks[by_status[item->status]];
}

static void lead_of(void *arg, uint32_t id, char *out, size_t cap)
{
	const struct differ *d = arg;
	if (!d->tree)
		snprintf(out, cap, "%c ", mark_of(&d->diff.items[id])->sign);
	else
		fold_lead(d->list.filter[0] ? 0 : tree_row(d, id)->depth - 1,
			  fold_has_rows(&d->folded, id), fold_is_open(&d->folded, id),
			  out, cap);
}

static enum style style_of(void *arg, uint32_t id)
{
	const struct differ *d = arg;
	if (d->tree)
		return fold_has_rows(&d->folded, id) ? STYLE_SCOPE : STYLE_PLAIN;
	return mark_of(&d->diff.items[id])->style;
}

static bool is_shown(const struct differ *d, const struct diff_item *item)
{
	return diff_ready(item) &&
	       (d->show_same || item->status != DIFF_SAME || diff_is_difference(item));
}

static int by_change(const void *x, const void *y, void *arg)
{
	const struct differ *d = arg;
	const struct diff_item *a = &d->diff.items[*(const uint32_t *)x];
	const struct diff_item *b = &d->diff.items[*(const uint32_t *)y];
	return diff_compare(a, b);
}

static void reverse(uint32_t *ids, size_t n)
{
	for (size_t i = 0; i < n / 2; i++) {
		const uint32_t one = ids[i];
		ids[i] = ids[n - 1 - i];
		ids[n - 1 - i] = one;
	}
}

static void build_tree(const struct differ *d, struct list_build *b)
{
	if (!b->filter_len) {
		fold_build(&d->folded, b);
		return;
	}
	for (uint32_t i = 0; i < d->tree_rows.n && !list_stopped(b); i++)
		if (list_takes(b, tree_row(d, i)->path.p, tree_row(d, i)->path.len))
			list_add_row(b, i);
}

static void build_rows(void *arg, struct list_build *b)
{
	struct differ *d = arg;
	if (d->tree) {
		build_tree(d, b);
		return;
	}
	for (uint32_t i = 0; i < d->diff.n && !list_stopped(b); i++) {
		const struct cell_text name = differ_name(d, i);
		if (is_shown(d, &d->diff.items[i]) && list_takes(b, name.p, name.len))
			list_add_row(b, i);
	}
	uint32_t *ids = (uint32_t *)(void *)b->ids.p;
	const size_t n = b->ids.len / sizeof *ids;
	if (n && b->sort == 0) /* the items themselves are by name */
		qsort_r(ids, n, sizeof *ids, by_change, d);
	if (b->reverse)
		reverse(ids, n);
}

const struct list_ops differ_list = {
	.build = build_rows, .row = differ_row, .name = differ_name, .shown = shown_of,
	.lead = lead_of, .style = style_of,
};

const char *const differ_sorts[] = { "change", "name", NULL };

static void set_columns(struct differ *d)
{
	const struct list_column flat[] = {
		{ column_named(diff_columns, "type"), 7, 5 },
		{ column_named(diff_columns, "dims"), 5, 4 },
		{ column_named(diff_columns, "changed"), 7, 3 },
		{ column_named(diff_columns, "max_abs"), 8, 1 },
		{ column_named(diff_columns, "rel_l2"), 8, 0 },
		{ column_named(diff_columns, "note"), 6, 2 },
		{ NULL, 0, 0 },
	};
	const struct list_column tree[] = {
		{ column_named(diff_tree_columns, "tensors"), 7, 4 },
		{ column_named(diff_tree_columns, "differ"), 6, 2 },
		{ column_named(diff_tree_columns, "changed"), 7, 3 },
		{ column_named(diff_tree_columns, "max_abs"), 8, 1 },
		{ column_named(diff_tree_columns, "rel_l2"), 8, 0 },
		{ NULL, 0, 0 },
	};
	d->list.sorts = d->tree ? NULL : differ_sorts;
	list_set(&d->list, d->tree ? tree : flat,
		 d->tree ? d->tree_rows.n : d->diff.n);
	list_rebuild(&d->list);
}

static uint64_t tree_depth(const void *arg, uint32_t row)
{
	const struct differ *d = arg;
	return tree_row(d, row)->depth;
}

const struct column *differ_columns(const struct differ *d)
{
	return d->tree ? diff_tree_columns : diff_columns;
}

bool differ_set_tree(struct differ *d, bool tree, struct ckpt_error *err)
{
	list_stop(&d->list);
	if (tree && !d->tree_rows.n) {
		if (diff_tree(&d->diff, &d->arena, SIZE_MAX, false, &d->tree_rows, err))
			return false;
		d->folded = (struct fold){ (uint32_t)d->tree_rows.n, tree_depth, d,
					   NULL };
		if (!fold_init(&d->folded, &d->arena, 2))
			return arena_error(&d->arena, err) == 0;
	}
	d->tree = tree;
	set_columns(d);
	return true;
}

/* --- the comparison ---------------------------------------------------------------- */

static void pair_names(void *arg, unsigned worker, size_t job)
{
	struct differ *d = arg;
	(void)worker;
	(void)job;
	if (diff_begin(&d->diff, d->a.c, d->b.c, &d->arena, &d->query,
		       d->settings->threads, &d->error) &&
	    !d->error.code)
		error_set(&d->error, CKPT_ENOMEM, NULL, -1, "out of memory");
}

void differ_start(struct differ *d)
{
	d->stage = PAIRING;
	d->stopped = d->tree = false;
	d->counts = (struct diff_counts){ 0 };
	d->error = (struct ckpt_error){ 0 };
	pool_start(&d->pool, 1, 1, pair_names, d);
}

void differ_give_up(struct differ *d)
{
	static const struct list_column none[] = { { NULL, 0, 0 } };
	if (d->stage == PAIRING)
		pool_end(&d->pool);
	d->stage = FAILED;
	list_set(&d->list, none, 0);
	list_rebuild(&d->list);
	diff_drop(&d->diff);
	pointers_drop(&d->tree_rows);
	d->tree_rows = (struct pointers){ 0 };
	arena_drop(&d->arena);
	arena_init(&d->arena, UINT64_MAX);
	d->diff = (struct diff){ 0 };
}


static bool tick_pairing(struct differ *d, struct request *r)
{
	if (!pool_wait(&d->pool, 0))
		return false;
	pool_end(&d->pool);
	d->stage = d->error.code ? FAILED : READING;
	if (d->error.code)
		say_error(r, &d->error);
	else
		set_columns(d);
	d->list.stay_first = true; /* rows come in above it */
	return true;
}

/* Ten times a second is often enough to put the rows in order. */
static bool is_time(struct differ *d)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	const int64_t ms = (now.tv_sec - d->looked.tv_sec) * 1000 +
			   (now.tv_nsec - d->looked.tv_nsec) / 1000000;
	if (ms < 100)
		return false;
	d->looked = now;
	return true;
}

static bool tick_reading(struct differ *d, struct request *r)
{
	if (pool_wait(&d->diff.sweep.pool, 0)) {
		const bool changed = diff_end(&d->diff, &d->error) ||
				     ckpt_unchanged(d->a.c, &d->error) ||
				     ckpt_unchanged(d->b.c, &d->error);
		d->counts = d->diff.counts;
		d->stage = changed ? FAILED : DONE;
		if (changed)
			say_error(r, &d->error);
		list_rebuild(&d->list);
		d->list.stay_first = d->list.building;
		return true;
	}
	if (!is_time(d))
		return false;
	diff_count(&d->diff, &d->counts);
	if (!list_busy(&d->list))
		list_rebuild(&d->list);
	return true;
}

bool differ_tick(struct differ *d, struct request *r)
{
	bool news = list_tick(&d->list, r);
	if (d->stage == PAIRING)
		news |= tick_pairing(d, r);
	else if (d->stage == READING)
		news |= tick_reading(d, r);
	return news;
}
