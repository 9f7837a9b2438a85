/* zip.c — what is in a zip archive, as far as .npz needs it.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "format/zip.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"

enum {
	LOCAL = 0x04034b50,
	DIRECTORY = 0x02014b50,
	END = 0x06054b50,
	END64 = 0x06064b50,
	LOCATOR64 = 0x07064b50,
	DESCRIPTOR = 0x08074b50,
	LOCAL_LEN = 30,
	DIRECTORY_LEN = 46,
	END_LEN = 22,
	END64_LEN = 56,
	LOCATOR64_LEN = 20,
	COMMENT_MOST = 65535,
	ENCRYPTED = 1,
	HAS_DESCRIPTOR = 8,
	DEFLATE_MOST = 1032, /* times as much comes out: 258 bytes from two bits */
};

static uint16_t u16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

/* The archive while it is opened. */
struct opening {
	struct zip *zip;
	struct arena *arena;
	struct source *source;
	uint64_t directory, directory_len, entries;
	struct ckpt_error *err;
};

static int corrupt(struct opening *o, uint64_t at, const char *what)
{
	return error_set(o->err, CKPT_ECORRUPT, o->source->path, (int64_t)at, "%s", what);
}

/* --- the end ----------------------------------------------------------------------- */

/* The zip64 record, if there is one; *where: what the directory has to end at. */
static int read_end64(struct opening *o, uint64_t end, uint64_t *where)
{
	uint8_t locator[LOCATOR64_LEN], r[END64_LEN];
	if (end < LOCATOR64_LEN)
		return 0;
	if (source_read(o->source, end - LOCATOR64_LEN, locator, sizeof locator, o->err))
		return -1;
	if (load_u32le(locator) != LOCATOR64)
		return 0;
	const uint64_t at = load_u64le(locator + 8), limit = end - LOCATOR64_LEN;
	if (load_u32le(locator + 4) || load_u32le(locator + 16) > 1 || at > limit ||
	    limit - at < END64_LEN)
		return corrupt(o, end - LOCATOR64_LEN, "the zip64 locator leads nowhere");
	if (source_read(o->source, at, r, sizeof r, o->err))
		return -1;
	if (load_u32le(r) != END64 || load_u64le(r + 4) != limit - at - 12)
		return corrupt(o, at,
			       "there is no zip64 end record where its locator says");
	const uint64_t entries = load_u64le(r + 32), len = load_u64le(r + 40),
		       offset = load_u64le(r + 48);
	if ((o->entries != 0xffff && o->entries != entries) ||
	    (o->directory_len != UINT32_MAX && o->directory_len != len) ||
	    (o->directory != UINT32_MAX && o->directory != offset) ||
	    load_u32le(r + 16) || load_u32le(r + 20) || load_u64le(r + 24) != entries)
		return corrupt(o, at, "the two end records of the archive disagree");
	o->entries = entries;
	o->directory_len = len;
	o->directory = offset;
	*where = at;
	return 0;
}

/* Finds the end record: its comment has to reach to the end of the file. */
static int find_end(struct opening *o, uint8_t *end, uint64_t *at)
{
	const uint64_t size = o->source->size;
	const size_t n =
		size < END_LEN + COMMENT_MOST ? (size_t)size : END_LEN + COMMENT_MOST;
	uint8_t *tail = arena_alloc(o->arena, n + 1);
	if (!tail)
		return arena_error(o->arena, o->err);
	if (source_read(o->source, size - n, tail, n, o->err))
		return -1;
	for (size_t i = n; i >= END_LEN; i--) {
		const uint8_t *p = tail + i - END_LEN;
		if (load_u32le(p) != END || u16(p + 20) != n - i)
			continue;
		memcpy(end, p, END_LEN);
		*at = size - n + i - END_LEN;
		return 0;
	}
	return error_set(o->err, CKPT_ECORRUPT, o->source->path, (int64_t)size,
			 "the archive has no end: it is truncated, or more was written "
			 "behind it");
}

static int read_end(struct opening *o)
{
	uint8_t end[END_LEN] = { 0 };
	uint64_t at = 0, where;
	const struct arena_mark mark = arena_mark(o->arena);
	const int r = find_end(o, end, &at);
	arena_rewind(o->arena, mark);
	if (r)
		return -1;
	if (u16(end + 4) || u16(end + 6) || u16(end + 8) != u16(end + 10))
		return error_set(o->err, CKPT_EUNSUPPORTED, o->source->path, (int64_t)at,
				 "an archive of several parts");
	o->entries = u16(end + 10);
	o->directory_len = load_u32le(end + 12);
	o->directory = load_u32le(end + 16);
	where = at;
	if (read_end64(o, at, &where))
		return -1;
	if (o->directory > where || o->directory_len != where - o->directory)
		return error_set(o->err, CKPT_ECORRUPT, o->source->path, (int64_t)at,
				 "the directory is said to have %" PRIu64
				 " bytes from byte %" PRIu64 " on, and its end stands at "
				 "byte %" PRIu64,
				 o->directory_len, o->directory, where);
	if (o->entries > o->directory_len / DIRECTORY_LEN)
		return error_set(o->err, CKPT_ECORRUPT, o->source->path, (int64_t)at,
				 "%" PRIu64 " members do not fit into a directory of "
				 "%" PRIu64 " bytes",
				 o->entries, o->directory_len);
	return 0;
}

/* --- members ----------------------------------------------------------------------- */

/* A number of 32 bits that may stand in the extra field instead. */
static bool widen(struct bytes *extra, uint64_t *number)
{
	return *number != UINT32_MAX || bytes_u64le(extra, number);
}

/* The content of the zip64 extra field; empty if there is none. False: malformed. */
static bool find_extra64(struct bytes extra, struct bytes *found)
{
	*found = (struct bytes){ extra.end, extra.end };
	while (bytes_left(&extra) >= 4) {
		struct bytes field;
		const uint16_t id = u16(extra.p), len = u16(extra.p + 2);
		bytes_skip(&extra, 4);
		if (!bytes_take(&extra, len, &field))
			return false;
		if (id == 1) {
			*found = field;
			return true;
		}
	}
	return true;
}

__attribute__((format(printf, 4, 5))) static int member_problem(struct opening *o,
								struct zip_member *m,
								enum ckpt_code code,
								const char *format, ...)
{
	char text[256];
	struct ckpt_error *e = arena_zeroed(o->arena, 1, sizeof *e);
	if (!e)
		return arena_error(o->arena, o->err);
	va_list ap;
	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	error_set(e, code, o->source->path, (int64_t)m->local, "%s", text);
	m->problem = e;
	return 0;
}

static int read_entry(struct opening *o, struct bytes *directory, struct zip_member *m)
{
	struct bytes fixed, name, extra, comment, wide;
	const uint64_t at = o->directory + o->directory_len - bytes_left(directory);
	if (!bytes_take(directory, DIRECTORY_LEN, &fixed) ||
	    load_u32le(fixed.p) != DIRECTORY)
		return corrupt(o, at, "the directory of the archive is damaged");
	const uint8_t *p = fixed.p;
	if (!bytes_take(directory, u16(p + 28), &name) ||
	    !bytes_take(directory, u16(p + 30), &extra) ||
	    !bytes_take(directory, u16(p + 32), &comment) || !find_extra64(extra, &wide))
		return corrupt(o, at, "the directory of the archive is cut short");
	*m = (struct zip_member){ .flags = u16(p + 8),
				  .method = u16(p + 10),
				  .crc32 = load_u32le(p + 16),
				  .stored = load_u32le(p + 20),
				  .size = load_u32le(p + 24),
				  .local = load_u32le(p + 42),
				  .name_len = bytes_left(&name),
				  .name = arena_copy(o->arena, name.p,
						     bytes_left(&name)) };
	if (!m->name)
		return arena_error(o->arena, o->err);
	if (!widen(&wide, &m->size) || !widen(&wide, &m->stored) ||
	    !widen(&wide, &m->local) || u16(p + 34))
		return corrupt(o, at, "a member's zip64 numbers are missing");
	if (m->local > o->directory || o->directory - m->local < LOCAL_LEN)
		return corrupt(o, at, "a member lies behind the directory");
	return 0;
}

/* Does the local header say the same as the directory? */
static bool local_agrees(const struct zip_member *m, const uint8_t *p, struct bytes extra)
{
	struct bytes wide;
	uint64_t stored = load_u32le(p + 18), size = load_u32le(p + 22);
	if (u16(p + 8) != m->method ||
	    ((u16(p + 6) ^ m->flags) & (ENCRYPTED | HAS_DESCRIPTOR)))
		return false;
	if (m->flags & HAS_DESCRIPTOR)
		return true;
	return find_extra64(extra, &wide) && widen(&wide, &size) &&
	       widen(&wide, &stored) && stored == m->stored && size == m->size &&
	       load_u32le(p + 14) == m->crc32;
}

/* Reads the local header: where the bytes begin, and whether it lies. */
static int read_local(struct opening *o, struct zip_member *m)
{
	uint8_t fixed[LOCAL_LEN];
	if (source_read(o->source, m->local, fixed, sizeof fixed, o->err))
		return -1;
	const size_t name_len = u16(fixed + 26), extra_len = u16(fixed + 28);
	const uint64_t at = m->local + LOCAL_LEN;
	m->data = at + name_len + extra_len;
	if (load_u32le(fixed) != LOCAL || name_len != m->name_len ||
	    m->data > o->directory || m->stored > o->directory - m->data) {
		m->data = at;
		return member_problem(
			o, m, CKPT_ECORRUPT,
			"no local header of this member, or it does not fit");
	}
	const struct arena_mark mark = arena_mark(o->arena);
	uint8_t *rest = arena_alloc(o->arena, name_len + extra_len + 1);
	if (!rest)
		return arena_error(o->arena, o->err);
	if (source_read(o->source, at, rest, name_len + extra_len, o->err))
		return -1;
	const bool same = !memcmp(rest, m->name, name_len) &&
			  local_agrees(m, fixed, bytes_of(rest + name_len, extra_len));
	arena_rewind(o->arena, mark);
	return same ? 0
		    : member_problem(o, m, CKPT_ECORRUPT,
				     "local header and directory disagree about this "
				     "member");
}

/* The numbers behind the bytes, with or without a signature, of 4 or 8 bytes. */
static int check_descriptor(struct opening *o, struct zip_member *m)
{
	uint8_t d[24] = { 0 };
	const uint64_t at = m->data + m->stored, left = o->directory - at;
	const size_t n = left < sizeof d ? (size_t)left : sizeof d;
	if (source_read(o->source, at, d, n, o->err))
		return -1;
	for (size_t sign = 0; sign <= 4; sign += 4) {
		const uint8_t *p = d + sign;
		if (sign && load_u32le(d) != DESCRIPTOR)
			continue;
		if (load_u32le(p) != m->crc32)
			continue;
		if (n >= sign + 12 && load_u32le(p + 4) == (uint32_t)m->stored &&
		    load_u32le(p + 8) == (uint32_t)m->size && m->size <= UINT32_MAX)
			return 0;
		if (n >= sign + 20 && load_u64le(p + 4) == m->stored &&
		    load_u64le(p + 12) == m->size)
			return 0;
	}
	return member_problem(o, m, CKPT_ECORRUPT,
			      "the numbers behind the member are not those of the "
			      "directory");
}

static const char *method_name(uint16_t method)
{
	switch (method) {
	case 9:
		return "Deflate64";
	case 12:
		return "bzip2";
	case 14:
		return "LZMA";
	case 93:
		return "Zstandard";
	default:
		return "unknown here";
	}
}

static int judge(struct opening *o, struct zip_member *m)
{
	if (m->flags & ENCRYPTED)
		return member_problem(o, m, CKPT_EUNSUPPORTED, "it is encrypted");
	if (m->method != ZIP_STORED && m->method != ZIP_DEFLATED)
		return member_problem(o, m, CKPT_EUNSUPPORTED,
				      "compressed by method %u (%s); stored and deflated "
				      "members are read",
				      m->method, method_name(m->method));
	if (m->method == ZIP_STORED && m->stored != m->size)
		return member_problem(o, m, CKPT_ECORRUPT,
				      "stored with %" PRIu64 " bytes, and %" PRIu64
				      " are said to come out",
				      m->stored, m->size);
	if (m->method == ZIP_DEFLATED && m->size / DEFLATE_MOST > m->stored)
		return member_problem(o, m, CKPT_ECORRUPT,
				      "%" PRIu64 " bytes are said to come out of %" PRIu64
				      ": more than can be deflated",
				      m->size, m->stored);
	return m->flags & HAS_DESCRIPTOR ? check_descriptor(o, m) : 0;
}

/* --- all of it --------------------------------------------------------------------- */

static int by_place(const void *x, const void *y)
{
	const struct zip_member *a = x, *b = y;
	return (a->local > b->local) - (a->local < b->local);
}

static int by_name(const void *x, const void *y)
{
	const struct zip_member *a = *(struct zip_member *const *)x,
				*b = *(struct zip_member *const *)y;
	return bytes_compare(a->name, a->name_len, b->name, b->name_len);
}

/* No name twice, no byte in two members. */
static int check_twice(struct opening *o)
{
	struct zip *z = o->zip;
	char name[160];
	const struct arena_mark mark = arena_mark(o->arena);
	struct zip_member **sorted = arena_zeroed(o->arena, z->n + 1, sizeof *sorted);
	if (!sorted)
		return arena_error(o->arena, o->err);
	for (size_t i = 0; i < z->n; i++)
		sorted[i] = &z->members[i];
	qsort(sorted, z->n, sizeof *sorted, by_name);
	for (size_t i = 1; i < z->n; i++) {
		if (by_name(&sorted[i - 1], &sorted[i]))
			continue;
		text_escape(name, sizeof name, sorted[i]->name, sorted[i]->name_len);
		return error_set(o->err, CKPT_ECORRUPT, o->source->path,
				 (int64_t)sorted[i]->local, "two members are called '%s'",
				 name);
	}
	arena_rewind(o->arena, mark);
	for (size_t i = 1; i < z->n; i++) {
		const struct zip_member *a = &z->members[i - 1], *b = &z->members[i];
		const uint64_t end = a->data + (a->problem ? 0 : a->stored);
		if (b->local >= end)
			continue;
		text_escape(name, sizeof name, a->name, a->name_len);
		return error_set(o->err, CKPT_ECORRUPT, o->source->path,
				 (int64_t)b->local,
				 "members overlap: one begins here, within '%s'", name);
	}
	return 0;
}

int zip_open(struct zip *z, struct arena *a, struct source *s, struct ckpt_error *err)
{
	struct opening o = { .zip = z, .arena = a, .source = s, .err = err };
	*z = (struct zip){ .n = 0 };
	if (read_end(&o))
		return -1;
	z->members = arena_zeroed(a, (size_t)o.entries + 1, sizeof *z->members);
	uint8_t *directory = o.directory_len < SIZE_MAX
				     ? arena_alloc(a, (size_t)o.directory_len + 1)
				     : NULL;
	if (!z->members || !directory)
		return arena_error(a, err);
	if (source_read(s, o.directory, directory, (size_t)o.directory_len, err))
		return -1;
	struct bytes left = bytes_of(directory, (size_t)o.directory_len);
	for (; z->n < o.entries; z->n++)
		if (read_entry(&o, &left, &z->members[z->n]))
			return -1;
	if (bytes_left(&left))
		return corrupt(&o, o.directory + o.directory_len - bytes_left(&left),
			       "more members follow than are counted");
	for (size_t i = 0; i < z->n; i++) {
		struct zip_member *m = &z->members[i];
		if (read_local(&o, m) || (!m->problem && judge(&o, m)))
			return -1;
	}
	qsort(z->members, z->n, sizeof *z->members, by_place);
	return check_twice(&o);
}

const struct zip_member *zip_at(const struct zip *z, uint64_t data)
{
	size_t low = 0, high = z->n;
	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		if (z->members[middle].data == data)
			return &z->members[middle];
		if (z->members[middle].data < data)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

bool zip_has(const struct zip *z, const char *name)
{
	for (size_t i = 0; i < z->n; i++)
		if (z->members[i].name_len == strlen(name) &&
		    !memcmp(z->members[i].name, name, strlen(name)))
			return true;
	return false;
}

bool zip_first_name(struct bytes head, struct bytes *name)
{
	struct bytes fixed;
	return bytes_take(&head, LOCAL_LEN, &fixed) && load_u32le(fixed.p) == LOCAL &&
	       bytes_take(&head, u16(fixed.p + 26), name);
}
