/* test_textprint.c — messages as texts, as Python's text_format prints them.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/spool.h"
#include "format/textprint.h"
#include "format/textproto.h"
#include "proto/graph.pb-c.h"

enum { LIMIT = 1 << 20 };

/* What is printed of wire bytes; the buffer is the caller's. */
static int print(const ProtobufCMessageDescriptor *type, const void *p, size_t n,
		 struct buffer *text, struct ckpt_error *err)
{
	struct spool spool;
	struct sink s = sink_into(text, err);
	spool_init(&spool, "wire", SIZE_MAX);
	assert_int_equal(spool_append(&spool, p, n, err), 0);
	spool_finish(&spool);
	buffer_init(text, LIMIT);
	const int r = textprint(type, &spool.source, 0, n, &s, err);
	spool_drop(&spool);
	return r;
}

/* A text that is read and printed again is `want`. */
static void check_text(const ProtobufCMessageDescriptor *type, const char *text,
		       const char *want)
{
	struct ckpt_error err = { 0 };
	struct buffer wire, again;
	buffer_init(&wire, LIMIT);
	CHECK(!textproto_encode(type, bytes_of(text, strlen(text)), "text", &wire, &err),
	      "%s: %s", text, err.text);
	CHECK(!print(type, wire.p, wire.len, &again, &err), "%s: %s", text, err.text);
	CHECK(again.len == strlen(want) && !memcmp(again.p, want, again.len),
	      "%s: printed %.*s", text, (int)again.len, (char *)again.p);
	buffer_drop(&again);
	buffer_drop(&wire);
}

static void a_field_a_line(void **state)
{
	(void)state;
	const char *const node = "name: \"a/b\"\n"
				 "op: \"Const\"\n"
				 "input: \"x\"\n"
				 "input: \"^y\"\n"
				 "attr {\n"
				 "  key: \"T\"\n"
				 "  value {\n"
				 "    type: DT_FLOAT\n"
				 "  }\n"
				 "}\n"
				 "attr {\n"
				 "  key: \"empty\"\n"
				 "  value {\n"
				 "    list {\n"
				 "    }\n"
				 "  }\n"
				 "}\n";
	check_text(&ckpt__node_def__descriptor, node, node);
}

/* Zeros of proto3 are not there, but those of a oneof and in a list are. */
static void zeros(void **state)
{
	(void)state;
	check_text(&ckpt__graph_def__descriptor, "version: 0 node { name: '' }",
		   "node {\n}\n");
	check_text(&ckpt__attr_value__descriptor, "b: false", "b: false\n");
	check_text(&ckpt__attr_value__descriptor, "s: ''", "s: \"\"\n");
	check_text(&ckpt__tensor__descriptor, "float_val: [0, -0.0, 1]",
		   "float_val: 0.0\nfloat_val: -0.0\nfloat_val: 1.0\n");
}

static void numbers(void **state)
{
	(void)state;
	check_text(&ckpt__attr_value__descriptor, "i: -9223372036854775808",
		   "i: -9223372036854775808\n");
	check_text(&ckpt__attr_value__descriptor, "type: 4000", "type: 4000\n");
	check_text(&ckpt__tensor__descriptor,
		   "int_val: -1 uint64_val: 18446744073709551615 uint32_val: 4294967295",
		   "int_val: -1\nuint64_val: 18446744073709551615\n"
		   "uint32_val: 4294967295\n");
	check_text(&ckpt__tensor__descriptor,
		   "float_val: [0.1, 1e-5, 3.4028235e38, inf, -inf, nan]",
		   "float_val: 0.1\nfloat_val: 1e-05\nfloat_val: 3.4028235e+38\n"
		   "float_val: inf\nfloat_val: -inf\nfloat_val: nan\n");
	check_text(&ckpt__tensor__descriptor, "double_val: [0.1, 1e16, 1e300]",
		   "double_val: 0.1\ndouble_val: 1e+16\ndouble_val: 1e+300\n");
}

/* Bytes are escaped; names are UTF-8, and what is none is escaped. */
static void strings(void **state)
{
	(void)state;
	check_text(&ckpt__attr_value__descriptor, "s: '\\000\\t\\n\\r\"\\'\\\\\\177\\303\\251'",
		   "s: \"\\000\\t\\n\\r\\\"\\'\\\\\\177\\303\\251\"\n");
	check_text(&ckpt__node_def__descriptor, "name: '\\303\\251\\377\\001'",
		   "name: \"\303\251\\377\\001\"\n");
}

/* More than a window of bytes, with an escape at every border. */
static void long_bytes(void **state)
{
	enum { LONG = 100000 };
	static char text[4 * LONG + 16], want[4 * LONG + 16];
	size_t n = 0;
	(void)state;
	n += (size_t)snprintf(text, sizeof text, "tensor_content: \"");
	for (size_t i = 0; i < LONG; i++)
		n += (size_t)snprintf(text + n, sizeof text - n, "%s",
				      i % 3 ? "\\377" : "x");
	snprintf(text + n, sizeof text - n, "\"\n");
	memcpy(want, text, sizeof want);
	check_text(&ckpt__tensor__descriptor, text, want);
}

static void what_is_not_known_is_left_out(void **state)
{
	(void)state;
	struct ckpt_error err = { 0 };
	struct buffer text;
	/* field 99, a number; field 2 as a number, which is a string; name: "a" */
	static const uint8_t wire[] = { 0x98, 0x06, 1, 0x10, 5, 0x0a, 1, 'a' };
	assert_int_equal(print(&ckpt__node_def__descriptor, wire, sizeof wire, &text,
			       &err),
			 0);
	assert_int_equal(text.len, 10);
	assert_memory_equal(text.p, "name: \"a\"\n", 10);
	buffer_drop(&text);
}

static void damage(void **state)
{
	(void)state;
	struct buffer text;
	/* a packed float cut short; a length beyond the end */
	static const uint8_t packed[] = { 0x2a, 3, 0, 0, 0 }, cut[] = { 0x0a, 9, 'a' };
	struct ckpt_error err = { 0 };
	assert_int_equal(print(&ckpt__tensor__descriptor, packed, sizeof packed, &text,
			       &err),
			 -1);
	assert_int_equal(err.code, CKPT_ECORRUPT);
	buffer_drop(&text);
	error_clear(&err);
	assert_int_equal(print(&ckpt__node_def__descriptor, cut, sizeof cut, &text, &err),
			 -1);
	assert_int_equal(err.code, CKPT_ECORRUPT);
	buffer_drop(&text);
}

/* A FullType within a FullType, and so on. */
static void nested_too_deep(void **state)
{
	enum { LEVELS = 120, ROOM = 4 * LEVELS };
	uint8_t wire[ROOM];
	size_t at = ROOM;
	struct ckpt_error err = { 0 };
	struct buffer text;
	(void)state;
	for (int i = 0; i < LEVELS; i++) {
		const size_t n = ROOM - at;
		if (n >= 0x80) {
			wire[--at] = (uint8_t)(n >> 7);
			wire[--at] = (uint8_t)(n | 0x80);
		} else {
			wire[--at] = (uint8_t)n;
		}
		wire[--at] = 2 << 3 | WIRE_LEN;
	}
	assert_int_equal(print(&ckpt__full_type__descriptor, wire + at, ROOM - at, &text,
			       &err),
			 -1);
	assert_int_equal(err.code, CKPT_ECORRUPT);
	buffer_drop(&text);
}

/* A sink that counts says what one that keeps has. */
static void counted_as_written(void **state)
{
	static const uint64_t numbers_put[] = { 0, 127, 128, 16383, 16384, UINT64_MAX };
	struct ckpt_error err = { 0 };
	struct buffer b;
	(void)state;
	for (size_t i = 0; i < COUNT(numbers_put); i++) {
		buffer_init(&b, LIMIT);
		struct sink kept = sink_into(&b, &err), count = sink_counting(&err);
		put_number(&kept, 1000, numbers_put[i]);
		put_number(&count, 1000, numbers_put[i]);
		put_field(&kept, 3, "abc", 3);
		put_field(&count, 3, "abc", 3);
		assert_int_equal(kept.n, b.len);
		assert_int_equal(count.n, b.len);
		assert_int_equal(b.len, 2 + varint_size(numbers_put[i]) +
						field_size(3, 3));
		buffer_drop(&b);
	}
}

/* After a failure nothing more is written, and the first error stays. */
static void a_failure_stays(void **state)
{
	struct ckpt_error err = { 0 };
	struct buffer b;
	(void)state;
	buffer_init(&b, 4);
	struct sink s = sink_into(&b, &err);
	put_bytes(&s, "abcd", 4);
	put_bytes(&s, "e", 1);
	assert_true(s.failed);
	assert_int_equal(err.code, CKPT_ELIMIT);
	put_field(&s, 1, "f", 1);
	assert_int_equal(b.len, 4);
	buffer_drop(&b);
}

int group_textprint(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_field_a_line),
		cmocka_unit_test(zeros),
		cmocka_unit_test(numbers),
		cmocka_unit_test(strings),
		cmocka_unit_test(long_bytes),
		cmocka_unit_test(what_is_not_known_is_left_out),
		cmocka_unit_test(damage),
		cmocka_unit_test(nested_too_deep),
		cmocka_unit_test(counted_as_written),
		cmocka_unit_test(a_failure_stays),
	};
	return unit_run("textprint", tests, COUNT(tests));
}
