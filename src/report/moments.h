/* moments.h — one tensor's elements: extremes, mean, deviation, counts.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Moments are made of ranges of elements, each of them of blocks (reals.h). Ranges can be
 * computed anywhere; joined in order they give the same bits always. What is counted in a
 * histogram or a set of values (histogram.h, distinct.h) does not depend on any order.
 */
#ifndef REPORT_MOMENTS_H
#define REPORT_MOMENTS_H

#include "model/reals.h"
#include "report/distinct.h"
#include "report/histogram.h"

/* Everything but zeros, nan and inf is over the finite elements. Complex elements count
 * with their modulus. */
struct moments {
	uint64_t elements, finite, zeros, nan;
	uint64_t inf_positive, inf_negative;
	uint64_t first_nan, first_inf; /* UINT64_MAX: none */
	double min, max;               /* +infinity, -infinity: no finite element */
	uint64_t min_index, max_index; /* the first of them; UINT64_MAX */
	uint8_t min_element[16], max_element[16]; /* as stored; integers: exact */
	uint64_t min_key, max_key;     /* 64-bit integers, in the order of their values */
	double mean;                   /* 0: no finite element */
	struct wide sum, m2, sum2;     /* of x, of (x - mean)^2, of x^2 */
	double center, center_rest;    /* their sum is the mean, with twice the digits */
};

void moments_begin(struct moments *m);
/* n <= BLOCK elements; first is the index of the first one in the tensor. reals: the same
 * as reals_of() gives. */
void moments_block(struct moments *m, const struct dtype *d, const void *in,
		   const double *reals, size_t n, uint64_t first);
void moments_join(struct moments *m, const struct moments *next);
double moments_std(const struct moments *m); /* population; NaN: no finite element */
double moments_l2(const struct moments *m);

#endif
