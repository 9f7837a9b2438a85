/* folder.h — a folder means its latest checkpoint, if that is whole.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_FOLDER_H
#define FORMAT_FOLDER_H

#include "format/reader.h"

/* ENOTFOUND names the first file that is missing or too short; loads the tensors. */
int folder_check_complete(struct ckpt *c, struct ckpt_error *err);
/* The last checkpoint of a folder that is whole: the one that the state file calls the
 * latest before all others, then by falling step. */
struct ckpt *folder_latest_complete(const char *folder,
				    const struct ckpt_options *options,
				    struct ckpt_error *err);

#endif
