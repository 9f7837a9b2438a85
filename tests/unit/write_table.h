/* write_table.h — writes tables for tests, by other code than that which reads them.
 * SPDX-License-Identifier: Apache-2.0
 *
 *	struct table_writer w;
 *	table_writer_begin(&w);
 *	w.block_size = 200;
 *	table_writer_add(&w, "", 0, header, header_len);
 *	…
 *	table_writer_end(&w);
 *	… w.file.p, w.file.len …
 *	table_writer_drop(&w);
 */
#ifndef UNIT_WRITE_TABLE_H
#define UNIT_WRITE_TABLE_H

#include "base/arena.h"

/* A block as it was written. */
struct written_block {
	size_t offset, size; /* without its trailer */
	size_t n;	     /* entries */
};

struct table_writer {
	size_t block_size; /* a block ends when it has so many bytes */
	size_t interval;   /* entries from restart to restart */
	bool compress;
	struct buffer file;
	struct written_block blocks[512];
	size_t n_blocks;
	/* The block being written, and the index. */
	struct open_block {
		struct buffer bytes, restarts, last;
		size_t n;
	} data, index;
};

void table_writer_begin(struct table_writer *w);
/* Keys must come in order. */
void table_writer_add(struct table_writer *w, const void *key, size_t key_len,
		      const void *value, size_t value_len);
/* A data block with these bytes and this type; its entry in the index is key. */
void table_writer_add_block(struct table_writer *w, const char *key, const void *block,
			    size_t n, uint8_t type);
void table_writer_end(struct table_writer *w);
void table_writer_drop(struct table_writer *w);
/* Makes the checksum of the n bytes at offset, a block without trailer, good again. */
void table_sign(uint8_t *file, size_t offset, size_t n);

#endif
