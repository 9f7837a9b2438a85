/* shards.c — the data files of a checkpoint, opened when they are needed.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Names: tensorflow/core/util/tensor_bundle/naming.cc; %05d is a least width. A header
 * may claim two thousand million shards, so nothing here is made per claimed shard.
 */
#include "config.h"

#include "format/shards.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/mapping.h"
#include "format/path.h"

enum { MOST_OPEN = 64 };

struct shard {
	struct shard *next; /* of all */
	struct shard *same; /* of those in its bucket */
	uint32_t number;
	const char *path, *wanted; /* the same unless another was found */
	struct source source;
	struct mapping mapping;
	struct identity identity; /* when it was first opened */
	bool open, used, torn; /* torn: a mapping of it that is closed was */
};

static const char *shard_file(struct store *s, const struct ckpt_piece *p)
{
	const char *path = shards_path((struct shards *)s, p->shard);
	return path ? path : "";
}

/* Finds the only file that is called PREFIX.data-NNNNN-of-something. */
static const char *other_count(struct shards *s, uint32_t number)
{
	const char *base = path_base(s->prefix), *found = NULL;
	const size_t dir_len = (size_t)(base - s->prefix);
	const char *dir = dir_len ? arena_copy(s->arena, s->prefix, dir_len) : ".";
	const char *start = arena_printf(s->arena, "%s.data-%05u-of-", base, number);
	DIR *d = dir && start ? opendir(dir) : NULL;
	size_t n = 0;
	for (struct dirent *e; d && (e = readdir(d));) {
		const size_t len = start ? strlen(start) : 0;
		const char *count = e->d_name + len;
		if (strncmp(e->d_name, start, len) || strlen(count) < 5 ||
		    count[strspn(count, "0123456789")])
			continue;
		n++;
		found = arena_printf(s->arena, "%.*s%s", (int)dir_len, s->prefix,
				     e->d_name);
	}
	if (d)
		closedir(d);
	return n == 1 ? found : NULL;
}

static struct shard *get(struct shards *s, uint32_t number)
{
	struct shard **bucket = &s->buckets[number % SHARD_BUCKETS];
	for (struct shard *at = *bucket; at; at = at->same)
		if (at->number == number)
			return at;
	struct shard *fresh = arena_zeroed(s->arena, 1, sizeof *fresh);
	if (!fresh)
		return NULL;
	fresh->wanted = s->paths ? s->paths[number]
				 : arena_printf(s->arena, "%s.data-%05u-of-%05u",
						s->prefix, number, s->count);
	if (!fresh->wanted)
		return NULL;
	fresh->path = fresh->wanted;
	if (!s->paths && access(fresh->path, F_OK)) {
		const char *other = other_count(s, number);
		fresh->path = other ? other : fresh->path;
	}
	fresh->number = number;
	fresh->same = *bucket;
	*bucket = fresh;
	fresh->next = s->all;
	return s->all = fresh;
}

const char *shards_path(struct shards *s, uint32_t number)
{
	struct shard *shard = get(s, number);
	return shard ? shard->path : NULL;
}

const char *shards_wanted(struct shards *s, uint32_t number)
{
	struct shard *shard = get(s, number);
	return shard && shard->path != shard->wanted ? shard->wanted : NULL;
}

static void close_one(struct shards *s, struct shard *shard)
{
	if (!shard->open)
		return;
	shard->torn |= mapping_torn(&shard->mapping);
	mapping_close(&shard->mapping);
	source_close(&shard->source);
	shard->open = false;
	s->open--;
}

void shards_close(struct shards *s)
{
	for (struct shard *at = s->all; at; at = at->next)
		close_one(s, at);
}

static int open_one(struct shards *s, struct shard *shard, struct ckpt_error *err)
{
	if (shard->open)
		return 0;
	for (struct shard *at = s->all; at && s->open >= MOST_OPEN; at = at->next)
		close_one(s, at);
	struct ckpt_error why = { 0 }, again = { 0 };
	int r = source_open(&shard->source, shard->path, &why);
	if (r && why.code == CKPT_EIO && s->open) { /* too many files may be open */
		shards_close(s);
		r = source_open(&shard->source, shard->path, &again);
	}
	if (r)
		return error_copy(err, &why);
	if (s->mapped)
		mapping_open(&shard->mapping, shard->source.fd, shard->source.size);
	shard->open = true;
	s->open++;
	if (!shard->used)
		shard->identity = shard->source.identity;
	shard->used = true;
	return 0;
}

static int shard_read(struct store *store, const struct ckpt_piece *p, uint64_t at,
		      void *buf, size_t n, struct ckpt_error *err)
{
	struct shards *s = (struct shards *)store;
	struct shard *shard = get(s, p->shard);
	if (!shard)
		return arena_error(s->arena, err);
	if (open_one(s, shard, err))
		return -1;
	return source_read(&shard->source, p->offset + at, buf, n, err);
}

/* Only mapped shards have bytes at hand; they are opened, and mapped, here. */
static const uint8_t *shard_look(struct store *store, const struct ckpt_piece *p,
				 uint64_t at, size_t n)
{
	struct shards *s = (struct shards *)store;
	struct shard *shard = get(s, p->shard);
	if (!shard || open_one(s, shard, NULL) || !shard->mapping.p ||
	    p->offset + at > shard->mapping.size ||
	    n > shard->mapping.size - (p->offset + at))
		return NULL;
	return shard->mapping.p + p->offset + at;
}

static int shard_intact(struct store *store, const struct ckpt_piece *p,
			struct ckpt_error *err)
{
	struct shards *s = (struct shards *)store;
	const struct shard *shard = get(s, p->shard);
	if (!shard || (!shard->torn && !mapping_torn(&shard->mapping)))
		return 0;
	return error_set(err, CKPT_EIO, shard->path, -1,
			 "cannot be read, or became shorter while it was read");
}

static void shard_release(struct store *store, const struct ckpt_piece *p, uint64_t at,
			  uint64_t n)
{
	const struct shard *shard = get((struct shards *)store, p->shard);
	if (shard && shard->open && p->offset + at + n <= shard->mapping.size)
		mapping_release(&shard->mapping, p->offset + at, n);
}

/* From here on files are mapped where that is allowed and pays. */
void shards_map(struct shards *s)
{
	s->mapped = true;
	s->store.look = shard_look;
	s->store.intact = shard_intact;
	s->store.release = shard_release;
}

void shards_init(struct shards *s, struct arena *a, const char *prefix, uint32_t count)
{
	*s = (struct shards){ .store = { .read = shard_read, .file = shard_file },
			      .arena = a,
			      .prefix = prefix,
			      .count = count };
}

void shards_init_paths(struct shards *s, struct arena *a, const char *const *paths,
		       uint32_t count)
{
	shards_init(s, a, NULL, count);
	s->paths = paths;
}

int shards_size(struct shards *s, uint32_t number, uint64_t *size)
{
	struct shard *shard = get(s, number);
	struct ckpt_error err = { 0 };
	struct identity there;
	*size = 0;
	if (!shard)
		return -1;
	if (!open_one(s, shard, &err)) {
		*size = shard->source.size;
		return 0;
	}
	/* It may be there, but not for us, or not now: too many files are open. */
	if (err.code != CKPT_EIO || source_identify(shard->path, &there))
		return -1;
	*size = there.size;
	return 0;
}

int shards_unchanged(struct shards *s, struct ckpt_error *err)
{
	for (struct shard *at = s->all; at; at = at->next) {
		struct identity now;
		if (!at->used)
			continue;
		if (at->torn || mapping_torn(&at->mapping))
			return error_set(err, CKPT_EIO, at->path, -1,
					 "cannot be read, or became shorter while it was "
					 "read");
		if (source_identify(at->path, &now))
			return error_errno(err, at->path, "cannot stat");
		if (!identity_same(&now, &at->identity))
			return error_set(
				err, CKPT_EIO, at->path, -1,
				"changed while it was read; nothing said about it "
				"holds");
	}
	return 0;
}
