/* history_list.h — the history view itself, and its two lists.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TUI_HISTORY_LIST_H
#define TUI_HISTORY_LIST_H

#include <time.h>

#include "tui/list.h"
#include "tui/run.h"

enum history_pane { CHECKPOINTS, TENSORS };

/* It begins with the view. */
struct past {
	struct view v;
	const struct view_settings *settings;
	struct run run;
	enum history_pane pane;
	struct list lists[2];
	const struct history *shown;   /* whose tensors are listed */
	struct arena scratch, columns; /* of one row; of the table of tensors */
	struct history_row row;
	/* Rows to be verified, one after the other. */
	struct verifier verifier;
	size_t *queue;
	size_t queued, verified;
	struct timespec looked;
	bool told;                     /* that the folder has changed */
};

extern const struct list_ops history_checkpoints, history_tensors;
extern const char *const history_sorts[];
/* Lists what there is now. */
void history_list_checkpoints(struct past *p);
void history_list_tensors(struct past *p);
/* The row of a tensor; NULL: not all of it is known yet. */
const struct history_row *history_tensor_row(struct past *p, uint32_t id);

#endif
