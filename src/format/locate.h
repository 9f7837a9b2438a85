/* locate.h — from what the user typed to a checkpoint.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_LOCATE_H
#define FORMAT_LOCATE_H

#include "format/reader.h"

/* Finds the checkpoint that path belongs to: a prefix, a member file, a V1 file or
 * pattern, a folder or its `checkpoint` file (its latest checkpoint), DIR@STEP, a
 * SavedModel. Of the options, as and follow count. ENOTFOUND says what is there
 * instead, EFORMAT what the file is. */
int locate(struct arena *a, const char *path, const struct ckpt_options *options,
	   struct located *at, struct ckpt_error *err);
/* True if path is a folder, or the `checkpoint` file of one: then *folder is it. */
bool locate_is_folder(struct arena *a, const char *path, const char **folder);

#endif
