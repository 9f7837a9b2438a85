/* zip.h — what is in a zip archive, as far as .npz needs it.
 * SPDX-License-Identifier: Apache-2.0
 *
 *	local header, bytes      of each member
 *	central directory        a header of each member once more: it counts
 *	(zip64 end record, its locator)   where 16 or 32 bits do not hold a number
 *	end record, comment
 *
 * APPNOTE.TXT of PKWARE, sections 4.3 and 4.5.3. What two readers could understand in
 * two ways is refused: members that share bytes, a local header that says something
 * else, two members of one name.
 */
#ifndef FORMAT_ZIP_H
#define FORMAT_ZIP_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/source.h"

enum { ZIP_STORED = 0, ZIP_DEFLATED = 8 };

struct zip_member {
	const char *name; /* NUL-terminated, but may hold NUL itself */
	size_t name_len;
	uint64_t local;	       /* where its local header stands */
	uint64_t data;	       /* where its bytes do */
	uint64_t stored, size; /* bytes in the archive; of what comes out */
	uint32_t crc32;
	uint16_t method, flags;
	/* not NULL: its bytes cannot be read */
	const struct ckpt_error *problem;
};

struct zip {
	struct zip_member *members; /* as they stand in the archive */
	size_t n;
};

/* Reads the directory and every local header. What is wrong with one member is that
 * member's problem; ECORRUPT if the archive cannot be relied upon, EUNSUPPORTED if it is
 * of several parts. */
int zip_open(struct zip *z, struct arena *a, struct source *s, struct ckpt_error *err);
/* The member whose bytes begin there; NULL if there is none. */
const struct zip_member *zip_at(const struct zip *z, uint64_t data);
/* Is there a member of this very name? */
bool zip_has(const struct zip *z, const char *name);
/* The name of the first member, from the first bytes of an archive; false if it is none.
 */
bool zip_first_name(struct bytes head, struct bytes *name);

#endif
