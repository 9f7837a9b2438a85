/* safetensors.h — .safetensors files, alone or as the shards of a model.
 * SPDX-License-Identifier: Apache-2.0
 *
 *	length of the header, u64 | header | bytes of all tensors
 *	header: {"NAME": {"dtype": "F32", "shape": [2,3], "data_offsets": [0,24]}, …,
 *	         "__metadata__": {"KEY": "TEXT", …}}   blanks behind it
 *
 * Offsets count from the end of the header. As in the safetensors package
 * (safetensors/src/tensor.rs) tensors lie side by side, in any order, without a hole and
 * without an overlap, and no name stands twice; other files are refused.
 */
#ifndef FORMAT_SAFETENSORS_H
#define FORMAT_SAFETENSORS_H

#include "format/arrays.h"

/* What the package allows at most. */
enum { SAFETENSORS_HEADER_MOST = 100000000 };

/* Adds the tensors of file number file; limit bounds the memory for its header. After an
 * error some of them may have been added. */
int safetensors_read(struct arrays *s, uint32_t file, uint64_t limit,
		     struct ckpt_error *err);
/* safetensors_index.c: opens MODEL.safetensors.index.json, and the shards it lists. */
int safetensors_open_index(struct ckpt *c, struct ckpt_error *err);

#endif
