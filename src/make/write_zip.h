/* write_zip.h — a zip archive that is written member by member.
 * SPDX-License-Identifier: Apache-2.0
 *
 * APPNOTE.TXT of PKWARE, sections 4.3 and 4.5.3. Local headers are completed when their
 * members have been written, so that every reader finds sizes and checksums there; zip64
 * is used where 32 bits do not hold a number, and only there. No times, no users: the
 * same tensors give the same archive.
 */
#ifndef MAKE_WRITE_ZIP_H
#define MAKE_WRITE_ZIP_H

#include "base/deflate.h"
#include "base/output.h"

struct zip_writer {
	struct output *o;
	struct buffer directory; /* the headers at the end */
	uint64_t members;
	struct deflater deflater;
	/* The member that is being written. */
	const char *name;
	size_t name_len;
	uint64_t local, data; /* where its header and its bytes begin */
	uint64_t size;	      /* bytes so far, before they are deflated */
	uint32_t crc32;
	bool deflated, wide; /* wide: its local header has room for 64 bits */
};

/* limit: of memory for the directory. */
void zip_begin(struct zip_writer *z, struct output *o, uint64_t limit);
/* A member of so many bytes; the name lives until zip_member_end(). The bytes of one that
 * is stored begin at a multiple of 64, so that they can be mapped. */
int zip_member(struct zip_writer *z, const char *name, size_t len, uint64_t size,
	       bool deflated, struct ckpt_error *err);
/* Its next bytes; a put_fn. */
int zip_put(void *zip, const void *p, size_t n, struct ckpt_error *err);
int zip_member_end(struct zip_writer *z, struct ckpt_error *err);
/* The directory. */
int zip_end(struct zip_writer *z, struct ckpt_error *err);
void zip_drop(struct zip_writer *z); /* zeroed is fine */

#endif
