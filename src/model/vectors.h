/* vectors.h — a kernel written once, compiled for each kind of vectors.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A kernel is a header without guards whose functions are
 *
 *	static VECTOR_TARGET void KERNEL(sums)(...)
 *
 * and whose helpers are static VECTOR_INLINE. The file that uses it writes
 *
 *	#define VECTOR_KERNEL "report/compare_kernel.h"
 *	#include "model/vectors.h"
 *	static void (*const sums[])(...) = VECTOR_TABLE(sums);
 *	… sums[vectors_chosen()](...) …
 *
 * In a kernel, a vd is VN doubles (2, 4 or 8), a vi as many int64; comparisons of vd are
 * vi of 0 and -1. To give the same bits whatever VN is, a kernel runs over each group of
 * VN lanes, k = 0, VN … LANES - VN, and in it over the rows, i = k, k + LANES …; so a
 * lane sees its elements in the same order, and a sum needs one register.
 *
 * Functions with a target of their own, instead of one file with its flags for each, keep
 * the build simple; and a vd as wide as the registers, instead of one of 64 bytes always,
 * since gcc keeps a vector that no register holds in memory.
 */
#ifndef MODEL_VECTORS_H
#define MODEL_VECTORS_H

#include <string.h>
#ifdef __x86_64__
#include <immintrin.h>
#endif

#include "model/reals.h"

#define VECTOR_OF(type, bytes) type __attribute__((vector_size(bytes)))
typedef VECTOR_OF(double, 16) v2d;
typedef VECTOR_OF(int64_t, 16) v2i;
typedef VECTOR_OF(double, 32) v4d;
typedef VECTOR_OF(int64_t, 32) v4i;
typedef VECTOR_OF(double, 64) v8d;
typedef VECTOR_OF(int64_t, 64) v8i;

/* VN doubles from an address that need not be aligned, and back. */
#define VLOAD(p)                                                                         \
	({                                                                               \
		vd loaded_;                                                              \
		memcpy(&loaded_, (p), sizeof loaded_);                                   \
		loaded_;                                                                 \
	})
#define VSTORE(p, v)                                                                     \
	do {                                                                             \
		const vd stored_ = (v);                                                  \
		memcpy((p), &stored_, sizeof stored_);                                   \
	} while (0)
/* All lanes the same number. */
#define VALL(x) ((vd){ 0 } + (x))
#define VALL_INT(x) ((vi){ 0 } + (x))
/* Where mask: a, else b; where mask: a, else 0; |a|. */
#define VPICK(mask, a, b) ((vd)(((mask) & (vi)(a)) | (~(mask) & (vi)(b))))
#define VWHERE(mask, a) ((vd)((mask) & (vi)(a)))
#define VABS(a) ((vd)((vi)(a)&INT64_MAX))
/* a > b ? a : b and a < b ? a : b: where one of them is NaN, b. */
#define VMAX_ANY(a, b) VPICK((a) > (b), a, b)
#define VMIN_ANY(a, b) VPICK((a) < (b), a, b)

/* VN floats or int32 as doubles: gcc 12 would do it by halves where a register takes
 * all. */
#define VFLOATS_ANY(f) __builtin_convertvector(f, vd)
#define VINTS_ANY(i) __builtin_convertvector(i, vd)

#ifdef __x86_64__
#define VECTOR_TABLE(name)                                                               \
	{                                                                                \
		[VECTORS_SCALAR] = name##_plain, [VECTORS_AVX2] = name##_avx2,           \
		[VECTORS_AVX512] = name##_avx512                                         \
	}
#else
#define VECTOR_TABLE(name)                                                               \
	{                                                                                \
		[VECTORS_SCALAR] = name##_plain                                          \
	}
#endif

/* The sum of 16 lanes, in the one order that all sums are folded in. */
static inline double lanes_sum(const double lanes[LANES])
{
	double half[LANES];
	memcpy(half, lanes, sizeof half);
	for (int n = LANES / 2; n; n /= 2)
		for (int i = 0; i < n; i++)
			half[i] += half[i + n];
	return half[0];
}

#endif

#ifdef VECTOR_KERNEL
#define VECTOR_INLINE VECTOR_TARGET inline __attribute__((always_inline))

#define KERNEL(name) name##_plain
#define VECTOR_TARGET
#define VN 2
#define VFLOATS VFLOATS_ANY
#define VINTS VINTS_ANY
#define vd v2d
#define vi v2i
#ifdef __x86_64__
#define VMAX(a, b) ((v2d)_mm_max_pd(a, b))
#define VMIN(a, b) ((v2d)_mm_min_pd(a, b))
#else
#define VMAX VMAX_ANY
#define VMIN VMIN_ANY
#endif
#include VECTOR_KERNEL
#undef KERNEL
#undef VECTOR_TARGET
#undef VN
#undef VFLOATS
#undef VINTS
#undef vd
#undef vi
#undef VMAX
#undef VMIN

#ifdef __x86_64__
#define KERNEL(name) name##_avx2
#define VECTOR_TARGET __attribute__((target("avx2")))
#define VN 4
#define VFLOATS(f) ((v4d)_mm256_cvtps_pd(f))
#define VINTS(i) ((v4d)_mm256_cvtepi32_pd((__m128i)(i)))
#define vd v4d
#define vi v4i
#define VMAX(a, b) ((v4d)_mm256_max_pd(a, b))
#define VMIN(a, b) ((v4d)_mm256_min_pd(a, b))
#include VECTOR_KERNEL
#undef KERNEL
#undef VECTOR_TARGET
#undef VN
#undef VFLOATS
#undef VINTS
#undef vd
#undef vi
#undef VMAX
#undef VMIN

#define KERNEL(name) name##_avx512
#define VECTOR_TARGET __attribute__((target("avx512f,avx512dq,avx512vl,avx512bw")))
#define VN 8
#define VFLOATS(f) ((v8d)_mm512_cvtps_pd(f))
#define VINTS(i) ((v8d)_mm512_cvtepi32_pd((__m256i)(i)))
#define vd v8d
#define vi v8i
#define VMAX(a, b) ((v8d)_mm512_max_pd(a, b))
#define VMIN(a, b) ((v8d)_mm512_min_pd(a, b))
#include VECTOR_KERNEL
#undef KERNEL
#undef VECTOR_TARGET
#undef VN
#undef VFLOATS
#undef VINTS
#undef vd
#undef vi
#undef VMAX
#undef VMIN
#endif

#undef VECTOR_INLINE
#undef VECTOR_KERNEL
#endif
