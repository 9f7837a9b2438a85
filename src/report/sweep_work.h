/* sweep_work.h — what the threads of a sweep do: read ranges of items.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Between sweep.c, which makes jobs, and sweep_work.c, which does them.
 */
#ifndef REPORT_SWEEP_WORK_H
#define REPORT_SWEEP_WORK_H

#include "report/sweep.h"

/* What the ranges of an item leave behind: ops->partial bytes each, and a checksum a
 * stream. */
struct sweep_held {
	struct buffer partials, sums;
};

struct sweep_worker {
	struct arena arena;
	struct store **stores;  /* by stream, as what follows */
	struct values *values;
	bool *open;
	const void **data;
	const struct ckpt_string **strings;
	void *scratch;          /* of the operations */
	const struct sweep_item *item; /* whose values are open */
	struct sweep_held held;        /* of items of one range */
};

/* Any tensor of the item that can be read: they have the same number of elements. NULL if
 * there is none. */
const struct ckpt_tensor *item_tensor(const struct sweep *s,
				      const struct sweep_item *item);
uint64_t item_ranges(const struct sweep *s, const struct sweep_item *item);
/* Reads n ranges from this one on; with the last range of the item, ends it. */
void item_read(struct sweep *s, struct sweep_worker *w, struct sweep_item *item,
	       uint64_t range, uint64_t n);
void item_drop(struct sweep_item *item);
/* Opens a stream and compares its checksums: its error is then known. */
void worker_check(struct sweep *s, struct sweep_worker *w, struct sweep_item *item,
		  size_t stream);
/* Closes what the worker has open. */
void worker_close(struct sweep *s, struct sweep_worker *w);

#endif
