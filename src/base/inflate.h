/* inflate.h — a deflated stream in a file, read from its beginning on.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Memory is what zlib needs and a window of the input, whatever a stream claims.
 */
#ifndef BASE_INFLATE_H
#define BASE_INFLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ckpt.h"

/* n bytes of the file from offset on, as source_read(). */
typedef int (*inflate_fn)(void *arg, uint64_t offset, void *buf, size_t n,
			  struct ckpt_error *err);

struct inflater {
	struct inflater_state *state; /* zlib's, made by the first inflate_begin() */
	inflate_fn read;
	void *arg;
	const char *path;   /* for messages */
	uint64_t next, end; /* of the input: what has not been read */
	uint64_t out;	    /* bytes that have come out */
	bool good;	    /* false: to begin again */
};

/* The stream of stored bytes from offset on. Zeroed is a good inflater; a stream may
 * begin while another is read. path has to outlive it. */
int inflate_begin(struct inflater *f, inflate_fn read, void *arg, const char *path,
		  uint64_t offset, uint64_t stored, struct ckpt_error *err);
/* Exactly the next n bytes; with NULL they are passed over. ECORRUPT if the stream is
 * damaged or ends before. */
int inflate_read(struct inflater *f, void *buf, uint64_t n, struct ckpt_error *err);
/* ECORRUPT unless the stream, and its stored bytes, end here. */
int inflate_end(struct inflater *f, struct ckpt_error *err);
void inflate_drop(struct inflater *f);

#endif
