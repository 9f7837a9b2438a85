/* slices.h — V1 checkpoints: tables of SavedTensorSlices, one file a shard.
 * SPDX-License-Identifier: Apache-2.0
 *
 *	key ""        SavedTensorSlices.meta: names, shapes, dtypes, slices of all tensors
 *	key 00 NAME … SavedTensorSlices.data: name, slice, and a TensorProto of which only the
 *	              typed field is set (slicekey.h; whole tensors have such a key as well)
 *
 * The only checksums are those of the table's blocks. tensorflow/core/util/
 * {saved_tensor_slice.proto,tensor_slice_writer.cc,tensor_slice_reader.cc}
 */
#ifndef FORMAT_SLICES_H
#define FORMAT_SLICES_H

#include "format/reader.h"

/* True if the file is a table whose first value is a SavedTensorSlices with metadata. */
bool slices_probe(const char *path);

#endif
