/* file.h — what a screen writes to a file when it is asked to.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Nothing is ever overwritten: a file that is there already is refused.
 */
#ifndef TUI_FILE_H
#define TUI_FILE_H

#include <stdio.h>

#include "tui/list.h"

/* Asks for the name; the answer comes with ACT_WRITE. */
void file_ask(struct request *r);
/* A new file; NULL, with a message, if there is one or it cannot be made. */
FILE *file_new(const char *path, struct request *r);
/* Closes it and says what happened; what could not be written whole is removed. */
void file_done(FILE *f, const char *path, bool failed, struct request *r);
/* The rows of a list, in its order, or those alone that are marked, as the table that the
 * command line prints. */
void file_table(const char *path, struct list *l, const struct column *columns,
		struct request *r);

#endif
