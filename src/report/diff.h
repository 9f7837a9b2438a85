/* diff.h — two checkpoints: which tensors differ, and by how much.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Structure first (only in a, only in b, dtype, shape), then values, in one sweep over
 * both. A pair of tensors is identical (same bytes), equal (same values, as the tolerance
 * has it), different, or incomparable.
 */
#ifndef REPORT_DIFF_H
#define REPORT_DIFF_H

#include "report/column.h"
#include "report/compare.h"
#include "report/frozen.h"
#include "report/pair.h"
#include "report/rules.h"
#include "report/sweep.h"

enum diff_status {
	DIFF_SAME,
	DIFF_CHANGED,
	DIFF_ADDED,
	DIFF_REMOVED,
	DIFF_RENAMED, /* the same under another name */
	DIFF_UNKNOWN,
	N_DIFF_STATUS
};

/* How far the values are looked at. */
enum diff_depth { DEPTH_VALUES, DEPTH_RECORDED, DEPTH_NAMES };

struct diff_query {
	struct naming naming;
	const struct matcher *matcher; /* NULL: all */
	unsigned roles;                /* bits 1 << role; 0: all */
	const struct rules *rules;     /* NULL: none */
	struct tolerance tolerance;
	enum diff_depth depth;
	bool cast;         /* compare different dtypes in the wider one */
	bool reshape;      /* compare different shapes of as many elements */
	bool find_renames; /* pair_renamed() */
	bool keep_same;    /* the numbers of what is identical, too */
	bool strict;       /* a graph: what only one has is a difference in any case */
};

/* What is known of a tensor; a row is made of it when it is shown. */
struct diff_item {
	struct pair pair;
	enum diff_status status;
	enum compare_class class;       /* not of what is added or removed */
	const char *reason;             /* incomparable, unknown: why */
	const struct comparison *found; /* NULL: no values were compared */
	const struct expected *expected; /* NULL: no rule matches */
	const char *violation;          /* of the rule; NULL: none */
	const struct ckpt_error *error; /* why it could not be read */
	bool swept;                     /* its values are read */
	struct sweep_item *sweep;       /* where; else NULL */
};

struct diff_row {
	uint64_t null;
	struct cell_text status, name, old_name, class, reason, evidence, note;
	struct cell_text dtype, old_dtype, shown_dtype, shown_shape, rounding, rule;
	struct cell_text violation, error;
	struct cell_ints shape, old_shape, max_abs_index, first_changed;
	struct cell_ints first_nan_appeared;
	struct cell_texts candidates;
	uint64_t elements, changed, beyond, sign_flips, zeros_a, zeros_b;
	uint64_t nan_a, nan_b, inf_a, inf_b, n_candidates;
	uint64_t nan_appeared, nan_vanished, inf_appeared, inf_vanished;
	double mean_abs, l2_delta, l2_a, l2_b, rel_l2, cosine;
	struct cell_element max_abs, max_abs_a, max_abs_b;
};

struct diff_counts {
	uint64_t compared; /* pairs of which something is known */
	uint64_t same, identical, equal, changed, differ, incomparable, added, removed;
	uint64_t renamed, unknown, unreadable, ignored, expected, violations;
	/* A checkpoint and a frozen graph: tensors that such a graph never holds, and
	 * constants that were no variables. */
	uint64_t not_frozen, not_variables;
	uint64_t bytes; /* read */
};

struct diff {
	struct ckpt *a, *b;
	struct arena *arena;
	const struct diff_query *query;
	struct frozen frozen; /* where one of them is a graph */
	struct diff_item *items; /* by name */
	size_t n;
	struct diff_item **shown; /* after diff_end(): as they are listed */
	struct diff_counts counts;
	bool complete;
	struct sweep sweep;
	bool sweeping, ended;
};

extern const struct column diff_columns[];

/* Pairs the tensors and starts to compare them. What is ready has its item's sweep done,
 * or none. */
int diff_begin(struct diff *d, struct ckpt *a, struct ckpt *b, struct arena *arena,
	       const struct diff_query *q, unsigned threads, struct ckpt_error *err);
/* Waits for what is begun, counts, and puts the items in order: the largest relative
 * change first. EIO if a file has changed meanwhile. */
int diff_end(struct diff *d, struct ckpt_error *err);
/* Stops what is under way, and gives back what rows point to. */
void diff_drop(struct diff *d);
bool diff_ready(const struct diff_item *item);
/* Counts what is ready; false: not all is. */
bool diff_count(const struct diff *d, struct diff_counts *n);
/* The order in which they are listed, of those that are ready: <0, 0, >0. */
int diff_compare(const struct diff_item *x, const struct diff_item *y);
/* Is it something that diff reports? Not what is the same, or expected to change. */
bool diff_is_difference(const struct diff_item *item);
/* 0: no difference; 1: differences; 2: something could not be read or, without
 * differences, is not known; nothing was compared, or no pair of a checkpoint and a
 * graph. */
int diff_verdict(const struct diff *d);
/* It as a word: same, different, unknown. */
const char *diff_verdict_name(int verdict);
bool diff_row_of(const struct diff *d, struct arena *a, const struct diff_item *item,
		 struct diff_row *row);

#endif
