/* browse_list.h — the browse view itself, and its rows as a list.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TUI_BROWSE_LIST_H
#define TUI_BROWSE_LIST_H

#include "tui/browse.h"
#include "tui/views.h"

/* It begins with the view. */
struct browse {
	struct view v;
	struct view_ckpt ckpt;
	const char *given;
	const struct view_settings *settings;
	struct browse_rows rows;
	enum browse_mode mode;
	struct list list;
	struct pool pool;       /* makes the rows */
	bool making, told;
	struct arena scratch;   /* of one row */
	union {
		struct tree_row tree;
		struct list_row list;
	} row;
	char title[2048], step[64];
};

extern const struct list_ops browse_tree_list;
struct cell_text browse_name(void *arg, uint32_t id); /* of a row */
const void *browse_row(void *arg, uint32_t id);
/* Unfolds all that a row is below, and goes to it; of a list it goes there alone. */
void browse_reveal(void *browse, uint32_t id);
/* Lists the rows as that mode has them. */
void browse_set_mode(struct browse *b, enum browse_mode mode);
/* The columns of the mode, all of them. */
const struct column *browse_columns(const struct browse *b);

#endif
