/* heat.c — a plane of a tensor in blocks: the mean of each.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "report/heat.h"

#include <math.h>

#include "base/error.h"
#include "model/strided.h"

struct heat_worker {
	struct side side;
	struct ckpt_error error;
	size_t failed; /* the row of blocks that could not be read; SIZE_MAX: none */
	uint8_t elements[BLOCK * 16];
	double reals[BLOCK];
};

/* Adds n elements. Large ones are made smaller first, so that their sum is finite. */
static void add(struct heat_block *b, const double *reals, size_t n)
{
	enum { SMALLER = 16 };
	double sum = 0, most = 0;
	for (size_t i = 0; i < n; i++)
		most = isfinite(reals[i]) && fabs(reals[i]) > most ? fabs(reals[i])
								   : most;
	const int exponent = most > 0x1p1000 ? SMALLER : 0;
	for (size_t i = 0; i < n; i++) {
		const double v = reals[i];
		if (isnan(v)) {
			b->nan++;
		} else if (isinf(v)) {
			b->inf++;
		} else {
			sum += exponent ? ldexp(v, -exponent) : v;
			b->finite++;
		}
	}
	b->sum = wide_add(b->sum, (struct wide){ sum, exponent });
}

static size_t blocks_across(const struct heat *h)
{
	return h->turned ? h->rows : h->cols;
}

/* One row of elements, from low to high - 1 of its columns, which are of one block. */
static int add_row(struct heat *h, struct heat_worker *w, struct values *v,
		   struct heat_block *b, uint64_t row, uint64_t low, uint64_t high)
{
	const struct dtype *d = dtype_of(w->side.tensor->dtype);
	while (low < high) {
		const size_t n = high - low < BLOCK ? (size_t)(high - low) : BLOCK;
		if (pool_cancelled(&h->pool))
			return 0;
		if (values_strided(v, plane_flat(&h->read, row, low), h->read.col_step, n,
				   w->elements, &w->error))
			return -1;
		reals_of(d, w->elements, n, w->reals);
		add(b, w->reals, n);
		pool_count(&h->pool, n * d->size);
		low += n;
	}
	return 0;
}

/* One row of blocks. */
static void do_job(void *arg, unsigned worker, size_t job)
{
	struct heat *h = arg;
	struct heat_worker *w = &h->workers[worker];
	const struct plane *q = &h->read;
	const size_t across = blocks_across(h);
	const uint64_t deep = h->turned ? h->col_block : h->row_block;
	const uint64_t wide = h->turned ? h->row_block : h->col_block;
	struct heat_block *blocks = h->blocks + job * across;
	struct values *v = side_values(&w->side, &w->error);
	if (w->failed != SIZE_MAX)
		return;
	for (uint64_t row = job * deep; v && row < (job + 1) * deep && row < q->rows;
	     row++) {
		const uint64_t before = row * q->cols, left = q->elements - before;
		const uint64_t cols = left < q->cols ? left : q->cols;
		for (uint64_t k = 0; k * wide < cols; k++) {
			const uint64_t left_of = k * wide;
			const uint64_t end =
				cols - left_of < wide ? cols : left_of + wide;
			if (add_row(h, w, v, &blocks[k], row, left_of, end)) {
				w->failed = job;
				return;
			}
		}
	}
	if (!v)
		w->failed = job;
	for (size_t k = 0; k < across; k++) {
		struct heat_block *b = &blocks[k];
		b->mean = b->finite ? ldexp(b->sum.v / (double)b->finite, b->sum.exponent)
				    : NAN;
	}
}

static uint64_t magnitude(int64_t step)
{
	return step < 0 ? 0 - (uint64_t)step : (uint64_t)step;
}

/* How the plane is cut. */
static void cut(struct heat *h)
{
	const struct plane *q = &h->plane;
	h->row_block = (q->rows - 1) / h->most_rows + 1;
	h->col_block = (q->cols - 1) / h->most_cols + 1;
	h->rows = (size_t)((q->rows - 1) / h->row_block + 1);
	h->cols = (size_t)((q->cols - 1) / h->col_block + 1);
	h->read = *q;
	h->turned = magnitude(q->row_step) < magnitude(q->col_step) &&
		    q->elements == q->rows * q->cols;
	if (h->turned) {
		h->read.rows = q->cols;
		h->read.cols = q->rows;
		h->read.row_step = q->col_step;
		h->read.col_step = q->row_step;
	}
}

int heat_begin(struct heat *h, struct ckpt *c, const struct ckpt_tensor *t,
	       const struct plane *plane, size_t most_rows, size_t most_cols,
	       unsigned threads, struct ckpt_error *err)
{
	const unsigned most = threads ? threads : 1;
	*h = (struct heat){ .plane = *plane,
			    .most_rows = most_rows,
			    .most_cols = most_cols };
	if (!plane->elements || !most_rows || !most_cols)
		return error_set(err, CKPT_EINVAL, NULL, -1, "there is nothing to see");
	cut(h);
	arena_init(&h->arena, UINT64_MAX);
	h->bytes = plane->elements * ckpt_dtype_size(t->dtype);
	h->blocks = arena_zeroed(&h->arena, h->rows * h->cols, sizeof *h->blocks);
	h->workers = arena_zeroed(&h->arena, most, sizeof *h->workers);
	int r = h->blocks && h->workers ? 0 : arena_error(&h->arena, err);
	while (!r && h->n_workers < most) {
		struct heat_worker *w = &h->workers[h->n_workers];
		w->failed = SIZE_MAX;
		r = side_fork(&w->side, c, t, err);
		h->n_workers += !r;
	}
	if (!r) {
		pool_start(&h->pool, most, h->turned ? h->cols : h->rows, do_job, h);
		return 0;
	}
	while (h->n_workers)
		side_join(&h->workers[--h->n_workers].side, NULL);
	heat_drop(h);
	return -1;
}

int heat_end(struct heat *h, struct ckpt_error *err)
{
	const struct heat_worker *first = NULL;
	const bool stopped = pool_cancelled(&h->pool);
	int r = 0;
	pool_end(&h->pool);
	for (unsigned i = 0; i < h->n_workers; i++) {
		struct heat_worker *w = &h->workers[i];
		if (w->failed != SIZE_MAX && (!first || w->failed < first->failed))
			first = w;
	}
	if (first)
		r = error_copy(err, &first->error);
	for (unsigned i = 0; i < h->n_workers; i++) {
		struct heat_worker *w = &h->workers[i];
		if (w->side.open && side_intact(&w->side, r ? NULL : err))
			r = -1;
		if (side_join(&w->side, r ? NULL : err))
			r = -1;
	}
	h->low = INFINITY;
	h->high = -INFINITY;
	for (size_t i = 0; i < h->rows * h->cols; i++) {
		const double v = h->blocks[i].mean;
		h->low = v < h->low ? v : h->low;
		h->high = v > h->high ? v : h->high;
	}
	return r || stopped ? -1 : 0;
}

void heat_drop(struct heat *h)
{
	arena_drop(&h->arena);
	*h = (struct heat){ .rows = 0 };
}

const struct heat_block *heat_at(const struct heat *h, size_t row, size_t col)
{
	return h->turned ? &h->blocks[col * h->rows + row]
			 : &h->blocks[row * h->cols + col];
}
