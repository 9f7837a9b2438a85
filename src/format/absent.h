/* absent.h — what to say about a path that leads to no checkpoint.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_ABSENT_H
#define FORMAT_ABSENT_H

#include "base/arena.h"

/* Sets ENOTFOUND with what lies there instead: data without its index, an unfinished
 * download, a SavedModel without variables, a name that is nearly the same. Returns -1.
 * A NULL path is memory that ended. */
int absent(struct arena *a, const char *path, struct ckpt_error *err);

#endif
