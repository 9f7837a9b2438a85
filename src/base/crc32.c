/* crc32.c — CRC-32 as zip archives have it, of parts and of what is left of a whole.
 * SPDX-License-Identifier: Apache-2.0
 *
 * ISA-L's crc32_gzip_refl where it was found at build time, several times as fast; else
 * zlib's. Both begin with 0 and take any part after any other.
 */
#include "config.h"

#include "base/crc32.h"

#include <zlib.h>

#if HAVE_ISAL
#include <isa-l/crc.h>

uint32_t crc32_of(uint32_t crc, const void *p, size_t n)
{
	crc = crc32_gzip_refl(crc, p, n);
#if defined(__x86_64__)
	/* It leaves the upper halves of the vector registers dirty (crc32c.c). */
	if (__builtin_cpu_supports("avx"))
		__asm__ volatile("vzeroupper" ::: "memory");
#endif
	return crc;
}

#else

uint32_t crc32_of(uint32_t crc, const void *p, size_t n)
{
	enum { MOST = 1 << 30 };
	const unsigned char *at = p;
	while (n) {
		const size_t part = n > MOST ? MOST : n;
		crc = (uint32_t)crc32(crc, at, (uInt)part);
		at += part;
		n -= part;
	}
	return crc;
}

#endif

uint32_t crc32_combined(uint32_t a, uint32_t b, uint64_t b_len)
{
	/* z_off_t may be narrow: what it cannot hold is appended in steps. */
	const uint64_t most = (UINT64_C(1) << (8 * sizeof(z_off_t) - 1)) - 1;
	for (; b_len > most; b_len -= most)
		a = (uint32_t)crc32_combine(a, 0, (z_off_t)most);
	return (uint32_t)crc32_combine(a, b, (z_off_t)b_len);
}

/* A CRC is linear: what the first part adds to the whole is its own CRC, moved on over
 * the second part's length. */
uint32_t crc32_rest(uint32_t both, uint32_t a, uint64_t b_len)
{
	return both ^ crc32_combined(a, 0, b_len);
}
