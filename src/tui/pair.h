/* pair.h — the view of one tensor that two checkpoints have: what its parts share.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TUI_PAIR_H
#define TUI_PAIR_H

#include "report/diff_tree.h"
#include "report/stats.h"
#include "tui/grid.h"
#include "tui/views.h"

enum pair_pane { PAIR_LARGEST, PAIR_A, PAIR_B, PAIR_DELTA, N_PAIR_PANES };

/* The statistics of one of the two tensors. */
struct one_side {
	struct stats stats;
	struct arena arena;
	struct stats_row row;
	bool sweeping, known;
};

struct pair_screen {
	struct view v;
	const struct diff *d;
	const struct diff_item *item;
	const struct view_settings *settings;
	struct ckpt *ckpts[2];
	const struct ckpt_tensor *tensors[2];
	bool together;         /* they have the same elements: one grid for both */
	bool numbers;
	struct grid grids[2];  /* together: the first one */
	enum pair_pane pane;
	char title[4096];
	const char *shape;
	struct one_side sides[2];
	bool read;             /* what takes long has been begun */
	/* The largest differences. */
	struct diff_reading reading;
	struct arena arena;
	struct pair_largest { /* what the thread finds */
		struct diff_element_row *rows;
		size_t n;
		struct ckpt_error error;
	} finding;
	struct diff_element_row *rows;
	size_t n, at, top, page;
	int first_row;
	bool comparing;
	struct ckpt_error error;
	struct arena scratch;
};

/* "the same bytes", …: what there is to say instead of numbers; NULL: numbers. */
const char *pair_verdict(const struct pair_screen *p);

/* pair_draw.c: the lines of A, B and Δ, from a row on; the list. */
void pair_draw_sides(struct pair_screen *p, int row, int cols);
void pair_draw_largest(struct pair_screen *p, const struct area *area);

#endif
