/* crc32.h — CRC-32 as zip archives have it, of parts and of what is left of a whole.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Whether a difference counts is decided where CRC32C_COMPARED is (crc32c.h).
 */
#ifndef BASE_CRC32_H
#define BASE_CRC32_H

#include <stddef.h>
#include <stdint.h>

/* The CRC of what crc stands for (0: nothing) followed by n more bytes. */
uint32_t crc32_of(uint32_t crc, const void *p, size_t n);
/* The CRC of two parts from the CRC of each; b_len is the second one's
 * length in bytes. */
uint32_t crc32_combined(uint32_t a, uint32_t b, uint64_t b_len);
/* The CRC of the second part from that of both together and that of the first. */
uint32_t crc32_rest(uint32_t both, uint32_t a, uint64_t b_len);

#endif
