/* diff_row.c — what is known of a pair of tensors, as a row.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <math.h>
#include <string.h>

#include "base/number.h"
#include "base/text.h"
#include "model/slice.h"
#include "report/diff.h"
#include "report/list.h"

enum { MOST_CANDIDATES = 100 };

enum null_bits {
	NULL_FOUND = 1,     /* no values were compared */
	NULL_NUMBERS = 2,   /* they are no numbers */
	NULL_ELEMENTS = 4,
	NULL_OLD_SHAPE = 8,
	NULL_SHAPE = 16,
	NULL_INDEX = 32,    /* no finite pair */
	NULL_CHANGED = 64,
	NULL_NAN = 128,
	NULL_MEAN = 256,
	NULL_REL = 512,
	NULL_COSINE = 1024,
	NULL_L2 = 2048,
};

#define FIELD(field) .offset = offsetof(struct diff_row, field)
#define COUNTED(name_, help_)                                                            \
	{                                                                                \
		.name = #name_, .type = COL_COUNT, FIELD(name_), .show = SHOW_JSON,      \
		.null = NULL_FOUND | NULL_NUMBERS, .help = help_                         \
	}

const struct column diff_columns[] = {
	{ .name = "status",
	  .type = COL_TEXT,
	  FIELD(status),
	  .help = "same, changed, added, removed, renamed, unknown" },
	{ .name = "name",
	  .type = COL_NAME,
	  FIELD(name),
	  .help = "the tensor's name, in b where it is there" },
	{ .name = "old_name",
	  .type = COL_NAME,
	  FIELD(old_name),
	  .show = SHOW_JSON,
	  .help = "its name in a, if that is another" },
	{ .name = "class",
	  .type = COL_TEXT,
	  FIELD(class),
	  .show = SHOW_LONG,
	  .help = "identical (same bytes), equal (same values, or within the tolerance), "
		  "differ, incomparable, unknown" },
	{ .name = "reason",
	  .type = COL_TEXT,
	  FIELD(reason),
	  .show = SHOW_JSON,
	  .help = "why it is incomparable or unknown" },
	{ .name = "evidence",
	  .type = COL_TEXT,
	  FIELD(evidence),
	  .show = SHOW_JSON,
	  .help = "read: values were compared; recorded: checksums; names: neither" },
	{ .name = "dtype",
	  .type = COL_TEXT,
	  FIELD(dtype),
	  .show = SHOW_JSON,
	  .help = "dtype in b, or in a if it was removed" },
	{ .name = "old_dtype",
	  .type = COL_TEXT,
	  FIELD(old_dtype),
	  .show = SHOW_JSON,
	  .help = "dtype in a, if that is another" },
	{ .name = "type",
	  .title = "DTYPE",
	  .type = COL_TEXT,
	  FIELD(shown_dtype),
	  .show = SHOW_TEXT,
	  .help = "dtype, or both" },
	{ .name = "shape",
	  .type = COL_INTS,
	  FIELD(shape),
	  .show = SHOW_JSON,
	  .null = NULL_SHAPE,
	  .help = "shape in b, or in a if it was removed" },
	{ .name = "old_shape",
	  .type = COL_INTS,
	  FIELD(old_shape),
	  .show = SHOW_JSON,
	  .null = NULL_OLD_SHAPE,
	  .help = "shape in a, if that is another" },
	{ .name = "dims",
	  .title = "SHAPE",
	  .type = COL_TEXT,
	  FIELD(shown_shape),
	  .show = SHOW_TEXT,
	  .help = "shape, or both" },
	{ .name = "elements",
	  .type = COL_COUNT,
	  FIELD(elements),
	  .show = SHOW_LONG,
	  .null = NULL_ELEMENTS,
	  .help = "product of the dimensions" },
	{ .name = "changed", .rare = true,
	  .type = COL_COUNT,
	  FIELD(changed),
	  .null = NULL_FOUND,
	  .help = "elements that are not the same value, whatever the tolerance" },
	{ .name = "beyond",
	  .type = COL_COUNT,
	  FIELD(beyond),
	  .show = SHOW_LONG,
	  .null = NULL_FOUND,
	  .help = "of them, those beyond the tolerance" },
	{ .name = "max_abs", .rare = true,
	  .title = "MAX |Δ|",
	  .type = COL_ELEMENT,
	  FIELD(max_abs),
	  .null = NULL_FOUND | NULL_NUMBERS | NULL_INDEX,
	  .help = "largest |b - a| of finite pairs" },
	{ .name = "max_abs_index",
	  .title = "AT",
	  .type = COL_INTS,
	  FIELD(max_abs_index),
	  .show = SHOW_LONG,
	  .null = NULL_FOUND | NULL_NUMBERS | NULL_INDEX,
	  .help = "where that is: the first of them" },
	{ .name = "max_abs_a",
	  .type = COL_ELEMENT,
	  FIELD(max_abs_a),
	  .show = SHOW_JSON,
	  .null = NULL_FOUND | NULL_NUMBERS | NULL_INDEX,
	  .help = "the element of a there" },
	{ .name = "max_abs_b",
	  .type = COL_ELEMENT,
	  FIELD(max_abs_b),
	  .show = SHOW_JSON,
	  .null = NULL_FOUND | NULL_NUMBERS | NULL_INDEX,
	  .help = "the element of b there" },
	{ .name = "mean_abs",
	  .title = "MEAN |Δ|",
	  .type = COL_REAL,
	  FIELD(mean_abs),
	  .show = SHOW_LONG,
	  .null = NULL_FOUND | NULL_NUMBERS | NULL_MEAN,
	  .help = "mean of |b - a| over finite pairs" },
	{ .name = "l2_delta",
	  .title = "‖Δ‖",
	  .type = COL_REAL,
	  FIELD(l2_delta),
	  .show = SHOW_LONG,
	  .null = NULL_FOUND | NULL_NUMBERS | NULL_L2,
	  .help = "root of the sum of (b - a)^2 over finite pairs" },
	{ .name = "l2_a",
	  .type = COL_REAL,
	  FIELD(l2_a),
	  .show = SHOW_JSON,
	  .null = NULL_FOUND | NULL_NUMBERS | NULL_L2,
	  .help = "the same of a" },
	{ .name = "l2_b",
	  .type = COL_REAL,
	  FIELD(l2_b),
	  .show = SHOW_JSON,
	  .null = NULL_FOUND | NULL_NUMBERS | NULL_L2,
	  .help = "the same of b" },
	{ .name = "rel_l2", .rare = true,
	  .title = "‖Δ‖/‖A‖",
	  .type = COL_REAL,
	  FIELD(rel_l2),
	  .null = NULL_FOUND | NULL_NUMBERS | NULL_REL,
	  .help = "relative change: l2_delta / l2_a; none if a is zero" },
	{ .name = "cosine", .rare = true,
	  .type = COL_REAL,
	  FIELD(cosine),
	  .null = NULL_FOUND | NULL_NUMBERS | NULL_COSINE,
	  .help = "of the angle between a and b; none if one is zero" },
	COUNTED(sign_flips, "finite pairs of which one is < 0 and the other > 0"),
	COUNTED(zeros_a, "zeros in a"),
	COUNTED(zeros_b, "zeros in b"),
	COUNTED(nan_a, "NaN in a"),
	COUNTED(nan_b, "NaN in b"),
	COUNTED(inf_a, "infinities in a"),
	COUNTED(inf_b, "infinities in b"),
	COUNTED(nan_appeared, "elements that are NaN in b alone"),
	COUNTED(nan_vanished, "elements that are NaN in a alone"),
	COUNTED(inf_appeared, "elements that are infinite in b alone"),
	COUNTED(inf_vanished, "elements that are infinite in a alone"),
	{ .name = "first_changed",
	  .type = COL_INTS,
	  FIELD(first_changed),
	  .show = SHOW_JSON,
	  .null = NULL_FOUND | NULL_CHANGED,
	  .help = "index of the first element that is not the same value" },
	{ .name = "first_nan_appeared",
	  .type = COL_INTS,
	  FIELD(first_nan_appeared),
	  .show = SHOW_JSON,
	  .null = NULL_FOUND | NULL_NUMBERS | NULL_NAN,
	  .help = "index of the first element that is NaN in b alone" },
	{ .name = "rounding",
	  .type = COL_TEXT,
	  FIELD(rounding),
	  .show = SHOW_JSON,
	  .help = "with --cast: b is a rounded to b's dtype (b), or the other way (a)" },
	{ .name = "rule",
	  .type = COL_NAME,
	  FIELD(rule),
	  .show = SHOW_JSON,
	  .help = "the last line of the rules that matches" },
	{ .name = "violation",
	  .type = COL_TEXT,
	  FIELD(violation),
	  .show = SHOW_JSON,
	  .help = "what the rules do not allow" },
	{ .name = "candidates",
	  .type = COL_TEXTS,
	  FIELD(candidates),
	  .show = SHOW_JSON,
	  .help = "with -M: tensors of b with the same content" },
	{ .name = "n_candidates",
	  .type = COL_COUNT,
	  FIELD(n_candidates),
	  .show = SHOW_JSON,
	  .help = "how many there are; no more than a hundred are named" },
	{ .name = "error",
	  .type = COL_NAME,
	  FIELD(error),
	  .show = SHOW_JSON,
	  .help = "why it could not be read" },
	{ .name = "note",
	  .type = COL_NAME,
	  FIELD(note),
	  .show = SHOW_TEXT,
	  .rare = true,
	  .help = "what there is to say besides" },
	{ .name = NULL },
};

static const char *const status_names[N_DIFF_STATUS] = {
	"same", "changed", "added", "removed", "renamed", "unknown",
};

static struct cell_text name_of(const struct ckpt_tensor *t)
{
	return (struct cell_text){ t->name, t->name_len };
}

static struct cell_ints shape_of(const struct ckpt_tensor *t)
{
	return (struct cell_ints){ t->dims, (size_t)t->rank };
}

/* "16 -> 20", or one alone. */
static struct cell_text both(struct arena *a, const char *old, const char *new)
{
	return cell_of(old ? arena_printf(a, "%s → %s", old, new) : new);
}

static const char *element_text(const struct dtype *d, const uint8_t *p, char *text)
{
	dtype_element_text(d, p, text);
	return text;
}

/* What the columns of the table do not show. */
static const char *note_of(struct arena *a, const struct diff_item *item,
			   const struct diff_row *row)
{
	const struct comparison *c = item->found;
	const struct ckpt_tensor *t = item->pair.b;
	char number[NUMBER_MAX];
	if (item->error)
		return item->error->text;
	if (item->violation)
		return item->violation;
	if (item->class == CLASS_INCOMPARABLE || item->class == CLASS_UNKNOWN)
		return item->reason;
	if (row->old_name.p && item->status == DIFF_RENAMED) {
		return arena_printf(a, "was %.*s", (int)row->old_name.len,
				    row->old_name.p);
	}
	if (c && c->nan_appeared) {
		number_grouped(number, c->nan_appeared);
		return arena_printf(a, "%s NaN appeared, first at %s", number,
				    cell_ints_text(a, cell_index(a, t,
								 c->first_nan_appeared)));
	}
	if (c && c->inf_appeared) {
		number_grouped(number, c->inf_appeared);
		return arena_printf(a, "%s infinite", number);
	}
	if (item->pair.n_candidates)
		return arena_printf(a, "%zu tensors have the same content",
				    item->pair.n_candidates);
	if (row->rounding.p)
		return arena_printf(a, "%s is the other rounded", row->rounding.p);
	if (item->expected && item->expected->change == EXPECT_CHANGE)
		return "as expected";
	if (c && c->elements == 1 && item->class == CLASS_DIFFER &&
	    row->max_abs_a.dtype) {
		char old[2 * NUMBER_MAX], new[2 * NUMBER_MAX];
		return arena_printf(
			a, "%s → %s",
			element_text(row->max_abs_a.dtype, c->max_a, old),
			element_text(row->max_abs_b.dtype, c->max_b, new));
	}
	return NULL;
}

/* The largest change: of integers exactly. */
static struct cell_element max_abs_of(const struct comparison *c, const struct dtype *a,
				      const struct dtype *b)
{
	const bool whole = dtype_whole(a) && dtype_whole(b);
	struct cell_element e = { dtype_of(whole ? CKPT_UINT64 : CKPT_FLOAT64), { 0 },
				  REAL_DIGITS };
	memcpy(e.bytes, whole ? (const void *)&c->max_abs_int : &c->max_abs, 8);
	return e;
}

static void fill_numbers(struct arena *a, const struct diff_item *item,
			 struct diff_row *row)
{
	const struct comparison *c = item->found;
	const struct ckpt_tensor *t = item->pair.b;
	const struct dtype *da = dtype_of(item->pair.a->dtype), *db = dtype_of(t->dtype);
	if (c->max_index != UINT64_MAX) {
		row->max_abs_index = cell_index(a, t, c->max_index);
		row->max_abs_a.dtype = da;
		row->max_abs_b.dtype = db;
		memcpy(row->max_abs_a.bytes, c->max_a, sizeof c->max_a);
		memcpy(row->max_abs_b.bytes, c->max_b, sizeof c->max_b);
	} else {
		row->null |= NULL_INDEX;
	}
	row->max_abs = max_abs_of(c, da, db);
	row->mean_abs = comparison_mean_abs(c);
	row->l2_delta = comparison_l2_delta(c);
	row->l2_a = comparison_l2_a(c);
	row->l2_b = comparison_l2_b(c);
	row->rel_l2 = comparison_rel_l2(c);
	row->cosine = comparison_cosine(c);
	row->null |= (isnan(row->mean_abs) ? NULL_MEAN : 0) |
		     (isnan(row->l2_delta) ? NULL_L2 : 0) |
		     (isnan(row->rel_l2) ? NULL_REL : 0) |
		     (isnan(row->cosine) ? NULL_COSINE : 0);
	row->sign_flips = c->sign_flips;
	row->zeros_a = c->zeros_a;
	row->zeros_b = c->zeros_b;
	row->nan_a = c->nan_a;
	row->nan_b = c->nan_b;
	row->inf_a = c->inf_a;
	row->inf_b = c->inf_b;
	row->nan_appeared = c->nan_appeared;
	row->nan_vanished = c->nan_vanished;
	row->inf_appeared = c->inf_appeared;
	row->inf_vanished = c->inf_vanished;
	if (c->first_nan_appeared == UINT64_MAX)
		row->null |= NULL_NAN;
	else
		row->first_nan_appeared = cell_index(a, t, c->first_nan_appeared);
	if (da != db && c->elements && c->finite)
		row->rounding = cell_of(!c->unrounded_a	  ? "b"
					: !c->unrounded_b ? "a"
							  : NULL);
}

static void fill_found(struct arena *a, const struct diff_item *item,
		       struct diff_row *row)
{
	const struct comparison *c = item->found;
	if (!c) {
		row->null |= NULL_FOUND;
		return;
	}
	const struct dtype *d = dtype_of(item->pair.b->dtype);
	row->changed = c->changed;
	row->beyond = c->beyond;
	if (c->first_changed == UINT64_MAX)
		row->null |= NULL_CHANGED;
	else
		row->first_changed = cell_index(a, item->pair.b, c->first_changed);
	if (!d->size || d->kind == KIND_BOOL)
		row->null |= NULL_NUMBERS;
	else
		fill_numbers(a, item, row);
}

static void fill_structure(struct arena *a, const struct diff_item *item,
			   struct diff_row *row)
{
	const struct ckpt_tensor *ta = item->pair.a, *tb = item->pair.b;
	const struct ckpt_tensor *t = tb ? tb : ta;
	const bool both_there = ta && tb;
	row->name = name_of(t);
	if (both_there && (ta->name_len != tb->name_len ||
			   memcmp(ta->name, tb->name, ta->name_len)))
		row->old_name = name_of(ta);
	row->dtype = cell_of(dtype_text(a, t->dtype));
	if (both_there && ta->dtype != tb->dtype)
		row->old_dtype = cell_of(dtype_text(a, ta->dtype));
	row->shown_dtype = both(a, row->old_dtype.p, row->dtype.p);
	if (t->problem) {
		row->null |= NULL_SHAPE | NULL_OLD_SHAPE | NULL_ELEMENTS;
		return;
	}
	row->shape = shape_of(t);
	row->elements = t->elements;
	const bool reshaped = both_there && !ta->problem && !shape_same(ta, tb);
	if (reshaped)
		row->old_shape = shape_of(ta);
	else
		row->null |= NULL_OLD_SHAPE;
	row->shown_shape = both(a, reshaped ? cell_ints_text(a, row->old_shape) : NULL,
				cell_ints_text(a, row->shape));
}

bool diff_row_of(const struct diff *d, struct arena *a, const struct diff_item *item,
		 struct diff_row *row)
{
	const struct pair *p = &item->pair;
	const char *const evidence[] = { [DEPTH_VALUES] = "read",
					 [DEPTH_RECORDED] = "recorded",
					 [DEPTH_NAMES] = "names" };
	*row = (struct diff_row){ .status = cell_of(status_names[item->status]) };
	fill_structure(a, item, row);
	if (p->a && p->b) {
		row->class = cell_of(compare_class_names[item->class]);
		row->reason = cell_of(item->reason);
		if (item->class != CLASS_INCOMPARABLE && !item->error)
			row->evidence = cell_of(evidence[d->query->depth]);
	}
	fill_found(a, item, row);
	if (item->expected)
		row->rule = cell_of(item->expected->pattern);
	row->violation = cell_of(item->violation);
	row->error = cell_of(item->error ? item->error->text : NULL);
	const size_t n = p->n_candidates < MOST_CANDIDATES ? p->n_candidates
							   : MOST_CANDIDATES;
	struct cell_text *names = arena_zeroed(a, n + 1, sizeof *names);
	for (size_t i = 0; names && i < n; i++)
		names[i] = name_of(p->candidates[i]);
	row->candidates = (struct cell_texts){ names, names ? n : 0 };
	row->n_candidates = p->n_candidates;
	row->note = cell_of(note_of(a, item, row));
	return names != NULL;
}
