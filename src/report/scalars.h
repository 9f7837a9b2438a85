/* scalars.h — the scalars of event files at the steps of checkpoints: loss beside drift.
 * SPDX-License-Identifier: Apache-2.0
 *
 * To a checkpoint belongs what was recorded at its very step, else what was recorded last
 * before it and after the checkpoint before; then recorded_at is another step. A run that
 * was started again has several event files: where a step was recorded more than once,
 * the later file counts, and where a session says at which step it began (SessionLog
 * START), what earlier files hold of that step and later ones is left out, as TensorBoard
 * does (backend/event_processing/event_accumulator.py).
 */
#ifndef REPORT_SCALARS_H
#define REPORT_SCALARS_H

#include "report/column.h"

/* Checkpoints that have a column of their own in text; of more, the first and last. */
enum { SCALARS_SHOWN = 9 };

/* Bits of null. */
enum {
	NO_TIME = 1,  /* none is known */
	NOT_TORN = 2, /* of a file: it does not end within a record */
	NO_VALUE = 4, /* of a step: nothing was recorded */
};

/* A checkpoint that values are looked for: its step, as the training counts, and which of
 * the snapshots it is. */
struct scalar_checkpoint {
	int64_t step;
	uint64_t snapshot;
};

/* An event file, as it lies in the folder; and what was found in it. */
struct event_file_row {
	uint64_t null;
	struct cell_text path, run, error;
	uint64_t size_bytes, values;
	double time;
	int64_t torn_at;
};

/* A scalar at a checkpoint. */
struct scalar_step_row {
	uint64_t null;
	uint64_t snapshot;
	int64_t step, recorded_at;
	struct cell_element value;
	double wall_time;
};

struct scalar_row {
	uint64_t null;
	struct cell_text run, tag, trend;
	struct cell_text shown[SCALARS_SHOWN]; /* of steps, those that have a column */
	struct cell_element lowest, highest;   /* of the finite values */
	struct cell_rows steps; /* struct scalar_step_row, one a checkpoint */
};

extern const struct column event_file_columns[]; /* nothing is known of its content */
extern const struct column event_file_read_columns[];
extern const struct column scalar_columns[];

struct scalars {
	const struct scalar_checkpoint *at;
	size_t n_at;
	struct event_file_row *files;
	size_t n_files;
	/* By run, then tag; only those that have a value at a checkpoint. */
	struct scalar_row *rows;
	size_t n;
	uint64_t n_tags;	/* scalars that were recorded at all */
	int64_t first, last;	/* steps that were recorded; n_tags > 0 */
	struct pointers errors; /* struct ckpt_error: what could not be read */
};

/* Reads the event files of a folder for checkpoints in the order of their steps. What a
 * file does not give is an error of s; -1: the folder cannot be read, or ELIMIT. limit:
 * bytes that are held at once of a file. All that s has is a's. */
int scalars_read(struct scalars *s, struct arena *a, const char *folder,
		 const struct scalar_checkpoint *at, size_t n_at, uint64_t limit,
		 struct ckpt_error *err);
void scalars_drop(struct scalars *s); /* zeroed is fine */
/* The event files of a folder, unread. */
int scalars_files(struct arena *a, const char *folder, struct event_file_row **rows,
		  size_t *n, struct ckpt_error *err);
/* The columns of the table in text: scalar_columns, and one for each checkpoint, if they
 * are few. NULL without memory. */
const struct column *scalars_text_columns(const struct scalars *s, struct arena *a);
/* Fills what a row says of its steps together; false: no memory. */
bool scalars_sum_up(struct scalar_row *row, struct arena *a);

#endif
