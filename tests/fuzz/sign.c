/* sign.c — makes the checksums of a table good, so that what lies behind them is reached.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A lenient reader of its own: what it does not understand it leaves alone. Blocks that
 * overlap spoil each other's checksums, always in the same way.
 */
#include "config.h"

#include "sign.h"

#include <snappy-c.h>

#include "base/crc32c.h"

enum { FOOTER = 48, TRAILER = 5, MOST = 1 << 20 };

struct span {
	uint64_t offset, size;
};

static bool read_span(struct bytes *b, struct span *s)
{
	return bytes_varint(b, &s->offset) && bytes_varint(b, &s->size);
}

static bool sign_block(uint8_t *file, size_t n, struct span s)
{
	const uint64_t room = n - FOOTER;
	if (s.size > room || s.offset > room - s.size ||
	    room - s.size - s.offset < TRAILER)
		return false;
	uint8_t *trailer = file + s.offset + s.size;
	const uint32_t crc = crc32c_mask(crc32c(0, file + s.offset, (size_t)s.size + 1));
	for (int i = 0; i < 4; i++)
		trailer[1 + i] = (uint8_t)(crc >> (8 * i));
	return true;
}

/* The values of an index block are the places of the blocks. */
static void sign_blocks(uint8_t *file, size_t n, struct bytes index)
{
	uint32_t shared, non_shared, value_len;
	struct bytes value;
	struct span s;
	while (bytes_varint32(&index, &shared) && bytes_varint32(&index, &non_shared) &&
	       bytes_varint32(&index, &value_len) && bytes_skip(&index, non_shared) &&
	       bytes_take(&index, value_len, &value))
		if (read_span(&value, &s))
			sign_block(file, n, s);
}

void sign_table(uint8_t *file, size_t n)
{
	static char plain[MOST];
	size_t len = MOST;
	struct span metaindex, index;
	if (n < FOOTER)
		return;
	struct bytes footer = bytes_of(file + n - FOOTER, FOOTER - 8);
	if (!read_span(&footer, &metaindex) || !read_span(&footer, &index) ||
	    !sign_block(file, n, index))
		return;
	const char *block = (const char *)file + index.offset;
	const size_t size = (size_t)index.size;
	if (file[index.offset + index.size] == 0)
		sign_blocks(file, n, bytes_of(block, size));
	else if (snappy_uncompress(block, size, plain, &len) == SNAPPY_OK)
		sign_blocks(file, n, bytes_of(plain, len));
	sign_block(file, n, index); /* once more, should a block lie over it */
}
