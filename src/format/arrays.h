/* arrays.h — what .npy, .npz and .safetensors share: files of arrays, no checkpoints.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Their tensors are known when they are open, each is one piece of one file, and the
 * files have names of their own. A file's number is its pieces' shard.
 */
#ifndef FORMAT_ARRAYS_H
#define FORMAT_ARRAYS_H

#include "base/inflate.h"
#include "format/finding.h"
#include "format/npy.h"
#include "format/reader.h"
#include "format/shards.h"
#include "format/zip.h"

/* Reads pieces, deflated ones as well. One for each thread. */
struct array_store {
	struct shards shards; /* first, so that a store * is an array_store * */
	struct store plain;   /* how the shards read what is not deflated */
	const struct zip *zip;
	struct inflater inflater; /* of the member at */
	uint64_t at;
};

struct arrays {
	struct array_store store;
	struct arena *arena;
	struct zip zip; /* .npz */
	const char **paths;
	uint64_t *expected; /* bytes that each file's tensors need */
	/* What each file was when its header was read; zero: it never was. */
	struct identity *seen;
	uint32_t n_files, n_shards; /* shards: those that may have tensors */
	struct pointers tensors;    /* struct ckpt_tensor, by name once they are sorted */
	struct pointers metadata;   /* struct metadata (.safetensors) */
	size_t next;
	/* Of a list of shards (.safetensors): tensors that it lacks, or has elsewhere. */
	uint64_t unlisted, misplaced;
	const char *unlisted_name, *misplaced_name; /* the first ones */
	uint32_t next_file;			    /* of arrays_file() */
};

/* Makes c's state of these files; paths are kept. NULL without memory. */
struct arrays *arrays_begin(struct ckpt *c, const char **paths, uint32_t n,
			    struct ckpt_error *err);
/* Adds a tensor to be filled in; its name is copied. NULL without memory. */
struct ckpt_tensor *arrays_add(struct arrays *s, const char *name, size_t len,
			       struct ckpt_error *err);
/* Its shape: dims are copied. -1 without memory. */
int arrays_shape(struct arrays *s, struct ckpt_tensor *t, const int64_t *dims, int rank,
		 uint64_t elements, struct ckpt_error *err);
/* Its only piece, zeroed; size is what there is of it. NULL without memory. */
struct ckpt_piece *arrays_piece(struct arrays *s, struct ckpt_tensor *t, uint32_t file,
				uint64_t offset, uint64_t size, struct ckpt_error *err);
/* The tensor that a .npy header describes: its bytes begin at offset. */
struct ckpt_piece *arrays_npy(struct arrays *s, struct ckpt_tensor *t,
			      const struct npy *n, uint32_t file, uint64_t offset,
			      struct ckpt_error *err);
/* Passes an error on, which is about this file if it names none; returns -1. */
int arrays_named(struct arrays *s, uint32_t file, const struct ckpt_error *why,
		 struct ckpt_error *err);
/* Makes it the tensor's own error. -1 without memory. */
int arrays_problem(struct arrays *s, struct ckpt_tensor *t, uint32_t file,
		   const struct ckpt_error *why, struct ckpt_error *err);
/* Sorts the tensors; ECORRUPT if two have one name. */
int arrays_end(struct arrays *s, struct ckpt_error *err);
/* Files that are missing or too short; `longer` is found if one is too long. What is
 * expected of a file may be 0, not known. */
void arrays_check_files(struct arrays *s, const struct finder *f,
			enum finding_code longer);

/* The functions of a reader (reader.h). */
void arrays_close(struct ckpt *c);
int arrays_next(struct ckpt *c, struct arena *a, struct ckpt_tensor *t,
		struct ckpt_error *err);
int arrays_find(struct ckpt *c, struct arena *a, const char *name, size_t len,
		struct ckpt_tensor *t, struct ckpt_error *err);
int arrays_members(struct ckpt *c, member_fn fn, void *arg, struct ckpt_error *err);
const char *arrays_file(struct ckpt *c, size_t i);
int arrays_unchanged(struct ckpt *c, struct ckpt_error *err);
struct store *arrays_fork(struct ckpt *c, struct arena *a);
int arrays_join(struct ckpt *c, struct store *store, struct ckpt_error *err);
uint32_t arrays_shards(const struct ckpt *c);

#define ARRAYS_READER                                                                    \
	.close = arrays_close, .next = arrays_next, .find = arrays_find,                 \
	.members = arrays_members, .file = arrays_file, .unchanged = arrays_unchanged,   \
	.fork = arrays_fork, .join = arrays_join, .shards = arrays_shards

#endif
