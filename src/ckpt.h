/* ckpt.h — the public interface of libckpt: checkpoints without TensorFlow.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Introduction
 *
 * A checkpoint is a set of named tensors. Open one by anything that belongs to it (its
 * prefix, a member file, its folder or the folder's `checkpoint` file), walk or look up
 * the tensors, and read their values. A graph (a frozen .pb) is one as well: its tensors
 * are its constants.
 *
 *	struct ckpt_error err = { 0 };
 *	struct ckpt *c = ckpt_open("run/model.ckpt-5", NULL, &err);
 *	for (size_t i = 0; i < ckpt_count(c); i++)
 *		puts(ckpt_at(c, i)->name);
 *	const struct ckpt_tensor *t = ckpt_find(c, "dense/kernel", 12, &err);
 *	ckpt_read(c, t, 0, t->elements, values, &err);
 *	ckpt_close(c);
 *
 * Conventions
 *
 * - An int function returns 0 or -1, a pointer function NULL on failure.
 * - The error argument comes last, may be NULL, must be zeroed first; the first error
 *   stays.
 * - Everything that is handed out belongs to its struct ckpt and lives until
 *   ckpt_close().
 * - Values are checked against the checkpoint's own checksums before they are handed out
 *   wherever a whole stored piece is read; a damaged tensor is an error of that tensor.
 * - A struct ckpt belongs to one thread at a time. Files are only read.
 */
#ifndef CKPT_H
#define CKPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The version of the library that is linked, as "0.1.0". */
const char *ckpt_version(void);

/* --- errors ------------------------------------------------------------------------ */

enum ckpt_code {
	CKPT_OK,
	CKPT_EIO,          /* the system refused: errno's text is in the message */
	CKPT_ENOMEM,       /* no memory */
	CKPT_ENOTFOUND,    /* no such file, tensor or piece */
	CKPT_EFORMAT,      /* not a checkpoint, or one of another kind */
	CKPT_ECORRUPT,     /* a checkpoint, damaged */
	CKPT_EUNSUPPORTED, /* valid, but this library cannot read it */
	CKPT_ELIMIT,       /* above a limit: see struct ckpt_options */
	CKPT_EINVAL,       /* the caller's argument is wrong */
};

/* Where and why something failed. Lives on the caller's stack. */
struct ckpt_error {
	enum ckpt_code code;
	int64_t offset;  /* byte in file, -1 if none */
	char file[256];  /* "" if none; a long path keeps its end */
	/* what was found and what was expected; lower case, no full stop */
	char text[384];
	int detail; /* the library's own: which damage it is */
};

/* "io", "not_found", "corrupt", …: the code as a word that stays the same. */
const char *ckpt_code_name(enum ckpt_code code);

/* --- dtypes (tensorflow/core/framework/types.proto) --------------------------------- */

enum ckpt_dtype {
	CKPT_FLOAT32 = 1, CKPT_FLOAT64, CKPT_INT32, CKPT_UINT8, CKPT_INT16, CKPT_INT8,
	CKPT_STRING, CKPT_COMPLEX64, CKPT_INT64, CKPT_BOOL, CKPT_QINT8, CKPT_QUINT8,
	CKPT_QINT32, CKPT_BFLOAT16, CKPT_QINT16, CKPT_QUINT16, CKPT_UINT16,
	CKPT_COMPLEX128, CKPT_FLOAT16, CKPT_RESOURCE, CKPT_VARIANT, CKPT_UINT32,
	CKPT_UINT64, CKPT_FLOAT8_E5M2, CKPT_FLOAT8_E4M3FN, CKPT_FLOAT8_E4M3FNUZ,
	CKPT_FLOAT8_E4M3B11FNUZ, CKPT_FLOAT8_E5M2FNUZ, CKPT_INT4, CKPT_UINT4, CKPT_INT2,
	CKPT_UINT2, CKPT_FLOAT4_E2M1FN,
};

/* TensorFlow's Python name ("float32", "bfloat16"), or NULL if there is no such dtype. */
const char *ckpt_dtype_name(int dtype);
/* Bytes of one element in memory; 0 for strings, variants and what is no dtype. Sub-byte
 * types take one byte an element, as TensorFlow stores them. */
size_t ckpt_dtype_size(int dtype);

/* --- tensors ----------------------------------------------------------------------- */

/* Where a part of a tensor is stored. */
struct ckpt_piece {
	/* rank numbers: first index; NULL if it is the whole tensor */
	const int64_t *start;
	const int64_t *extent; /* rank numbers: length per dimension; NULL if whole */
	uint64_t elements;     /* in this piece */
	/* bytes from the start of its data file, unless in_block */
	uint64_t offset;
	uint64_t size;         /* bytes as stored; in_block: decoded, 0 for strings */
	uint32_t shard;        /* number of its data file */
	uint32_t crc;          /* of the bytes */
	bool has_crc32c;       /* crc is the recorded CRC-32C, unmasked */
	bool has_crc32;        /* crc follows from an archive's CRC-32 */
	/* V1: in a table's block, whose own checksum is compared */
	bool in_block;
	/* deflated: size counts what comes out, offset is where its stream begins */
	bool packed;
	bool by_columns;       /* the first index varies fastest: Fortran's order */
	uint8_t spelling;      /* how the bytes are to be understood; the library's own */
	uint8_t swap;          /* nonzero: stored in the other byte order */
	/* nonzero: the last value stored stands for all that follow, zero if none is */
	uint8_t fill;
};

struct ckpt_tensor {
	const char *name;      /* NUL-terminated, but may hold NUL itself: see name_len */
	size_t name_len;
	const int64_t *dims;   /* rank numbers */
	uint64_t elements;     /* product of dims */
	uint64_t size_bytes;   /* what is stored, all pieces together */
	const struct ckpt_piece *pieces;
	uint32_t n_pieces;
	/* enum ckpt_dtype, or whatever number a damaged file holds */
	int dtype;
	int rank;
	/* not NULL: the entry is malformed, unreadable */
	const struct ckpt_error *problem;
};

/* --- opening ----------------------------------------------------------------------- */

struct ckpt; /* an open checkpoint; owns everything that it hands out */

/* Zero means the default. */
struct ckpt_options {
	/* ceiling in bytes for what the library keeps; default 1 GiB */
	uint64_t max_memory;
	/* "v1" or "v2", where a prefix has both (default V2); "graph": the graph rather
	 * than the checkpoint beside it */
	const char *as;
	bool latest_complete; /* of a folder: the last checkpoint that is whole */
	bool follow;         /* a folder's `checkpoint` file may lead out of the folder */
	/* of the graphs of a SavedModel: the one with these tags, as "serve,gpu"; default
	 * "serve", or the only one there is */
	const char *tags;
};

/* Opens the checkpoint that path belongs to; values are not touched, and data files
 * need not be there. Errors: ENOTFOUND, EFORMAT (what it is instead is said), ECORRUPT,
 * EIO. */
struct ckpt *ckpt_open(const char *path, const struct ckpt_options *options,
		       struct ckpt_error *err);
void ckpt_close(struct ckpt *c); /* NULL is fine */

/* The prefix that path was taken for, as "run/model.ckpt-5". */
const char *ckpt_prefix(const struct ckpt *c);
/* "V2 bundle", … */
const char *ckpt_format(const struct ckpt *c);
/* The number of data files that the checkpoint says it has. */
uint32_t ckpt_shards(const struct ckpt *c);

/* Reads the rest of the index, if that has not happened yet. -1: the index is damaged;
 * the tensors before and after the damage are there all the same. */
int ckpt_load(struct ckpt *c, struct ckpt_error *err);
/* The number of tensors (get_variable_to_shape_map().size()); loads. */
size_t ckpt_count(struct ckpt *c);
/* Tensor number i in byte order of the names; NULL if i >= ckpt_count(). */
const struct ckpt_tensor *ckpt_at(struct ckpt *c, size_t i);
/* The tensor of that very name (get_tensor's lookup); does not load. NULL: ENOTFOUND if
 * it is absent, another code if it could not be looked up. */
const struct ckpt_tensor *ckpt_find(struct ckpt *c, const char *name, size_t len,
				    struct ckpt_error *err);
/* has_tensor: true if it is there. */
bool ckpt_has(struct ckpt *c, const char *name, size_t len);
/* debug_string: a line "name (DT_FLOAT) [2,3]" for each tensor; partitioned variables are
 * lines like any other. Text of the struct ckpt. */
const char *ckpt_debug_string(struct ckpt *c, struct ckpt_error *err);

/* --- values ------------------------------------------------------------------------ */

/* A string, or the serialized bytes of a variant. */
struct ckpt_string {
	const char *p;
	size_t len;
};

/* Consecutive elements in row-major order. */
struct ckpt_run {
	uint64_t first; /* index of the first one, flattened */
	uint64_t n;
	/* n elements in host byte order; NULL for strings and variants */
	const void *data;
	/* n of them for strings and variants, else NULL */
	const struct ckpt_string *strings;
};

/* Return 0 to go on, anything else to stop: ckpt_each_run then returns -1 with CKPT_OK.
 * What the run points to is valid during the call only. */
typedef int (*ckpt_run_fn)(void *arg, const struct ckpt_run *run);

/* Elements first … first+n-1 (flattened, row-major) in runs of the library's choice, in
 * order. Pieces that lie whole in the range are checked before their first element. */
int ckpt_each_run(struct ckpt *c, const struct ckpt_tensor *t, uint64_t first, uint64_t n,
		  ckpt_run_fn fn, void *arg, struct ckpt_error *err);
/* The same into buf, which must hold n * ckpt_dtype_size() bytes; EINVAL for strings and
 * variants. On failure buf holds nothing that may be used. */
int ckpt_read(struct ckpt *c, const struct ckpt_tensor *t, uint64_t first, uint64_t n,
	      void *buf, struct ckpt_error *err);

/* Reads all of the tensor's stored bytes and compares their checksums. -1: ECORRUPT with
 * file, offset and both checksums; ENOTFOUND if a data file is missing; EIO. */
int ckpt_check(struct ckpt *c, const struct ckpt_tensor *t, struct ckpt_error *err);

/* EIO if a file has changed since it was opened: what was read is then no result. */
int ckpt_unchanged(struct ckpt *c, struct ckpt_error *err);

/* --- verification ------------------------------------------------------------------ */

enum ckpt_severity { CKPT_NOTE, CKPT_WARNING, CKPT_ERROR };

/* One thing that verification found. */
struct ckpt_finding {
	enum ckpt_severity severity;
	/* stable word, as "checksum"; table in ckpt-inspect(1) */
	const char *code;
	const struct ckpt_tensor *tensor; /* NULL: concerns a file as a whole */
	const char *file;                /* NULL if none */
	int64_t offset, length;          /* bytes in file; -1 if none */
	const char *message;
};

typedef void (*ckpt_finding_fn)(void *arg, const struct ckpt_finding *finding);

/* What a verification looked at. */
struct ckpt_summary {
	uint64_t tensors, bytes;                     /* in the index */
	uint64_t ok, damaged;                        /* tensors */
	/* no checksum is recorded for these */
	uint64_t unchecked_tensors, unchecked_bytes;
	uint64_t errors, warnings, notes;            /* findings */
};

/* Checks everything: the index's blocks, each entry, slices, files, every checksum.
 * 0: done, see summary->errors for the verdict; -1: it could not be done. */
int ckpt_verify(struct ckpt *c, ckpt_finding_fn fn, void *arg,
		struct ckpt_summary *summary, struct ckpt_error *err);

#ifdef __cplusplus
}
#endif
#endif
