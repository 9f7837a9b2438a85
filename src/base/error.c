/* error.c — where and why it failed.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void set_file(struct ckpt_error *err, const char *file)
{
	size_t len = file ? strlen(file) : 0;
	if (len < sizeof err->file) {
		memcpy(err->file, file ? file : "", len + 1);
		return;
	}
	const size_t keep = sizeof err->file - 4;
	memcpy(err->file, "...", 3);
	memcpy(err->file + 3, file + len - keep, keep + 1);
}

static int set(struct ckpt_error *err, enum error_detail detail, enum ckpt_code code,
	       const char *file, int64_t offset, const char *format, va_list ap)
{
	if (!err || err->code != CKPT_OK)
		return -1;
	err->code = code;
	err->detail = detail;
	err->offset = offset;
	set_file(err, file);
	vsnprintf(err->text, sizeof err->text, format, ap);
	return -1;
}

int error_set(struct ckpt_error *err, enum ckpt_code code, const char *file,
	      int64_t offset, const char *format, ...)
{
	va_list ap;
	va_start(ap, format);
	const int r = set(err, DETAIL_NONE, code, file, offset, format, ap);
	va_end(ap);
	return r;
}

int error_set_detail(struct ckpt_error *err, enum error_detail detail,
		     enum ckpt_code code, const char *file, int64_t offset,
		     const char *format, ...)
{
	va_list ap;
	va_start(ap, format);
	const int r = set(err, detail, code, file, offset, format, ap);
	va_end(ap);
	return r;
}

const struct ckpt_error error_no_memory = { .code = CKPT_ENOMEM, .offset = -1,
					    .text = "out of memory" };

int error_copy(struct ckpt_error *err, const struct ckpt_error *from)
{
	if (err && err->code == CKPT_OK)
		*err = *from;
	return -1;
}

int error_errno(struct ckpt_error *err, const char *file, const char *what)
{
	const int e = errno;
	enum ckpt_code code = e == ENOENT || e == ENOTDIR ? CKPT_ENOTFOUND
			      : e == ENOMEM               ? CKPT_ENOMEM
							  : CKPT_EIO;
	return error_set(err, code, file, -1, "%s: %s", what, strerror(e));
}

void error_clear(struct ckpt_error *err)
{
	if (err)
		memset(err, 0, sizeof *err);
}

const char *ckpt_code_name(enum ckpt_code code)
{
	static const char *const names[] = {
		[CKPT_OK] = "ok",           [CKPT_EIO] = "io",
		[CKPT_ENOMEM] = "memory",   [CKPT_ENOTFOUND] = "not_found",
		[CKPT_EFORMAT] = "format",  [CKPT_ECORRUPT] = "corrupt",
		[CKPT_EUNSUPPORTED] = "unsupported", [CKPT_ELIMIT] = "limit",
		[CKPT_EINVAL] = "usage",
	};
	return (size_t)code < sizeof names / sizeof *names ? names[code] : "unknown";
}
