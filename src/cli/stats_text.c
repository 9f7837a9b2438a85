/* stats_text.c — what stats prints for people: a table, histograms, what --check found.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "cli/stats_text.h"

#include <stdio.h>
#include <string.h>

#include "base/number.h"

/* --- lines that add up ------------------------------------------------------------- */

static void put_count(const char *before, uint64_t n, const char *what)
{
	char number[NUMBER_MAX];
	number_grouped(number, n);
	printf("%s%s %s%s", before, number, what, n == 1 ? "" : "s");
}

/* "8 NaN, no Inf" */
static void put_not_finite(uint64_t nan, uint64_t inf)
{
	char number[NUMBER_MAX];
	number_grouped(number, nan);
	printf("%s NaN, ", nan ? number : "no");
	number_grouped(number, inf);
	printf("%s Inf", inf ? number : "no");
}

static void put_rest(const struct stats_counts *n)
{
	char number[NUMBER_MAX];
	const uint64_t others = n->tensors - n->numbers - n->unreadable;
	if (others) {
		number_grouped(number, others);
		printf("; %s not numbers", number);
	}
	if (n->unreadable) {
		number_grouped(number, n->unreadable);
		printf("; %s unreadable", number);
	}
}

void stats_totals(const struct stats_counts *n, uint64_t of, bool complete)
{
	char number[NUMBER_MAX];
	if (!complete)
		fputs("interrupted: this is not all; ", stdout);
	put_count("", n->tensors, "tensor");
	if (n->tensors != of) {
		number_grouped(number, of);
		printf(" of %s", number);
	}
	put_count(", ", n->elements, "element");
	fputs(": ", stdout);
	put_not_finite(n->nan, n->inf);
	number_bytes(number, n->bytes);
	printf(", %s read", number);
	put_rest(n);
	putchar('\n');
}

void stats_verdict(const struct stats_counts *n, uint64_t checkpoints, bool complete)
{
	char number[NUMBER_MAX];
	if (!complete)
		fputs("interrupted: this is not all; ", stdout);
	put_not_finite(n->nan, n->inf);
	fputs(" in ", stdout);
	if (n->not_finite) {
		number_grouped(number, n->not_finite);
		printf("%s of ", number);
	}
	put_count("", n->numbers, "tensor");
	if (checkpoints > 1)
		put_count(" of ", checkpoints, "checkpoint");
	put_rest(n);
	putchar('\n');
}

/* --- the table --------------------------------------------------------------------- */

struct table {
	const struct stats *stats;
	struct arena *scratch;
	struct stats_row row;
};

static const void *row_at(const struct rows *rows, size_t i)
{
	struct table *t = rows->arg;
	arena_rewind(t->scratch, (struct arena_mark){ 0 });
	stats_row_of(t->stats, t->scratch, t->stats->ready[i], &t->row);
	return &t->row;
}

void stats_table(const struct stats *st, const struct chosen *columns,
		 struct arena *scratch)
{
	struct table table = { .stats = st, .scratch = scratch };
	const struct rows rows = { stats_columns, st->n_ready, row_at, &table };
	text_table(stdout, &rows, columns);
}

/* --- what --check found ------------------------------------------------------------ */

static void put_finding(const char *before, uint64_t n, const char *what,
			struct cell_ints first, struct arena *scratch)
{
	char number[NUMBER_MAX];
	if (!n)
		return;
	number_grouped(number, n);
	printf("%s%s %s, first at %s", before, number, what,
	       cell_ints_text(scratch, first));
}

void stats_findings(const struct stats *st, const char *path, struct arena *scratch)
{
	struct stats_row row;
	for (size_t i = 0; i < st->n_ready; i++) {
		const struct stats_found *f = st->ready[i]->found;
		if (!f || f->moments.finite == f->moments.elements)
			continue;
		arena_rewind(scratch, (struct arena_mark){ 0 });
		stats_row_of(st, scratch, st->ready[i], &row);
		if (path) {
			text_put(stdout, path, strlen(path));
			fputs(": ", stdout);
		}
		text_put(stdout, row.name.p, row.name.len);
		put_finding(": ", row.nan, "NaN", row.first_nan, scratch);
		put_finding(row.nan ? "; " : ": ", row.inf, "Inf", row.first_inf,
			    scratch);
		putchar('\n');
	}
}

/* --- histograms -------------------------------------------------------------------- */

struct bar_row {
	uint64_t null;
	double low, high;
	struct cell_text from, to, bar;
	uint64_t count;
};

#define FIELD(field) .offset = offsetof(struct bar_row, field)

static const struct column bar_columns[] = {
	{ .name = "from", .type = COL_REAL, FIELD(low) },
	{ .name = "below", .type = COL_REAL, FIELD(high) },
	{ .name = "count", .type = COL_COUNT, FIELD(count) },
	{ .name = "linear", .type = COL_TEXT, FIELD(bar) },
	{ .name = NULL },
};

static const struct column log2_columns[] = {
	{ .name = "from", .title = "|X| FROM", .type = COL_TEXT, FIELD(from) },
	{ .name = "below", .type = COL_TEXT, FIELD(to) },
	{ .name = "count", .type = COL_COUNT, FIELD(count) },
	{ .name = "powers_of_two", .type = COL_TEXT, FIELD(bar) },
	{ .name = NULL },
};

static const void *bar_at(const struct rows *rows, size_t i)
{
	return (const struct bar_row *)rows->arg + i;
}

/* "██▌": count of most, no more than WIDEST columns; something for each that is not 0. */
static struct cell_text bar_text(struct arena *a, uint64_t count, uint64_t most)
{
	static const char *const eighths[] = { "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█" };
	enum { WIDEST = 40, PARTS = 8 };
	const double share = most ? (double)count / (double)most : 0;
	int parts = (int)(share * WIDEST * PARTS);
	parts = count && !parts ? 1 : parts;
	if (!count)
		return cell_of("·");
	char *text = arena_zeroed(a, 4 * (WIDEST + 1), 1), *end = text;
	for (; text && parts > 0; parts -= PARTS) {
		const char *c = eighths[parts < PARTS ? parts - 1 : PARTS - 1];
		memcpy(end, c, strlen(c));
		end += strlen(c);
	}
	return cell_of(text);
}

static struct cell_text power_text(struct arena *a, int64_t exponent)
{
	char number[NUMBER_MAX];
	number_i64(number, exponent);
	return cell_of(arena_printf(a, "2^%s", number));
}

static void put_bars(struct arena *a, const struct column *columns,
		     const struct bar *bars, size_t n, uint64_t zeros)
{
	struct bar_row all[BARS_MOST + 1] = { { 0 } };
	struct chosen chosen;
	uint64_t most = zeros;
	size_t n_rows = 0;
	for (size_t i = 0; i < n; i++)
		most = bars[i].count > most ? bars[i].count : most;
	if (zeros)
		all[n_rows++] = (struct bar_row){ .from = cell_of("0"),
						  .to = cell_of(""),
						  .bar = bar_text(a, zeros, most),
						  .count = zeros };
	for (size_t i = 0; i < n; i++)
		all[n_rows++] = (struct bar_row){ .low = bars[i].low,
						  .high = bars[i].high,
						  .from = power_text(a, bars[i].from),
						  .to = power_text(a, bars[i].to),
						  .bar = bar_text(a, bars[i].count, most),
						  .count = bars[i].count };
	const struct rows rows = { columns, n_rows, bar_at, all };
	text_choose(&chosen, columns, false);
	text_table(stdout, &rows, &chosen);
}

static void put_histogram(const struct stats *st, const struct stats_item *item,
			  struct arena *a)
{
	struct bar bars[BARS_MOST];
	struct stats_row row;
	stats_row_of(st, a, item, &row);
	text_put(stdout, row.name.p, row.name.len);
	printf("  %s %s", row.dtype.p, cell_ints_text(a, row.shape));
	if (row.note.p) {
		fputs("  ", stdout);
		text_put(stdout, row.note.p, row.note.len);
	}
	const struct moments *m = item->found ? &item->found->moments : NULL;
	if (m && m->finite && m->min == m->max) { /* nothing is distributed */
		char text[2 * NUMBER_MAX];
		column_text(column_named(stats_columns, "min"), &row, text, sizeof text);
		printf("  %s", text);
	}
	putchar('\n');
	if (!m || !m->finite || m->min == m->max)
		return;
	put_bars(a, bar_columns, bars, stats_bars(item->found, bars), 0);
	put_bars(a, log2_columns, bars, stats_bars_log2(item->found, bars), row.zeros);
}

void stats_histograms(const struct stats *st, struct arena *scratch)
{
	for (size_t i = 0; i < st->n_ready; i++) {
		arena_rewind(scratch, (struct arena_mark){ 0 });
		if (i)
			putchar('\n');
		put_histogram(st, st->ready[i], scratch);
	}
}
