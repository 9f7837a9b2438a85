/* sweep_work.c — what the threads of a sweep do: read ranges of items.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Where a stream fails, its later ranges are not read any more, but earlier ones are: so
 * the error that counts is the first one in the tensor, whichever thread met one first.
 */
#include "config.h"

#include "report/sweep_work.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "format/side.h"

enum { FULL_WINDOWS = 8 }; /* streams; with more, each of them reads less at a time */

const struct ckpt_tensor *item_tensor(const struct sweep *s,
				      const struct sweep_item *item)
{
	for (size_t i = 0; i < s->streams; i++)
		if (item->streams[i].tensor && !item->streams[i].tensor->problem)
			return item->streams[i].tensor;
	return NULL;
}

uint64_t item_ranges(const struct sweep *s, const struct sweep_item *item)
{
	const struct ckpt_tensor *t = item_tensor(s, item);
	if (item->hopeless)
		return 1;
	return t && t->elements ? (t->elements - 1) / RANGE + 1 : 1;
}

/* --- errors ------------------------------------------------------------------------ */

/* Keeps the error of the earliest range. */
static void stream_failed(struct sweep *s, struct sweep_item *item, size_t stream,
			  uint64_t range, const struct ckpt_error *err)
{
	struct sweep_stream *at = &item->streams[stream];
	pthread_mutex_lock(&s->lock);
	/* What is read of a file that cannot be read looks damaged: the cause counts. */
	const bool cause = at->error && range == at->error_range &&
			   err->code == CKPT_EIO && at->error->code != CKPT_EIO;
	if (!at->error || range < at->error_range || cause) {
		struct ckpt_error *copy = arena_zeroed(&s->arena, 1, sizeof *copy);
		if (copy)
			*copy = *err;
		at->error = copy ? copy : &error_no_memory;
		at->error_range = range;
	}
	pthread_mutex_unlock(&s->lock);
}

static bool stream_is_read(struct sweep *s, struct sweep_item *item, size_t stream,
			   uint64_t range)
{
	const struct sweep_stream *at = &item->streams[stream];
	if (!at->tensor)
		return false;
	if (!at->error)
		return true;
	pthread_mutex_lock(&s->lock);
	const bool failed = at->error && range >= at->error_range;
	pthread_mutex_unlock(&s->lock);
	return !failed;
}

/* --- one item ---------------------------------------------------------------------- */

void worker_close(struct sweep *s, struct sweep_worker *w)
{
	for (size_t i = 0; i < s->streams; i++)
		values_close(&w->values[i]);
	buffer_drop(&w->held.partials);
	buffer_drop(&w->held.sums);
}

/* The checksum of a range of a stream, where it is kept. */
static uint32_t *sum_of(const struct sweep *s, const struct sweep_held *held,
			uint64_t range, size_t stream)
{
	return (uint32_t *)(void *)held->sums.p + range * s->streams + stream;
}

static void open_stream(struct sweep *s, struct sweep_worker *w, struct sweep_item *item,
			size_t i)
{
	const struct ckpt *c = s->checkpoints[i];
	const struct ckpt_tensor *t = item->streams[i].tensor;
	struct ckpt_error err = { 0 };
	w->open[i] = true;
	const int r = w->values[i].store
			      ? values_reopen(&w->values[i], t, &err)
			      : values_open(&w->values[i], w->stores[i], t, c->limit,
					    &err);
	if (s->streams > FULL_WINDOWS)
		w->values[i].window = PIECE_SMALL_WINDOW;
	if (!r)
		return;
	if (!*err.file) /* it concerns the tensor, not one of its files */
		snprintf(err.file, sizeof err.file, "%s", c->at.prefix);
	stream_failed(s, item, i, 0, &err);
}

/* Each range of an array in Fortran order needs pages from all of it: they can go only
 * when the worker comes to something else. */
static void leave_item(struct sweep *s, struct sweep_worker *w)
{
	for (size_t i = 0; i < s->streams; i++) {
		const struct ckpt_tensor *t = w->open[i] ? w->values[i].tensor : NULL;
		if (t && t->n_pieces && t->pieces->by_columns && w->stores[i]->release)
			w->stores[i]->release(w->stores[i], t->pieces, 0,
					      t->pieces->size);
	}
	memset(w->open, 0, s->streams * sizeof *w->open);
}

static void take_item(struct sweep *s, struct sweep_worker *w,
		      const struct sweep_item *item)
{
	if (w->item != item)
		leave_item(s, w);
	w->item = item;
}

void worker_check(struct sweep *s, struct sweep_worker *w, struct sweep_item *item,
		  size_t stream)
{
	struct ckpt_error err = { 0 };
	take_item(s, w, item);
	if (!w->open[stream])
		open_stream(s, w, item, stream);
	if (!item->streams[stream].error && values_check(&w->values[stream], &err))
		stream_failed(s, item, stream, 0, &err);
}

/* Is a stream left that is read in this range? */
static bool any_stream(struct sweep *s, struct sweep_item *item, uint64_t range)
{
	for (size_t i = 0; i < s->streams; i++)
		if (stream_is_read(s, item, i, range))
			return true;
	return false;
}

/* Opens the streams for a range; those whose checksums are not of their elements in order
 * are compared once, with the first range. */
static void open_range(struct sweep *s, struct sweep_worker *w, struct sweep_item *item,
		       const struct sweep_held *held, uint64_t range)
{
	take_item(s, w, item);
	for (size_t i = 0; i < s->streams; i++) {
		if (!stream_is_read(s, item, i, range))
			continue;
		if (!w->open[i])
			open_stream(s, w, item, i);
		const bool sums = values_summable(item->streams[i].tensor);
		w->values[i].sum = sums ? sum_of(s, held, range, i) : NULL;
		if (sums || range || !stream_is_read(s, item, i, range))
			continue;
		worker_check(s, w, item, i);
		if (!w->values[i].dtype->size)
			pool_count(&s->pool, item->streams[i].tensor->size_bytes);
	}
}

static bool make_room(struct sweep *s, struct sweep_held *held, uint64_t ranges)
{
	const size_t partial = s->ops->partial ? s->ops->partial : 1;
	const size_t sums = s->streams * sizeof(uint32_t);
	if (ranges > SIZE_MAX / (partial > sums ? partial : sums) / 2)
		return false;
	held->partials.limit = held->sums.limit = SIZE_MAX;
	if (buffer_reserve(&held->partials, (size_t)ranges * partial, NULL) ||
	    buffer_reserve(&held->sums, (size_t)ranges * sums, NULL))
		return false;
	memset(held->sums.p, 0, (size_t)ranges * sums);
	return true;
}

/* Where the ranges of an item leave what they have found: the worker's own room if there
 * is only one, else room that all workers share. NULL without memory. */
static struct sweep_held *hold(struct sweep *s, struct sweep_worker *w,
			       struct sweep_item *item, uint64_t ranges)
{
	if (ranges == 1)
		return make_room(s, &w->held, 1) ? &w->held : NULL;
	pthread_mutex_lock(&s->lock);
	if (!item->held) {
		struct sweep_held *held = arena_zeroed(&s->arena, 1, sizeof *held);
		if (held && make_room(s, held, ranges)) {
			item->held = held;
		} else if (held) {
			buffer_drop(&held->partials);
			buffer_drop(&held->sums);
		}
	}
	pthread_mutex_unlock(&s->lock);
	return item->held;
}

static void fail_all(struct sweep *s, struct sweep_item *item,
		     const struct ckpt_error *err)
{
	for (size_t i = 0; i < s->streams; i++)
		if (item->streams[i].tensor)
			stream_failed(s, item, i, 0, err);
}

void item_drop(struct sweep_item *item)
{
	if (!item->held)
		return;
	buffer_drop(&item->held->partials);
	buffer_drop(&item->held->sums);
	item->held = NULL;
}

/* Strings come as many at a time as each stream has at hand; the least of them counts. */
static size_t fetch_strings(struct sweep *s, struct sweep_worker *w,
			    struct sweep_item *item, uint64_t range, uint64_t first,
			    size_t most)
{
	for (size_t i = 0; i < s->streams; i++) {
		struct ckpt_error err = { 0 };
		w->strings[i] = NULL;
		if (!stream_is_read(s, item, i, range))
			continue;
		const int n = values_strings(&w->values[i], first, most, &w->strings[i],
					     &err);
		if (n <= 0) {
			w->strings[i] = NULL;
			stream_failed(s, item, i, range, &err);
		} else if ((size_t)n < most) {
			most = (size_t)n;
		}
	}
	return most;
}

static void fetch_block(struct sweep *s, struct sweep_worker *w, struct sweep_item *item,
			uint64_t range, uint64_t first, size_t n)
{
	for (size_t i = 0; i < s->streams; i++) {
		struct ckpt_error err = { 0 };
		w->data[i] = NULL;
		if (!stream_is_read(s, item, i, range))
			continue;
		w->data[i] = values_block(&w->values[i], first, n, &err);
		if (!w->data[i])
			stream_failed(s, item, i, range, &err);
		else
			pool_count(&s->pool, n * w->values[i].dtype->size);
	}
}

/* What has been read through memory: was it real? Its pages can go. */
static void leave_range(struct sweep *s, struct sweep_worker *w, struct sweep_item *item,
			uint64_t range)
{
	for (size_t i = 0; i < s->streams; i++) {
		const struct ckpt_tensor *t = item->streams[i].tensor;
		struct store *store = w->stores[i];
		struct ckpt_error err = { 0 };
		if (!t || !t->n_pieces || !store->intact)
			continue;
		if (store_intact(store, t, &err))
			stream_failed(s, item, i, range, &err);
		const uint64_t size = ckpt_dtype_size(t->dtype), first = range * RANGE;
		const uint64_t left = t->elements - first;
		if (values_summable(t))
			store->release(store, t->pieces, first * size,
				       (left < RANGE ? left : RANGE) * size);
	}
}

static void read_range(struct sweep *s, struct sweep_worker *w, struct sweep_item *item,
		       const struct sweep_held *held, uint64_t range)
{
	const struct ckpt_tensor *t = item_tensor(s, item);
	void *partial = held->partials.p + range * s->ops->partial;
	const bool fixed = t && ckpt_dtype_size(t->dtype) > 0;
	const uint64_t begin = range * RANGE, elements = t ? t->elements : 0;
	const uint64_t end = elements - begin < RANGE ? elements : begin + RANGE;
	if (s->ops->begin)
		s->ops->begin(s, item, partial);
	open_range(s, w, item, held, range);
	for (uint64_t first = begin; first < end && !pool_cancelled(&s->pool) &&
				     any_stream(s, item, range);) {
		size_t n = end - first < BLOCK ? (size_t)(end - first) : BLOCK;
		if (fixed)
			fetch_block(s, w, item, range, first, n);
		else
			n = fetch_strings(s, w, item, range, first, n);
		const struct sweep_block b = { first, n, fixed ? w->data : NULL,
					       fixed ? NULL : w->strings, w->scratch };
		if (s->ops->block)
			s->ops->block(s, item, partial, &b);
		first += n;
	}
	if (s->ops->range_end)
		s->ops->range_end(s, item, partial, w->scratch);
	leave_range(s, w, item, range);
}

/* Compares the checksums that were computed on the way. */
static void compare_sums(struct sweep *s, struct sweep_worker *w, struct sweep_item *item,
			 const struct sweep_held *held, uint64_t ranges)
{
	take_item(s, w, item);
	for (size_t i = 0; i < s->streams; i++) {
		const struct ckpt_tensor *t = item->streams[i].tensor;
		struct ckpt_error err = { 0 };
		if (!t || item->streams[i].error || !values_summable(t))
			continue;
		const uint64_t size = ckpt_dtype_size(t->dtype);
		uint32_t crc = *sum_of(s, held, 0, i);
		for (uint64_t r = 1; r < ranges; r++) {
			const uint64_t left = t->elements - r * RANGE;
			crc = values_combine(t, crc, *sum_of(s, held, r, i),
					     (left < RANGE ? left : RANGE) * size);
		}
		if (!w->open[i])
			open_stream(s, w, item, i);
		if (!item->streams[i].error && values_compare(&w->values[i], crc, &err))
			stream_failed(s, item, i, ranges, &err);
	}
}

void item_read(struct sweep *s, struct sweep_worker *w, struct sweep_item *item,
	       uint64_t range, uint64_t n)
{
	const uint64_t ranges = item_ranges(s, item);
	/* All of it at once: what has to be walked, and may claim any number. What is
	 * packed may not: its sizes have been compared when it was opened. */
	for (size_t i = 0; n > 1 && i < s->streams; i++)
		if (item->streams[i].tensor && !item->streams[i].error &&
		    !(item->streams[i].tensor->n_pieces &&
		      item->streams[i].tensor->pieces->packed))
			worker_check(s, w, item, i);
	const bool left = n == 1 || any_stream(s, item, 0);
	const struct sweep_held *held = left ? hold(s, w, item, ranges) : NULL;
	if (left && !held)
		fail_all(s, item, &error_no_memory);
	for (uint64_t i = 0; held && i < n && !pool_cancelled(&s->pool); i++)
		read_range(s, w, item, held, range + i);
	if (atomic_fetch_sub(&item->left, n) != n || pool_cancelled(&s->pool))
		return;
	if (held)
		compare_sums(s, w, item, held, ranges);
	s->ops->end(s, item, held ? held->partials.p : NULL, held ? (size_t)ranges : 0);
	item_drop(item);
	atomic_store(&item->done, true);
}
