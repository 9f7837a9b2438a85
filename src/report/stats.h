/* stats.h — the numbers in each tensor of a checkpoint: extremes, mean, histogram, NaN.
 * SPDX-License-Identifier: Apache-2.0
 *
 * All tensors are read once, in one sweep. What is found of a tensor is kept in little
 * space; a row is made of it when it is shown.
 */
#ifndef REPORT_STATS_H
#define REPORT_STATS_H

#include "report/column.h"
#include "report/dead.h"
#include "report/moments.h"
#include "report/sweep.h"

/* What costs time of its own, and is left out unless somebody asks for it. */
enum stats_extra {
	STATS_DEAD = 1,      /* rows and columns */
	STATS_DISTINCT = 2,
	STATS_HISTOGRAM = 4,
	STATS_ALL = 7,
};

/* A bin with something in it: its number, or its exponent. */
struct stats_bin {
	int64_t at;
	uint64_t count;
};

struct stats_bins {
	const struct stats_bin *all; /* in order; none without STATS_HISTOGRAM */
	size_t n;
};

#define STATS_UNKNOWN UINT64_MAX

struct stats_found {
	struct moments moments;
	bool constant;
	uint64_t dead_rows, dead_columns, distinct; /* or STATS_UNKNOWN */
	struct stats_bins linear, log2; /* histogram.h */
	int width_exponent;
};

struct stats_item {
	const struct ckpt_tensor *tensor;
	const struct stats_found *found; /* NULL: it holds no numbers, or an error */
	const struct ckpt_error *error;
	struct sweep_item *sweep;        /* NULL: its values are not read */
	/* The report's own. */
	struct buffer gathering;
	bool no_memory;
};

struct stats_counts {
	uint64_t tensors, numbers; /* of them, those that hold numbers and were read */
	uint64_t elements, nan, inf, bytes; /* of those */
	uint64_t not_finite;       /* tensors with NaN or infinities */
	uint64_t unreadable;
};

struct stats {
	struct ckpt *c;
	struct arena *arena;
	unsigned extras;
	struct stats_item *items; /* in the order of the tensors */
	size_t n;
	/* After stats_end(). */
	struct stats_counts counts;
	const struct stats_item **ready;
	size_t n_ready;
	bool complete;
	struct sweep sweep;
	bool sweeping;
	pthread_mutex_t lock;     /* of what the ranges of a tensor share */
};

/* Starts to read the tensors. extras: bits of enum stats_extra. */
int stats_begin(struct stats *st, struct ckpt *c, struct arena *arena,
		const struct ckpt_tensor *const *tensors, size_t n, unsigned extras,
		unsigned threads, struct ckpt_error *err);
bool stats_ready(const struct stats_item *item);
/* Waits for what is begun, and counts. EIO if a file has changed meanwhile. */
int stats_end(struct stats *st, struct ckpt_error *err);
void stats_drop(struct stats *st); /* zeroed is fine */

/* --- rows -------------------------------------------------------------------------- */

struct bin_row {
	uint64_t null;
	double low, high;
	int64_t exponent;
	uint64_t count;
};

struct stats_row {
	uint64_t null;
	struct cell_text path, name, dtype, bars, note, error;
	struct cell_ints shape, min_index, max_index, first_nan, first_inf;
	struct cell_element min, max;
	double mean, std, l2;
	uint64_t elements, zeros, nan, inf, inf_positive, inf_negative;
	uint64_t distinct, dead_rows, dead_columns;
	bool constant;
	struct cell_rows histogram, histogram_log2; /* struct bin_row */
};

extern const struct column stats_columns[];

/* The extras that a column needs. */
unsigned stats_extras_of(const struct column *c);
/* What the row points to lives in the arena, in the checkpoint and in the report. */
bool stats_row_of(const struct stats *st, struct arena *a, const struct stats_item *item,
		  struct stats_row *row);

/* --- bars -------------------------------------------------------------------------- */

/* Bins put together so that they fit a line, or a few of them. */
enum { BARS_MOST = 16 };

struct bar {
	int64_t from, to; /* the bins, or exponents, from <= k < to */
	double low, high; /* of linear ones */
	uint64_t count;
};

/* How many bars, most >= 2 of them at most; they touch each other. */
size_t stats_bars_up_to(const struct stats_found *f, bool log2, size_t most,
			struct bar *bars);
size_t stats_bars(const struct stats_found *f, struct bar bars[BARS_MOST]);
size_t stats_bars_log2(const struct stats_found *f, struct bar bars[BARS_MOST]);
/* "▁▃█" in the arena; NULL for less than two elements. */
const char *stats_sparkline(struct arena *a, const struct stats_found *f);

#endif
