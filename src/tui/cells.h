/* cells.h — the elements of a tensor that are seen, read by a thread of their own.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Only a page is ever read: so many rows and columns of a plane (model/planes.h) as fit
 * the screen. Where that takes longer than anybody notices, the screen shows what it has
 * and looks again. A page has the same elements of one tensor, or of two.
 */
#ifndef TUI_CELLS_H
#define TUI_CELLS_H

#include "base/pool.h"
#include "format/side.h"
#include "model/planes.h"

enum { CELLS_MOST = 2 };

/* Where a page is: rows × cols elements of a plane, from this one on. */
struct cells_place {
	struct plane plane;
	uint64_t row, col;
	size_t rows, cols;
};

/* A string as far as it may be seen, and its whole length. */
struct cell_string {
	const char *p;
	size_t len;
	uint64_t whole;
};

struct cells_page {
	struct cells_place place;
	struct arena arena;
	struct cells_read {
		uint8_t *elements;          /* of a fixed size */
		struct cell_string *strings;
		bool *known;                /* which could be read */
		bool checked;               /* its checksums have been found to be good */
		struct ckpt_error error;
	} of[CELLS_MOST];
};

struct cells {
	struct side sides[CELLS_MOST];
	size_t n;
	struct cells_page pages[2];
	int shown;        /* the page that is there; the other one may be loading */
	bool there, loading;
	bool check;       /* strings: however long it takes */
	struct pool pool;
};

int cells_open(struct cells *c, struct ckpt *const *ckpts,
	       const struct ckpt_tensor *const *tensors, size_t n,
	       struct ckpt_error *err);
void cells_close(struct cells *c); /* zeroed is fine */
/* Reads a page, if it is not there. False: it will be later, see cells_tick(). */
bool cells_want(struct cells *c, const struct cells_place *place);
/* True if a page has become ready. */
bool cells_tick(struct cells *c);
bool cells_busy(const struct cells *c);
/* Strings are checked before they are shown, where that is fast; from now on always. */
void cells_check(struct cells *c);

/* An element, at a row and column of the plane; NULL: it is not known. */
const uint8_t *cells_element(const struct cells *c, size_t which, uint64_t row,
			     uint64_t col);
const struct cell_string *cells_string(const struct cells *c, size_t which, uint64_t row);
/* Why some cannot be read; NULL: all can. */
const struct ckpt_error *cells_error(const struct cells *c, size_t which);
bool cells_checked(const struct cells *c, size_t which);

#endif
