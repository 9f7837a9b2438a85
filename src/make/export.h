/* export.h — tensors as files that other programs read.
 * SPDX-License-Identifier: Apache-2.0
 *
 * An export is planned before anything is written: names, dtypes, shapes, whether the
 * format can hold them. Then each tensor is read once, in blocks; its checksums are
 * compared on the way, and the files get their names when all of them are whole. What the
 * formats are: numpy/lib/format.py, APPNOTE.TXT of PKWARE, and the README of safetensors.
 */
#ifndef MAKE_EXPORT_H
#define MAKE_EXPORT_H

#include "base/pool.h"
#include "format/objects.h"
#include "format/reader.h"
#include "model/naming.h"

enum export_format {
	EXPORT_NPZ,
	EXPORT_NPY,
	EXPORT_NPY_DIR,
	EXPORT_SAFETENSORS,
	EXPORT_CSV,
	EXPORT_RAW,
	N_EXPORT_FORMATS
};

/* "npz", …: what --format takes. */
extern const char *const export_format_names[N_EXPORT_FORMATS];

struct export_query {
	enum export_format format;
	const char *out;      /* a file; of EXPORT_NPY_DIR a folder */
	bool compress;	      /* EXPORT_NPZ: deflated members */
	bool force;	      /* a file that is there already is replaced */
	bool skip_damaged;    /* leave out what cannot be read, instead of failing */
	bool object_names;    /* the object graph's names instead of its keys */
	int cast;	      /* tensors of this dtype's kind become it; 0: none do */
	const char *slice;    /* of each tensor, as selection_parse() has it; NULL: all */
	struct naming naming; /* prefixes do not count */
	uint64_t shard_size;  /* EXPORT_SAFETENSORS: most bytes of a file; 0: no limit */
	/* EXPORT_SAFETENSORS: what the file says of itself, UTF-8, each key once. */
	const struct metadata *metadata;
	size_t n_metadata;
};

/* A tensor of an export. */
struct export_item {
	const struct ckpt_tensor *tensor;
	const char *name, *written; /* as it was asked for; as the format has it */
	size_t name_len, written_len;
	const char *file; /* that holds it, by its final path */
	int dtype;	  /* as written */
	int rank;
	const int64_t *dims;	 /* of what is written */
	uint64_t elements, size; /* and its bytes, without any header */
	uint64_t width;		 /* EXPORT_NPY…: of strings, as all elements have it */
	const struct ckpt_error *error; /* not NULL: damaged, so it is left out */
	bool left_out; /* the object graph, where a format has no strings */
};

struct export_job {
	struct ckpt *c;
	struct arena *arena;
	const struct export_query *query;
	const struct objects *objects;
	struct export_item *items; /* in the order that was given */
	size_t n;
	struct pointers files;	       /* final paths, of const char */
	uint64_t file_bytes;	       /* bytes in them */
	size_t written, damaged, cast; /* tensors */
	struct pool *pool;	       /* counts bytes, may be cancelled; NULL: none */
	struct buffer block, turned;   /* elements as they are read; in another form */
};

/* The format that a path's ending, or a folder, asks for; false if it says nothing. */
bool export_format_of(const char *path, enum export_format *format);
/* Plans an export of n tensors of c, which is loaded. What e points to is the arena's.
 * EINVAL: names clash, a slice does not fit, the format holds one tensor, … EUNSUPPORTED:
 * it cannot hold one of these. Nothing has been touched. */
int export_plan(struct export_job *e, struct arena *arena, struct ckpt *c,
		const struct ckpt_tensor *const *tensors, size_t n,
		const struct objects *objects, const struct export_query *query,
		struct ckpt_error *err);
/* Bytes that export_run() will read: what the pool will have counted. */
uint64_t export_work(const struct export_job *e);
/* Writes it. On failure there is no file under any final name that was not there before.
 * CKPT_OK in err: it was cancelled. */
int export_run(struct export_job *e, struct ckpt_error *err);
void export_drop(struct export_job *e); /* zeroed is fine */

#endif
