/* stats.c — the numbers in each tensor of a checkpoint: extremes, mean, histogram, NaN.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Each range of a tensor has moments of its own, which are joined in order. What does not
 * depend on any order (columns, bins, the set of values) is kept once for a tensor, while
 * it is read: columns are marked at once, the others by each thread in a scratch of its
 * own, which is added when a range ends. A tensor of one range needs no second copy.
 */
#include "config.h"

#include "report/stats.h"

#include <math.h>
#include <string.h>

#include "base/error.h"

/* What a range leaves behind. */
struct partial {
	struct moments moments;
	struct dead_rows rows;
	bool same;         /* of complex elements: all are the one */
	uint8_t one[16];
};

/* What a thread has to itself. */
struct scratch {
	double reals[BLOCK];
	struct histogram histogram;
	struct distinct distinct;
	bool no_memory;
};

/* What the ranges of a tensor share while it is read. */
struct gathering {
	struct dead_columns columns;
	struct distinct distinct;
	struct histogram *histogram; /* NULL: there is one range */
	struct stats_bins linear, log2;
	int width_exponent;
	bool no_memory;
};

static uint64_t width_of(const struct ckpt_tensor *t)
{
	return t->rank < 2 ? 0 : (uint64_t)t->dims[t->rank - 1];
}

static bool has_columns(const struct ckpt_tensor *t)
{
	return width_of(t) && width_of(t) <= DEAD_MOST_COLUMNS;
}

/* --- what is gathered -------------------------------------------------------------- */

static struct gathering *gathering_of(struct stats_item *item)
{
	return (struct gathering *)(void *)item->gathering.p;
}

/* Memory behind struct gathering: the histogram, then the words of columns. */
static struct gathering *begin_gathering(const struct stats *st, struct stats_item *item)
{
	const struct ckpt_tensor *t = item->tensor;
	const bool columns = st->extras & STATS_DEAD && has_columns(t);
	const bool bins = st->extras & STATS_HISTOGRAM && t->elements > RANGE;
	const size_t words = columns ? dead_columns_words(width_of(t)) : 0;
	const size_t size = sizeof(struct gathering) +
			    (bins ? sizeof(struct histogram) : 0) +
			    words * sizeof(atomic_uint_least64_t);
	buffer_init(&item->gathering, UINT64_MAX);
	if (buffer_reserve(&item->gathering, size, NULL))
		return NULL;
	struct gathering *g = gathering_of(item);
	*g = (struct gathering){ .no_memory = false };
	distinct_begin(&g->distinct);
	if (bins) {
		g->histogram = (struct histogram *)(void *)(g + 1);
		histogram_begin(g->histogram);
	}
	if (columns)
		dead_columns_begin(&g->columns, width_of(t),
				   bins ? (void *)(g->histogram + 1)
					: (void *)(g + 1));
	return g;
}

static void drop_gathering(struct stats_item *item)
{
	if (item->gathering.p)
		distinct_drop(&gathering_of(item)->distinct);
	buffer_drop(&item->gathering);
	item->gathering = (struct buffer){ 0 };
}

/* Keeps those of n bins with something in them, which hold total elements: many tensors
 * are small, and most bins are far below the first that counts. */
static struct stats_bins keep_bins(struct sweep *s, const uint64_t *bins, size_t n,
				   int64_t first, uint64_t total, bool *failed)
{
	struct stats_bins kept = { NULL, 0 };
	size_t begin = n;
	for (uint64_t left = total; begin && left; left -= bins[begin])
		kept.n += bins[--begin] != 0;
	struct stats_bin *all = sweep_alloc(s, (kept.n + 1) * sizeof *all);
	kept.n = 0;
	for (size_t i = begin; all && i < n; i++)
		if (bins[i])
			all[kept.n++] = (struct stats_bin){ first + (int64_t)i, bins[i] };
	kept.all = all;
	*failed |= !all;
	return kept;
}

static void keep_histogram(struct sweep *s, struct gathering *g,
			   const struct histogram *h, const struct moments *m)
{
	const double most = fabs(m->min) > fabs(m->max) ? fabs(m->min) : fabs(m->max);
	const size_t n_log2 = m->finite && most > 0
				      ? (size_t)(ilogb(most) - LOG_FIRST + 1)
				      : 0;
	g->width_exponent = h->width_exponent;
	g->linear = keep_bins(s, h->linear, HISTOGRAM_BINS, h->first_bin, m->finite,
			      &g->no_memory);
	g->log2 = keep_bins(s, h->log, n_log2, LOG_FIRST, m->finite - m->zeros,
			    &g->no_memory);
}

/* --- the sweep --------------------------------------------------------------------- */

static void begin_range(struct sweep *s, struct sweep_item *at, void *partial)
{
	struct stats *st = s->arg;
	struct stats_item *item = at->arg;
	struct partial *p = partial;
	*p = (struct partial){ .same = true };
	moments_begin(&p->moments);
	dead_rows_begin(&p->rows);
	pthread_mutex_lock(&st->lock);
	if (st->extras && !item->gathering.p && !item->no_memory)
		item->no_memory = !begin_gathering(st, item);
	pthread_mutex_unlock(&st->lock);
}

static void compare_complex(struct partial *p, const struct dtype *d, const uint8_t *in,
			    size_t n)
{
	if (!p->moments.elements)
		memcpy(p->one, in, d->size);
	for (size_t i = 0; i < n && p->same; i++)
		p->same = !memcmp(p->one, in + i * d->size, d->size);
}

static void add_block(struct sweep *s, struct sweep_item *at, void *partial,
		      const struct sweep_block *b)
{
	const struct stats *st = s->arg;
	struct stats_item *item = at->arg;
	struct gathering *g = gathering_of(item);
	struct scratch *own = b->scratch;
	struct partial *p = partial;
	const struct dtype *d = dtype_of(item->tensor->dtype);
	if (!b->data[0])
		return;
	if (b->first % RANGE == 0) {
		histogram_begin(&own->histogram);
		distinct_begin(&own->distinct);
		own->no_memory = false;
	}
	if (d->kind == KIND_COMPLEX)
		compare_complex(p, d, b->data[0], b->n);
	const uint64_t zeros = p->moments.zeros;
	reals_of(d, b->data[0], b->n, own->reals);
	moments_block(&p->moments, d, b->data[0], own->reals, b->n, b->first);
	if (!g)
		return;
	if (st->extras & STATS_DEAD && width_of(item->tensor)) {
		const size_t new_zeros = (size_t)(p->moments.zeros - zeros);
		dead_rows_block(&p->rows, own->reals, b->n, b->first, new_zeros,
				width_of(item->tensor));
		if (has_columns(item->tensor))
			dead_columns_block(&g->columns, own->reals, b->n, b->first,
					   new_zeros);
	}
	if (st->extras & STATS_HISTOGRAM)
		histogram_block(&own->histogram, own->reals, b->n, p->moments.min,
				p->moments.max);
	if (st->extras & STATS_DISTINCT && dtype_whole(d))
		own->no_memory |= distinct_block(&own->distinct, d, b->data[0], b->n,
						 NULL) != 0;
}

/* Adds what the thread has gathered of a range to what is known of the tensor. */
static void end_range(struct sweep *s, struct sweep_item *at, void *partial,
		      void *scratch)
{
	struct stats *st = s->arg;
	struct stats_item *item = at->arg;
	struct gathering *g = gathering_of(item);
	struct scratch *own = scratch;
	const struct partial *p = partial;
	if (!p->moments.elements)
		return;
	if (g && st->extras & STATS_HISTOGRAM && !g->histogram)
		keep_histogram(s, g, &own->histogram, &p->moments);
	pthread_mutex_lock(&st->lock);
	if (g && g->histogram)
		histogram_join(g->histogram, &own->histogram);
	if (g && st->extras & STATS_DISTINCT) {
		g->no_memory |= own->no_memory;
		g->no_memory |= distinct_join(&g->distinct, &own->distinct, NULL) != 0;
	}
	pthread_mutex_unlock(&st->lock);
	distinct_drop(&own->distinct);
}

/* --- one tensor -------------------------------------------------------------------- */

/* More than one element, all the same finite value. */
static bool is_constant(const struct dtype *d, const struct partial *p)
{
	const struct moments *m = &p->moments;
	if (m->elements < 2 || m->finite != m->elements || m->min != m->max)
		return false;
	if (d->kind == KIND_COMPLEX)
		return p->same;
	return d->kind == KIND_FLOAT || !memcmp(m->min_element, m->max_element, d->size);
}

static void join(struct partial *sum, const struct partial *next)
{
	moments_join(&sum->moments, &next->moments);
	dead_rows_join(&sum->rows, &next->rows);
	sum->same &= next->same && !memcmp(sum->one, next->one, sizeof sum->one);
}

/* Rows and columns that are dead, of a tensor that has such. */
static void count_dead(struct stats_found *f, const struct ckpt_tensor *t,
		       const struct gathering *g, const struct partial *p)
{
	f->dead_rows = t->elements ? dead_rows_count(&p->rows) : 0;
	if (!t->elements)
		f->dead_columns = 0;
	else if (has_columns(t))
		f->dead_columns = atomic_load(&g->columns.left);
}

/* What was gathered of the item; false without memory. */
static bool finish(struct sweep *s, struct stats_item *item, struct stats_found *f,
		   const struct partial *sum)
{
	const struct stats *st = s->arg;
	const struct ckpt_tensor *t = item->tensor;
	const struct dtype *d = dtype_of(t->dtype);
	struct gathering *g = gathering_of(item);
	f->moments = sum->moments;
	f->constant = is_constant(d, sum);
	f->dead_rows = f->dead_columns = f->distinct = STATS_UNKNOWN;
	if (!st->extras || item->no_memory)
		return !item->no_memory;
	if (st->extras & STATS_DEAD && t->rank >= 2)
		count_dead(f, t, g, sum);
	if (st->extras & STATS_DISTINCT && dtype_whole(d) && !g->distinct.too_many)
		f->distinct = distinct_count(&g->distinct);
	if (g->histogram)
		keep_histogram(s, g, g->histogram, &sum->moments);
	f->linear = g->linear;
	f->log2 = g->log2;
	f->width_exponent = g->width_exponent;
	return !g->no_memory;
}

static void end_item(struct sweep *s, struct sweep_item *at, const void *partials,
		     size_t n)
{
	struct stats_item *item = at->arg;
	const struct partial *ranges = partials;
	item->error = at->streams[0].error;
	if (!item->error) {
		struct stats_found *f = sweep_alloc(s, sizeof *f);
		struct partial sum = ranges[0];
		for (size_t i = 1; i < n; i++)
			join(&sum, &ranges[i]);
		if (f && finish(s, item, f, &sum))
			item->found = f;
		else
			item->error = &error_no_memory;
	}
	drop_gathering(item);
}

static const struct sweep_ops stats_ops = {
	.partial = sizeof(struct partial),
	.scratch = sizeof(struct scratch),
	.begin = begin_range,
	.block = add_block,
	.range_end = end_range,
	.end = end_item,
};

/* --- the report -------------------------------------------------------------------- */

static bool is_number(const struct ckpt_tensor *t)
{
	return ckpt_dtype_size(t->dtype) > 0;
}

int stats_begin(struct stats *st, struct ckpt *c, struct arena *arena,
		const struct ckpt_tensor *const *tensors, size_t n, unsigned extras,
		unsigned threads, struct ckpt_error *err)
{
	*st = (struct stats){ .c = c, .arena = arena, .extras = extras, .n = n };
	st->items = arena_zeroed(arena, n + 1, sizeof *st->items);
	st->ready = arena_zeroed(arena, n + 1, sizeof *st->ready);
	struct ckpt **one = arena_zeroed(arena, 1, sizeof(struct ckpt *));
	size_t n_read = 0;
	for (size_t i = 0; i < n; i++)
		n_read += !tensors[i]->problem && is_number(tensors[i]);
	struct sweep_item *items = sweep_items(arena, n_read, 1);
	if (!st->items || !st->ready || !one || !items)
		return arena_error(arena, err);
	*one = c;
	st->sweep = (struct sweep){ .checkpoints = one, .streams = 1, .items = items,
				    .n_items = n_read, .ops = &stats_ops, .arg = st };
	for (size_t i = 0; i < n; i++) {
		struct stats_item *item = &st->items[i];
		item->tensor = tensors[i];
		item->error = tensors[i]->problem;
		if (item->error || !is_number(tensors[i]))
			continue;
		item->sweep = items++;
		item->sweep->arg = item;
		item->sweep->streams[0].tensor = tensors[i];
	}
	pthread_mutex_init(&st->lock, NULL);
	st->sweeping = !sweep_start(&st->sweep, threads, err);
	if (!st->sweeping)
		pthread_mutex_destroy(&st->lock);
	return st->sweeping ? 0 : -1;
}

bool stats_ready(const struct stats_item *item)
{
	return !item->sweep || atomic_load(&item->sweep->done);
}

static void count(struct stats_counts *n, const struct stats_item *item)
{
	n->tensors++;
	n->unreadable += item->error != NULL;
	if (!item->found)
		return;
	const struct moments *m = &item->found->moments;
	const uint64_t inf = m->inf_positive + m->inf_negative;
	n->numbers++;
	n->elements += m->elements;
	n->nan += m->nan;
	n->inf += inf;
	n->not_finite += m->nan || inf;
	n->bytes += m->elements * ckpt_dtype_size(item->tensor->dtype);
}

int stats_end(struct stats *st, struct ckpt_error *err)
{
	const int r = sweep_end(&st->sweep, err);
	pthread_mutex_destroy(&st->lock);
	for (size_t i = 0; i < st->n; i++) {
		drop_gathering(&st->items[i]);
		if (!stats_ready(&st->items[i]))
			continue;
		count(&st->counts, &st->items[i]);
		st->ready[st->n_ready++] = &st->items[i];
	}
	st->complete = st->n_ready == st->n;
	return r;
}

void stats_drop(struct stats *st)
{
	if (st->sweeping)
		sweep_drop(&st->sweep);
	st->sweeping = false;
}
