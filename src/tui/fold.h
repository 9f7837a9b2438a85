/* fold.h — rows that are a tree by their depth alone: folding, and who is below whom.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A row stands before all that is below it, which is deeper than it is.
 */
#ifndef TUI_FOLD_H
#define TUI_FOLD_H

#include "tui/list.h"

struct fold {
	uint32_t n;
	uint64_t (*depth)(const void *arg, uint32_t row);
	const void *arg;
	uint8_t *open; /* a bit for each row: what is below it is seen */
};

/* Of the arena; rows less deep than this are open. False: no memory. */
bool fold_init(struct fold *f, struct arena *a, uint64_t depth);
bool fold_is_open(const struct fold *f, uint32_t row);
void fold_set(struct fold *f, uint32_t row, bool open);
void fold_all(struct fold *f, bool open);
bool fold_has_rows(const struct fold *f, uint32_t row);
/* The row that it is below; itself if there is none. */
uint32_t fold_parent(const struct fold *f, uint32_t row);
/* Adds the rows that are seen: those that nothing above has folded away. */
void fold_build(const struct fold *f, struct list_build *b);
/* Indentation and the sign of a row, for list_ops.lead. */
void fold_lead(uint64_t depth, bool has_rows, bool open, char *out, size_t cap);

#endif
