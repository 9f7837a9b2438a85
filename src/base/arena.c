/* arena.c — memory that is dropped all at once, and buffers that know their limit.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Chunks double from 16 KiB to 1 MiB, so a small checkpoint costs little and a large
 * one few calls. An allocation above a quarter of a chunk gets a chunk of its own size.
 * Chunks stand in the order of their making, so that rewinding frees all of the later
 * ones.
 */
#include "base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

enum { FIRST_CHUNK = 16 << 10, LARGEST_CHUNK = 1 << 20 };

struct arena_chunk {
	struct arena_chunk *next;
	size_t size, used;
	alignas(max_align_t) uint8_t data[];
};

void arena_init(struct arena *a, uint64_t limit)
{
	*a = (struct arena){ .limit = limit < SIZE_MAX ? (size_t)limit : SIZE_MAX };
}

void arena_drop(struct arena *a)
{
	for (struct arena_chunk *c = a->head, *next; c; c = next) {
		next = c->next;
		free(c);
	}
	a->head = NULL;
	a->taken = 0;
}

static struct arena_chunk *new_chunk(struct arena *a, size_t size)
{
	if (size > a->limit || a->taken > a->limit - size)
		return NULL;
	struct arena_chunk *c = malloc(sizeof *c + size);
	if (!c)
		return NULL;
	c->size = size;
	c->used = 0;
	a->taken += size;
	return c;
}

static void *take(struct arena *a, size_t size, size_t align)
{
	struct arena_chunk *c = a->head;
	if (c) {
		size_t at = (c->used + align - 1) & ~(align - 1);
		if (at <= c->size && size <= c->size - at) {
			c->used = at + size;
			return c->data + at;
		}
	}
	size_t want = c ? c->size * 2 : FIRST_CHUNK;
	want = want < FIRST_CHUNK     ? FIRST_CHUNK
	       : want > LARGEST_CHUNK ? LARGEST_CHUNK
				      : want;
	struct arena_chunk *fresh = new_chunk(a, size > want / 4 ? size : want);
	if (!fresh)
		return NULL;
	fresh->used = size;
	fresh->next = c;
	a->head = fresh;
	return fresh->data;
}

void *arena_alloc(struct arena *a, size_t size)
{
	return take(a, size, alignof(max_align_t));
}

void *arena_zeroed(struct arena *a, size_t n, size_t size)
{
	size_t total;
	if (__builtin_mul_overflow(n, size, &total))
		return NULL;
	void *p = take(a, total, alignof(uint64_t));
	return p ? memset(p, 0, total) : NULL;
}

char *arena_copy(struct arena *a, const void *p, size_t n)
{
	if (n == SIZE_MAX)
		return NULL;
	char *s = take(a, n + 1, 1);
	if (!s)
		return NULL;
	if (n)
		memcpy(s, p, n);
	s[n] = '\0';
	return s;
}

char *arena_printf(struct arena *a, const char *format, ...)
{
	va_list ap, again;
	va_start(ap, format);
	va_copy(again, ap);
	const int n = vsnprintf(NULL, 0, format, ap);
	char *s = n < 0 ? NULL : take(a, (size_t)n + 1, 1);
	if (s)
		vsnprintf(s, (size_t)n + 1, format, again);
	va_end(again);
	va_end(ap);
	return s;
}

struct arena_mark arena_mark(const struct arena *a)
{
	return (struct arena_mark){ a->head, a->head ? a->head->used : 0 };
}

void arena_rewind(struct arena *a, struct arena_mark mark)
{
	while (a->head && a->head != mark.chunk) {
		struct arena_chunk *c = a->head;
		a->head = c->next;
		a->taken -= c->size;
		free(c);
	}
	if (a->head)
		a->head->used = mark.used;
}

int arena_error(const struct arena *a, struct ckpt_error *err)
{
	if (a->taken + LARGEST_CHUNK >= a->limit)
		return error_set(
			err, CKPT_ELIMIT, NULL, -1,
			"needs more than %zu KiB of memory; --max-memory raises this",
			a->limit >> 10);
	return error_set(err, CKPT_ENOMEM, NULL, -1, "out of memory");
}

void buffer_init(struct buffer *b, uint64_t limit)
{
	*b = (struct buffer){ .limit = limit < SIZE_MAX ? (size_t)limit : SIZE_MAX };
}

void buffer_drop(struct buffer *b)
{
	free(b->p);
	b->p = NULL;
	b->len = b->cap = 0;
}

int buffer_reserve(struct buffer *b, size_t cap, struct ckpt_error *err)
{
	if (cap <= b->cap)
		return 0;
	if (cap > b->limit)
		return error_set(err, CKPT_ELIMIT, NULL, -1,
				 "needs %zu bytes at once, the limit is %zu", cap,
				 b->limit);
	size_t want = b->cap < b->limit / 2 ? b->cap * 2 : b->limit;
	if (want < cap)
		want = cap;
	uint8_t *p = realloc(b->p, want);
	if (!p)
		return error_set(err, CKPT_ENOMEM, NULL, -1, "out of memory");
	b->p = p;
	b->cap = want;
	return 0;
}

int buffer_append(struct buffer *b, const void *p, size_t n, struct ckpt_error *err)
{
	if (n > SIZE_MAX - b->len || buffer_reserve(b, b->len + n, err))
		return -1;
	if (n)
		memcpy(b->p + b->len, p, n);
	b->len += n;
	return 0;
}

int pointers_add(struct pointers *a, void *p)
{
	if (a->n == a->cap) {
		const size_t cap = a->cap ? a->cap * 2 : 64;
		void **grown = realloc(a->p, cap * sizeof *grown);
		if (!grown)
			return -1;
		a->p = grown;
		a->cap = cap;
	}
	a->p[a->n++] = p;
	return 0;
}

void pointers_drop(struct pointers *a)
{
	free(a->p);
	*a = (struct pointers){ 0 };
}
