/* history_sum.c — tensors added up in each snapshot: scopes, and all of them.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Norms are those of the elements of all real tensors together: counters and steps would
 * outweigh all weights. Where one of them could not be read there is no norm.
 */
#include "config.h"

#include <math.h>
#include <string.h>

#include "base/number.h"
#include "report/history_mark.h"
#include "report/history_null.h"
#include "report/history_row.h"

/* Norms of one snapshot. */
struct norms {
	bool previous, first;
	bool lost, first_lost; /* something could not be compared */
	struct wide delta2, a2, delta2_first, a2_first;
};

static void add_numbers(struct norms *to, struct history_sum_row *row,
			const struct history_numbers *n)
{
	row->nan += n->nan;
	row->inf += n->inf;
	if (!n->real)
		return;
	if (n->previous && n->max_abs.dtype)
		row->max_abs = fmax(row->max_abs, dtype_real(n->max_abs.dtype,
							     n->max_abs.bytes));
	if (n->previous) {
		to->delta2 = wide_add(to->delta2, n->delta2);
		to->a2 = wide_add(to->a2, n->a2);
	}
	if (n->first) {
		to->delta2_first = wide_add(to->delta2_first, n->delta2_first);
		to->a2_first = wide_add(to->a2_first, n->a2_first);
	}
	to->previous |= n->previous;
	to->first |= n->first;
	to->first_lost |= n->first_lost;
}

static void add_cell(struct norms *to, struct history_sum_row *row,
		     const struct history_cell *cell)
{
	const enum history_status s = cell->status;
	row->tensors += cell->tensor != NULL;
	row->same += s == HISTORY_SAME;
	row->changed += s == HISTORY_CHANGED;
	row->added += s == HISTORY_ADDED;
	row->removed += s == HISTORY_REMOVED;
	row->reshaped += s == HISTORY_RESHAPED;
	row->unreadable += s == HISTORY_UNREADABLE && cell->tensor;
	row->unknown += s == HISTORY_UNKNOWN;
	to->first_lost |= cell->tensor && s == HISTORY_UNREADABLE;
	to->lost |= cell->tensor && (s == HISTORY_UNREADABLE || s == HISTORY_UNKNOWN);
	if (cell->numbers)
		add_numbers(to, row, cell->numbers);
}

static double relative(struct wide delta2, struct wide a2)
{
	const double square = wide_ratio(delta2, a2);
	return isnan(square) ? square : sqrt(square);
}

static void fill_norms(struct history_sum_row *row, const struct norms *n)
{
	row->l2_delta = wide_root(n->delta2);
	row->rel_l2 = relative(n->delta2, n->a2);
	row->rel_l2_first = relative(n->delta2_first, n->a2_first);
	row->null |= n->previous && !n->lost ? 0 : NULL_L2 | NULL_REL;
	row->null |= isnan(row->rel_l2) ? NULL_REL : 0;
	row->null |= !n->first || n->first_lost || isnan(row->rel_l2_first) ? NULL_DRIFT
									      : 0;
}

static struct history_sum_row *sums_of(const struct history *h, struct arena *a,
				       size_t from, size_t to)
{
	struct history_sum_row *rows = arena_zeroed(a, h->n_snapshots, sizeof *rows);
	for (uint32_t k = 0; rows && k < h->n_snapshots; k++) {
		struct norms norms = { .previous = false };
		struct history_sum_row *row = &rows[k];
		*row = (struct history_sum_row){
			.null = h->query->recorded || !h->snapshots[k].c ? NULL_NAN : 0,
			.path = cell_of(h->snapshots[k].path),
			.step_source = cell_of(h->snapshots[k].step_source),
			.snapshot = k,
			.step = h->snapshots[k].step,
		};
		for (size_t i = from; i < to; i++)
			if (h->items[i]->settled)
				add_cell(&norms, row, &h->items[i]->cells[k]);
		fill_norms(row, &norms);
	}
	return rows;
}

struct history_sum_row *history_totals(const struct history *h, struct arena *a)
{
	return sums_of(h, a, 0, h->n);
}

/* --- scopes ------------------------------------------------------------------------ */

static struct mark mark_of(const struct history *h, const struct history_sum_row *row)
{
	const uint64_t unclear = row->unknown + row->unreadable;
	const uint64_t moved = row->changed + row->added + row->removed + row->reshaped;
	if (row->nan)
		return (struct mark){ MARK_NAN, 0 };
	if (row->inf)
		return (struct mark){ MARK_INF, 0 };
	if (unclear || !h->snapshots[row->snapshot].c)
		return (struct mark){ MARK_UNKNOWN, 0 };
	if (moved)
		return mark_change(row->null & NULL_REL ? NAN : row->rel_l2);
	return (struct mark){ row->tensors ? MARK_SAME : MARK_ABSENT, 0 };
}

static bool fill_trend(const struct history *h, struct arena *a, struct history_row *row)
{
	const struct history_sum_row *sums = row->steps.p;
	struct mark *marks = arena_zeroed(a, h->n_snapshots, sizeof *marks);
	if (!marks)
		return false;
	for (size_t k = 0; k < h->n_snapshots; k++)
		marks[k] = mark_of(h, &sums[k]);
	row->trend = mark_trend(a, marks + 1, h->n_snapshots - 1);
	for (size_t k = 0; k < HISTORY_SHOWN && k + 1 < h->n_snapshots; k++)
		row->shown[k] = mark_text(a, marks[k + 1]);
	return true;
}

/* "3 of 8 frozen, NaN since 1000". */
static const char *state_of(struct arena *a, const struct history_row *row, bool moving)
{
	char frozen[NUMBER_MAX], all[NUMBER_MAX], step[NUMBER_MAX];
	const char *s = row->frozen ? "frozen" : moving ? "moving" : "unknown";
	number_grouped(frozen, row->frozen_tensors);
	number_grouped(all, row->tensors);
	if (row->frozen_tensors && !row->frozen)
		s = arena_printf(a, "%s of %s frozen", frozen, all);
	number_i64(step, row->nan_since);
	if (s && !(row->null & NULL_NAN_SINCE))
		s = arena_printf(a, "%s, NaN since %s", s, step);
	number_i64(step, row->inf_since);
	if (s && !(row->null & NULL_INF_SINCE))
		s = arena_printf(a, "%s, Inf since %s", s, step);
	return s;
}

bool history_scope_row_of(const struct history *h, struct arena *a, struct cell_text name,
			  size_t from, size_t to, struct history_row *row)
{
	struct history_sum_row *sums = sums_of(h, a, from, to);
	uint32_t last = 0;
	if (!sums)
		return false;
	*row = (struct history_row){
		.null = NULL_NAN_SINCE | NULL_INF_SINCE | NULL_SHAPE | NULL_FROZEN_SINCE |
			NULL_ADDED | NULL_REMOVED | NULL_RESHAPED,
		.name = name,
		.evidence = cell_of(h->query->recorded ? "recorded" : "read"),
		.steps = { sums, h->n_snapshots },
	};
	for (uint32_t k = h->n_snapshots; k-- > 0;) {
		if (sums[k].nan) {
			row->nan_since = sums[k].step;
			row->null &= ~(uint64_t)NULL_NAN_SINCE;
		}
		if (sums[k].inf) {
			row->inf_since = sums[k].step;
			row->null &= ~(uint64_t)NULL_INF_SINCE;
		}
		last = sums[k].tensors && k > last ? k : last;
	}
	bool moving = false;
	for (size_t i = from; i < to; i++) {
		const struct history_item *item = h->items[i];
		row->tensors += item->settled;
		row->frozen_tensors += item->settled && item->frozen;
		moving |= item->settled &&
			  (item->moving || item->added_at != HISTORY_NONE ||
			   item->removed_at != HISTORY_NONE ||
			   item->reshaped_at != HISTORY_NONE);
	}
	row->frozen = row->tensors && row->frozen_tensors == row->tensors;
	row->rel_l2_first = sums[last].rel_l2_first;
	row->null |= sums[last].null & NULL_DRIFT;
	row->state = cell_of(state_of(a, row, moving));
	return fill_trend(h, a, row);
}

/* The length of the first n parts of a name. */
static size_t parts_length(struct cell_text name, size_t n)
{
	const char *p = name.p, *end = name.p + name.len;
	while (n--) {
		const char *slash = memchr(p, '/', (size_t)(end - p));
		if (!slash)
			return name.len;
		p = slash + 1;
	}
	return (size_t)(p - 1 - name.p);
}

size_t history_scope_end(const struct history *h, size_t from, size_t depth,
			 struct cell_text *name)
{
	const struct cell_text whole = h->items[from]->name;
	size_t i = from;
	*name = (struct cell_text){ whole.p, parts_length(whole, depth) };
	for (; i < h->n; i++) {
		const struct cell_text other = h->items[i]->name;
		if (parts_length(other, depth) != name->len ||
		    memcmp(other.p, name->p, name->len))
			break;
	}
	return i;
}
