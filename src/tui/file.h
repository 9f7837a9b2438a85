/* file.h — what a screen writes to a file when it is asked to.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Nothing is ever overwritten: a file that is there already is refused.
 */
#ifndef TUI_FILE_H
#define TUI_FILE_H

#include <stdio.h>

#include "base/output.h"
#include "tui/list.h"

/* Asks for the name; the answer comes with ACT_WRITE. */
void file_ask(struct request *r);
/* A file that is being written. It has its name only when all of it is on the disk. */
struct file {
	FILE *f;
	struct output o;
	struct arena arena;
	struct ckpt_error error;
	bool whole;
	long long size; /* bytes */
};

/* Begins one: false, with a message, if there is one already or it cannot be made. */
bool file_new(struct file *file, const char *path, struct request *r);
/* Brings what was written to the disk, unless it failed. It may take long, so that a
 * thread that writes does it itself. */
void file_finish(struct file *file, bool failed);
/* Finishes it if that was not done, gives it its name unless something failed, and says
 * what happened unless something was said already. */
void file_done(struct file *file, bool failed, struct request *r);
/* The rows of a list, in its order, or those alone that are marked, as the table that the
 * command line prints. */
void file_table(const char *path, struct list *l, const struct column *columns,
		struct request *r);

#endif
