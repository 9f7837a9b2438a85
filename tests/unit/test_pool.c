/* test_pool.c — threads that share jobs; files in memory that shrink.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mapping.h"
#include "base/pool.h"
#include "unit.h"

enum { JOBS = 1000 };

struct work {
	struct pool *pool;
	atomic_uint done[JOBS];
	atomic_uint workers; /* bits */
	size_t cancel_at;
};

static void count(void *arg, unsigned worker, size_t job)
{
	struct work *w = arg;
	atomic_fetch_add(&w->done[job], 1);
	atomic_fetch_or(&w->workers, 1u << worker);
	pool_count(w->pool, 2);
	if (job == w->cancel_at)
		pool_cancel(w->pool);
}

static void run(struct pool *p, struct work *w, unsigned threads, size_t jobs)
{
	memset(w, 0, sizeof *w);
	w->pool = p;
	w->cancel_at = SIZE_MAX;
	pool_start(p, threads, jobs, count, w);
	while (!pool_wait(p, 1))
		;
	pool_end(p);
}

static void each_job_once(void **state)
{
	static struct pool p;
	static struct work w;
	(void)state;
	for (unsigned threads = 0; threads <= 8; threads++) {
		run(&p, &w, threads, JOBS);
		for (size_t i = 0; i < JOBS; i++)
			CHECK(w.done[i] == 1, "job %zu, %u threads: %u", i, threads,
			      w.done[i]);
		assert_int_equal(atomic_load(&p.bytes), 2 * JOBS);
		assert_true(w.workers < 1u << (threads ? threads : 1));
	}
	run(&p, &w, 4, 0);
	assert_int_equal(atomic_load(&p.bytes), 0);
}

static void cancelled(void **state)
{
	static struct pool p;
	static struct work w;
	(void)state;
	memset(&w, 0, sizeof w);
	w.pool = &p;
	w.cancel_at = 10;
	pool_start(&p, 1, JOBS, count, &w);
	while (!pool_wait(&p, 1))
		;
	pool_end(&p);
	assert_true(pool_cancelled(&p));
	for (size_t i = 0; i < JOBS; i++)
		assert_int_equal(w.done[i], i <= 10);
}

static void thread_counts(void **state)
{
	(void)state;
	assert_int_equal(pool_threads(3), 3);
	assert_true(pool_threads(0) >= 1);
	assert_int_equal(pool_threads(100000), POOL_MOST);
}

static void file_that_shrinks(void **state)
{
	enum { SIZE = 4 << 20 };
	struct mapping m;
	char path[4096];
	(void)state;
	snprintf(path, sizeof path, "%s/shrinks", unit_folder());
	const int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0 && !ftruncate(fd, SIZE));
	assert_int_equal(pwrite(fd, "x", 1, 10), 1);
	assert_int_equal(pwrite(fd, "y", 1, SIZE - 1), 1);
	assert_false(mapping_open(&m, fd, SIZE)); /* nobody has allowed it */
	mapping_allow();
	assert_false(mapping_open(&m, fd, 100)); /* not worth it */
	assert_true(mapping_open(&m, fd, SIZE));
	assert_true(m.p[10] == 'x' && m.p[SIZE - 1] == 'y' && !mapping_torn(&m));
	mapping_release(&m, 0, SIZE);
	assert_true(m.p[10] == 'x' && m.p[SIZE - 1] == 'y' && !mapping_torn(&m));
	mapping_release(&m, 0, SIZE);
	assert_int_equal(ftruncate(fd, 8192), 0);
	assert_true(m.p[10] == 'x' && !mapping_torn(&m));
	assert_true(((const volatile uint8_t *)m.p)[SIZE - 1] == 0);
	assert_true(mapping_torn(&m));
	mapping_close(&m);
	assert_false(mapping_torn(&m));
	close(fd);
	signal(SIGBUS, SIG_DFL);
}

int group_pool(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_job_once),
		cmocka_unit_test(cancelled),
		cmocka_unit_test(thread_counts),
		cmocka_unit_test(file_that_shrinks),
	};
	return unit_run("pool", tests, COUNT(tests));
}
