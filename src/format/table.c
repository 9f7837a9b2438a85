/* table.c — the SSTable that holds a V2 index, and every V1 checkpoint.
 * SPDX-License-Identifier: Apache-2.0
 *
 * All sums are 64 bits wide and compared with what is left before anything is read or
 * allocated: TensorFlow's own decoder adds lengths in 32 bits and reads out of bounds.
 */
#include "config.h"

#include "format/table.h"

#include <inttypes.h>
#include <snappy-c.h>

#include "base/crc32c.h"
#include "base/error.h"

/* A Snappy copy of 64 bytes takes 3: no honest block grows more than this. */
enum { SNAPPY_MOST = 22 };

/* TensorFlow writes 16. A block with none of them would make each lookup a walk. */
enum { MOST_BETWEEN_RESTARTS = 4096 };

static int corrupt_block(const struct table *t, const struct block *b, const uint8_t *at,
			 const char *what, struct ckpt_error *err)
{
	const size_t within = at ? (size_t)(at - b->entries.p) : 0;
	if (b->compressed)
		return error_set(err, CKPT_ECORRUPT, t->file->path,
				 (int64_t)b->handle.offset,
				 "compressed block, byte %zu of it: %s", within, what);
	return error_set(err, CKPT_ECORRUPT, t->file->path,
			 (int64_t)(b->handle.offset + within), "%s", what);
}

static bool read_handle(struct bytes *b, struct handle *h)
{
	return bytes_varint(b, &h->offset) && bytes_varint(b, &h->size);
}

int table_open(struct table *t, struct source *file, uint64_t limit,
	       struct ckpt_error *err)
{
	uint8_t footer[TABLE_FOOTER];
	*t = (struct table){ .file = file, .limit = limit };
	if (file->size < TABLE_FOOTER)
		return error_set(err, CKPT_EFORMAT, file->path, -1,
				 "%" PRIu64
				 " bytes are too few for a table, whose footer alone "
				 "has %d",
				 file->size, TABLE_FOOTER);
	const uint64_t at = file->size - TABLE_FOOTER;
	if (source_read(file, at, footer, sizeof footer, err))
		return -1;
	const uint64_t magic = load_u64le(footer + TABLE_FOOTER - 8);
	if (magic != TABLE_MAGIC)
		return error_set(err, CKPT_EFORMAT, file->path, (int64_t)at + 40,
				 "not a table: its last 8 bytes are %016" PRIx64
				 ", expected %016" PRIx64, magic, TABLE_MAGIC);
	struct bytes b = bytes_of(footer, TABLE_FOOTER - 8);
	if (!read_handle(&b, &t->metaindex) || !read_handle(&b, &t->index))
		return error_set(err, CKPT_ECORRUPT, file->path, (int64_t)at,
				 "the footer's block handles are malformed");
	return 0;
}

bool table_is_one(const char *path)
{
	struct source s;
	struct table t;
	if (source_open(&s, path, NULL))
		return false;
	const int r = table_open(&t, &s, UINT64_MAX, NULL);
	source_close(&s);
	return r == 0;
}

static int check_handle(const struct table *t, struct handle h, struct ckpt_error *err)
{
	const uint64_t room = t->file->size - TABLE_FOOTER;
	if (h.offset > room || h.size > room - h.offset ||
	    room - h.offset - h.size < TABLE_TRAILER)
		return error_set(err, CKPT_ECORRUPT, t->file->path, -1,
				 "a block of %" PRIu64 " bytes at byte %" PRIu64
				 " does not fit into the file's %" PRIu64,
				 h.size, h.offset, t->file->size);
	if (h.size > t->limit)
		return error_set(err, CKPT_ELIMIT, t->file->path, (int64_t)h.offset,
				 "a block has %" PRIu64 " bytes, the limit is %" PRIu64
				 "; --max-memory raises it", h.size, t->limit);
	return 0;
}

static int uncompress(const struct table *t, struct block *b, struct ckpt_error *err)
{
	const char *in = (const char *)b->raw.p;
	size_t size;
	b->compressed = true;
	if (snappy_uncompressed_length(in, b->handle.size, &size) != SNAPPY_OK ||
	    size / SNAPPY_MOST > b->handle.size)
		return corrupt_block(t, b, NULL, "its Snappy length is impossible", err);
	if (size > t->limit)
		return error_set(
			err, CKPT_ELIMIT, t->file->path, (int64_t)b->handle.offset,
			"a block has %zu bytes uncompressed, the limit is %" PRIu64
			"; --max-memory raises it",
			size, t->limit);
	if (buffer_reserve(&b->plain, size ? size : 1, err))
		return -1;
	if (snappy_uncompress(in, b->handle.size, (char *)b->plain.p, &size) != SNAPPY_OK)
		return corrupt_block(t, b, NULL, "its Snappy data is malformed", err);
	b->entries = bytes_of(b->plain.p, size);
	return 0;
}

static int find_restarts(const struct table *t, struct block *b, struct ckpt_error *err)
{
	const size_t n = bytes_left(&b->entries);
	if (n < 4)
		return corrupt_block(t, b, NULL, "a block has no room for its restarts",
				     err);
	const uint64_t count = load_u32le(b->entries.end - 4);
	if (count > (n - 4) / 4)
		return corrupt_block(t, b, b->entries.end - 4,
				     "more restart points than the block can hold", err);
	b->n_restarts = (size_t)count;
	b->entries.end -= 4 * (count + 1);
	b->restarts = b->entries.end;
	if (!count && bytes_left(&b->entries))
		return corrupt_block(t, b, b->restarts, "a block has no restart points",
				     err);
	for (size_t i = 0, last = 0; i < b->n_restarts; i++) {
		const uint32_t at = load_u32le(b->restarts + 4 * i);
		if (i ? at <= last : at != 0)
			return corrupt_block(t, b, b->restarts + 4 * i,
					     "restart points are out of order", err);
		if (i && at >= bytes_left(&b->entries))
			return corrupt_block(t, b, b->restarts + 4 * i,
					     "a restart point lies behind the entries",
					     err);
		last = at;
	}
	b->at = b->entries.p;
	b->key.len = 0;
	return 0;
}

/* Reads a block unless it is the one that is there already. */
static int load(const struct table *t, struct block *b, struct handle h,
		struct ckpt_error *err)
{
	if (b->loaded && b->handle.offset == h.offset && b->handle.size == h.size) {
		b->at = b->entries.p;
		b->key.len = 0;
		return 0;
	}
	b->loaded = b->compressed = false;
	b->handle = h;
	const size_t size = (size_t)h.size;
	if (check_handle(t, h, err) ||
	    buffer_reserve(&b->raw, size + TABLE_TRAILER, err) ||
	    source_read(t->file, h.offset, b->raw.p, size + TABLE_TRAILER, err))
		return -1;
	const uint8_t type = b->raw.p[size];
	const uint32_t stored = crc32c_unmask(load_u32le(b->raw.p + size + 1));
	const uint32_t computed = crc32c(0, b->raw.p, size + 1);
	if (CRC32C_COMPARED && stored != computed)
		return error_set_detail(
			err, DETAIL_CHECKSUM, CKPT_ECORRUPT, t->file->path,
			(int64_t)h.offset,
			"checksum of the block of %zu bytes here is %08x, stored is "
			"%08x",
			size, computed, stored);
	b->entries = bytes_of(b->raw.p, size);
	if (type > 1)
		return error_set(err, CKPT_EUNSUPPORTED, t->file->path,
				 (int64_t)(h.offset + h.size),
				 "block type is %u, expected 0 (plain) or 1 (Snappy)",
				 type);
	if ((type == 1 && uncompress(t, b, err)) || find_restarts(t, b, err))
		return -1;
	b->loaded = true;
	return 0;
}

/* Decodes the entry at b->at: 1, or 0 at the block's end. */
static int next_in_block(const struct table *t, struct block *b, struct ckpt_error *err)
{
	if (b->at >= b->entries.end)
		return 0;
	struct bytes in = { b->at, b->entries.end }, key;
	uint32_t shared, non_shared, value_len;
	if (!bytes_varint32(&in, &shared) || !bytes_varint32(&in, &non_shared) ||
	    !bytes_varint32(&in, &value_len))
		return corrupt_block(t, b, b->at, "an entry's lengths are cut short",
				     err);
	if (shared > b->key.len)
		return corrupt_block(
			t, b, b->at,
			"an entry shares more with the previous key than that has", err);
	if (!bytes_take(&in, non_shared, &key) || !bytes_take(&in, value_len, &b->value))
		return corrupt_block(t, b, b->at, "an entry is longer than its block",
				     err);
	if ((uint64_t)shared + non_shared > TABLE_MAX_KEY)
		return corrupt_block(t, b, b->at, "a key is longer than 1 MiB", err);
	b->key.len = shared;
	if (buffer_append(&b->key, key.p, bytes_left(&key), err))
		return -1;
	b->at = in.p;
	return 1;
}

static int restart_key(const struct table *t, struct block *b, size_t i,
		       struct ckpt_error *err)
{
	b->at = b->entries.p + load_u32le(b->restarts + 4 * i);
	b->key.len = 0;
	return next_in_block(t, b, err);
}

static int compare_key(const struct block *b, struct bytes key)
{
	return bytes_compare(b->key.p, b->key.len, key.p, bytes_left(&key));
}

/* Goes to the first entry with a key not below the one given, and reads it: 1, or 0 if
 * all are below. The binary search over the restart points leaves one
 * interval to walk. */
static int seek_in_block(const struct table *t, struct block *b, struct bytes key,
			 struct ckpt_error *err)
{
	size_t low = 0, high = b->n_restarts;
	while (high - low > 1) {
		const size_t middle = low + (high - low) / 2;
		if (restart_key(t, b, middle, err) < 0)
			return -1;
		if (compare_key(b, key) < 0)
			low = middle;
		else
			high = middle;
	}
	b->at = b->entries.p;
	b->key.len = 0;
	if (low > 0)
		b->at += load_u32le(b->restarts + 4 * low);
	int r;
	size_t walked = 0;
	while ((r = next_in_block(t, b, err)) > 0 && compare_key(b, key) < 0)
		if (++walked > MOST_BETWEEN_RESTARTS)
			return corrupt_block(t, b, b->at,
					     "too few restart points to search it", err);
	return r;
}

static void block_init(struct block *b, uint64_t limit)
{
	*b = (struct block){ .loaded = false };
	buffer_init(&b->raw, limit < UINT64_MAX - TABLE_TRAILER ? limit + TABLE_TRAILER
								: limit);
	buffer_init(&b->plain, limit);
	buffer_init(&b->key, TABLE_MAX_KEY);
}

static void block_drop(struct block *b)
{
	buffer_drop(&b->raw);
	buffer_drop(&b->plain);
	buffer_drop(&b->key);
}

void table_walk_begin(struct table_walk *w, struct table *t)
{
	*w = (struct table_walk){ .table = t };
	block_init(&w->index, t->limit);
	block_init(&w->data, t->limit);
	buffer_init(&w->bound, TABLE_MAX_KEY);
}

void table_walk_end(struct table_walk *w)
{
	block_drop(&w->index);
	block_drop(&w->data);
	buffer_drop(&w->bound);
}

int table_check_metaindex(struct table *t, struct ckpt_error *err)
{
	struct block b;
	block_init(&b, t->limit);
	const int r = load(t, &b, t->metaindex, err);
	block_drop(&b);
	return r;
}

/* Loads the data block that the index entry just read points to. */
static int enter_block(struct table_walk *w, bool in_order, struct ckpt_error *err)
{
	struct handle h;
	struct bytes value = w->index.value;
	if (!read_handle(&value, &h))
		return corrupt_block(w->table, &w->index, w->index.value.p,
				     "a block handle is malformed", err);
	if (in_order && h.offset < w->blocks_end) {
		w->ended = true; /* or a thousand handles could mean one block */
		return corrupt_block(w->table, &w->index, w->index.value.p,
				     "a block overlaps the one before it", err);
	}
	/* Before it is loaded: a damaged block is not gone through again either. */
	if (h.size < w->table->file->size && h.offset < w->table->file->size)
		w->blocks_end = h.offset + h.size + TABLE_TRAILER;
	if (load(w->table, &w->data, h, err))
		return -1;
	w->in_block = true;
	w->misplaced = false;
	return 0;
}

/* A search trusts the index: the keys of a block are above the index's key of the block
 * before, and none is above its own. */
static bool above_bound(const struct table_walk *w, const struct block *b)
{
	return !w->bound.p ||
	       compare_key(b, bytes_of(w->bound.p, w->bound.len)) > 0;
}

static int leave_block(struct table_walk *w, struct ckpt_error *err)
{
	const struct block *index = &w->index;
	const bool placed =
		!w->misplaced && above_bound(w, index) &&
		compare_key(&w->data, bytes_of(index->key.p, index->key.len)) <= 0;
	w->in_block = false;
	w->bound.len = 0;
	if (buffer_reserve(&w->bound, 1, err) ||
	    buffer_append(&w->bound, index->key.p, index->key.len, err))
		return -1;
	if (placed)
		return 0;
	return error_set_detail(err, DETAIL_ORDER, CKPT_ECORRUPT, w->table->file->path,
				(int64_t)w->data.handle.offset,
				"the keys of this block and those of the table's index "
				"are out of order");
}

static void describe(const struct table_walk *w, struct table_entry *e)
{
	const struct block *b = &w->data;
	e->key = bytes_of(b->key.p, b->key.len);
	e->value = b->value;
	e->offset = (int64_t)b->handle.offset;
	if (!b->compressed)
		e->offset += b->value.p - b->raw.p;
}

int table_next(struct table_walk *w, struct table_entry *e, struct ckpt_error *err)
{
	struct table *t = w->table;
	if (!w->ended && !w->index.loaded && load(t, &w->index, t->index, err)) {
		w->ended = true;
		return -1;
	}
	while (!w->ended) {
		if (w->in_block) {
			const bool first = w->data.at == w->data.entries.p;
			const int r = next_in_block(t, &w->data, err);
			if (r > 0 && first)
				w->misplaced = !above_bound(w, &w->data);
			if (r > 0)
				describe(w, e);
			if (r < 0)
				w->in_block = false;
			if (r != 0)
				return r;
			if (leave_block(w, err))
				return -1;
		}
		const int r = next_in_block(t, &w->index, err);
		w->ended = r <= 0;
		if (r <= 0)
			return r;
		if (enter_block(w, true, err))
			return -1;
	}
	return 0;
}

int table_find(struct table_walk *w, struct bytes key, struct table_entry *e,
	       struct ckpt_error *err)
{
	struct table *t = w->table;
	w->in_block = false;
	if (load(t, &w->index, t->index, err))
		return -1;
	int r = seek_in_block(t, &w->index, key, err);
	if (r <= 0)
		return r;
	if (enter_block(w, false, err))
		return -1;
	r = seek_in_block(t, &w->data, key, err);
	if (r <= 0 || compare_key(&w->data, key))
		return r < 0 ? -1 : 0;
	describe(w, e);
	return 1;
}
