/* reals.c — blocks of elements as doubles, and the vectors that kernels compute with.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Elements of one byte, whatever they are, go through a table of 256 doubles; what a
 * double holds as it is, is copied; the others have a kernel each.
 */
#include "config.h"

#include "model/reals.h"

#include <float.h>
#include <math.h>
#include <pthread.h>
#include <string.h>

#define VECTOR_KERNEL "model/reals_kernel.h"
#include "model/vectors.h"

typedef size_t (*spread_fn)(const void *in, size_t n, double *out);

static const spread_fn spread_float[] = VECTOR_TABLE(spread_float);
static const spread_fn spread_half[] = VECTOR_TABLE(spread_half);
static const spread_fn spread_bfloat[] = VECTOR_TABLE(spread_bfloat);
static const spread_fn spread_i16[] = VECTOR_TABLE(spread_i16);
static const spread_fn spread_u16[] = VECTOR_TABLE(spread_u16);
static const spread_fn spread_i32[] = VECTOR_TABLE(spread_i32);
static const spread_fn spread_u32[] = VECTOR_TABLE(spread_u32);

static double bytes_real[CKPT_FLOAT4_E2M1FN + 1][256];
static pthread_once_t bytes_once = PTHREAD_ONCE_INIT;
static _Atomic int chosen; /* AUTO: not yet */

/* As a number of one part: finite if both parts are. */
static double modulus(double re, double im)
{
	if (isnan(re) || isnan(im))
		return NAN;
	const double m = hypot(re, im);
	return isinf(m) && !isinf(re) && !isinf(im) ? DBL_MAX : m;
}

/* One element: what all that is faster must agree with. */
static double real_of(const struct dtype *d, const void *p)
{
	double re, im;
	switch (d->kind) {
	case KIND_FLOAT:
		return dtype_real(d, p);
	case KIND_INT:
		return (double)dtype_int(d, p);
	case KIND_UINT:
		return (double)dtype_uint(d, p);
	case KIND_BOOL:
		return dtype_uint(d, p) != 0;
	case KIND_COMPLEX:
		dtype_complex(d, p, &re, &im);
		return modulus(re, im);
	default:
		return NAN;
	}
}

static void fill_bytes(void)
{
	for (int number = 1; number <= CKPT_FLOAT4_E2M1FN; number++)
		for (int i = 0; i < 256 && dtype_of(number)->size == 1; i++) {
			const uint8_t byte = (uint8_t)i;
			bytes_real[number][i] = real_of(dtype_of(number), &byte);
		}
}

static const spread_fn *spread_of(const struct dtype *d)
{
	const bool is_signed = d->kind == KIND_INT;
	if (d->kind == KIND_COMPLEX || d->size > 4)
		return NULL;
	if (d->kind != KIND_FLOAT)
		return d->size == 2 ? is_signed ? spread_i16 : spread_u16
		       : is_signed  ? spread_i32
				    : spread_u32;
	return d->size == 4	       ? spread_float
	       : d->exponent_bits == 8 ? spread_bfloat
				       : spread_half;
}

void reals_of(const struct dtype *d, const void *in, size_t n, double *out)
{
	const uint8_t *p = in;
	size_t i = 0;
	if (d->size == 1) {
		pthread_once(&bytes_once, fill_bytes);
		const double *table = bytes_real[d - dtype_of(1) + 1];
		for (; i < n; i++)
			out[i] = table[p[i]];
		return;
	}
	if (d->kind == KIND_FLOAT && d->size == 8) {
		memcpy(out, in, n * sizeof *out);
		return;
	}
	const spread_fn *spread = spread_of(d);
	if (spread)
		i = spread[vectors_chosen()](in, n, out);
	for (; i < n; i++)
		out[i] = real_of(d, p + i * d->size);
}

/* 2^exponent, of a normal number. */
static double power(int exponent)
{
	const uint64_t bits = (uint64_t)(exponent + 1023) << 52;
	double v;
	memcpy(&v, &bits, sizeof v);
	return v;
}

/* |v| as a multiple of the power of two that is d's step at v, halves to even. */
static double rounded_to_step(const struct dtype *d, double v)
{
	uint64_t bits;
	memcpy(&bits, &v, sizeof bits);
	const int exponent = (int)(bits >> 52 & 2047) - 1023;
	const int least = 1 - d->bias; /* subnormals have the step of this one */
	const int step = (exponent < least ? least : exponent) - d->mantissa_bits;
	/* A double of this size has no digits below the step, so the sum rounds. */
	const double shift = power(52 + step);
	return fabs(v) + shift - shift;
}

static double largest(const struct dtype *d)
{
	const int top = (1 << d->exponent_bits) - 1 - (d->special == SPECIAL_IEEE);
	const double lacking = d->special == SPECIAL_FN ? 2 : 1; /* all ones is NaN */
	return (2 - lacking * power(-d->mantissa_bits)) * power(top - d->bias);
}

double real_rounded(const struct dtype *d, double v)
{
	if (d->size == 8)
		return v;
	const bool half = d->size == 2 && d->exponent_bits == 5;
	const double via = half ? v : (double)(float)v;
	if (d->size == 4)
		return via;
	if (isnan(via))
		return d->special == SPECIAL_FINITE ? copysign(0, signbit(v) ? 1 : -1)
						    : via;
	const double most = largest(d);
	double r = fabs(via) > 2 * most ? INFINITY : rounded_to_step(d, via);
	if (r == 0 && d->special == SPECIAL_FNUZ)
		return 0;
	if (r > most)
		r = d->special == SPECIAL_IEEE	   ? INFINITY
		    : d->special == SPECIAL_FINITE ? most
						   : NAN;
	return copysign(r, v);
}

/* As v * 2^0 where that is far from the ends of what a double holds, so that sums of
 * ordinary numbers are ordinary sums. */
static struct wide wide_of(double v, int exponent)
{
	int e;
	if (v == 0)
		return (struct wide){ 0, 0 };
	v = frexp(v, &e);
	exponent += e;
	if (exponent > -600 && exponent < 600)
		return (struct wide){ ldexp(v, exponent), 0 };
	return (struct wide){ v, exponent };
}

struct wide wide_add(struct wide a, struct wide b)
{
	if (a.exponent == b.exponent) {
		const double v = a.v + b.v;
		if (!a.exponent && (v == 0 || (fabs(v) > 0x1p-600 && fabs(v) < 0x1p600)))
			return (struct wide){ v, 0 };
	}
	if (a.v == 0)
		return wide_of(b.v, b.exponent);
	if (b.v == 0)
		return wide_of(a.v, a.exponent);
	int ea, eb;
	const double va = frexp(a.v, &ea), vb = frexp(b.v, &eb);
	ea += a.exponent;
	eb += b.exponent;
	const int top = ea > eb ? ea : eb;
	return wide_of(ldexp(va, ea - top) + ldexp(vb, eb - top), top);
}

double wide_real(struct wide a)
{
	return ldexp(a.v, a.exponent);
}

double wide_root(struct wide a)
{
	int e;
	double v = frexp(a.v, &e);
	e += a.exponent;
	if (e % 2) {
		v *= 2;
		e--;
	}
	return ldexp(sqrt(v), e / 2);
}

double wide_ratio(struct wide a, struct wide b)
{
	int ea, eb;
	const double va = frexp(a.v, &ea), vb = frexp(b.v, &eb);
	return b.v == 0 ? NAN : ldexp(va / vb, ea + a.exponent - eb - b.exponent);
}

double wide_cosine(struct wide ab, struct wide aa, struct wide bb)
{
	int e, ea, eb;
	const double v = frexp(ab.v, &e), va = frexp(aa.v, &ea), vb = frexp(bb.v, &eb);
	if (aa.v == 0 || bb.v == 0)
		return NAN;
	e += ab.exponent;
	int twice = ea + aa.exponent + eb + bb.exponent;
	const double odd = twice % 2 ? 2 : 1;
	twice -= twice % 2 ? 1 : 0;
	return ldexp(v / sqrt(va * vb * odd), e - twice / 2);
}

static enum vectors best(void)
{
#ifdef __x86_64__
	if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
	    __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw"))
		return VECTORS_AVX512;
	if (__builtin_cpu_supports("avx2"))
		return VECTORS_AVX2;
#endif
	return VECTORS_SCALAR;
}

bool vectors_choose(enum vectors v)
{
	const enum vectors most = best();
	if (v > most) /* each kind has what those before it have */
		return false;
	chosen = (int)(v == VECTORS_AUTO ? most : v);
	return true;
}

/* Threads may find it out at the same time: all find the same. */
enum vectors vectors_chosen(void)
{
	int v = chosen;
	if (v == VECTORS_AUTO)
		chosen = v = (int)best();
	return (enum vectors)v;
}
