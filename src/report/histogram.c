/* histogram.c — counts of elements: in bins of one width, and by powers of two.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Bins begin at multiples of their width, a power of two; so when the range grows, each
 * bin of the old width lies in one bin of the new one, and no element is looked at again.
 *
 * An element is turned into a word, vector by vector, and words are counted one by one:
 * in several tables by turns, as elements of the same bin follow each other more often
 * than not, and each count would wait for the one before.
 */
#include "config.h"

#include "report/histogram.h"

#include <math.h>
#include <string.h>

/* Where elements are counted: in bins of a width, from the first one on; by exponents as
 * a double has them, biased by 1023, if they are more than far. */
struct bins {
	double scale[2]; /* their product is 1 / width, which itself may be no double */
	double width;
	int64_t first;
	int far;
};

/* A word of an element: its bin less the first, and on top of it its exponent less far, 0
 * if that is not positive. The mask keeps within the tables whatever comes. */
enum { WORD_SHIFT = 8, WORD_EXPONENTS = 128 };
#define WORD_MASK                                                                        \
	((uint32_t)(HISTOGRAM_BINS - 1) | (uint32_t)(WORD_EXPONENTS - 1) << WORD_SHIFT)

#define VECTOR_KERNEL "report/histogram_kernel.h"
#include "model/vectors.h"

static bool (*const words_of[])(const double *, size_t, const struct bins *, uint32_t *,
				uint64_t *) = VECTOR_TABLE(words);

enum { WORDS = 512 };

struct tables {
	uint32_t bins[4][HISTOGRAM_BINS], exponents[4][WORD_EXPONENTS];
};

void histogram_begin(struct histogram *h)
{
	*h = (struct histogram){ 0 };
}

/* --- the range ---------------------------------------------------------------------- */

/* The finest width at which a bin's number is exact in a double. */
static int finest(double min, double max)
{
	const double most = fabs(min) > fabs(max) ? fabs(min) : fabs(max);
	int e;
	frexp(most, &e);
	return most == 0 || e - 53 < LOG_FIRST ? LOG_FIRST : e - 53;
}

/* The number of the bin of width 2^e that x is in; e is not less than finest(x, x). */
static int64_t bin_at(double x, int e)
{
	const double v = floor(ldexp(x, -e));
	return v == 0 && x < 0 ? -1 : (int64_t)v; /* -0 is what was small and negative */
}

/* The bin's number when bins are 2^by times as wide. */
static int64_t wider(int64_t bin, int by)
{
	if (by > 63)
		by = 63;
	return bin < 0 ? ~(~bin >> by) : bin >> by;
}

/* The last bin that is not empty. */
static int last_of(const uint64_t *bins)
{
	int i = HISTOGRAM_BINS - 1;
	while (i && !bins[i])
		i--;
	return i;
}

/* Adds bins of width 2^e, of which the first one is number first; they lie in h. */
static void pour(struct histogram *h, const uint64_t *bins, int64_t first, int e)
{
	for (int i = 0; i < HISTOGRAM_BINS; i++)
		if (bins[i]) {
			const int64_t bin = wider(first + i, h->width_exponent - e);
			h->linear[bin - h->first_bin] += bins[i];
		}
}

/* Widens h so that it holds the bins from first to last, of width 2^e, as well. */
static void cover(struct histogram *h, int64_t first, int64_t last, int e)
{
	const int64_t old_first = h->first_bin;
	const int old_e = h->width_exponent;
	uint64_t old[HISTOGRAM_BINS];
	memcpy(old, h->linear, sizeof old);
	memset(h->linear, 0, sizeof old);
	if (h->some) {
		const int top = old_e > e ? old_e : e;
		const int64_t low = wider(old_first, top - old_e),
			      high = wider(old_first + last_of(old), top - old_e);
		first = wider(first, top - e);
		last = wider(last, top - e);
		first = low < first ? low : first;
		last = high > last ? high : last;
		e = top;
	}
	while (last - first >= HISTOGRAM_BINS) {
		first = wider(first, 1);
		last = wider(last, 1);
		e++;
	}
	h->some = true;
	h->width_exponent = e;
	h->first_bin = first;
	pour(h, old, old_first, old_e);
}

static bool covers(const struct histogram *h, double min, double max)
{
	const int e = h->width_exponent;
	return h->some && finest(min, max) <= e && bin_at(min, e) >= h->first_bin &&
	       bin_at(max, e) - h->first_bin < HISTOGRAM_BINS;
}

/* --- the elements ------------------------------------------------------------------- */

static int biased_exponent(double x)
{
	uint64_t bits;
	memcpy(&bits, &x, sizeof bits);
	return (int)(bits >> 52 & 0x7ff);
}

static struct bins bins_of(const struct histogram *h, double min, double max)
{
	const int e = h->width_exponent, some = e < -1022 ? e + 1022 : 0;
	const int a = biased_exponent(min), b = biased_exponent(max),
		  most = (a > b ? a : b) - (WORD_EXPONENTS - 1);
	return (struct bins){
		.scale = { ldexp(1, some - e), ldexp(1, -some) },
		.width = ldexp(1, e),
		.first = h->first_bin,
		.far = most > 0 ? most : 0,
	};
}

/* What the kernel does, for every width and first bin. */
static uint32_t word_of(double x, const struct bins *b)
{
	int64_t bin = (int64_t)(x * b->scale[0] * b->scale[1]);
	bin -= x < (double)bin * b->width;
	const int exponent = biased_exponent(x) - b->far;
	const uint32_t top = exponent > 0 ? (uint32_t)exponent : 0;
	return ((uint32_t)(bin - b->first) | top << WORD_SHIFT) & WORD_MASK;
}

static inline void count_word(struct tables *t, int k, uint64_t word)
{
	t->bins[k][word & (HISTOGRAM_BINS - 1)]++;
	t->exponents[k][word >> WORD_SHIFT & (WORD_EXPONENTS - 1)]++;
}

/* Two words at once: loads are what there are too many of. */
static void count_words(struct tables *t, const uint32_t *words, size_t n)
{
	size_t i = 0;
	for (; i + 4 <= n; i += 4) {
		uint64_t a, b;
		memcpy(&a, words + i, sizeof a);
		memcpy(&b, words + i + 2, sizeof b);
		count_word(t, 0, a);
		count_word(t, 1, a >> 32);
		count_word(t, 2, b);
		count_word(t, 3, b >> 32);
	}
	for (; i < n; i++)
		count_word(t, 0, words[i]);
}

/* Elements of exponents that no word holds: zeros, subnormals, and what is very small
 * beside the largest element. */
static void count_far(struct histogram *h, const double *x, size_t n, int far)
{
	uint32_t exponents[2048] = { 0 };
	for (size_t i = 0; i < n; i++)
		exponents[biased_exponent(x[i])]++;
	for (int e = 1; e <= far; e++)
		h->log[e - 1023 - LOG_FIRST] += exponents[e];
	for (size_t i = 0; i < n && exponents[0]; i++)
		if (x[i] != 0 && !biased_exponent(x[i]))
			h->log[ilogb(x[i]) - LOG_FIRST]++;
}

/* Copies the finite elements; returns how many they are. */
static size_t squeeze(const double *x, size_t n, double *finite)
{
	size_t k = 0;
	for (size_t i = 0; i < n; i++) {
		finite[k] = x[i];
		k += biased_exponent(x[i]) != 0x7ff;
	}
	return k;
}

/* A word for each element; false if one is not finite. */
static bool fill(uint32_t *words, const double *x, size_t n, const struct bins *b,
		 uint64_t *zeros)
{
	const bool fits = b->scale[1] == 1 && b->first > INT32_MIN &&
			  b->first < INT32_MAX - HISTOGRAM_BINS;
	size_t i = fits ? n - n % LANES : 0;
	*zeros = 0;
	if (i && !words_of[vectors_chosen()](x, i, b, words, zeros))
		return false;
	for (; i < n; i++) {
		if (!isfinite(x[i]))
			return false;
		words[i] = word_of(x[i], b);
		*zeros += x[i] == 0;
	}
	return true;
}

/* At most WORDS elements; returns how many are zero. */
static uint64_t count_some(struct tables *t, const double *x, size_t n,
			   const struct bins *b)
{
	uint32_t words[WORDS];
	double finite[WORDS];
	uint64_t zeros;
	if (!fill(words, x, n, b, &zeros)) {
		n = squeeze(x, n, finite);
		fill(words, finite, n, b, &zeros);
	}
	count_words(t, words, n);
	return zeros;
}

static uint64_t four(uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
	return (uint64_t)a + b + c + d;
}

/* Adds up the tables; returns how many elements were not above far. */
static uint64_t add_tables(struct histogram *h, const struct tables *t, int far)
{
	uint64_t *log = h->log + (far - 1023 - LOG_FIRST);
	const uint32_t(*b)[HISTOGRAM_BINS] = t->bins;
	const uint32_t(*e)[WORD_EXPONENTS] = t->exponents;
	for (int i = 0; i < HISTOGRAM_BINS; i++)
		h->linear[i] += four(b[0][i], b[1][i], b[2][i], b[3][i]);
	for (int i = 1; i < WORD_EXPONENTS; i++)
		log[i] += four(e[0][i], e[1][i], e[2][i], e[3][i]);
	return four(e[0][0], e[1][0], e[2][0], e[3][0]);
}

/* Elements that are all the same, where they are finite. */
static void count_same(struct histogram *h, const double *x, size_t n, double same)
{
	uint64_t finite = 0;
	for (size_t i = 0; i < n; i++)
		finite += biased_exponent(x[i]) != 0x7ff;
	h->linear[bin_at(same, h->width_exponent) - h->first_bin] += finite;
	if (same == 0)
		h->zeros += finite;
	else
		h->log[ilogb(same) - LOG_FIRST] += finite;
}

void histogram_block(struct histogram *h, const double *reals, size_t n, double min,
		     double max)
{
	struct tables t = { 0 };
	uint64_t zeros = 0;
	if (min > max || !n)
		return;
	if (!covers(h, min, max)) {
		const int e = finest(min, max);
		cover(h, bin_at(min, e), bin_at(max, e), e);
	}
	if (min == max) {
		count_same(h, reals, n, min);
		return;
	}
	const struct bins b = bins_of(h, min, max);
	for (size_t i = 0; i < n; i += WORDS)
		zeros += count_some(&t, reals + i, n - i < WORDS ? n - i : WORDS, &b);
	h->zeros += zeros;
	if (add_tables(h, &t, b.far) > zeros)
		count_far(h, reals, n, b.far);
}

void histogram_join(struct histogram *h, const struct histogram *other)
{
	if (!other->some)
		return;
	const int64_t first = other->first_bin;
	cover(h, first, first + last_of(other->linear), other->width_exponent);
	pour(h, other->linear, first, other->width_exponent);
	h->zeros += other->zeros;
	for (int i = 0; i < LOG_BINS; i++)
		h->log[i] += other->log[i];
}
