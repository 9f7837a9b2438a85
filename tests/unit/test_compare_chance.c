/* test_compare_chance.c — random tensors compared, against a plain reference.
 * SPDX-License-Identifier: Apache-2.0
 *
 * All dtypes and casts, numbers of all kinds, all tolerances; in random blocks and ranges,
 * with all kinds of vectors, which must give the same bits.
 */
#include "config.h"

#include "unit.h"

#include <math.h>
#include <string.h>

#include "compare_reference.h"

enum { MOST = 3 * BLOCK };

static uint8_t a_bytes[16 * MOST], b_bytes[16 * MOST];

/* How a tensor's numbers are made. */
enum style { ANY_BITS, SPECIAL, ORDINARY, TINY, HUGE_ONES, N_STYLES };

static unsigned width(const struct dtype *d)
{
	return d->bits ? d->bits : 8u * d->size;
}

static uint64_t special_pattern(const struct dtype *d)
{
	const unsigned m = (unsigned)reference_mantissa(d);
	const uint64_t all = (UINT64_C(1) << (width(d) - 1 - m)) - 1;
	const uint64_t exponent = chance_one_in(3) ? all : chance_below(2);
	const uint64_t low = chance_one_in(2) ? 0 : chance_below(UINT64_C(1) << m);
	return chance_below(2) << (width(d) - 1) | exponent << m | low;
}

static double ordinary(enum style style)
{
	const double v = ldexp((double)(int64_t)chance(), -63 - (int)chance_below(5));
	const int power = style == TINY	       ? -1060 + (int)chance_below(80)
			  : style == HUGE_ONES ? 1020 + (int)chance_below(4)
					       : 0;
	return chance_one_in(20) ? 0 : ldexp(v, power);
}

static void put(const struct dtype *d, uint8_t *p, uint64_t pattern)
{
	memcpy(p, &pattern, d->size); /* little-endian, as the tests of dtypes */
}

static void make_number(const struct dtype *d, enum style style, uint8_t *p)
{
	if (d->kind == KIND_COMPLEX) {
		const struct dtype *part =
			dtype_of(d->size == 8 ? CKPT_FLOAT32 : CKPT_FLOAT64);
		make_number(part, style, p);
		make_number(part, style, p + part->size);
	} else if (style == ANY_BITS) {
		put(d, p, chance());
	} else if (d->kind != KIND_FLOAT) {
		put(d, p, style == SPECIAL ? chance_below(3) - 1 : chance_magnitude());
	} else if (style == SPECIAL && chance_one_in(4)) {
		put(d, p, special_pattern(d));
	} else {
		const double v = ordinary(style);
		put(d, p, reference_pattern(d, real_rounded(d, v)));
	}
}

/* An element near or equal to one of another dtype, or of the same. */
static void make_other(const struct comparing *how, enum style style, const uint8_t *a,
		       uint8_t *b, uint64_t odds)
{
	const struct dtype *d = how->b;
	if (chance_one_in(odds)) {
		make_number(d, style, b);
	} else if (how->a == d) {
		memcpy(b, a, d->size);
		if (chance_one_in(2 * odds))
			b[0] = (uint8_t)(b[0] + 1);
	} else if (d->kind == KIND_COMPLEX) {
		double v[2];
		dtype_complex(how->a, a, &v[0], &v[1]);
		const float f[2] = { (float)v[0], (float)v[1] };
		memcpy(b, d->size == 8 ? (const void *)f : v, d->size);
	} else {
		double v;
		reals_of(how->a, a, 1, &v);
		if (d->kind == KIND_FLOAT)
			put(d, b, reference_pattern(d, real_rounded(d, v)));
		else
			put(d, b, fabs(v) < 0x1p63 ? (uint64_t)(int64_t)v : 7);
	}
}

static bool computes(const struct dtype *d)
{
	return d->kind <= KIND_COMPLEX;
}

static const struct dtype *any_dtype(void)
{
	for (;;) {
		const struct dtype *d = dtype_of(1 + (int)chance_below(33));
		if (d && computes(d))
			return d;
	}
}

static struct comparing any_comparing(void)
{
	static const double some[] = {
		0, 0, 1e-300, 1e-7, 1e-3, 0.5, 3, 0x1p53, INFINITY
	};
	static const uint64_t steps[] = { 0, 0, 0, 1, 2, 17, 1000000, UINT64_MAX };
	struct comparing how = { .a = any_dtype() };
	how.b = how.a;
	if (chance_one_in(2))
		do
			how.b = any_dtype();
		while ((how.a->kind == KIND_COMPLEX) != (how.b->kind == KIND_COMPLEX));
	how.tolerance.nan = (enum nan_rule)chance_below(3);
	how.tolerance.atol = some[chance_below(COUNT(some))];
	how.tolerance.rtol = some[chance_below(COUNT(some))];
	how.tolerance.ulp = steps[chance_below(COUNT(steps))];
	return how;
}

static size_t make_pairs(const struct comparing *how)
{
	static const uint64_t odds[] = { 1, 2, 30, 2000, UINT64_MAX };
	const enum style style = (enum style)chance_below(N_STYLES);
	const uint64_t other = odds[chance_below(COUNT(odds))];
	const size_t n = chance_one_in(12) ? MOST - chance_below(2) : chance_below(700);
	for (size_t i = 0; i < n; i++) {
		uint8_t *a = a_bytes + i * how->a->size, *b = b_bytes + i * how->b->size;
		make_number(how->a, style, a);
		make_other(how, style, a, b, other);
	}
	return n;
}

static bool same_wide(struct wide a, struct wide b)
{
	return !memcmp(&a.v, &b.v, sizeof a.v) && a.exponent == b.exponent;
}

static bool same_bits(const struct comparison *a, const struct comparison *b)
{
	return !memcmp(a, b, offsetof(struct comparison, abs_delta)) &&
	       same_wide(a->abs_delta, b->abs_delta) && same_wide(a->delta2, b->delta2) &&
	       same_wide(a->a2, b->a2) && same_wide(a->b2, b->b2) &&
	       same_wide(a->ab, b->ab) && a->unrounded_a == b->unrounded_a &&
	       a->unrounded_b == b->unrounded_b;
}

static void compare_one(struct comparison *c, const struct comparing *how, size_t from,
			size_t to)
{
	compare_block(c, how, a_bytes + from * how->a->size,
		      b_bytes + from * how->b->size, to - from, from);
}

/* In blocks of a size, ranges of some blocks; each is alone, and from the last to the
 * first, if backwards. */
static void compare_all(struct comparison *c, const struct comparing *how, size_t n,
			size_t block, size_t blocks, bool backwards)
{
	static struct comparison ranges[MOST + 1];
	const size_t range = block * blocks, n_ranges = n / range + 1;
	for (size_t i = 0; i < n_ranges; i++) {
		const size_t k = backwards ? n_ranges - 1 - i : i;
		const size_t end = n < (k + 1) * range ? n : (k + 1) * range;
		comparison_begin(&ranges[k]);
		for (size_t at = k * range; at < end || (at == 0 && !i); at += block)
			compare_one(&ranges[k], how, at,
				    at + block < end ? at + block : end);
	}
	comparison_begin(c);
	for (size_t k = 0; k < n_ranges; k++)
		comparison_join(c, &ranges[k]);
}

static long double exactly(struct wide w)
{
	return ldexpl((long double)w.v, w.exponent);
}

/* scale: what the sum would be if nothing cancelled. */
static bool agrees(struct wide w, long double want, long double scale)
{
	return fabsl(exactly(w) - want) <= 1e-12L * scale;
}

static void check_reference(const struct comparison *c, const struct comparing *how,
			    size_t n)
{
	static struct reference r;
	reference_compare(&r, how, a_bytes, b_bytes, n);
	struct comparison counts = *c;
	counts.abs_delta = r.c.abs_delta;
	counts.delta2 = r.c.delta2;
	counts.a2 = r.c.a2;
	counts.b2 = r.c.b2;
	counts.ab = r.c.ab;
	CHECK(same_bits(&counts, &r.c),
	      "%s %s, n %zu, atol %g rtol %g ulp %ju nan %d: bits %ju %ju, changed %ju "
	      "%ju, "
	      "beyond %ju %ju, flips %ju %ju, max %a %a, at %jd %jd, unrounded %ju %ju, "
	      "%ju "
	      "%ju",
	      how->a->name, how->b->name, n, how->tolerance.atol, how->tolerance.rtol,
	      (uintmax_t)how->tolerance.ulp, (int)how->tolerance.nan, (uintmax_t)c->bits,
	      (uintmax_t)r.c.bits, (uintmax_t)c->changed, (uintmax_t)r.c.changed,
	      (uintmax_t)c->beyond, (uintmax_t)r.c.beyond, (uintmax_t)c->sign_flips,
	      (uintmax_t)r.c.sign_flips, c->max_abs, r.c.max_abs, (intmax_t)c->max_index,
	      (intmax_t)r.c.max_index, (uintmax_t)c->unrounded_a,
	      (uintmax_t)r.c.unrounded_a, (uintmax_t)c->unrounded_b,
	      (uintmax_t)r.c.unrounded_b);
	CHECK(agrees(c->abs_delta, r.abs_delta, r.abs_delta) &&
		      agrees(c->delta2, r.delta2, r.delta2) &&
		      agrees(c->a2, r.a2, r.a2) && agrees(c->b2, r.b2, r.b2) &&
		      agrees(c->ab, r.ab, sqrtl(r.a2) * sqrtl(r.b2)),
	      "%s %s, n %zu: |d| %Lg %Lg, d2 %Lg %Lg, a2 %Lg %Lg, b2 %Lg %Lg, ab %Lg %Lg",
	      how->a->name, how->b->name, n, exactly(c->abs_delta), r.abs_delta,
	      exactly(c->delta2), r.delta2, exactly(c->a2), r.a2, exactly(c->b2), r.b2,
	      exactly(c->ab), r.ab);
}

static void check_metrics(const struct comparison *c)
{
	const double cosine = comparison_cosine(c), rel = comparison_rel_l2(c);
	assert_true(isnan(cosine) == (c->a2.v == 0 || c->b2.v == 0));
	assert_true(isnan(cosine) || (cosine >= -1 && cosine <= 1));
	assert_true(isnan(rel) == (c->a2.v == 0) && !(rel < 0));
	assert_true(isnan(comparison_mean_abs(c)) == !c->finite);
	assert_true(isnan(comparison_l2_delta(c)) == !c->finite);
	assert_true(!(comparison_l2_a(c) < 0) && !(comparison_l2_b(c) < 0));
	assert_true(comparison_class(c) == (c->beyond ? CLASS_DIFFER
					    : c->bits ? CLASS_EQUAL
						      : CLASS_IDENTICAL));
}

static void compare_somehow(void)
{
	static struct comparison first, c;
	const struct comparing how = any_comparing();
	const size_t n = make_pairs(&how);
	const size_t block = chance_one_in(2) ? BLOCK : 1 + chance_below(BLOCK);
	const size_t blocks = 1 + chance_below(4);
	bool some = false;
	for (enum vectors v = VECTORS_SCALAR; v <= VECTORS_AVX512; v++) {
		if (!vectors_choose(v))
			continue;
		compare_all(&c, &how, n, block, blocks, chance_one_in(2));
		CHECK(!some || same_bits(&c, &first), "%s %s: vectors %d differ",
		      how.a->name, how.b->name, (int)v);
		first = c;
		some = true;
	}
	vectors_choose(VECTORS_AUTO);
	check_reference(&c, &how, n);
	check_metrics(&c);
	/* Blocks that join one by one are the blocks compared in turn. */
	compare_all(&first, &how, n, block, 1, true);
	compare_all(&c, &how, n, block, MOST, false);
	assert_true(same_bits(&c, &first));
	check_reference(&c, &how, n);
}

static void random_pairs(void **state)
{
	(void)state;
	for (int i = 0; i < 2500; i++)
		compare_somehow();
}

int group_compare_chance(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_pairs),
	};
	return unit_run("compare_chance", tests, COUNT(tests));
}
