/* wire_put.h — protobuf wire bytes, written piece by piece or only counted.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A message inside another begins with its length. So what writes a message runs twice:
 * with a sink that counts, and with the one that keeps the bytes.
 *
 *	struct sink count = sink_counting(err);
 *	write_node(&count, node);
 *	put_length(out, 1, count.n);
 *	write_node(out, node);
 *
 * The first failure stays: put_ functions do nothing any more, and who is at the end asks
 * sink->failed.
 */
#ifndef BASE_WIRE_PUT_H
#define BASE_WIRE_PUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/wire.h"
#include "ckpt.h"

struct sink {
	/* NULL: it only counts. -1 with err. */
	int (*write)(void *arg, const void *p, size_t n, struct ckpt_error *err);
	void *arg;
	uint64_t n; /* bytes so far */
	struct ckpt_error *err;
	bool failed;
};

static inline struct sink sink_counting(struct ckpt_error *err)
{
	return (struct sink){ .err = err };
}

/* Appends to a buffer. */
struct sink sink_into(struct buffer *b, struct ckpt_error *err);

static inline bool sink_counts(const struct sink *s)
{
	return !s->write;
}

/* Marks it as failed; returns -1. The error is set by whoever found it. */
int sink_fail(struct sink *s);
void put_bytes(struct sink *s, const void *p, size_t n);
/* n bytes that only count; somebody else writes them. */
void put_counted(struct sink *s, uint64_t n);
void put_varint(struct sink *s, uint64_t v);
/* A field's tag. */
void put_tag(struct sink *s, uint32_t field, enum wire_type type);
/* A field with n bytes, without them. */
void put_length(struct sink *s, uint32_t field, uint64_t n);
/* A field with n bytes; a bytes field, string or message. */
void put_field(struct sink *s, uint32_t field, const void *p, size_t n);
void put_number(struct sink *s, uint32_t field, uint64_t v);
/* Bytes that a varint takes; a field of n bytes with its tag and length. */
size_t varint_size(uint64_t v);
uint64_t field_size(uint32_t field, uint64_t n);

#endif
