/* test_fields.c — fields of a file in windows, and the spools that they are read from.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/fields.h"
#include "base/spool.h"

/* A spool with these bytes; memory 0: all of them in its file. */
static void make_spool(struct spool *s, const void *p, size_t n, size_t memory)
{
	struct ckpt_error err = { 0 };
	spool_init(s, "spool", memory);
	CHECK(!spool_append(s, p, n, &err), "%s", err.text);
	spool_finish(s);
}

/* wire.h says the same of the bytes in memory. */
static void same_as_wire(const uint8_t *p, size_t n)
{
	struct spool spool;
	struct scan scan;
	struct field f;
	make_spool(&spool, p, n, SIZE_MAX);
	scan_init(&scan, &spool.source, 1 << 20);
	struct fields fields = fields_of(&scan, 0, n);
	struct wire w = wire_of(bytes_of(p, n));
	for (;;) {
		struct ckpt_error err = { 0 };
		const int want = wire_next(&w), got = fields_next(&fields, &f, &err);
		assert_int_equal(want, got);
		assert_int_equal(got < 0, err.code == CKPT_ECORRUPT);
		if (got <= 0)
			break;
		assert_int_equal(w.field, f.number);
		assert_int_equal(w.type, f.type);
		assert_int_equal(w.left.p - p, fields.at);
		if (w.type != WIRE_LEN) {
			assert_true(w.value == f.value);
			continue;
		}
		assert_int_equal(w.data.p - p, f.at);
		assert_int_equal(bytes_left(&w.data), f.n);
	}
	scan_drop(&scan);
	spool_drop(&spool);
}

static void any_bytes(void **state)
{
	(void)state;
	uint8_t bytes[64];
	for (int i = 0; i < 20000; i++) {
		const size_t n = chance_below(sizeof bytes + 1);
		chance_bytes(bytes, n);
		/* Field numbers and lengths that are small are what goes on. */
		for (size_t k = 0; k < n; k++)
			if (chance_one_in(2))
				bytes[k] &= 0x1f;
		same_as_wire(bytes, n);
	}
}

static void larger_than_the_windows(void **state)
{
	(void)state;
	enum { N = 400000 };
	struct arena a;
	struct spool spool;
	struct scan scan;
	struct field f;
	struct ckpt_error err = { 0 };
	arena_init(&a, 64 << 20);
	for (int k = 0; k < 2; k++) {
		static uint8_t byte = 'x';
		spool_init(&spool, "spool", k ? SIZE_MAX : 1000);
		for (int field = 1; field <= 3; field++) {
			const uint8_t head[] = { (uint8_t)(field << 3 | 2),
						 (N & 0x7f) | 0x80,
						 (N >> 7 & 0x7f) | 0x80, N >> 14 };
			assert_false(spool_append(&spool, head, sizeof head, &err));
			for (int i = 0; i < N; i++)
				assert_false(spool_append(&spool, &byte, 1, &err));
		}
		assert_false(spool_patch(&spool, 4 + N - 1, "y", 1, &err));
		spool_finish(&spool);
		assert_int_equal(spool.source.size, 3 * (4 + N));
		assert_true(!spool.flushed == (k == 1));
		scan_init(&scan, &spool.source, 0);
		struct fields fields = fields_of(&scan, 0, spool.source.size);
		for (uint32_t i = 1; i <= 3; i++) {
			assert_int_equal(fields_next(&fields, &f, &err), 1);
			assert_int_equal(f.number, i);
			assert_int_equal(f.n, N);
			const char *copy = scan_copy(&scan, &a, f.at, f.n, &err);
			assert_non_null(copy);
			assert_int_equal(strlen(copy), N);
			assert_int_equal(copy[N - 1], i == 1 ? 'y' : 'x');
		}
		assert_int_equal(fields_next(&fields, &f, &err), 0);
		/* Above the limit only a copy is had. */
		assert_null(scan_bytes(&scan, 0, N, &err));
		assert_int_equal(err.code, CKPT_ELIMIT);
		error_clear(&err);
		assert_null(scan_bytes(&scan, spool.source.size - 1, 2, &err));
		assert_int_equal(err.code, CKPT_ECORRUPT);
		error_clear(&err);
		scan_drop(&scan);
		spool_drop(&spool);
	}
	arena_drop(&a);
}

static void no_place_for_a_spool(void **state)
{
	(void)state;
	struct spool spool;
	struct ckpt_error err = { 0 };
	const char *was = getenv("TMPDIR");
	char *saved = was ? strdup(was) : NULL;
	setenv("TMPDIR", "/no/such/folder", 1);
	spool_init(&spool, "spool", 4);
	assert_false(spool_append(&spool, "abc", 3, &err));
	assert_int_equal(spool_append(&spool, "def", 3, &err), -1);
	assert_true(err.code != CKPT_OK && strstr(err.text, "temporary"));
	spool_drop(&spool);
	if (saved)
		setenv("TMPDIR", saved, 1);
	else
		unsetenv("TMPDIR");
	free(saved);
}

int group_fields(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_bytes),
		cmocka_unit_test(larger_than_the_windows),
		cmocka_unit_test(no_place_for_a_spool),
	};
	return unit_run("fields", tests, COUNT(tests));
}
