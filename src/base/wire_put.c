/* wire_put.c — protobuf wire bytes, written piece by piece or only counted.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "base/wire_put.h"

enum { LONGEST_VARINT = 10 };

static int append(void *arg, const void *p, size_t n, struct ckpt_error *err)
{
	return buffer_append(arg, p, n, err);
}

struct sink sink_into(struct buffer *b, struct ckpt_error *err)
{
	return (struct sink){ .write = append, .arg = b, .err = err };
}

int sink_fail(struct sink *s)
{
	s->failed = true;
	return -1;
}

void put_bytes(struct sink *s, const void *p, size_t n)
{
	if (s->failed || !n)
		return;
	s->n += n;
	if (s->write && s->write(s->arg, p, n, s->err))
		s->failed = true;
}

void put_counted(struct sink *s, uint64_t n)
{
	if (!s->failed)
		s->n += n;
}

static size_t code_varint(uint8_t to[LONGEST_VARINT], uint64_t v)
{
	size_t n = 0;
	for (; v >= 0x80; v >>= 7)
		to[n++] = (uint8_t)(v | 0x80);
	to[n++] = (uint8_t)v;
	return n;
}

size_t varint_size(uint64_t v)
{
	uint8_t coded[LONGEST_VARINT];
	return code_varint(coded, v);
}

uint64_t field_size(uint32_t field, uint64_t n)
{
	return varint_size((uint64_t)field << 3) + varint_size(n) + n;
}

void put_varint(struct sink *s, uint64_t v)
{
	uint8_t coded[LONGEST_VARINT];
	put_bytes(s, coded, code_varint(coded, v));
}

void put_tag(struct sink *s, uint32_t field, enum wire_type type)
{
	put_varint(s, (uint64_t)field << 3 | type);
}

void put_length(struct sink *s, uint32_t field, uint64_t n)
{
	put_tag(s, field, WIRE_LEN);
	put_varint(s, n);
}

void put_field(struct sink *s, uint32_t field, const void *p, size_t n)
{
	put_length(s, field, n);
	put_bytes(s, p, n);
}

void put_number(struct sink *s, uint32_t field, uint64_t v)
{
	put_tag(s, field, WIRE_VARINT);
	put_varint(s, v);
}
