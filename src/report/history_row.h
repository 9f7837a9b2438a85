/* history_row.h — the history of a tensor, or of a scope, as rows.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef REPORT_HISTORY_ROW_H
#define REPORT_HISTORY_ROW_H

#include "report/history.h"

/* Intervals that have a column of their own in text; of more there is the trend alone. */
enum { HISTORY_SHOWN = 8 };

/* A tensor, or what a scope's tensors are together, over all snapshots. */
struct history_row {
	uint64_t null;
	struct cell_text name, dtype, evidence, trend, state, rule, violation;
	struct cell_ints shape;
	uint64_t elements, tensors, frozen_tensors;
	bool frozen;
	int64_t frozen_since, nan_since, inf_since, added_at, removed_at, reshaped_at;
	double rel_l2_first;
	struct cell_text shown[HISTORY_SHOWN]; /* of each interval */
	/* One a snapshot: struct history_step_row, or of a scope history_sum_row. They
	 * are no column. */
	struct cell_rows steps;
};

/* A tensor in a snapshot. */
struct history_step_row {
	uint64_t null;
	struct cell_text status, class, error;
	uint64_t snapshot, changed, nan, inf;
	int64_t step;
	struct cell_element max_abs;
	double l2_delta, rel_l2, rel_l2_first, cosine;
};

/* Tensors in a snapshot, added up. */
struct history_sum_row {
	uint64_t null;
	struct cell_text path, step_source;
	uint64_t snapshot, tensors, same, changed, added, removed, reshaped, unreadable;
	uint64_t unknown, nan, inf;
	int64_t step;
	double max_abs, l2_delta, rel_l2, rel_l2_first;
};

/* Of tensors, and of scopes; of their steps; of the snapshots as a whole. */
extern const struct column history_columns[], history_scope_columns[];
extern const struct column history_step_columns[], history_scope_step_columns[],
	history_total_columns[];

/* The columns of a table in text: those, and one for each interval, if they are few. NULL
 * without memory. */
const struct column *history_text_columns(const struct history *h, struct arena *a,
					  const struct column *columns);
/* What rows point to is the arena's or the history's. False: no memory. */
bool history_row_of(const struct history *h, struct arena *a,
		    const struct history_item *item, struct history_row *row);
/* Of items from … to-1 together; name: what they are called. */
bool history_scope_row_of(const struct history *h, struct arena *a, struct cell_text name,
			  size_t from, size_t to, struct history_row *row);
/* All items in each snapshot: n_snapshots rows; NULL without memory. */
struct history_sum_row *history_totals(const struct history *h, struct arena *a);
/* The end of the items that begin with the same n parts of their name as item from does,
 * and those parts. */
size_t history_scope_end(const struct history *h, size_t from, size_t depth,
			 struct cell_text *name);

#endif
