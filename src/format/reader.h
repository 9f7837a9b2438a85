/* reader.h — what a format must answer, and an open checkpoint from the inside.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A reader describes tensors in pieces and says where the bytes of a piece are; it has no
 * loop over values. Readers do not print, and know nothing of what the user typed.
 */
#ifndef FORMAT_READER_H
#define FORMAT_READER_H

#include "base/arena.h"
#include "model/values.h"

struct graph;
struct reader;

/* What a path was taken for. */
struct located {
	const struct reader *reader;
	const char *given;     /* as the user typed it */
	const char *prefix;    /* "run/model.ckpt-5" */
	const char *folder; /* the folder or state file given, as a folder; else NULL */
	const char *taken_for; /* "prefix", "index file", "latest of a folder", … */
	const char *note;      /* something that had to be worked around; else NULL */
	/* V1: its files, and those of its pattern that are not there. */
	const char **files, **missing;
	uint32_t n_files, n_missing;
	const char *format; /* NULL: the reader's name says it */
	bool as_graph;       /* --as graph: it was asked for */
	const char *tags; /* graphs: the set that is meant, as graph_open() has it */
};

/* A file of a checkpoint. */
struct member {
	const char *path;
	uint64_t size;     /* on disk */
	uint64_t expected; /* at least this much is needed */
	bool exists;
	int64_t shard;     /* its number; -1 for the index */
};

typedef void (*member_fn)(void *arg, const struct member *m);

/* What a file says of itself. */
struct metadata {
	struct ckpt_string key, text;
};

struct reader {
	const char *name; /* "V2 bundle" */
	/* Reads the header or metadata only. */
	int (*open)(struct ckpt *c, struct ckpt_error *err);
	void (*close)(struct ckpt *c);
	/* A reader whose open() has found all tensors (c->loaded) has neither next nor
	 * find.
	 *
	 * The next tensor of the index, in its order: 1 item, 0 end, -1 error; after an
	 * error the next call goes on behind the damage. What the tensor points to is
	 * a's. */
	int (*next)(struct ckpt *c, struct arena *a, struct ckpt_tensor *t,
		    struct ckpt_error *err);
	/* Seeks: 1 found, 0 not there, -1 error. */
	int (*find)(struct ckpt *c, struct arena *a, const char *name, size_t len,
		    struct ckpt_tensor *t, struct ckpt_error *err);
	/* Everything that is not the values: layout, files. The tensors are loaded. */
	int (*check)(struct ckpt *c, ckpt_finding_fn found, void *arg,
		     struct ckpt_error *err);
	/* The checkpoint's files; expected sizes are known once the tensors are
	 * loaded. */
	int (*members)(struct ckpt *c, member_fn fn, void *arg, struct ckpt_error *err);
	/* The files that exist, without looking into them: i = 0, 1, … until NULL. */
	const char *(*file)(struct ckpt *c, size_t i);
	int (*unchanged)(struct ckpt *c, struct ckpt_error *err);
	/* A store of the same files for another thread; it is a's. NULL: no memory. */
	struct store *(*fork)(struct ckpt *c, struct arena *a);
	/* Closes it; EIO if a file has changed since it was opened. */
	int (*join)(struct ckpt *c, struct store *s, struct ckpt_error *err);
	uint32_t (*shards)(const struct ckpt *c);
	/* i = 0, 1, … until NULL; may be NULL, where files say nothing. */
	const struct metadata *(*metadata)(const struct ckpt *c, size_t i);
};

extern const struct reader reader_bundle, reader_slices, reader_graph, reader_npy,
	reader_npz, reader_safetensors;

struct ckpt {
	const struct reader *reader;
	void *state;               /* the reader's own */
	struct store *store;
	struct located at;
	struct arena arena;
	uint64_t limit;
	struct pointers tensors;   /* struct ckpt_tensor, in byte order of their names */
	struct pointers damage;    /* struct ckpt_error: parts of the index not read */
	struct ckpt_error load_error; /* why the list of tensors ends early */
	bool loaded;
	size_t streamed, damage_told; /* of reader_next */
	struct buffer last_name;
	struct values values;      /* of the tensor read last */
	const struct ckpt_tensor *values_of;
	const char *debug_string;
};

/* The tensor of that name among those that are sorted by name; NULL if there is none. */
const struct ckpt_tensor *tensors_search(const struct pointers *tensors, const char *name,
					 size_t len);
/* The graph whose constants are the tensors; NULL if it is no graph. */
const struct graph *graph_of_checkpoint(const struct ckpt *c);
/* Opens what path is for locate(); ckpt_open() decides about folders. */
struct ckpt *reader_open(const char *path, const struct ckpt_options *options,
			 struct ckpt_error *err);
/* ckpt_load(), for who judges a checkpoint as a whole: a V1 checkpoint opens without
 * some of its files, but which tensors it lacks nobody knows. ENOTFOUND. */
int reader_load(struct ckpt *c, struct ckpt_error *err);
/* A tensor by its very name, without loading the rest: 1 found, 0 absent, -1 error. It
 * lives as long as the checkpoint. */
int reader_find(struct ckpt *c, const char *name, size_t len,
		const struct ckpt_tensor **t, struct ckpt_error *err);
/* Streams the tensors once, in the index's order, for those who do not want them kept:
 * 1 item, 0 end, -1 error, as reader->next; names out of order are an error too. What is
 * loaded already is taken from there. */
int reader_next(struct ckpt *c, struct arena *a, struct ckpt_tensor *t,
		struct ckpt_error *err);
/* The tensor's values, kept open until another tensor's are asked for. */
struct values *reader_values(struct ckpt *c, const struct ckpt_tensor *t,
			   struct ckpt_error *err);
/* Closes them: needed before a tensor that is not the checkpoint's own goes away. */
void reader_values_drop(struct ckpt *c);

#endif
