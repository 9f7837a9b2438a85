/* compare.h — two tensors' elements against each other, block by block.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A comparison is made of ranges of elements, each of them of blocks (reals.h). Ranges
 * can be computed anywhere; joined in order they give the same bits always. Metrics are
 * over finite pairs: pairs of which both elements are finite. A complex element is NaN if
 * a part is, else infinite if a part is, and 0 if both are; it has no sign to flip.
 */
#ifndef REPORT_COMPARE_H
#define REPORT_COMPARE_H

#include "ckpt.h"
#include "model/reals.h"

/* When are two NaN the same value: always, never, if their bits are the same. */
enum nan_rule { NAN_EQUAL, NAN_DIFFER, NAN_BITWISE };

/* Two elements are equal if they are the same value (a == b, or both NaN as the rule
 * says), or finite and |a - b| <= max(atol, rtol * max(|a|, |b|)), or finite and at most
 * ulp numbers of their dtype apart (integers: |a - b| <= ulp).
 * Complex: |…| is the modulus, and both parts are at most ulp numbers apart. Casts: ulp
 * counts numbers of the dtype with fewer bits of mantissa (a's, if both have the same;
 * the float's beside an integer), of which both elements must be; else they are not
 * within it. Integers are compared exactly, but for the rounding of rtol * max(…). */
struct tolerance {
	enum nan_rule nan;
	double atol, rtol; /* >= 0 */
	uint64_t ulp;
};

/* What two tensors are to each other. */
enum compare_class {
	CLASS_IDENTICAL,
	CLASS_EQUAL,
	CLASS_DIFFER,
	CLASS_INCOMPARABLE,
	CLASS_UNKNOWN
};

/* As words; the second is ended by NULL. */
extern const char *const compare_class_names[], *const nan_rule_names[];

struct comparison {
	uint64_t elements;
	uint64_t bits;	     /* pairs whose bytes differ (always, if the dtypes do) */
	uint64_t changed;    /* pairs that are not the same value */
	uint64_t beyond;     /* those that are not equal either */
	uint64_t finite;     /* finite pairs */
	uint64_t sign_flips; /* of them: one < 0, the other > 0 */
	uint64_t zeros_a, zeros_b;
	uint64_t nan_a, nan_b, inf_a, inf_b;
	uint64_t nan_appeared, nan_vanished;	    /* only b is NaN; only a */
	uint64_t inf_appeared, inf_vanished;	    /* only b is infinite; only a */
	uint64_t first_changed, first_nan_appeared; /* UINT64_MAX: none */
	/* Of the finite pairs: the first of those with the largest |b - a|. Integers:
	 * max_abs is exact in max_abs_int (saturated); max_abs is it as a double. */
	double max_abs;
	uint64_t max_abs_int;
	uint64_t max_index;	      /* UINT64_MAX: no finite pair */
	uint8_t max_a[16], max_b[16]; /* the two elements, as stored */
	/* Sums over the finite pairs: |b - a|, its square, squares, products. */
	struct wide abs_delta, delta2, a2, b2, ab;
	/* Casts: pairs of which b is not a rounded to b's dtype (an integer: not the same
	 * number); and the other way. Two NaN are no such pair. */
	uint64_t unrounded_a, unrounded_b;
};

struct comparing {
	const struct dtype *a, *b; /* the same, unless they are to be cast */
	struct tolerance tolerance;
};

void comparison_begin(struct comparison *c);
/* n <= BLOCK pairs; first is the index of the first one in the tensor. Not for strings,
 * variants and resources. Two dtypes of different kind complex / not complex are not
 * allowed. */
void compare_block(struct comparison *c, const struct comparing *how, const void *a,
		   const void *b, size_t n, uint64_t first);
/* Strings and variants: n pairs, by their bytes. */
void compare_strings(struct comparison *c, const struct ckpt_string *a,
		     const struct ckpt_string *b, size_t n, uint64_t first);
/* Adds what is known of the elements that follow. */
void comparison_join(struct comparison *c, const struct comparison *next);

enum compare_class comparison_class(const struct comparison *c);
/* Of the whole: NaN where there is none (no finite pair, or a divisor of 0). */
double comparison_mean_abs(const struct comparison *c);
double comparison_l2_delta(const struct comparison *c);
double comparison_l2_a(const struct comparison *c);
double comparison_l2_b(const struct comparison *c);
double comparison_rel_l2(const struct comparison *c); /* ||b - a|| / ||a|| */
double comparison_cosine(const struct comparison *c); /* within -1 … 1 */

#endif
