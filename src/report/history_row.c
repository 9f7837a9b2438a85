/* history_row.c — the history of a tensor as a row, and in each snapshot.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "report/history_row.h"

#include <math.h>

#include "base/number.h"
#include "report/history_mark.h"
#include "report/history_null.h"
#include "report/list.h"

static const char *const status_names[N_HISTORY_STATUS] = {
	[HISTORY_FIRST] = "first",     [HISTORY_SAME] = "same",
	[HISTORY_CHANGED] = "changed", [HISTORY_ADDED] = "added",
	[HISTORY_REMOVED] = "removed", [HISTORY_ABSENT] = "absent",
	[HISTORY_RESHAPED] = "reshaped", [HISTORY_UNREADABLE] = "unreadable",
	[HISTORY_UNKNOWN] = "unknown",
};

/* --- in one snapshot --------------------------------------------------------------- */

static double drift_of(const struct history_cell *cell)
{
	return cell->numbers && cell->numbers->numbers ? cell->numbers->rel_l2 : NAN;
}

static struct mark mark_of(const struct history_cell *cell)
{
	static const enum mark_kind kinds[N_HISTORY_STATUS] = {
		[HISTORY_FIRST] = MARK_UNKNOWN,	   [HISTORY_SAME] = MARK_SAME,
		[HISTORY_CHANGED] = MARK_CHANGED,  [HISTORY_ADDED] = MARK_ADDED,
		[HISTORY_REMOVED] = MARK_ABSENT,   [HISTORY_ABSENT] = MARK_ABSENT,
		[HISTORY_RESHAPED] = MARK_RESHAPED, [HISTORY_UNREADABLE] = MARK_UNKNOWN,
		[HISTORY_UNKNOWN] = MARK_UNKNOWN,
	};
	if (cell->numbers && cell->numbers->nan)
		return (struct mark){ MARK_NAN, 0 };
	if (cell->numbers && cell->numbers->inf)
		return (struct mark){ MARK_INF, 0 };
	if (cell->status == HISTORY_CHANGED)
		return mark_change(drift_of(cell));
	return (struct mark){ kinds[cell->status], 0 };
}

static uint64_t null_of(const struct history_numbers *n)
{
	if (!n)
		return NULL_PREVIOUS | NULL_L2 | NULL_REL | NULL_DRIFT | NULL_COSINE |
		       NULL_NAN;
	const uint64_t numbers = n->numbers ? 0 : NULL_L2 | NULL_REL | NULL_DRIFT |
							  NULL_COSINE | NULL_NAN;
	return numbers | (n->previous ? 0 : NULL_PREVIOUS) |
	       (isnan(n->l2_delta) ? NULL_L2 : 0) | (isnan(n->rel_l2) ? NULL_REL : 0) |
	       (isnan(n->cosine) ? NULL_COSINE : 0) |
	       (isnan(n->rel_l2_first) ? NULL_DRIFT : 0);
}

static void fill_step(const struct history *h, const struct history_item *item,
		      uint32_t k, struct history_step_row *row)
{
	const struct history_cell *cell = &item->cells[k];
	const struct history_numbers *n = cell->numbers;
	*row = (struct history_step_row){
		.null = null_of(n),
		.status = cell_of(status_names[cell->status]),
		.error = cell_of(cell->error ? cell->error->text : NULL),
		.snapshot = k,
		.step = h->snapshots[k].step,
	};
	if (cell->tensor && !cell->error && cell->previous != HISTORY_NONE)
		row->class = cell_of(compare_class_names[cell->class]);
	if (!n)
		return;
	row->changed = n->changed;
	row->nan = n->nan;
	row->inf = n->inf;
	row->l2_delta = n->l2_delta;
	row->rel_l2 = n->rel_l2;
	row->rel_l2_first = n->rel_l2_first;
	row->cosine = n->cosine;
	if (n->numbers && n->previous) {
		row->max_abs = n->max_abs;
		row->max_abs.digits = REAL_DIGITS;
	}
}

/* --- in all of them ---------------------------------------------------------------- */

/* "moving", "NaN since 1000": "moving, NaN since 1000". NULL without memory. */
static const char *add_since(const struct history *h, struct arena *a, const char *so_far,
			     const char *word, uint32_t k)
{
	char step[NUMBER_MAX];
	if (!so_far || k == HISTORY_NONE)
		return so_far;
	number_i64(step, h->snapshots[k].step);
	return arena_printf(a, "%s%s%s %s", so_far, *so_far ? ", " : "", word, step);
}

/* "moving, NaN since 1000". */
static const char *state_of(const struct history *h, struct arena *a,
			    const struct history_item *item)
{
	const bool still = item->frozen_since != HISTORY_NONE;
	const char *s = item->frozen ? "frozen" : item->moving && !still ? "moving" : "";
	s = add_since(h, a, s, "frozen since", item->frozen_since);
	s = add_since(h, a, s, "NaN since", item->nan_since);
	s = add_since(h, a, s, "Inf since", item->inf_since);
	s = add_since(h, a, s, "added at", item->added_at);
	s = add_since(h, a, s, "removed at", item->removed_at);
	s = add_since(h, a, s, "reshaped at", item->reshaped_at);
	s = add_since(h, a, s, "unreadable at", item->unreadable_at);
	s = add_since(h, a, s, "unknown at", item->unknown_at);
	return s && *s ? s : NULL;
}

static const char *violation_of(const struct history *h, struct arena *a,
				const struct history_item *item)
{
	char step[NUMBER_MAX];
	if (!item->violation || item->violation_at == HISTORY_NONE)
		return item->violation;
	number_i64(step, h->snapshots[item->violation_at].step);
	return arena_printf(a, "at %s: %s", step, item->violation);
}

static int64_t step_at(const struct history *h, uint32_t k, uint64_t bit, uint64_t *null)
{
	*null |= k == HISTORY_NONE ? bit : 0;
	return k == HISTORY_NONE ? 0 : h->snapshots[k].step;
}

static void fill_since(const struct history *h, const struct history_item *item,
		       struct history_row *row)
{
	uint64_t *null = &row->null;
	row->frozen_since = step_at(h, item->frozen_since, NULL_FROZEN_SINCE, null);
	row->nan_since = step_at(h, item->nan_since, NULL_NAN_SINCE, null);
	row->inf_since = step_at(h, item->inf_since, NULL_INF_SINCE, null);
	row->added_at = step_at(h, item->added_at, NULL_ADDED, null);
	row->removed_at = step_at(h, item->removed_at, NULL_REMOVED, null);
	row->reshaped_at = step_at(h, item->reshaped_at, NULL_RESHAPED, null);
}

static bool fill_steps(const struct history *h, struct arena *a,
		       const struct history_item *item, struct history_row *row)
{
	struct history_step_row *steps = arena_zeroed(a, h->n_snapshots, sizeof *steps);
	struct mark *marks = arena_zeroed(a, h->n_snapshots, sizeof *marks);
	if (!steps || !marks)
		return false;
	for (uint32_t k = 0; k < h->n_snapshots; k++) {
		fill_step(h, item, k, &steps[k]);
		marks[k] = mark_of(&item->cells[k]);
	}
	row->steps = (struct cell_rows){ steps, h->n_snapshots };
	row->trend = mark_trend(a, marks + 1, h->n_snapshots - 1);
	for (size_t k = 0; k < HISTORY_SHOWN && k + 1 < h->n_snapshots; k++)
		row->shown[k] = mark_text(a, marks[k + 1]);
	return true;
}

bool history_row_of(const struct history *h, struct arena *a,
		    const struct history_item *item, struct history_row *row)
{
	const struct history_cell *last = &item->cells[item->last];
	const struct ckpt_tensor *t = last->tensor;
	*row = (struct history_row){
		.name = item->name,
		.dtype = cell_of(dtype_text(a, t->dtype)),
		.evidence = cell_of(h->query->recorded ? "recorded" : "read"),
		.frozen = item->frozen,
		.rule = cell_of(item->expected ? item->expected->pattern : NULL),
	};
	if (t->problem) {
		row->null |= NULL_SHAPE;
	} else {
		row->shape = (struct cell_ints){ t->dims, (size_t)t->rank };
		row->elements = t->elements;
	}
	row->null |= null_of(last->numbers) & NULL_DRIFT;
	row->rel_l2_first = last->numbers ? last->numbers->rel_l2_first : NAN;
	fill_since(h, item, row);
	row->state = cell_of(state_of(h, a, item));
	row->violation = cell_of(violation_of(h, a, item));
	return fill_steps(h, a, item, row);
}
