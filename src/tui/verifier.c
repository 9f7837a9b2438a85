/* verifier.c — a verification by a thread of its own, for the views.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "tui/verifier.h"

#include <string.h>

#include "base/error.h"

/* What a finding points to is the check's, which goes away. */
static struct cell_text kept(struct arena *a, struct cell_text t)
{
	const char *copy = t.p ? arena_copy(a, t.p, t.len) : NULL;
	return (struct cell_text){ copy, copy ? t.len : 0 };
}

static void keep(void *arg, const struct ckpt_finding *f)
{
	struct verifier *k = arg;
	struct finding_row *row = arena_zeroed(&k->arena, 1, sizeof *row);
	if (!row || pointers_add(&k->findings, row)) {
		arena_error(&k->arena, &k->error);
		return;
	}
	finding_row_of(f, k->path, row);
	k->unread += f->code == finding_kinds[FOUND_UNREADABLE].code;
	row->tensor = kept(&k->arena, row->tensor);
	row->file = kept(&k->arena, row->file);
	row->message = kept(&k->arena, row->message);
}

static void verify(void *arg, unsigned worker, size_t job)
{
	enum { LOOK_MS = 20 };
	struct verifier *k = arg;
	(void)worker;
	(void)job;
	k->c = ckpt_open(k->path, &k->settings->open, &k->error);
	if (!k->c || check_begin(&k->check, k->c, keep, k, &k->summary,
				 k->settings->threads, &k->error))
		return;
	atomic_store(&k->reading, true);
	while (!pool_wait(&k->check.sweep.pool, LOOK_MS))
		if (pool_cancelled(&k->pool))
			pool_cancel(&k->check.sweep.pool);
	atomic_store(&k->reading, false);
	check_end(&k->check, &k->error);
	k->complete = !k->check.incomplete && !k->error.code;
}

void verifier_start(struct verifier *k, const char *path, const struct view_settings *s)
{
	*k = (struct verifier){ .path = path, .settings = s, .running = true };
	arena_init(&k->arena, UINT64_MAX);
	pool_start(&k->pool, 1, 1, verify, k);
}

bool verifier_done(struct verifier *k)
{
	if (!k->running)
		return true;
	if (!pool_wait(&k->pool, 0))
		return false;
	pool_end(&k->pool);
	k->running = false;
	ckpt_close(k->c);
	k->c = NULL;
	return true;
}

void verifier_progress(const struct verifier *k, struct progress *p)
{
	if (!k->running)
		return;
	p->what = "verifying";
	if (!atomic_load(&k->reading))
		return;
	p->bytes_done = atomic_load(&k->check.sweep.pool.bytes);
	p->bytes_total = k->check.sweep.bytes;
}

void verifier_stop(struct verifier *k)
{
	if (k->running)
		pool_cancel(&k->pool);
}

void verifier_close(struct verifier *k)
{
	if (!k->path)
		return;
	if (k->running) {
		pool_cancel(&k->pool);
		pool_end(&k->pool);
	}
	ckpt_close(k->c);
	pointers_drop(&k->findings);
	arena_drop(&k->arena);
	*k = (struct verifier){ .path = NULL };
}

const char *verifier_word(const struct verifier *k)
{
	return k->error.code	    ? "failed"
	       : k->unread	    ? "unreadable"
	       : k->summary.errors  ? "damaged"
	       : !k->complete	    ? "stopped"
				    : "ok";
}
