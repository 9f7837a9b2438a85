/* table.h — the SSTable that holds a V2 index, and every V1 checkpoint.
 * SPDX-License-Identifier: Apache-2.0
 *
 *	[data block] … [metaindex block] [index block] [footer]
 *
 *	block    contents, then a trailer: type (0 plain, 1 Snappy), masked CRC-32C of
 *	         contents and type
 *	contents entries; restart offsets, u32 each; their number, u32
 *	entry    varint32 shared, non_shared, value_len; key[non_shared]; value
 *	         (prefix compression: shared bytes come from the previous key, none at a
 *	         restart point)
 *	index    key: not below its block's last key, below the next block's first;
 *	         value: the block's handle (offset, size: varint64 each)
 *	footer   48 bytes: two handles (metaindex, index), zeros, magic
 *
 * tsl/lib/io/{format,block,table,table_builder}.cc. Blocks are read when they are needed,
 * always with their checksum.
 */
#ifndef FORMAT_TABLE_H
#define FORMAT_TABLE_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/source.h"

#define TABLE_MAGIC UINT64_C(0xdb4775248b80fb57)
enum { TABLE_FOOTER = 48, TABLE_TRAILER = 5, TABLE_MAX_KEY = 1 << 20 };

/* Where a block is; size is without its trailer. */
struct handle {
	uint64_t offset, size;
};

/* One decoded block and a place in it. */
struct block {
	struct buffer raw, plain; /* as stored; uncompressed, if it was compressed */
	struct handle handle;
	struct bytes entries;     /* of the whole block, restarts excluded */
	const uint8_t *restarts;
	size_t n_restarts;
	const uint8_t *at;        /* the next entry */
	struct buffer key;        /* of the entry read last */
	struct bytes value;
	bool loaded, compressed;
};

struct table {
	struct source *file;
	struct handle metaindex, index;
	uint64_t limit;
};

/* A place in the table, at first before its first entry. */
struct table_walk {
	struct table *table;
	struct block index, data;
	/* blocks come one after the other: where the last one ended, and its key in
	 * the index */
	uint64_t blocks_end;
	struct buffer bound;
	bool in_block, ended, misplaced;
};

struct table_entry {
	struct bytes key, value; /* until the next call on the walk */
	/* of the value in the file; of its block, if compressed */
	int64_t offset;
};

/* Reads the footer. EFORMAT: not a table. The source must outlive the table; limit bounds
 * each block's size in memory. */
int table_open(struct table *t, struct source *file, uint64_t limit,
	       struct ckpt_error *err);

/* True if the file ends as a table does; nothing more of it is read. */
bool table_is_one(const char *path);

void table_walk_begin(struct table_walk *w, struct table *t);
void table_walk_end(struct table_walk *w);
/* Reads what no search needs: the metaindex block, which TensorFlow leaves empty. */
int table_check_metaindex(struct table *t, struct ckpt_error *err);
/* 1 entry, 0 end, -1 damage. After damage the next call goes on behind the damaged
 * block. */
int table_next(struct table_walk *w, struct table_entry *e, struct ckpt_error *err);
/* Finds one key by binary search: 1 found, 0 not there, -1 damage. A walk serves either
 * for this or for table_next, not for both. */
int table_find(struct table_walk *w, struct bytes key, struct table_entry *e,
	       struct ckpt_error *err);

#endif
