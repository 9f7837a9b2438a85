/* test_textproto.c — protobuf's text form: what people and TensorFlow write, what breaks.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "unit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "format/message.h"
#include "format/textproto.h"
#include "base/fields.h"
#include "proto/bundle.pb-c.h"
#include "proto/graph.pb-c.h"
#include "proto/state.pb-c.h"

static struct arena arena;

static int begin(void **state)
{
	(void)state;
	arena_init(&arena, UINT64_MAX);
	return 0;
}

static int end(void **state)
{
	(void)state;
	arena_drop(&arena);
	return 0;
}

/* The text in a block of its own size, so that a sanitizer sees a byte too many. */
static void *parse(const ProtobufCMessageDescriptor *type, const char *text, size_t n,
		   struct ckpt_error *err)
{
	struct buffer wire;
	char *exact = test_malloc(n ? n : 1);
	memcpy(exact, text, n);
	buffer_init(&wire, 1 << 20);
	const int r =
		textproto_encode(type, bytes_of(exact, n), "checkpoint", &wire, err);
	void *m = r ? NULL
		    : message_unpack(&arena, type, bytes_of(wire.p, wire.len), NULL, 0,
				     err);
	buffer_drop(&wire);
	test_free(exact);
	return m;
}

static const Ckpt__CheckpointState *state_of(const char *text)
{
	struct ckpt_error err = { 0 };
	void *m = parse(&ckpt__checkpoint_state__descriptor, text, strlen(text), &err);
	CHECK(m != NULL, "%s: %s", text, err.text);
	return m;
}

static void check_path(const char *text, const char *want, size_t len)
{
	const Ckpt__CheckpointState *s = state_of(text);
	CHECK(s->model_checkpoint_path.len == len, "%s gives %zu bytes", text,
	      s->model_checkpoint_path.len);
	assert_memory_equal(s->model_checkpoint_path.data, want, len);
}

static void as_tensorflow_writes_it(void **state)
{
	(void)state;
	const Ckpt__CheckpointState *s =
		state_of("model_checkpoint_path: \"ck-3\"\n"
			 "all_model_checkpoint_paths: \"ck-2\"\n"
			 "all_model_checkpoint_paths: \"ck-3\"\n"
			 "all_model_checkpoint_timestamps: 1700000000.25\n"
			 "all_model_checkpoint_timestamps: 1e9\n"
			 "last_preserved_timestamp: -1.5\n");
	assert_int_equal(s->n_all_model_checkpoint_paths, 2);
	assert_memory_equal(s->all_model_checkpoint_paths[1].data, "ck-3", 4);
	assert_int_equal(s->n_all_model_checkpoint_timestamps, 2);
	assert_true(s->all_model_checkpoint_timestamps[0] == 1700000000.25);
	assert_true(s->all_model_checkpoint_timestamps[1] == 1e9);
	assert_true(s->last_preserved_timestamp == -1.5);
	assert_int_equal(state_of("")->model_checkpoint_path.len, 0);
	assert_int_equal(state_of("# nothing")->n_all_model_checkpoint_paths, 0);
}

static void a_decimal_comma(void **state)
{
	(void)state;
	if (!unit_comma())
		skip();
	const char *text = "last_preserved_timestamp: 1.5";
	const Ckpt__CheckpointState *s =
		parse(&ckpt__checkpoint_state__descriptor, text, strlen(text), NULL);
	unit_point();
	assert_non_null(s);
	assert_true(s->last_preserved_timestamp == 1.5);
}

static void strings(void **state)
{
	(void)state;
	check_path("model_checkpoint_path: 'a\"b'", "a\"b", 3);
	check_path("model_checkpoint_path: \"a'b\"", "a'b", 3);
	check_path("model_checkpoint_path: \"a\" 'b'\n # c\n \"d\"", "abd", 3);
	check_path("model_checkpoint_path: \"\"", "", 0);
	check_path("model_checkpoint_path: \"# no comment\"", "# no comment", 12);
	check_path("model_checkpoint_path: \"\\a\\b\\f\\n\\r\\t\\v\\\\\\'\\\"\\?\"",
		   "\a\b\f\n\r\t\v\\'\"?", 11);
	check_path("model_checkpoint_path: \"\\346\\274\\242/\\0a\\60\\1112\"",
		   "\xe6\xbc\xa2/\0a0I2", 9);
	check_path("model_checkpoint_path: \"\\x41\\x4g\\X7a\\xff\"", "A\x04gz\xff", 5);
	check_path("model_checkpoint_path: \"\\u00e9\\u6f22\\U0001f600\\u0041\"",
		   "\xc3\xa9\xe6\xbc\xa2\xf0\x9f\x98\x80"
		   "A",
		   10);
	check_path("model_checkpoint_path: \"\xe6\xbc\xa2\xff\"", "\xe6\xbc\xa2\xff", 4);
	check_path("model_checkpoint_path:\"a\"model_checkpoint_path:'b'", "b", 1);
}

static void comments_lists_and_separators(void **state)
{
	(void)state;
	const Ckpt__CheckpointState *s = state_of(
		"#one\r\n\tall_model_checkpoint_paths # two\n : [ 'a', # three\n \"b\" "
		"'c' ] ,\n"
		"all_model_checkpoint_paths: [];all_model_checkpoint_paths: 'd',\n"
		"all_model_checkpoint_timestamps: [1, 2.5,-3e2 , - 4, 0x10, inf, nan, "
		"1.5f]");
	assert_int_equal(s->n_all_model_checkpoint_paths, 3);
	assert_memory_equal(s->all_model_checkpoint_paths[1].data, "bc", 2);
	assert_memory_equal(s->all_model_checkpoint_paths[2].data, "d", 1);
	static const double want[] = { 1, 2.5, -300, -4, 16, INFINITY, NAN, 1.5 };
	assert_int_equal(s->n_all_model_checkpoint_timestamps, COUNT(want));
	for (size_t i = 0; i < COUNT(want); i++) {
		const double v = s->all_model_checkpoint_timestamps[i];
		assert_true(v == want[i] || (isnan(v) && isnan(want[i])));
	}
}

static void unknown_fields_are_read_over(void **state)
{
	(void)state;
	static const char *const unknown[] = {
		"other: 5",
		"other: \"x\" 'y'",
		"other { a: 1 b { c: 'd' } e: [1, 2] }",
		"other < a: 1 >",
		"other: { a { } }",
		"other: [ { a: 1 }, < b: 2 > ]",
		"other: []",
		"other: -inf",
		"other: some_name",
		"[some.extension]: 5",
		"[some.extension] { a: 1 }",
		"[ some . extension # c\n ]: 'x'",
		"[type.googleapis.com/a.b] { x: 1 }",
	};
	for (size_t i = 0; i < COUNT(unknown); i++) {
		char text[200];
		snprintf(text, sizeof text, "%s model_checkpoint_path: 'p' %s",
			 unknown[i], unknown[i]);
		check_path(text, "p", 1);
	}
}

/* A file is read in windows: where they end makes no difference. */
static void files_larger_than_the_windows(void **state)
{
	(void)state;
	static const char *const fields[] = {
		"key: 'a\\n\\\'\\303\\251\\u6f22' ", "# a comment, { and ' in it\n",
		"value { s: \"x\" \"y\" 'z' } ", "value { list { i: [1, -2, 0x3] } } ",
		"value<f:-1.5e-3>;", "unknown { a: 1 [b.c/d] { } } ", "\n\t  ",
		"value: { type: DT_FLOAT, b: true }\n",
	};
	enum { LONG = 900000 };
	struct ckpt_error err = { 0 };
	struct buffer want;
	struct spool text, got;
	struct scan scan;
	buffer_init(&want, SIZE_MAX);
	spool_init(&text, "text", SIZE_MAX);
	spool_init(&got, "wire", SIZE_MAX);
	while (spool_len(&text) < LONG) {
		const char *f = fields[chance_below(COUNT(fields))];
		assert_false(spool_append(&text, f, strlen(f), &err));
	}
	spool_finish(&text);
	const ProtobufCMessageDescriptor *type = &ckpt__attr_entry__descriptor;
	CHECK(!textproto_encode(type, bytes_of(text.b.p, text.b.len), "text", &want, &err),
	      "%s", err.text);
	CHECK(!textproto_encode_file(type, &text.source, LONG, &got, &err), "%s", err.text);
	scan_init(&scan, &got.source, SIZE_MAX);
	assert_int_equal(got.source.size, want.len);
	const uint8_t *p = scan_bytes(&scan, 0, want.len, &err);
	assert_non_null(p);
	assert_memory_equal(p, want.p, want.len);
	scan_drop(&scan);
	spool_drop(&text);
	spool_drop(&got);
	buffer_drop(&want);
}

static void messages_in_messages(void **state)
{
	(void)state;
	static const char *const same[] = {
		"num_shards: 3 version { producer: 1 bad_consumers: [5, -6] }",
		"num_shards: 3 version: < producer: 0x1 bad_consumers: [5, -6] >",
		"version{bad_consumers:5;producer:01,bad_consumers:-6,},num_shards:3;",
	};
	for (size_t i = 0; i < COUNT(same); i++) {
		struct ckpt_error err = { 0 };
		const Ckpt__BundleHeader *h = parse(&ckpt__bundle_header__descriptor,
						    same[i], strlen(same[i]), &err);
		CHECK(h != NULL, "%s: %s", same[i], err.text);
		assert_int_equal(h->num_shards, 3);
		assert_int_equal(h->version->producer, 1);
		assert_int_equal(h->version->n_bad_consumers, 2);
		assert_int_equal(h->version->bad_consumers[1], -6);
	}
	/* int64, fixed32, bool, and two messages of the same field. */
	const char *text =
		"shape { dim { size: -9223372036854775808 } dim { size: 7 name: 'n' } "
		"unknown_rank: true } crc32c: 4294967295 slices { } slices { extent { } "
		"}";
	const Ckpt__BundleEntry *e =
		parse(&ckpt__bundle_entry__descriptor, text, strlen(text), NULL);
	assert_non_null(e);
	assert_int_equal(e->shape->n_dim, 2);
	assert_int_equal(e->shape->dim[0]->size, INT64_MIN);
	assert_int_equal(e->shape->unknown_rank, 1);
	assert_int_equal(e->crc32c, UINT32_MAX);
	assert_int_equal(e->n_slices, 2);
	assert_int_equal(e->slices[1]->n_extent, 1);
}

/* --- every kind of number ----------------------------------------------------------- */

enum { N_KINDS = 11 };

static const ProtobufCEnumValue colours[] = { { "BLUE", "BLUE", -1 },
					      { "RED", "RED", 5 } };
static const ProtobufCEnumValueIndex colours_by_name[] = { { "BLUE", 0 }, { "RED", 1 } };
static const ProtobufCEnumDescriptor colour = {
	PROTOBUF_C__ENUM_DESCRIPTOR_MAGIC,
	"Colour",
	"Colour",
	"Colour",
	"",
	2,
	colours,
	2,
	colours_by_name,
	0,
	NULL,
	NULL,
	NULL,
	NULL,
	NULL,
};

#define KIND(name, number, kind, type)                                                   \
	{                                                                                \
		name, number, PROTOBUF_C_LABEL_REPEATED, PROTOBUF_C_TYPE_##kind, 0, 0,   \
			type, NULL, 0, 0, NULL, NULL                                     \
	}

static const ProtobufCFieldDescriptor kinds[N_KINDS] = {
	KIND("a", 1, INT32, NULL),    KIND("b", 2, SINT32, NULL),
	KIND("c", 3, SFIXED32, NULL), KIND("d", 4, UINT64, NULL),
	KIND("e", 5, SINT64, NULL),   KIND("f", 6, FIXED64, NULL),
	KIND("g", 7, FLOAT, NULL),    KIND("h", 8, DOUBLE, NULL),
	KIND("i", 9, BOOL, NULL),     KIND("j", 10, ENUM, &colour),
	KIND("k", 11, STRING, NULL),
};
static const unsigned kinds_by_name[N_KINDS] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 };
static const ProtobufCIntRange kinds_ranges[] = { { 1, 0 }, { 0, N_KINDS } };
static const ProtobufCMessageDescriptor all_kinds = {
	PROTOBUF_C__MESSAGE_DESCRIPTOR_MAGIC,
	"Kinds",
	"Kinds",
	"Kinds",
	"",
	sizeof(ProtobufCMessage),
	N_KINDS,
	kinds,
	kinds_by_name,
	1,
	kinds_ranges,
	NULL,
	NULL,
	NULL,
	NULL,
};

static void numbers_of_every_kind(void **state)
{
	(void)state;
	static const struct {
		const char *text, *wire; /* NULL: an error */
		size_t n;
	} known[] = {
		{ "a: -1", "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11 },
		{ "a: 0x7F", "\x08\x7f", 2 },
		{ "a: 010", "\x08\x08", 2 },
		{ "b: -2", "\x10\x03", 2 },
		{ "b: 2", "\x10\x04", 2 },
		{ "c: -2", "\x1d\xfe\xff\xff\xff", 5 },
		{ "d: 18446744073709551615",
		  "\x20\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11 },
		{ "e: -9223372036854775808",
		  "\x28\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11 },
		{ "f: 258", "\x31\x02\x01\0\0\0\0\0\0", 9 },
		{ "g: 1.5", "\x3d\0\0\xc0\x3f", 5 },
		{ "g: 1e-45", "\x3d\x01\0\0\0", 5 },
		{ "h: -2", "\x41\0\0\0\0\0\0\0\xc0", 9 },
		{ "i: true i: f i: 1", "\x48\x01\x48\0\x48\x01", 6 },
		{ "i: [True, False, t, 0, false]", "\x48\1\x48\0\x48\1\x48\0\x48\0", 10 },
		{ "j: RED", "\x50\x05", 2 },
		{ "j: BLUE", "\x50\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11 },
		{ "j: 7", "\x50\x07", 2 },
		{ "k: 'x' 'y'", "\x5a\x02xy", 4 },
		{ "a: 1.0", NULL, 0 },
		{ "a: - ", NULL, 0 },
		{ "a: { }", NULL, 0 },
		{ "b: x", NULL, 0 },
		{ "c: 08", NULL, 0 },
		{ "f: 1x", NULL, 0 },
		{ "g: one", NULL, 0 },
		{ "g: 1.5ff", NULL, 0 },
		{ "i: yes", NULL, 0 },
		{ "i: 2", NULL, 0 },
		{ "j: GREEN", NULL, 0 },
		{ "k: 5", NULL, 0 },
		{ "k: { }", NULL, 0 },
	};
	for (size_t i = 0; i < COUNT(known); i++) {
		struct buffer wire;
		buffer_init(&wire, 100);
		const struct bytes text = bytes_of(known[i].text, strlen(known[i].text));
		const int r = textproto_encode(&all_kinds, text, NULL, &wire, NULL);
		CHECK(r == (known[i].wire ? 0 : -1), "%s", known[i].text);
		CHECK(r || !bytes_compare(wire.p, wire.len, known[i].wire, known[i].n),
		      "%s", known[i].text);
		buffer_drop(&wire);
	}
}

static const struct {
	const char *text;
	int line;
	const char *says;
} bad[] = {
	{ "model_checkpoint_path: \"a", 1, "does not end" },
	{ "model_checkpoint_path: \"a\nb\"", 1, "does not end" },
	{ "model_checkpoint_path: \"a\\", 1, "does not end" },
	{ "model_checkpoint_path: \"\\q\"", 1, "escape" },
	{ "model_checkpoint_path: \"\\xg\"", 1, "\\x" },
	{ "model_checkpoint_path: \"\\u12\"", 1, "\\u" },
	{ "model_checkpoint_path: \"\\U00110000\"", 1, "\\u" },
	{ "model_checkpoint_path: 5", 1, "string was expected" },
	{ "model_checkpoint_path \"a\"", 1, "':' was expected" },
	{ "\n\nmodel_checkpoint_path:", 3, "string was expected" },
	{ "\n\n\nother", 4, "':' was expected" },
	{ "last_preserved_timestamp: abc", 1, "number was expected" },
	{ "last_preserved_timestamp: 1.5x", 1, "number was expected" },
	{ "last_preserved_timestamp: ''", 1, "expected" },
	{ "}", 1, "name or a number" },
	{ "a { b: 1 >", 1, "name or a number" },
	{ "a {\n b: 1\n", 3, "ends inside" },
	{ "all_model_checkpoint_paths: ['a' 'b'\n", 2, "] was expected" },
	{ "all_model_checkpoint_paths: ['a',", 1, "string was expected" },
	{ "<html>\n<body>", 1, "name or a number" },
	{ "version https://git-lfs", 1, "expected" },
	{ "a: ", 1, "name or a number" },
	{ "\xff\xfe", 1, "name or a number" },
	{ "[", 1, "expected" },
	{ "[ ", 1, "expected" },
	{ "[# c", 1, "expected" },
	{ "[a.b \n\t", 2, "expected" },
	{ "[a.b", 1, "expected" },
};

static void errors_say_where(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct ckpt_error err = { 0 };
		char line[16];
		CHECK(!parse(&ckpt__checkpoint_state__descriptor, bad[i].text,
			     strlen(bad[i].text), &err),
		      "'%s' is taken", bad[i].text);
		assert_int_equal(err.code, CKPT_ECORRUPT);
		assert_string_equal(err.file, "checkpoint");
		snprintf(line, sizeof line, "line %d: ", bad[i].line);
		CHECK(!strncmp(err.text, line, strlen(line)) &&
			      strstr(err.text, bad[i].says),
		      "'%s': %s", bad[i].text, err.text);
		assert_in_range(err.offset, 0, strlen(bad[i].text));
	}
	static const char *const numbers[] = {
		"version: 5",	 "num_shards: x",  "num_shards: 99999999999999999999",
		"num_shards: -", "num_shards: 0x", "num_shards: { }"
	};
	for (size_t i = 0; i < COUNT(numbers); i++)
		CHECK(!parse(&ckpt__bundle_header__descriptor, numbers[i],
			     strlen(numbers[i]), NULL),
		      "'%s' is taken", numbers[i]);
}

static void messages_nested_too_deep(void **state)
{
	(void)state;
	static char text[60000];
	static const size_t depths[] = { 1, 99, 100, 101, 10000 };
	for (size_t i = 0; i < COUNT(depths); i++) {
		struct ckpt_error err = { 0 };
		char *to = text;
		for (size_t k = 0; k < depths[i]; k++)
			to += sprintf(to, "a%c", k % 2 ? '<' : '{');
		for (size_t k = depths[i]; k--;)
			*to++ = k % 2 ? '>' : '}';
		const void *m = parse(&ckpt__checkpoint_state__descriptor, text,
				      (size_t)(to - text), &err);
		assert_int_equal(m != NULL, depths[i] <= 100);
		if (!m)
			assert_non_null(strstr(err.text, "more than 100 deep"));
	}
}

/* Cut short or changed anywhere, a text may be wrong, and no more than that. */
static void texts_cut_and_changed(void **state)
{
	(void)state;
	static const char whole[] = "model_checkpoint_path: 'a' \"\\346\\x41\\u00e9\" # "
				    "c\nother { a: [1, <b:2>] }\n"
				    "all_model_checkpoint_paths: ['b', 'c'] "
				    "all_model_checkpoint_timestamps: 1.5\n"
				    "[x.y] { z: 1 };";
	for (size_t n = 0; n < sizeof whole; n++)
		parse(&ckpt__checkpoint_state__descriptor, whole, n, NULL);
	for (int i = 0; i < 20000; i++) {
		char text[sizeof whole];
		memcpy(text, whole, sizeof whole);
		for (uint64_t k = 0; k <= chance_below(3); k++)
			chance_text(text + chance_below(sizeof whole - 1), 1,
				    "[]{}<>'\"\\:,;# \nax1-.\xff");
		parse(&ckpt__checkpoint_state__descriptor, text,
		      chance_one_in(2) ? chance_below(sizeof whole) : sizeof whole - 1,
		      NULL);
		if (i % 1000 == 0)
			arena_drop(&arena);
	}
}

static void output_keeps_to_its_limit(void **state)
{
	(void)state;
	const char *text = "model_checkpoint_path: 'aaaaaaaaaaaaaaaaaaaa'";
	for (size_t room = 0; room < 30; room++) {
		struct buffer wire;
		struct ckpt_error err = { 0 };
		buffer_init(&wire, room);
		const int r =
			textproto_encode(&ckpt__checkpoint_state__descriptor,
					 bytes_of(text, strlen(text)), "f", &wire, &err);
		assert_int_equal(r, room < 22 ? -1 : 0);
		assert_int_equal(err.code, room < 22 ? CKPT_ELIMIT : CKPT_OK);
		buffer_drop(&wire);
	}
}

int group_textproto(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(as_tensorflow_writes_it, begin, end),
		cmocka_unit_test_setup_teardown(a_decimal_comma, begin, end),
		cmocka_unit_test_setup_teardown(strings, begin, end),
		cmocka_unit_test_setup_teardown(comments_lists_and_separators, begin,
						end),
		cmocka_unit_test_setup_teardown(unknown_fields_are_read_over, begin, end),
		cmocka_unit_test(files_larger_than_the_windows),
		cmocka_unit_test_setup_teardown(messages_in_messages, begin, end),
		cmocka_unit_test(numbers_of_every_kind),
		cmocka_unit_test_setup_teardown(errors_say_where, begin, end),
		cmocka_unit_test_setup_teardown(messages_nested_too_deep, begin, end),
		cmocka_unit_test_setup_teardown(texts_cut_and_changed, begin, end),
		cmocka_unit_test_setup_teardown(output_keeps_to_its_limit, begin, end),
	};
	return unit_run("textproto", tests, COUNT(tests));
}
