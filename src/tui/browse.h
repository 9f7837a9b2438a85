/* browse.h — the rows of the browse view: made once, by a thread of their own.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TUI_BROWSE_H
#define TUI_BROWSE_H

#include "report/list.h"
#include "report/object_tree.h"
#include "tui/fold.h"

enum browse_mode { BROWSE_TREE, BROWSE_LIST, BROWSE_OBJECTS };

/* What is shown of a checkpoint. */
struct browse_rows {
	struct ckpt *c;
	unsigned roles;          /* bits 1 << role; 0: all */
	struct arena arena;
	struct list_report report;
	struct scope_node **nodes; /* by number: as a tree is read, without the root */
	size_t n_nodes;
	struct pointers objects; /* struct object_row */
	uint8_t *open;           /* a bit for each node: unfolded */
	struct fold folded;      /* of the objects */
	const char *step_source; /* NULL: no step */
	int64_t step;
	struct ckpt_error error; /* the index is damaged: some rows are missing */
	bool failed;             /* there is nothing to show at all */
};

/* Loads the index and makes the rows; what was made before is gone. */
void browse_make(struct browse_rows *r);
void browse_drop(struct browse_rows *r);

bool browse_is_open(const struct browse_rows *r, enum browse_mode mode, uint32_t id);
void browse_set_open(struct browse_rows *r, enum browse_mode mode, uint32_t id, bool on);
/* All scopes, or none but the outermost. */
void browse_open_all(struct browse_rows *r, enum browse_mode mode, bool on);
/* Has the row others below it? */
bool browse_has_rows(const struct browse_rows *r, enum browse_mode mode, uint32_t id);
/* The row that it is below; its own if there is none. */
uint32_t browse_parent(const struct browse_rows *r, enum browse_mode mode, uint32_t id);
/* The tensor of a row; NULL: a scope, an object. */
const struct ckpt_tensor *browse_tensor(const struct browse_rows *r,
					enum browse_mode mode, uint32_t id);
/* list_ops.build of the tree and of the objects. */
extern const char *const browse_tree_sorts[];
void browse_build_tree(const struct browse_rows *r, struct list_build *b);
void browse_build_objects(const struct browse_rows *r, struct list_build *b);

#endif
