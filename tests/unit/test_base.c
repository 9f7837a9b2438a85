/* test_base.c — arenas, buffers and errors: what everything else leans on.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "unit.h"

#include <errno.h>
#include <stdalign.h>
#include <string.h>

#include "base/error.h"

static void arena_gives_aligned_memory(void **state)
{
	(void)state;
	struct arena a;
	arena_init(&a, UINT64_MAX);
	for (int i = 0; i < 2000; i++) {
		const size_t n = chance_below(i % 50 ? 200 : 600000);
		uint8_t *p = arena_alloc(&a, n);
		assert_non_null(p);
		assert_int_equal((uintptr_t)p % alignof(max_align_t), 0);
		memset(p, 0xff, n);
		char *name = arena_copy(&a, "name\0more", 9);
		assert_memory_equal(name, "name\0more", 10);
		const uint64_t *zeroed = arena_zeroed(&a, 5, 8);
		assert_int_equal((uintptr_t)zeroed % 8, 0);
		for (int k = 0; k < 5; k++)
			assert_int_equal(zeroed[k], 0);
	}
	assert_string_equal(arena_printf(&a, "%s-%05d", "shard", 7), "shard-00007");
	assert_string_equal(arena_copy(&a, NULL, 0), "");
	arena_drop(&a);
	assert_int_equal(a.taken, 0);
}

static void arena_keeps_to_its_limit(void **state)
{
	(void)state;
	struct arena a;
	struct ckpt_error err = { 0 };
	arena_init(&a, 100000);
	size_t got = 0;
	while (arena_alloc(&a, 1000))
		got += 1000;
	assert_in_range(got, 10000, 100000);
	assert_true(a.taken <= 100000);
	assert_int_equal(arena_error(&a, &err), -1);
	assert_int_equal(err.code, CKPT_ELIMIT);
	assert_null(arena_alloc(&a, SIZE_MAX));
	assert_null(arena_zeroed(&a, SIZE_MAX / 8 + 2, 8));
	assert_null(arena_copy(&a, "", SIZE_MAX));
	arena_drop(&a);
}

static void arena_rewinds(void **state)
{
	(void)state;
	struct arena a;
	arena_init(&a, UINT64_MAX);
	const struct arena_mark empty = arena_mark(&a);
	char *kept = arena_copy(&a, "kept", 4);
	for (int i = 0; i < 200; i++) {
		const struct arena_mark mark = arena_mark(&a);
		const size_t taken = a.taken;
		for (int k = 0; k < 20; k++)
			memset(arena_alloc(&a, 1 + chance_below(30000)), 0xaa, 1);
		arena_rewind(&a, mark);
		assert_int_equal(a.taken, taken);
		assert_string_equal(kept, "kept");
	}
	arena_rewind(&a, empty);
	assert_int_equal(a.taken, 0);
	assert_null(a.head);
	arena_drop(&a);
}

static void buffer_grows_to_its_limit(void **state)
{
	(void)state;
	struct buffer b;
	struct ckpt_error err = { 0 };
	buffer_init(&b, 1000);
	for (int i = 0; i < 10; i++) {
		char part[100];
		memset(part, 'a' + i, sizeof part);
		assert_int_equal(buffer_append(&b, part, sizeof part, &err), 0);
	}
	for (size_t i = 0; i < 1000; i++)
		assert_int_equal(b.p[i], 'a' + i / 100);
	assert_int_equal(buffer_append(&b, NULL, 0, &err), 0);
	assert_int_equal(buffer_append(&b, "x", 1, &err), -1);
	assert_int_equal(err.code, CKPT_ELIMIT);
	assert_int_equal(b.len, 1000);
	assert_int_equal(buffer_append(&b, "x", SIZE_MAX, NULL), -1);
	assert_int_equal(buffer_reserve(&b, 1001, NULL), -1);
	assert_int_equal(buffer_reserve(&b, 1000, NULL), 0);
	buffer_drop(&b);
	buffer_drop(&b);
	assert_int_equal(b.cap, 0);
}

static void pointers_grow(void **state)
{
	(void)state;
	struct pointers a = { 0 };
	static char things[1000];
	for (size_t i = 0; i < COUNT(things); i++)
		assert_int_equal(pointers_add(&a, &things[i]), 0);
	assert_int_equal(a.n, COUNT(things));
	for (size_t i = 0; i < a.n; i++)
		assert_ptr_equal(a.p[i], &things[i]);
	pointers_drop(&a);
	assert_int_equal(a.n, 0);
	pointers_drop(&a);
}

static void the_first_error_is_kept(void **state)
{
	(void)state;
	struct ckpt_error err = { 0 };
	assert_int_equal(error_set(&err, CKPT_ECORRUPT, "file", 7, "found %d", 5), -1);
	assert_int_equal(error_set(&err, CKPT_EIO, "other", 8, "later"), -1);
	assert_int_equal(err.code, CKPT_ECORRUPT);
	assert_string_equal(err.file, "file");
	assert_string_equal(err.text, "found 5");
	assert_int_equal(err.offset, 7);
	error_clear(&err);
	errno = ENOENT;
	assert_int_equal(error_errno(&err, NULL, "cannot open"), -1);
	assert_int_equal(err.code, CKPT_ENOTFOUND);
	assert_string_equal(err.file, "");
	assert_memory_equal(err.text, "cannot open: ", 13);
	assert_int_equal(error_set(NULL, CKPT_EIO, NULL, -1, "nobody listens"), -1);
	error_clear(NULL);
}

static void long_paths_keep_their_end(void **state)
{
	(void)state;
	char path[1000], text[1000];
	for (size_t n = 250; n < 262; n++) {
		struct ckpt_error err = { 0 };
		memset(path, 'p', n);
		memcpy(path + n - 6, ".index", 7);
		error_set(&err, CKPT_EIO, path, -1, "x");
		const size_t len = strlen(err.file);
		assert_int_equal(len, n < sizeof err.file ? n : sizeof err.file - 1);
		assert_string_equal(err.file + len - 6, ".index");
		assert_int_equal(memcmp(err.file, "...", 3) == 0, n >= sizeof err.file);
	}
	struct ckpt_error err = { 0 };
	memset(text, 't', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	error_set(&err, CKPT_EIO, NULL, -1, "%s", text);
	assert_int_equal(strlen(err.text), sizeof err.text - 1);
}

static void codes_have_different_names(void **state)
{
	(void)state;
	for (int i = 0; i <= CKPT_EINVAL; i++)
		for (int k = 0; k < i; k++)
			assert_string_not_equal(ckpt_code_name(i), ckpt_code_name(k));
	assert_string_equal(ckpt_code_name((enum ckpt_code)999), "unknown");
	assert_string_equal(ckpt_code_name((enum ckpt_code) - 1), "unknown");
}

int group_base(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(arena_gives_aligned_memory),
		cmocka_unit_test(arena_keeps_to_its_limit),
		cmocka_unit_test(arena_rewinds),
		cmocka_unit_test(buffer_grows_to_its_limit),
		cmocka_unit_test(pointers_grow),
		cmocka_unit_test(the_first_error_is_kept),
		cmocka_unit_test(long_paths_keep_their_end),
		cmocka_unit_test(codes_have_different_names),
	};
	return unit_run("base", tests, COUNT(tests));
}
