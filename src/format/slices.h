/* slices.h — V1 checkpoints: tables of SavedTensorSlices, one file a shard.
 * SPDX-License-Identifier: Apache-2.0
 *
 *	key ""        SavedTensorSlices.meta: names, shapes, dtypes, slices of all tensors
 *	key 00 NAME … SavedTensorSlices.data: name, slice, and a TensorProto of which
 *	              only the typed field is set (slicekey.h; whole tensors have such
 *	              a key as well)
 *
 * The only checksums are those of the table's blocks. tensorflow/core/util/
 * {saved_tensor_slice.proto,tensor_slice_writer.cc,tensor_slice_reader.cc}
 */
#ifndef FORMAT_SLICES_H
#define FORMAT_SLICES_H

#include "format/reader.h"
#include "format/table.h"

/* One file of the checkpoint. */
struct v1_file {
	const char *path;
	struct source source;
	struct table table;
	struct table_walk lookup;
	bool open;
};

/* Where a piece is: an entry of a file. */
struct v1_key {
	struct bytes key;
	uint32_t file;
};

/* One SavedSliceMeta, as it stands in a file. */
struct v1_meta {
	struct bytes name, message;
	uint32_t file;
	size_t order; /* as they stand in the files */
};

struct slices {
	struct store store; /* first, so that a store * is a slices * */
	struct arena *arena;
	struct v1_file *files;
	uint32_t n_files;
	struct pointers metas;   /* struct v1_meta, by name */
	struct pointers tensors; /* struct ckpt_tensor, by name */
	struct pointers keys;    /* struct v1_key: what ckpt_piece.offset counts */
	size_t next;
	struct buffer scratch;
};

/* slices_meta.c: the metadata of a file, kept by name. */
int slices_read_meta(struct slices *s, uint32_t file, struct ckpt_error *err);
/* The tensors that all metadata describe, by name. */
int slices_make_tensors(struct slices *s, struct ckpt_error *err);
/* The last submessage of this number; false if there is none, or the message is
 * malformed. */
bool slices_field(struct bytes message, uint32_t field, struct bytes *found);

/* True if the file is a table whose first value is a SavedTensorSlices with metadata. */
bool slices_probe(const char *path);

#endif
