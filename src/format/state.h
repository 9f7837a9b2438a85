/* state.h — a folder of checkpoints: its `checkpoint` file, and what lies on disk.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The state file is a CheckpointState in text form (proto/state.proto). Relative paths
 * in it are relative to its folder. Paths that lead out of the folder are not followed:
 * where the end of such a path leads to a checkpoint in the folder, that one is meant
 * (the folder was moved or copied).
 * A folder of numbered SavedModels, as for serving, is such a run too: its steps are the
 * versions.
 * tensorflow/python/checkpoint/checkpoint_management.py
 */
#ifndef FORMAT_STATE_H
#define FORMAT_STATE_H

#include "base/arena.h"

/* One checkpoint that the state file names or that lies on disk. */
struct snapshot {
	const char *prefix; /* in the folder; what the state file says, if it is gone */
	const char *base;   /* basename of prefix */
	int64_t step;       /* the number at the end of its name, -1 if there is none */
	double time; /* seconds since the epoch: from the state file, else of the index */
	bool in_state, on_disk, latest;
	bool v1; /* a V1 file, or a pattern "NAME-?????-of-00002" of such files */
	bool moved;   /* the state file says another folder */
	bool outside; /* not on_disk in the folder, but where the state file says */
};

struct run_folder {
	const char *path; /* of the folder, "" for the current one; no '/' at its end */
	const char *state_path; /* NULL if there is no state file */
	struct snapshot *all;   /* by step, then name; those that are gone first */
	size_t n;
	struct snapshot
		*latest; /* what the state file says; without one, the highest step */
	const char **leftovers; /* names of what interrupted saves left */
	size_t n_leftovers;
	bool serving; /* the snapshots are versions of a SavedModel */
};

/* Reads a folder. ENOTFOUND if it cannot be read, ECORRUPT if its state file is
 * malformed; a folder without any checkpoint has n == 0. follow: paths in the state
 * file may lead out of the folder. */
int run_read(struct arena *a, const char *folder, bool follow, struct run_folder *run,
	     struct ckpt_error *err);
/* "is not there", for a sentence about a snapshot that is not on_disk. */
const char *snapshot_fate(const struct snapshot *s);
/* The error that a snapshot is not there; returns -1. */
int snapshot_gone(const struct run_folder *run, const struct snapshot *s,
		  struct ckpt_error *err);
/* Has the folder parts of a SavedModel? */
bool saved_model_is(struct arena *a, const char *folder);

#endif
