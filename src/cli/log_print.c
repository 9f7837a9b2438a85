/* log_print.c — a history as a table.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "cli/log_print.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/number.h"
#include "base/text.h"
#include "cli/cmd.h"
#include "cli/log_scalars.h"
#include "report/history_null.h"

/* --- what is shown ----------------------------------------------------------------- */

void log_fill_row(struct logging *l, const struct log_entry *e)
{
	const struct history *h = &l->history;
	arena_rewind(&l->scratch, (struct arena_mark){ 0 });
	if (e->scope)
		history_scope_row_of(h, &l->scratch, e->name, e->from, e->to, &l->row);
	else
		history_row_of(h, &l->scratch, h->items[e->from], &l->row);
}

static int by_drift(const void *x, const void *y)
{
	const struct log_entry *a = x, *b = y;
	if (a->drift != b->drift)
		return a->drift > b->drift ? -1 : 1;
	return (a->from > b->from) - (a->from < b->from);
}

struct log_entry *log_entries(struct logging *l, bool offences, size_t *n)
{
	const struct history *h = &l->history;
	const struct options *o = l->o;
	struct log_entry *all = arena_zeroed(&l->arena, h->n + 1, sizeof *all);
	*n = 0;
	for (size_t i = 0; all && i < h->n;) {
		struct log_entry *e = &all[*n];
		*e = (struct log_entry){ i, i + 1, h->items[i]->name, false, -1 };
		if (o->given[OPT_DEPTH]) {
			e->scope = true;
			e->to = history_scope_end(h, i, (size_t)o->number[OPT_DEPTH],
						  &e->name);
		}
		i = e->to;
		if (!e->scope && (!h->items[e->from]->settled ||
				  (offences && !history_is_offence(h->items[e->from]))))
			continue;
		++*n;
		if (!o->given[OPT_TOP])
			continue;
		log_fill_row(l, e);
		e->drift = l->row.null & NULL_DRIFT ? -1 : l->row.rel_l2_first;
	}
	if (!all || !o->given[OPT_TOP])
		return all;
	qsort(all, *n, sizeof *all, by_drift);
	if (*n > (size_t)o->number[OPT_TOP])
		*n = (size_t)o->number[OPT_TOP];
	return all;
}

/* --- text -------------------------------------------------------------------------- */

static const void *row_at(const struct rows *rows, size_t i)
{
	struct logging *l = ((void **)rows->arg)[0];
	const struct log_entry *entries = ((void **)rows->arg)[1];
	log_fill_row(l, &entries[i]);
	return &l->row;
}

static void print_run(const struct logging *l)
{
	const struct history *h = &l->history;
	const struct history_snapshot *last = &h->snapshots[h->n_snapshots - 1];
	char number[NUMBER_MAX];
	if (l->run.n_given == 1) {
		text_put(stdout, l->run.given[0], strlen(l->run.given[0]));
		fputs(": ", stdout);
	}
	number_grouped(number, h->n_snapshots);
	printf("%s checkpoints, ", number);
	number_i64(number, h->snapshots->step);
	printf(strcmp(last->step_source, "position") ? "steps %s" : "no steps: %s",
	       number);
	number_i64(number, last->step);
	printf(" … %s; %s\n", number,
	       l->query.recorded ? "recorded checksums" : "values read");
}

static void put_count(const char **before, uint64_t n, const char *what)
{
	char number[NUMBER_MAX];
	if (!n)
		return;
	number_grouped(number, n);
	printf("%s%s %s", *before, number, what);
	*before = ", ";
}

static void print_summary(const struct logging *l)
{
	const struct history *h = &l->history;
	const struct history_counts *n = &h->counts;
	const char *before = ": ";
	char number[NUMBER_MAX];
	if (!h->complete)
		fputs("interrupted: this is not all; ", stdout);
	size_t broken = 0;
	for (size_t k = 0; k < h->n_snapshots; k++)
		broken += !h->snapshots[k].c;
	number_grouped(number, h->n);
	printf("%s tensor%s", number, h->n == 1 ? "" : "s");
	put_count(&before, n->frozen, "frozen");
	put_count(&before, n->moving, "moving");
	put_count(&before, n->nan, "with NaN");
	put_count(&before, n->inf, "with Inf");
	put_count(&before, n->added, "added");
	put_count(&before, n->removed, "removed");
	put_count(&before, n->reshaped, "reshaped");
	put_count(&before, n->unknown, "unknown");
	put_count(&before, n->unreadable, "unreadable");
	put_count(&before, n->violations, "against the rules");
	put_count(&before, n->ignored, "ignored");
	put_count(&before, broken, broken == 1 ? "checkpoint not opened"
					       : "checkpoints not opened");
	number_bytes(number, n->bytes);
	if (l->query.recorded)
		puts("; no values read");
	else
		printf("; %s read\n", number);
}

int log_text(struct logging *l, struct ckpt_error *err)
{
	const struct history *h = &l->history;
	const bool check = l->o->given[OPT_CHECK];
	struct chosen chosen;
	size_t n;
	struct log_entry *entries = log_entries(l, check, &n);
	const struct column *columns = history_text_columns(
		h, &l->arena,
		l->o->given[OPT_DEPTH] ? history_scope_columns : history_columns);
	if (!entries || !columns)
		return arena_error(&l->arena, err);
	if (choose_columns(l->o, columns, &chosen, err))
		return -1;
	if (!check)
		entries[n++] = (struct log_entry){ 0, h->n, cell_of("all"), true, -1 };
	void *both[] = { l, entries };
	const struct rows rows = { columns, n, row_at, both };
	print_run(l);
	if (n)
		text_table(stdout, &rows, &chosen);
	if (log_scalars_text(l, err))
		return -1;
	print_summary(l);
	return 0;
}

/* --- standard error ---------------------------------------------------------------- */

void log_announce(const struct logging *l)
{
	enum { MUCH = 100 << 20 };
	char count[NUMBER_MAX], bytes[NUMBER_MAX];
	if (!isatty(STDERR_FILENO) || l->history.sweep.bytes < MUCH)
		return;
	number_grouped(count, l->history.sweep.streams);
	number_bytes(bytes, l->history.sweep.bytes);
	fprintf(stderr, "reads %s checkpoints, %s\n", count, bytes);
}

bool log_error_of(const struct history *h, const struct history_item *item, uint32_t k,
		  struct ckpt_error *e)
{
	const struct ckpt_error *from = item->cells[k].error;
	char name[160];
	if (!item->settled || !item->cells[k].tensor || !from)
		return false;
	text_escape(name, sizeof name, item->name.p, item->name.len);
	*e = (struct ckpt_error){ 0 };
	error_set(e, from->code, *from->file ? from->file : h->snapshots[k].path,
		  from->offset, "'%s': %s", name, from->text);
	return true;
}

/* Of many errors some are enough: most often a file is missing. */
void log_tell_errors(const struct logging *l)
{
	enum { SHOWN = 10 };
	const struct history *h = &l->history;
	size_t n = 0;
	fflush(stdout);
	for (uint32_t k = 0; k < h->n_snapshots; k++) {
		if (!h->snapshots[k].c)
			text_error(&h->snapshots[k].error);
		for (size_t i = 0; i < h->n; i++) {
			struct ckpt_error e;
			if (log_error_of(h, h->items[i], k, &e) && ++n <= SHOWN)
				text_error(&e);
		}
	}
	if (n > SHOWN)
		fprintf(stderr, "ckpt-inspect: %zu more of these\n", n - SHOWN);
	if (l->query.recorded && h->counts.unknown)
		fputs("ckpt-inspect: not all have checksums that can be compared; "
		      "without --quick the values are\n", stderr);
}
