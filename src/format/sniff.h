/* sniff.h — what a file is that is not a checkpoint, and the way out.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_SNIFF_H
#define FORMAT_SNIFF_H

#include "base/bytes.h"
#include "ckpt.h"

/* A kind of file that people take for a checkpoint. */
struct file_kind {
	const char *name; /* "HDF5" */
	const char *what; /* what it is, and what to do */
};

/* The kind of a file by its first bytes (as many as there are, 4096 do) and its name; NULL:
 * not known. */
const struct file_kind *sniff(const char *path, struct bytes head);
/* Sets err to what the file is, if that is known, and returns true. */
bool sniff_file(const char *path, struct ckpt_error *err);

#endif
