/* arena.h — memory that is dropped all at once, and buffers that know their limit.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A function that returns memory takes a struct arena *, and the memory belongs to it.
 * The ceiling makes a hostile file end in CKPT_ELIMIT rather than in swap.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>
#include <stdint.h>

#include "ckpt.h"

struct arena_chunk;

struct arena {
	struct arena_chunk *head; /* newest first */
	size_t taken;             /* bytes asked from the system */
	size_t limit;
};

struct arena_mark {
	struct arena_chunk *chunk;
	size_t used;
};

void arena_init(struct arena *a, uint64_t limit);
void arena_drop(struct arena *a);
/* size bytes aligned for any type; NULL above the limit or without memory. */
void *arena_alloc(struct arena *a, size_t size);
/* n * size zeroed bytes, overflow-checked. */
void *arena_zeroed(struct arena *a, size_t n, size_t size);
/* A NUL-terminated copy of n bytes (unaligned, so that names lie close together). */
char *arena_copy(struct arena *a, const void *p, size_t n);
char *arena_printf(struct arena *a, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* What is allocated after arena_mark() is given back by arena_rewind(). */
struct arena_mark arena_mark(const struct arena *a);
void arena_rewind(struct arena *a, struct arena_mark mark);
/* Sets CKPT_ELIMIT or CKPT_ENOMEM, whichever made arena_alloc() fail; returns -1. */
int arena_error(const struct arena *a, struct ckpt_error *err);

/* A block that grows; its content moves. */
struct buffer {
	uint8_t *p;
	size_t len, cap, limit;
};

void buffer_init(struct buffer *b, uint64_t limit);
void buffer_drop(struct buffer *b);
/* Makes room for cap bytes in all. -1: over the limit, or no memory. */
int buffer_reserve(struct buffer *b, size_t cap, struct ckpt_error *err);
int buffer_append(struct buffer *b, const void *p, size_t n, struct ckpt_error *err);

/* An array of pointers that grows. */
struct pointers {
	void **p;
	size_t n, cap;
};

int pointers_add(struct pointers *a, void *p);
void pointers_drop(struct pointers *a);

#endif
