/* compare_exactly.c — a block's complex pairs and integers of 64 bits, one by one.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Integers are compared as such, also with the other sign's type and with floats that are
 * whole numbers; only sums are of doubles, the nearest ones.
 */
#include "config.h"

#include "report/compare_block.h"

#include <float.h>
#include <math.h>
#include <string.h>

__extension__ typedef __int128 wide_int;

struct element {
	double part[2]; /* the second is 0 but for complex ones */
	wide_int whole; /* if is_whole */
	bool is_whole, nan, inf;
};

struct pair {
	struct element a, b;
	double delta[2];   /* b - a */
	double size;	   /* of delta */
	wide_int distance; /* if both are whole */
	bool finite, same;
};

static struct element element_of(const struct dtype *d, const uint8_t *p)
{
	struct element e = { .is_whole = dtype_whole(d) };
	if (d->kind == KIND_COMPLEX) {
		dtype_complex(d, p, &e.part[0], &e.part[1]);
	} else if (d->kind == KIND_FLOAT) {
		e.part[0] = dtype_real(d, p);
	} else if (d->kind == KIND_INT) {
		const int64_t v = dtype_int(d, p);
		e.part[0] = (double)v;
		e.whole = v;
	} else {
		const uint64_t v = dtype_uint(d, p),
			       is = d->kind == KIND_BOOL ? v != 0 : v;
		e.part[0] = (double)is;
		e.whole = is;
	}
	e.nan = isnan(e.part[0]) || isnan(e.part[1]);
	e.inf = !e.nan && (isinf(e.part[0]) || isinf(e.part[1]));
	/* A float beside an integer of 64 bits. Larger ones are no neighbours of it. */
	if (d->kind == KIND_FLOAT && fabs(e.part[0]) < 0x1p100 &&
	    e.part[0] == trunc(e.part[0])) {
		e.whole = (wide_int)e.part[0];
		e.is_whole = true;
	}
	return e;
}

static double modulus(const double part[2])
{
	return part[1] == 0 ? fabs(part[0]) : hypot(part[0], part[1]);
}

static void pair_of(struct pair *r, const struct pairs *p, size_t i)
{
	const struct comparing *how = p->how;
	const uint8_t *a = p->a + i * how->a->size, *b = p->b + i * how->b->size;
	r->a = element_of(how->a, a);
	r->b = element_of(how->b, b);
	r->finite = !(r->a.nan || r->a.inf || r->b.nan || r->b.inf);
	r->distance = 0;
	for (int k = 0; k < 2; k++)
		r->delta[k] = r->b.part[k] - r->a.part[k];
	if (r->a.is_whole && r->b.is_whole) {
		const wide_int delta = r->b.whole - r->a.whole;
		const int64_t low = (int64_t)delta; /* quicker, and mostly enough */
		r->delta[0] = low == delta ? (double)low : (double)delta;
		r->distance = delta < 0 ? -delta : delta;
		r->same = delta == 0;
	} else {
		/* One of them may be an integer, but then the other is none. */
		r->same = r->a.part[0] == r->b.part[0] && r->a.part[1] == r->b.part[1] &&
			  !r->a.is_whole && !r->b.is_whole;
	}
	r->same = r->same || (r->a.nan && r->b.nan && same_nan(how, a, b));
	r->size = modulus(r->delta);
}

static bool parts_within_ulp(const struct comparing *how, const struct pair *r)
{
	if (how->a->kind != KIND_COMPLEX)
		return within_ulp(how, r->a.part[0], r->b.part[0]);
	const int a = how->a->size == 8 ? CKPT_FLOAT32 : CKPT_FLOAT64;
	const int b = how->b->size == 8 ? CKPT_FLOAT32 : CKPT_FLOAT64;
	const struct comparing parts = { dtype_of(a), dtype_of(b), how->tolerance };
	return within_ulp(&parts, r->a.part[0], r->b.part[0]) &&
	       within_ulp(&parts, r->a.part[1], r->b.part[1]);
}

static bool near(const struct comparing *how, const struct pair *r)
{
	const struct tolerance *t = &how->tolerance;
	if (!r->finite || !tolerance_some(t))
		return false;
	const double x = modulus(r->a.part), y = modulus(r->b.part);
	const double bound = tolerance_bound(t, fmin(x > y ? x : y, DBL_MAX));
	if (r->a.is_whole && r->b.is_whole) {
		/* Whole numbers are at most the bound if they are at most its floor. */
		if (bound >= 0x1p120 || r->distance <= (wide_int)bound)
			return true;
	} else if (r->size <= bound)
		return true;
	if (!t->ulp)
		return false;
	if (dtype_whole(how->a) && dtype_whole(how->b))
		return r->distance <= (wide_int)t->ulp;
	/* A double that only stands for an integer is not on the floats' scale. */
	const struct element *e = dtype_whole(how->a) ? &r->a : &r->b;
	if (e->is_whole && (wide_int)e->part[0] != e->whole)
		return false;
	return parts_within_ulp(how, r);
}

static void keep_larger(double *most, double v)
{
	*most = v > *most ? v : *most;
}

static void add(struct sums *s, const struct scales *by, const struct pair *r, size_t i)
{
	double delta[2], a[2], b[2];
	const size_t lane = i % LANES;
	if (!r->finite)
		return;
	for (int k = 0; k < 2; k++) {
		a[k] = r->a.part[k] * by->a;
		b[k] = r->b.part[k] * by->b;
		delta[k] = by->half == 1
				   ? r->delta[k] * by->delta
				   : (r->b.part[k] * by->half - r->a.part[k] * by->half) *
					     by->delta;
		keep_larger(&s->max_a[lane], fabs(r->a.part[k]));
		keep_larger(&s->max_b[lane], fabs(r->b.part[k]));
		keep_larger(&s->max_delta[lane], fabs(r->delta[k]));
	}
	s->abs_delta[lane] += by == &unscaled ? r->size : modulus(delta);
	s->delta2[lane] += delta[0] * delta[0] + delta[1] * delta[1];
	s->a2[lane] += a[0] * a[0] + a[1] * a[1];
	s->b2[lane] += b[0] * b[0] + b[1] * b[1];
	s->ab[lane] += a[0] * b[0] + a[1] * b[1];
}

static bool is_zero(const struct element *e)
{
	return e->part[0] == 0 && e->part[1] == 0;
}

static void count_casts(struct comparison *c, const struct comparing *how,
			const struct pair *r)
{
	const bool parts = how->a->kind == KIND_COMPLEX;
	const struct dtype *a = how->a, *b = how->b;
	if (a == b || r->same || (r->a.nan && r->b.nan))
		return;
	if (parts) {
		a = dtype_of(a->size == 8 ? CKPT_FLOAT32 : CKPT_FLOAT64);
		b = dtype_of(b->size == 8 ? CKPT_FLOAT32 : CKPT_FLOAT64);
	}
	/* The doubles of two different integers may be the same. */
	c->unrounded_a += dtype_whole(b) || unrounded(b, r->a.part[0], r->b.part[0]) ||
			  (parts && unrounded(b, r->a.part[1], r->b.part[1]));
	c->unrounded_b += dtype_whole(a) || unrounded(a, r->b.part[0], r->a.part[0]) ||
			  (parts && unrounded(a, r->b.part[1], r->a.part[1]));
}

static void count_pair(struct comparison *c, const struct comparing *how,
		       const struct pair *r)
{
	const struct element *a = &r->a, *b = &r->b;
	c->finite += r->finite;
	c->changed += !r->same;
	c->beyond += !r->same && !near(how, r);
	c->sign_flips += r->finite && how->a->kind != KIND_COMPLEX &&
			 ((a->part[0] < 0 && b->part[0] > 0) ||
			  (a->part[0] > 0 && b->part[0] < 0));
	c->zeros_a += is_zero(a);
	c->zeros_b += is_zero(b);
	c->nan_a += a->nan;
	c->nan_b += b->nan;
	c->inf_a += a->inf;
	c->inf_b += b->inf;
	c->nan_appeared += b->nan && !a->nan;
	c->nan_vanished += a->nan && !b->nan;
	c->inf_appeared += b->inf && !a->inf;
	c->inf_vanished += a->inf && !b->inf;
	count_casts(c, how, r);
}

static void find(struct comparison *c, const struct pairs *p, const struct pair *r,
		 size_t i)
{
	const struct comparing *how = p->how;
	const uint8_t *a = p->a + i * how->a->size, *b = p->b + i * how->b->size;
	const bool whole = dtype_whole(how->a) && dtype_whole(how->b);
	const uint64_t distance = !whole ? 0
				  : r->distance > (wide_int)UINT64_MAX
					  ? UINT64_MAX
					  : (uint64_t)r->distance;
	c->bits += how->a != how->b || memcmp(a, b, how->a->size);
	if (!r->same && c->first_changed == UINT64_MAX)
		c->first_changed = p->first + i;
	if (r->b.nan && !r->a.nan && c->first_nan_appeared == UINT64_MAX)
		c->first_nan_appeared = p->first + i;
	if (r->finite && (c->max_index == UINT64_MAX || r->size > c->max_abs ||
			  (r->size == c->max_abs && distance > c->max_abs_int))) {
		c->max_abs = r->size;
		c->max_abs_int = distance;
		c->max_index = p->first + i;
		memcpy(c->max_a, a, how->a->size);
		memcpy(c->max_b, b, how->b->size);
	}
}

void compare_exactly(struct comparison *c, const struct pairs *p)
{
	struct sums s = { 0 };
	struct pair r;
	for (size_t i = 0; i < p->n; i++) {
		pair_of(&r, p, i);
		add(&s, &unscaled, &r, i);
		count_pair(c, p->how, &r);
		find(c, p, &r, i);
	}
	struct scales scales = unscaled;
	if (!sums_hold(&s, lanes_max(s.max_a) == 0, lanes_max(s.max_b) == 0)) {
		scales = sums_scales(&s);
		s = (struct sums){ 0 };
		for (size_t i = 0; i < p->n; i++) {
			pair_of(&r, p, i);
			add(&s, &scales, &r, i);
		}
	}
	sums_fold(&s, &scales, c);
}
