/* textprint.c — a message in protobuf's text format, as TensorFlow writes it.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "format/textprint.h"

#include <string.h>

#include "base/error.h"
#include "base/fields.h"
#include "base/number.h"
#include "base/text.h"
#include "proto/graph.pb-c.h"

enum { MAX_DEPTH = 100, WINDOW = 16 << 10, ESCAPED = 4 };

struct print {
	struct scan scan;
	struct sink *to;
	int depth;
	char escaped[WINDOW]; /* of a literal */
	struct ckpt_error *err;
};

static void put_text(struct print *p, const char *text)
{
	put_bytes(p->to, text, strlen(text));
}

static void put_indent(struct print *p)
{
	for (int i = 0; i < p->depth; i++)
		put_bytes(p->to, "  ", 2);
}

/* --- strings ----------------------------------------------------------------------- */

/* Fields that hold any bytes: in TensorFlow's messages all others are UTF-8, and ours do
 * not tell the two apart. */
static bool holds_bytes(const ProtobufCMessageDescriptor *type,
			const ProtobufCFieldDescriptor *f)
{
	static const struct {
		const ProtobufCMessageDescriptor *type;
		const char *field;
	} fields[] = {
		{ &ckpt__attr_value__descriptor, "s" },
		{ &ckpt__attr_value__list__descriptor, "s" },
		{ &ckpt__tensor__descriptor, "tensor_content" },
		{ &ckpt__tensor__descriptor, "string_val" },
		{ &ckpt__tensor__descriptor, "float8_val" },
		{ &ckpt__variant_tensor_data__descriptor, "metadata" },
		{ &ckpt__collection_def__bytes_list__descriptor, "value" },
		{ &ckpt__collection_def__any__descriptor, "value" },
	};
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		if (fields[i].type == type && !strcmp(fields[i].field, f->name))
			return true;
	return false;
}

/* Writes a byte as it stands in a literal; returns how long that is, ESCAPED at most. */
static size_t escape(char *to, uint8_t c)
{
	static const char from[] = "\t\n\r\"'\\", as[] = "tnr\"'\\";
	const char *simple = c ? strchr(from, c) : NULL;
	if (c >= 0x20 && c < 0x7f && !simple) {
		to[0] = (char)c;
		return 1;
	}
	to[0] = '\\';
	if (simple) {
		to[1] = as[simple - from];
		return 2;
	}
	to[1] = (char)('0' + (c >> 6));
	to[2] = (char)('0' + (c >> 3 & 7));
	to[3] = (char)('0' + (c & 7));
	return ESCAPED;
}

static void put_string(struct print *p, const uint8_t *s, size_t n, bool bytes)
{
	size_t filled = 0;
	for (size_t i = 0; i < n;) {
		uint32_t cp;
		const size_t len = bytes || s[i] < 0x80
					   ? 0
					   : text_utf8((const char *)s + i, n - i, &cp);
		if (len)
			memcpy(p->escaped + filled, s + i, len);
		filled += len ? len : escape(p->escaped + filled, s[i]);
		i += len ? len : 1;
		if (filled > sizeof p->escaped - ESCAPED || i == n) {
			put_bytes(p->to, p->escaped, filled);
			filled = 0;
		}
	}
}

/* A literal; a name is in one window, since a character may not be cut. */
static int print_string(struct print *p, const struct field *f, bool bytes)
{
	put_text(p, "\"");
	for (uint64_t done = 0; done < f->n;) {
		const uint64_t left = f->n - done;
		const size_t n = bytes && left > WINDOW ? WINDOW : (size_t)left;
		const uint8_t *s = scan_bytes(&p->scan, f->at + done, n, p->err);
		if (!s)
			return -1;
		put_string(p, s, n, bytes);
		done += n;
	}
	put_text(p, "\"");
	return 0;
}

/* --- numbers ----------------------------------------------------------------------- */

static size_t real_text(char *text, ProtobufCType type, uint64_t v)
{
	const uint32_t narrow = (uint32_t)v;
	float f;
	double d;
	if (type == PROTOBUF_C_TYPE_FLOAT) {
		memcpy(&f, &narrow, sizeof f);
		return number_float(text, f);
	}
	memcpy(&d, &v, sizeof d);
	return number_double(text, d);
}

static size_t number_text(char *text, const ProtobufCFieldDescriptor *f, uint64_t v)
{
	switch (f->type) {
	case PROTOBUF_C_TYPE_FLOAT:
	case PROTOBUF_C_TYPE_DOUBLE:
		return real_text(text, f->type, v);
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
		return number_u64(text, (uint32_t)v);
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
		return number_u64(text, v);
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_SINT64:
		return number_i64(text, (int64_t)(v >> 1 ^ (0 - (v & 1))));
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SFIXED32:
		return number_i64(text, (int32_t)(uint32_t)v);
	default:
		return number_i64(text, (int64_t)v);
	}
}

static void put_number_text(struct print *p, const ProtobufCFieldDescriptor *f,
			    uint64_t v)
{
	char text[NUMBER_MAX];
	const ProtobufCEnumValue *named =
		f->type == PROTOBUF_C_TYPE_ENUM ? protobuf_c_enum_descriptor_get_value(
							  f->descriptor, (int)(uint32_t)v)
						: NULL;
	if (named)
		put_text(p, named->name);
	else if (f->type == PROTOBUF_C_TYPE_BOOL)
		put_text(p, v ? "true" : "false");
	else
		put_bytes(p->to, text, number_text(text, f, v));
}

static void put_name(struct print *p, const ProtobufCFieldDescriptor *f, const char *then)
{
	put_indent(p);
	put_text(p, f->name);
	put_text(p, then);
}

static void print_number(struct print *p, const ProtobufCFieldDescriptor *f, uint64_t v)
{
	const bool always = f->label == PROTOBUF_C_LABEL_REPEATED ||
			    (f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF);
	if (!v && !always)
		return;
	put_name(p, f, ": ");
	put_number_text(p, f, v);
	put_text(p, "\n");
}

/* --- fields ------------------------------------------------------------------------ */

static enum wire_type wire_of_type(ProtobufCType type)
{
	switch (type) {
	case PROTOBUF_C_TYPE_FLOAT:
	case PROTOBUF_C_TYPE_FIXED32:
	case PROTOBUF_C_TYPE_SFIXED32:
		return WIRE_I32;
	case PROTOBUF_C_TYPE_DOUBLE:
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_SFIXED64:
		return WIRE_I64;
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_BYTES:
	case PROTOBUF_C_TYPE_MESSAGE:
		return WIRE_LEN;
	default:
		return WIRE_VARINT;
	}
}

static int malformed(struct print *p, uint64_t at, const char *what)
{
	return error_set(p->err, CKPT_ECORRUPT, p->scan.source->path, (int64_t)at, "%s",
			 what);
}

/* Numbers one behind the other, each on a line of its own. */
static int print_packed(struct print *p, const ProtobufCFieldDescriptor *f,
			const struct field *in)
{
	enum { LONGEST = 10 };
	const enum wire_type wire = wire_of_type(f->type);
	for (uint64_t at = in->at, end = in->at + in->n; at < end;) {
		const size_t n = end - at < LONGEST ? (size_t)(end - at) : LONGEST;
		const uint8_t *s = scan_bytes(&p->scan, at, n, p->err);
		if (!s)
			return -1;
		struct bytes b = bytes_of(s, n);
		uint32_t word = 0;
		uint64_t v = 0;
		const bool good = wire == WIRE_I32   ? bytes_u32le(&b, &word)
				  : wire == WIRE_I64 ? bytes_u64le(&b, &v)
						     : bytes_varint(&b, &v);
		if (!good)
			return malformed(p, at, "packed numbers are cut short");
		at += (uint64_t)(b.p - s);
		print_number(p, f, wire == WIRE_I32 ? word : v);
	}
	return 0;
}

static int print_fields(struct print *p, const ProtobufCMessageDescriptor *type,
			uint64_t at, uint64_t n);

static int print_message(struct print *p, const ProtobufCFieldDescriptor *f,
			 const struct field *in)
{
	if (p->depth == MAX_DEPTH)
		return malformed(p, in->begin, "messages are nested more than 100 deep");
	put_name(p, f, " {\n");
	p->depth++;
	if (print_fields(p, f->descriptor, in->at, in->n))
		return -1;
	p->depth--;
	put_indent(p);
	put_text(p, "}\n");
	return 0;
}

static int print_field(struct print *p, const ProtobufCMessageDescriptor *type,
		       const ProtobufCFieldDescriptor *f, const struct field *in)
{
	const enum wire_type wire = wire_of_type(f->type);
	if (f->type == PROTOBUF_C_TYPE_MESSAGE && in->type == WIRE_LEN)
		return print_message(p, f, in);
	if (wire == WIRE_LEN && in->type == WIRE_LEN) {
		if (!in->n && f->label != PROTOBUF_C_LABEL_REPEATED &&
		    !(f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF))
			return 0;
		put_name(p, f, ": ");
		if (print_string(p, in, holds_bytes(type, f)))
			return -1;
		put_text(p, "\n");
		return 0;
	}
	if (in->type == WIRE_LEN && f->label == PROTOBUF_C_LABEL_REPEATED)
		return print_packed(p, f, in);
	if (in->type == wire)
		print_number(p, f, in->value);
	return 0; /* of another type than it should be: like a field that is not known */
}

static int print_fields(struct print *p, const ProtobufCMessageDescriptor *type,
			uint64_t at, uint64_t n)
{
	struct fields fields = fields_of(&p->scan, at, n);
	struct field in;
	int r;
	while ((r = fields_next(&fields, &in, p->err)) > 0) {
		const ProtobufCFieldDescriptor *f =
			protobuf_c_message_descriptor_get_field(type, in.number);
		if (f && print_field(p, type, f, &in))
			return -1;
		if (p->to->failed)
			return -1;
	}
	return r;
}

int textprint(const ProtobufCMessageDescriptor *type, struct source *source, uint64_t at,
	      uint64_t n, struct sink *to, struct ckpt_error *err)
{
	struct print p = { .to = to, .err = err };
	scan_init(&p.scan, source, UINT64_MAX);
	const int r = print_fields(&p, type, at, n);
	scan_drop(&p.scan);
	return r;
}
