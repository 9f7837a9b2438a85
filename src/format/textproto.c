/* textproto.c — protobuf's text format, for any message whose descriptor we have.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A recursive-descent parser with a depth limit; it writes as it reads. The length of a
 * submessage is written as a padded varint of five bytes, filled in when its end is
 * known. A text that is a file is read in windows, and what is written may go to a
 * temporary file, so that neither has to fit into memory. Grammar:
 * protobuf.dev/reference/protobuf/textformat-spec.
 */
#include "config.h"

#include "format/textproto.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"

enum { MAX_DEPTH = 100, MAX_WORD = 1024, PADDED = 5, WINDOW = 256 << 10 };

struct text {
	const char *file;
	struct source *source; /* NULL: all of the text is in left */
	uint64_t at;	       /* of begin, in the file */
	const uint8_t *begin;  /* of the window */
	struct bytes left;
	struct buffer window;
	size_t lines; /* before the window */
	struct spool *out;
	struct buffer string; /* a string literal, decoded */
	int depth;
	bool unread; /* the file could not be read on */
	struct ckpt_error *err;
};

static size_t lines_to(const struct text *t)
{
	size_t lines = t->lines;
	for (const uint8_t *p = t->begin; p < t->left.p; p++)
		lines += *p == '\n';
	return lines;
}

static int fail(struct text *t, const char *what)
{
	return error_set(t->err, CKPT_ECORRUPT, t->file,
			 (int64_t)(t->at + (uint64_t)(t->left.p - t->begin)),
			 "line %zu: %s", lines_to(t) + 1, what);
}

/* Is there another byte? Reads the next window of a file for it. */
static bool more(struct text *t)
{
	if (bytes_left(&t->left))
		return true;
	if (!t->source || t->unread)
		return false;
	t->lines = lines_to(t);
	t->at += (uint64_t)(t->left.p - t->begin);
	const uint64_t rest = t->source->size - t->at;
	const size_t n = rest < WINDOW ? (size_t)rest : WINDOW;
	t->unread = buffer_reserve(&t->window, WINDOW, t->err) ||
		    source_read(t->source, t->at, t->window.p, n, t->err);
	t->begin = t->window.p;
	t->left = bytes_of(t->window.p, t->unread ? 0 : n);
	return bytes_left(&t->left) > 0;
}

static void skip_line(struct text *t)
{
	while (more(t)) {
		const uint8_t *end = memchr(t->left.p, '\n', bytes_left(&t->left));
		t->left.p = end ? end : t->left.end;
		if (end)
			return;
	}
}

static int peek(struct text *t)
{
	while (more(t)) {
		const uint8_t c = *t->left.p;
		if (c == '#') {
			skip_line(t);
		} else if (c == ' ' || (c >= '\t' && c <= '\r')) {
			t->left.p++;
		} else {
			return c;
		}
	}
	return -1;
}

static bool accept(struct text *t, char c)
{
	if (peek(t) != c)
		return false;
	t->left.p++;
	return true;
}

static bool word_char(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z') || c == '_' || c == '.' || c == '+' || c == '-';
}

/* An identifier or a number; a sign may stand apart from its number. */
static int read_word(struct text *t, char word[MAX_WORD])
{
	size_t n = 0;
	if (accept(t, '-'))
		word[n++] = '-';
	peek(t);
	while (more(t) && word_char(*t->left.p) && n < MAX_WORD - 1)
		word[n++] = (char)*t->left.p++;
	word[n] = '\0';
	return n ? 0 : fail(t, "a name or a number was expected");
}

/* --- string literals --------------------------------------------------------------- */

static int append(struct text *t, uint32_t byte)
{
	const uint8_t b = (uint8_t)byte;
	return buffer_append(&t->string, &b, 1, t->err);
}

static int append_utf8(struct text *t, uint32_t cp)
{
	if (cp < 0x80)
		return append(t, cp);
	if (cp < 0x800)
		return append(t, 0xc0 | cp >> 6) || append(t, 0x80 | (cp & 0x3f));
	if (cp < 0x10000)
		return append(t, 0xe0 | cp >> 12) || append(t, 0x80 | (cp >> 6 & 0x3f)) ||
		       append(t, 0x80 | (cp & 0x3f));
	return append(t, 0xf0 | (cp >> 18 & 7)) || append(t, 0x80 | (cp >> 12 & 0x3f)) ||
	       append(t, 0x80 | (cp >> 6 & 0x3f)) || append(t, 0x80 | (cp & 0x3f));
}

/* Up to most digits of a base; returns how many were there. */
static size_t read_digits(struct text *t, uint32_t base, size_t most, uint32_t *v)
{
	size_t n = 0;
	for (*v = 0; n < most && more(t); n++, t->left.p++) {
		const uint8_t c = *t->left.p;
		const uint32_t d = c >= '0' && c <= '9'	  ? c - (uint32_t)'0'
				   : c >= 'a' && c <= 'f' ? c - (uint32_t)'a' + 10
				   : c >= 'A' && c <= 'F' ? c - (uint32_t)'A' + 10
							  : 99;
		if (d >= base)
			break;
		*v = *v * base + d;
	}
	return n;
}

static int read_escape(struct text *t)
{
	static const char from[] = "abfnrtv\\'\"?", to[] = "\a\b\f\n\r\t\v\\'\"?";
	if (!more(t))
		return fail(t, "a string does not end");
	const char c = (char)*t->left.p;
	const char *simple = c ? strchr(from, c) : NULL;
	uint32_t v;
	if (simple) {
		t->left.p++;
		return append(t, (uint8_t)to[simple - from]);
	}
	if (c >= '0' && c <= '7') {
		read_digits(t, 8, 3, &v);
		return append(t, v);
	}
	t->left.p++;
	if (c == 'x' || c == 'X')
		return read_digits(t, 16, 2, &v) ? append(t, v)
						 : fail(t, "\\x has no digits");
	if (c == 'u' || c == 'U') {
		const size_t digits = c == 'u' ? 4 : 8;
		if (read_digits(t, 16, digits, &v) != digits || v > 0x10ffff)
			return fail(t, "\\u has too few digits, or is no code point");
		return append_utf8(t, v);
	}
	return fail(t, "an escape is unknown");
}

/* One or more literals, joined, into t->string. */
static int read_string(struct text *t)
{
	t->string.len = 0;
	int quote = peek(t);
	while (quote == '"' || quote == '\'') {
		t->left.p++;
		for (;;) {
			if (!more(t) || *t->left.p == '\n')
				return fail(t, "a string does not end");
			const uint8_t c = *t->left.p++;
			if (c == quote)
				break;
			if (c == '\\' ? read_escape(t) : append(t, c))
				return -1;
		}
		quote = peek(t);
	}
	return 0;
}

/* --- encoding ---------------------------------------------------------------------- */

static int put_varint(struct text *t, uint64_t v)
{
	uint8_t coded[10];
	size_t n = 0;
	for (; v >= 0x80; v >>= 7)
		coded[n++] = (uint8_t)(v | 0x80);
	coded[n++] = (uint8_t)v;
	return spool_append(t->out, coded, n, t->err);
}

static int put_tag(struct text *t, uint32_t field, unsigned wire_type)
{
	return put_varint(t, (uint64_t)field << 3 | wire_type);
}

static int put_fixed(struct text *t, uint64_t v, size_t n)
{
	uint8_t coded[8];
	for (size_t i = 0; i < n; i++)
		coded[i] = (uint8_t)(v >> (8 * i));
	return spool_append(t->out, coded, n, t->err);
}

static int put_real(struct text *t, const char *word, bool narrow)
{
	char *end;
	const double d = number_read(word, &end);
	const float f = number_read_float(word, NULL);
	if (*end == 'f' || *end == 'F')
		end++;
	if (end == word || *end)
		return fail(t, "a number was expected");
	uint64_t bits = 0;
	if (narrow)
		memcpy(&bits, &f, 4);
	else
		memcpy(&bits, &d, 8);
	return put_fixed(t, bits, narrow ? 4 : 8);
}

static int read_integer(struct text *t, const char *word, uint64_t *v)
{
	char *end;
	const bool negative = *word == '-';
	errno = 0;
	*v = strtoull(word + negative, &end, 0);
	if (errno || *end || end == word + negative)
		return fail(t, "an integer was expected");
	if (negative)
		*v = 0 - *v;
	return 0;
}

static int put_enum(struct text *t, const ProtobufCEnumDescriptor *e, const char *word)
{
	const ProtobufCEnumValue *named =
		protobuf_c_enum_descriptor_get_value_by_name(e, word);
	uint64_t v;
	if (named)
		return put_varint(t, (uint64_t)(int64_t)named->value);
	return read_integer(t, word, &v) ? -1 : put_varint(t, v);
}

static int put_bool(struct text *t, const char *word)
{
	static const char *const yes[] = { "true", "True", "t", "1" };
	static const char *const no[] = { "false", "False", "f", "0" };
	for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) {
		if (!strcmp(word, yes[i]))
			return put_varint(t, 1);
		if (!strcmp(word, no[i]))
			return put_varint(t, 0);
	}
	return fail(t, "true or false was expected");
}

static int put_scalar(struct text *t, const ProtobufCFieldDescriptor *f)
{
	char word[MAX_WORD];
	uint64_t v;
	if (f->type == PROTOBUF_C_TYPE_STRING || f->type == PROTOBUF_C_TYPE_BYTES) {
		const int quote = peek(t);
		if (quote != '"' && quote != '\'')
			return fail(t, "a string was expected");
		return read_string(t) || put_tag(t, f->id, 2) ||
				       put_varint(t, t->string.len) ||
				       spool_append(t->out, t->string.p, t->string.len,
						    t->err)
			       ? -1
			       : 0;
	}
	if (read_word(t, word))
		return -1;
	switch (f->type) {
	case PROTOBUF_C_TYPE_DOUBLE:
		return put_tag(t, f->id, 1) ? -1 : put_real(t, word, false);
	case PROTOBUF_C_TYPE_FLOAT:
		return put_tag(t, f->id, 5) ? -1 : put_real(t, word, true);
	case PROTOBUF_C_TYPE_BOOL:
		return put_tag(t, f->id, 0) ? -1 : put_bool(t, word);
	case PROTOBUF_C_TYPE_ENUM:
		return put_tag(t, f->id, 0) ? -1 : put_enum(t, f->descriptor, word);
	case PROTOBUF_C_TYPE_FIXED32:
	case PROTOBUF_C_TYPE_SFIXED32:
		return read_integer(t, word, &v) || put_tag(t, f->id, 5)
			       ? -1
			       : put_fixed(t, v, 4);
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_SFIXED64:
		return read_integer(t, word, &v) || put_tag(t, f->id, 1)
			       ? -1
			       : put_fixed(t, v, 8);
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_SINT64:
		if (read_integer(t, word, &v) || put_tag(t, f->id, 0))
			return -1;
		return put_varint(t, v << 1 ^ (0 - (v >> 63)));
	default:
		return read_integer(t, word, &v) || put_tag(t, f->id, 0)
			       ? -1
			       : put_varint(t, v);
	}
}

/* --- fields ------------------------------------------------------------------------ */

static int read_fields(struct text *t, const ProtobufCMessageDescriptor *type, int close);

/* The content of a message that has been opened with { or <. type NULL: nothing is
 * kept. */
static int read_message(struct text *t, const ProtobufCMessageDescriptor *type)
{
	const int open = peek(t);
	if (open != '{' && open != '<')
		return fail(t, "{ was expected");
	if (t->depth == MAX_DEPTH)
		return fail(t, "messages are nested more than 100 deep");
	t->left.p++;
	t->depth++;
	if (read_fields(t, type, open == '{' ? '}' : '>'))
		return -1;
	t->depth--;
	return 0;
}

static int put_message(struct text *t, const ProtobufCFieldDescriptor *f)
{
	static const uint8_t room[PADDED];
	if (put_tag(t, f->id, 2) || spool_append(t->out, room, PADDED, t->err))
		return -1;
	const uint64_t at = spool_len(t->out);
	if (read_message(t, f->descriptor))
		return -1;
	const uint64_t n = spool_len(t->out) - at;
	uint8_t length[PADDED];
	if (n > INT32_MAX)
		return fail(t, "a message is larger than 2 GiB");
	for (size_t i = 0; i < PADDED; i++)
		length[i] =
			(uint8_t)((n >> (7 * i) & 0x7f) | (i < PADDED - 1 ? 0x80 : 0));
	return spool_patch(t->out, at - PADDED, length, PADDED, t->err);
}

/* The value of a field that we do not have. */
static int skip_value(struct text *t)
{
	char word[MAX_WORD];
	const int c = peek(t);
	if (c == '{' || c == '<')
		return read_message(t, NULL);
	if (c == '"' || c == '\'')
		return read_string(t);
	return read_word(t, word);
}

static int read_value(struct text *t, const ProtobufCFieldDescriptor *f)
{
	if (!f)
		return skip_value(t);
	return f->type == PROTOBUF_C_TYPE_MESSAGE ? put_message(t, f) : put_scalar(t, f);
}

static int read_list(struct text *t, const ProtobufCFieldDescriptor *f)
{
	if (accept(t, ']'))
		return 0;
	do {
		if (read_value(t, f))
			return -1;
	} while (accept(t, ','));
	return accept(t, ']') ? 0 : fail(t, "] was expected");
}

/* "name: value", "name { … }", "name: [ … ]"; extensions "[a.b]" are read over. */
static int read_field(struct text *t, const ProtobufCMessageDescriptor *type)
{
	char name[MAX_WORD];
	const ProtobufCFieldDescriptor *f = NULL;
	if (accept(t, '[')) {
		while (!accept(t, ']')) {
			if (!more(t))
				return fail(t, "] was expected");
			t->left.p++;
		}
	} else {
		if (read_word(t, name))
			return -1;
		f = type ? protobuf_c_message_descriptor_get_field_by_name(type, name)
			 : NULL;
	}
	const bool colon = accept(t, ':');
	const int next = peek(t);
	if (!colon && next != '{' && next != '<')
		return fail(t, "':' was expected");
	return accept(t, '[') ? read_list(t, f) : read_value(t, f);
}

static int read_fields(struct text *t, const ProtobufCMessageDescriptor *type, int close)
{
	for (;;) {
		const int c = peek(t);
		if (t->unread)
			return -1;
		if (c == close) {
			t->left.p += c >= 0;
			return 0;
		}
		if (c < 0)
			return fail(t, "the text ends inside a message");
		if (read_field(t, type))
			return -1;
		if (!accept(t, ','))
			accept(t, ';');
	}
}

static int encode(struct text *t, const ProtobufCMessageDescriptor *type, size_t limit)
{
	buffer_init(&t->string, limit);
	buffer_init(&t->window, WINDOW);
	const int r = read_fields(t, type, -1);
	buffer_drop(&t->string);
	buffer_drop(&t->window);
	return r;
}

int textproto_encode(const ProtobufCMessageDescriptor *type, struct bytes text,
		     const char *file, struct buffer *out, struct ckpt_error *err)
{
	struct spool spool;
	struct text t = {
		.file = file, .begin = text.p, .left = text, .out = &spool, .err = err
	};
	spool_init(&spool, file, SIZE_MAX);
	spool.b = *out;
	const int r = encode(&t, type, out->limit);
	*out = spool.b;
	return r;
}

int textproto_encode_file(const ProtobufCMessageDescriptor *type, struct source *text,
			  size_t longest, struct spool *out, struct ckpt_error *err)
{
	struct text t = { .file = text->path, .source = text, .out = out, .err = err };
	const int r = encode(&t, type, longest);
	if (!r)
		spool_finish(out);
	return r;
}
