/* reals_kernel.h — elements of two and more bytes as doubles: for vectors.h.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Each function turns the first n - n % VN elements and returns how many those are; the
 * caller does the rest one by one.
 */

#define NARROW(type) type __attribute__((vector_size(VN * sizeof(type))))

/* Goes by a type of four bytes: gcc turns one vector into another quickly only if that
 * has elements of half or twice the size. */
#define SPREAD(name, type, by, as_doubles)                                               \
	static VECTOR_TARGET size_t KERNEL(name)(const void *in, size_t n, double *out)  \
	{                                                                                \
		typedef NARROW(type) narrow;                                             \
		typedef NARROW(by) wider;                                                \
		size_t i = 0;                                                            \
		for (; i + VN <= n; i += VN) {                                           \
			narrow v;                                                        \
			memcpy(&v, (const type *)in + i, sizeof v);                      \
			const wider w = __builtin_convertvector(v, wider);               \
			VSTORE(out + i, as_doubles(w));                                  \
		}                                                                        \
		return i;                                                                \
	}
SPREAD(spread_float, float, float, VFLOATS)
SPREAD(spread_i16, int16_t, int32_t, VINTS)
SPREAD(spread_u16, uint16_t, int32_t, VINTS)
SPREAD(spread_i32, int32_t, int32_t, VINTS)
SPREAD(spread_u32, uint32_t, uint32_t, VINTS_ANY)
#undef SPREAD

/* The same with the bits of floats on the way. */
#define SPREAD_BITS(name, bits_to_float)                                                 \
	static VECTOR_TARGET size_t KERNEL(name)(const void *in, size_t n, double *out)  \
	{                                                                                \
		typedef NARROW(uint16_t) narrow;                                         \
		typedef NARROW(uint32_t) wider;                                          \
		typedef NARROW(float) real;                                              \
		size_t i = 0;                                                            \
		for (; i + VN <= n; i += VN) {                                           \
			narrow v;                                                        \
			memcpy(&v, (const uint16_t *)in + i, sizeof v);                  \
			const wider bits = __builtin_convertvector(v, wider);            \
			real f;                                                          \
			bits_to_float;                                                   \
			VSTORE(out + i, VFLOATS(f));                                     \
		}                                                                        \
		return i;                                                                \
	}
SPREAD_BITS(spread_bfloat, f = (real)(bits << 16))

/* A float16 has the digits of a float, if its exponent is moved to the other bias. A
 * subnormal one is put on 2^-14, which is then taken away: exact, and no processor is
 * slow at it. Infinity and NaN keep the largest exponent. */
#define HALF                                                                             \
	const wider moved = ((bits & 0x7fff) << 13) + ((127 - 15) << 23);                \
	const wider low = (wider)((bits & 0x7c00) == 0);                                 \
	const wider high = (wider)((bits & 0x7c00) == 0x7c00);                           \
	const real small = (real)(moved + (1 << 23)) - 0x1p-14f;                         \
	const wider large = moved + ((255 - 127 - 16) << 23);                            \
	const wider any =                                                                \
		(low & (wider)small) | (high & large) | (~(low | high) & moved);         \
	f = (real)(any | (bits & 0x8000) << 16)
SPREAD_BITS(spread_half, HALF)
#undef HALF
#undef SPREAD_BITS
#undef NARROW
