/* bundle.h — V2 checkpoints ("tensor bundles"): PREFIX.index and PREFIX.data-….
 * SPDX-License-Identifier: Apache-2.0
 *
 *	key ""             BundleHeader: shards, byte order, version
 *	key NAME           BundleEntry of a whole tensor, or the list of a tensor's slices
 *	key 00 NAME …      BundleEntry of one slice (slicekey.h)
 *
 * tensorflow/core/util/tensor_bundle/tensor_bundle.cc
 */
#ifndef FORMAT_BUNDLE_H
#define FORMAT_BUNDLE_H

#include "format/reader.h"
#include "format/shards.h"
#include "format/table.h"

struct bundle {
	struct source index;
	const char *index_path;
	struct table table;
	struct table_walk walk, lookup;
	struct shards shards;
	struct buffer key, name;  /* scratch: a slice's key, and the name in one */
	struct buffer parent;     /* the name in the last slice's key; may be unset */
	bool parent_sliced;       /* a tensor of that name lists slices */
	uint32_t num_shards;
	bool big_endian;          /* the data's byte order is not ours */
	uint32_t next_file;       /* of bundle_file */
	uint64_t slices_seen;     /* keys that are slices of some tensor */
	uint64_t slices_listed;   /* by the tensors */
	uint64_t orphans;         /* keys that are slices of no tensor */
};

/* bundle_check.c */
int bundle_check(struct ckpt *c, ckpt_finding_fn found, void *arg,
		 struct ckpt_error *err);
int bundle_members(struct ckpt *c, member_fn fn, void *arg, struct ckpt_error *err);

#endif
