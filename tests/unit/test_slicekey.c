/* test_slicekey.c — the keys of slices: known codes, there and back, order, garbage.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "format/slicekey.h"
#include "model/slice.h"

static const char *hex(const struct buffer *b)
{
	static char text[512];
	text[0] = '\0';
	for (size_t i = 0; i < b->len; i++)
		sprintf(text + 2 * i, "%02x", b->p[i]);
	return text;
}

static void check_key(const char *name, size_t len, int rank, const int64_t *start,
		      const int64_t *length, const char *want)
{
	struct buffer key;
	buffer_init(&key, 1000);
	assert_int_equal(slicekey_encode(&key, name, len, rank, start, length, NULL), 0);
	assert_string_equal(hex(&key), want);
	buffer_drop(&key);
}

/* tensorflow/core/lib/strings/ordered_code_test.cc; the ends of the range besides. */
static void known_codes(void **state)
{
	(void)state;
	static const struct {
		int64_t v;
		const char *code;
	} known[] = {
		{ 0, "80" },
		{ 1, "81" },
		{ 63, "bf" },
		{ 64, "c040" },
		{ -1, "7f" },
		{ -64, "40" },
		{ -65, "3fbf" },
		{ 784, "c310" },
		{ 8191, "dfff" },
		{ 8192, "e02000" },
		{ 1 << 20, "f0100000" },
		{ INT64_C(1) << 31, "f880000000" },
		{ INT64_C(1) << 40, "fd0000000000" },
		{ (INT64_C(1) << 55) - 1, "ff7fffffffffffff" },
		{ INT64_C(1) << 55, "ff8080000000000000" },
		{ INT64_C(1) << 62, "ffc04000000000000000" },
		{ INT64_MAX, "ffc07fffffffffffffff" },
		{ INT64_MIN, "003f8000000000000000" },
	};
	for (size_t i = 0; i < COUNT(known); i++) {
		char want[64];
		snprintf(want, sizeof want, "000001010180%s", known[i].code);
		check_key("", 0, 1, (const int64_t[]){ 0 }, &known[i].v, want);
	}
	check_key("w", 1, 2, (const int64_t[]){ 0, 0 }, (const int64_t[]){ 2, -1 },
		  "0077000101028082807f");
	check_key("a", 1, 0, NULL, NULL, "0061000100");
	check_key("\0\xff", 2, 0, NULL, NULL, "0000ffff00000100");
}

static void there_and_back(void **state)
{
	(void)state;
	struct buffer key, name;
	buffer_init(&key, 1 << 20);
	buffer_init(&name, 1 << 20);
	for (int i = 0; i < 20000; i++) {
		char wanted[20];
		int64_t start[MAX_RANK], length[MAX_RANK], s[MAX_RANK], l[MAX_RANK];
		const size_t len = chance_below(sizeof wanted);
		int rank = (int)chance_below(chance_one_in(50) ? MAX_RANK + 1 : 6),
		    got = -1;
		chance_text(wanted, len, "ab/\xff\xfe\x01");
		for (size_t k = 0; k < len; k++)
			if (chance_one_in(6))
				wanted[k] = '\0';
		for (int d = 0; d < rank; d++) {
			start[d] = (int64_t)(chance_magnitude() ^ (0 - chance_below(2)));
			length[d] = chance_one_in(3) ? -1 : (int64_t)chance_magnitude();
		}
		key.len = 0;
		assert_int_equal(
			slicekey_encode(&key, wanted, len, rank, start, length, NULL), 0);
		assert_true(slicekey_decode(bytes_of(key.p, key.len), &name, &got, s, l));
		assert_int_equal(got, rank);
		assert_int_equal(name.len, len);
		assert_memory_equal(name.len ? name.p : (uint8_t *)wanted, wanted, len);
		assert_memory_equal(s, start, (size_t)rank * sizeof *s);
		assert_memory_equal(l, length, (size_t)rank * sizeof *l);
		/* Cut short or longer it is none. */
		const size_t cut = chance_below(key.len);
		assert_false(slicekey_decode(bytes_of(key.p, cut), &name, &got, s, l));
		buffer_append(&key, "", 1, NULL);
		assert_false(
			slicekey_decode(bytes_of(key.p, key.len), &name, &got, s, l));
	}
	buffer_drop(&key);
	buffer_drop(&name);
}

static void order_is_kept(void **state)
{
	(void)state;
	struct buffer a, b;
	buffer_init(&a, 1000);
	buffer_init(&b, 1000);
	for (int i = 0; i < 20000; i++) {
		const int64_t x = (int64_t)(chance_magnitude() ^ (0 - chance_below(2)));
		int64_t y = (int64_t)(chance_magnitude() ^ (0 - chance_below(2)));
		y = chance_one_in(3) && x < INT64_MAX ? x + 1 : y;
		const int64_t length = -1;
		a.len = b.len = 0;
		slicekey_encode(&a, "w", 1, 1, &x, &length, NULL);
		slicekey_encode(&b, "w", 1, 1, &y, &length, NULL);
		const int c = bytes_compare(a.p, a.len, b.p, b.len);
		assert_int_equal((c > 0) - (c < 0), (x > y) - (x < y));
	}
	buffer_drop(&a);
	buffer_drop(&b);
}

static void what_is_no_key(void **state)
{
	(void)state;
	static const struct {
		const char *p;
		size_t n;
	} bad[] = {
		{ "", 0 },
		{ "w", 1 },
		{ "dense/kernel", 12 },
		{ "\0w", 2 }, /* the name does not end */
		{ "\0w\0", 3 },
		{ "\0w\0\1", 4 },	  /* no rank */
		{ "\0w\0\2\0", 5 },	  /* 00 with neither 01 nor ff behind it */
		{ "\0w\xff\1\0\1\0", 7 }, /* ff without 00 */
		{ "\0w\0\1\1", 5 },	  /* the rank's byte is missing */
		{ "\0w\0\1\x09"
		  "123456789",
		  14 },			/* a rank of nine bytes */
		{ "\0w\0\1\1\xff", 6 }, /* rank 255 */
		{ "\0w\0\1\x08\xff\xff\xff\xff\xff\xff\xff\xff", 13 },
		{ "\0w\0\1\1\1\x80", 7 },     /* a start without its length */
		{ "\0w\0\1\1\1\x80\xc0", 8 }, /* a length of two bytes, one there */
		{ "\0w\0\1\1\1\x80\xff\xff", 9 },
		{ "\0w\0\1\1\1\x80\0\0", 9 },
		{ "\0w\0\1\0\0", 6 }, /* one byte too many */
	};
	struct buffer name;
	int rank;
	int64_t start[MAX_RANK], length[MAX_RANK];
	buffer_init(&name, 1000);
	for (size_t i = 0; i < COUNT(bad); i++)
		CHECK(!slicekey_decode(bytes_of(bad[i].p, bad[i].n), &name, &rank, start,
				       length),
		      "case %zu", i);
	assert_true(
		slicekey_decode(bytes_of("\0a\0\1\0", 5), &name, &rank, start, length));
	assert_int_equal(rank, 0);
	for (int i = 0; i < 200000; i++) {
		uint8_t key[24];
		const size_t n = chance_below(sizeof key);
		chance_text((char *)key, n, "w\1\2\x80\xff\xfe\xc0\x7f\x3f");
		for (size_t k = 0; k < n; k++)
			if (k == 0 || chance_one_in(4))
				key[k] = 0;
		slicekey_decode(bytes_of(key, n), &name, &rank, start, length);
	}
	buffer_drop(&name);
}

static void keys_without_room(void **state)
{
	(void)state;
	const int64_t start[] = { 1, 1000 }, length[] = { 5, 1 << 30 };
	struct buffer whole;
	buffer_init(&whole, 1000);
	assert_int_equal(slicekey_encode(&whole, "w\0x", 3, 2, start, length, NULL), 0);
	for (size_t room = 0; room <= whole.len; room++) {
		struct buffer b;
		struct ckpt_error err = { 0 };
		buffer_init(&b, room);
		const int r = slicekey_encode(&b, "w\0x", 3, 2, start, length, &err);
		assert_int_equal(r, room < whole.len ? -1 : 0);
		assert_int_equal(err.code, room < whole.len ? CKPT_ELIMIT : CKPT_OK);
		buffer_drop(&b);
	}
	buffer_drop(&whole);
}

int group_slicekey(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_codes),	     cmocka_unit_test(there_and_back),
		cmocka_unit_test(order_is_kept),     cmocka_unit_test(what_is_no_key),
		cmocka_unit_test(keys_without_room),
	};
	return unit_run("slicekey", tests, COUNT(tests));
}
