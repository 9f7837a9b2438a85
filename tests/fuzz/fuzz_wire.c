/* fuzz_wire.c — any bytes as protobuf messages: walked, unpacked, packed again.
 * SPDX-License-Identifier: Apache-2.0
 *
 *	which message | bytes
 */
#include "config.h"

#include <string.h>

#include "base/wire.h"
#include "format/message.h"
#include "fuzz.h"
#include "proto/bundle.pb-c.h"
#include "proto/state.pb-c.h"

static void walk(struct bytes b)
{
	struct wire w = wire_of(b);
	int r;
	while ((r = wire_next(&w)) > 0) {
		REQUIRE(w.field > 0 && w.field < 1u << 29);
		REQUIRE(w.type != WIRE_GROUP && w.type != WIRE_END);
		if (w.type == WIRE_LEN)
			REQUIRE(w.data.p >= b.p && w.data.p <= w.data.end &&
				w.data.end <= b.end);
	}
	REQUIRE(r == 0 || w.problem);
}

/* What was unpacked can be packed, and unpacked to the same. */
static void pack_again(struct arena *a, const ProtobufCMessageDescriptor *type,
		       const ProtobufCMessage *m)
{
	const size_t n = protobuf_c_message_get_packed_size(m);
	uint8_t *first = malloc(n + 1), *second = malloc(n + 1);
	REQUIRE(first && second);
	REQUIRE(protobuf_c_message_pack(m, first) == n);
	const ProtobufCMessage *again =
		message_unpack(a, type, bytes_of(first, n), "x", 0, NULL);
	REQUIRE(again);
	REQUIRE(protobuf_c_message_get_packed_size(again) == n);
	REQUIRE(protobuf_c_message_pack(again, second) == n && !memcmp(first, second, n));
	free(first);
	free(second);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const ProtobufCMessageDescriptor *const types[] = {
		&ckpt__bundle_entry__descriptor, &ckpt__bundle_header__descriptor,
		&ckpt__checkpoint_state__descriptor
	};
	if (!n)
		return 0;
	const ProtobufCMessageDescriptor *type = types[p[0] % 3];
	const struct bytes b = bytes_of(p + 1, n - 1);
	struct arena a;
	struct ckpt_error err = { 0 };
	arena_init(&a, 256 << 20);
	walk(b);
	const ProtobufCMessage *m = message_unpack(&a, type, b, "x", 0, &err);
	REQUIRE(!m == !!err.code);
	if (m)
		pack_again(&a, type, m);
	arena_drop(&a);
	return 0;
}
