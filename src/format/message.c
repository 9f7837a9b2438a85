/* message.c — whole protobuf messages, unpacked by protobuf-c within our limits.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "format/message.h"

#include "base/error.h"
#include "base/wire.h"

enum { MAX_DEPTH = 100 }; /* as Google's own parser */

/* The submessage type of a field of a message type, NULL if it is none. */
static const ProtobufCMessageDescriptor *
submessage(const ProtobufCMessageDescriptor *type, uint32_t field)
{
	const ProtobufCFieldDescriptor *f =
		protobuf_c_message_descriptor_get_field(type, field);
	return f && f->type == PROTOBUF_C_TYPE_MESSAGE ? f->descriptor : NULL;
}

/* Walks all submessages with a stack of its own. */
static const char *check_depth(const ProtobufCMessageDescriptor *type, struct bytes b)
{
	struct level {
		const ProtobufCMessageDescriptor *type;
		struct wire w;
	} stack[MAX_DEPTH];
	size_t depth = 0;
	stack[depth++] = (struct level){ type, wire_of(b) };
	while (depth) {
		struct level *top = &stack[depth - 1];
		const int r = wire_next(&top->w);
		if (r < 0)
			return top->w.problem;
		if (r == 0) {
			depth--;
			continue;
		}
		const ProtobufCMessageDescriptor *inner =
			top->w.type == WIRE_LEN ? submessage(top->type, top->w.field)
						: NULL;
		if (inner && depth == MAX_DEPTH)
			return "messages are nested more than 100 deep";
		if (inner)
			stack[depth++] = (struct level){ inner, wire_of(top->w.data) };
	}
	return NULL;
}

static void *allocate(void *arena, size_t size)
{
	return arena_alloc(arena, size ? size : 1);
}

static void release(void *arena, void *p)
{
	(void)arena;
	(void)p;
}

void *message_unpack(struct arena *a, const ProtobufCMessageDescriptor *type,
		     struct bytes b, const char *file, int64_t offset,
		     struct ckpt_error *err)
{
	const char *problem = check_depth(type, b);
	if (problem) {
		error_set(err, CKPT_ECORRUPT, file, offset, "%s is malformed: %s",
			  type->short_name, problem);
		return NULL;
	}
	ProtobufCAllocator in_arena = { allocate, release, a };
	ProtobufCMessage *m =
		protobuf_c_message_unpack(type, &in_arena, bytes_left(&b), b.p);
	if (!m)
		error_set(err, CKPT_ECORRUPT, file, offset,
			  "%s is malformed, or needs more memory than --max-memory gives",
			  type->short_name);
	return m;
}
