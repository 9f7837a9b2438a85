/* distinct.c — the set of the different values of integers and booleans.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A hash table with open addressing, at most half full. Its memory is given back as soon
 * as there are too many values; from then on nothing is looked at.
 */
#include "config.h"

#include "report/distinct.h"

#include <string.h>

#include "base/error.h"

enum { FIRST_CAP = 256 };

/* No need ever arises for more. */
#define MOST_BYTES (4 * (uint64_t)DISTINCT_MOST * sizeof(uint64_t))

void distinct_begin(struct distinct *s)
{
	*s = (struct distinct){ 0 };
	buffer_init(&s->memory, MOST_BYTES);
}

void distinct_drop(struct distinct *s)
{
	buffer_drop(&s->memory);
	s->slots = NULL;
	s->n = s->cap = 0;
	s->zero = false;
}

size_t distinct_count(const struct distinct *s)
{
	return s->n + s->zero;
}

/* Where v is, or the free slot where it belongs. The upper bits of the product depend on
 * all bits of v (Knuth's multiplicative hashing, with 2^64 / golden ratio). */
static uint64_t *slot_of(uint64_t *slots, size_t cap, uint64_t v)
{
	size_t i = (size_t)((v * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & (cap - 1);
	while (slots[i] && slots[i] != v)
		i = (i + 1) & (cap - 1);
	return slots + i;
}

static int grow(struct distinct *s, struct ckpt_error *err)
{
	const size_t cap = s->cap ? 4 * s->cap : FIRST_CAP;
	struct buffer memory;
	buffer_init(&memory, s->memory.limit);
	if (buffer_reserve(&memory, cap * sizeof *s->slots, err))
		return -1;
	uint64_t *slots = (uint64_t *)(void *)memory.p;
	memset(slots, 0, cap * sizeof *slots);
	for (size_t i = 0; i < s->cap; i++)
		if (s->slots[i])
			*slot_of(slots, cap, s->slots[i]) = s->slots[i];
	buffer_drop(&s->memory);
	s->memory = memory;
	s->slots = slots;
	s->cap = cap;
	return 0;
}

static void too_many(struct distinct *s)
{
	distinct_drop(s);
	s->too_many = true;
}

/* The set must not have too many values yet. */
static int add(struct distinct *s, uint64_t v, struct ckpt_error *err)
{
	if (!v) {
		s->zero = true;
	} else {
		if (s->n >= s->cap / 2 && grow(s, err))
			return -1;
		uint64_t *slot = slot_of(s->slots, s->cap, v);
		s->n += !*slot;
		*slot = v;
	}
	if (s->n + s->zero > DISTINCT_MOST)
		too_many(s);
	return 0;
}

/* Values of one byte are marked first: there are few of them. */
static int add_bytes(struct distinct *s, const struct dtype *d, const uint8_t *p,
		     size_t n, struct ckpt_error *err)
{
	bool seen[256] = { false };
	for (size_t i = 0; i < n; i++)
		seen[p[i]] = true;
	for (int i = 0; i < 256 && !s->too_many; i++) {
		const uint8_t byte = (uint8_t)i;
		const uint64_t v = dtype_uint(d, &byte);
		if (seen[i] && add(s, d->kind == KIND_BOOL ? v != 0 : v, err))
			return -1;
	}
	return 0;
}

/* Of integers with a sign the pattern says as much as the value. Inline, so that size is
 * known in the loop. */
static inline __attribute__((always_inline)) int add_patterns(struct distinct *s,
							      size_t size,
							      const uint8_t *p, size_t n,
							      struct ckpt_error *err)
{
	uint64_t last = 0;
	for (size_t i = 0; i < n && !s->too_many; i++) {
		uint64_t v = 0;
		memcpy(&v, p + i * size, size);
		if ((!i || v != last) && add(s, v, err))
			return -1;
		last = v;
	}
	return 0;
}

int distinct_block(struct distinct *s, const struct dtype *d, const void *in, size_t n,
		   struct ckpt_error *err)
{
	switch (d->size) {
	case 1:
		return s->too_many ? 0 : add_bytes(s, d, in, n, err);
	case 2:
		return add_patterns(s, 2, in, n, err);
	case 4:
		return add_patterns(s, 4, in, n, err);
	default:
		return add_patterns(s, 8, in, n, err);
	}
}

int distinct_join(struct distinct *s, const struct distinct *other,
		  struct ckpt_error *err)
{
	if (other->too_many)
		too_many(s);
	if (s->too_many)
		return 0;
	if (other->zero && add(s, 0, err))
		return -1;
	for (size_t i = 0; i < other->cap && !s->too_many; i++)
		if (other->slots[i] && add(s, other->slots[i], err))
			return -1;
	return 0;
}
