/* compare.c — two tensors' elements against each other, block by block.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Each block is a comparison of its own, in one of three ways, and joins the rest like
 * any other; so there is one place that says what joining means.
 */
#include "config.h"

#include "report/compare.h"

#include <math.h>
#include <string.h>

#include "report/compare_block.h"

const char *const compare_class_names[] = {
	[CLASS_IDENTICAL] = "identical",       [CLASS_EQUAL] = "equal",
	[CLASS_DIFFER] = "differ",             [CLASS_INCOMPARABLE] = "incomparable",
	[CLASS_UNKNOWN] = "unknown",
};

const char *const nan_rule_names[] = {
	[NAN_EQUAL] = "equal", [NAN_DIFFER] = "differ", [NAN_BITWISE] = "bitwise", NULL
};

void comparison_begin(struct comparison *c)
{
	memset(c, 0, sizeof *c);
	c->first_changed = c->first_nan_appeared = c->max_index = UINT64_MAX;
}

static bool is_long(const struct dtype *d)
{
	return dtype_whole(d) && d->size == 8;
}

/* All within 2^52 of 0, so that doubles hold them and their distances. */
static bool are_short(const struct dtype *d, const uint8_t *p, size_t n)
{
	const uint64_t shift = d->kind == KIND_INT ? UINT64_C(1) << 52 : 0;
	uint64_t far = 0;
	for (size_t i = 0; i < n && is_long(d); i++) {
		uint64_t v;
		memcpy(&v, p + i * 8, 8);
		far |= (v + shift) >> 53;
	}
	return !far;
}

/* Doubles do for the block. Beside floats an integer of 64 bits is always exact. */
static bool are_reals(const struct pairs *p)
{
	const struct dtype *a = p->how->a, *b = p->how->b;
	if (!is_long(a) && !is_long(b))
		return true;
	return dtype_whole(a) && dtype_whole(b) && are_short(a, p->a, p->n) &&
	       are_short(b, p->b, p->n);
}

void compare_block(struct comparison *c, const struct comparing *how, const void *a,
		   const void *b, size_t n, uint64_t first)
{
	struct comparison block;
	const struct pairs p = { how, a, b, n, first, c };
	comparison_begin(&block);
	block.elements = n;
	if (how->a->kind == KIND_COMPLEX)
		compare_exactly(&block, &p);
	else if (n && !compare_identical(&block, &p)) {
		if (are_reals(&p))
			compare_reals(&block, &p);
		else
			compare_exactly(&block, &p);
	}
	comparison_join(c, &block);
}

void compare_strings(struct comparison *c, const struct ckpt_string *a,
		     const struct ckpt_string *b, size_t n, uint64_t first)
{
	for (size_t i = 0; i < n; i++) {
		const bool same = a[i].len == b[i].len &&
				  (!a[i].len || !memcmp(a[i].p, b[i].p, a[i].len));
		c->bits += !same;
		c->changed += !same;
		c->beyond += !same;
		if (!same && c->first_changed == UINT64_MAX)
			c->first_changed = first + i;
	}
	c->elements += n;
}

static void join_counts(struct comparison *c, const struct comparison *next)
{
	c->elements += next->elements;
	c->bits += next->bits;
	c->changed += next->changed;
	c->beyond += next->beyond;
	c->finite += next->finite;
	c->sign_flips += next->sign_flips;
	c->zeros_a += next->zeros_a;
	c->zeros_b += next->zeros_b;
	c->nan_a += next->nan_a;
	c->nan_b += next->nan_b;
	c->inf_a += next->inf_a;
	c->inf_b += next->inf_b;
	c->nan_appeared += next->nan_appeared;
	c->nan_vanished += next->nan_vanished;
	c->inf_appeared += next->inf_appeared;
	c->inf_vanished += next->inf_vanished;
	c->unrounded_a += next->unrounded_a;
	c->unrounded_b += next->unrounded_b;
}

void comparison_join(struct comparison *c, const struct comparison *next)
{
	join_counts(c, next);
	if (c->first_changed == UINT64_MAX)
		c->first_changed = next->first_changed;
	if (c->first_nan_appeared == UINT64_MAX)
		c->first_nan_appeared = next->first_nan_appeared;
	/* Integers may differ where the nearest doubles of their distances do not. */
	if (next->max_index != UINT64_MAX &&
	    (c->max_index == UINT64_MAX || next->max_abs > c->max_abs ||
	     (next->max_abs == c->max_abs && next->max_abs_int > c->max_abs_int))) {
		c->max_abs = next->max_abs;
		c->max_abs_int = next->max_abs_int;
		c->max_index = next->max_index;
		memcpy(c->max_a, next->max_a, sizeof c->max_a);
		memcpy(c->max_b, next->max_b, sizeof c->max_b);
	}
	c->abs_delta = wide_add(c->abs_delta, next->abs_delta);
	c->delta2 = wide_add(c->delta2, next->delta2);
	c->a2 = wide_add(c->a2, next->a2);
	c->b2 = wide_add(c->b2, next->b2);
	c->ab = wide_add(c->ab, next->ab);
}

enum compare_class comparison_class(const struct comparison *c)
{
	if (c->beyond)
		return CLASS_DIFFER;
	return c->bits ? CLASS_EQUAL : CLASS_IDENTICAL;
}

double comparison_mean_abs(const struct comparison *c)
{
	return wide_ratio(c->abs_delta, (struct wide){ (double)c->finite, 0 });
}

static double root(const struct comparison *c, struct wide square)
{
	return c->finite ? wide_root(square) : NAN;
}

double comparison_l2_delta(const struct comparison *c)
{
	return root(c, c->delta2);
}

double comparison_l2_a(const struct comparison *c)
{
	return root(c, c->a2);
}

double comparison_l2_b(const struct comparison *c)
{
	return root(c, c->b2);
}

double comparison_rel_l2(const struct comparison *c)
{
	int e, of;
	const double v = frexp(c->delta2.v, &e), by = frexp(c->a2.v, &of);
	if (c->a2.v == 0)
		return NAN;
	e += c->delta2.exponent - of - c->a2.exponent;
	return wide_root((struct wide){ v / by, e });
}

double comparison_cosine(const struct comparison *c)
{
	const double v = wide_cosine(c->ab, c->a2, c->b2);
	return v > 1 ? 1 : v < -1 ? -1 : v;
}
