/* test_block.c — blocks whose checksums are right and whose contents are not.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "unit.h"

#include <snappy-c.h>
#include <stdio.h>
#include <string.h>

#include "base/crc32c.h"
#include "base/source.h"
#include "format/table.h"
#include "memory.h"
#include "write_table.h"

static struct table_writer writer;
static struct memory_file file = { ".index", { NULL, NULL } };
static struct source source;
static struct table table;

static void open_bytes(const void *p, size_t n)
{
	struct ckpt_error err = { 0 };
	file.content = bytes_of(p, n);
	assert_int_equal(source_open(&source, "m.index", &err), 0);
	CHECK(table_open(&table, &source, 1 << 20, &err) == 0, "%s", err.text);
}

static int begin(void **state)
{
	(void)state;
	memory_files(&file, 1);
	return 0;
}

static int end(void **state)
{
	(void)state;
	memory_files(NULL, 0);
	table_writer_drop(&writer);
	return 0;
}

#define RESTARTS "\0\0\0\0\1\0\0\0" /* one, at 0 */
#define BLOCK(bytes) bytes, sizeof(bytes) - 1

/* Blocks with good checksums and bad contents. good: entries before the damage. */
static const struct {
	const char *bytes;
	size_t n;
	int type, good;
	enum ckpt_code code;
	const char *says;
} lies[] = {
	{ BLOCK("\0\1\1av" RESTARTS), 0, 1, CKPT_OK, NULL },
	{ BLOCK("\0\1\1av\1\1\0b" RESTARTS), 0, 2, CKPT_OK, NULL },
	{ BLOCK("\0\0\0" RESTARTS), 0, 1, CKPT_OK, NULL },
	{ BLOCK(RESTARTS), 0, 0, CKPT_OK, NULL },
	{ BLOCK("\0\0\0\0"), 0, 0, CKPT_OK, NULL }, /* neither entries nor restarts */
	{ BLOCK(""), 0, 0, CKPT_ECORRUPT, "no room for its restarts" },
	{ BLOCK("\0\0\0"), 0, 0, CKPT_ECORRUPT, "no room for its restarts" },
	{ BLOCK("\1\0\0\0"), 0, 0, CKPT_ECORRUPT, "more restart points" },
	{ BLOCK("\0\1\1av\0\0\0\0\xff\xff\xff\x7f"), 0, 0, CKPT_ECORRUPT,
	  "more restart" },
	{ BLOCK("\0\1\1av\0\0\0\0\0\0\0\x40"), 0, 0, CKPT_ECORRUPT,
	  "more restart points" },
	{ BLOCK("\0\1\1av\0\0\0\0"), 0, 0, CKPT_ECORRUPT, "no restart points" },
	{ BLOCK("\0\1\1av\1\0\0\0\1\0\0\0"), 0, 0, CKPT_ECORRUPT, "out of order" },
	{ BLOCK("\0\1\1av\0\0\0\0\0\0\0\0\2\0\0\0"), 0, 0, CKPT_ECORRUPT,
	  "out of order" },
	{ BLOCK("\0\1\1av\0\0\0\0\5\0\0\0\2\0\0\0"), 0, 0, CKPT_ECORRUPT,
	  "behind the entries" },
	{ BLOCK("\0" RESTARTS), 0, 0, CKPT_ECORRUPT, "cut short" },
	{ BLOCK("\0\1\1av\x80\x80" RESTARTS), 0, 1, CKPT_ECORRUPT, "cut short" },
	{ BLOCK("\0\x80\x80\x80\x80\x80\0\0" RESTARTS), 0, 0, CKPT_ECORRUPT,
	  "cut short" },
	{ BLOCK("\1\0\0" RESTARTS), 0, 0, CKPT_ECORRUPT, "shares more" },
	{ BLOCK("\0\1\1av\2\0\0" RESTARTS), 0, 1, CKPT_ECORRUPT, "shares more" },
	{ BLOCK("\0\2\0a" RESTARTS), 0, 0, CKPT_ECORRUPT, "longer than its block" },
	{ BLOCK("\0\1\2av" RESTARTS), 0, 0, CKPT_ECORRUPT, "longer than its block" },
	{ BLOCK("\0\x80\x80\x80\x80\x08\x80\x80\x80\x80\x08" RESTARTS), 0, 0,
	  CKPT_ECORRUPT, "longer than its block" },
	{ BLOCK(RESTARTS), 2, 0, CKPT_EUNSUPPORTED, "type is 2" },
	{ BLOCK(RESTARTS), 255, 0, CKPT_EUNSUPPORTED, "type is 255" },
	{ BLOCK("\x08\x1c" RESTARTS), 1, 0, CKPT_OK, NULL }, /* as Snappy */
	{ BLOCK("\x09\x20\1\0\0" RESTARTS), 1, 0, CKPT_ECORRUPT, "malformed" },
	{ BLOCK("\x0b\x28\1\0\0" RESTARTS), 1, 0, CKPT_ECORRUPT,
	  "byte 0 of it: an entry shares" },
	{ BLOCK("\xff\xff\xff\xff\x0f"), 1, 0, CKPT_ECORRUPT, "length is impossible" },
	{ BLOCK("\xff\xff\xff\xff\xff\x0f"), 1, 0, CKPT_ECORRUPT,
	  "length is impossible" },
	{ BLOCK(""), 1, 0, CKPT_ECORRUPT, "length is impossible" },
	{ BLOCK("\x08\x01\x05"
		"0000"),
	  1, 0, CKPT_ECORRUPT, "malformed" }, /* copies nothing */
};

static void blocks_that_lie(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(lies); i++) {
		struct table_walk w;
		struct table_entry e;
		struct ckpt_error err = { 0 };
		table_writer_begin(&writer);
		table_writer_add_block(&writer, "b", lies[i].bytes, lies[i].n,
				       (uint8_t)lies[i].type);
		table_writer_add_block(&writer, "c", BLOCK("\0\1\1cw" RESTARTS), 0);
		table_writer_end(&writer);
		open_bytes(writer.file.p, writer.file.len);
		table_walk_begin(&w, &table);
		for (int k = 0; k < lies[i].good; k++)
			CHECK(table_next(&w, &e, &err) == 1, "case %zu: %s", i, err.text);
		if (lies[i].code) {
			CHECK(table_next(&w, &e, &err) == -1, "case %zu", i);
			CHECK(err.code == lies[i].code && strstr(err.text, lies[i].says),
			      "case %zu: %s", i, err.text);
		}
		/* What follows is whole. */
		assert_int_equal(table_next(&w, &e, NULL), 1);
		assert_memory_equal(e.key.p, "c", 1);
		assert_int_equal(table_next(&w, &e, NULL), 0);
		table_walk_end(&w);
		table_walk_begin(&w, &table);
		CHECK(table_find(&w, bytes_of("aa", 2), &e, NULL) ==
			      (lies[i].code ? -1 : 0),
		      "case %zu", i);
		assert_int_equal(table_find(&w, bytes_of("c", 1), &e, NULL), 1);
		table_walk_end(&w);
		table_writer_drop(&writer);
	}
}

/* Snappy's 22 times of a mebibyte are above the limit; the claim alone decides. */
static void a_bomb(void **state)
{
	(void)state;
	struct table_walk w;
	struct table_entry e;
	struct ckpt_error err = { 0 };
	static char zeros[(1 << 20) + 1], packed[1300000];
	size_t n = sizeof packed;
	assert_int_equal(snappy_compress(zeros, sizeof zeros, packed, &n), SNAPPY_OK);
	table_writer_begin(&writer);
	table_writer_add_block(&writer, "b", packed, n, 1);
	table_writer_end(&writer);
	open_bytes(writer.file.p, writer.file.len);
	table_walk_begin(&w, &table);
	assert_int_equal(table_next(&w, &e, &err), -1);
	assert_int_equal(err.code, CKPT_ELIMIT);
	table_walk_end(&w);
}

/* Ten thousand entries from one restart point on: to be walked, but not searched. */
static void too_few_restart_points(void **state)
{
	(void)state;
	struct table_walk w;
	struct table_entry e;
	struct ckpt_error err = { 0 };
	table_writer_begin(&writer);
	writer.block_size = SIZE_MAX;
	writer.interval = SIZE_MAX;
	for (int i = 0; i < 10000; i++) {
		char key[16];
		snprintf(key, sizeof key, "k%05d", i);
		table_writer_add(&writer, key, 6, "", 0);
	}
	table_writer_end(&writer);
	open_bytes(writer.file.p, writer.file.len);
	table_walk_begin(&w, &table);
	for (int i = 0; i < 10000; i++)
		assert_int_equal(table_next(&w, &e, NULL), 1);
	assert_int_equal(table_next(&w, &e, NULL), 0);
	assert_int_equal(table_find(&w, bytes_of("k00100", 6), &e, NULL), 1);
	assert_int_equal(table_find(&w, bytes_of("k09999", 6), &e, &err), -1);
	assert_int_equal(err.code, CKPT_ECORRUPT);
	table_walk_end(&w);
}

/* Handles in the index that cannot be, and a footer that points nowhere. */
static void handles_that_lie(void **state)
{
	(void)state;
	static const char *const handles[] = {
		"",
		"\x80",
		"\x05",
		"\x05\x80",
		"\x80\x80\x04\x05",
		"\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
		"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x01",
	};
	for (size_t i = 0; i < COUNT(handles); i++) {
		struct table_walk w;
		struct table_entry e;
		struct ckpt_error err = { 0 };
		struct buffer *f = &writer.file;
		table_writer_begin(&writer);
		/* A footer of its own makes the data block the index. */
		table_writer_add(&writer, "k", 1, handles[i], strlen(handles[i]));
		table_writer_end(&writer);
		uint8_t *footer = f->p + f->len - 48;
		memset(footer, 0, 40);
		footer[3] = (uint8_t)writer.blocks[0].size;
		open_bytes(f->p, f->len);
		table_walk_begin(&w, &table);
		CHECK(table_next(&w, &e, &err) == -1, "case %zu", i);
		assert_int_equal(err.code, CKPT_ECORRUPT);
		assert_int_equal(table_next(&w, &e, NULL), 0);
		assert_int_equal(table_find(&w, bytes_of("a", 1), &e, NULL), -1);
		table_walk_end(&w);
		memset(footer, 0, 40);
		memset(footer + 2, 0xff, 9);
		footer[11] = 1;
		open_bytes(f->p, f->len);
		table_walk_begin(&w, &table);
		assert_int_equal(table_next(&w, &e, NULL), -1);
		table_walk_end(&w);
		table_writer_drop(&writer);
	}
}

/* A thousand handles to one bad block: it is read once, and the walk ends. */
static void many_handles_to_one_block(void **state)
{
	(void)state;
	if (!CRC32C_COMPARED)
		skip();
	struct table_walk w;
	struct table_entry e;
	struct table_writer one;
	size_t damage = 0, n = 0;
	int r;
	table_writer_begin(&one);
	table_writer_begin(&writer);
	table_writer_add(&one, "a", 1, "value", 5);
	table_writer_end(&one);
	const struct written_block b = one.blocks[0];
	one.file.p[b.offset] ^= 1;
	/* The second table goes behind the first one's block, and lists it. */
	buffer_append(&writer.file, one.file.p, b.offset + b.size + 5, NULL);
	writer.block_size = SIZE_MAX;
	for (int i = 0; i < 1000; i++) {
		char key[16];
		const uint8_t handle[] = { (uint8_t)b.offset, (uint8_t)b.size };
		snprintf(key, sizeof key, "k%04d", i);
		table_writer_add(&writer, key, 5, handle, 2);
	}
	const size_t index = writer.file.len;
	table_writer_end(&writer);
	/* A footer of its own makes the data block the index. */
	struct buffer *f = &writer.file;
	uint8_t *footer = f->p + f->len - 48;
	const size_t size = writer.blocks[0].size;
	memcpy(footer,
	       (uint8_t[]){ 0, 0, (uint8_t)(index | 0x80), (uint8_t)(index >> 7),
			    (uint8_t)(size | 0x80), (uint8_t)(size >> 7 | 0x80),
			    (uint8_t)(size >> 14) },
	       7);
	open_bytes(f->p, f->len);
	table_walk_begin(&w, &table);
	while ((r = table_next(&w, &e, NULL)) != 0 && damage < 2000)
		r < 0 ? damage++ : n++;
	assert_int_equal(n, 0);
	assert_in_range(damage, 1, 2);
	table_walk_end(&w);
	table_writer_drop(&one);
}

int group_block(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(blocks_that_lie, begin, end),
		cmocka_unit_test_setup_teardown(a_bomb, begin, end),
		cmocka_unit_test_setup_teardown(too_few_restart_points, begin, end),
		cmocka_unit_test_setup_teardown(handles_that_lie, begin, end),
		cmocka_unit_test_setup_teardown(many_handles_to_one_block, begin, end),
	};
	return unit_run("block", tests, COUNT(tests));
}
