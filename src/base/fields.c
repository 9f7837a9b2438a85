/* fields.c — the protobuf fields of a file, in windows: messages of any size.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "base/fields.h"

#include "base/error.h"

enum {
	WINDOW = 64 << 10,
	HEAD = 20, /* of a field: a tag, and a number or a length */
	MAX_GROUP_DEPTH = 100,
};

void scan_init(struct scan *s, struct source *source, uint64_t limit)
{
	*s = (struct scan){ .source = source };
	buffer_init(&s->b, limit < WINDOW ? WINDOW : limit);
}

void scan_drop(struct scan *s)
{
	buffer_drop(&s->b);
	s->start = 0;
}

const uint8_t *scan_bytes(struct scan *s, uint64_t at, size_t n, struct ckpt_error *err)
{
	if (s->b.p && at >= s->start && at - s->start <= s->b.len &&
	    n <= s->b.len - (size_t)(at - s->start))
		return s->b.p + (at - s->start);
	const uint64_t left = at < s->source->size ? s->source->size - at : 0;
	const size_t ahead = left < WINDOW ? (size_t)left : WINDOW;
	const size_t want = n < ahead ? ahead : n;
	s->b.len = 0;
	if (buffer_reserve(&s->b, want ? want : 1, err) ||
	    source_read(s->source, at, s->b.p, want, err))
		return NULL;
	s->start = at;
	s->b.len = want;
	return s->b.p;
}

char *scan_copy(struct scan *s, struct arena *a, uint64_t at, uint64_t n,
		struct ckpt_error *err)
{
	char *copy = n < SIZE_MAX ? arena_alloc(a, (size_t)n + 1) : NULL;
	if (!copy) {
		arena_error(a, err);
		return NULL;
	}
	copy[n] = '\0';
	if (n > WINDOW)
		return source_read(s->source, at, copy, (size_t)n, err) ? NULL : copy;
	const uint8_t *p = scan_bytes(s, at, (size_t)n, err);
	if (p)
		memcpy(copy, p, (size_t)n);
	return p ? copy : NULL;
}

struct fields fields_of(struct scan *s, uint64_t at, uint64_t n)
{
	return (struct fields){ s, at, at + n };
}

static int malformed(const struct fields *fields, const char *problem,
		     struct ckpt_error *err)
{
	return error_set(err, CKPT_ECORRUPT, fields->scan->source->path,
			 (int64_t)fields->at, "%s", problem);
}

/* What stands behind a tag; NULL, or what is wrong. */
static const char *read_value(struct bytes *b, struct field *f, const struct fields *in)
{
	const uint8_t *start = b->p;
	uint32_t word;
	switch (f->type) {
	case WIRE_VARINT:
		if (!bytes_varint(b, &f->value))
			return "a varint is cut short or too long";
		break;
	case WIRE_I64:
		if (!bytes_u64le(b, &f->value))
			return "a 64-bit value is cut short";
		break;
	case WIRE_I32:
		if (!bytes_u32le(b, &word))
			return "a 32-bit value is cut short";
		f->value = word;
		break;
	case WIRE_LEN:
		if (!bytes_varint(b, &f->n))
			return "a length is cut short or too long";
		f->at += (uint64_t)(b->p - start);
		if (f->n <= in->end - f->at)
			return NULL;
		return in->end == in->scan->source->size
			       ? "the file ends before a field does: it is cut short"
			       : "a field is longer than what holds it";
	case WIRE_GROUP:
	case WIRE_END:
		break;
	default:
		return "a wire type is unknown";
	}
	f->n = (uint64_t)(b->p - start);
	return NULL;
}

/* One tag and its value; type may come back as WIRE_GROUP or WIRE_END. */
static int read_field(struct fields *fields, struct field *f, struct ckpt_error *err)
{
	const uint64_t left = fields->end - fields->at;
	const size_t n = left < HEAD ? (size_t)left : HEAD;
	const uint8_t *p = scan_bytes(fields->scan, fields->at, n, err);
	uint64_t tag;
	if (!p)
		return -1;
	struct bytes b = bytes_of(p, n);
	if (!bytes_varint(&b, &tag))
		return malformed(fields, "a field's tag is cut short", err);
	if (tag >> 3 == 0 || tag >> 3 > 0x1fffffff)
		return malformed(fields, "a field number is out of range", err);
	*f = (struct field){ .number = (uint32_t)(tag >> 3),
			     .type = (enum wire_type)(tag & 7),
			     .begin = fields->at,
			     .at = fields->at + (uint64_t)(b.p - p) };
	const char *problem = read_value(&b, f, fields);
	if (problem)
		return malformed(fields, problem, err);
	fields->at = f->at + f->n;
	return 1;
}

static int skip_group(struct fields *fields, struct field *f, struct ckpt_error *err)
{
	uint32_t open[MAX_GROUP_DEPTH];
	size_t depth = 0;
	do {
		if (f->type == WIRE_GROUP) {
			if (depth == MAX_GROUP_DEPTH)
				return malformed(fields, "groups are nested too deep",
						 err);
			open[depth++] = f->number;
		} else if (f->type == WIRE_END) {
			if (depth == 0 || open[--depth] != f->number)
				return malformed(fields,
						 "a group ends that did not begin", err);
		}
		if (depth && fields->at == fields->end)
			return malformed(fields, "a group does not end", err);
		if (depth && read_field(fields, f, err) < 0)
			return -1;
	} while (depth);
	return 0;
}

int fields_next(struct fields *fields, struct field *f, struct ckpt_error *err)
{
	while (fields->at < fields->end) {
		if (read_field(fields, f, err) < 0)
			return -1;
		if (f->type != WIRE_GROUP && f->type != WIRE_END)
			return 1;
		if (skip_group(fields, f, err))
			return -1;
	}
	return 0;
}
