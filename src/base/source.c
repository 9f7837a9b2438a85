/* source.c — files as they are read: open, read at an offset, notice that they changed.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "base/source.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

static struct identity identity_of(const struct stat *st)
{
	return (struct identity){
		.device = st->st_dev,
		.inode = st->st_ino,
		.size = (uint64_t)st->st_size,
		.mtime_ns =
			st->st_mtim.tv_sec * INT64_C(1000000000) + st->st_mtim.tv_nsec,
		.ctime_ns =
			st->st_ctim.tv_sec * INT64_C(1000000000) + st->st_ctim.tv_nsec,
	};
}

static int file_open(struct source *s, struct ckpt_error *err)
{
	/* O_NONBLOCK: a FIFO must not be waited for before fstat can refuse it. */
	s->fd = open(s->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (s->fd < 0)
		return error_errno(err, s->path, "cannot open");
	struct stat st;
	if (fstat(s->fd, &st)) {
		error_errno(err, s->path, "cannot stat");
	} else if (S_ISDIR(st.st_mode)) {
		error_set(err, CKPT_EFORMAT, s->path, -1,
			  "is a folder, a file was expected");
	} else if (!S_ISREG(st.st_mode)) {
		error_set(err, CKPT_EFORMAT, s->path, -1, "is not a regular file");
	} else {
		s->identity = identity_of(&st);
		s->size = s->identity.size;
		return 0;
	}
	close(s->fd);
	s->fd = -1;
	return -1;
}

static ssize_t file_pread(struct source *s, void *buf, size_t n, uint64_t offset)
{
	return pread(s->fd, buf, n, (off_t)offset);
}

static int file_identify(struct source *s, struct identity *now)
{
	struct stat st;
	if (fstat(s->fd, &st))
		return -1;
	*now = identity_of(&st);
	return 0;
}

static void file_close(struct source *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

const struct source_ops source_file = { file_open, file_pread, file_identify,
					file_close };
const struct source_ops *source_default = &source_file;

int source_open(struct source *s, const char *path, struct ckpt_error *err)
{
	*s = (struct source){ .ops = source_default, .path = path, .fd = -1 };
	return s->ops->open(s, err);
}

void source_close(struct source *s)
{
	if (s->ops)
		s->ops->close(s);
	s->ops = NULL;
}

int source_read(struct source *s, uint64_t offset, void *buf, size_t n,
		struct ckpt_error *err)
{
	uint8_t *to = buf;
	if (offset > s->size || n > s->size - offset)
		return error_set_detail(
			err, DETAIL_SHORT_FILE, CKPT_ECORRUPT, s->path, (int64_t)offset,
			"%zu bytes expected here, the file ends at %" PRIu64, n, s->size);
	for (size_t got = 0; got < n;) {
		const ssize_t r = s->ops->pread(s, to + got, n - got, offset + got);
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return error_errno(err, s->path, "cannot read");
		if (r == 0)
			return error_set(err, CKPT_ECORRUPT, s->path,
					 (int64_t)(offset + got),
					 "the file became shorter while it was read");
		got += (size_t)r;
	}
	return 0;
}

bool identity_same(const struct identity *a, const struct identity *b)
{
	return a->device == b->device && a->inode == b->inode && a->size == b->size &&
	       a->mtime_ns == b->mtime_ns && a->ctime_ns == b->ctime_ns;
}

int source_unchanged(struct source *s, struct ckpt_error *err)
{
	struct identity now;
	if (s->ops->identify(s, &now))
		return error_errno(err, s->path, "cannot stat");
	if (!identity_same(&now, &s->identity))
		return error_set(
			err, CKPT_EIO, s->path, -1,
			"changed while it was read; nothing said about it holds");
	return 0;
}

int source_only_grew(struct source *s, struct ckpt_error *err)
{
	struct identity now;
	if (s->ops->identify(s, &now))
		return error_errno(err, s->path, "cannot stat");
	if (now.device != s->identity.device || now.inode != s->identity.inode ||
	    now.size < s->identity.size)
		return error_set(err, CKPT_EIO, s->path, -1,
				 "became shorter while it was read; nothing said about "
				 "it holds");
	return 0;
}

int source_identify(const char *path, struct identity *id)
{
	struct stat st;
	if (stat(path, &st))
		return -1;
	*id = identity_of(&st);
	return 0;
}
