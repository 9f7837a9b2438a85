/* spool.c — bytes that are made once and then read as a file is.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "base/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"

static ssize_t spool_pread(struct source *source, void *buf, size_t n, uint64_t offset)
{
	const struct spool *s = (const struct spool *)source;
	if (offset < s->flushed) {
		const uint64_t left = s->flushed - offset;
		return pread(source->fd, buf, n < left ? n : (size_t)left, (off_t)offset);
	}
	const uint64_t at = offset - s->flushed;
	if (at >= s->b.len)
		return 0;
	const size_t left = s->b.len - (size_t)at;
	memcpy(buf, s->b.p + at, n < left ? n : left);
	return (ssize_t)(n < left ? n : left);
}

static int spool_open(struct source *source, struct ckpt_error *err)
{
	(void)source;
	return error_set(err, CKPT_EINVAL, NULL, -1, "a spool cannot be opened");
}

/* Nobody else can change it. */
static int spool_identify(struct source *source, struct identity *now)
{
	*now = source->identity;
	return 0;
}

static void spool_close(struct source *source)
{
	(void)source;
}

static const struct source_ops spool_ops = { spool_open, spool_pread, spool_identify,
					     spool_close };

void spool_init(struct spool *s, const char *name, uint64_t memory)
{
	*s = (struct spool){ .source = { &spool_ops, name, 0, { 0 }, -1 } };
	s->memory = memory < SIZE_MAX ? (size_t)memory : SIZE_MAX;
	buffer_init(&s->b, SIZE_MAX);
}

void spool_drop(struct spool *s)
{
	buffer_drop(&s->b);
	if (s->source.fd >= 0)
		close(s->source.fd);
	s->source.fd = -1;
}

uint64_t spool_len(const struct spool *s)
{
	return s->flushed + s->b.len;
}

static int make_file(struct spool *s, struct ckpt_error *err)
{
	char name[4096];
	const char *folder = getenv("TMPDIR");
	if (!folder || !*folder)
		folder = "/tmp";
	const int n = snprintf(name, sizeof name, "%s/ckpt-XXXXXX", folder);
	if (n < 0 || (size_t)n >= sizeof name)
		return error_set(err, CKPT_EIO, NULL, -1,
				 "the name in TMPDIR is too long");
	s->source.fd = mkstemp(name);
	if (s->source.fd < 0)
		return error_errno(err, folder, "cannot make a temporary file in it");
	unlink(name);
	fcntl(s->source.fd, F_SETFD, FD_CLOEXEC);
	return 0;
}

static int write_at(struct spool *s, const uint8_t *p, size_t n, uint64_t at,
		    struct ckpt_error *err)
{
	while (n) {
		const ssize_t r = pwrite(s->source.fd, p, n, (off_t)at);
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return error_errno(err, s->source.path,
					   "cannot write a temporary copy");
		p += r;
		n -= (size_t)r;
		at += (uint64_t)r;
	}
	return 0;
}

static int flush(struct spool *s, struct ckpt_error *err)
{
	if (s->source.fd < 0 && make_file(s, err))
		return -1;
	if (write_at(s, s->b.p, s->b.len, s->flushed, err))
		return -1;
	s->flushed += s->b.len;
	s->b.len = 0;
	return 0;
}

int spool_append(struct spool *s, const void *p, size_t n, struct ckpt_error *err)
{
	if (n > s->memory || s->b.len > s->memory - n) {
		if (flush(s, err))
			return -1;
		if (n > s->memory) {
			if (write_at(s, p, n, s->flushed, err))
				return -1;
			s->flushed += n;
			return 0;
		}
	}
	return buffer_append(&s->b, p, n, err);
}

int spool_patch(struct spool *s, uint64_t at, const void *p, size_t n,
		struct ckpt_error *err)
{
	if (at < s->flushed)
		return write_at(s, p, n, at, err);
	memcpy(s->b.p + (at - s->flushed), p, n);
	return 0;
}

void spool_finish(struct spool *s)
{
	s->source.size = spool_len(s);
	s->source.identity.size = s->source.size;
}
