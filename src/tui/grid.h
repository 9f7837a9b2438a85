/* grid.h — the elements of a tensor as a table that one walks about in.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A grid shows a plane (model/planes.h) of one tensor, or of two that have the same
 * elements: then a, b or b - a. Strings and variants have a row each. Only what is seen
 * is read (cells.h); what takes long (searching, writing) runs in a pool.
 */
#ifndef TUI_GRID_H
#define TUI_GRID_H

#include "report/find.h"
#include "tui/cells.h"
#include "tui/view.h"

enum grid_shows { GRID_A, GRID_B, GRID_DELTA };

struct grid_writing;

struct grid {
	struct ckpt *ckpts[CELLS_MOST];
	const struct ckpt_tensor *tensors[CELLS_MOST]; /* a; or a and b */
	size_t n;
	enum grid_shows shows;
	const struct ckpt_error *problem; /* why there is nothing to be seen; NULL */
	bool strings;
	int64_t all[1];                   /* strings: how many, as dimensions */
	struct planes planes;
	struct cells cells;
	int digits;                       /* of reals; 0: the shortest that reads back */
	/* At the last drawing. */
	uint64_t top, left;
	size_t rows, cols;                /* that were seen */
	int width, first_row;             /* of a column; on the screen */
	struct arena scratch;
	unsigned threads;
	/* A search, and what is searched for. */
	struct find find;
	struct find_what what;
	bool finding, backwards, sought; /* sought: what has been set */
	struct grid_writing *writing;     /* NULL: nothing is written */
};

/* What is borrowed must live longer. The grid can be used in any case: if it cannot show
 * anything, it says why. n is 1 or 2; two have as many elements. */
void grid_open(struct grid *g, struct ckpt *const *ckpts,
	       const struct ckpt_tensor *const *tensors, size_t n, unsigned threads);
void grid_close(struct grid *g);
/* The tensor whose elements are seen; of a difference, b's. */
const struct ckpt_tensor *grid_tensor(const struct grid *g);
void grid_show(struct grid *g, enum grid_shows what);

/* Heading (unless the area is small) and rows. */
void grid_draw(struct grid *g, const struct area *area);
/* "[2,2] = nan", and "row 2/768  col 2/768". */
void grid_status(struct grid *g, char *left, char *right, size_t cap);
/* The plane as a slice, "slice [0,:,:]", "transposed" behind it if rows are columns; and
 * drawn in width columns to the left of end, if need be without its beginning. */
void grid_slice(const struct grid *g, char *out, size_t cap);
void grid_draw_slice(const struct grid *g, int row, int end, int width);
/* Why some of what is seen could not be read; NULL: it could. */
const struct ckpt_error *grid_error(const struct grid *g);

/* The keys of a grid; false: it is none of them. */
bool grid_act(struct grid *g, enum action action, struct request *r);
bool grid_answer(struct grid *g, enum action asked, const char *text, enum answer state,
		 struct request *r);
/* goto, slice, precision, find, write. */
bool grid_command(struct grid *g, const char *word, const char *rest, struct request *r);
bool grid_click(struct grid *g, const struct term_mouse *m);
/* To an element of the tensor. */
void grid_go(struct grid *g, uint64_t flat, const char *what, struct request *r);
/* Goes on with what is under way; true if there is something new to be seen. */
bool grid_tick(struct grid *g, struct request *r);
void grid_progress(const struct grid *g, struct progress *p);
void grid_stop(struct grid *g);

/* --- the parts of a grid ----------------------------------------------------------- */

/* grid_draw.c: the text of an element, whole or with the digits of the grid; of a string
 * as much as is known. False: it is not known. */
bool grid_text(struct grid *g, uint64_t row, uint64_t col, bool whole, char *out,
	       size_t cap);
/* "[2,3]", the index in the tensor of the element that one stands at. */
const char *grid_index(struct grid *g);
/* grid_find.c */
void grid_search(struct grid *g, const char *text, struct request *r);
void grid_search_next(struct grid *g, bool backwards, struct request *r);
bool grid_search_tick(struct grid *g, struct request *r);
/* grid_file.c: starts to write what is selected. */
void grid_write(struct grid *g, const char *path, struct request *r);
bool grid_write_tick(struct grid *g, struct request *r);
void grid_write_progress(const struct grid *g, struct progress *p);
void grid_write_stop(struct grid *g);
void grid_write_end(struct grid *g);

/* Binds these in a view's table: what all grids have, and those of numbers. */
#define GRID_KEYS                                                                        \
	{ ACT_SEARCH_NEXT, "n", "find", "next one", NULL },                              \
	{ ACT_SEARCH_PREVIOUS, "N", "find", "the one before", NULL },                    \
	{ ACT_COPY_VALUE, "y", "take", "copy the value", NULL },                         \
	{ ACT_COPY, "Y", "take", "copy the name", NULL },                                \
	{ ACT_WRITE, "w", "take", "slice to a file (.csv)", NULL }
#define GRID_NUMBER_KEYS                                                                 \
	{ ACT_LEFT, "h Left", "move", "a column to the left", NULL },                    \
	{ ACT_RIGHT, "l Right", "move", "a column to the right", NULL },                 \
	{ ACT_LINE_BEGIN, "0 ^", "move", "first column", NULL },                         \
	{ ACT_LINE_END, "$", "move", "last column", NULL },                              \
	{ ACT_NEXT_PLANE, "]", "plane", "next: other indices", NULL },                   \
	{ ACT_PREVIOUS_PLANE, "[", "plane", "the one before", NULL },                    \
	{ ACT_NEXT_BLOCK, "}", "plane", "next first index", NULL },                      \
	{ ACT_PREVIOUS_BLOCK, "{", "plane", "first index before", NULL },                \
	{ ACT_TRANSPOSE, "x", "plane", "rows become columns", NULL },                    \
	{ ACT_SLICE, "e", "plane", "a slice: 0:3,:,-1", "slice" },                       \
	{ ACT_SEARCH, "/", "find", "nan, inf, 1.5, >0.5", "find" },                      \
	GRID_KEYS,                                                                       \
	{ ACT_PRECISION, "p", "show", "more or fewer digits", "precision" }

#endif
