/* beside.h — what is verified beside a checkpoint: its .meta and fingerprint.pb.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_BESIDE_H
#define FORMAT_BESIDE_H

#include "format/finding.h"
#include "format/reader.h"

/* PREFIX.meta, if it is there: is it a MetaGraphDef, and whole. The same of the
 * saved_model.pb whose variables these are. */
void beside_meta(struct ckpt *c, const struct finder *f);
/* DIR/fingerprint.pb of a SavedModel whose checkpoint this is: does it
 * know this index. */
void beside_fingerprint(struct ckpt *c, const char *index_path, const struct finder *f);

#endif
