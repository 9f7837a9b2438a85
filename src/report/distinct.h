/* distinct.h — the set of the different values of integers and booleans.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A set only says how many there are, up to a number at which that is no news.
 */
#ifndef REPORT_DISTINCT_H
#define REPORT_DISTINCT_H

#include "base/arena.h"
#include "model/dtype.h"

enum { DISTINCT_MOST = 65536 };

struct distinct {
	uint64_t *slots; /* a hash table that grows, in memory */
	size_t n, cap;   /* values but zero, which marks free slots; slots */
	bool zero, too_many;
	struct buffer memory;
};

void distinct_begin(struct distinct *s);
void distinct_drop(struct distinct *s);
/* -1: no memory. What has been added stays. */
int distinct_block(struct distinct *s, const struct dtype *d, const void *in, size_t n,
		   struct ckpt_error *err);
int distinct_join(struct distinct *s, const struct distinct *other,
		  struct ckpt_error *err);
/* How many; 0 if there are too many. */
size_t distinct_count(const struct distinct *s);

#endif
