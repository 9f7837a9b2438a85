/* compare_block.h — the parts that a block's comparison is made of.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef REPORT_COMPARE_BLOCK_H
#define REPORT_COMPARE_BLOCK_H

#include "report/compare.h"

/* n <= BLOCK pairs as stored. */
struct pairs {
	const struct comparing *how;
	const uint8_t *a, *b;
	size_t n;
	uint64_t first;			 /* index of the first one */
	const struct comparison *so_far; /* of those before them */
};

/* Each fills in what is known of the pairs, but for elements; max_index and the first
 * indices only if the comparison so far has not found better ones. */

/* If the bytes are the same (not complex), all but what is not finite follows from the
 * squares. False, and nothing is filled in, if they are not, or if that is not enough. */
bool compare_identical(struct comparison *c, const struct pairs *p);
/* Pairs that doubles hold as they are, by vectors. */
void compare_reals(struct comparison *c, const struct pairs *p);
/* Complex ones and integers of 64 bits, one by one. */
void compare_exactly(struct comparison *c, const struct pairs *p);

/* What the kernels compute: element i of a block goes to lane i % LANES. */
struct sums {
	double abs_delta[LANES], delta2[LANES], a2[LANES], b2[LANES], ab[LANES];
	double max_delta[LANES], max_a[LANES], max_b[LANES];
};

/* Powers of two that elements are multiplied by before they are squared, so that the
 * squares are within what a double holds; half: a - b is not, a / 2 - b / 2 is. */
struct scales {
	double a, b, half, delta;
	int a_exponent, b_exponent, delta_exponent; /* what they take away */
};

extern const struct scales unscaled;
/* True if no sum has overflowed or lost all in underflow. zeros_a: there is nothing but
 * zeros in a. */
bool sums_hold(const struct sums *s, bool zeros_a, bool zeros_b);
struct scales sums_scales(const struct sums *s);
/* Folds the lanes into a comparison's sums. */
void sums_fold(const struct sums *s, const struct scales *scales, struct comparison *c);
double lanes_max(const double lanes[LANES]);

bool tolerance_some(const struct tolerance *t);
/* The largest |a - b| that atol and rtol let pass: larger is the larger magnitude. */
double tolerance_bound(const struct tolerance *t, double larger);
/* Whether two finite numbers are at most ulp steps apart: steps of their dtype, or that
 * of the two with fewer bits of mantissa (a's, if they have the same), if that is where
 * both numbers are. Not for two integers. */
bool within_ulp(const struct comparing *how, double x, double y);
/* Both are NaN: are they the same value? */
bool same_nan(const struct comparing *how, const uint8_t *a, const uint8_t *b);
/* v is not what x becomes when it is cast to d. */
bool unrounded(const struct dtype *d, double x, double v);

#endif
