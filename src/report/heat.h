/* heat.h — a plane of a tensor in blocks: the mean of each.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Threads read the rows of blocks side by side; a block's elements are added in the order
 * in which they lie, so that the means have the same bits for any number of threads.
 */
#ifndef REPORT_HEAT_H
#define REPORT_HEAT_H

#include "base/pool.h"
#include "format/side.h"
#include "model/planes.h"
#include "model/reals.h"

/* Complex elements count with their modulus. */
struct heat_block {
	double mean;            /* of the finite elements; NaN: there is none */
	uint64_t finite, nan, inf;
	struct wide sum;
};

struct heat {
	struct plane plane;
	size_t most_rows, most_cols;   /* that were asked for */
	size_t rows, cols;             /* of blocks */
	uint64_t row_block, col_block; /* rows and columns of a block */
	double low, high;              /* the smallest and the largest mean */
	/* The report's own. Blocks are kept as the elements lie: turned, if the plane's
	 * rows lie closer together than its columns. */
	bool turned;
	struct plane read;
	struct heat_block *blocks;
	struct heat_worker *workers;
	unsigned n_workers;
	struct arena arena;
	struct pool pool;
	uint64_t bytes; /* to be read */
};

/* Starts to read a plane of a tensor of numbers: no more than that many blocks. */
int heat_begin(struct heat *h, struct ckpt *c, const struct ckpt_tensor *t,
	       const struct plane *plane, size_t most_rows, size_t most_cols,
	       unsigned threads, struct ckpt_error *err);
/* Waits for it. -1: it could not be read; with CKPT_OK it was stopped by pool_cancel().
 * The blocks stay until heat_drop() in any case. */
int heat_end(struct heat *h, struct ckpt_error *err);
void heat_drop(struct heat *h); /* zeroed is fine */
const struct heat_block *heat_at(const struct heat *h, size_t row, size_t col);

#endif
