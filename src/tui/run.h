/* run.h — the checkpoints of a folder and their history, for view_history.c.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Opened from the indexes alone: what changed is told by recorded checksums. The values
 * are read when somebody asks for it.
 */
#ifndef TUI_RUN_H
#define TUI_RUN_H

#include "base/source.h"
#include "report/history_row.h"
#include "report/info.h"
#include "tui/verifier.h"

/* A checkpoint of the run. */
struct run_row {
	uint64_t null;
	struct cell_text name, prefix, verify, finding, error;
	struct cell_texts missing;
	int64_t step;
	double time, max_abs, rel_l2, rel_l2_first;
	uint64_t tensors, size_bytes, changed, nan, inf;
	uint64_t unreadable, unknown; /* tensors, of the comparison with the one before */
	bool complete, latest;
};

extern const struct column run_columns[];

enum run_stage {
	RUN_OPENING,
	RUN_FAILED,
	RUN_RECORDED, /* checksums alone have been compared */
	RUN_PAIRING,
	RUN_READING,
	RUN_READ
};

struct run {
	const char *folder;
	const struct view_settings *settings;
	enum run_stage stage;
	struct ckpt_error error;
	struct arena arena;            /* of what is opened */
	struct info_report info;
	struct history_snapshot *snapshots; /* those that are there */
	size_t *row_of;                /* of a snapshot: its row */
	size_t n_snapshots;
	struct run_row *rows;
	size_t n;
	/* Recorded checksums; values. */
	struct history_query query[2];
	struct history history[2];
	struct arena arenas[2];
	struct pool pool;              /* opens; pairs the names */
	bool stopped;
	uint64_t bytes;                /* that the values have */
	struct identity identity;      /* of the folder when it was read */
};

/* Starts to open the folder; the path must live on. */
void run_start(struct run *r, const char *folder, const struct view_settings *s);
/* Starts to read the values. */
void run_compute(struct run *r);
/* Looks after work; true if something is new. */
bool run_tick(struct run *r);
void run_progress(const struct run *r, struct progress *p);
void run_stop(struct run *r);
void run_close(struct run *r);
/* The history that is known best. */
struct history *run_history(struct run *r);
/* Has the folder changed since it was read? */
bool run_has_changed(const struct run *r);
/* Takes over what a verification of a row has found. */
void run_verified(struct run *r, size_t row, const struct verifier *k);

#endif
