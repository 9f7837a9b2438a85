/* npy_files.h — a .npy file as a checkpoint, or a folder of them as one.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_NPY_FILES_H
#define FORMAT_NPY_FILES_H

#include "base/arena.h"

/* The .npy files below a folder, sorted; n is 0 if there are none, or none among the
 * first 20,000 names. -1 without memory. */
int npy_folder(struct arena *a, const char *folder, const char ***files, uint32_t *n);

#endif
