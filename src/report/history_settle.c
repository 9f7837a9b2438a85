/* history_settle.c — a tensor over all snapshots: frozen, moving, NaN since when.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Nothing is said to be frozen that could not be read in a snapshot that has it.
 */
#include "config.h"

#include "report/history.h"
#include "report/pair.h"

/* --- one snapshot ------------------------------------------------------------------ */

static enum history_status status_of(enum compare_class class)
{
	switch (class) {
	case CLASS_IDENTICAL:
	case CLASS_EQUAL:
		return HISTORY_SAME;
	case CLASS_DIFFER:
		return HISTORY_CHANGED;
	case CLASS_INCOMPARABLE:
		return HISTORY_RESHAPED;
	default:
		return HISTORY_UNKNOWN;
	}
}

/* To the previous, which there is. */
static enum compare_class class_of(const struct history *h,
				   const struct history_item *item,
				   const struct history_cell *cell)
{
	static const enum compare_class recorded[] = {
		[RECORDED_SAME] = CLASS_IDENTICAL,
		[RECORDED_DIFFERENT] = CLASS_DIFFER,
		[RECORDED_UNKNOWN] = CLASS_UNKNOWN,
	};
	const struct history_cell *previous = &item->cells[cell->previous];
	if (previous->part != cell->part)
		return CLASS_INCOMPARABLE;
	if (h->query->recorded)
		return recorded[recorded_compare(previous->tensor, cell->tensor)];
	return cell->numbers ? cell->numbers->class : CLASS_UNKNOWN;
}

/* was_there: was it in the last snapshot before that could be opened; begun: was there
 * such a one. */
static void settle_cell(const struct history *h, struct history_item *item, uint32_t k,
			bool was_there, bool begun)
{
	struct history_cell *cell = &item->cells[k];
	cell->class = CLASS_UNKNOWN;
	if (!h->snapshots[k].c) {
		cell->status = HISTORY_UNREADABLE;
		cell->error = &h->snapshots[k].error;
	} else if (!cell->tensor) {
		cell->status = was_there ? HISTORY_REMOVED : HISTORY_ABSENT;
	} else if (cell->error) {
		cell->status = HISTORY_UNREADABLE;
	} else if (cell->previous == HISTORY_NONE) {
		cell->status = !begun	   ? HISTORY_FIRST
			       : was_there ? HISTORY_UNKNOWN
					   : HISTORY_ADDED;
	} else {
		cell->class = class_of(h, item, cell);
		cell->status = was_there ? status_of(cell->class) : HISTORY_ADDED;
	}
}

static void settle_cells(const struct history *h, struct history_item *item)
{
	bool was_there = false, begun = false;
	for (uint32_t k = 0; k < h->n_snapshots; k++) {
		settle_cell(h, item, k, was_there, begun);
		if (!h->snapshots[k].c)
			continue;
		was_there = item->cells[k].tensor != NULL;
		begun = true;
	}
}

/* --- all of them ------------------------------------------------------------------- */

static void note(uint32_t *since, uint32_t k)
{
	if (*since == HISTORY_NONE)
		*since = k;
}

static bool is_move(const struct history_cell *cell)
{
	return cell->tensor && cell->class == CLASS_DIFFER;
}

static bool is_reshape(const struct history_cell *cell)
{
	return cell->tensor && cell->class == CLASS_INCOMPARABLE;
}

static bool is_same(const struct history_cell *cell)
{
	return cell->class == CLASS_IDENTICAL || cell->class == CLASS_EQUAL;
}

/* What is not read says nothing: an error of the tensor itself, or of its comparison. */
static bool is_gap(const struct history_cell *cell)
{
	return cell->tensor && (cell->status == HISTORY_UNREADABLE ||
				cell->status == HISTORY_UNKNOWN ||
				(cell->previous != HISTORY_NONE &&
				 cell->class == CLASS_UNKNOWN));
}

static void settle_firsts(const struct history *h, struct history_item *item)
{
	for (uint32_t k = 0; k < h->n_snapshots; k++) {
		const struct history_cell *cell = &item->cells[k];
		const struct history_numbers *n = cell->numbers;
		if (cell->tensor)
			item->last = k;
		if (n && n->nan)
			note(&item->nan_since, k);
		if (n && n->inf)
			note(&item->inf_since, k);
		if (cell->status == HISTORY_ADDED)
			note(&item->added_at, k);
		if (cell->status == HISTORY_REMOVED)
			note(&item->removed_at, k);
		if (cell->status == HISTORY_RESHAPED)
			note(&item->reshaped_at, k);
		if (cell->tensor && cell->status == HISTORY_UNREADABLE)
			note(&item->unreadable_at, k);
		else if (is_gap(cell))
			note(&item->unknown_at, k);
	}
}

/* Frozen since the last move, if two intervals at least have followed. */
static void settle_moves(const struct history *h, struct history_item *item)
{
	uint32_t last = HISTORY_NONE;
	size_t compared = 0, after = 0;
	bool broken = false;
	for (uint32_t k = 0; k < h->n_snapshots; k++) {
		const struct history_cell *cell = &item->cells[k];
		item->moving |= is_move(cell);
		broken |= is_gap(cell) || is_reshape(cell);
		compared += is_same(cell);
		if (is_same(cell))
			after++;
		else if (cell->tensor || h->snapshots[k].c)
			after = 0;
		if (is_move(cell) || is_reshape(cell))
			last = k;
		else if (is_gap(cell))
			last = HISTORY_NONE;
	}
	item->frozen = compared && !broken && !item->moving;
	if (after > 1 && !item->frozen)
		item->frozen_since = last;
}

/* --- the rules --------------------------------------------------------------------- */

/* Rules look at the values themselves, whatever the tolerance. */
static bool breaks_freeze(const struct history_cell *cell)
{
	switch (cell->status) {
	case HISTORY_FIRST:
	case HISTORY_ABSENT:
	case HISTORY_UNREADABLE:
	case HISTORY_UNKNOWN:
		return false;
	case HISTORY_SAME:
		return cell->numbers && !cell->numbers->still;
	default:
		return true;
	}
}

static void apply_rule(const struct history *h, struct history_item *item)
{
	const struct expected *e = item->expected;
	uint32_t broken = HISTORY_NONE;
	bool moved = false; /* its values, that is: to come and to go is no change */
	for (uint32_t k = 0; k < h->n_snapshots; k++) {
		const struct history_cell *cell = &item->cells[k];
		if (!breaks_freeze(cell))
			continue;
		note(&broken, k);
		moved |= cell->status != HISTORY_ADDED && cell->status != HISTORY_REMOVED;
	}
	if (!e)
		return;
	if (e->change == EXPECT_FROZEN && broken != HISTORY_NONE) {
		item->violation = "changed, but the rules freeze it";
		item->violation_at = broken;
	} else if (e->change == EXPECT_CHANGE && item->frozen && !moved) {
		item->violation = "never changed, but the rules want it to";
	}
}

void history_settle(const struct history *h, struct history_item *item)
{
	item->frozen_since = item->nan_since = item->inf_since = HISTORY_NONE;
	item->added_at = item->removed_at = item->reshaped_at = HISTORY_NONE;
	item->unreadable_at = item->unknown_at = item->violation_at = HISTORY_NONE;
	settle_cells(h, item);
	settle_firsts(h, item);
	settle_moves(h, item);
	apply_rule(h, item);
	item->settled = true;
}
