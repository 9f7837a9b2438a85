/* mapping.h — files in memory, for programs that let us have SIGBUS.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A mapped file that shrinks, or cannot be read, is a signal. The handler puts a page of
 * zeros where the file was and marks the mapping as torn; whoever reads on sees zeros,
 * and asks afterwards whether they were real.
 */
#ifndef BASE_MAPPING_H
#define BASE_MAPPING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mapping {
	const uint8_t *p; /* NULL: not mapped */
	size_t size;
	int slot;
};

/* Takes SIGBUS over; without this nothing is ever mapped. For programs, not libraries. */
void mapping_allow(void);
/* What a SIGBUS that is about no mapping does; NULL: it ends the program. */
void mapping_otherwise(void (*handler)(int));
/* Maps size bytes of a file; false if that is not allowed, fails, or is not worth it. */
bool mapping_open(struct mapping *m, int fd, uint64_t size);
void mapping_close(struct mapping *m); /* zeroed is fine */
/* How many pages of any mapping could not be read, so far. */
unsigned mapping_faults(void);
/* True if a page could not be read since it was mapped. */
bool mapping_torn(const struct mapping *m);
/* These bytes have been read: their pages need not stay in this process. */
void mapping_release(const struct mapping *m, uint64_t offset, uint64_t n);

#endif
