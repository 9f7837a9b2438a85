/* values.h — from a tensor's pieces to its elements: the only loop over values.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A piece says where bytes lie, which box of the tensor they fill, how they are spelled
 * and what checks them. Formats describe their tensors in pieces and hand over a store
 * that reads a piece's bytes; everything else about reading values is here.
 */
#ifndef MODEL_VALUES_H
#define MODEL_VALUES_H

#include "base/arena.h"
#include "base/bytes.h"
#include "ckpt.h"
#include "model/dtype.h"

enum spelling {
	/* Elements one after the other; piece->swap: in the other byte order. */
	SPELL_RAW,
	/* A varint length each; their masked CRC-32C, u32 (over the lengths as u32, or
	 * u64 above UINT32_MAX, in the file's byte order); the bytes, back to back.
	 * tensor_bundle.cc ReadStringTensor. */
	SPELL_STRINGS,
	/* The same without their checksum: strings in a TensorProto's tensor_content.
	 * tensor_coding.cc DecodeStringList. */
	SPELL_STRINGS_BARE,
	/* For each element: varint length, a serialized VariantTensorDataProto, masked
	 * running CRC-32C, u32. tensor_bundle.cc WriteVariantTensor. */
	SPELL_VARIANT,
	/* A TensorProto with the typed field of the dtype (int_val, half_val, …),
	 * packed or one by one; other fields are read over. tensor.proto,
	 * saved_tensor_slice_util.h. */
	SPELL_TAGGED,
	/* The same for strings and variants: string_val, variant_val, repeated. */
	SPELL_FIELDS,
	/* Strings of one width, size / elements bytes each, filled up with zeros: NumPy's
	 * S (bytes) and U (code points of 4 bytes, read as UTF-8). */
	SPELL_BYTES,
	SPELL_UCS4,
};

/* Does anything check the bytes of a piece? */
static inline bool piece_is_summed(const struct ckpt_piece *p)
{
	return p->has_crc32c || p->has_crc32 || p->in_block;
}

/* Its elements have to be walked in a message that is in memory whole. */
static inline bool piece_is_tagged(const struct ckpt_piece *p)
{
	return p->spelling == SPELL_TAGGED || p->spelling == SPELL_FIELDS;
}

/* The field of a TensorProto that, packed, has the very bytes of a dtype's elements
 * (float_val, float8_val, …); 0: its field is coded in another way. */
uint32_t tagged_raw_field(int dtype);

/* Where the bytes of pieces come from: bytes for pieces that are tagged, read for the
 * others. */
struct store {
	/* All bytes of a piece, whole in memory until the next call; what checks them has
	 * been compared (ckpt_piece.in_block). */
	int (*bytes)(struct store *s, const struct ckpt_piece *p, struct bytes *bytes,
		     struct ckpt_error *err);
	/* n bytes of a piece, from byte at of it on. */
	int (*read)(struct store *s, const struct ckpt_piece *p, uint64_t at, void *buf,
		    size_t n, struct ckpt_error *err);
	/* Where read is: n bytes that are in memory already, or NULL; may be NULL. */
	const uint8_t *(*look)(struct store *s, const struct ckpt_piece *p, uint64_t at,
			       size_t n);
	/* Where look is: EIO if bytes of the piece's file were not what they seemed. */
	int (*intact)(struct store *s, const struct ckpt_piece *p,
		      struct ckpt_error *err);
	/* Where look is: n bytes have been read and are not needed any more. */
	void (*release)(struct store *s, const struct ckpt_piece *p, uint64_t at,
			uint64_t n);
	/* The path of the file that holds it, for messages. */
	const char *(*file)(struct store *s, const struct ckpt_piece *p);
};

/* Bytes that are read at a time: usually; where many tensors are read side by side. */
enum { PIECE_WINDOW = 256 << 10, PIECE_SMALL_WINDOW = 64 << 10 };

/* A part of a piece in memory. */
struct window {
	struct buffer b;
	const struct ckpt_piece *piece;
	uint64_t start; /* of the bytes in b, within the piece */
};

/* Reads one tensor. */
struct values {
	struct store *store;
	const struct ckpt_tensor *tensor;
	const struct dtype *dtype;
	struct window lengths, bytes; /* lengths: of strings; bytes: everything else */
	struct buffer aligned;        /* elements that had to be swapped or aligned */
	struct buffer strings;        /* struct ckpt_string */
	struct buffer block;          /* of values_block() */
	struct ckpt_run pulled;       /* of values_strings(): what it has not given yet */
	uint32_t *sum;                /* of values_block(); NULL: none is kept */
	struct piece_place *place;    /* per piece: where sequential reading stands */
	size_t window;                /* bytes that are read at a time */
	uint32_t last;                /* the piece used last */
	const struct ckpt_piece *held; /* the piece whose bytes are in message */
	struct bytes message;
	struct arena arena;
};

/* EINVAL, or the tensor's own problem, if it cannot be read: a malformed entry, pieces
 * that do not cover it or overlap. limit bounds the memory for one element or one
 * window. */
int values_open(struct values *v, struct store *store, const struct ckpt_tensor *t,
		uint64_t limit, struct ckpt_error *err);
/* Another tensor of the same store, with the memory that is there. */
int values_reopen(struct values *v, const struct ckpt_tensor *t, struct ckpt_error *err);
void values_close(struct values *v); /* zeroed is fine */

/* As ckpt_each_run(). */
int values_runs(struct values *v, uint64_t first, uint64_t n, ckpt_run_fn fn, void *arg,
		struct ckpt_error *err);
/* As ckpt_check(); what is checked stays checked until values_close(). */
int values_check(struct values *v, struct ckpt_error *err);
/* True if each piece has a checksum and was found to be good. */
bool values_checked(const struct values *v);

/* For those who read block by block and see to the checksums themselves. Exactly n > 0
 * elements of fixed size from first on, in host order, aligned to 8 bytes, until the next
 * call; NULL on failure. If v->sum is set, the checksum of the stored bytes, of the
 * piece's own kind, goes on there. */
const void *values_block(struct values *v, uint64_t first, size_t n,
			 struct ckpt_error *err);
/* Up to most > 0 strings from first on, until the next call: how many, -1 on failure.
 * What checks them has been compared. */
int values_strings(struct values *v, uint64_t first, size_t most,
		   const struct ckpt_string **strings, struct ckpt_error *err);
/* True if the checksum of the tensor is that of its elements' bytes in order, so that it
 * can be computed while they are read; then values_compare() compares it. */
bool values_summable(const struct ckpt_tensor *t);
int values_compare(struct values *v, uint32_t computed, struct ckpt_error *err);
/* The checksum of two parts of such a tensor from those of each. */
uint32_t values_combine(const struct ckpt_tensor *t, uint32_t a, uint32_t b,
			uint64_t b_len);

/* Do the pieces fill the tensor, each element once? Says in err what is wrong. */
int pieces_cover(const struct ckpt_tensor *t, struct ckpt_error *err);

#endif
