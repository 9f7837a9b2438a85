/* wire.c — a cursor over protobuf wire bytes, bounded, without recursion.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Wire types and tags: the protobuf encoding guide. A group (types 3 and 4) is nothing
 * that TensorFlow writes; as an unknown field it is legal, so it is skipped by
 * counting.
 */
#include "config.h"

#include "base/wire.h"

enum { MAX_GROUP_DEPTH = 100 };

struct wire wire_of(struct bytes b)
{
	return (struct wire){ .left = b };
}

static int malformed(struct wire *w, const char *problem)
{
	w->problem = problem;
	return -1;
}

/* One tag and its value; type may come back as WIRE_GROUP or WIRE_END. */
static int read_field(struct wire *w)
{
	uint64_t tag, length;
	uint32_t word;
	if (!bytes_varint(&w->left, &tag))
		return malformed(w, "a field's tag is cut short");
	if (tag >> 3 == 0 || tag >> 3 > 0x1fffffff)
		return malformed(w, "a field number is out of range");
	w->field = (uint32_t)(tag >> 3);
	w->type = (enum wire_type)(tag & 7);
	switch (tag & 7) {
	case WIRE_VARINT:
		return bytes_varint(&w->left, &w->value)
			       ? 1 : malformed(w, "a varint is cut short or too long");
	case WIRE_I64:
		return bytes_u64le(&w->left, &w->value)
			       ? 1 : malformed(w, "a 64-bit value is cut short");
	case WIRE_LEN:
		if (!bytes_varint(&w->left, &length))
			return malformed(w, "a length is cut short or too long");
		return bytes_take(&w->left, length, &w->data)
			       ? 1 : malformed(w, "a field is longer than what holds it");
	case WIRE_I32:
		if (!bytes_u32le(&w->left, &word))
			return malformed(w, "a 32-bit value is cut short");
		w->value = word;
		return 1;
	case WIRE_GROUP:
	case WIRE_END:
		return 1;
	default:
		return malformed(w, "a wire type is unknown");
	}
}

static int skip_group(struct wire *w)
{
	uint32_t open[MAX_GROUP_DEPTH];
	size_t depth = 0;
	do {
		if (w->type == WIRE_GROUP) {
			if (depth == MAX_GROUP_DEPTH)
				return malformed(w, "groups are nested too deep");
			open[depth++] = w->field;
		} else if (w->type == WIRE_END) {
			if (depth == 0 || open[--depth] != w->field)
				return malformed(w, "a group ends that did not begin");
		}
		if (depth && read_field(w) < 0)
			return -1;
	} while (depth);
	return 0;
}

int wire_next(struct wire *w)
{
	while (bytes_left(&w->left)) {
		if (read_field(w) < 0)
			return -1;
		if (w->type != WIRE_GROUP && w->type != WIRE_END)
			return 1;
		if (skip_group(w))
			return -1;
	}
	return 0;
}
