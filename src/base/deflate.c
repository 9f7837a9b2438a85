/* deflate.c — bytes made smaller, as zip archives hold them.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "base/deflate.h"

#include <stdlib.h>
#include <zlib.h>

#include "base/error.h"

enum { ROOM = 64 << 10, RAW = -15, MEMORY = 8, MOST_INPUT = 1 << 30 };

struct deflater_state {
	z_stream z;
	uint8_t out[ROOM];
};

int deflate_begin(struct deflater *d, deflate_fn fn, void *arg, struct ckpt_error *err)
{
	d->fn = fn;
	d->arg = arg;
	if (d->state)
		return deflateReset(&d->state->z) == Z_OK
			       ? 0
			       : error_copy(err, &error_no_memory);
	d->state = malloc(sizeof *d->state);
	if (d->state)
		*d->state = (struct deflater_state){ .z = { .next_in = NULL } };
	if (d->state && deflateInit2(&d->state->z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, RAW,
				     MEMORY, Z_DEFAULT_STRATEGY) == Z_OK)
		return 0;
	free(d->state);
	d->state = NULL;
	return error_copy(err, &error_no_memory);
}

static int run(struct deflater *d, const void *p, size_t n, int flush,
	       struct ckpt_error *err)
{
	z_stream *z = &d->state->z;
	z->next_in = (Bytef *)(uintptr_t)p;
	z->avail_in = (uInt)n;
	do {
		z->next_out = d->state->out;
		z->avail_out = ROOM;
		if (deflate(z, flush) == Z_STREAM_ERROR)
			return error_set(err, CKPT_EINVAL, NULL, -1,
					 "the deflated stream is out of order");
		const size_t made = ROOM - z->avail_out;
		if (made && d->fn(d->arg, d->state->out, made, err))
			return -1;
	} while (!z->avail_out);
	return 0;
}

int deflate_add(struct deflater *d, const void *p, size_t n, struct ckpt_error *err)
{
	const uint8_t *at = p;
	while (n) {
		const size_t part = n < MOST_INPUT ? n : MOST_INPUT;
		if (run(d, at, part, Z_NO_FLUSH, err))
			return -1;
		at += part;
		n -= part;
	}
	return 0;
}

int deflate_finish(struct deflater *d, struct ckpt_error *err)
{
	return run(d, "", 0, Z_FINISH, err);
}

void deflate_drop(struct deflater *d)
{
	if (d->state)
		deflateEnd(&d->state->z);
	free(d->state);
	d->state = NULL;
}
