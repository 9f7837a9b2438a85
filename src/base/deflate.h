/* deflate.h — bytes made smaller, as zip archives hold them.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_DEFLATE_H
#define BASE_DEFLATE_H

#include <stddef.h>

#include "base/arena.h"

/* Takes what comes out. */
typedef int (*deflate_fn)(void *arg, const void *p, size_t n, struct ckpt_error *err);

struct deflater {
	struct deflater_state *state; /* zlib's; made by the first deflate_begin() */
	deflate_fn fn;
	void *arg;
};

/* A new stream; zeroed is a good deflater, and one can be used again. */
int deflate_begin(struct deflater *d, deflate_fn fn, void *arg, struct ckpt_error *err);
int deflate_add(struct deflater *d, const void *p, size_t n, struct ckpt_error *err);
/* The end of the stream comes out. */
int deflate_finish(struct deflater *d, struct ckpt_error *err);
void deflate_drop(struct deflater *d);

#endif
