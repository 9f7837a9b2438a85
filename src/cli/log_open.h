/* log_open.h — the checkpoints that a history is of, in the order of their steps.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_LOG_OPEN_H
#define CLI_LOG_OPEN_H

#include "cli/opt.h"
#include "report/history.h"

struct log_run {
	const char *const *given;      /* the arguments that are checkpoints */
	size_t n_given;
	size_t first_pattern;          /* of the arguments */
	struct history_snapshot *all;
	size_t n;
};

/* Opens every checkpoint of the folders and paths that the arguments name. One that
 * cannot be opened has an error, unless it is the only one; one that the state file of a
 * folder names, but that is gone, is told and left out. A step that is nowhere to be
 * found makes all of them count by their position instead. EINVAL: there is only one. */
int log_open(struct options *o, struct arena *a, struct log_run *run,
	     struct ckpt_error *err);
void log_close(struct log_run *run);

#endif
