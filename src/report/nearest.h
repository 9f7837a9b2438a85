/* nearest.h — of tensors that are the same otherwise, which is nearest to which by path.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Nearer is who has more path components in common, counted from both ends; of those, who
 * needs fewer edits. Two are joined if each is nearer to the other than anybody else;
 * then again among those who are left.
 *
 * Where everything would have to be compared with everything that has a limit: of more
 * than 1000 times 1000, and beyond the work set aside for all, only those are joined
 * whose last component stands once on either side; and edits are not counted where that
 * would be too much.
 */
#ifndef REPORT_NEAREST_H
#define REPORT_NEAREST_H

#include "base/arena.h"

/* What may still be done. */
struct nearest_work {
	uint64_t combinations, steps;
};

void nearest_begin(struct nearest_work *w);
/* to[i]: the index in b of what a[i] is joined with, or SIZE_MAX. scratch: memory that is
 * given back. */
int nearest_join(struct nearest_work *w, struct arena *scratch,
		 const struct ckpt_tensor *const *a, size_t n_a,
		 const struct ckpt_tensor *const *b, size_t n_b, size_t *to,
		 struct ckpt_error *err);

#endif
