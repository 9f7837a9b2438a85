/* verifier.h — a verification by a thread of its own, for the views.
 * SPDX-License-Identifier: Apache-2.0
 *
 * It opens the checkpoint again: a struct ckpt belongs to one thread, and that which a
 * view shows goes on answering keys.
 */
#ifndef TUI_VERIFIER_H
#define TUI_VERIFIER_H

#include <stdatomic.h>

#include "report/check.h"
#include "tui/views.h"

struct verifier {
	const char *path;
	const struct view_settings *settings;
	struct arena arena;
	struct ckpt *c;
	struct check check;
	struct pool pool;
	atomic_bool reading;          /* the check's sweep has begun */
	bool running;
	/* When it is done: */
	struct ckpt_summary summary;
	struct ckpt_error error;      /* it could not be done */
	struct pointers findings;     /* struct finding_row */
	uint64_t unread;              /* of them: what the system refused to read */
	bool complete;
};

/* Starts; path must live on. */
void verifier_start(struct verifier *k, const char *path, const struct view_settings *s);
/* True once it has ended. */
bool verifier_done(struct verifier *k);
void verifier_progress(const struct verifier *k, struct progress *p);
void verifier_stop(struct verifier *k);
void verifier_close(struct verifier *k); /* zeroed is fine */
/* "ok", "damaged", "unreadable", "failed", "stopped". */
const char *verifier_word(const struct verifier *k);

#endif
