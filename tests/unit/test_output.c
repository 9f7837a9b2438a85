/* test_output.c — new files: whole under their name, or not there.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "unit.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/output.h"

static struct arena arena;

/* A path in a new folder. */
static const char *place(const char *folder, const char *name)
{
	return arena_printf(&arena, "%s/%s", folder, name);
}

static size_t files_in(const char *folder)
{
	size_t n = 0;
	DIR *d = opendir(folder);
	assert_non_null(d);
	for (const struct dirent *e; (e = readdir(d));)
		n += strcmp(e->d_name, ".") && strcmp(e->d_name, "..");
	closedir(d);
	return n;
}

static void expect(const char *path, const char *text)
{
	char got[100] = "";
	FILE *f = fopen(path, "rb");
	assert_non_null(f);
	const size_t n = fread(got, 1, sizeof got - 1, f);
	fclose(f);
	assert_int_equal(n, strlen(text));
	assert_string_equal(got, text);
}

static void write_text(struct output *o, const char *path, const char *text)
{
	struct ckpt_error err = { 0 };
	CHECK(!output_open(o, &arena, path, &err) &&
		      !output_write(o, text, strlen(text), &err) &&
		      !output_finish(o, &err),
	      "%s: %s", err.file, err.text);
}

static void begin(void **state)
{
	(void)state;
	arena_init(&arena, UINT64_MAX);
}

static void whole_or_not_there(void **state)
{
	begin(state);
	struct output o;
	struct ckpt_error err = { 0 };
	const char *folder = unit_folder(), *path = place(folder, "f");
	write_text(&o, path, "once");
	assert_int_equal(access(path, F_OK), -1);
	output_drop(&o);
	assert_int_equal(files_in(folder), 0);
	write_text(&o, path, "once");
	assert_int_equal(output_publish(&o, false, &err), 0);
	output_drop(&o);
	assert_int_equal(files_in(folder), 1);
	expect(path, "once");
	arena_drop(&arena);
}

static void nothing_is_replaced_unasked(void **state)
{
	begin(state);
	struct output o;
	struct ckpt_error err = { 0 };
	const char *folder = unit_folder(), *path = place(folder, "f");
	unit_write(folder, "f", "mine", 4);
	write_text(&o, path, "yours");
	assert_int_equal(output_publish(&o, false, &err), -1);
	assert_int_equal(err.code, CKPT_EINVAL);
	output_drop(&o);
	expect(path, "mine");
	assert_int_equal(files_in(folder), 1);
	write_text(&o, path, "yours");
	assert_int_equal(output_publish(&o, true, NULL), 0);
	output_drop(&o);
	expect(path, "yours");
	/* Nor is what a link leads to written over. */
	assert_int_equal(symlink("f", place(folder, "link")), 0);
	write_text(&o, place(folder, "link"), "new");
	assert_int_equal(output_publish(&o, false, NULL), -1);
	assert_int_equal(output_publish(&o, true, NULL), 0);
	output_drop(&o);
	expect(path, "yours");
	expect(place(folder, "link"), "new");
	arena_drop(&arena);
}

static void long_and_short_writes_and_patches(void **state)
{
	begin(state);
	struct output o;
	struct ckpt_error err = { 0 };
	const char *folder = unit_folder(), *path = place(folder, "f");
	enum { SIZE = 300000 };
	uint8_t *want = arena_alloc(&arena, SIZE), *got = arena_alloc(&arena, SIZE);
	for (int round = 0; round < 20; round++) {
		chance_bytes(want, SIZE);
		assert_int_equal(output_open(&o, &arena, path, &err), 0);
		for (size_t at = 0; at < SIZE;) {
			size_t n = (size_t)chance_below(chance_one_in(3) ? 100000 : 90);
			n = n < SIZE - at ? n : SIZE - at;
			assert_int_equal(output_write(&o, want + at, n, &err), 0);
			at += n;
			if (!at || chance_one_in(2))
				continue;
			const size_t where = (size_t)chance_below(at);
			const size_t some = at - where < 9 ? at - where : 9;
			chance_bytes(want + where, some);
			assert_int_equal(output_patch(&o, where, want + where, some, &err),
					 0);
		}
		assert_int_equal(o.at, SIZE);
		assert_int_equal(output_finish(&o, &err), 0);
		assert_int_equal(output_publish(&o, true, &err), 0);
		output_drop(&o);
		FILE *f = fopen(path, "rb");
		assert_int_equal(fread(got, 1, SIZE, f), SIZE);
		assert_int_equal(fgetc(f), EOF);
		fclose(f);
		assert_memory_equal(got, want, SIZE);
	}
	arena_drop(&arena);
}

static void folders_replace_empty_ones_alone(void **state)
{
	begin(state);
	struct output o;
	struct ckpt_error err = { 0 };
	const char *folder = unit_folder(), *to = place(folder, "to");
	for (int there = 0; there < 3; there++) {
		/* Nothing; an empty folder; one that holds what was put there before. */
		if (there == 1)
			assert_int_equal(
				rename(to, place(folder, "away")) || mkdir(to, 0700), 0);
		const char *from = output_folder(&arena, to, &err);
		assert_non_null(from);
		assert_int_equal(mkdir(place(from, "sub"), 0700), 0);
		assert_int_equal(
			output_open_here(&o, &arena, place(from, "sub/f"), &err), 0);
		assert_int_equal(output_write(&o, "x", 1, &err), 0);
		assert_int_equal(output_finish(&o, &err), 0);
		output_drop(&o);
		expect(place(from, "sub/f"), "x");
		const int r = output_move(from, to, false, &err);
		assert_int_equal(r, there == 2 ? -1 : 0);
		if (r) {
			assert_int_equal(err.code, CKPT_EINVAL);
			output_remove_folder(from);
		}
		expect(place(to, "sub/f"), "x");
		assert_int_equal(files_in(folder), there ? 2 : 1);
	}
	arena_drop(&arena);
}

static void full_disks_are_errors(void **state)
{
	begin(state);
	struct output o;
	struct ckpt_error err = { 0 };
	assert_int_equal(output_open(&o, &arena, "/no/such/folder/f", &err), -1);
	assert_int_equal(err.code, CKPT_ENOTFOUND);
	output_drop(&o);
	const char *path = place(unit_folder(), "f");
	assert_int_equal(output_open(&o, &arena, path, NULL), 0);
	/* A file that takes nothing stands for a disk that is full. */
	close(o.fd);
	FILE *full = fopen("/dev/full", "wb");
	if (full) {
		o.fd = dup(fileno(full));
		fclose(full);
		error_clear(&err);
		assert_int_equal(output_write(&o, "x", 1, &err), 0);
		assert_int_equal(output_finish(&o, &err), -1);
		assert_int_equal(err.code, CKPT_EIO);
	} else {
		o.fd = -1;
	}
	output_drop(&o);
	assert_int_equal(access(path, F_OK), -1);
	arena_drop(&arena);
}

int group_output(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_or_not_there),
		cmocka_unit_test(nothing_is_replaced_unasked),
		cmocka_unit_test(long_and_short_writes_and_patches),
		cmocka_unit_test(folders_replace_empty_ones_alone),
		cmocka_unit_test(full_disks_are_errors),
	};
	return unit_run("output", tests, COUNT(tests));
}
