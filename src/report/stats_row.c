/* stats_row.c — what is known of a tensor's numbers, as a row.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <math.h>
#include <string.h>

#include "base/number.h"
#include "report/list.h"
#include "report/stats.h"

enum null_bits {
	NULL_FOUND = 1,   /* it was not read, or holds no numbers */
	NULL_FINITE = 2,  /* no element is finite */
	NULL_SHAPE = 4,
	NULL_NAN = 8,
	NULL_INF = 16,
	NULL_DISTINCT = 32,
	NULL_ROWS = 64,
	NULL_COLUMNS = 128,
};

#define FIELD(field) .offset = offsetof(struct stats_row, field)
#define COUNTED(name_, help_)                                                            \
	{                                                                                \
		.name = #name_, .type = COL_COUNT, FIELD(name_), .show = SHOW_JSON,      \
		.null = NULL_FOUND, .help = help_                                        \
	}

static const struct column bin_columns[] = {
	{ .name = "low", .type = COL_REAL, .offset = offsetof(struct bin_row, low) },
	{ .name = "high", .type = COL_REAL, .offset = offsetof(struct bin_row, high) },
	{ .name = "count", .type = COL_COUNT, .offset = offsetof(struct bin_row, count) },
	{ .name = NULL },
};

static const struct column log2_columns[] = {
	{ .name = "exponent", .type = COL_INT,
	  .offset = offsetof(struct bin_row, exponent) },
	{ .name = "count", .type = COL_COUNT, .offset = offsetof(struct bin_row, count) },
	{ .name = NULL },
};

const struct column stats_columns[] = {
	{ .name = "path", .type = COL_NAME, FIELD(path), .show = SHOW_JSON,
	  .help = "prefix of the checkpoint" },
	{ .name = "name", .type = COL_NAME, FIELD(name), .help = "the tensor's name" },
	{ .name = "dtype", .type = COL_TEXT, FIELD(dtype),
	  .help = "TensorFlow's name of its element type" },
	{ .name = "shape", .type = COL_INTS, FIELD(shape), .null = NULL_SHAPE,
	  .help = "dimensions; [] is a scalar" },
	{ .name = "elements", .type = COL_COUNT, FIELD(elements), .show = SHOW_LONG,
	  .null = NULL_SHAPE, .help = "product of the dimensions" },
	{ .name = "min", .type = COL_ELEMENT, FIELD(min),
	  .null = NULL_FOUND | NULL_FINITE, .help = "smallest finite element" },
	{ .name = "min_index", .type = COL_INTS, FIELD(min_index), .show = SHOW_JSON,
	  .null = NULL_FOUND | NULL_FINITE, .help = "where that is: the first of them" },
	{ .name = "max", .type = COL_ELEMENT, FIELD(max),
	  .null = NULL_FOUND | NULL_FINITE, .help = "largest finite element" },
	{ .name = "max_index", .type = COL_INTS, FIELD(max_index), .show = SHOW_JSON,
	  .null = NULL_FOUND | NULL_FINITE, .help = "where that is: the first of them" },
	{ .name = "mean", .type = COL_REAL, FIELD(mean), .null = NULL_FOUND | NULL_FINITE,
	  .help = "of the finite elements" },
	{ .name = "std", .type = COL_REAL, FIELD(std), .null = NULL_FOUND | NULL_FINITE,
	  .help = "standard deviation of the finite elements, of all of them (not a "
		  "sample)" },
	{ .name = "l2", .type = COL_REAL, FIELD(l2), .show = SHOW_LONG,
	  .null = NULL_FOUND | NULL_FINITE,
	  .help = "root of the sum of squares of the finite elements" },
	{ .name = "zeros", .type = COL_COUNT, FIELD(zeros), .null = NULL_FOUND,
	  .help = "elements that are 0 or -0" },
	{ .name = "nan", .type = COL_COUNT, FIELD(nan), .null = NULL_FOUND,
	  .help = "elements that are NaN" },
	{ .name = "inf", .type = COL_COUNT, FIELD(inf), .null = NULL_FOUND,
	  .help = "infinite elements" },
	COUNTED(inf_positive, "of them, +infinity"),
	COUNTED(inf_negative, "of them, -infinity"),
	{ .name = "first_nan", .type = COL_INTS, FIELD(first_nan), .show = SHOW_JSON,
	  .null = NULL_FOUND | NULL_NAN, .help = "index of the first NaN" },
	{ .name = "first_inf", .type = COL_INTS, FIELD(first_inf), .show = SHOW_JSON,
	  .null = NULL_FOUND | NULL_INF, .help = "index of the first infinity" },
	{ .name = "distinct", .type = COL_COUNT, FIELD(distinct), .show = SHOW_LONG,
	  .null = NULL_FOUND | NULL_DISTINCT,
	  .help = "different values of integers and booleans, up to 65,536" },
	{ .name = "constant", .type = COL_BOOL, FIELD(constant), .show = SHOW_JSON,
	  .null = NULL_FOUND,
	  .help = "more than one element, all the same finite value" },
	{ .name = "dead_rows", .type = COL_COUNT, FIELD(dead_rows), .show = SHOW_JSON,
	  .null = NULL_FOUND | NULL_ROWS,
	  .help = "rows of nothing but zeros; a row is all elements with the same "
		  "indices but the last" },
	{ .name = "dead_columns", .type = COL_COUNT, FIELD(dead_columns),
	  .show = SHOW_JSON, .null = NULL_FOUND | NULL_COLUMNS,
	  .help = "the same of columns, of elements with the same last index; up to "
		  "4,194,304 columns" },
	{ .name = "histogram", .type = COL_ROWS, FIELD(histogram), .show = SHOW_JSON,
	  .sub = bin_columns, .stride = sizeof(struct bin_row),
	  .help = "bins of one width, a power of two" },
	{ .name = "histogram_log2", .type = COL_ROWS, FIELD(histogram_log2),
	  .show = SHOW_JSON, .sub = log2_columns, .stride = sizeof(struct bin_row),
	  .help = "2^exponent <= |x| < 2^(exponent+1)" },
	{ .name = "bars", .title = "HISTOGRAM", .type = COL_TEXT, FIELD(bars),
	  .show = SHOW_TEXT, .help = "a line of bars, from the smallest to the largest" },
	{ .name = "note", .type = COL_NAME, FIELD(note), .show = SHOW_TEXT,
	  .help = "constant; dead rows or columns; the first NaN; not numbers" },
	{ .name = "error", .type = COL_NAME, FIELD(error), .show = SHOW_JSON,
	  .help = "why it could not be read" },
	{ .name = NULL },
};

unsigned stats_extras_of(const struct column *c)
{
	switch (c->offset) {
	case offsetof(struct stats_row, dead_rows):
	case offsetof(struct stats_row, dead_columns):
	case offsetof(struct stats_row, note):
		return STATS_DEAD;
	case offsetof(struct stats_row, distinct):
		return STATS_DISTINCT;
	case offsetof(struct stats_row, histogram):
	case offsetof(struct stats_row, histogram_log2):
	case offsetof(struct stats_row, bars):
		return STATS_HISTOGRAM;
	default:
		return 0;
	}
}

/* An extreme: of complex elements it is a modulus, of booleans 0 or 1. */
static struct cell_element extreme(const struct dtype *d, double v, const uint8_t *as_is)
{
	struct cell_element e = { .dtype = d, .digits = REAL_DIGITS };
	if (d->kind == KIND_COMPLEX) {
		e.dtype = dtype_of(CKPT_FLOAT64);
		memcpy(e.bytes, &v, sizeof v);
		return e;
	}
	if (d->kind == KIND_BOOL)
		e.dtype = dtype_of(CKPT_UINT8);
	memcpy(e.bytes, as_is, sizeof e.bytes);
	return e;
}

/* --- bins -------------------------------------------------------------------------- */

/* From the first to the last with something in it. */
static bool add_linear(struct arena *a, const struct stats_found *f,
		       struct stats_row *row)
{
	const struct stats_bins *bins = &f->linear;
	const int64_t first = bins->n ? bins->all[0].at : 0;
	const size_t n = bins->n ? (size_t)(bins->all[bins->n - 1].at - first) + 1 : 0;
	struct bin_row *rows = arena_zeroed(a, n + 1, sizeof *rows);
	for (size_t i = 0; rows && i < n; i++) {
		rows[i].low = ldexp((double)(first + (int64_t)i), f->width_exponent);
		rows[i].high = ldexp((double)(first + (int64_t)i + 1), f->width_exponent);
	}
	for (size_t i = 0; rows && i < bins->n; i++)
		rows[bins->all[i].at - first].count = bins->all[i].count;
	row->histogram = (struct cell_rows){ rows, n };
	return rows;
}

static bool add_log2(struct arena *a, const struct stats_found *f, struct stats_row *row)
{
	const struct stats_bins *bins = &f->log2;
	struct bin_row *rows = arena_zeroed(a, bins->n + 1, sizeof *rows);
	for (size_t i = 0; rows && i < bins->n; i++) {
		rows[i].exponent = bins->all[i].at;
		rows[i].count = bins->all[i].count;
	}
	row->histogram_log2 = (struct cell_rows){ rows, bins->n };
	return rows;
}

/* --- the row ----------------------------------------------------------------------- */

static struct cell_ints index_or_null(struct arena *a, const struct ckpt_tensor *t,
				      uint64_t at, uint64_t null, struct stats_row *row)
{
	if (at != UINT64_MAX)
		return cell_index(a, t, at);
	row->null |= null;
	return (struct cell_ints){ NULL, 0 };
}

static bool fill_found(struct arena *a, const struct stats_item *item,
		       struct stats_row *row)
{
	const struct stats_found *f = item->found;
	const struct moments *m = &f->moments;
	const struct ckpt_tensor *t = item->tensor;
	const struct dtype *d = dtype_of(t->dtype);
	row->min = extreme(d, m->min, m->min_element);
	row->max = extreme(d, m->max, m->max_element);
	row->min_index = index_or_null(a, t, m->min_index, NULL_FINITE, row);
	row->max_index = index_or_null(a, t, m->max_index, NULL_FINITE, row);
	row->mean = m->mean;
	row->std = moments_std(m);
	row->l2 = moments_l2(m);
	row->zeros = m->zeros;
	row->nan = m->nan;
	row->inf = m->inf_positive + m->inf_negative;
	row->inf_positive = m->inf_positive;
	row->inf_negative = m->inf_negative;
	row->first_nan = index_or_null(a, t, m->first_nan, NULL_NAN, row);
	row->first_inf = index_or_null(a, t, m->first_inf, NULL_INF, row);
	row->constant = f->constant;
	row->distinct = f->distinct;
	row->dead_rows = f->dead_rows;
	row->dead_columns = f->dead_columns;
	row->null |= (f->distinct == STATS_UNKNOWN ? NULL_DISTINCT : 0) |
		     (f->dead_rows == STATS_UNKNOWN ? NULL_ROWS : 0) |
		     (f->dead_columns == STATS_UNKNOWN ? NULL_COLUMNS : 0);
	row->bars = cell_of(stats_sparkline(a, f));
	return add_linear(a, f, row) && add_log2(a, f, row);
}

/* "3 dead rows" behind what is there. */
static const char *add_dead(struct arena *a, const char *note, uint64_t n,
			    const char *what)
{
	char number[NUMBER_MAX];
	if (!n || n == STATS_UNKNOWN)
		return note;
	number_grouped(number, n);
	return arena_printf(a, "%s%s%s dead %s%s", note ? note : "", note ? ", " : "",
			    number, what, n == 1 ? "" : "s");
}

static const char *note_of(struct arena *a, const struct stats_item *item,
			   const struct stats_row *row)
{
	const struct stats_found *f = item->found;
	const char *note = NULL;
	if (item->error)
		return item->error->text;
	if (!item->sweep)
		return "not numbers";
	if (!f)
		return "not read";
	if (f->constant)
		return "constant";
	if (row->nan)
		note = arena_printf(a, "first NaN at %s",
				    cell_ints_text(a, row->first_nan));
	if (row->inf)
		note = arena_printf(a, "%s%sfirst Inf at %s", note ? note : "",
				    note ? ", " : "", cell_ints_text(a, row->first_inf));
	note = add_dead(a, note, f->dead_rows, "row");
	return add_dead(a, note, f->dead_columns, "column");
}

bool stats_row_of(const struct stats *st, struct arena *a, const struct stats_item *item,
		  struct stats_row *row)
{
	const struct ckpt_tensor *t = item->tensor;
	*row = (struct stats_row){ .path = cell_of(ckpt_prefix(st->c)),
				   .name = { t->name, t->name_len },
				   .dtype = cell_of(dtype_text(a, t->dtype)),
				   .shape = { t->dims, (size_t)t->rank },
				   .elements = t->elements };
	if (t->problem)
		row->null |= NULL_SHAPE;
	bool made = row->dtype.p;
	if (item->found)
		made &= fill_found(a, item, row);
	else
		row->null |= NULL_FOUND;
	row->error = cell_of(item->error ? item->error->text : NULL);
	row->note = cell_of(note_of(a, item, row));
	return made;
}
