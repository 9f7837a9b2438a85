/* views.h — how each view is made; a view knows of others by this alone.
 * SPDX-License-Identifier: Apache-2.0
 *
 * NULL without memory. What is handed over as borrowed must live longer than the view,
 * which it does where the view that has it stays below.
 */
#ifndef TUI_VIEWS_H
#define TUI_VIEWS_H

#include "format/objects.h"
#include "report/diff.h"
#include "tui/view.h"

/* What the user has said for all views. */
struct view_settings {
	struct ckpt_options open;
	unsigned threads;
	bool mmap;
};

/* A checkpoint that a view may own. */
struct view_ckpt {
	struct ckpt *c;
	bool borrowed;
};

/* What is in a checkpoint: tree, list, objects. given: what the user typed. */
struct view *browse_view(struct view_ckpt c, const char *given,
			 const struct view_settings *s);
/* The values of a tensor. objects: NULL for none; borrowed, as c is. */
struct view *tensor_view(struct ckpt *c, const struct ckpt_tensor *t,
			 const struct objects *objects, const struct view_settings *s);
/* What differs between two checkpoints. */
struct view *diff_view(struct view_ckpt a, struct view_ckpt b,
		       const struct view_settings *s);
/* What differs between two tensors of a diff that has compared them. */
struct view *pair_view(const struct diff *d, const struct diff_item *item,
		       const struct view_settings *s);
/* The checkpoints of a folder. */
struct view *history_view(const char *folder, const struct view_settings *s);
/* What a graph is; c: its constants as a checkpoint, as ckpt_open() opens it. */
struct view *nodes_view(struct view_ckpt c, const char *given,
			const struct view_settings *s);
/* Is a checkpoint whole: what verify says. */
struct view *verify_view(struct ckpt *c, const struct view_settings *s);

/* --- text -------------------------------------------------------------------------- */

/* Lines to be read; what is too long is wrapped. */
struct view *text_view(const char *title);
/* Adds a line of n bytes, escaped unless it is our own text. */
void text_view_add(struct view *v, const char *text, size_t n, bool escape);
/* Adds a table: the columns that say something, but for those of text alone. */
void text_view_table(struct view *v, const struct rows *rows);
/* A row, a line each column: "dtype  float32". */
struct view *record_view(const char *title, const struct column *columns,
			 const void *row);

#endif
