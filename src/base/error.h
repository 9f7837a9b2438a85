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
/* The same with the text of the current errno behind it; ENOENT becomes
 * CKPT_ENOTFOUND. */
int error_errno(struct ckpt_error *err, const char *file, const char *what);
/* Makes err usable for the next error. */
void error_clear(struct ckpt_error *err);

#endif
