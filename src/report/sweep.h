/* sweep.h — the values of many tensors read once, in blocks, by all threads.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A sweep goes over items. An item is one tensor as several checkpoints have it: one for
 * statistics, two for a comparison, all of a run for its history. All streams of an item
 * are read side by side in blocks of BLOCK elements; blocks make ranges of RANGE
 * elements, and each range leaves a partial behind. When the last range is there, the
 * partials are handed over in order: what is computed depends neither on the number of
 * threads nor on how files cut the tensor.
 *
 * Checksums are compared on the way: a damaged stream has an error at the end, and
 * nothing that came from it may be used.
 */
#ifndef REPORT_SWEEP_H
#define REPORT_SWEEP_H

#include "base/pool.h"
#include "format/reader.h"
#include "model/reals.h"

/* Elements of a range: blocks of them. */
enum { RANGE = 1 << 20 };

struct sweep;

struct sweep_stream {
	const struct ckpt_tensor *tensor; /* NULL: this checkpoint is not asked */
	/* Set where it cannot be read. */
	const struct ckpt_error *_Atomic error;
	uint64_t error_range;
};

struct sweep_held;

struct sweep_item {
	struct sweep_stream *streams; /* one for each checkpoint; elements agree */
	void *arg;                    /* the asker's own */
	atomic_bool done;             /* ops->end has been called */
	/* The sweep's own. */
	atomic_uint_least64_t left;
	struct sweep_held *held; /* of several ranges: what they have left behind */
	bool hopeless;           /* no stream can be read, as was found before */
};

/* A block of an item: per stream its elements (strings, of strings and variants), NULL
 * where there are none. */
struct sweep_block {
	uint64_t first;
	size_t n;
	const void **data;
	const struct ckpt_string **strings;
	void *scratch;
};

struct sweep_ops {
	size_t partial;     /* bytes that a range leaves behind */
	size_t scratch;     /* bytes that a thread has to itself, zeroed at the start */
	/* Called by several threads, but for one range by one; begin and block may be
	 * NULL. */
	void (*begin)(struct sweep *s, struct sweep_item *item, void *partial);
	void (*block)(struct sweep *s, struct sweep_item *item, void *partial,
		      const struct sweep_block *b);
	/* Behind the last block of a range; may be NULL. A sweep that is cancelled ends
	 * the ranges that it has begun too. */
	void (*range_end)(struct sweep *s, struct sweep_item *item, void *partial,
			  void *scratch);
	/* Once for each item, with its partials in order; none (NULL, 0) where no stream
	 * could be read: each has an error then. Not for what is cancelled. */
	void (*end)(struct sweep *s, struct sweep_item *item, const void *partials,
		    size_t n);
};

struct placed;
struct sweep_job;
struct sweep_worker;

struct sweep {
	/* The asker's. */
	struct ckpt **checkpoints;
	size_t streams;               /* of each item, and checkpoints */
	struct sweep_item *items;
	size_t n_items;
	const struct sweep_ops *ops;
	void *arg;
	/* The sweep's. */
	struct pool pool;
	struct arena arena;           /* under lock */
	pthread_mutex_t lock;
	struct placed *placed;        /* the items in the order of their bytes */
	struct sweep_job *jobs;
	size_t n_jobs;
	struct sweep_worker *workers;
	unsigned n_workers;
	uint64_t bytes;               /* to be read */
	uint64_t *there;              /* by stream: bytes of files; UINT64_MAX: enough */
};

/* An array of items with their streams, of the arena; NULL without memory. */
struct sweep_item *sweep_items(struct arena *a, size_t n, size_t streams);
/* Starts to read with so many threads; with none, it is this one that reads, while it
 * waits. -1: nothing was started. ELIMIT: tensors share so many bytes that files
 * would be read over and over. */
int sweep_start(struct sweep *s, unsigned threads, struct ckpt_error *err);
/* Waits for what is begun, and ends it; if it was cancelled, items may be undone. EIO if
 * a file has changed meanwhile: then nothing that was read counts. */
int sweep_end(struct sweep *s, struct ckpt_error *err);
/* Gives back what it holds, errors of streams among it. */
void sweep_drop(struct sweep *s);
/* n zeroed bytes that live until sweep_drop(), for ops. */
void *sweep_alloc(struct sweep *s, size_t n);
/* Waits for all of it. */
int sweep_run(struct sweep *s, unsigned threads, struct ckpt_error *err);

#endif
