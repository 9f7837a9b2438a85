/* inflate.c — a deflated stream in a file, read from its beginning on.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "base/inflate.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/error.h"

enum { INPUT = 64 << 10 };

struct inflater_state {
	z_stream z;
	uint8_t input[INPUT], passed[INPUT];
};

static int make_state(struct inflater *f, struct ckpt_error *err)
{
	f->state = malloc(sizeof *f->state);
	if (f->state) {
		f->state->z = (z_stream){ .next_in = NULL };
		if (inflateInit2(&f->state->z, -MAX_WBITS) == Z_OK)
			return 0;
	}
	free(f->state);
	f->state = NULL;
	return error_set(err, CKPT_ENOMEM, NULL, -1, "out of memory");
}

int inflate_begin(struct inflater *f, inflate_fn read, void *arg, const char *path,
		  uint64_t offset, uint64_t stored, struct ckpt_error *err)
{
	f->good = false;
	if (!f->state && make_state(f, err))
		return -1;
	if (inflateReset(&f->state->z) != Z_OK)
		return error_set(err, CKPT_ENOMEM, path, -1, "zlib cannot begin again");
	f->state->z.avail_in = 0;
	f->read = read;
	f->arg = arg;
	f->path = path;
	f->next = offset;
	f->end = offset + stored;
	f->out = 0;
	f->good = true;
	return 0;
}

static int64_t here(const struct inflater *f)
{
	return (int64_t)(f->next - f->state->z.avail_in);
}

static int damaged(struct inflater *f, const char *what, struct ckpt_error *err)
{
	f->good = false;
	return error_set(err, CKPT_ECORRUPT, f->path, here(f),
			 "the deflated data %s, after %" PRIu64 " bytes of it", what,
			 f->out);
}

static int refill(struct inflater *f, struct ckpt_error *err)
{
	z_stream *z = &f->state->z;
	const uint64_t left = f->end - f->next;
	if (z->avail_in || !left)
		return 0;
	const size_t n = left < INPUT ? (size_t)left : INPUT;
	if (f->read(f->arg, f->next, f->state->input, n, err)) {
		f->good = false;
		return -1;
	}
	f->next += n;
	z->next_in = f->state->input;
	z->avail_in = (uInt)n;
	return 0;
}

/* Up to n bytes: how many came out, 0 at the end of the stream, -1. */
static int64_t more(struct inflater *f, uint8_t *to, size_t n, struct ckpt_error *err)
{
	z_stream *z = &f->state->z;
	const uInt most = n < UINT32_MAX / 2 ? (uInt)n : UINT32_MAX / 2;
	z->next_out = to;
	z->avail_out = most;
	for (;;) {
		if (refill(f, err))
			return -1;
		const int r = inflate(z, Z_NO_FLUSH);
		const uInt got = most - z->avail_out;
		if (r == Z_STREAM_END || (got && (r == Z_OK || r == Z_BUF_ERROR))) {
			f->out += got;
			return got;
		}
		if (r == Z_MEM_ERROR) {
			f->good = false;
			return error_set(err, CKPT_ENOMEM, NULL, -1, "out of memory");
		}
		if (r != Z_OK && r != Z_BUF_ERROR)
			return damaged(f, "is damaged", err);
		if (!z->avail_in && f->next == f->end)
			return damaged(f, "is cut short", err);
	}
}

int inflate_read(struct inflater *f, void *buf, uint64_t n, struct ckpt_error *err)
{
	uint8_t *to = buf;
	while (n) {
		const size_t part = to || n < INPUT ? (size_t)n : INPUT;
		const int64_t got = more(f, to ? to : f->state->passed, part, err);
		if (got < 0)
			return -1;
		if (!got)
			return damaged(f, "ends too early", err);
		to = to ? to + got : NULL;
		n -= (uint64_t)got;
	}
	return 0;
}

int inflate_end(struct inflater *f, struct ckpt_error *err)
{
	uint8_t beyond;
	const int64_t got = more(f, &beyond, 1, err);
	if (got < 0)
		return -1;
	if (got)
		return damaged(f, "goes on", err);
	if (f->next - f->state->z.avail_in != f->end)
		return damaged(f, "ends before its stored bytes do", err);
	f->good = false;
	return 0;
}

void inflate_drop(struct inflater *f)
{
	if (f->state)
		inflateEnd(&f->state->z);
	free(f->state);
	*f = (struct inflater){ .state = NULL };
}
