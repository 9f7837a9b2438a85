/* watch.c — long work in the terminal: how far it is, and ^C that stops it.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "cli/watch.h"

#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/number.h"

enum { STEP_MS = 50 };

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal)
{
	(void)signal;
	interrupted = 1;
}

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void watch_begin(struct watch *w, struct pool *pool, uint64_t total)
{
	struct sigaction action = { .sa_handler = on_interrupt,
				    .sa_flags = (int)(SA_RESETHAND | SA_RESTART) };
	*w = (struct watch){ pool,  total,
			     now(), isatty(STDERR_FILENO) != 0,
			     false, { .sa_flags = 0 } };
	interrupted = 0;
	sigaction(SIGINT, NULL, &w->before);
	if (w->before.sa_handler != SIG_IGN) /* as nohup wants it */
		sigaction(SIGINT, &action, NULL);
}

/* A line that is longer would not be wiped off as a whole. */
static int terminal_width(void)
{
	struct winsize size;
	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) || size.ws_col < 2)
		return 80;
	return size.ws_col;
}

static void draw(struct watch *w)
{
	enum { A_MOMENT = 1 };
	char done[NUMBER_MAX], total[NUMBER_MAX], rate[NUMBER_MAX];
	char line[4 * NUMBER_MAX];
	const double seconds = now() - w->begin;
	const uint64_t bytes = atomic_load(&w->pool->bytes);
	if (!w->terminal || seconds < A_MOMENT || !w->total)
		return;
	const double speed = (double)bytes / seconds;
	const uint64_t left = bytes < w->total ? w->total - bytes : 0;
	number_bytes(done, bytes);
	number_bytes(total, w->total);
	number_bytes(rate, (uint64_t)speed);
	int n = snprintf(line, sizeof line, "%3.0f %%  %s of %s, %s/s",
			 100.0 * (double)bytes / (double)w->total, done, total, rate);
	if (speed > 0)
		snprintf(line + n, sizeof line - (size_t)n, ", %.0f s left",
			 (double)left / speed);
	fprintf(stderr, "\r%.*s\033[K", terminal_width() - 1, line);
	fflush(stderr);
	w->drawn = true;
}

bool watch_step(struct watch *w)
{
	if (interrupted)
		pool_cancel(w->pool);
	const bool ended = pool_wait(w->pool, STEP_MS);
	if (!ended)
		draw(w);
	return ended;
}

bool watch_end(struct watch *w)
{
	if (w->drawn)
		fputs("\r\033[K", stderr);
	sigaction(SIGINT, &w->before, NULL);
	return interrupted;
}

bool watch_all(struct pool *pool, uint64_t total)
{
	struct watch w;
	watch_begin(&w, pool, total);
	while (!watch_step(&w))
		;
	return watch_end(&w);
}
