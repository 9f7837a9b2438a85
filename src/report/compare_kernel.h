/* compare_kernel.h — sums and counts over pairs of a block: for vectors.h.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Pairs of doubles come in multiples of LANES, padded with zeros. The kernel of ordinary
 * numbers knows nothing of infinity and NaN: its sums tell afterwards that there were
 * any.
 */

typedef float KERNEL(floats) __attribute__((vector_size(VN * 4)));
typedef uint32_t KERNEL(words) __attribute__((vector_size(VN * 4)));
typedef uint16_t KERNEL(halves) __attribute__((vector_size(VN * 2)));

/* VN elements as doubles, of the three dtypes that most tensors have. */
static VECTOR_INLINE vd KERNEL(load_double)(const void *p)
{
	return VLOAD(p);
}

static VECTOR_INLINE vd KERNEL(load_float)(const void *p)
{
	KERNEL(floats) f;
	memcpy(&f, p, sizeof f);
	return VFLOATS(f);
}

static VECTOR_INLINE vd KERNEL(load_bfloat)(const void *p)
{
	KERNEL(halves) h;
	memcpy(&h, p, sizeof h);
	const KERNEL(words) bits = __builtin_convertvector(h, KERNEL(words)) << 16;
	return VFLOATS((KERNEL(floats))bits);
}

/* n elements as they are stored, a multiple of LANES. */
#define ADD_SUMS(name, load, size)                                                       \
	static VECTOR_TARGET void KERNEL(name)(const void *a, const void *b, size_t n,   \
					       struct sums *s)                           \
	{                                                                                \
		const uint8_t *p = a, *q = b;                                            \
		for (size_t k = 0; k < LANES; k += VN) {                                 \
			vd sum = VLOAD(s->abs_delta + k), ab = VLOAD(s->ab + k);         \
			vd delta2 = VLOAD(s->delta2 + k), a2 = VLOAD(s->a2 + k);         \
			vd b2 = VLOAD(s->b2 + k), most = VLOAD(s->max_delta + k);        \
			for (size_t i = k; i < n; i += LANES) {                          \
				const vd x = load(p + i * (size));                       \
				const vd y = load(q + i * (size));                       \
				const vd delta = y - x, distance = VABS(delta);          \
				sum += distance;                                         \
				delta2 += delta * delta;                                 \
				a2 += x * x;                                             \
				b2 += y * y;                                             \
				ab += x * y;                                             \
				most = VMAX(distance, most);                             \
			}                                                                \
			VSTORE(s->abs_delta + k, sum);                                   \
			VSTORE(s->delta2 + k, delta2);                                   \
			VSTORE(s->a2 + k, a2);                                           \
			VSTORE(s->b2 + k, b2);                                           \
			VSTORE(s->ab + k, ab);                                           \
			VSTORE(s->max_delta + k, most);                                  \
		}                                                                        \
	}
ADD_SUMS(add_sums, KERNEL(load_double), 8)
ADD_SUMS(add_float_sums, KERNEL(load_float), 4)
ADD_SUMS(add_bfloat_sums, KERNEL(load_bfloat), 2)
#undef ADD_SUMS

#define ADD_SQUARES(name, load, size)                                                    \
	static VECTOR_TARGET void KERNEL(name)(const void *a, size_t n, double *a2,      \
					       int64_t *zeros)                           \
	{                                                                                \
		const uint8_t *p = a;                                                    \
		for (size_t k = 0; k < LANES; k += VN) {                                 \
			vd sum = VLOAD(a2 + k);                                          \
			vi zero = (vi)VLOAD(zeros + k);                                  \
			for (size_t i = k; i < n; i += LANES) {                          \
				const vd x = load(p + i * (size));                       \
				sum += x * x;                                            \
				zero -= x == 0;                                          \
			}                                                                \
			VSTORE(a2 + k, sum);                                             \
			VSTORE(zeros + k, (vd)zero);                                     \
		}                                                                        \
	}
ADD_SQUARES(add_squares, KERNEL(load_double), 8)
ADD_SQUARES(add_float_squares, KERNEL(load_float), 4)
ADD_SQUARES(add_bfloat_squares, KERNEL(load_bfloat), 2)
#undef ADD_SQUARES

/* The sums of the finite pairs k, k + LANES … among any. */
static VECTOR_INLINE void KERNEL(scaled_lanes)(const double *a, const double *b, size_t n,
					       const struct scales *by, struct sums *s,
					       size_t k)
{
	vd sum = VLOAD(s->abs_delta + k), delta2 = VLOAD(s->delta2 + k);
	vd a2 = VLOAD(s->a2 + k), b2 = VLOAD(s->b2 + k), ab = VLOAD(s->ab + k);
	vd most = VLOAD(s->max_delta + k), most_a = VLOAD(s->max_a + k);
	vd most_b = VLOAD(s->max_b + k);
	for (size_t i = k; i < n; i += LANES) {
		const vd any_x = VLOAD(a + i), any_y = VLOAD(b + i);
		const vi finite = (VABS(any_x) <= DBL_MAX) & (VABS(any_y) <= DBL_MAX);
		const vd x = VWHERE(finite, any_x), y = VWHERE(finite, any_y);
		const vd delta = (y * by->half - x * by->half) * by->delta;
		const vd u = x * by->a, v = y * by->b, exact = y - x;
		most = VMAX(VABS(exact), most);
		most_a = VMAX(VABS(x), most_a);
		most_b = VMAX(VABS(y), most_b);
		sum += VABS(delta);
		delta2 += delta * delta;
		a2 += u * u;
		b2 += v * v;
		ab += u * v;
	}
	VSTORE(s->abs_delta + k, sum);
	VSTORE(s->delta2 + k, delta2);
	VSTORE(s->a2 + k, a2);
	VSTORE(s->b2 + k, b2);
	VSTORE(s->ab + k, ab);
	VSTORE(s->max_delta + k, most);
	VSTORE(s->max_a + k, most_a);
	VSTORE(s->max_b + k, most_b);
}

static VECTOR_TARGET void KERNEL(add_scaled)(const double *a, const double *b, size_t n,
					     const struct scales *by, struct sums *s)
{
	for (size_t k = 0; k < LANES; k += VN)
		KERNEL(scaled_lanes)(a, b, n, by, s, k);
}

static VECTOR_INLINE uint64_t KERNEL(counted)(vi count)
{
	uint64_t n = 0;
	for (int i = 0; i < VN; i++)
		n += (uint64_t)count[i];
	return n;
}

static VECTOR_TARGET void KERNEL(count_special)(const double *a, const double *b,
						size_t n, struct special *s)
{
	vi finite = VALL_INT(0), same = finite, flips = finite, nan_a = finite,
	   nan_b = finite, nan_both = finite, inf_a = finite, inf_b = finite,
	   inf_both = finite;
	for (size_t i = 0; i < n; i += VN) {
		const vd x = VLOAD(a + i), y = VLOAD(b + i);
		const vi nx = x != x, ny = y != y;
		const vi ix = VABS(x) > DBL_MAX, iy = VABS(y) > DBL_MAX;
		const vi ordinary = ~(nx | ny | ix | iy);
		finite -= ordinary;
		same -= x == y;
		flips -= ordinary & (((x < 0) & (y > 0)) | ((x > 0) & (y < 0)));
		nan_a -= nx;
		nan_b -= ny;
		nan_both -= nx & ny;
		inf_a -= ix;
		inf_b -= iy;
		inf_both -= ix & iy;
	}
	s->finite += KERNEL(counted)(finite);
	s->same += KERNEL(counted)(same);
	s->flips += KERNEL(counted)(flips);
	s->nan_a += KERNEL(counted)(nan_a);
	s->nan_b += KERNEL(counted)(nan_b);
	s->nan_both += KERNEL(counted)(nan_both);
	s->inf_a += KERNEL(counted)(inf_a);
	s->inf_b += KERNEL(counted)(inf_b);
	s->inf_both += KERNEL(counted)(inf_both);
}

/* How many are the same number or near enough. */
static VECTOR_TARGET size_t KERNEL(count_near)(const double *a, const double *b, size_t n,
					       double atol, double rtol)
{
	vi near = VALL_INT(0);
	for (size_t i = 0; i < n; i += VN) {
		const vd x = VLOAD(a + i), y = VLOAD(b + i);
		const vd p = VABS(x), q = VABS(y);
		const vd bound = VMAX(rtol * VMAX(p, q), VALL(atol));
		const vi finite = (p <= DBL_MAX) & (q <= DBL_MAX);
		near -= (x == y) | (finite & (VABS(y - x) <= bound));
	}
	return KERNEL(counted)(near);
}

/* Counts by the bits of elements: those of the value are magnitude and sign, a value is 0
 * if its magnitude is. Lanes count in an element's width: n <= PART. */
#if VN < 8
#define COUNT_BITS(name, type, suffix)                                                   \
	static VECTOR_TARGET size_t KERNEL(name)(const uint8_t *a, const uint8_t *b,     \
						 size_t n, uint64_t magnitude,           \
						 uint64_t sign, struct bit_counts *c)    \
	{                                                                                \
		typedef type lanes __attribute__((vector_size(VN * 8)));                 \
		const size_t step = VN * 8 / sizeof(type);                               \
		const lanes m = (lanes){ 0 } + (type)magnitude;                          \
		const lanes s = (lanes){ 0 } + (type)sign, value = m | s;                \
		lanes differ = { 0 }, zero_a = { 0 }, zero_b = { 0 }, same = { 0 },      \
		      flips = { 0 };                                                     \
		size_t i = 0;                                                            \
		for (; i + step <= n; i += step) {                                       \
			lanes x, y;                                                      \
			memcpy(&x, a + i * sizeof(type), sizeof x);                      \
			memcpy(&y, b + i * sizeof(type), sizeof y);                      \
			const lanes za = (lanes)((x & m) == 0);                          \
			const lanes zb = (lanes)((y & m) == 0), d = x ^ y;               \
			differ -= (lanes)(d != 0);                                       \
			zero_a -= za;                                                    \
			zero_b -= zb;                                                    \
			same -= (lanes)((d & value) == 0) | (za & zb);                   \
			flips -= (lanes)((d & s) != 0) & ~(za | zb);                     \
		}                                                                        \
		for (size_t k = 0; k < step; k++) {                                      \
			c->differ += differ[k];                                          \
			c->zeros_a += zero_a[k];                                         \
			c->zeros_b += zero_b[k];                                         \
			c->same += same[k];                                              \
			c->flips += flips[k];                                            \
		}                                                                        \
		return i;                                                                \
	}
#else
/* Registers of masks, and their bits counted, where there are such. */
#define COUNT_BITS(name, type, suffix)                                                   \
	static VECTOR_TARGET size_t KERNEL(name)(const uint8_t *a, const uint8_t *b,     \
						 size_t n, uint64_t magnitude,           \
						 uint64_t sign, struct bit_counts *c)    \
	{                                                                                \
		typedef type lanes __attribute__((vector_size(VN * 8)));                 \
		const size_t step = VN * 8 / sizeof(type);                               \
		const __m512i m = (__m512i)((lanes){ 0 } + (type)magnitude);             \
		const __m512i s = (__m512i)((lanes){ 0 } + (type)sign), v = m | s;       \
		struct bit_counts k = { 0 };                                             \
		size_t i = 0;                                                            \
		for (; i + step <= n; i += step) {                                       \
			const __m512i x = _mm512_loadu_si512(a + i * sizeof(type));      \
			const __m512i y = _mm512_loadu_si512(b + i * sizeof(type));      \
			const __m512i d = _mm512_xor_si512(x, y);                        \
			const uint64_t za = _mm512_testn_##suffix##_mask(x, m);          \
			const uint64_t zb = _mm512_testn_##suffix##_mask(y, m);          \
			const uint64_t alike = _mm512_testn_##suffix##_mask(d, v);       \
			const uint64_t differ = _mm512_test_##suffix##_mask(d, d);       \
			const uint64_t other = _mm512_test_##suffix##_mask(d, s);        \
			k.differ += (uint64_t)__builtin_popcountll(differ);              \
			k.zeros_a += (uint64_t)__builtin_popcountll(za);                 \
			k.zeros_b += (uint64_t)__builtin_popcountll(zb);                 \
			k.same += (uint64_t)__builtin_popcountll(alike | (za & zb));     \
			k.flips += (uint64_t)__builtin_popcountll(other & ~(za | zb));   \
		}                                                                        \
		c->differ += k.differ;                                                   \
		c->zeros_a += k.zeros_a;                                                 \
		c->zeros_b += k.zeros_b;                                                 \
		c->same += k.same;                                                       \
		c->flips += k.flips;                                                     \
		return i;                                                                \
	}
#endif
COUNT_BITS(count_bits8, uint8_t, epi8)
COUNT_BITS(count_bits16, uint16_t, epi16)
COUNT_BITS(count_bits32, uint32_t, epi32)
COUNT_BITS(count_bits64, uint64_t, epi64)
#undef COUNT_BITS
