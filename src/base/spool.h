/* spool.h — bytes that are made once and then read as a file is.
 * SPDX-License-Identifier: Apache-2.0
 *
 * They stay in memory up to a limit; beyond it they go to a temporary file that has no
 * name (in $TMPDIR, else /tmp), so that nothing is left behind however we end.
 */
#ifndef BASE_SPOOL_H
#define BASE_SPOOL_H

#include "base/arena.h"
#include "base/source.h"

struct spool {
	struct source source; /* reads what was written; first, for its functions */
	struct buffer b;      /* what is not in the file */
	uint64_t flushed;     /* bytes in the file */
	size_t memory;	      /* above this b goes to the file */
};

/* name: what messages call it; it must outlive the spool. */
void spool_init(struct spool *s, const char *name, uint64_t memory);
void spool_drop(struct spool *s);
uint64_t spool_len(const struct spool *s);
/* EIO if the temporary file cannot be made or written. */
int spool_append(struct spool *s, const void *p, size_t n, struct ckpt_error *err);
/* Overwrites n bytes that one call of spool_append() wrote. */
int spool_patch(struct spool *s, uint64_t at, const void *p, size_t n,
		struct ckpt_error *err);
/* Ends the writing: from here on s->source reads. */
void spool_finish(struct spool *s);

#endif
