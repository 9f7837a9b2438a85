/* history_list.c — the two lists of the history view: checkpoints, and tensors.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "tui/history_list.h"

#include <math.h>
#include <string.h>

/* --- checkpoints ------------------------------------------------------------------- */

static const struct run_row *checkpoint(const struct past *p, uint32_t id)
{
	return &p->run.rows[id];
}

static const void *checkpoint_row(void *arg, uint32_t id)
{
	return checkpoint(arg, id);
}

static struct cell_text checkpoint_name(void *arg, uint32_t id)
{
	return checkpoint(arg, id)->name;
}

static enum style checkpoint_style(void *arg, uint32_t id)
{
	const struct run_row *row = checkpoint(arg, id);
	return row->error.p || !row->complete || row->unreadable ? STYLE_BAD
								 : STYLE_PLAIN;
}

static enum style checkpoint_cell(void *arg, uint32_t id, const struct column *c,
				  const void *data)
{
	const struct run_row *row = data;
	(void)arg;
	(void)id;
	if (!strcmp(c->name, "nan") && row->nan)
		return STYLE_BAD;
	if (!strcmp(c->name, "verify"))
		return !strcmp(row->verify.p, "ok") ? STYLE_GOOD : STYLE_BAD;
	return STYLE_PLAIN;
}

static bool checkpoint_marks(void *arg, uint32_t id)
{
	return checkpoint(arg, id)->complete;
}

const struct list_ops history_checkpoints = {
	.row = checkpoint_row, .name = checkpoint_name, .style = checkpoint_style,
	.cell_style = checkpoint_cell, .marks = checkpoint_marks,
};

void history_list_checkpoints(struct past *p)
{
	const struct list_column columns[] = {
		{ column_named(run_columns, "step"), 6, 0 },
		{ column_named(run_columns, "time"), 20, 6 },
		{ column_named(run_columns, "tensors"), 7, 7 },
		{ column_named(run_columns, "size_bytes"), 8, 4 },
		{ column_named(run_columns, "changed"), 7, 5 },
		{ column_named(run_columns, "max_abs"), 8, 8 },
		{ column_named(run_columns, "rel_l2"), 8, 3 },
		{ column_named(run_columns, "nan"), 3, 2 },
		{ column_named(run_columns, "verify"), 6, 1 },
		{ NULL, 0, 0 },
	};
	list_set(&p->lists[CHECKPOINTS], columns, p->run.n);
	list_rebuild(&p->lists[CHECKPOINTS]);
	list_go(&p->lists[CHECKPOINTS], SIZE_MAX);
}

/* --- tensors ----------------------------------------------------------------------- */

const struct history_row *history_tensor_row(struct past *p, uint32_t id)
{
	struct history_item *item = p->shown->items[id];
	arena_rewind(&p->scratch, (struct arena_mark){ 0 });
	if (!history_ready(p->shown, item) ||
	    !history_row_of(p->shown, &p->scratch, item, &p->row))
		return NULL;
	return &p->row;
}

static const void *tensor_row(void *arg, uint32_t id)
{
	return history_tensor_row(arg, id);
}

static struct cell_text tensor_name(void *arg, uint32_t id)
{
	return ((const struct past *)arg)->shown->items[id]->name;
}

static enum style tensor_style(void *arg, uint32_t id)
{
	const struct past *p = arg;
	struct history_item *item = p->shown->items[id];
	if (!history_ready(p->shown, item))
		return STYLE_DIM;
	return history_is_offence(item) ? STYLE_BAD
	       : item->frozen		? STYLE_DIM
					: STYLE_PLAIN;
}

/* How far it is from the first, for the order: what is not known comes last. */
static double drift_of(const struct past *p, uint32_t id)
{
	struct history_item *item = p->shown->items[id];
	if (!history_ready(p->shown, item))
		return -3;
	const struct history_cell *last = &item->cells[item->last];
	if (!last->numbers || isnan(last->numbers->rel_l2_first))
		return item->moving ? -1 : -2;
	return last->numbers->rel_l2_first;
}

static int compare_tensors(void *arg, int sort, uint32_t x, uint32_t y)
{
	const double a = drift_of(arg, x), b = drift_of(arg, y);
	return sort && a != b ? a > b ? -1 : 1 : 0;
}

const char *const history_sorts[] = { "name", "drift", NULL };

const struct list_ops history_tensors = {
	.compare = compare_tensors, .row = tensor_row, .name = tensor_name,
	.style = tensor_style,
};

/* The columns of log: a column for each interval where they are few. */
void history_list_tensors(struct past *p)
{
	struct list_column columns[LIST_COLUMNS] = { { NULL, 0, 0 } };
	int n = 0;
	list_stop(&p->lists[TENSORS]);
	p->shown = run_history(&p->run);
	arena_rewind(&p->columns, (struct arena_mark){ 0 });
	const struct column *all = p->shown->n_snapshots
					   ? history_text_columns(p->shown, &p->columns,
								  history_columns)
					   : NULL;
	for (const struct column *c = all; c && c->name && n < LIST_COLUMNS - 1; c++) {
		const bool fixed = column_named(history_columns, c->name) != NULL;
		if ((c->show != SHOW_ALWAYS && c->show != SHOW_TEXT) || c->rare ||
		    !strcmp(c->name, "name"))
			continue;
		const int drop = !fixed				 ? 20 - n
				 : !strcmp(c->name, "trend")	 ? 0
				 : !strcmp(c->name, "state")	 ? 1
								 : 2;
		columns[n++] = (struct list_column){ c, 5, drop };
	}
	list_set(&p->lists[TENSORS], columns, p->shown->n);
	list_rebuild(&p->lists[TENSORS]);
}
