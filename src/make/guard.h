/* guard.h — nothing is ever written onto the checkpoint that is read.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef MAKE_GUARD_H
#define MAKE_GUARD_H

#include "format/reader.h"

/* EINVAL if path is a file of the checkpoint, or the name of one that is missing. */
int guard_path(struct arena *a, struct ckpt *c, const char *path, struct ckpt_error *err);

#endif
