/* random_tensor.c — tensors of any dtype, of chance and of what is awkward.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "random_tensor.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "unit.h"

const struct dtype *random_dtype(void)
{
	const struct dtype *d;
	do
		d = dtype_of(1 + (int)chance_below(CKPT_FLOAT4_E2M1FN));
	while (d->kind >= KIND_STRING);
	return d;
}

double random_normal(void)
{
	double sum = -6;
	for (int i = 0; i < 12; i++)
		sum += (double)(chance() >> 11) * 0x1p-53;
	return sum;
}

static double awkward(void)
{
	static const double all[] = {
		0,	 -0.0,	   NAN,	      INFINITY,	  -INFINITY,   DBL_MAX, -DBL_MAX,
		DBL_MIN, -DBL_MIN, 0x1p-1074, -0x1p-1074, 1e300,       -1e300,	1e-300,
		FLT_MAX, -FLT_MAX, FLT_MIN,   0x1p-149,	  -0x1p-149,   1,	-1,
		-2,	 -64,	   63,	      0x1p53,	  0x1.8p-1070,
	};
	return all[chance_below(COUNT(all))];
}

/* Doubles that are written as float32 or float64. */
static void random_reals(bool single, uint8_t *to, size_t n, size_t step)
{
	static const double means[] = { 0, 0, 1, -3, 1e6, 1e-300, 1e300, 1e-310 };
	const double mean = means[chance_below(COUNT(means))];
	const double width = ldexp(1, (int)chance_below(80) - 60);
	const uint64_t shape = chance_below(6);
	const bool mixed = chance_one_in(2);
	const double scale = mean != 0 ? mean : chance_one_in(8) ? 1e290 : 1;
	for (size_t i = 0; i < n; i++, to += step) {
		double v = mean + scale * width * random_normal();
		if (shape == 0) {
			const uint64_t bits = chance();
			memcpy(&v, &bits, sizeof v);
		} else if (shape == 1) {
			v = mean;
		} else if (shape == 2) {
			v = chance_one_in(2) ? 0 : mean + 3;
		} else if (shape == 3) {
			v = -fabs(floor(v));
		}
		if (mixed && chance_one_in(shape == 1 ? 2000 : 10))
			v = awkward();
		const float f = (float)v;
		memcpy(to, single ? (const void *)&f : (const void *)&v, single ? 4 : 8);
	}
}

/* Any pattern, with the bits that differ below a random place only; or one of few. */
static void random_patterns(const struct dtype *d, uint8_t *to, size_t n)
{
	const uint64_t bases[] = { 0, UINT64_MAX, chance(), chance() };
	const uint64_t base = bases[chance_below(COUNT(bases))];
	const unsigned keep = (unsigned)chance_below(8u * d->size + 1);
	const uint64_t vary = keep ? UINT64_MAX >> (64 - keep) : 0;
	const uint64_t few = chance_one_in(2) ? 0 : 1 + chance_below(5);
	for (size_t i = 0; i < n; i++, to += d->size) {
		uint64_t v = base ^ (chance() & vary);
		if (few)
			v = base + chance_below(few) * 3;
		memcpy(to, &v, d->size);
	}
}

void random_elements(const struct dtype *d, void *to, size_t n)
{
	uint8_t *p = to;
	const bool floats = d->kind == KIND_FLOAT && d->size >= 4;
	if (d->kind == KIND_COMPLEX) {
		const size_t half = d->size / 2;
		random_reals(half == 4, p, n, d->size);
		random_reals(half == 4, p + half, n, d->size);
	} else if (floats && !chance_one_in(8)) {
		random_reals(d->size == 4, p, n, d->size);
	} else {
		random_patterns(d, p, n);
	}
}
