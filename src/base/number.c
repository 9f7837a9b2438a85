/* number.c — numbers as text: the only place where a number becomes characters.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The shortest text: printf's %.Ne gives the N-digit decimal nearest to a value, and
 * the smallest N whose text reads back as the value is nearly always the answer. A
 * float has at least 6 and a double 15 digits that survive, so the search starts there
 * (%e's trailing zeros are dropped afterwards) and takes at most four steps. Where the
 * gap to the next lower value is half the one to the next higher (powers of two), a
 * decimal that is not the nearest may be shorter: there the neighbouring decimals are
 * tried too.
 */
#include "config.h"

#include "base/number.h"

#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { POSITIONAL = 16 }; /* as Python's repr */

/* A library must not be confused by the locale of the program that uses it. */
static locale_t c_locale;
static pthread_once_t c_locale_once = PTHREAD_ONCE_INIT;

static void make_c_locale(void)
{
	c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

static locale_t plain(void)
{
	pthread_once(&c_locale_once, make_c_locale);
	return c_locale;
}

double number_read(const char *text, char **end)
{
	const locale_t c = plain();
	return c ? strtod_l(text, end, c) : strtod(text, end);
}

float number_read_float(const char *text, char **end)
{
	const locale_t c = plain();
	return c ? strtof_l(text, end, c) : strtof(text, end);
}

/* A value as 0.D1D2… * 10^point. */
struct decimal {
	char digits[24];
	int n, point;
	bool negative;
};

static struct decimal to_decimal(double v, int n)
{
	char text[40];
	struct decimal d = { .negative = signbit(v) };
	snprintf(text, sizeof text, "%.*e", n - 1, fabs(v));
	d.digits[d.n++] = text[0];
	const char *e = strchr(text, 'e');
	for (const char *p = text + 1; p < e; p++) /* over the point, whatever it is */
		if (*p >= '0' && *p <= '9')
			d.digits[d.n++] = *p;
	d.point = (int)strtol(e + 1, NULL, 10) + 1;
	return d;
}

static void strip_zeros(struct decimal *d)
{
	while (d->n > 1 && d->digits[d->n - 1] == '0')
		d->n--;
}

static void text_of(const struct decimal *d, char out[48])
{
	snprintf(out, 48, "%s.%.*se%d", d->negative ? "-" : "", d->n, d->digits,
		 d->point);
}

/* Positional up to 10^most. */
static size_t layout(char *out, const struct decimal *d, int most)
{
	char *p = out;
	if (d->negative)
		*p++ = '-';
	if (d->point > most || d->point < -3) {
		*p++ = d->digits[0];
		if (d->n > 1) {
			*p++ = '.';
			memcpy(p, d->digits + 1, (size_t)d->n - 1);
			p += d->n - 1;
		}
		return (size_t)(p - out) + (size_t)snprintf(p, 8, "e%+03d", d->point - 1);
	}
	if (d->point <= 0)
		*p++ = '0';
	for (int i = 0; i < d->point; i++)
		*p++ = i < d->n ? d->digits[i] : '0';
	*p++ = '.';
	for (int i = d->point; i < 0; i++)
		*p++ = '0';
	for (int i = d->point > 0 ? d->point : 0; i < d->n; i++)
		*p++ = d->digits[i];
	if (p[-1] == '.')
		*p++ = '0';
	*p = '\0';
	return (size_t)(p - out);
}

static size_t special(char *out, double v)
{
	const char *s = isnan(v) ? "nan" : isinf(v) ? (v < 0 ? "-inf" : "inf")
						    : signbit(v) ? "-0.0" : "0.0";
	return (size_t)snprintf(out, NUMBER_MAX, "%s", s);
}

/* The decimal one unit in the last place above or below. */
static struct decimal step(struct decimal d, int by)
{
	int i = d.n - 1;
	while (i >= 0 && d.digits[i] == (by > 0 ? '9' : '0'))
		d.digits[i--] = by > 0 ? '0' : '9';
	if (i >= 0) {
		d.digits[i] = (char)(d.digits[i] + by);
	} else if (by > 0) {
		d.digits[0] = '1';
		d.point++;
	}
	return d;
}

typedef bool (*reads_back_fn)(const char *text, const void *v);

static size_t shortest(char *out, double v, int from, int to, bool uneven,
		       reads_back_fn reads_back, const void *arg)
{
	char text[48];
	for (int n = from; n <= to; n++) {
		struct decimal d = to_decimal(v, n);
		text_of(&d, text);
		bool good = n == to || reads_back(text, arg);
		for (int by = -1; by <= 1 && !good && uneven; by += 2) {
			struct decimal other = step(d, by);
			text_of(&other, text);
			good = reads_back(text, arg);
			if (good)
				d = other;
		}
		if (good) {
			strip_zeros(&d);
			return layout(out, &d, POSITIONAL);
		}
	}
	return 0; /* not reached: the last n is always good */
}

static bool reads_back_double(const char *text, const void *v)
{
	return number_read(text, NULL) == *(const double *)v;
}

static bool reads_back_float(const char *text, const void *v)
{
	return number_read_float(text, NULL) == *(const float *)v;
}

size_t number_double(char *out, double v)
{
	uint64_t bits;
	memcpy(&bits, &v, 8);
	if (!isfinite(v) || v == 0)
		return special(out, v);
	/* Subnormals have fewer digits than 15. */
	const int from = fabs(v) < 2.3e-308 ? 1 : 15;
	return shortest(out, v, from, 17, !(bits << 12), reads_back_double, &v);
}

size_t number_float(char *out, float v)
{
	uint32_t bits;
	memcpy(&bits, &v, 4);
	if (!isfinite(v) || v == 0)
		return special(out, v);
	const int from = fabsf(v) < 1.2e-38f ? 1 : 6;
	return shortest(out, v, from, 9, !(bits << 9), reads_back_float, &v);
}

struct interval {
	double low, high;
	bool closed;
};

static bool lies_between(const char *text, const void *arg)
{
	const struct interval *i = arg;
	const double x = number_read(text, NULL);
	return i->closed ? x >= i->low && x <= i->high : x > i->low && x < i->high;
}

size_t number_between(char *out, double v, double low, double high, int closed)
{
	if (!isfinite(v) || v == 0)
		return special(out, v);
	const struct interval i = { low, high, closed };
	return shortest(out, v, 1, 17, true, lies_between, &i);
}

size_t number_digits(char *out, double v, int digits)
{
	if (!isfinite(v) || v == 0)
		return special(out, v);
	struct decimal d = to_decimal(v, digits < 1 ? 1 : digits > 17 ? 17 : digits);
	strip_zeros(&d);
	return layout(out, &d, POSITIONAL);
}

size_t number_short(char *out, double v, int digits)
{
	if (!isfinite(v) || v == 0)
		return special(out, v);
	struct decimal d = to_decimal(v, digits);
	strip_zeros(&d);
	return layout(out, &d, digits);
}

size_t number_hex(char *out, double v)
{
	if (!isfinite(v))
		return special(out, v);
	const locale_t before = uselocale(plain());
	const size_t n = (size_t)snprintf(out, NUMBER_MAX, "%a", v);
	uselocale(before);
	return n;
}

size_t number_u64(char *out, uint64_t v)
{
	char digits[20];
	size_t n = 0, i = 0;
	do {
		digits[n++] = (char)('0' + v % 10);
	} while (v /= 10);
	while (n)
		out[i++] = digits[--n];
	out[i] = '\0';
	return i;
}

size_t number_i64(char *out, int64_t v)
{
	if (v >= 0)
		return number_u64(out, (uint64_t)v);
	*out = '-';
	return 1 + number_u64(out + 1, 0 - (uint64_t)v);
}

size_t number_grouped(char *out, uint64_t v)
{
	char plain[24];
	const size_t n = number_u64(plain, v);
	char *p = out;
	for (size_t i = 0; i < n; i++) {
		if (i && (n - i) % 3 == 0)
			*p++ = ',';
		*p++ = plain[i];
	}
	*p = '\0';
	return (size_t)(p - out);
}

size_t number_bytes(char *out, uint64_t v)
{
	static const char *const units[] = {
		"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"
	};
	if (v < 1024) {
		const size_t n = number_u64(out, v);
		memcpy(out + n, " B", 3);
		return n + 2;
	}
	double scaled = (double)v / 1024;
	size_t unit = 1;
	while (scaled >= 1023.95 && unit < sizeof units / sizeof *units - 1) {
		scaled /= 1024;
		unit++;
	}
	return (size_t)snprintf(out, NUMBER_MAX, "%.1f %s", scaled, units[unit]);
}
