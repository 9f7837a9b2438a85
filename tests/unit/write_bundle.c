/* write_bundle.c — writes V2 checkpoints for tests: any names, dtypes and bytes.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "write_bundle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "format/slicekey.h"
#include "unit.h"
#include "write_table.h"

struct entry {
	const char *key;
	size_t key_len;
	struct buffer message;
};

static void put(struct buffer *b, const void *p, size_t n)
{
	assert_int_equal(buffer_append(b, p, n, NULL), 0);
}

static void put_varint(struct buffer *b, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		put(b, &(uint8_t){ (uint8_t)(v | 0x80) }, 1);
	put(b, &(uint8_t){ (uint8_t)v }, 1);
}

static void put_field(struct buffer *b, uint8_t tag, uint64_t v)
{
	put(b, &tag, 1);
	put_varint(b, v);
}

static size_t varint_size(uint64_t v)
{
	size_t n = 1;
	while (v >>= 7)
		n++;
	return n;
}

void bundle_writer_begin(struct bundle_writer *w)
{
	*w = (struct bundle_writer){ 0 };
	arena_init(&w->arena, UINT64_MAX);
	buffer_init(&w->data, SIZE_MAX);
	buffer_reserve(&w->data, 1, NULL); /* never NULL */
}

/* An entry with its dtype and a shape of one dimension. */
static struct entry *new_entry(struct bundle_writer *w, const void *key, size_t key_len,
			       int dtype, uint64_t n)
{
	struct entry *e = arena_zeroed(&w->arena, 1, sizeof *e);
	assert_non_null(e);
	e->key = arena_copy(&w->arena, key, key_len);
	e->key_len = key_len;
	buffer_init(&e->message, SIZE_MAX);
	assert_int_equal(pointers_add(&w->entries, e), 0);
	put_field(&e->message, 0x08, (uint64_t)dtype);
	put_field(&e->message, 0x12, 3 + varint_size(n));
	put_field(&e->message, 0x12, 1 + varint_size(n));
	put_field(&e->message, 0x08, n);
	return e;
}

static void store(struct bundle_writer *w, struct entry *e, const void *p, size_t size,
		  uint32_t crc)
{
	const uint32_t masked = crc32c_mask(crc);
	put_field(&e->message, 0x20, w->data.len);
	put_field(&e->message, 0x28, size);
	put(&e->message, "\x35", 1);
	put(&e->message, &masked, 4);
	put(&w->data, p, size);
}

void bundle_writer_add(struct bundle_writer *w, const char *name, size_t name_len,
		       int dtype, uint64_t n, const void *p, size_t size)
{
	store(w, new_entry(w, name, name_len, dtype, n), p, size, crc32c(0, p, size));
}

void bundle_writer_floats(struct bundle_writer *w, const char *name, uint64_t n,
			  const float *values)
{
	bundle_writer_add(w, name, strlen(name), CKPT_FLOAT32, n, values, (size_t)n * 4);
}

void bundle_writer_strings(struct bundle_writer *w, const char *name, uint64_t n,
			   const char *const *strings)
{
	struct buffer b;
	uint32_t crc = 0;
	buffer_init(&b, SIZE_MAX);
	for (uint64_t i = 0; i < n; i++) {
		const uint32_t len = (uint32_t)strlen(strings[i]);
		put_varint(&b, len);
		crc = crc32c(crc, &len, 4);
	}
	const uint32_t masked = crc32c_mask(crc);
	put(&b, &masked, 4);
	crc = crc32c(crc, &masked, 4);
	for (uint64_t i = 0; i < n; i++) {
		put(&b, strings[i], strlen(strings[i]));
		crc = crc32c(crc, strings[i], strlen(strings[i]));
	}
	store(w, new_entry(w, name, strlen(name), CKPT_STRING, n), b.p, b.len, crc);
	buffer_drop(&b);
}

void bundle_writer_halves(struct bundle_writer *w, const char *name, uint64_t n,
			  const float *values)
{
	struct buffer key;
	struct entry *whole = new_entry(w, name, strlen(name), CKPT_FLOAT32, n);
	for (uint64_t half = 0; half < 2; half++) {
		const uint64_t length = half ? n - n / 2 : n / 2;
		const int64_t start = half ? (int64_t)(n / 2) : 0;
		const int64_t extent = (int64_t)length;
		const size_t size = 2 + varint_size((uint64_t)start) + varint_size(length);
		buffer_init(&key, 1000);
		slicekey_encode(&key, name, strlen(name), 1, &start, &extent, NULL);
		struct entry *e =
			new_entry(w, key.p, key.len, CKPT_FLOAT32, length);
		const void *p = values + start;
		store(w, e, p, (size_t)length * 4, crc32c(0, p, (size_t)length * 4));
		buffer_drop(&key);
		put_field(&whole->message, 0x3a, 1 + varint_size(size) + size);
		put_field(&whole->message, 0x0a, size);
		put_field(&whole->message, 0x08, (uint64_t)start);
		put_field(&whole->message, 0x10, length);
	}
}

static int by_key(const void *x, const void *y)
{
	const struct entry *a = *(struct entry *const *)x, *b = *(struct entry *const *)y;
	return bytes_compare(a->key, a->key_len, b->key, b->key_len);
}

const char *bundle_writer_end(struct bundle_writer *w)
{
	static char paths[8][64];
	static size_t next;
	static struct table_writer table;
	static const char *folder; /* for all of them: their number is limited */
	char name[64], *path = paths[next % COUNT(paths)];
	folder = folder ? folder : unit_folder();
	snprintf(path, sizeof *paths, "%s/m%zu", folder, next++);
	if (w->entries.n)
		qsort(w->entries.p, w->entries.n, sizeof *w->entries.p, by_key);
	table_writer_begin(&table);
	table.block_size = 1 << 18;
	table_writer_add(&table, "", 0,
			 w->big_endian ? "\x08\x01\x10\x01\x1a\x02\x08\x01"
				       : "\x08\x01\x1a\x02\x08\x01",
			 w->big_endian ? 8 : 6);
	for (size_t i = 0; i < w->entries.n; i++) {
		struct entry *e = w->entries.p[i];
		table_writer_add(&table, e->key, e->key_len, e->message.p,
				 e->message.len);
		buffer_drop(&e->message);
	}
	table_writer_end(&table);
	snprintf(name, sizeof name, "%s.index", strrchr(path, '/') + 1);
	unit_write(folder, name, table.file.p, table.file.len);
	snprintf(name, sizeof name, "%s.data-00000-of-00001", strrchr(path, '/') + 1);
	unit_write(folder, name, w->data.p, w->data.len);
	table_writer_drop(&table);
	buffer_drop(&w->data);
	pointers_drop(&w->entries);
	arena_drop(&w->arena);
	return path;
}
