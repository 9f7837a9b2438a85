/* test_bytes.c — the bounded cursor: what it takes; when it refuses it never moves.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "unit.h"

#include <inttypes.h>
#include <string.h>

static size_t write_varint(uint8_t *to, uint64_t v, size_t at_least)
{
	size_t n = 0;
	while (v >= 0x80 || n + 1 < at_least) {
		to[n++] = (uint8_t)(v | 0x80);
		v >>= 7;
	}
	to[n++] = (uint8_t)v;
	return n;
}

/* Bytes in a block of their own size, so that a sanitizer sees one too many. */
static void check_varint(const uint8_t *p, size_t n, bool good, uint64_t want)
{
	uint8_t *exact = test_malloc(n ? n : 1);
	memcpy(exact, p, n);
	struct bytes b = bytes_of(exact, n);
	uint64_t v = 0x5555;
	const bool took = bytes_varint(&b, &v);
	CHECK(took == good, "%zu bytes, value %" PRIx64, n, want);
	assert_int_equal(v, good ? want : 0x5555);
	assert_ptr_equal(b.p, good ? exact + n : exact);
	test_free(exact);
}

static void check_varint32(const uint8_t *p, size_t n, bool good, uint64_t want)
{
	struct bytes b = bytes_of(p, n);
	uint32_t v = 0x5555;
	CHECK(bytes_varint32(&b, &v) == good, "%zu bytes, value %" PRIx64, n, want);
	assert_int_equal(v, good ? want : 0x5555);
	assert_ptr_equal(b.p, good ? p + n : p);
}

static void varints_of_all_lengths(void **state)
{
	(void)state;
	for (unsigned bit = 0; bit < 64; bit++)
		for (int near = -1; near <= 1; near++) {
			uint8_t coded[10];
			const uint64_t v = (UINT64_C(1) << bit) + (uint64_t)(int64_t)near;
			const size_t n = write_varint(coded, v, 0);
			check_varint(coded, n, true, v);
			check_varint32(coded, n, v <= UINT32_MAX, v);
			for (size_t cut = 0; cut < n; cut++) {
				check_varint(coded, cut, false, v);
				check_varint32(coded, cut, false, v);
			}
		}
}

static void varints_that_are_too_long(void **state)
{
	(void)state;
	uint8_t coded[16];
	check_varint(coded, write_varint(coded, UINT64_MAX, 0), true, UINT64_MAX);
	for (unsigned top = 2; top < 256; top++) {
		write_varint(coded, UINT64_MAX, 0);
		coded[9] = (uint8_t)top;
		coded[10] = 0;
		check_varint(coded, top < 0x80 ? 10 : 11, false, top);
	}
	/* Longer than need be is legal up to ten bytes, for 32 bits up to five. */
	for (size_t n = 1; n <= 12; n++) {
		write_varint(coded, 5, n);
		check_varint(coded, n, n <= 10, 5);
		check_varint32(coded, n, n <= 5, 5);
	}
}

static void what_is_left(void **state)
{
	(void)state;
	static const uint8_t data[] = { 1, 2, 3, 4, 5, 6, 7, 0x88, 9 };
	static const uint64_t too_many[] = { 10, 11, UINT32_MAX, UINT64_MAX - 1,
					     UINT64_MAX };
	struct bytes b = bytes_of(data, sizeof data), out = { NULL, NULL };
	for (size_t i = 0; i < COUNT(too_many); i++) {
		assert_false(bytes_take(&b, too_many[i], &out));
		assert_false(bytes_skip(&b, too_many[i]));
		assert_ptr_equal(b.p, data);
		assert_null(out.p);
	}
	assert_true(bytes_take(&b, 0, &out));
	assert_int_equal(bytes_left(&out), 0);
	assert_true(bytes_take(&b, 2, &out));
	assert_int_equal(bytes_left(&out), 2);
	assert_ptr_equal(out.p, data);
	assert_true(bytes_skip(&b, 6));
	assert_int_equal(bytes_left(&b), 1);
	assert_true(bytes_skip(&b, 1));
	assert_false(bytes_skip(&b, 1));
	b = bytes_of(NULL, 0);
	assert_int_equal(bytes_left(&b), 0);
	assert_false(bytes_skip(&b, 1));
}

static void fixed_numbers(void **state)
{
	(void)state;
	static const uint8_t data[] = { 1, 2, 3, 0xf4, 5, 6, 7, 0x88, 9 };
	uint32_t v32 = 42;
	uint64_t v64 = 42;
	struct bytes b = bytes_of(data, 9);
	assert_true(bytes_u32le(&b, &v32));
	assert_int_equal(v32, 0xf4030201);
	assert_ptr_equal(b.p, data + 4);
	assert_false(bytes_u64le(&b, &v64));
	assert_ptr_equal(b.p, data + 4);
	assert_int_equal(v64, 42);
	b = bytes_of(data, 8);
	assert_true(bytes_u64le(&b, &v64));
	assert_int_equal(v64, UINT64_C(0x88070605f4030201));
	for (size_t n = 0; n < 8; n++) {
		b = bytes_of(data, n);
		assert_false(bytes_u64le(&b, &v64));
		assert_int_equal(bytes_u32le(&b, &v32), n >= 4);
	}
}

static int slow_compare(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
	for (size_t i = 0; i < a_len && i < b_len; i++)
		if (a[i] != b[i])
			return a[i] < b[i] ? -1 : 1;
	return (a_len > b_len) - (a_len < b_len);
}

static int sign(int v)
{
	return (v > 0) - (v < 0);
}

static void order_of_keys(void **state)
{
	(void)state;
	assert_int_equal(bytes_compare(NULL, 0, NULL, 0), 0);
	assert_true(bytes_compare("a", 1, "a\0", 2) < 0);
	assert_true(bytes_compare("\xff", 1, "a", 1) > 0);
	assert_true(bytes_compare("", 0, "\0", 1) < 0);
	for (int i = 0; i < 20000; i++) {
		uint8_t a[6], b[6];
		const size_t a_len = chance_below(7), b_len = chance_below(7);
		chance_text((char *)a, a_len, "a\x7f\x80\xff");
		chance_text((char *)b, b_len, "a\x7f\x80\xff");
		assert_int_equal(sign(bytes_compare(a, a_len, b, b_len)),
				 slow_compare(a, a_len, b, b_len));
	}
}

int group_bytes(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(varints_of_all_lengths),
		cmocka_unit_test(varints_that_are_too_long),
		cmocka_unit_test(what_is_left),
		cmocka_unit_test(fixed_numbers),
		cmocka_unit_test(order_of_keys),
	};
	return unit_run("bytes", tests, COUNT(tests));
}
