/* dtype.c — the one table of dtypes, and an element's bytes as a number.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "model/dtype.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"

#define WHOLE(name_, proto_, kind_, size_, npy_, safetensors_)                           \
	{                                                                                \
		.name = name_, .proto = proto_, .kind = kind_, .size = size_,            \
		.swap = size_, .npy = npy_, .safetensors = safetensors_                  \
	}
#define PARTS(name_, proto_, size_, npy_, safetensors_)                                  \
	{                                                                                \
		.name = name_, .proto = proto_, .kind = KIND_COMPLEX, .size = size_,     \
		.swap = (size_) / 2, .npy = npy_, .safetensors = safetensors_            \
	}
#define BITS(name_, proto_, kind_, bits_)                                                \
	{                                                                                \
		.name = name_, .proto = proto_, .kind = kind_, .size = 1, .bits = bits_, \
		.npy = "V1"                                                              \
	}
#define QUANT(name_, proto_, kind_, size_, npy_)                                         \
	{                                                                                \
		.name = name_, .proto = proto_, .kind = kind_, .size = size_,            \
		.swap = size_, .npy = npy_, .npy_field = true                            \
	}
#define SMALL(name_, proto_, size_, bits_, exponent_, mantissa_, bias_, special_, npy_,  \
	      safetensors_)                                                              \
	{                                                                                \
		.name = name_, .proto = proto_, .kind = KIND_FLOAT, .size = size_,       \
		.swap = size_, .bits = bits_, .exponent_bits = exponent_,                \
		.mantissa_bits = mantissa_, .bias = bias_, .special = special_,          \
		.npy = npy_, .safetensors = safetensors_                                 \
	}

static const struct dtype dtypes[] = {
	[1] = WHOLE("float32", "DT_FLOAT", KIND_FLOAT, 4, "f4", "F32"),
	[2] = WHOLE("float64", "DT_DOUBLE", KIND_FLOAT, 8, "f8", "F64"),
	[3] = WHOLE("int32", "DT_INT32", KIND_INT, 4, "i4", "I32"),
	[4] = WHOLE("uint8", "DT_UINT8", KIND_UINT, 1, "u1", "U8"),
	[5] = WHOLE("int16", "DT_INT16", KIND_INT, 2, "i2", "I16"),
	[6] = WHOLE("int8", "DT_INT8", KIND_INT, 1, "i1", "I8"),
	[7] = WHOLE("string", "DT_STRING", KIND_STRING, 0, NULL, NULL),
	[8] = PARTS("complex64", "DT_COMPLEX64", 8, "c8", "C64"),
	[9] = WHOLE("int64", "DT_INT64", KIND_INT, 8, "i8", "I64"),
	[10] = WHOLE("bool", "DT_BOOL", KIND_BOOL, 1, "b1", "BOOL"),
	[11] = QUANT("qint8", "DT_QINT8", KIND_INT, 1, "i1"),
	[12] = QUANT("quint8", "DT_QUINT8", KIND_UINT, 1, "u1"),
	[13] = QUANT("qint32", "DT_QINT32", KIND_INT, 4, "i4"),
	[14] = SMALL("bfloat16", "DT_BFLOAT16", 2, 16, 8, 7, 127, SPECIAL_IEEE, "V2",
		     "BF16"),
	[15] = QUANT("qint16", "DT_QINT16", KIND_INT, 2, "i2"),
	[16] = QUANT("quint16", "DT_QUINT16", KIND_UINT, 2, "u2"),
	[17] = WHOLE("uint16", "DT_UINT16", KIND_UINT, 2, "u2", "U16"),
	[18] = PARTS("complex128", "DT_COMPLEX128", 16, "c16", NULL),
	[19] = SMALL("float16", "DT_HALF", 2, 16, 5, 10, 15, SPECIAL_IEEE, "f2", "F16"),
	[20] = WHOLE("resource", "DT_RESOURCE", KIND_RESOURCE, 0, NULL, NULL),
	[21] = WHOLE("variant", "DT_VARIANT", KIND_VARIANT, 0, NULL, NULL),
	[22] = WHOLE("uint32", "DT_UINT32", KIND_UINT, 4, "u4", "U32"),
	[23] = WHOLE("uint64", "DT_UINT64", KIND_UINT, 8, "u8", "U64"),
	[24] = SMALL("float8_e5m2", "DT_FLOAT8_E5M2", 1, 8, 5, 2, 15, SPECIAL_IEEE, "f1",
		     "F8_E5M2"),
	[25] = SMALL("float8_e4m3fn", "DT_FLOAT8_E4M3FN", 1, 8, 4, 3, 7, SPECIAL_FN, "V1",
		     "F8_E4M3"),
	[26] = SMALL("float8_e4m3fnuz", "DT_FLOAT8_E4M3FNUZ", 1, 8, 4, 3, 8, SPECIAL_FNUZ,
		     "V1", "F8_E4M3FNUZ"),
	[27] = SMALL("float8_e4m3b11fnuz", "DT_FLOAT8_E4M3B11FNUZ", 1, 8, 4, 3, 11,
		     SPECIAL_FNUZ, "V1", NULL),
	[28] = SMALL("float8_e5m2fnuz", "DT_FLOAT8_E5M2FNUZ", 1, 8, 5, 2, 16,
		     SPECIAL_FNUZ, "V1", "F8_E5M2FNUZ"),
	[29] = BITS("int4", "DT_INT4", KIND_INT, 4),
	[30] = BITS("uint4", "DT_UINT4", KIND_UINT, 4),
	[31] = BITS("int2", "DT_INT2", KIND_INT, 2),
	[32] = BITS("uint2", "DT_UINT2", KIND_UINT, 2),
	[33] = SMALL("float4_e2m1fn", "DT_FLOAT4_E2M1FN", 1, 4, 2, 1, 1, SPECIAL_FINITE,
		     "V1", NULL),
};

enum { N_DTYPES = sizeof dtypes / sizeof *dtypes };

const struct dtype *dtype_of(int number)
{
	return number > 0 && number < N_DTYPES ? &dtypes[number] : NULL;
}

int dtype_named(const char *name)
{
	for (int i = 1; i < N_DTYPES; i++)
		if (!strcmp(dtypes[i].name, name))
			return i;
	return 0;
}

int dtype_of_npy(const char *code, const char *field)
{
	int found = 0;
	for (int i = 1; i < N_DTYPES; i++) {
		const struct dtype *d = &dtypes[i];
		if (!d->npy || strcmp(d->npy, code) || d->npy_field != !!field ||
		    (field && strcmp(d->name, field)))
			continue;
		if (found)
			return 0;
		found = i;
	}
	return found;
}

size_t dtype_npy_descr(const struct dtype *d, char *out)
{
	/* NumPy writes no order for a byte, ml_dtypes one for all. */
	const bool plain = d->kind != KIND_FLOAT && !d->bits;
	const char order = d->size == 1 && plain ? '|' : '<';
	if (!d->npy)
		return 0;
	const int n = d->npy_field
			      ? snprintf(out, DTYPE_DESCR_MAX, "[('%s', '%c%s')]",
					 d->name, order, d->npy)
			      : snprintf(out, DTYPE_DESCR_MAX, "'%c%s'", order, d->npy);
	return (size_t)n;
}

int dtype_of_safetensors(const char *name)
{
	for (int i = 1; i < N_DTYPES; i++)
		if (dtypes[i].safetensors && !strcmp(dtypes[i].safetensors, name))
			return i;
	return 0;
}

const char *ckpt_dtype_name(int number)
{
	const struct dtype *d = dtype_of(number);
	return d ? d->name : NULL;
}

size_t ckpt_dtype_size(int number)
{
	const struct dtype *d = dtype_of(number);
	return d ? d->size : 0;
}

/* The pattern of a small float; sign, exponent and mantissa from the top of its bits. */
static double small_real(const struct dtype *d, unsigned pattern)
{
	pattern &= (1u << d->bits) - 1;
	const unsigned sign = pattern >> (d->bits - 1);
	const unsigned top = (1u << d->exponent_bits) - 1;
	const unsigned exponent = pattern >> d->mantissa_bits & top;
	const unsigned mantissa = pattern & ((1u << d->mantissa_bits) - 1);
	const unsigned all = (1u << d->mantissa_bits) - 1;
	double v;
	if (d->special == SPECIAL_IEEE && exponent == top)
		v = mantissa ? NAN : INFINITY;
	else if (d->special == SPECIAL_FN && exponent == top && mantissa == all)
		v = NAN;
	else if (d->special == SPECIAL_FNUZ && sign && !exponent && !mantissa)
		return NAN;
	else if (exponent)
		v = ldexp(1 + ldexp(mantissa, -d->mantissa_bits),
			  (int)exponent - d->bias);
	else
		v = ldexp(mantissa, 1 - d->bias - d->mantissa_bits);
	return sign ? -v : v;
}

static unsigned small_pattern(const struct dtype *d, const void *p)
{
	uint8_t byte;
	uint16_t two;
	memcpy(&byte, p, 1);
	if (d->size == 1)
		return byte;
	memcpy(&two, p, 2);
	return two;
}

double dtype_real(const struct dtype *d, const void *p)
{
	float f;
	double v;
	if (d->size == 4) {
		memcpy(&f, p, 4);
		return f;
	}
	if (d->size == 8) {
		memcpy(&v, p, 8);
		return v;
	}
	return small_real(d, small_pattern(d, p));
}

uint64_t dtype_uint(const struct dtype *d, const void *p)
{
	uint8_t b;
	uint16_t h;
	uint32_t w;
	uint64_t v;
	switch (d->size) {
	case 1:
		memcpy(&b, p, 1);
		return d->bits ? b & ((1u << d->bits) - 1) : b;
	case 2:
		memcpy(&h, p, 2);
		return h;
	case 4:
		memcpy(&w, p, 4);
		return w;
	default:
		memcpy(&v, p, 8);
		return v;
	}
}

int64_t dtype_int(const struct dtype *d, const void *p)
{
	const unsigned bits = d->bits ? d->bits : 8u * d->size;
	const uint64_t v = dtype_uint(d, p), sign = UINT64_C(1) << (bits - 1);
	return (int64_t)((v ^ sign) - sign);
}

void dtype_complex(const struct dtype *d, const void *p, double *re, double *im)
{
	const struct dtype *part = dtype_of(d->size == 8 ? CKPT_FLOAT32 : CKPT_FLOAT64);
	*re = dtype_real(part, p);
	*im = dtype_real(part, (const char *)p + part->size);
}

static size_t small_text(const struct dtype *d, unsigned pattern, char *out)
{
	const double v = small_real(d, pattern);
	if (!isfinite(v) || v == 0)
		return number_double(out, v);
	/* The neighbours of the magnitude; above the largest number the gap is as below
	 * it. */
	const unsigned sign = 1u << (d->bits - 1), magnitude = pattern & (sign - 1);
	const double a = fabs(v), below = small_real(d, magnitude - 1);
	double above = magnitude + 1 < sign ? small_real(d, magnitude + 1) : INFINITY;
	if (!isfinite(above))
		above = a + (a - below);
	const double low = (a + below) / 2, high = (a + above) / 2;
	const int even = !(magnitude & 1);
	return v < 0 ? number_between(out, v, -high, -low, even)
		     : number_between(out, v, low, high, even);
}

size_t dtype_real_text(const struct dtype *d, const void *p, char *out)
{
	float f;
	if (d->size == 4) {
		memcpy(&f, p, 4);
		return number_float(out, f);
	}
	if (d->size == 8)
		return number_double(out, dtype_real(d, p));
	return small_text(d, small_pattern(d, p), out);
}

size_t dtype_element_text(const struct dtype *d, const void *p, char *out)
{
	const struct dtype *part;
	const char *imaginary;
	size_t n;
	switch (d->kind) {
	case KIND_FLOAT:
		return dtype_real_text(d, p, out);
	case KIND_COMPLEX:
		part = dtype_of(d->size == 8 ? CKPT_FLOAT32 : CKPT_FLOAT64);
		imaginary = (const char *)p + part->size;
		n = dtype_real_text(part, p, out);
		if (!signbit(dtype_real(part, imaginary)) ||
		    isnan(dtype_real(part, imaginary)))
			out[n++] = '+';
		n += dtype_real_text(part, imaginary, out + n);
		out[n++] = 'j';
		out[n] = '\0';
		return n;
	case KIND_INT:
		return number_i64(out, dtype_int(d, p));
	case KIND_BOOL:
		return (size_t)snprintf(out, NUMBER_MAX, "%s",
					dtype_uint(d, p) ? "True" : "False");
	default:
		return number_u64(out, dtype_uint(d, p));
	}
}

void dtype_swap(const struct dtype *d, void *data, size_t n)
{
	uint8_t *p = data;
	const size_t unit = d->swap, units = unit ? n * d->size / unit : 0;
	if (unit < 2)
		return;
	for (size_t i = 0; i < units; i++, p += unit)
		for (size_t k = 0; k < unit / 2; k++) {
			const uint8_t byte = p[k];
			p[k] = p[unit - 1 - k];
			p[unit - 1 - k] = byte;
		}
}
