/* info.h — what a checkpoint or a folder of them is, and what it lacks.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef REPORT_INFO_H
#define REPORT_INFO_H

#include "base/arena.h"
#include "ckpt.h"
#include "report/column.h"
#include "report/holds.h"
#include "report/list.h"
#include "report/scalars.h"

/* One checkpoint of a folder, or the only one. */
struct snapshot_row {
	uint64_t null;
	struct cell_text prefix, step_source, error;
	int64_t step;
	double time;
	uint64_t size_bytes, tensors, shards;
	bool complete, in_state, latest;
	struct cell_texts missing;
};

/* A file of a checkpoint. */
struct member_row {
	uint64_t null;
	struct cell_text path;
	uint64_t size_bytes, expected_bytes;
	bool exists;
};

/* What a file says of itself. */
struct metadata_row {
	uint64_t null;
	struct cell_text key, text;
};

extern const struct column snapshot_columns[], member_columns[], metadata_columns[];

struct info_report {
	bool folder;
	struct snapshot_row *snapshots; /* by step; those that are gone first */
	size_t n;
	const char *latest, *latest_complete; /* prefixes; NULL if there is none */
	const char *state_path;               /* NULL: no state file */
	struct cell_texts leftovers; /* of interrupted saves: names in the folder */
	struct event_file_row *event_files; /* of a folder: unread, see scalars.h */
	size_t n_event_files;
	/* Of one checkpoint: the one given, else the latest complete one. */
	const char *prefix, *format;
	uint64_t shards;
	struct member_row *members;
	size_t n_members;
	struct metadata_row *metadata;
	size_t n_metadata;
	struct list_report list;
	struct holds holds;
	const char *holds_text; /* of them, for people */
	struct ckpt *c; /* closed by info_drop */
};

/* Looks at whatever path is: a folder (each of its checkpoints is opened in turn), one
 * checkpoint, or a graph: here the file itself is meant, not the checkpoint beside it.
 * ENOTFOUND, EFORMAT as ckpt_open; a checkpoint of a folder that cannot be opened is a
 * row with an error. */
int info_make(struct info_report *r, struct arena *a, const char *path,
	      const struct ckpt_options *options, struct ckpt_error *err);
void info_drop(struct info_report *r);

/* The step of a checkpoint: the number at the end of its name, else the value of
 * global_step, save_counter or a variable called iterations, iter or step. *source says
 * which ("name", "global_step", …); false and NULL: none. */
bool step_of(struct ckpt *c, int64_t *step, const char **source);
/* A tf.train.CheckpointManager numbers checkpoints by how often it has saved. Where that
 * is what step counts (save_counter has it too), and the checkpoint has a step of the
 * training as well: that one. */
bool training_step_of(struct ckpt *c, int64_t step, int64_t *training);

#endif
