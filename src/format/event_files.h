/* event_files.h — the event files of a folder, in order of time.
 * SPDX-License-Identifier: Apache-2.0
 *
 * As TensorBoard has it, a file whose name contains "tfevents" is one, and the files of a
 * folder are one run: each time that training is started it begins a new file. The folder
 * itself is a run; so is each folder in it (train, eval, validation), unless that has
 * checkpoints of its own: then it is another training. What lies deeper is not looked at.
 *
 * tensorboard/backend/event_processing/io_wrapper.py
 */
#ifndef FORMAT_EVENT_FILES_H
#define FORMAT_EVENT_FILES_H

#include "base/arena.h"

struct event_file {
	const char *path;
	const char
		*run;  /* name of the folder in the folder; NULL: in the folder itself */
	uint64_t size; /* on disk */
	double time;   /* of its first event that can be read; 0: there is none */
};

/* Sorted by run (that of the folder itself first), then time; n is 0 if there are none.
 * ENOTFOUND, EIO: the folder cannot be read; one within it that cannot is left out. */
int event_files_find(struct arena *a, const char *folder, struct event_file **files,
		     size_t *n, struct ckpt_error *err);

#endif
