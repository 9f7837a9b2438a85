/* write_zip.c — a zip archive that is written member by member.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "make/write_zip.h"

#include <string.h>

#include "base/crc32.h"

enum {
	LOCAL = 0x04034b50,
	CENTRAL = 0x02014b50,
	END = 0x06054b50,
	END64 = 0x06064b50,
	LOCATOR64 = 0x07064b50,
	STORED = 0,
	DEFLATED = 8,
	UTF8_NAME = 1 << 11,
	NEEDS = 20,
	NEEDS64 = 45,
	BY_UNIX = 3 << 8,
	FIRST_DAY = 0x21, /* 1980-01-01: zip has no earlier one */
	EXTRA_ZIP64 = 1,
	EXTRA_ALIGN = 0xd935, /* as zipalign pads: ignored by who does not know it */
	ALIGN = 64,
	LOCAL_SIZE = 30,
	LOCAL_CRC = 14,		  /* where in it the checksum and the sizes stand */
	LOCAL_EXTRA = LOCAL_SIZE, /* behind the name */
	WIDE_EXTRA = 4 + 16,
};

static const uint32_t file_mode = 0100644u << 16;
static const uint64_t most32 = UINT32_MAX;
/* What may be deflated to 4 GiB and more, though it is smaller itself. */
static const uint64_t wide_from = UINT64_C(0xff000000);

/* A header under construction: little-endian numbers. */
struct header {
	uint8_t p[256];
	size_t n;
};

static void add(struct header *h, uint64_t v, size_t bytes)
{
	for (size_t i = 0; i < bytes && h->n < sizeof h->p; i++)
		h->p[h->n++] = i < sizeof v ? (uint8_t)(v >> (8 * i)) : 0;
}

void zip_begin(struct zip_writer *z, struct output *o, uint64_t limit)
{
	*z = (struct zip_writer){ .o = o };
	buffer_init(&z->directory, limit);
}

void zip_drop(struct zip_writer *z)
{
	deflate_drop(&z->deflater);
	buffer_drop(&z->directory);
}

static uint16_t name_flag(const struct zip_writer *z)
{
	for (size_t i = 0; i < z->name_len; i++)
		if (z->name[i] & 0x80)
			return UTF8_NAME;
	return 0;
}

/* Zeros that move the bytes of a stored member to a multiple of ALIGN. */
static void add_alignment(struct header *h, uint64_t at)
{
	enum { LEAST = 6 };
	const size_t n = LEAST + (size_t)(-(at + LEAST) % ALIGN);
	add(h, EXTRA_ALIGN, 2);
	add(h, n - 4, 2);
	add(h, ALIGN, 2);
	for (size_t i = LEAST; i < n; i++)
		add(h, 0, 1);
}

static int put_deflated(void *arg, const void *p, size_t n, struct ckpt_error *err)
{
	struct zip_writer *z = arg;
	return output_write(z->o, p, n, err);
}

int zip_member(struct zip_writer *z, const char *name, size_t len, uint64_t size,
	       bool deflated, struct ckpt_error *err)
{
	struct header h = { .n = 0 }, extra = { .n = 0 };
	z->name = name;
	z->name_len = len;
	z->local = z->o->at;
	z->size = z->crc32 = 0;
	z->deflated = deflated;
	z->wide = size >= wide_from;
	if (z->wide) {
		add(&extra, EXTRA_ZIP64, 2);
		add(&extra, WIDE_EXTRA - 4, 2);
		add(&extra, 0, 16);
	}
	if (!deflated)
		add_alignment(&extra, z->local + LOCAL_SIZE + len + extra.n);
	add(&h, LOCAL, 4);
	add(&h, z->wide ? NEEDS64 : NEEDS, 2);
	add(&h, name_flag(z), 2);
	add(&h, deflated ? DEFLATED : STORED, 2);
	add(&h, 0, 2);
	add(&h, FIRST_DAY, 2);
	add(&h, 0, 4 + 8); /* checksum and sizes: see zip_member_end() */
	add(&h, len, 2);
	add(&h, extra.n, 2);
	if (output_write(z->o, h.p, h.n, err) || output_write(z->o, name, len, err) ||
	    output_write(z->o, extra.p, extra.n, err))
		return -1;
	z->data = z->o->at;
	return deflated ? deflate_begin(&z->deflater, put_deflated, z, err) : 0;
}

int zip_put(void *zip, const void *p, size_t n, struct ckpt_error *err)
{
	struct zip_writer *z = zip;
	z->crc32 = crc32_of(z->crc32, p, n);
	z->size += n;
	return z->deflated ? deflate_add(&z->deflater, p, n, err)
			   : output_write(z->o, p, n, err);
}

/* Checksum and sizes go into the local header; wide sizes into its extra field. */
static int complete(struct zip_writer *z, uint64_t stored, struct ckpt_error *err)
{
	struct header h = { .n = 0 }, wide = { .n = 0 };
	add(&h, z->crc32, 4);
	add(&h, z->wide ? most32 : stored, 4);
	add(&h, z->wide ? most32 : z->size, 4);
	if (output_patch(z->o, z->local + LOCAL_CRC, h.p, h.n, err))
		return -1;
	add(&wide, z->size, 8);
	add(&wide, stored, 8);
	return z->wide ? output_patch(z->o, z->local + LOCAL_EXTRA + z->name_len + 4,
				      wide.p, wide.n, err)
		       : 0;
}

/* The member's header in the directory: what does not fit into 32 bits stands in its
 * extra field, in this order. */
static int add_to_directory(struct zip_writer *z, uint64_t stored, struct ckpt_error *err)
{
	struct header h = { .n = 0 }, extra = { .n = 0 };
	const uint64_t numbers[3] = { z->size, stored, z->local };
	uint64_t shown[3];
	for (int i = 0; i < 3; i++) {
		shown[i] = numbers[i] < most32 ? numbers[i] : most32;
		if (shown[i] == most32)
			add(&extra, numbers[i], 8);
	}
	const int version = extra.n || z->wide ? NEEDS64 : NEEDS;
	add(&h, CENTRAL, 4);
	add(&h, (uint64_t)(BY_UNIX | version), 2);
	add(&h, (uint64_t)version, 2);
	add(&h, name_flag(z), 2);
	add(&h, z->deflated ? DEFLATED : STORED, 2);
	add(&h, 0, 2);
	add(&h, FIRST_DAY, 2);
	add(&h, z->crc32, 4);
	add(&h, shown[1], 4);
	add(&h, shown[0], 4);
	add(&h, z->name_len, 2);
	add(&h, extra.n ? extra.n + 4 : 0, 2);
	add(&h, 0, 6); /* no comment, first disk, no text */
	add(&h, file_mode, 4);
	add(&h, shown[2], 4);
	struct header lead = { .n = 0 };
	add(&lead, EXTRA_ZIP64, 2);
	add(&lead, extra.n, 2);
	if (buffer_append(&z->directory, h.p, h.n, err) ||
	    buffer_append(&z->directory, z->name, z->name_len, err))
		return -1;
	return extra.n && (buffer_append(&z->directory, lead.p, lead.n, err) ||
			   buffer_append(&z->directory, extra.p, extra.n, err))
		       ? -1
		       : 0;
}

int zip_member_end(struct zip_writer *z, struct ckpt_error *err)
{
	if (z->deflated && deflate_finish(&z->deflater, err))
		return -1;
	const uint64_t stored = z->o->at - z->data;
	z->members++;
	return complete(z, stored, err) || add_to_directory(z, stored, err) ? -1 : 0;
}

int zip_end(struct zip_writer *z, struct ckpt_error *err)
{
	enum { MOST16 = UINT16_MAX, END64_SIZE = 56 };
	struct header h = { .n = 0 };
	const uint64_t at = z->o->at, size = z->directory.len;
	const bool wide = z->members >= MOST16 || at >= most32 || size >= most32;
	if (wide) {
		add(&h, END64, 4);
		add(&h, END64_SIZE - 12, 8);
		add(&h, BY_UNIX | NEEDS64, 2);
		add(&h, NEEDS64, 2);
		add(&h, 0, 8); /* the only disk */
		add(&h, z->members, 8);
		add(&h, z->members, 8);
		add(&h, size, 8);
		add(&h, at, 8);
		add(&h, LOCATOR64, 4);
		add(&h, 0, 4);
		add(&h, at + size, 8);
		add(&h, 1, 4);
	}
	const uint64_t members = wide ? MOST16 : z->members;
	add(&h, END, 4);
	add(&h, 0, 4);
	add(&h, members, 2);
	add(&h, members, 2);
	add(&h, wide ? most32 : size, 4);
	add(&h, wide ? most32 : at, 4);
	add(&h, 0, 2);
	return output_write(z->o, z->directory.p, z->directory.len, err) ||
			       output_write(z->o, h.p, h.n, err)
		       ? -1
		       : 0;
}
