/* sweep.c — the values of many tensors read once, in blocks, by all threads.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Jobs are made in the order of the first stream's bytes: a range of a large tensor each,
 * or a batch of small tensors. A tensor whose elements have to be walked (strings, V1) is
 * one job.
 */
#include "config.h"

#include "report/sweep.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/error.h"
#include "report/sweep_work.h"

enum { BATCH = 4 << 20 }; /* bytes of small tensors in a job */

struct sweep_job {
	size_t item, n_items; /* in the order of bytes; n_items > 1: whole ones */
	uint64_t range, n_ranges;
};

static uint64_t item_bytes(const struct sweep *s, const struct sweep_item *item)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < s->streams; i++)
		if (item->streams[i].tensor)
			sum += item->streams[i].tensor->size_bytes;
	return sum;
}

/* Can its ranges be read in any order? */
static bool item_divisible(const struct sweep *s, const struct sweep_item *item)
{
	for (size_t i = 0; i < s->streams; i++) {
		const struct ckpt_tensor *t = item->streams[i].tensor;
		if (t && (!t->n_pieces || piece_is_tagged(t->pieces) ||
			  t->pieces->packed || !ckpt_dtype_size(t->dtype)))
			return false;
	}
	return true;
}

struct sweep_item *sweep_items(struct arena *a, size_t n, size_t streams)
{
	struct sweep_item *items = arena_zeroed(a, n ? n : 1, sizeof *items);
	struct sweep_stream *all = NULL;
	if (!streams || n <= SIZE_MAX / streams)
		all = arena_zeroed(a, n * streams + 1, sizeof *all);
	if (!items || !all)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		items[i].streams = all + i * streams;
		atomic_init(&items[i].done, false);
		atomic_init(&items[i].left, 0);
	}
	return items;
}

void *sweep_alloc(struct sweep *s, size_t n)
{
	pthread_mutex_lock(&s->lock);
	void *p = arena_zeroed(&s->arena, 1, n);
	pthread_mutex_unlock(&s->lock);
	return p;
}

/* --- jobs -------------------------------------------------------------------------- */

struct placed {
	struct sweep_item *item;
	uint64_t shard, offset;
	size_t order;
};

static int by_place(const void *x, const void *y)
{
	const struct placed *a = x, *b = y;
	if (a->shard != b->shard)
		return a->shard < b->shard ? -1 : 1;
	if (a->offset != b->offset)
		return a->offset < b->offset ? -1 : 1;
	return (a->order > b->order) - (a->order < b->order);
}

static struct placed *place_items(struct sweep *s)
{
	struct placed *placed = arena_zeroed(&s->arena, s->n_items + 1, sizeof *placed);
	for (size_t i = 0; placed && i < s->n_items; i++) {
		const struct ckpt_tensor *t = item_tensor(s, &s->items[i]);
		placed[i] = (struct placed){ &s->items[i], UINT64_MAX, 0, i };
		if (t && t->n_pieces) {
			placed[i].shard = t->pieces->shard;
			placed[i].offset = t->pieces->offset;
		}
	}
	if (placed)
		qsort(placed, s->n_items, sizeof *placed, by_place);
	return placed;
}

/* The job that begins with item i of those in order; *next: the item behind it. */
static struct sweep_job make_job(const struct sweep *s, size_t i, uint64_t range,
				 size_t *next)
{
	const struct sweep_item *item = s->placed[i].item;
	const uint64_t ranges = item_ranges(s, item);
	struct sweep_job job = { i, 1, range, ranges };
	*next = i + 1;
	if (ranges > 1 && item_divisible(s, item)) {
		job.n_ranges = 1;
		*next = range + 1 < ranges ? i : i + 1;
	} else if (ranges == 1) {
		uint64_t bytes = item_bytes(s, item);
		for (; *next < s->n_items && bytes < BATCH; ++*next) {
			const struct sweep_item *more = s->placed[*next].item;
			bytes += item_bytes(s, more);
			if (item_ranges(s, more) > 1 || bytes > BATCH)
				break;
			job.n_items++;
		}
	}
	return job;
}

/* Lists the jobs, or with NULL counts them. */
static size_t make_jobs(const struct sweep *s, struct sweep_job *jobs)
{
	size_t n = 0;
	uint64_t range = 0;
	for (size_t i = 0, next; i < s->n_items; i = next, n++) {
		const struct sweep_job job = make_job(s, i, range, &next);
		range = next == i ? range + 1 : 0;
		if (jobs)
			jobs[n] = job;
	}
	return n;
}

static void do_job(void *arg, unsigned worker, size_t number)
{
	struct sweep *s = arg;
	const struct sweep_job *job = &s->jobs[number];
	for (size_t i = 0; i < job->n_items && !pool_cancelled(&s->pool); i++)
		item_read(s, &s->workers[worker], s->placed[job->item + i].item,
			  job->range, job->n_items > 1 ? 1 : job->n_ranges);
}

/* --- the sweep --------------------------------------------------------------------- */

static int fork_worker(struct sweep *s, struct sweep_worker *w)
{
	arena_init(&w->arena, UINT64_MAX);
	w->stores = arena_zeroed(&w->arena, s->streams, sizeof *w->stores);
	w->values = arena_zeroed(&w->arena, s->streams, sizeof *w->values);
	w->open = arena_zeroed(&w->arena, s->streams, sizeof *w->open);
	w->data = arena_zeroed(&w->arena, s->streams, sizeof *w->data);
	w->strings = arena_zeroed(&w->arena, s->streams, sizeof *w->strings);
	w->scratch = arena_zeroed(&w->arena, 1, s->ops->scratch + 1);
	if (!w->stores || !w->values || !w->open || !w->data || !w->strings ||
	    !w->scratch)
		return -1;
	for (size_t i = 0; i < s->streams; i++) {
		struct ckpt *c = s->checkpoints[i];
		w->stores[i] = c->reader->fork(c, &w->arena);
		if (!w->stores[i])
			return -1;
	}
	return 0;
}

/* The sizes of the data files that are there, by number. */
struct sizes {
	struct arena arena;
	struct pointers all; /* struct member */
};

static void note_size(void *arg, const struct member *m)
{
	struct sizes *sizes = arg;
	struct member *copy = arena_alloc(&sizes->arena, sizeof *copy);
	if (!m->exists || m->shard < 0 || !copy)
		return;
	*copy = *m;
	pointers_add(&sizes->all, copy);
}

static int by_shard(const void *x, const void *y)
{
	const struct member *a = *(struct member *const *)x,
			    *b = *(struct member *const *)y;
	return (a->shard > b->shard) - (a->shard < b->shard);
}

/* The bytes of a tensor that lie in data files. */
static uint64_t bytes_there(const struct sizes *sizes, const struct ckpt_tensor *t)
{
	uint64_t sum = 0;
	for (uint32_t i = 0; i < t->n_pieces; i++) {
		const struct ckpt_piece *p = &t->pieces[i];
		const struct member want = { .shard = p->shard };
		const struct member *key = &want;
		struct member **m = bsearch(&key, sizes->all.p, sizes->all.n,
					    sizeof *sizes->all.p, by_shard);
		if (!p->in_block && !p->packed && m &&
		    p->offset + p->size <= (*m)->size)
			sum += p->size;
	}
	return sum;
}

/* No saver lets tensors share bytes; an index that has each of them mean the whole file
 * would make a sweep a read of all of it for each. */
static int check_sharing(struct sweep *s, size_t stream, struct ckpt_error *err)
{
	enum { MOST_TIMES = 4, ALWAYS = 64 << 20 };
	struct ckpt *c = s->checkpoints[stream];
	struct sizes sizes = { .all = { 0 } };
	uint64_t claimed = 0, wanted = 0, there = 0;
	for (size_t i = 0; i < s->n_items; i++) {
		const struct ckpt_tensor *t = s->items[i].streams[stream].tensor;
		if (t && __builtin_add_overflow(claimed, t->size_bytes, &claimed))
			claimed = UINT64_MAX;
	}
	s->bytes += claimed;
	s->there[stream] = UINT64_MAX;
	if (claimed <= ALWAYS || c->store->bytes)
		return 0;
	arena_init(&sizes.arena, UINT64_MAX);
	int r = c->reader->members(c, note_size, &sizes, err);
	if (sizes.all.n)
		qsort(sizes.all.p, sizes.all.n, sizeof *sizes.all.p, by_shard);
	for (size_t i = 0; i < sizes.all.n; i++)
		there += ((struct member *)sizes.all.p[i])->size;
	for (size_t i = 0; !r && sizes.all.n && i < s->n_items; i++) {
		const struct ckpt_tensor *t = s->items[i].streams[stream].tensor;
		wanted += t ? bytes_there(&sizes, t) : 0;
	}
	if (!r && wanted > ALWAYS && wanted / MOST_TIMES > there)
		r = error_set(err, CKPT_ELIMIT, c->at.prefix, -1,
			      "its tensors share so many bytes that to look at all is to "
			      "read the files %" PRIu64 " times", wanted / there);
	s->there[stream] = there;
	pointers_drop(&sizes.all);
	arena_drop(&sizes.arena);
	return r;
}

/* A tensor that claims more than all files hold could make any number of jobs: it is read
 * as far as it goes, which gives its error. */
static void check_claims(struct sweep *s)
{
	for (size_t i = 0; i < s->n_items; i++) {
		struct sweep_item *item = &s->items[i];
		bool all = true;
		for (size_t k = 0; k < s->streams; k++) {
			const struct ckpt_tensor *t = item->streams[k].tensor;
			const bool packed = t && t->n_pieces && t->pieces->packed;
			if (t && t->size_bytes > s->there[k] && !packed)
				worker_check(s, &s->workers[0], item, k);
			all &= !t || item->streams[k].error;
		}
		item->hopeless = all;
	}
}

static int prepare(struct sweep *s, unsigned threads, struct ckpt_error *err)
{
	const unsigned workers = threads ? threads : 1;
	s->there = arena_zeroed(&s->arena, s->streams, sizeof *s->there);
	s->workers = arena_zeroed(&s->arena, workers, sizeof *s->workers);
	if (!s->there || !s->workers)
		return arena_error(&s->arena, err);
	for (size_t i = 0; i < s->streams; i++)
		if (check_sharing(s, i, err))
			return -1;
	while (s->n_workers < workers)
		if (fork_worker(s, &s->workers[s->n_workers++]))
			return error_set(err, CKPT_ENOMEM, NULL, -1, "out of memory");
	check_claims(s);
	s->placed = place_items(s);
	s->n_jobs = s->placed ? make_jobs(s, NULL) : 0;
	s->jobs = arena_zeroed(&s->arena, s->n_jobs + 1, sizeof *s->jobs);
	if (!s->placed || !s->jobs)
		return arena_error(&s->arena, err);
	make_jobs(s, s->jobs);
	for (size_t i = 0; i < s->n_items; i++)
		atomic_store(&s->items[i].left, item_ranges(s, &s->items[i]));
	return 0;
}

int sweep_start(struct sweep *s, unsigned threads, struct ckpt_error *err)
{
	s->bytes = 0;
	s->n_workers = 0;
	s->n_jobs = 0;
	arena_init(&s->arena, UINT64_MAX);
	pthread_mutex_init(&s->lock, NULL);
	if (!prepare(s, threads, err)) {
		pool_start(&s->pool, threads, s->n_jobs, do_job, s);
		return 0;
	}
	pool_start(&s->pool, 0, 0, do_job, s);
	sweep_end(s, NULL);
	sweep_drop(s);
	return -1;
}

int sweep_end(struct sweep *s, struct ckpt_error *err)
{
	int r = 0;
	pool_end(&s->pool);
	for (unsigned k = 0; k < s->n_workers; k++) {
		struct sweep_worker *w = &s->workers[k];
		if (w->values)
			worker_close(s, w);
		for (size_t i = 0; w->stores && i < s->streams; i++) {
			struct ckpt *c = s->checkpoints[i];
			if (w->stores[i] &&
			    c->reader->join(c, w->stores[i], r ? NULL : err))
				r = -1;
		}
		arena_drop(&w->arena);
	}
	for (size_t i = 0; i < s->n_items; i++)
		item_drop(&s->items[i]);
	s->n_workers = 0;
	pthread_mutex_destroy(&s->lock);
	return r;
}

void sweep_drop(struct sweep *s)
{
	arena_drop(&s->arena);
}

int sweep_run(struct sweep *s, unsigned threads, struct ckpt_error *err)
{
	if (sweep_start(s, threads, err))
		return -1;
	while (!pool_wait(&s->pool, 1000))
		;
	return sweep_end(s, err);
}
