/* histogram.h — counts of elements: in bins of one width, and by powers of two.
 * SPDX-License-Identifier: Apache-2.0
 *
 * What is counted, and where, depends on the elements alone: not on their order, and not
 * on how they were divided among histograms that were joined.
 */
#ifndef REPORT_HISTOGRAM_H
#define REPORT_HISTOGRAM_H

#include "model/reals.h"

/* Counts of finite elements. Linear: bins of width 2^width_exponent, the first one begins
 * at first_bin * 2^width_exponent; the width is the smallest power of two at which no
 * more than HISTOGRAM_BINS bins reach from the smallest to the largest element, so it
 * depends on these two alone; but no finer than the doubles are at the larger magnitude
 * of the two: 2^52 of the width reach up to it, and 2^-1074 is the least. Log: bin e
 * counts 2^e <= |x| < 2^(e+1). */
enum { HISTOGRAM_BINS = 64, LOG_BINS = 2100, LOG_FIRST = -1074 };

struct histogram {
	uint64_t linear[HISTOGRAM_BINS];
	int64_t first_bin;
	int width_exponent;
	bool some;                     /* an element has been counted */
	uint64_t zeros, log[LOG_BINS]; /* log[e - LOG_FIRST] */
};

void histogram_begin(struct histogram *h);
/* n <= BLOCK. min and max of the block's finite elements, or of all finite elements that
 * have been counted in h with those of the block, as moments have them; +infinity,
 * -infinity: there are none. */
void histogram_block(struct histogram *h, const double *reals, size_t n, double min,
		     double max);
void histogram_join(struct histogram *h, const struct histogram *other);

#endif
