/* moments.h — one tensor's elements: extremes, mean, deviation, histogram, counts.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Moments are made of ranges of elements, each of them of blocks (reals.h). Ranges can be
 * computed anywhere; joined in order they give the same bits always. What is counted in a
 * histogram or a set of values does not depend on any order.
 */
#ifndef REPORT_MOMENTS_H
#define REPORT_MOMENTS_H

#include "base/arena.h"
#include "model/reals.h"

/* Everything but zeros, nan and inf is over the finite elements. Complex elements count
 * with their modulus. */
struct moments {
	uint64_t elements, finite, zeros, nan;
	uint64_t inf_positive, inf_negative;
	uint64_t first_nan, first_inf; /* UINT64_MAX: none */
	double min, max;               /* +infinity, -infinity: no finite element */
	uint64_t min_index, max_index; /* the first of them; UINT64_MAX */
	uint8_t min_element[16], max_element[16]; /* as stored; integers: exact */
	double mean;
	struct wide m2, sum2;          /* of (x - mean)^2, of x^2 */
};

void moments_begin(struct moments *m);
/* n <= BLOCK elements; first is the index of the first one in the tensor. reals: the same
 * as reals_of() gives. */
void moments_block(struct moments *m, const struct dtype *d, const void *in,
		   const double *reals, size_t n, uint64_t first);
void moments_join(struct moments *m, const struct moments *next);
double moments_std(const struct moments *m); /* population; NaN: no finite element */
double moments_l2(const struct moments *m);

/* Counts of finite elements. Linear: bins of width 2^width_exponent, the first one begins
 * at first_bin * 2^width_exponent; the width is the smallest power of two at which no
 * more than HISTOGRAM_BINS bins reach from the smallest to the largest element, so it
 * depends on these two alone. Log: bin e counts 2^e <= |x| < 2^(e+1). */
enum { HISTOGRAM_BINS = 64, LOG_BINS = 2100, LOG_FIRST = -1074 };

struct histogram {
	uint64_t linear[HISTOGRAM_BINS];
	int64_t first_bin;
	int width_exponent;
	bool some;                     /* an element has been counted */
	uint64_t zeros, log[LOG_BINS]; /* log[e - LOG_FIRST] */
};

void histogram_begin(struct histogram *h);
/* min and max of the block's finite elements; +infinity, -infinity: it has none. */
void histogram_block(struct histogram *h, const double *reals, size_t n, double min,
		     double max);
void histogram_join(struct histogram *h, const struct histogram *other);

/* The different values of integers and booleans, as long as there are not too many. */
enum { DISTINCT_MOST = 65536 };

struct distinct {
	uint64_t *slots; /* hash table; grows; memory by the arena functions of base */
	size_t n, cap;
	bool zero, too_many;
	struct buffer memory;
};

void distinct_begin(struct distinct *s);
void distinct_drop(struct distinct *s);
/* -1: no memory. */
int distinct_block(struct distinct *s, const struct dtype *d, const void *in, size_t n,
		   struct ckpt_error *err);
int distinct_join(struct distinct *s, const struct distinct *other,
		  struct ckpt_error *err);

#endif
