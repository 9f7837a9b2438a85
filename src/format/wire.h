/* wire.h — a cursor over protobuf wire bytes, bounded, without recursion.
 * SPDX-License-Identifier: Apache-2.0
 *
 *	struct wire w = wire_of(bytes);
 *	while ((r = wire_next(&w)) > 0)
 *		if (w.field == 4 && w.type == WIRE_VARINT)
 *			offset = w.value;
 */
#ifndef FORMAT_WIRE_H
#define FORMAT_WIRE_H

#include <google/protobuf-c/protobuf-c.h>

#include "base/arena.h"
#include "base/bytes.h"

enum wire_type { WIRE_VARINT, WIRE_I64, WIRE_LEN, WIRE_GROUP, WIRE_END, WIRE_I32 };

struct wire {
	struct bytes left;   /* not yet read */
	uint32_t field;
	enum wire_type type; /* of the field just read; groups are skipped, never returned */
	uint64_t value;      /* VARINT, I64, I32 */
	struct bytes data;   /* LEN */
	const char *problem; /* after -1: what was wrong */
};

struct wire wire_of(struct bytes b);
/* 1: a field was read; 0: the end; -1: malformed, see problem. */
int wire_next(struct wire *w);

/* Unpacks a message into the arena, after a check that it nests no deeper than 100 messages
 * (protobuf-c 1.4.1 has no limit of its own and overflows the stack). NULL: ECORRUPT, with
 * file and offset of the message's first byte in the error; nothing has to be freed. */
void *wire_unpack(struct arena *a, const ProtobufCMessageDescriptor *type, struct bytes b,
		  const char *file, int64_t offset, struct ckpt_error *err);

#endif
