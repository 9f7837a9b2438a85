/* crc32c.h — CRC-32C (Castagnoli), its TensorFlow mask, and the CRC of joined parts.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_CRC32C_H
#define BASE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* Fuzzers cannot guess checksums; everywhere else a mismatch is an error. */
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
enum { CRC32C_COMPARED = 0 };
#else
enum { CRC32C_COMPARED = 1 };
#endif

/* The CRC of what crc stands for (0: nothing) followed by n more bytes. */
uint32_t crc32c(uint32_t crc, const void *p, size_t n);
/* The CRC of two parts from the CRC of each; b_len is the second one's
 * length in bytes. */
uint32_t crc32c_combine(uint32_t a, uint32_t b, uint64_t b_len);
/* The software implementation, for tests and machines without a better one. */
uint32_t crc32c_table(uint32_t crc, const void *p, size_t n);

/* Stored CRCs are masked, so that the CRC of data with CRCs in it stays good
 * (tsl/lib/hash/crc32c.h). */
static inline uint32_t crc32c_mask(uint32_t crc)
{
	return ((crc >> 15) | (crc << 17)) + 0xa282ead8u;
}

static inline uint32_t crc32c_unmask(uint32_t masked)
{
	const uint32_t rot = masked - 0xa282ead8u;
	return (rot >> 17) | (rot << 15);
}

#endif
