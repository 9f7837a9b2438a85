/* member_name.h — names of tensors as names of files that stay where they belong.
 * SPDX-License-Identifier: Apache-2.0
 *
 * What must not stand in a name becomes %XX, its bytes in hexadecimal, and so does '%'
 * itself: different names stay different, and each can be read back.
 */
#ifndef MAKE_MEMBER_NAME_H
#define MAKE_MEMBER_NAME_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

/* Where a name is to stand. */
enum member_kind {
	/* A JSON key: UTF-8, and not "__metadata__". */
	MEMBER_KEY,
	/* A relative path, whoever unpacks it. */
	MEMBER_ZIP,
	/* A path in a folder, on whatever system: no CON, no "a:b". */
	MEMBER_FILE,
	/* The same without capital letters, for names that differ in case alone. */
	MEMBER_FOLDED,
};

/* The name with the ending behind it. A part of a path that has more than 255 bytes is
 * cut, and "%~" and a fingerprint of the whole name stand for the rest; then it cannot be
 * read back. NULL without memory. */
char *member_name(struct arena *a, const char *name, size_t len, enum member_kind kind,
		  const char *ending, size_t *out_len);

#endif
