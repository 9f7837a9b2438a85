/* wire.h — a cursor over protobuf wire bytes, bounded, without recursion.
 * SPDX-License-Identifier: Apache-2.0
 *
 *	struct wire w = wire_of(bytes);
 *	while ((r = wire_next(&w)) > 0)
 *		if (w.field == 4 && w.type == WIRE_VARINT)
 *			offset = w.value;
 */
#ifndef BASE_WIRE_H
#define BASE_WIRE_H

#include "base/bytes.h"

enum wire_type { WIRE_VARINT, WIRE_I64, WIRE_LEN, WIRE_GROUP, WIRE_END, WIRE_I32 };

struct wire {
	struct bytes left;   /* not yet read */
	uint32_t field;
	enum wire_type
		type; /* of the field just read; groups are skipped, never returned */
	uint64_t value;      /* VARINT, I64, I32 */
	struct bytes data;   /* LEN */
	const char *problem; /* after -1: what was wrong */
};

struct wire wire_of(struct bytes b);
/* 1: a field was read; 0: the end; -1: malformed, see problem. */
int wire_next(struct wire *w);

#endif
