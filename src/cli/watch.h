/* watch.h — long work in the terminal: how far it is, and ^C that stops it.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_WATCH_H
#define CLI_WATCH_H

#include <signal.h>

#include "base/pool.h"

enum { EXIT_INTERRUPTED = 130 };

struct watch {
	struct pool *pool;
	uint64_t total;  /* bytes */
	double begin;    /* seconds */
	bool terminal, drawn;
	struct sigaction before; /* of SIGINT */
};

/* From here on ^C cancels the pool; a second one ends the program. */
void watch_begin(struct watch *w, struct pool *pool, uint64_t total);
/* Waits a moment, and shows progress on standard error if that is a terminal and the work
 * takes long. True when the pool has ended. */
bool watch_step(struct watch *w);
/* Wipes the progress off. True if ^C was pressed. */
bool watch_end(struct watch *w);
/* All of it at once. */
bool watch_all(struct pool *pool, uint64_t total);

#endif
