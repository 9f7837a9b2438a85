/* path.h — parts of paths, and what the names of checkpoint files say.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_PATH_H
#define FORMAT_PATH_H

#include "base/arena.h"

/* What stands behind the last '/'. */
const char *path_base(const char *path);
/* What people call the checkpoint of a prefix, len bytes of it: what path_base says, but
 * of "…/10/variables/variables", as the variables of every SavedModel are named, "10". */
const char *path_called(const char *prefix, size_t *len);
/* What stands before it: "" for the current folder; NULL if memory ends. */
const char *path_folder(struct arena *a, const char *path);
/* "DIR/NAME", or NAME where the folder is the current one. */
const char *path_join(struct arena *a, const char *folder, const char *name);

/* False for NULL as well. */
bool path_is_there(const char *path);
bool path_is_file(const char *path);
bool path_is_folder(const char *path);
/* A folder, and no link to one. */
bool path_is_own_folder(const char *path);

/* The number at the end of a checkpoint's name ("model.ckpt-200", "weights-200.npz", with
 * or without the ending of a V1 shard), -1 if there is none. */
int64_t step_of_name(const char *name);

/* "-00000-of-00002" at p, to its end: its length, and the count; else 0. "?????" may
 * stand for the number. */
size_t shard_suffix(const char *p, uint32_t *count);
/* The length of a path without "-00000-of-00002" at its end, 0 if it has none. */
size_t shard_stem(const char *path, uint32_t *count);

#endif
