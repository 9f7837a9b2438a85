/* history.h — checkpoints of one run: what moved from each to the next, and what did not.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Each tensor of each snapshot is compared with the one in the last snapshot before that
 * has it (the previous), and with the first one, in one sweep over all snapshots. Where
 * its dtype or shape is another than that of the previous, nothing is compared.
 */
#ifndef REPORT_HISTORY_H
#define REPORT_HISTORY_H

#include "report/column.h"
#include "report/compare.h"
#include "report/rules.h"
#include "report/sweep.h"

/* One checkpoint of the run. */
struct history_snapshot {
	struct ckpt *c;         /* loaded; NULL: it could not be opened */
	const char *path;       /* its prefix, or what was given */
	const char *step_source; /* as step_of(), or "position" */
	int64_t step;
	struct ckpt_error error; /* why c is NULL */
};

struct history_query {
	const struct matcher *matcher; /* NULL: all */
	unsigned roles;                /* bits 1 << role; 0: all */
	const struct rules *rules;     /* NULL: none */
	struct tolerance tolerance;
	bool recorded;                 /* recorded checksums instead of values */
};

enum history_status {
	HISTORY_FIRST,      /* in the first snapshot */
	HISTORY_SAME,
	HISTORY_CHANGED,
	HISTORY_ADDED,      /* not in the snapshot before, or in none before */
	HISTORY_REMOVED,    /* it was in the snapshot before */
	HISTORY_ABSENT,
	HISTORY_RESHAPED,   /* another dtype or shape than the previous */
	HISTORY_UNREADABLE,
	HISTORY_UNKNOWN,    /* readable, but not to be compared with the previous */
	N_HISTORY_STATUS
};

/* What the values of a tensor in a snapshot are, and are to the others. */
struct history_numbers {
	bool previous, first;     /* compared with it */
	bool first_lost;          /* there is a first one, but it could not be read */
	bool numbers;             /* rather than strings, variants, booleans */
	bool real;                /* float or complex: counts in sums of tensors */
	enum compare_class class; /* to the previous; so is what follows */
	bool still;               /* the same values, whatever the tolerance */
	uint64_t changed;
	struct cell_element max_abs; /* no dtype: none */
	double l2_delta, rel_l2, cosine, rel_l2_first; /* NaN: none */
	struct wide delta2, a2, delta2_first, a2_first;
	uint64_t nan, inf;        /* in this snapshot */
};

enum { HISTORY_NONE = UINT32_MAX };

/* A tensor in a snapshot. */
struct history_cell {
	const struct ckpt_tensor *tensor;      /* NULL: not there */
	const struct history_numbers *numbers; /* NULL: its values are not known */
	const struct ckpt_error *error;        /* why it could not be read */
	uint32_t previous; /* snapshot, or HISTORY_NONE */
	uint32_t part;     /* which of the item's */
	enum history_status status;
	enum compare_class class; /* to the previous */
};

/* The snapshots of a tensor that have one dtype and shape: swept together. */
struct history_part {
	struct history_item *item;
	const struct ckpt_tensor *tensor; /* the first of them */
	uint32_t first, number;           /* snapshot; of the part */
	struct sweep_item *sweep;         /* NULL: its values are not read */
	struct history_part *next;
};

/* A name, in all snapshots. Of snapshots: HISTORY_NONE where there is none. */
struct history_item {
	struct cell_text name;
	struct history_cell *cells;      /* one a snapshot */
	struct history_part *parts;
	const struct expected *expected; /* NULL: no rule matches */
	/* After history_settle(): */
	bool settled;
	bool frozen;                /* compared, and it never changed */
	bool moving;                /* it changed at least once */
	uint32_t last;              /* the last snapshot that has it */
	uint32_t frozen_since, nan_since, inf_since, added_at, removed_at, reshaped_at;
	uint32_t unreadable_at, unknown_at;
	uint32_t violation_at;
	const char *violation;      /* of the rule; NULL: none */
};

struct history_counts {
	uint64_t frozen, moving, nan, inf, added, removed, reshaped, unknown, unreadable;
	uint64_t ignored, violations;
	uint64_t bytes; /* read */
};

struct history {
	struct history_snapshot *snapshots; /* in the order of their steps */
	size_t n_snapshots;
	struct arena *arena;
	const struct history_query *query;
	struct history_item **items; /* in the order of list */
	size_t n;
	struct history_counts counts;
	bool complete;
	struct sweep sweep;
	struct sweep_ops ops;
	uint32_t *streams;          /* the snapshot that each stream of the sweep is */
	bool sweeping, ended;
};

/* Joins the names of all snapshots and starts to read. What the history needs is the
 * arena's. ELIMIT: it is more than the arena's. */
int history_begin(struct history *h, struct history_snapshot *snapshots, size_t n,
		  struct arena *arena, const struct history_query *q, unsigned threads,
		  struct ckpt_error *err);
/* How many threads there can be: each has the data files of all checkpoints open. 0, and
 * EINVAL: not even one. */
unsigned history_threads(const struct history_snapshot *snapshots, size_t n,
			 unsigned wanted, struct ckpt_error *err);
/* True when all is known of an item; then it is settled. */
bool history_ready(const struct history *h, struct history_item *item);
/* Waits for what is begun, and counts. EIO if a file has changed meanwhile. */
int history_end(struct history *h, struct ckpt_error *err);
void history_drop(struct history *h);
/* Gives each cell of an item its status, and says what they are together. */
void history_settle(const struct history *h, struct history_item *item);
/* Is there something that a check does not let pass: NaN, infinity, a rule that is
 * broken? */
bool history_is_offence(const struct history_item *item);
/* 0; 1: offences, with check; 2: something could not be read or, without offences, not
 * all is known: interrupted, or checksums cannot be compared. */
int history_verdict(const struct history *h, bool check);

/* What history.c's sweep of so many streams does. */
void history_sweep_ops(struct sweep_ops *ops, size_t streams);

#endif
