/* make_big.c — writes a large V2 checkpoint for measuring: make_big PREFIX TENSORS BYTES [SEED].
 * SPDX-License-Identifier: Apache-2.0
 *
 * TENSORS float32 vectors of BYTES bytes each, in one shard, under names as training gives
 * them. A table writer of its own: blocks of 256 KiB, a restart every 16 keys, no Snappy, as
 * TensorFlow writes them.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/crc32c.h"

enum { BLOCK = 256 << 10, RESTART = 16 };

/* A block that is being filled. */
struct builder {
	struct buffer b, restarts;
	char last[256];
	size_t last_len, entries;
};

static void put(struct buffer *b, const void *p, size_t n)
{
	if (buffer_append(b, p, n, NULL))
		abort();
}

static void put_varint(struct buffer *b, uint64_t v)
{
	uint8_t coded[10];
	size_t n = 0;
	for (; v >= 0x80; v >>= 7)
		coded[n++] = (uint8_t)(v | 0x80);
	coded[n++] = (uint8_t)v;
	put(b, coded, n);
}

static void put_u32(struct buffer *b, uint32_t v)
{
	put(b, &v, 4); /* little-endian machines only: this is a benchmark */
}

static void add(struct builder *t, const char *key, size_t len, const void *value, size_t n)
{
	size_t shared = 0;
	if (t->entries++ % RESTART)
		while (shared < len && shared < t->last_len && key[shared] == t->last[shared])
			shared++;
	else
		put_u32(&t->restarts, (uint32_t)t->b.len);
	put_varint(&t->b, shared);
	put_varint(&t->b, len - shared);
	put_varint(&t->b, n);
	put(&t->b, key + shared, len - shared);
	put(&t->b, value, n);
	memcpy(t->last, key, len);
	t->last_len = len;
}

static void finish(struct builder *t, FILE *out, uint64_t *offset, struct buffer *handle)
{
	if (!t->restarts.len) /* an empty block has one restart point all the same */
		put_u32(&t->restarts, 0);
	put(&t->b, t->restarts.p, t->restarts.len);
	put_u32(&t->b, (uint32_t)(t->restarts.len / 4));
	handle->len = 0;
	put_varint(handle, *offset);
	put_varint(handle, t->b.len);
	put(&t->b, "", 1);
	put_u32(&t->b, crc32c_mask(crc32c(0, t->b.p, t->b.len)));
	fwrite(t->b.p, 1, t->b.len, out);
	*offset += t->b.len;
	t->b.len = t->restarts.len = t->last_len = t->entries = 0;
}

static void entry(struct buffer *to, uint64_t elements, uint64_t offset, uint32_t crc)
{
	struct buffer dim;
	buffer_init(&dim, 64);
	to->len = 0;
	put(&dim, "\x08", 1);
	put_varint(&dim, elements);
	put(to, "\x08\x01\x12", 3);
	put_varint(to, dim.len + 2);
	put(to, "\x12", 1);
	put_varint(to, dim.len);
	put(to, dim.p, dim.len);
	put(to, "\x20", 1);
	put_varint(to, offset);
	put(to, "\x28", 1);
	put_varint(to, elements * 4);
	put(to, "\x35", 1);
	put_u32(to, crc32c_mask(crc));
	buffer_drop(&dim);
}

static FILE *create(const char *prefix, const char *ending)
{
	char path[4096];
	snprintf(path, sizeof path, "%s%s", prefix, ending);
	FILE *f = fopen(path, "wb");
	if (!f) {
		perror(path);
		exit(2);
	}
	return f;
}

static uint32_t write_data(FILE *out, uint64_t elements, uint64_t seed)
{
	static float values[1 << 16];
	uint32_t crc = 0;
	for (uint64_t done = 0; done < elements;) {
		const size_t n = elements - done < 1 << 16 ? (size_t)(elements - done) : 1 << 16;
		for (size_t i = 0; i < n; i++) {
			seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
			values[i] = (float)((int64_t)seed >> 40) * 1e-7f;
		}
		crc = crc32c(crc, values, n * 4);
		fwrite(values, 4, n, out);
		done += n;
	}
	return crc;
}

int main(int argc, char **argv)
{
	if (argc != 4 && argc != 5) {
		fputs("usage: make_big PREFIX TENSORS BYTES [SEED]\n", stderr);
		return 2;
	}
	const uint64_t tensors = strtoull(argv[2], NULL, 10);
	const uint64_t elements = strtoull(argv[3], NULL, 10) / 4;
	const uint64_t seed = argc == 5 ? strtoull(argv[4], NULL, 10) : 0;
	FILE *index = create(argv[1], ".index"), *data = create(argv[1], ".data-00000-of-00001");
	struct builder block = { .entries = 0 }, top = { .entries = 0 };
	struct buffer value, handle;
	uint64_t offset = 0, at = 0;
	char name[128];
	buffer_init(&block.b, UINT32_MAX), buffer_init(&block.restarts, UINT32_MAX);
	buffer_init(&top.b, UINT32_MAX), buffer_init(&top.restarts, UINT32_MAX);
	buffer_init(&value, UINT32_MAX), buffer_init(&handle, UINT32_MAX);
	add(&block, "", 0, "\x08\x01\x1a\x02\x08\x01", 6);
	for (uint64_t i = 0; i < tensors; i++) {
		const int n = snprintf(name, sizeof name, "tower_%03" PRIu64 "/layer_%04" PRIu64
				       "/kernel_%02" PRIu64, i / 10000, i / 10 % 1000, i % 10);
		entry(&value, elements, at, write_data(data, elements, seed + i));
		at += elements * 4;
		add(&block, name, (size_t)n, value.p, value.len);
		if (block.b.len >= BLOCK || i + 1 == tensors) {
			finish(&block, index, &offset, &handle);
			add(&top, name, (size_t)n, handle.p, handle.len);
		}
	}
	struct buffer footer;
	buffer_init(&footer, 64);
	finish(&block, index, &offset, &handle); /* the metaindex: an empty block */
	put(&footer, handle.p, handle.len);
	finish(&top, index, &offset, &handle);
	put(&footer, handle.p, handle.len);
	while (footer.len < 40)
		put(&footer, "", 1);
	put(&footer, "\x57\xfb\x80\x8b\x24\x75\x47\xdb", 8);
	fwrite(footer.p, 1, footer.len, index);
	return fclose(index) | fclose(data) ? 2 : 0;
}
