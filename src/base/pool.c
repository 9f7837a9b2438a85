/* pool.c — threads that take numbered jobs in order, count bytes, and can be stopped.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "base/pool.h"

#include <errno.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

unsigned pool_threads(int64_t wanted)
{
	if (wanted <= 0)
		wanted = sysconf(_SC_NPROCESSORS_ONLN);
	return wanted < 1 ? 1 : wanted > POOL_MOST ? POOL_MOST : (unsigned)wanted;
}

/* Does the next job; false if there is none. */
static bool work(struct pool *p, unsigned worker)
{
	if (pool_cancelled(p))
		return false;
	const size_t job = atomic_fetch_add(&p->next, 1);
	if (job >= p->jobs)
		return false;
	p->fn(p->arg, worker, job);
	return true;
}

/* What threads would do, where there are none: as long as the caller can wait. */
static bool work_until(struct pool *p, const struct timespec *until)
{
	struct timespec now;
	while (work(p, 0)) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (now.tv_sec > until->tv_sec ||
		    (now.tv_sec == until->tv_sec && now.tv_nsec >= until->tv_nsec))
			return false;
	}
	return true;
}

static void *thread(void *arg)
{
	struct pool_worker *worker = arg;
	struct pool *p = worker->pool;
	while (work(p, worker->number))
		;
	pthread_mutex_lock(&p->lock);
	if (!--p->running)
		pthread_cond_signal(&p->ended);
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

void pool_start(struct pool *p, unsigned n, size_t jobs, pool_fn fn, void *arg)
{
	pthread_condattr_t attributes;
	sigset_t all, before;
	p->fn = fn;
	p->arg = arg;
	p->jobs = jobs;
	atomic_init(&p->next, 0);
	atomic_init(&p->bytes, 0);
	atomic_init(&p->cancelled, false);
	pthread_mutex_init(&p->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&p->ended, &attributes);
	pthread_condattr_destroy(&attributes);
	if (n > POOL_MOST)
		n = POOL_MOST;
	if (n > jobs)
		n = (unsigned)jobs;
	p->n = p->running = 0;
	/* Signals are for the thread that owns the pool, but for faults of its own. */
	sigfillset(&all);
	sigdelset(&all, SIGBUS);
	sigdelset(&all, SIGSEGV);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pthread_mutex_lock(&p->lock);
	for (unsigned i = 0; i < n; i++) {
		struct pool_worker *worker = &p->workers[i];
		worker->pool = p;
		worker->number = i;
		if (pthread_create(&worker->thread, NULL, thread, worker))
			break;
		p->n = ++p->running;
	}
	pthread_mutex_unlock(&p->lock);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

bool pool_wait(struct pool *p, int ms)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += ms % 1000 * 1000000L;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000L;
	}
	if (!p->n)
		return work_until(p, &until);
	pthread_mutex_lock(&p->lock);
	while (p->running &&
	       pthread_cond_timedwait(&p->ended, &p->lock, &until) != ETIMEDOUT)
		;
	const bool ended = !p->running;
	pthread_mutex_unlock(&p->lock);
	return ended;
}

void pool_cancel(struct pool *p)
{
	atomic_store(&p->cancelled, true);
}

void pool_end(struct pool *p)
{
	for (unsigned i = 0; i < p->n; i++)
		pthread_join(p->workers[i].thread, NULL);
	p->n = 0;
	pthread_mutex_destroy(&p->lock);
	pthread_cond_destroy(&p->ended);
}
