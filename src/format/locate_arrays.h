/* locate_arrays.h — .npy, .npz and .safetensors among what the user may hand over.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A part of locate.c, with its results: 1 taken, 0 none of these, -1 error.
 */
#ifndef FORMAT_LOCATE_ARRAYS_H
#define FORMAT_LOCATE_ARRAYS_H

#include "format/reader.h"

/* A file, known by what it begins with and not by its name. */
int arrays_file_at(struct arena *a, const char *path, struct located *at,
		   struct ckpt_error *err);
/* A folder without checkpoints: the list of a sharded model, or its only .safetensors or
 * .npz file, or all its .npy files together. ENOTFOUND if it could mean several. */
int arrays_in_folder(struct arena *a, const char *folder, struct located *at,
		     struct ckpt_error *err);

#endif
