/* guard.h — nothing is ever written onto what is read.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef MAKE_GUARD_H
#define MAKE_GUARD_H

#include "format/reader.h"

/* EINVAL if path is a file of the checkpoint, its graph, its folder's state, or the name
 * of a member that is missing; or the file called more (NULL: none). Memory is a's. */
int guard_path(struct ckpt *c, struct arena *a, const char *path, const char *more,
	       struct ckpt_error *err);

#endif
