/* grid_file.c — what is selected of a tensor, to a file.
 * SPDX-License-Identifier: Apache-2.0
 *
 * As print writes it; to a file that is called .csv, a line for each row of the last
 * dimension. Elements are written so that they read back the same, whatever precision is
 * shown. A thread of its own writes.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "model/strided.h"
#include "out/values.h"
#include "report/column.h"
#include "tui/file.h"
#include "tui/grid.h"

struct grid_writing {
	struct pool pool;
	struct arena arena;
	struct side side;     /* of .csv */
	struct picked picked; /* else */
	struct values_style style;
	struct planes planes; /* what is selected */
	struct file file;
	bool csv, failed;
	struct ckpt_error error;
};

/* --- .csv -------------------------------------------------------------------------- */

static bool is_csv(const char *path)
{
	const size_t n = strlen(path);
	return n > 4 && !strcmp(path + n - 4, ".csv");
}

static void put_number(const struct grid_writing *w, const struct dtype *d,
		       const uint8_t *p)
{
	char text[1024];
	struct cell_element e = { .dtype = d };
	memcpy(e.bytes, p, d->size);
	fwrite(text, 1, cell_element_text(&e, text, sizeof text), w->file.f);
}

/* RFC 4180: in quotes, which are doubled. */
static int put_string(void *arg, const struct ckpt_run *run)
{
	FILE *f = ((struct grid_writing *)arg)->file.f;
	for (uint64_t i = 0; i < run->n; i++) {
		const struct ckpt_string *s = &run->strings[i];
		putc('"', f);
		for (size_t k = 0; k < s->len; k++) {
			if (s->p[k] == '"')
				putc('"', f);
			putc(s->p[k], f);
		}
		putc('"', f);
	}
	return 0;
}

static int put_some(struct grid_writing *w, struct values *v, uint64_t first,
		    int64_t step, size_t n, bool begins)
{
	uint8_t elements[256 * 16];
	if (!v->dtype->size) {
		if (!begins)
			putc(',', w->file.f);
		return values_runs(v, first, 1, put_string, w, &w->error);
	}
	if (values_strided(v, first, step, n, elements, &w->error))
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (i || !begins)
			putc(',', w->file.f);
		put_number(w, v->dtype, elements + i * v->dtype->size);
	}
	return 0;
}

/* A line has the elements of the last dimension that is left. */
static int write_csv(struct grid_writing *w)
{
	const struct planes *p = &w->planes;
	const uint64_t all = selection_elements(&p->s);
	int last = p->s.rank - 1;
	while (last >= 0 && p->s.dim[last].drop)
		last--;
	const uint64_t cols = last < 0 ? 1 : p->s.dim[last].count;
	struct values *v = side_values(&w->side, &w->error);
	const size_t most = v && v->dtype->size ? 256 : 1;
	for (uint64_t at = 0; v && at < all && !ferror(w->file.f);) {
		const uint64_t col = at % cols;
		size_t n = cols - col < most ? (size_t)(cols - col) : most;
		const int64_t step =
			last < 0 ? 1 : p->s.dim[last].step * (int64_t)p->stride[last];
		if (pool_cancelled(&w->pool) ||
		    put_some(w, v, planes_flat_of(p, at), step, n, !col))
			return -1;
		pool_count(&w->pool, n);
		at += n;
		if (col + n == cols)
			putc('\n', w->file.f);
	}
	return v && !side_intact(&w->side, &w->error) ? 0 : -1;
}

/* --- the thread -------------------------------------------------------------------- */

static void write_all(void *arg, unsigned worker, size_t job)
{
	struct grid_writing *w = arg;
	(void)worker;
	(void)job;
	w->failed = w->csv ? write_csv(w)
			   : values_text(w->file.f, &w->picked, &w->style, &w->error);
	file_finish(&w->file, w->failed || pool_cancelled(&w->pool));
}

static struct grid_writing *prepare(struct grid *g, const char *path)
{
	struct arena arena;
	arena_init(&arena, UINT64_MAX);
	struct grid_writing *w = arena_zeroed(&arena, 1, sizeof *w);
	if (!w)
		return NULL;
	w->arena = arena;
	w->csv = is_csv(path);
	w->planes = g->planes;
	return w;
}

void grid_write(struct grid *g, const char *path, struct request *r)
{
	struct ckpt_error err = { 0 };
	const size_t which = g->n > 1 && g->shows == GRID_B;
	if (g->problem || g->writing || g->shows == GRID_DELTA) {
		say(r, g->writing ? "it is writing already; ^C stops it"
				  : "this cannot be written: the grids A and B can");
		r->bad = true;
		return;
	}
	struct grid_writing *w = prepare(g, path);
	if (!w || side_fork(&w->side, g->ckpts[which], g->tensors[which], &err)) {
		say(r, "out of memory");
		return;
	}
	if (!file_new(&w->file, path, r)) {
		struct arena arena = w->arena;
		side_join(&w->side, NULL);
		arena_drop(&arena);
		return;
	}
	const struct ckpt_tensor *t = g->tensors[which];
	if (g->strings && t->rank != 1) /* shown as one column, but they have a shape */
		planes_begin(&w->planes, t->dims, t->rank);
	w->picked = (struct picked){
		.side = &w->side, .t = t, .pool = &w->pool, .selection = w->planes.s
	};
	w->picked.whole = selection_is_all(&w->picked.selection, t->dims);
	g->writing = w;
	pool_start(&w->pool, 1, 1, write_all, w);
}

/* Ends the thread and closes the file. */
static void finish(struct grid *g, struct request *r)
{
	struct grid_writing *w = g->writing;
	struct ckpt_error err = w->error;
	const bool stopped = pool_cancelled(&w->pool);
	pool_end(&w->pool);
	if (side_join(&w->side, &err))
		w->failed = true;
	if (err.code)
		say_error(r, &err);
	else if (stopped)
		say(r, "stopped: nothing is written");
	file_done(&w->file, w->failed || stopped, r);
	struct arena arena = w->arena;
	arena_drop(&arena);
	g->writing = NULL;
}

bool grid_write_tick(struct grid *g, struct request *r)
{
	if (!g->writing || !pool_wait(&g->writing->pool, 0))
		return false;
	finish(g, r);
	return true;
}

void grid_write_progress(const struct grid *g, struct progress *p)
{
	(void)g;
	p->what = "writing";
}

void grid_write_stop(struct grid *g)
{
	if (g->writing)
		pool_cancel(&g->writing->pool);
}

void grid_write_end(struct grid *g)
{
	struct request r = { .kind = REQUEST_NONE };
	if (g->writing)
		finish(g, &r);
}
