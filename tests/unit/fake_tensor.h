/* fake_tensor.h — tensors in memory, cut up at random and written out the slow way.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef UNIT_FAKE_TENSOR_H
#define UNIT_FAKE_TENSOR_H

#include "model/values.h"

enum { FAKE_MAX_RANK = 4, FAKE_MAX_PIECES = 24 };

struct fake_tensor {
	struct store store; /* first, so that a store * is a fake_tensor * */
	struct ckpt_tensor t;
	struct ckpt_piece pieces[FAKE_MAX_PIECES];
	int64_t dims[FAKE_MAX_RANK];
	int64_t boxes[FAKE_MAX_PIECES][2][FAKE_MAX_RANK]; /* start, extent */
	/* What reading should give: elements one after the other, or strings. */
	uint8_t *plain;
	struct ckpt_string *strings;
	/* What is stored; in_block: the length of each piece's message. */
	struct buffer data;
	size_t message_len[FAKE_MAX_PIECES];
	uint64_t bytes_read, reads_until_error; /* UINT64_MAX: none */
};

/* What to make. */
struct fake_plan {
	int dtype, rank;
	int64_t dims[FAKE_MAX_RANK];
	uint32_t pieces;  /* at most; 0: whole, without a box */
	bool other_order; /* of bytes */
	bool in_block;	  /* as V1 has it: a message with the dtype's field */
	/* As NumPy has it, whole and not in_block: the first index fastest; strings of
	 * the longest one's width; a CRC-32. */
	bool by_columns, one_width, crc32;
	size_t longest;	  /* string */
};

void fake_tensor_make(struct fake_tensor *f, const struct fake_plan *plan);
void fake_tensor_drop(struct fake_tensor *f);
/* A plan of a small tensor of any kind. */
struct fake_plan fake_plan_any(void);

#endif
