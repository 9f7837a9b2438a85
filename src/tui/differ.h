/* differ.h — a comparison under way and its rows, for view_diff.c.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TUI_DIFFER_H
#define TUI_DIFFER_H

#include <time.h>

#include "report/diff_tree.h"
#include "tui/fold.h"
#include "tui/views.h"

enum differ_stage { PAIRING, READING, FAILED, DONE };

/* It begins with the view. */
struct differ {
	struct view v;
	struct view_ckpt a, b;
	const struct view_settings *settings;
	struct diff_query query;
	struct arena arena, scratch; /* of the comparison; of one row */
	struct diff diff;
	enum differ_stage stage;
	struct pool pool;            /* pairs the names */
	struct ckpt_error error;
	bool stopped, show_same, tree;
	struct diff_counts counts;
	struct timespec looked;
	struct list list;
	struct fold folded;          /* of the tree */
	struct pointers tree_rows;   /* struct diff_tree_row */
	struct diff_row row;
};

/* Begins anew, with what the query says. */
void differ_start(struct differ *d);
/* Ends what is under way and forgets all. */
void differ_give_up(struct differ *d);
/* Looks after it; true if there is something new. */
bool differ_tick(struct differ *d, struct request *r);

extern const struct list_ops differ_list;
extern const char *const differ_sorts[];
struct cell_text differ_name(void *arg, uint32_t id); /* of a row */
const void *differ_row(void *arg, uint32_t id);
/* The columns of what is shown: tensors, or scopes. */
const struct column *differ_columns(const struct differ *d);
/* Tensors, or scopes; false: no memory. */
bool differ_set_tree(struct differ *d, bool tree, struct ckpt_error *err);

#endif
