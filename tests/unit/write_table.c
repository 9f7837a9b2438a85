/* write_table.c — writes tables for tests, by other code than that which reads them.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "write_table.h"

#include <snappy-c.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"

static void put(struct buffer *b, const void *p, size_t n)
{
	if (buffer_append(b, p, n, NULL))
		abort();
}

static void put_varint(struct buffer *b, uint64_t v)
{
	uint8_t byte;
	for (; v >= 0x80; v >>= 7) {
		byte = (uint8_t)(v | 0x80);
		put(b, &byte, 1);
	}
	byte = (uint8_t)v;
	put(b, &byte, 1);
}

static void put_u32(struct buffer *b, uint32_t v)
{
	const uint8_t coded[] = { (uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16),
				  (uint8_t)(v >> 24) };
	put(b, coded, 4);
}

static void block_begin(struct open_block *b)
{
	b->bytes.len = b->restarts.len = b->last.len = b->n = 0;
}

static void block_add(struct open_block *b, size_t interval, const uint8_t *key,
		      size_t key_len, const void *value, size_t value_len)
{
	size_t shared = 0;
	if (b->n++ % interval == 0)
		put_u32(&b->restarts, (uint32_t)b->bytes.len);
	else
		while (shared < key_len && shared < b->last.len &&
		       key[shared] == b->last.p[shared])
			shared++;
	put_varint(&b->bytes, shared);
	put_varint(&b->bytes, key_len - shared);
	put_varint(&b->bytes, value_len);
	if (key_len > shared)
		put(&b->bytes, key + shared, key_len - shared);
	put(&b->bytes, value, value_len);
	b->last.len = 0;
	put(&b->last, key, key_len);
}

/* Contents and trailer into the file; what was written. */
static struct written_block block_end(struct table_writer *w, struct open_block *b)
{
	struct written_block written = { .offset = w->file.len, .n = b->n };
	char *packed = NULL;
	if (!b->n)
		put_u32(&b->restarts, 0);
	put(&b->bytes, b->restarts.p, b->restarts.len);
	put_u32(&b->bytes, (uint32_t)(b->restarts.len / 4));
	const char *plain = (const char *)b->bytes.p;
	written.size = b->bytes.len;
	if (w->compress) {
		written.size = snappy_max_compressed_length(b->bytes.len);
		packed = malloc(written.size);
		if (!packed ||
		    snappy_compress(plain, b->bytes.len, packed, &written.size))
			abort();
	}
	put(&w->file, packed ? packed : plain, written.size);
	put(&w->file, packed ? "\1" : "\0", 1);
	put_u32(&w->file, 0);
	table_sign(w->file.p, written.offset, written.size);
	free(packed);
	block_begin(b);
	return written;
}

void table_sign(uint8_t *file, size_t offset, size_t n)
{
	const uint32_t crc = crc32c_mask(crc32c_table(0, file + offset, n + 1));
	for (size_t i = 0; i < 4; i++)
		file[offset + n + 1 + i] = (uint8_t)(crc >> (8 * i));
}

static void finish_block(struct table_writer *w)
{
	if (!w->data.n)
		return;
	if (w->n_blocks == sizeof w->blocks / sizeof *w->blocks)
		abort();
	struct buffer last, handle;
	buffer_init(&last, SIZE_MAX);
	buffer_init(&handle, SIZE_MAX);
	put(&last, w->data.last.p, w->data.last.len);
	const struct written_block b = w->blocks[w->n_blocks++] = block_end(w, &w->data);
	put_varint(&handle, b.offset);
	put_varint(&handle, b.size);
	block_add(&w->index, 1, last.p, last.len, handle.p, handle.len);
	buffer_drop(&last);
	buffer_drop(&handle);
}

void table_writer_begin(struct table_writer *w)
{
	memset(w, 0, sizeof *w);
	w->block_size = 4096;
	w->interval = 16;
	struct buffer *const buffers[] = { &w->file,	      &w->data.bytes,
					   &w->data.restarts, &w->data.last,
					   &w->index.bytes,   &w->index.restarts,
					   &w->index.last };
	for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++)
		buffer_init(buffers[i], SIZE_MAX);
}

void table_writer_add(struct table_writer *w, const void *key, size_t key_len,
		      const void *value, size_t value_len)
{
	block_add(&w->data, w->interval, key, key_len, value, value_len);
	if (w->data.bytes.len >= w->block_size)
		finish_block(w);
}

void table_writer_add_block(struct table_writer *w, const char *key, const void *block,
			    size_t n, uint8_t type)
{
	struct buffer handle;
	finish_block(w);
	buffer_init(&handle, SIZE_MAX);
	put_varint(&handle, w->file.len);
	put_varint(&handle, n);
	block_add(&w->index, 1, (const uint8_t *)key, strlen(key), handle.p, handle.len);
	const size_t offset = w->file.len;
	put(&w->file, block, n);
	put(&w->file, &type, 1);
	put_u32(&w->file, 0);
	table_sign(w->file.p, offset, n);
	buffer_drop(&handle);
}

void table_writer_end(struct table_writer *w)
{
	static const uint8_t magic[] = { 0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb };
	static const uint8_t zeros[40];
	finish_block(w);
	const struct written_block metaindex = block_end(w, &w->data);
	const struct written_block index = block_end(w, &w->index);
	const size_t footer = w->file.len;
	put_varint(&w->file, metaindex.offset);
	put_varint(&w->file, metaindex.size);
	put_varint(&w->file, index.offset);
	put_varint(&w->file, index.size);
	put(&w->file, zeros, 40 - (w->file.len - footer));
	put(&w->file, magic, 8);
}

void table_writer_drop(struct table_writer *w)
{
	buffer_drop(&w->file);
	for (struct open_block *b = &w->data; b; b = b == &w->data ? &w->index : NULL) {
		buffer_drop(&b->bytes);
		buffer_drop(&b->restarts);
		buffer_drop(&b->last);
	}
}
