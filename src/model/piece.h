/* piece.h — the bytes of one piece: read in windows, compared with their checksums.
 * SPDX-License-Identifier: Apache-2.0
 *
 * For values.c and its parts; everybody else reads through values.h.
 */
#ifndef MODEL_PIECE_H
#define MODEL_PIECE_H

#include "base/bytes.h"
#include "model/values.h"

enum { PIECE_BATCH = 1024 };

enum place_state { PLACE_UNCHECKED, PLACE_GOOD };

/* How far a piece has been read. */
struct piece_place {
	uint64_t element;    /* the next one, where elements have to be walked */
	uint64_t length_at;  /* where its length, or its tag, stands */
	uint64_t byte_at;    /* strings: where its bytes stand; 0: not known yet */
	uint64_t packed_end; /* tagged: where the packed field ends; 0: in none */
	uint8_t state;
	bool ended;          /* tagged, with fill: all that is stored has been read */
	uint8_t last[16];    /* then: what is repeated */
	struct ckpt_string last_string;
};


const char *piece_file(struct values *v, const struct ckpt_piece *p);
/* ECORRUPT at a byte of the piece; returns -1. */
int piece_damaged(struct values *v, const struct ckpt_piece *p, uint64_t at,
		  const char *what, struct ckpt_error *err);
/* n bytes of a piece in memory; reads ahead where it goes on from the bytes before. */
const uint8_t *piece_fetch(struct values *v, struct window *w, const struct ckpt_piece *p,
			   uint64_t at, size_t n, struct ckpt_error *err);
/* A varint of a piece; *at moves behind it. */
int piece_length(struct values *v, const struct ckpt_piece *p, uint64_t *at,
		 uint64_t *length, struct ckpt_error *err);
/* The checksum, of the kind that the piece has, of what sum stands for and n more bytes.
 */
uint32_t piece_sum(const struct ckpt_piece *p, uint32_t sum, const void *data, size_t n);
/* ECORRUPT if the checksum of a piece's stored bytes is not the recorded one. */
int piece_compare(struct values *v, const struct ckpt_piece *p, uint32_t computed,
		  struct ckpt_error *err);
/* Checks piece number i, once. */
int piece_check(struct values *v, uint32_t i, struct ckpt_error *err);

/* tagged.c: up to n elements from where the piece stands, into data or strings; returns
 * how many there were, -1 on damage. The batch buffers are reserved by tagged_hold(). */
int tagged_next(struct values *v, const struct ckpt_piece *p, struct piece_place *at,
		size_t n, uint8_t *data, struct ckpt_string *strings,
		struct ckpt_error *err);
/* The piece's whole message in memory, and room for a batch. */
int tagged_hold(struct values *v, const struct ckpt_piece *p, struct ckpt_error *err);
int tagged_check(struct values *v, const struct ckpt_piece *p, struct ckpt_error *err);

/* array.c: n > 0 elements of size bytes, row-major from this one on, of a piece whose
 * first index varies fastest; they are put into the buffer. NULL on failure. All of the
 * piece has to be in memory, mapped or not. */
const void *array_gather(struct values *v, const struct ckpt_piece *p, size_t size,
			 uint64_t element, uint64_t n, struct buffer *to,
			 struct ckpt_error *err);
/* Up to n > 0 strings of one width from this one on, into v->strings: how many, or -1. */
int array_strings(struct values *v, const struct ckpt_piece *p, uint64_t element,
		  uint64_t n, struct ckpt_error *err);
/* Can all of the piece's elements be given: characters, and memory to gather them? */
int array_check(struct values *v, const struct ckpt_piece *p, struct ckpt_error *err);

#endif
