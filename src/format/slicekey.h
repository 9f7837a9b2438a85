/* slicekey.h — the keys of slices: name, then start and length of each dimension.
 * SPDX-License-Identifier: Apache-2.0
 *
 *	00                 the number 0: a marker that no plain name begins with
 *	name 00 01         with 00 written 00 ff, and ff written ff 00
 *	rank               a length byte, then that many bytes, big-endian; 0 is 00
 *	start length …     signed numbers; a whole dimension is 0, -1
 *
 * tensorflow/core/util/saved_tensor_slice_util.cc (EncodeTensorNameSlice) over
 * core/lib/strings/ordered_code.cc. TensorFlow's decoder refuses rank 0, V1 files have
 * it.
 */
#ifndef FORMAT_SLICEKEY_H
#define FORMAT_SLICEKEY_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/bytes.h"

/* Appends the key; length -1 stands for a whole dimension. */
int slicekey_encode(struct buffer *to, const char *name, size_t name_len, int rank,
		    const int64_t *start, const int64_t *length, struct ckpt_error *err);
/* True if key is a slice key; then the name is in *name (replacing what was there), and
 * start and length hold rank numbers (room for MAX_RANK). */
bool slicekey_decode(struct bytes key, struct buffer *name, int *rank, int64_t *start,
		     int64_t *length);

#endif
