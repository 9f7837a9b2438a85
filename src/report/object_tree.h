/* object_tree.h — the object graph of a TF2 checkpoint as the rows of a tree.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef REPORT_OBJECT_TREE_H
#define REPORT_OBJECT_TREE_H

#include "base/arena.h"
#include "format/objects.h"
#include "report/column.h"

/* An object, seen along one path. */
struct object_row {
	uint64_t null;
	struct cell_text path, shown, full_name, key, dtype, note;
	struct cell_ints shape;
	uint64_t depth, node, elements, size_bytes;
};

extern const struct column object_columns[];

/* All objects from the root on, depth first. One that was shown already is shown again
 * without what is below it: note says "cycle" (it is above) or "shared". Slot variables
 * stand below the variable that they belong to, with note "slot of OPTIMIZER". */
int object_tree(struct ckpt *c, struct arena *a, const struct objects *o,
		size_t max_depth, struct pointers *rows, struct ckpt_error *err);

#endif
