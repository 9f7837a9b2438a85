/* moments_kernel.h — the loops over a block of finite doubles: for vectors.h.
 * SPDX-License-Identifier: Apache-2.0
 *
 * All groups of lanes are summed side by side, so that no sum waits for the one before;
 * what does not fill the lanes at the end of a block is added to them one by one.
 */

/* Only where the groups are unrolled do the sums stay in registers. */
#define GROUPS _Pragma("GCC unroll 8") for (int k = 0; k < LANES / VN; k++)

static VECTOR_TARGET void KERNEL(look)(const double *x, size_t n, double min, double max,
				       struct look *to)
{
	vd sum[LANES / VN] = { 0 }, sum2[LANES / VN] = { 0 };
	vi zeros = { 0 }, beats = { 0 };
	size_t i = 0;
	for (; i + LANES <= n; i += LANES)
		GROUPS {
			const vd v = VLOAD(x + i + VN * k);
			sum[k] += v;
			sum2[k] += v * v;
			zeros += v == 0;
			/* The signs tell, with less work than two comparisons. */
			beats |= (vi)(v - min) | (vi)(max - v);
		}
	memcpy(to->sum, sum, sizeof sum);
	memcpy(to->sum2, sum2, sizeof sum2);
	int64_t n_zeros = 0, any = 0;
	for (int k = 0; k < VN; k++) {
		n_zeros -= zeros[k];
		any |= beats[k];
	}
	for (size_t k = 0; i < n; i++, k++) {
		to->sum[k] += x[i];
		to->sum2[k] += x[i] * x[i];
		n_zeros += x[i] == 0;
		any |= x[i] < min || x[i] > max ? -1 : 0;
	}
	to->zeros = (uint64_t)n_zeros;
	to->beats = any < 0;
}

static VECTOR_TARGET void KERNEL(deviate)(const double *x, size_t n, double mean,
					  struct deviations *to)
{
	vd sum[LANES / VN] = { 0 }, sum2[LANES / VN] = { 0 };
	size_t i = 0;
	for (; i + LANES <= n; i += LANES)
		GROUPS {
			const vd v = VLOAD(x + i + VN * k) - mean;
			sum[k] += v;
			sum2[k] += v * v;
		}
	memcpy(to->sum, sum, sizeof sum);
	memcpy(to->sum2, sum2, sizeof sum2);
	for (size_t k = 0; i < n; i++, k++) {
		to->sum[k] += x[i] - mean;
		to->sum2[k] += (x[i] - mean) * (x[i] - mean);
	}
}

static VECTOR_TARGET void KERNEL(extremes)(const double *x, size_t n, double *min,
					   double *max)
{
	vd low[LANES / VN], high[LANES / VN];
	for (int k = 0; k < LANES / VN; k++)
		low[k] = high[k] = VALL(x[0]);
	size_t i = 0;
	for (; i + LANES <= n; i += LANES)
		GROUPS {
			const vd v = VLOAD(x + i + VN * k);
			low[k] = VMIN(v, low[k]);
			high[k] = VMAX(v, high[k]);
		}
	*min = *max = x[0];
	for (int k = 0; k < LANES; k++) {
		const double l = low[k / VN][k % VN], h = high[k / VN][k % VN];
		*min = l < *min ? l : *min;
		*max = h > *max ? h : *max;
	}
	for (; i < n; i++) {
		*min = x[i] < *min ? x[i] : *min;
		*max = x[i] > *max ? x[i] : *max;
	}
}

#undef GROUPS
