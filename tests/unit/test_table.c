/* test_table.c — tables written here and read back: each key, none besides, damage named.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "base/source.h"
#include "format/table.h"
#include "memory.h"
#include "write_table.h"

/* What a table should hold. */
struct item {
	char key[40];
	size_t key_len, value_len;
	uint8_t value[300];
};

static struct item items[600];
static size_t n_items;
static struct table_writer writer;
static struct memory_file file = { ".index", { NULL, NULL } };
static struct source source;
static struct table table;

static int by_key(const void *x, const void *y)
{
	const struct item *a = x, *b = y;
	return bytes_compare(a->key, a->key_len, b->key, b->key_len);
}

static void make_items(size_t wanted)
{
	for (n_items = 0; n_items < wanted; n_items++) {
		struct item *it = &items[n_items];
		const char *scope = chance_one_in(2) ? "model/layer_" : "model/";
		it->key_len = strlen(strcpy(it->key, n_items ? scope : ""));
		const size_t more = n_items ? chance_below(6) : 0;
		chance_text(it->key + it->key_len, more, "0/a\xff");
		it->key_len += more;
		it->value_len = chance_below(chance_one_in(10) ? sizeof it->value : 30);
		chance_text((char *)it->value, it->value_len, "abcab");
	}
	qsort(items, n_items, sizeof *items, by_key);
	size_t kept = 0;
	for (size_t i = 0; i < n_items; i++)
		if (!kept || by_key(&items[kept - 1], &items[i]))
			items[kept++] = items[i];
	n_items = kept;
}

static void open_bytes(const void *p, size_t n)
{
	struct ckpt_error err = { 0 };
	file.content = bytes_of(p, n);
	assert_int_equal(source_open(&source, "m.index", &err), 0);
	CHECK(table_open(&table, &source, 1 << 20, &err) == 0, "%s", err.text);
}

static void write_items(void)
{
	table_writer_begin(&writer);
	writer.block_size = 30 + chance_below(3000);
	writer.interval = 1 + chance_below(20);
	writer.compress = chance_one_in(2);
	for (size_t i = 0; i < n_items; i++)
		table_writer_add(&writer, items[i].key, items[i].key_len, items[i].value,
				 items[i].value_len);
	table_writer_end(&writer);
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

static bool is_item(const struct table_entry *e, const struct item *it)
{
	return !bytes_compare(e->key.p, bytes_left(&e->key), it->key, it->key_len) &&
	       !bytes_compare(e->value.p, bytes_left(&e->value), it->value,
			      it->value_len);
}

static void check_items(void)
{
	struct table_walk w;
	struct table_entry e;
	table_walk_begin(&w, &table);
	for (size_t i = 0; i < n_items; i++) {
		assert_int_equal(table_next(&w, &e, NULL), 1);
		CHECK(is_item(&e, &items[i]), "item %zu of %zu", i, n_items);
		if (!writer.compress)
			assert_memory_equal(file.content.p + e.offset, items[i].value,
					    items[i].value_len);
	}
	assert_int_equal(table_next(&w, &e, NULL), 0);
	assert_int_equal(table_next(&w, &e, NULL), 0);
	table_walk_end(&w);
}

/* A key near one that is there, or any. */
static size_t other_key(char *key)
{
	const struct item *it = &items[chance_below(n_items)];
	size_t n = it->key_len;
	memcpy(key, it->key, n);
	if (chance_one_in(3) && n)
		n--;
	else if (chance_one_in(2))
		key[n++] = "\0/\xff"[chance_below(3)];
	else if (n)
		key[n - 1] = (char)(key[n - 1] + 1);
	return n;
}

static void check_lookups(void)
{
	struct table_walk w;
	struct table_entry e;
	struct ckpt_error err = { 0 };
	table_walk_begin(&w, &table);
	for (int i = 0; i < 300; i++) {
		const struct item *it = &items[chance_below(n_items)];
		assert_int_equal(table_find(&w, bytes_of(it->key, it->key_len), &e, &err),
				 1);
		assert_true(is_item(&e, it));
		struct item other;
		other.key_len = other_key(other.key);
		const struct item *there =
			bsearch(&other, items, n_items, sizeof other, by_key);
		const int r =
			table_find(&w, bytes_of(other.key, other.key_len), &e, &err);
		CHECK(r == (there != NULL), "%.*s: %s", (int)other.key_len, other.key,
		      err.text);
		if (there)
			assert_true(is_item(&e, there));
	}
	table_walk_end(&w);
}

static void every_key_and_no_other(void **state)
{
	(void)state;
	for (int round = 0; round < 150; round++) {
		make_items(1 + chance_below(round % 3 ? 40 : COUNT(items)));
		write_items();
		open_bytes(writer.file.p, writer.file.len);
		check_items();
		check_lookups();
		source_close(&source);
		table_writer_drop(&writer);
	}
}

static void an_empty_table(void **state)
{
	(void)state;
	struct table_walk w;
	struct table_entry e;
	n_items = 0;
	write_items();
	open_bytes(writer.file.p, writer.file.len);
	table_walk_begin(&w, &table);
	assert_int_equal(table_next(&w, &e, NULL), 0);
	assert_int_equal(table_find(&w, bytes_of("a", 1), &e, NULL), 0);
	table_walk_end(&w);
}

/* Reads all, over damage; returns the items read, in order, as their numbers. */
static size_t read_over_damage(size_t *read, size_t *damage)
{
	struct table_walk w;
	struct table_entry e;
	size_t n = 0, at = 0;
	int r;
	*damage = 0;
	table_walk_begin(&w, &table);
	for (;;) {
		struct ckpt_error err = { 0 };
		r = table_next(&w, &e, &err);
		if (r == 0)
			break;
		if (r < 0) {
			assert_true(err.code == CKPT_ECORRUPT ||
				    err.code == CKPT_EUNSUPPORTED);
			assert_string_equal(err.file, "m.index");
			CHECK(++*damage < 1000, "the walk does not end: %s", err.text);
			continue;
		}
		while (at < n_items && !is_item(&e, &items[at]))
			at++;
		CHECK(at < n_items, "entry %zu was not written", n);
		read[n++] = at++;
	}
	table_walk_end(&w);
	return n;
}

static void one_damaged_block_of_several(void **state)
{
	(void)state;
	if (!CRC32C_COMPARED)
		skip();
	static size_t read[COUNT(items)];
	for (int round = 0; round < 100; round++) {
		size_t damage, first = 0;
		make_items(20 + chance_below(200));
		write_items();
		const size_t hurt = chance_below(writer.n_blocks);
		const struct written_block *b = &writer.blocks[hurt];
		for (size_t i = 0; i < hurt; i++)
			first += writer.blocks[i].n;
		writer.file.p[b->offset + chance_below(b->size + 5)] ^=
			(uint8_t)(1 << chance_below(8));
		open_bytes(writer.file.p, writer.file.len);
		const size_t n = read_over_damage(read, &damage);
		assert_int_equal(damage, 1);
		assert_int_equal(n, n_items - b->n);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(read[i], i < first ? i : i + b->n);
		/* What lies in other blocks is still found. */
		struct table_walk w;
		struct table_entry e;
		table_walk_begin(&w, &table);
		for (size_t i = 0; i < n_items; i++) {
			const bool gone = i >= first && i < first + b->n;
			const struct bytes key = bytes_of(items[i].key, items[i].key_len);
			assert_int_equal(table_find(&w, key, &e, NULL), gone ? -1 : 1);
		}
		table_walk_end(&w);
		table_writer_drop(&writer);
	}
}

/* No bit of a block may change unseen; in the footer, none of the index's handle. */
static void no_flipped_bit_goes_unseen(void **state)
{
	(void)state;
	if (!CRC32C_COMPARED)
		skip();
	static size_t read[COUNT(items)];
	make_items(30);
	write_items();
	const struct written_block last = writer.blocks[writer.n_blocks - 1];
	const size_t metaindex = last.offset + last.size + 5;
	const size_t metaindex_size = writer.compress ? 9 + 1 : 8;
	for (size_t bit = 0; bit < (writer.file.len - 48) * 8; bit++) {
		size_t damage;
		writer.file.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
		open_bytes(writer.file.p, writer.file.len);
		const size_t n = read_over_damage(read, &damage);
		if (bit / 8 < metaindex || bit / 8 >= metaindex + metaindex_size + 5)
			CHECK(damage == 1 && n < n_items, "bit %zu of byte %zu", bit % 8,
			      bit / 8);
		writer.file.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}

static void a_damaged_index(void **state)
{
	(void)state;
	if (!CRC32C_COMPARED)
		skip();
	static size_t read[COUNT(items)];
	struct table_walk w;
	struct table_entry e;
	size_t damage;
	make_items(30);
	write_items();
	writer.file.p[writer.file.len - 48 - 3] ^=
		1; /* the checksum of the index block */
	open_bytes(writer.file.p, writer.file.len);
	assert_int_equal(read_over_damage(read, &damage), 0);
	assert_int_equal(damage, 1);
	table_walk_begin(&w, &table);
	assert_int_equal(table_find(&w, bytes_of("a", 1), &e, NULL), -1);
	assert_int_equal(table_find(&w, bytes_of("a", 1), &e, NULL), -1);
	table_walk_end(&w);
}

static void what_is_no_table(void **state)
{
	(void)state;
	make_items(3);
	write_items();
	for (size_t n = 0; n < writer.file.len; n++) {
		struct ckpt_error err = { 0 };
		file.content = bytes_of(writer.file.p, n);
		assert_int_equal(source_open(&source, "m.index", &err), 0);
		assert_int_equal(table_open(&table, &source, 1 << 20, &err), -1);
		assert_int_equal(err.code, CKPT_EFORMAT);
		assert_string_equal(err.file, "m.index");
	}
	/* Handles whose varints do not end within the footer's 40 bytes. */
	struct ckpt_error err = { 0 };
	memset(writer.file.p + writer.file.len - 48, 0xff, 40);
	file.content = bytes_of(writer.file.p, writer.file.len);
	assert_int_equal(source_open(&source, "m.index", &err), 0);
	assert_int_equal(table_open(&table, &source, 1 << 20, &err), -1);
	assert_int_equal(err.code, CKPT_ECORRUPT);
}

static void limits_are_kept(void **state)
{
	(void)state;
	struct table_walk w;
	struct table_entry e;
	struct ckpt_error err = { 0 };
	make_items(100);
	write_items();
	file.content = bytes_of(writer.file.p, writer.file.len);
	source_open(&source, "m.index", NULL);
	assert_int_equal(table_open(&table, &source, 4, NULL), 0);
	table_walk_begin(&w, &table);
	assert_int_equal(table_next(&w, &e, &err), -1);
	assert_int_equal(err.code, CKPT_ELIMIT);
	table_walk_end(&w);
	/* No limit at all. */
	assert_int_equal(table_open(&table, &source, UINT64_MAX, NULL), 0);
	check_items();
}

int group_table(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_key_and_no_other, begin, end),
		cmocka_unit_test_setup_teardown(an_empty_table, begin, end),
		cmocka_unit_test_setup_teardown(one_damaged_block_of_several, begin, end),
		cmocka_unit_test_setup_teardown(no_flipped_bit_goes_unseen, begin, end),
		cmocka_unit_test_setup_teardown(a_damaged_index, begin, end),
		cmocka_unit_test_setup_teardown(what_is_no_table, begin, end),
		cmocka_unit_test_setup_teardown(limits_are_kept, begin, end),
	};
	return unit_run("table", tests, COUNT(tests));
}
