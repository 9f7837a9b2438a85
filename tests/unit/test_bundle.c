/* test_bundle.c — V2 checkpoints written here: very many slices, and orphans.
 * SPDX-License-Identifier: Apache-2.0
 *
 * What one file can say wrong is in tests/data/broken; here is what is too large for
 * that, or depends on the order of calls.
 */
#include "config.h"

#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/crc32c.h"
#include "format/slicekey.h"
#include "write_table.h"

static struct table_writer writer;
static struct buffer message;

static void put(const void *p, size_t n)
{
	assert_int_equal(buffer_append(&message, p, n, NULL), 0);
}

static void put_varint(uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		put(&(uint8_t){ (uint8_t)(v | 0x80) }, 1);
	put(&(uint8_t){ (uint8_t)v }, 1);
}

/* Field and value; lengths of submessages are written as numbers, too. */
static void put_field(uint8_t tag, uint64_t v)
{
	put(&tag, 1);
	put_varint(v);
}

static size_t varint_size(uint64_t v)
{
	size_t n = 1;
	while (v >>= 7)
		n++;
	return n;
}

/* BundleEntry: float32, a shape of one dimension. */
static void begin_entry(uint64_t n)
{
	const size_t size = 1 + varint_size(n);
	message.len = 0;
	put_field(0x08, CKPT_FLOAT32);
	put_field(0x12, 2 + size);
	put_field(0x12, size);
	put_field(0x08, n);
}

/* The entry of one element of "v", number i, whose value is i as well. */
static void add_slice(uint64_t i)
{
	struct buffer key;
	const int64_t start = (int64_t)i, length = 1;
	const float value = (float)i;
	const uint32_t crc = crc32c_mask(crc32c(0, &value, 4));
	buffer_init(&key, 100);
	slicekey_encode(&key, "v", 1, 1, &start, &length, NULL);
	begin_entry(1);
	put_field(0x20, 4 * i);
	put_field(0x28, 4);
	put("\x35", 1);
	put(&crc, 4);
	table_writer_add(&writer, key.p, key.len, message.p, message.len);
	buffer_drop(&key);
}

/* A vector "v" of n elements, each a slice; stored are the first so many. */
static const char *write_vector(uint64_t n, uint64_t stored)
{
	static char path[64];
	const char *folder = unit_folder();
	float *values = test_malloc((size_t)stored * sizeof *values);
	buffer_init(&message, SIZE_MAX);
	table_writer_begin(&writer);
	table_writer_add(&writer, "", 0, "\x08\x01\x1a\x02\x08\x01", 6);
	for (uint64_t i = 0; i < stored; i++) {
		values[i] = (float)i;
		add_slice(i);
	}
	begin_entry(n);
	for (uint64_t i = 0; i < n; i++) {
		const size_t size = 3 + varint_size(i);
		put_field(0x3a, 2 + size);
		put_field(0x0a, size);
		put_field(0x08, i);
		put_field(0x10, 1);
	}
	table_writer_add(&writer, "v", 1, message.p, message.len);
	table_writer_end(&writer);
	unit_write(folder, "m.index", writer.file.p, writer.file.len);
	unit_write(folder, "m.data-00000-of-00001", values,
		   (size_t)stored * sizeof *values);
	table_writer_drop(&writer);
	buffer_drop(&message);
	test_free(values);
	snprintf(path, sizeof path, "%s/m", folder);
	return path;
}

/* MaxShardSizePolicy may cut a variable into thousands. */
static void very_many_slices(void **state)
{
	(void)state;
	enum { MANY = 40000 };
	const char *path = write_vector(MANY, MANY);
	const clock_t start = clock();
	struct ckpt_error err = { 0 };
	struct ckpt *c = ckpt_open(path, NULL, &err);
	CHECK(c && ckpt_load(c, &err) == 0, "%s", err.text);
	assert_int_equal(ckpt_count(c), 1);
	const struct ckpt_tensor *t = ckpt_at(c, 0);
	assert_int_equal(t->n_pieces, MANY);
	float *values = test_malloc(MANY * sizeof *values);
	CHECK(ckpt_read(c, t, 0, MANY, values, &err) == 0, "%s", err.text);
	for (int i = 0; i < MANY; i++)
		assert_true(values[i] == (float)i);
	test_free(values);
	ckpt_close(c);
	CHECK((clock() - start) / CLOCKS_PER_SEC < 3, "that took %d s",
	      (int)((clock() - start) / CLOCKS_PER_SEC));
}

static void count_orphans(void *arg, const struct ckpt_finding *f)
{
	*(int *)arg += !strcmp(f->code, "orphan_slice");
}

/* Two slices are listed, a third is stored: whatever was asked for before. */
static void an_orphan_is_found_after_lookups(void **state)
{
	(void)state;
	const char *path = write_vector(2, 3);
	for (int lookups = 0; lookups < 3; lookups++) {
		int orphans = 0;
		struct ckpt_summary summary;
		struct ckpt *c = ckpt_open(path, NULL, NULL);
		assert_non_null(c);
		for (int i = 0; i < lookups; i++)
			assert_non_null(ckpt_find(c, "v", 1, NULL));
		assert_int_equal(ckpt_verify(c, count_orphans, &orphans, &summary, NULL),
				 0);
		assert_int_equal(orphans, 1);
		assert_int_equal(summary.tensors, 1);
		ckpt_close(c);
	}
}

/* "Nothing ever turns trouble into 0": a list that ends early is no sound checkpoint. */
static void a_list_that_ends_early(void **state)
{
	(void)state;
	const char *path = write_vector(3000, 3000);
	int sound = 0, told = 0;
	for (uint64_t limit = 20000; limit < 20000000; limit += limit / 2) {
		const struct ckpt_options options = { .max_memory = limit };
		struct ckpt_error err = { 0 };
		struct ckpt_summary summary = { 0 };
		struct ckpt *c = ckpt_open(path, &options, &err);
		if (c && !ckpt_verify(c, NULL, NULL, &summary, &err) && !summary.errors) {
			sound++;
			assert_int_equal(summary.ok, 1);
			assert_int_equal(ckpt_load(c, NULL), 0);
		} else if (c) {
			told++;
			assert_int_equal(ckpt_load(c, NULL), ckpt_load(c, NULL));
		}
		ckpt_close(c);
	}
	assert_true(sound > 0 && told > 0);
}

int group_bundle(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(very_many_slices),
		cmocka_unit_test(an_orphan_is_found_after_lookups),
		cmocka_unit_test(a_list_that_ends_early),
	};
	return unit_run("bundle", tests, COUNT(tests));
}
