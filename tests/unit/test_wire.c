/* test_wire.c — protobuf's wire form: fields, groups, limits, messages too deep.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "unit.h"

#include <string.h>

#include "base/wire.h"
#include "format/message.h"
#include "proto/bundle.pb-c.h"

static void fields_of_all_types(void **state)
{
	(void)state;
	static const uint8_t p[] = {
		0x08, 0x96, 0x01,				      /* 1: 150 */
		0x11, 1,    2,	  3,	4,    5,    6,	  7,	0x88, /* 2: 64 bits */
		0x1a, 3,    'a',  'b',	'c',			      /* 3: bytes */
		0x25, 1,    2,	  3,	0x84,			      /* 4: 32 bits */
		0x2a, 0,					      /* 5: no bytes */
		0xf8, 0xff, 0xff, 0xff, 0x0f, 0,		      /* 2^29 - 1: 0 */
		0x30, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, /* 6: -1 */
	};
	static const struct {
		uint32_t field;
		enum wire_type type;
		uint64_t value;
	} want[] = {
		{ 1, WIRE_VARINT, 150 },
		{ 2, WIRE_I64, UINT64_C(0x8807060504030201) },
		{ 3, WIRE_LEN, 3 },
		{ 4, WIRE_I32, 0x84030201 },
		{ 5, WIRE_LEN, 0 },
		{ 0x1fffffff, WIRE_VARINT, 0 },
		{ 6, WIRE_VARINT, UINT64_MAX },
	};
	struct wire w = wire_of(bytes_of(p, sizeof p));
	for (size_t i = 0; i < COUNT(want); i++) {
		assert_int_equal(wire_next(&w), 1);
		assert_int_equal(w.field, want[i].field);
		assert_int_equal(w.type, want[i].type);
		assert_int_equal(w.type == WIRE_LEN ? bytes_left(&w.data) : w.value,
				 want[i].value);
	}
	assert_int_equal(wire_next(&w), 0);
	assert_int_equal(wire_next(&w), 0);
}

static int walk(const void *p, size_t n, const char **problem)
{
	struct wire w = wire_of(bytes_of(p, n));
	int fields = 0, r;
	while ((r = wire_next(&w)) > 0)
		fields++;
	*problem = w.problem;
	return r < 0 ? -1 : fields;
}

static void what_is_malformed(void **state)
{
	(void)state;
	static const struct {
		const char *p;
		size_t n;
		const char *says;
	} bad[] = {
		{ "\x00\x00", 2, "field number" },
		{ "\x07\x00", 2, "field number" },
		{ "\x0e\x00", 2, "wire type" },
		{ "\x0f\x00", 2, "wire type" },
		{ "\x80", 1, "tag" },
		{ "\x80\x80\x80\x80\x10\x00", 6, "field number" }, /* 2^29 */
		{ "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10, "field number" },
		{ "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10, "tag" },
		{ "\x08", 1, "varint" },
		{ "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 12, "varint" },
		{ "\x09"
		  "1234567",
		  8, "64-bit" },
		{ "\x0d"
		  "123",
		  4, "32-bit" },
		{ "\x0a\x05"
		  "abcd",
		  6, "longer than what holds it" },
		{ "\x0a", 1, "length" },
		{ "\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11, "longer" },
		{ "\x0b\x08", 2, "varint" },
		{ "\x0b", 1, "tag" }, /* a group that does not end */
		{ "\x0b\x08\x01\x14", 4, "did not begin" }, /* ended by another's end */
		{ "\x0c", 1, "did not begin" },
	};
	for (size_t i = 0; i < COUNT(bad); i++) {
		const char *problem;
		CHECK(walk(bad[i].p, bad[i].n, &problem) == -1, "case %zu", i);
		CHECK(strstr(problem, bad[i].says), "case %zu: %s", i, problem);
	}
}

static void groups_are_passed_over(void **state)
{
	(void)state;
	const char *problem;
	/* 1 { 2: 5  3 { 4: "x" }  1 { } }  5: 7 */
	assert_int_equal(
		walk("\x0b\x10\x05\x1b\x22\x01x\x1c\x0b\x0c\x0c\x28\x07", 13, &problem),
		1);
	assert_int_equal(walk("\x0b\x0c", 2, &problem), 0);
	static uint8_t deep[20000];
	for (size_t depth = 1; depth <= 10000;
	     depth = depth < 110 ? depth + 1 : depth * 10) {
		memset(deep, 0x0b, depth);
		memset(deep + depth, 0x0c, depth);
		const int r = walk(deep, 2 * depth, &problem);
		CHECK(r == (depth <= 100 ? 0 : -1), "%zu groups in each other", depth);
		if (r < 0)
			assert_string_equal(problem, "groups are nested too deep");
	}
}

static void any_bytes(void **state)
{
	(void)state;
	for (int i = 0; i < 100000; i++) {
		uint8_t p[40];
		const char *problem;
		const size_t n = chance_below(sizeof p);
		if (i % 2)
			chance_bytes(p, n);
		else
			chance_text((char *)p, n,
				    "\x08\x0a\x0b\x0c\x0d\x01\x02\x05\x80\xff");
		assert_true(walk(p, n, &problem) <= (int)n / 2 + 1);
	}
}

/* --- messages ---------------------------------------------------------------------- */

/* A message that may hold itself, as GraphDef's attributes do: field 1. */
struct nest {
	ProtobufCMessage base;
	struct nest *inner;
};

static const ProtobufCMessageDescriptor nest_type;

static void nest_init(struct nest *n)
{
	*n = (struct nest){ PROTOBUF_C_MESSAGE_INIT(&nest_type), NULL };
}

static const ProtobufCFieldDescriptor nest_fields[] = {
	{ "inner", 1, PROTOBUF_C_LABEL_OPTIONAL, PROTOBUF_C_TYPE_MESSAGE, 0,
	  offsetof(struct nest, inner), &nest_type, NULL, 0, 0, NULL, NULL },
};
static const unsigned nest_by_name[] = { 0 };
static const ProtobufCIntRange nest_ranges[] = { { 1, 0 }, { 0, 1 } };
static const ProtobufCMessageDescriptor nest_type = {
	PROTOBUF_C__MESSAGE_DESCRIPTOR_MAGIC,
	"Nest",
	"Nest",
	"nest",
	"",
	sizeof(struct nest),
	1,
	nest_fields,
	nest_by_name,
	1,
	nest_ranges,
	(ProtobufCMessageInit)nest_init,
	NULL,
	NULL,
	NULL,
};

/* depth messages in each other; returns where they begin in to, whose end they touch. */
static size_t nested(uint8_t *to, size_t cap, size_t depth)
{
	size_t at = cap;
	for (size_t i = 1; i < depth; i++) {
		const size_t n = cap - at;
		to[--at] = (uint8_t)(n >> 14);
		to[--at] = (uint8_t)(n >> 7 | 0x80);
		to[--at] = (uint8_t)(n | 0x80);
		to[--at] = 0x0a;
	}
	return at;
}

static void messages_nested_too_deep(void **state)
{
	(void)state;
	static uint8_t bytes[50000];
	static const size_t depths[] = { 1, 2, 50, 99, 100, 101, 102, 1000, 10000 };
	for (size_t i = 0; i < COUNT(depths); i++) {
		struct arena a;
		struct ckpt_error err = { 0 };
		const size_t at = nested(bytes, sizeof bytes, depths[i]);
		const struct bytes b = bytes_of(bytes + at, sizeof bytes - at);
		arena_init(&a, UINT64_MAX);
		const struct nest *n =
			message_unpack(&a, &nest_type, b, "file", 77, &err);
		if (depths[i] > 100) {
			assert_null(n);
			assert_int_equal(err.code, CKPT_ECORRUPT);
			assert_string_equal(err.file, "file");
			assert_int_equal(err.offset, 77);
			assert_non_null(strstr(err.text, "nested"));
		} else {
			size_t depth = 0;
			for (; n; n = n->inner)
				depth++;
			assert_int_equal(depth, depths[i]);
		}
		arena_drop(&a);
	}
}

static void a_header_is_unpacked(void **state)
{
	(void)state;
	struct arena a;
	arena_init(&a, UINT64_MAX);
	/* num_shards 3, version { producer 1, bad_consumers [5, 6] }, an unknown field */
	static const char good[] = "\x08\x03\x1a\x06\x08\x01\x1a\x02\x05\x06\x7a\x01x";
	const Ckpt__BundleHeader *h =
		message_unpack(&a, &ckpt__bundle_header__descriptor,
			       bytes_of(good, sizeof good - 1), NULL, -1, NULL);
	assert_non_null(h);
	assert_int_equal(h->num_shards, 3);
	assert_int_equal(h->endianness, 0);
	assert_int_equal(h->version->producer, 1);
	assert_int_equal(h->version->n_bad_consumers, 2);
	assert_int_equal(h->version->bad_consumers[1], 6);
	h = message_unpack(&a, &ckpt__bundle_header__descriptor, bytes_of(NULL, 0), NULL,
			   -1, NULL);
	assert_non_null(h);
	assert_int_equal(h->num_shards, 0);
	for (size_t n = 1; n < sizeof good - 1; n++) {
		struct ckpt_error err = { 0 };
		h = message_unpack(&a, &ckpt__bundle_header__descriptor,
				   bytes_of(good, n), "f", 0, &err);
		const bool whole = n == 2 || n == 10;
		assert_int_equal(h != NULL, whole);
		assert_int_equal(err.code, whole ? CKPT_OK : CKPT_ECORRUPT);
	}
	arena_drop(&a);
}

/* Protobuf-c would take 37 times as much as the input has. */
static void unpacking_keeps_to_the_limit(void **state)
{
	(void)state;
	static uint8_t many[200000];
	for (size_t i = 0; i < sizeof many; i += 2) {
		many[i] = 0x3a; /* BundleEntry.slices: {} */
		many[i + 1] = 0;
	}
	struct arena a;
	struct ckpt_error err = { 0 };
	arena_init(&a, 1 << 20);
	assert_null(message_unpack(&a, &ckpt__bundle_entry__descriptor,
				   bytes_of(many, sizeof many), "f", 0, &err));
	assert_true(a.taken <= 1 << 20);
	assert_true(err.code == CKPT_ECORRUPT || err.code == CKPT_ELIMIT);
	arena_drop(&a);
}

int group_wire(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_of_all_types),
		cmocka_unit_test(what_is_malformed),
		cmocka_unit_test(groups_are_passed_over),
		cmocka_unit_test(any_bytes),
		cmocka_unit_test(messages_nested_too_deep),
		cmocka_unit_test(a_header_is_unpacked),
		cmocka_unit_test(unpacking_keeps_to_the_limit),
	};
	return unit_run("wire", tests, COUNT(tests));
}
