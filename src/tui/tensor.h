/* tensor.h — the view of one tensor: what its parts share.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TUI_TENSOR_H
#define TUI_TENSOR_H

#include "format/objects.h"
#include "report/heat.h"
#include "report/stats.h"
#include "tui/grid.h"
#include "tui/views.h"

/* What takes longer to read is read when something asks for it. */
enum { TENSOR_SWEPT_AT_ONCE = 1 << 30 };

enum pane { PANE_VALUES, PANE_STATS, PANE_HISTOGRAM, PANE_HEAT, N_PANES };

struct tensor {
	struct view v;
	struct ckpt *c;
	const struct ckpt_tensor *t;
	const struct objects *objects;
	const struct view_settings *settings;
	struct grid grid;
	enum pane pane;
	char title[4096];
	const char *shape;
	/* The sweep of this one tensor. */
	struct stats stats;
	struct arena stats_arena;
	bool sweeping, swept;          /* under way; was begun */
	const struct stats_item *item; /* what is known; NULL: nothing */
	struct stats_row row;          /* of it */
	size_t stats_top;              /* the first line that is seen */
	bool log2;                     /* bins of the histogram */
	size_t bar, n_bars;            /* the one that is marked */
	struct bar marked;
	/* The map of the plane that is seen. */
	struct heat heat;
	struct planes heat_planes;     /* with the rows of the map */
	struct ckpt_error heat_error;
	bool heating, heat_known, heat_stopped;
	/* A string that is read in full to be shown. */
	struct tensor_opening {
		struct side side;
		struct pool pool;
		uint64_t flat;
		struct buffer text;
		struct ckpt_error error;
	} opening;
	bool is_opening;
};

/* NULL: not known, or it could not be read. */
const struct stats_found *tensor_found(const struct tensor *t);

/* tensor_facts.c: "float32 [2,3] · …", "min -0.1993 …". */
bool tensor_is_number(const struct tensor *t);
void tensor_draw_facts(const struct tensor *t, int row, int cols);
void tensor_draw_summary(const struct tensor *t, int row, int cols);
/* tensor_panes.c: everything but the values. */
void tensor_draw_pane(struct tensor *t, const struct area *area);
/* What the pane says of itself: "30 bins · linear". */
void tensor_pane_note(struct tensor *t, char *out, size_t cap);
void tensor_pane_status(struct tensor *t, char *left, size_t cap);
void tensor_act_pane(struct tensor *t, enum action action, struct request *r);
/* The map under way: true if it is ready. */
bool tensor_heat_tick(struct tensor *t, struct request *r);
void tensor_heat_end(struct tensor *t);

#endif
