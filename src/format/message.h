/* message.h — whole protobuf messages, unpacked by protobuf-c within our limits.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_MESSAGE_H
#define FORMAT_MESSAGE_H

#include <google/protobuf-c/protobuf-c.h>

#include "base/arena.h"
#include "base/bytes.h"

/* Unpacks a message into the arena, after a check that it nests no deeper than 100
 * messages (protobuf-c 1.4.1 has no limit of its own and overflows the stack). NULL:
 * ECORRUPT, with file and offset of the message's first byte in the error; nothing has
 * to be freed. */
void *message_unpack(struct arena *a, const ProtobufCMessageDescriptor *type,
		     struct bytes b, const char *file, int64_t offset,
		     struct ckpt_error *err);

#endif
