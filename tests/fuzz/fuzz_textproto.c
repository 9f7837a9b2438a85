/* fuzz_textproto.c — any bytes as text of a message; what comes out is a message.
 * SPDX-License-Identifier: Apache-2.0
 *
 *	which message | text
 */
#include "config.h"

#include "format/message.h"
#include "format/textproto.h"
#include "fuzz.h"
#include "proto/bundle.pb-c.h"
#include "proto/graph.pb-c.h"
#include "proto/state.pb-c.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const ProtobufCMessageDescriptor *const types[] = {
		&ckpt__checkpoint_state__descriptor, &ckpt__bundle_header__descriptor,
		&ckpt__bundle_entry__descriptor, &ckpt__saved_model__descriptor
	};
	if (!n)
		return 0;
	const ProtobufCMessageDescriptor *type = types[p[0] % 4];
	struct arena a;
	struct buffer wire;
	struct ckpt_error err = { 0 };
	arena_init(&a, 64 << 20);
	buffer_init(&wire, 1 << 20);
	if (textproto_encode(type, bytes_of(p + 1, n - 1), "text", &wire, &err))
		REQUIRE(err.code && err.offset <= (int64_t)n);
	else if (!message_unpack(&a, type, bytes_of(wire.p, wire.len), "text", 0, &err))
		REQUIRE(wire.len > 1 << 16); /* for want of memory alone */
	buffer_drop(&wire);
	arena_drop(&a);
	return 0;
}
