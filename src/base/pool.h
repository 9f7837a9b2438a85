/* pool.h — threads that take numbered jobs in order, count bytes, and can be stopped.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A pool belongs to the thread that started it; it waits for the pool, or looks at it now
 * and then. What jobs share they guard themselves.
 */
#ifndef BASE_POOL_H
#define BASE_POOL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { POOL_MOST = 256 };

/* Does job number job (0 …); worker is less than the number of threads. Called by
 * several threads at once, in the order of the jobs. */
typedef void (*pool_fn)(void *arg, unsigned worker, size_t job);

struct pool;

struct pool_worker {
	struct pool *pool;
	unsigned number;
	pthread_t thread;
};

struct pool {
	pool_fn fn;
	void *arg;
	size_t jobs;
	atomic_size_t next;
	atomic_uint_least64_t bytes; /* done */
	atomic_bool cancelled;
	unsigned n, running;         /* threads */
	struct pool_worker workers[POOL_MOST];
	pthread_mutex_t lock;
	pthread_cond_t ended;
};

/* The number of threads for -j N; 0: as many as there are processors. */
unsigned pool_threads(int64_t wanted);
/* Starts up to n threads. Where none can be started, pool_wait() does the jobs. */
void pool_start(struct pool *p, unsigned n, size_t jobs, pool_fn fn, void *arg);
/* Waits until all jobs are done, or ms milliseconds are over: true in the first case. */
bool pool_wait(struct pool *p, int ms);
/* No more jobs are begun. */
void pool_cancel(struct pool *p);
/* Jobs that take long ask now and then. */
static inline bool pool_cancelled(struct pool *p)
{
	return atomic_load_explicit(&p->cancelled, memory_order_relaxed);
}
static inline void pool_count(struct pool *p, uint64_t bytes)
{
	atomic_fetch_add_explicit(&p->bytes, bytes, memory_order_relaxed);
}
/* Waits for the jobs that are begun, and ends the threads. */
void pool_end(struct pool *p);

#endif
