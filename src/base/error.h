/* error.h — where and why it failed.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include "ckpt.h"

/* Fills err unless it holds an error already, and returns -1. file may be NULL, offset
 * -1. A long path keeps its end. err may be NULL. */
int error_set(struct ckpt_error *err, enum ckpt_code code, const char *file,
	      int64_t offset, const char *format, ...)
	__attribute__((format(printf, 5, 6)));
/* Which damage a CKPT_ECORRUPT is, where a verification tells them apart. */
enum error_detail {
	DETAIL_NONE,
	DETAIL_CHECKSUM,   /* stored bytes do not have the recorded one */
	DETAIL_SHORT_FILE, /* a file ends before what is looked for */
	DETAIL_SLICES,     /* slices overlap, or do not cover */
	DETAIL_ORDER,      /* keys are not where a search looks for them */
};

/* The same as error_set() with a detail. */
int error_set_detail(struct ckpt_error *err, enum error_detail detail,
		     enum ckpt_code code, const char *file, int64_t offset,
		     const char *format, ...) __attribute__((format(printf, 6, 7)));
/* For where there is no memory to keep an error in. */
extern const struct ckpt_error error_no_memory;
/* Passes an error on: fills err unless it holds one, and returns -1. */
int error_copy(struct ckpt_error *err, const struct ckpt_error *from);
/* The same with the text of the current errno behind it; ENOENT becomes
 * CKPT_ENOTFOUND. */
int error_errno(struct ckpt_error *err, const char *file, const char *what);
/* Makes err usable for the next error. */
void error_clear(struct ckpt_error *err);

#endif
