/* dtype.h — the one table of dtypes, and an element's bytes as a number.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Numbers and sizes: tensorflow/core/framework/types.proto. float8, float4 and sub-byte
 * integers take one byte an element in a checkpoint; only the low bits of the latter
 * count. The layouts of the small floats are those of ml_dtypes.
 */
#ifndef MODEL_DTYPE_H
#define MODEL_DTYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ckpt.h"

enum dtype_kind {
	KIND_FLOAT,
	KIND_INT,
	KIND_UINT,
	KIND_BOOL,
	KIND_COMPLEX,
	KIND_STRING,
	KIND_VARIANT,
	KIND_RESOURCE, /* a handle: never in a checkpoint */
};

/* Which bit patterns of a small float are not finite. */
enum dtype_special {
	SPECIAL_IEEE,   /* largest exponent: infinity, NaN */
	SPECIAL_FN,     /* no infinity; all ones is NaN */
	SPECIAL_FNUZ,   /* no infinity, no negative zero: its pattern is the only NaN */
	SPECIAL_FINITE, /* every pattern is a number */
};

struct dtype {
	const char *name;   /* TensorFlow's Python name */
	const char *proto;  /* name in types.proto */
	enum dtype_kind kind;
	uint8_t size;       /* bytes of an element; 0: not fixed */
	uint8_t swap; /* unit of byte order: complex64 swaps its halves; 0 or 1: none */
	uint8_t bits;       /* significant bits where they are fewer than 8 * size */
	uint8_t exponent_bits, mantissa_bits, special; /* small floats (size <= 2) */
	int16_t bias;
	/* In the header of a .npy file, without the order of bytes: "f4"; what np.save
	 * writes for the types of ml_dtypes, which may be shared ("V1"). NULL: none.
	 * npy_field: TensorFlow gives NumPy its quantized types as a structure of one
	 * field with the name of the type (python/framework/dtypes.py). */
	const char *npy;
	bool npy_field;
	/* In the header of a .safetensors file: "F32"; NULL: none. Nor has packed F4 one:
	 * TensorFlow's float4 takes a whole byte. */
	const char *safetensors;
};

enum { DTYPE_DESCR_MAX = 32 };

/* NULL for a number that is no dtype (0, 999, references). */
const struct dtype *dtype_of(int number);
/* The number of a dtype's Python name, 0 if there is none. */
int dtype_named(const char *name);
/* The number of the dtype that alone has this code in .npy, within a structure of one
 * field of that name, or plain (NULL); 0 if there is none, or if several share it. */
int dtype_of_npy(const char *code, const char *field);
/* The `descr` of little-endian elements as np.save writes it, as Python text: "'<f4'",
 * "[('qint8', '|i1')]", at most DTYPE_DESCR_MAX bytes. Its length; 0: .npy has none. */
size_t dtype_npy_descr(const struct dtype *d, char *out);
/* The number of the dtype with this name in .safetensors, 0 if there is none. */
int dtype_of_safetensors(const char *name);

/* Integers and booleans. */
static inline bool dtype_whole(const struct dtype *d)
{
	return d->kind == KIND_INT || d->kind == KIND_UINT || d->kind == KIND_BOOL;
}

/* The element at p (host byte order, not necessarily aligned). */
double dtype_real(const struct dtype *d, const void *p);    /* KIND_FLOAT */
int64_t dtype_int(const struct dtype *d, const void *p);    /* KIND_INT */
uint64_t dtype_uint(const struct dtype *d, const void *p);  /* KIND_UINT, KIND_BOOL */
/* The two parts of a KIND_COMPLEX element. */
void dtype_complex(const struct dtype *d, const void *p, double *re, double *im);
/* The shortest text that reads back as the element in its own type; see number.h. */
size_t dtype_real_text(const struct dtype *d, const void *p, char *out);
/* An element of any kind but strings and variants: "1.5", "-3", "True", "1.0-2.0j"; at
 * most 2 * NUMBER_MAX bytes. */
size_t dtype_element_text(const struct dtype *d, const void *p, char *out);
/* Reverses the bytes of each unit of n elements, in place. */
void dtype_swap(const struct dtype *d, void *p, size_t n);

#endif
