/* histogram_kernel.h — where each element of a block is counted: for vectors.h.
 * SPDX-License-Identifier: Apache-2.0 */

#define NARROW(type) type __attribute__((vector_size(VN * sizeof(type))))

/* One word for each of n elements, n a multiple of VN. False if one is not finite; words
 * and zeros are of no use then. */
static VECTOR_TARGET bool KERNEL(words)(const double *x, size_t n, const struct bins *b,
					uint32_t *words, uint64_t *zeros)
{
	typedef NARROW(int32_t) ints;
	typedef NARROW(uint32_t) unsigneds;
	typedef VECTOR_OF(uint64_t, VN * sizeof(uint64_t)) bits;
	const double scale = b->scale[0], width = b->width;
	const uint32_t first = (uint32_t)b->first;
	const int64_t far = b->far;
	vi n_zeros = { 0 }, strange = { 0 };
	for (size_t i = 0; i < n; i += VN) {
		const vd v = VLOAD(x + i);
		strange |= (vi)(v - v); /* not 0 but NaN */
		n_zeros += v == 0;
		/* Rounded towards 0, and one less if that is above v: seen at the size of
		 * v, as a small negative one times scale may be no more than -0. */
		const ints bin = __builtin_convertvector(v * scale, ints);
		const vi less = v < __builtin_convertvector(bin, vd) * width;
		vi exponent = (vi)((bits)v >> 52 & 0x7ff) - far;
		exponent &= ~(exponent < 0);
		const vi both = (exponent << WORD_SHIFT) + less;
		const unsigneds word = ((unsigneds)__builtin_convertvector(both, ints) +
					(unsigneds)bin - first) &
				       WORD_MASK;
		memcpy(words + i, &word, sizeof word);
	}
	int64_t any = 0, count = 0;
	for (int k = 0; k < VN; k++) {
		any |= strange[k];
		count -= n_zeros[k];
	}
	*zeros = (uint64_t)count;
	return !any;
}

#undef NARROW
