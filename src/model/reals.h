/* reals.h — blocks of elements as doubles, and the vectors that kernels compute with.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Statistics and comparisons turn each block of elements into doubles and compute there,
 * so that there is one kernel for all dtypes. Sums are kept in 16 lanes: element i of a
 * block adds to lane i % 16, whatever the processor's vectors hold, without fused
 * multiply-add; so all processors give the same bits.
 */
#ifndef MODEL_REALS_H
#define MODEL_REALS_H

#include "model/dtype.h"

/* Elements of a block, and lanes of a sum. */
enum { BLOCK = 4096, LANES = 16 };

/* n <= BLOCK elements as doubles. Exact, but for int64 and uint64 beyond 2^53 (nearest,
 * ties to even) and complex (modulus: NaN if a part is NaN, else infinite
 * if a part is; DBL_MAX where a double is too small for it). Booleans are 0 or 1. Only
 * for kinds of numbers and booleans. */
void reals_of(const struct dtype *d, const void *in, size_t n, double *out);
/* What becomes of v when it is cast to a dtype of kind float: nearest, ties to even; too
 * large: infinity where the dtype has one, else NaN (float4_e2m1fn, which has neither:
 * its largest number, and 0 for NaN), as ml_dtypes casts. It casts a double to bfloat16
 * and smaller ones by way of a float32, which rounds twice; so does this. */
double real_rounded(const struct dtype *d, double v);

/* Sums over lanes: a value v * 2^exponent, so that squares of 1e300 and of 1e-300 can be
 * summed. */
struct wide {
	double v;
	int exponent;
};

struct wide wide_add(struct wide a, struct wide b);
/* The number; infinity or 0 where a double cannot hold it. */
double wide_real(struct wide a);
/* Its square root, in the same way. */
double wide_root(struct wide a);
/* a / b and a / sqrt(b * c): without overflow on the way; NaN if the divisor is 0. */
double wide_ratio(struct wide a, struct wide b);
double wide_cosine(struct wide ab, struct wide aa, struct wide bb);

/* The instructions that kernels use. AUTO: the best that this processor has. */
enum vectors { VECTORS_AUTO, VECTORS_SCALAR, VECTORS_AVX2, VECTORS_AVX512 };

/* False if the processor lacks them, or there are none for it; then nothing changes. To
 * be called before any thread computes. */
bool vectors_choose(enum vectors v);
enum vectors vectors_chosen(void); /* never AUTO */

#endif
