/* write_bundle.h — writes V2 checkpoints for tests: any names, dtypes and bytes.
 * SPDX-License-Identifier: Apache-2.0
 *
 *	struct bundle_writer w;
 *	bundle_writer_begin(&w);
 *	bundle_writer_floats(&w, "dense/bias", 2, (const float[]){ 1, 2 });
 *	const char *path = bundle_writer_end(&w);
 */
#ifndef UNIT_WRITE_BUNDLE_H
#define UNIT_WRITE_BUNDLE_H

#include "base/arena.h"

struct bundle_writer {
	struct buffer data;
	struct pointers entries;
	struct arena arena;
	bool big_endian; /* what the header says */
};

void bundle_writer_begin(struct bundle_writer *w);
/* A vector of n elements: its bytes as they are stored. */
void bundle_writer_add(struct bundle_writer *w, const char *name, size_t name_len,
		       int dtype, uint64_t n, const void *p, size_t size);
void bundle_writer_floats(struct bundle_writer *w, const char *name, uint64_t n,
			  const float *values);
void bundle_writer_strings(struct bundle_writer *w, const char *name, uint64_t n,
			   const char *const *strings);
/* The same vector again, its two halves stored as slices. */
void bundle_writer_halves(struct bundle_writer *w, const char *name, uint64_t n,
			  const float *values);
/* Writes the files; the prefix. The writer is done with. */
const char *bundle_writer_end(struct bundle_writer *w);

#endif
