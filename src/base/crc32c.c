/* crc32c.c — CRC-32C (Castagnoli), its TensorFlow mask, and the CRC of joined parts.
 * SPDX-License-Identifier: Apache-2.0
 *
 * ISA-L's crc32_iscsi where it was found at build time; else the processor's crc32
 * instruction where there is one; else eight tables ("slicing by 8"). crc32_iscsi wants
 * the raw state, takes an int length, and leaves the upper halves of the vector
 * registers dirty, which slows down whatever SSE code runs next: hence the vzeroupper.
 */
#include "config.h"

#include "base/crc32c.h"

#include <pthread.h>
#include <string.h>

#include "base/bytes.h"

#if HAVE_ISAL
#include <isa-l/crc.h>
#endif

enum { POLYNOMIAL_REVERSED = 0x82f63b78 };

static uint32_t tables[8][256];
static pthread_once_t tables_once = PTHREAD_ONCE_INIT;

static void make_tables(void)
{
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t c = i;
		for (int k = 0; k < 8; k++)
			c = c & 1 ? c >> 1 ^ (uint32_t)POLYNOMIAL_REVERSED : c >> 1;
		tables[0][i] = c;
	}
	for (int t = 1; t < 8; t++)
		for (int i = 0; i < 256; i++)
			tables[t][i] = tables[t - 1][i] >> 8 ^
				       tables[0][tables[t - 1][i] & 0xff];
}

uint32_t crc32c_table(uint32_t crc, const void *data, size_t n)
{
	pthread_once(&tables_once, make_tables);
	const uint8_t *p = data;
	uint32_t c = ~crc;
	for (; n >= 8; n -= 8, p += 8) {
		const uint64_t v = load_u64le(p) ^ c;
		c = 0;
		for (int k = 0; k < 8; k++)
			c ^= tables[7 - k][v >> (8 * k) & 0xff];
	}
	for (; n; n--, p++)
		c = c >> 8 ^ tables[0][(c ^ *p) & 0xff];
	return ~c;
}

#if HAVE_ISAL

uint32_t crc32c(uint32_t crc, const void *p, size_t n)
{
	enum { MOST = 1 << 30 };
	unsigned char *at =
		(unsigned char *)(uintptr_t)p; /* ISA-L's prototype lacks const */
	uint32_t c = ~crc;
	while (n) {
		const int part = n > MOST ? MOST : (int)n;
		c = crc32_iscsi(at, part, c);
		at += part;
		n -= (size_t)part;
	}
#if defined(__x86_64__)
	if (__builtin_cpu_supports("avx"))
		__asm__ volatile("vzeroupper" ::: "memory");
#endif
	return ~c;
}

#elif defined(__x86_64__)

__attribute__((target("sse4.2"))) static uint32_t crc_sse42(uint32_t crc,
							    const void *data, size_t n)
{
	const uint8_t *p = data;
	uint64_t c = (uint32_t)~crc;
	for (; n >= 8; n -= 8, p += 8) {
		uint64_t v;
		memcpy(&v, p, 8);
		c = __builtin_ia32_crc32di(c, v);
	}
	uint32_t c32 = (uint32_t)c;
	for (; n; n--, p++)
		c32 = __builtin_ia32_crc32qi(c32, *p);
	return ~c32;
}

uint32_t crc32c(uint32_t crc, const void *p, size_t n)
{
	return __builtin_cpu_supports("sse4.2") ? crc_sse42(crc, p, n)
						: crc32c_table(crc, p, n);
}

#else

uint32_t crc32c(uint32_t crc, const void *p, size_t n)
{
	return crc32c_table(crc, p, n);
}

#endif

/* Appending zeros to a message multiplies its CRC register by a power of x; the
 * register is a polynomial over GF(2) in reversed bit order. */
static uint32_t times(uint32_t a, uint32_t b)
{
	uint32_t product = 0;
	for (uint32_t bit = 1u << 31; bit; bit >>= 1) {
		if (a & bit)
			product ^= b;
		b = b & 1 ? b >> 1 ^ (uint32_t)POLYNOMIAL_REVERSED : b >> 1;
	}
	return product;
}

uint32_t crc32c_combine(uint32_t a, uint32_t b, uint64_t b_len)
{
	uint32_t power = 1u << 31, square = 1u << 23; /* x^0, and x^8: one byte */
	for (; b_len; b_len >>= 1) {
		if (b_len & 1)
			power = times(square, power);
		square = times(square, square);
	}
	return times(power, a) ^ b;
}
