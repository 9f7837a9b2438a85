/* compare_reference.h — two arrays compared one element at a time, slowly and plainly.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef COMPARE_REFERENCE_H
#define COMPARE_REFERENCE_H

#include "report/compare.h"

/* The counts, indices and extremes; its sums are not set. */
struct reference {
	struct comparison c;
	long double abs_delta, delta2, a2, b2, ab;
};

void reference_compare(struct reference *r, const struct comparing *how, const uint8_t *a,
		       const uint8_t *b, size_t n);
/* The pattern of a number that a dtype of kind float has. */
uint64_t reference_pattern(const struct dtype *d, double v);
int reference_mantissa(const struct dtype *d);

#endif
