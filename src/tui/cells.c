/* cells.c — the elements of a tensor that are seen, read by a thread of their own.
 * SPDX-License-Identifier: Apache-2.0
 *
 * There are two pages: the one that is shown, and the one that the thread fills. They
 * change places when it is done.
 */
#include "config.h"

#include "tui/cells.h"

#include <string.h>

#include "base/error.h"
#include "model/strided.h"

/* Nobody notices that many milliseconds. What is small is checked before it is shown. */
enum { PATIENCE_MS = 10, STRING_SEEN = 1024, CHECKED_AT_ONCE = 64 << 20 };

/* --- reading ----------------------------------------------------------------------- */

static size_t at_of(const struct cells_place *p, size_t row, size_t col)
{
	return row * p->cols + col;
}

static bool is_there(const struct cells_place *p, size_t row, size_t col)
{
	const uint64_t r = p->row + row, c = p->col + col;
	return r < p->plane.rows && c < p->plane.cols &&
	       r * p->plane.cols + c < p->plane.elements;
}

/* One line of a page, along the dimension whose elements lie closer together. Where it
 * cannot be read whole, as much of it as can, and no byte more than each element has. */
static void read_line(struct cells_read *to, const struct cells_place *p,
		      struct values *v, size_t line, bool down, uint8_t *scratch)
{
	const size_t size = v->dtype->size, most = down ? p->rows : p->cols;
	const int64_t step = down ? p->plane.row_step : p->plane.col_step;
	size_t n = 0;
	while (n < most && is_there(p, down ? n : line, down ? line : n))
		n++;
	const uint64_t first = plane_flat(&p->plane, p->row + (down ? 0 : line),
					  p->col + (down ? line : 0));
	const bool whole = n && !values_strided(v, first, step, n, scratch, &to->error);
	v->window = whole ? PIECE_WINDOW : size;
	for (size_t i = 0; i < n; i++) {
		const size_t at = at_of(p, down ? i : line, down ? line : i);
		const uint64_t flat = first + i * (uint64_t)step;
		if (!whole &&
		    values_strided(v, flat, 1, 1, scratch + i * size, &to->error))
			continue;
		memcpy(to->elements + at * size, scratch + i * size, size);
		to->known[at] = true;
	}
	v->window = PIECE_WINDOW;
}

static uint64_t magnitude(int64_t step)
{
	return step < 0 ? 0 - (uint64_t)step : (uint64_t)step;
}

static void read_numbers(struct cells *c, struct cells_page *page, size_t which,
			 struct values *v)
{
	struct cells_read *to = &page->of[which];
	const struct cells_place *p = &page->place;
	const bool down = p->cols == 1 ||
			  magnitude(p->plane.row_step) < magnitude(p->plane.col_step);
	const size_t lines = down ? p->cols : p->rows, n = p->rows * p->cols;
	to->elements = arena_zeroed(&page->arena, n, v->dtype->size);
	uint8_t *scratch = arena_zeroed(&page->arena, n, v->dtype->size);
	if (!to->elements || !scratch) {
		arena_error(&page->arena, &to->error);
		return;
	}
	for (size_t i = 0; i < lines && !pool_cancelled(&c->pool); i++)
		read_line(to, p, v, i, down, scratch);
}

struct copying {
	struct cells_page *page;
	struct cells_read *to;
	size_t at;
};

static int copy_strings(void *arg, const struct ckpt_run *run)
{
	struct copying *c = arg;
	for (uint64_t i = 0; i < run->n; i++, c->at++) {
		const struct ckpt_string *s = &run->strings[i];
		const size_t n = s->len < STRING_SEEN ? s->len : STRING_SEEN;
		const char *copy = arena_copy(&c->page->arena, s->p, n);
		if (!copy)
			return arena_error(&c->page->arena, &c->to->error);
		c->to->strings[c->at] = (struct cell_string){ copy, n, s->len };
		c->to->known[c->at] = true;
	}
	return 0;
}

static void read_strings(struct cells *c, struct cells_page *page, size_t which,
			 struct values *v)
{
	struct cells_read *to = &page->of[which];
	const struct cells_place *p = &page->place;
	struct copying copying = { page, to, 0 };
	to->strings = arena_zeroed(&page->arena, p->rows, sizeof *to->strings);
	if (!to->strings) {
		arena_error(&page->arena, &to->error);
		return;
	}
	if ((c->check || v->tensor->size_bytes <= CHECKED_AT_ONCE) &&
	    values_check(v, &to->error))
		return;
	for (size_t i = 0; i < p->rows && is_there(p, i, 0); i++) {
		copying.at = i;
		if (values_runs(v, plane_flat(&p->plane, p->row + i, 0), 1, copy_strings,
				&copying, &to->error))
			return;
	}
}

static void load(void *arg, unsigned worker, size_t job)
{
	struct cells *c = arg;
	struct cells_page *page = &c->pages[!c->shown];
	const size_t n = page->place.rows * page->place.cols;
	(void)worker;
	(void)job;
	for (size_t i = 0; i < c->n && !pool_cancelled(&c->pool); i++) {
		struct cells_read *to = &page->of[i];
		struct values *v = side_values(&c->sides[i], &to->error);
		to->known = arena_zeroed(&page->arena, n, sizeof *to->known);
		if (!to->known)
			arena_error(&page->arena, &to->error);
		if (!v || !to->known)
			continue;
		if (v->dtype->size)
			read_numbers(c, page, i, v);
		else
			read_strings(c, page, i, v);
		to->checked = values_checked(v);
		/* What is read of a file that cannot be read looks real. */
		struct ckpt_error why = { 0 };
		if (side_intact(&c->sides[i], &why)) {
			to->error = why;
			memset(to->known, 0, n * sizeof *to->known);
		}
	}
}

/* --- pages ------------------------------------------------------------------------- */

static bool same_plane(const struct plane *a, const struct plane *b)
{
	return a->rows == b->rows && a->cols == b->cols && a->first == b->first &&
	       a->row_step == b->row_step && a->col_step == b->col_step;
}

/* Has a page all that is wanted? */
static bool covers(const struct cells_place *page, const struct cells_place *want)
{
	return same_plane(&page->plane, &want->plane) && page->row <= want->row &&
	       page->col <= want->col &&
	       want->row - page->row + want->rows <= page->rows &&
	       want->col - page->col + want->cols <= page->cols;
}

/* Takes what the thread has read; false: it is not done. */
static bool take(struct cells *c, int ms)
{
	if (!pool_wait(&c->pool, ms))
		return false;
	const bool whole = !pool_cancelled(&c->pool);
	pool_end(&c->pool);
	c->loading = false;
	if (whole) {
		c->shown = !c->shown;
		c->there = true;
	}
	return true;
}

bool cells_want(struct cells *c, const struct cells_place *want)
{
	if (c->there && covers(&c->pages[c->shown].place, want))
		return true;
	if (c->loading) {
		const bool wanted = covers(&c->pages[!c->shown].place, want);
		if (!wanted)
			pool_cancel(&c->pool);
		if (!take(c, PATIENCE_MS))
			return false;
		if (c->there && covers(&c->pages[c->shown].place, want))
			return true;
	}
	struct cells_page *page = &c->pages[!c->shown];
	arena_drop(&page->arena);
	*page = (struct cells_page){ .place = *want };
	arena_init(&page->arena, UINT64_MAX);
	c->loading = true;
	pool_start(&c->pool, 1, 1, load, c);
	return take(c, PATIENCE_MS) && c->there;
}

bool cells_tick(struct cells *c)
{
	return c->loading && take(c, 0);
}

bool cells_busy(const struct cells *c)
{
	return c->loading;
}

void cells_check(struct cells *c)
{
	if (c->loading) {
		pool_cancel(&c->pool);
		pool_end(&c->pool);
	}
	c->loading = c->there = false;
	c->check = true;
}

int cells_open(struct cells *c, struct ckpt *const *ckpts,
	       const struct ckpt_tensor *const *tensors, size_t n, struct ckpt_error *err)
{
	*c = (struct cells){ .n = 0 };
	for (; c->n < n; c->n++)
		if (side_fork(&c->sides[c->n], ckpts[c->n], tensors[c->n], err)) {
			cells_close(c);
			return -1;
		}
	return 0;
}

void cells_close(struct cells *c)
{
	if (c->loading) {
		pool_cancel(&c->pool);
		pool_end(&c->pool);
	}
	for (size_t i = 0; i < c->n; i++)
		side_join(&c->sides[i], NULL);
	for (int i = 0; i < 2; i++)
		arena_drop(&c->pages[i].arena);
	*c = (struct cells){ .n = 0 };
}

/* --- what is there ----------------------------------------------------------------- */

/* Where an element is in the page that is shown; false: nowhere. */
static bool find(const struct cells *c, size_t which, uint64_t row, uint64_t col,
		 size_t *at)
{
	const struct cells_page *page = &c->pages[c->shown];
	const struct cells_place *p = &page->place;
	if (!c->there || row < p->row || row - p->row >= p->rows || col < p->col ||
	    col - p->col >= p->cols)
		return false;
	*at = at_of(p, (size_t)(row - p->row), (size_t)(col - p->col));
	return page->of[which].known && page->of[which].known[*at];
}

const uint8_t *cells_element(const struct cells *c, size_t which, uint64_t row,
			     uint64_t col)
{
	const struct cells_read *read = &c->pages[c->shown].of[which];
	size_t at;
	if (!find(c, which, row, col, &at) || !read->elements)
		return NULL;
	return read->elements + at * ckpt_dtype_size(c->sides[which].tensor->dtype);
}

const struct cell_string *cells_string(const struct cells *c, size_t which, uint64_t row)
{
	const struct cells_read *read = &c->pages[c->shown].of[which];
	size_t at;
	return find(c, which, row, 0, &at) && read->strings ? &read->strings[at] : NULL;
}

const struct ckpt_error *cells_error(const struct cells *c, size_t which)
{
	const struct cells_read *read = &c->pages[c->shown].of[which];
	return c->there && read->error.code ? &read->error : NULL;
}

bool cells_checked(const struct cells *c, size_t which)
{
	return c->there && c->pages[c->shown].of[which].checked;
}
