/* shards.h — the data files of a checkpoint, opened when they are needed.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_SHARDS_H
#define FORMAT_SHARDS_H

#include "base/arena.h"
#include "base/source.h"
#include "model/values.h"

struct shard;

enum { SHARD_BUCKETS = 1024 };

struct shards {
	struct store store; /* first, so that a store * is a shards * */
	struct arena *arena;
	const char *prefix;
	uint32_t count;     /* in the files' names */
	const char *const *paths; /* count of them, where names follow no prefix */
	struct shard *all;  /* those that were used */
	struct shard *buckets[SHARD_BUCKETS]; /* the same, by number */
	int open;
	bool mapped;
};

void shards_init(struct shards *s, struct arena *a, const char *prefix, uint32_t count);
/* The same of files with names of their own; paths are kept, not copied. */
void shards_init_paths(struct shards *s, struct arena *a, const char *const *paths,
		       uint32_t count);
/* Reads through memory from here on, where base/mapping.h allows it. */
void shards_map(struct shards *s);
void shards_close(struct shards *s);
/* The path of a shard, "PREFIX.data-00003-of-00010"; NULL without memory. Where that
 * file is missing and exactly one other with this number is there (MergeV2Checkpoints
 * can write a count that differs from the header's), that one's. */
const char *shards_path(struct shards *s, uint32_t number);
/* If another file stands for the shard: the path that TensorFlow opens; else NULL. */
const char *shards_wanted(struct shards *s, uint32_t number);
/* The size of a shard, even if it may not be opened; -1 if it is not there (then *size is
 * 0) or no file. */
int shards_size(struct shards *s, uint32_t number, uint64_t *size);
/* EIO if one of the files that were used is not what it was. */
int shards_unchanged(struct shards *s, struct ckpt_error *err);

#endif
