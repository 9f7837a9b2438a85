/* test_crc32c.c — checksums: known ones, all implementations alike, parts joined.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "unit.h"

#include <string.h>

#include "base/crc32c.h"

/* As the definition has it: bit by bit. */
static uint32_t slow_crc(uint32_t crc, const uint8_t *p, size_t n)
{
	crc = ~crc;
	for (size_t i = 0; i < n; i++) {
		crc ^= p[i];
		for (int k = 0; k < 8; k++)
			crc = crc & 1 ? crc >> 1 ^ 0x82f63b78u : crc >> 1;
	}
	return ~crc;
}

static void known_checksums(void **state)
{
	(void)state;
	uint8_t data[32];
	assert_int_equal(crc32c(0, "123456789", 9), 0xe3069283);
	assert_int_equal(crc32c_table(0, "123456789", 9), 0xe3069283);
	assert_int_equal(crc32c(0, "", 0), 0);
	assert_int_equal(crc32c_table(7, NULL, 0), 7);
	assert_int_equal(crc32c(7, NULL, 0), 7);
	/* RFC 3720, B.4 */
	memset(data, 0, sizeof data);
	assert_int_equal(crc32c(0, data, sizeof data), 0x8a9136aa);
	memset(data, 0xff, sizeof data);
	assert_int_equal(crc32c(0, data, sizeof data), 0x62a8ab43);
	for (size_t i = 0; i < sizeof data; i++)
		data[i] = (uint8_t)i;
	assert_int_equal(crc32c(0, data, sizeof data), 0x46dd794e);
	for (size_t i = 0; i < sizeof data; i++)
		data[i] = (uint8_t)(31 - i);
	assert_int_equal(crc32c(0, data, sizeof data), 0x113fdb5c);
}

static void mask_and_back(void **state)
{
	(void)state;
	assert_int_equal(crc32c_mask(0), 0xa282ead8);
	assert_int_equal(crc32c_unmask(0xa282ead8), 0);
	for (int i = 0; i < 10000; i++) {
		const uint32_t v = (uint32_t)chance();
		assert_int_equal(crc32c_unmask(crc32c_mask(v)), v);
		assert_int_equal(crc32c_mask(crc32c_unmask(v)), v);
	}
}

static void implementations_agree(void **state)
{
	(void)state;
	static uint8_t data[70000];
	chance_bytes(data, sizeof data);
	for (size_t n = 0; n < 300; n++)
		for (size_t at = 0; at < 9; at++) {
			const uint32_t want = slow_crc(0, data + at, n);
			assert_int_equal(crc32c(0, data + at, n), want);
			assert_int_equal(crc32c_table(0, data + at, n), want);
		}
	for (int i = 0; i < 300; i++) {
		const size_t at = chance_below(100), n = chance_below(sizeof data - at);
		const uint32_t before = (uint32_t)chance();
		assert_int_equal(crc32c(before, data + at, n),
				 crc32c_table(before, data + at, n));
	}
	assert_int_equal(crc32c_table(0, data, sizeof data),
			 slow_crc(0, data, sizeof data));
}

static void in_steps_as_at_once(void **state)
{
	(void)state;
	static uint8_t data[5000];
	chance_bytes(data, sizeof data);
	const uint32_t want = crc32c(0, data, sizeof data);
	for (int i = 0; i < 200; i++) {
		uint32_t crc = 0, table = 0;
		for (size_t at = 0, n; at < sizeof data; at += n) {
			n = chance_below(400);
			n = n < sizeof data - at ? n : sizeof data - at;
			crc = crc32c(crc, data + at, n);
			table = crc32c_table(table, data + at, n);
		}
		assert_int_equal(crc, want);
		assert_int_equal(table, want);
	}
}

static void parts_joined(void **state)
{
	(void)state;
	static uint8_t data[20000];
	chance_bytes(data, sizeof data);
	for (int i = 0; i < 2000; i++) {
		const size_t n = chance_below(sizeof data + 1),
			     split = chance_below(n + 1);
		const uint32_t a = crc32c(0, data, split),
			       b = crc32c(0, data + split, n - split);
		assert_int_equal(crc32c_combine(a, b, n - split), crc32c(0, data, n));
	}
	assert_int_equal(crc32c_combine(0x1234, 0, 0), 0x1234);
}

/* Zeros by doubling: their number soon needs more than 32 bits. */
static void joined_beyond_4_gib(void **state)
{
	(void)state;
	uint32_t zeros = crc32c(0, "", 1);
	for (unsigned bit = 0; bit < 62; bit++) {
		const uint64_t n = UINT64_C(1) << bit;
		const uint32_t a = (uint32_t)chance();
		const uint32_t twice = crc32c_combine(zeros, zeros, n);
		assert_int_equal(crc32c_combine(crc32c_combine(a, zeros, n), zeros, n),
				 crc32c_combine(a, twice, 2 * n));
		zeros = twice;
		if (bit == 15) {
			static const uint8_t many[1 << 16];
			assert_int_equal(zeros, crc32c(0, many, sizeof many));
		}
	}
}

int group_crc32c(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_checksums),
		cmocka_unit_test(mask_and_back),
		cmocka_unit_test(implementations_agree),
		cmocka_unit_test(in_steps_as_at_once),
		cmocka_unit_test(parts_joined),
		cmocka_unit_test(joined_beyond_4_gib),
	};
	return unit_run("crc32c", tests, COUNT(tests));
}
