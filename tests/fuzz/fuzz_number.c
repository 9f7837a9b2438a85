/* fuzz_number.c — any bits as a number of each type: the text reads back as it.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <math.h>
#include <string.h>

#include "base/number.h"
#include "fuzz.h"
#include "model/dtype.h"

/* A whole number or a decimal, as Python's repr would lay it out. */
static void require_layout(const char *text, size_t n)
{
	REQUIRE(n == strlen(text) && n > 0 && n < 32);
	REQUIRE(strspn(text, "-0123456789.e+infa") == n);
}

static void real(const struct dtype *d, const void *p)
{
	char text[NUMBER_MAX];
	const double v = dtype_real(d, p);
	require_layout(text, dtype_real_text(d, p, text));
	const double back =
		d->size == 4 ? (double)strtof(text, NULL) : strtod(text, NULL);
	if (isnan(v))
		REQUIRE(isnan(back));
	else if (d->size >= 4)
		REQUIRE(back == v && !signbit(back) == !signbit(v));
	else if (v) /* half a step of the type away at most */
		REQUIRE(back == v ||
			fabs(back - v) <= ldexp(fabs(v), -d->mantissa_bits) ||
			fabs(v) < ldexp(1, 2 - d->bias));
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	char text[NUMBER_MAX];
	uint8_t bytes[16] = { 0 };
	uint64_t bits;
	double v;
	memcpy(bytes, p, n < 16 ? n : 16);
	for (int i = 1; i <= CKPT_FLOAT4_E2M1FN; i++)
		if (dtype_of(i)->kind == KIND_FLOAT)
			real(dtype_of(i), bytes);
	memcpy(&bits, bytes, 8);
	memcpy(&v, bytes, 8);
	number_u64(text, bits);
	REQUIRE(strtoull(text, NULL, 10) == bits);
	number_i64(text, (int64_t)bits);
	REQUIRE(strtoll(text, NULL, 10) == (int64_t)bits);
	REQUIRE(number_grouped(text, bits) <= 26 && number_bytes(text, bits) <= 11);
	number_hex(text, v);
	REQUIRE(isnan(v) || strtod(text, NULL) == v);
	number_digits(text, v, bytes[8] % 20);
	REQUIRE(!isfinite(v) || fabs(strtod(text, NULL) - v) <= fabs(v) ||
		fabs(v) > 1e308);
	return 0;
}
