/* lines.c — a small text file that people write, line by line.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "base/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/source.h"

enum { MOST_BYTES = 64 << 20 };

/* All that comes from a pipe: "<(...)" is one. */
static int read_pipe(struct buffer *b, const char *path, struct ckpt_error *err)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t n = 1;
	if (fd < 0)
		return error_errno(err, path, "cannot open");
	while (n > 0 && b->len <= MOST_BYTES) {
		if (buffer_reserve(b, b->len + (64 << 10), err))
			break;
		while ((n = read(fd, b->p + b->len, 64 << 10)) < 0 && errno == EINTR)
			;
		if (n < 0)
			error_errno(err, path, "cannot read");
		else
			b->len += (size_t)n;
	}
	close(fd);
	return n ? -1 : 0;
}

static int read_file(struct source *s, struct buffer *b, struct ckpt_error *err)
{
	const size_t n = s->size <= MOST_BYTES ? (size_t)s->size : MOST_BYTES + 1;
	if (buffer_reserve(b, n + 1, err) || source_read(s, 0, b->p, n, err))
		return -1;
	b->len = n;
	return 0;
}

int lines_open(struct lines *l, struct arena *a, const char *path, struct ckpt_error *err)
{
	struct ckpt_error e = { 0 };
	struct source s;
	struct buffer b;
	int r = -1;
	*l = (struct lines){ .path = path };
	buffer_init(&b, UINT64_MAX);
	if (!source_open(&s, path, &e)) {
		r = read_file(&s, &b, err);
		source_close(&s);
	} else if (e.code == CKPT_EFORMAT) { /* no regular file */
		r = read_pipe(&b, path, err);
	} else {
		error_copy(err, &e);
	}
	if (b.len > MOST_BYTES)
		r = error_set(err, CKPT_ELIMIT, path, -1, "has more than %d bytes",
			      MOST_BYTES);
	char *text = r ? NULL : arena_copy(a, b.p, b.len);
	if (!r && !text)
		r = arena_error(a, err);
	l->next = text;
	l->end = text ? text + b.len : NULL;
	if (text && b.len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3))
		l->next += 3;
	buffer_drop(&b);
	return r;
}

static bool blank(char c)
{
	return c == ' ' || c == '\t';
}

bool lines_next(struct lines *l)
{
	while (l->next < l->end) {
		char *end = memchr(l->next, '\n', (size_t)(l->end - l->next));
		end = end ? end : l->end;
		l->line = l->next;
		l->len = (size_t)(end - l->line);
		l->next = end < l->end ? end + 1 : end;
		l->number++;
		if (l->len && l->line[l->len - 1] == '\r')
			l->len--;
		size_t first = 0;
		while (first < l->len && blank(l->line[first]))
			first++;
		if (first < l->len && l->line[0] != '#')
			return true;
	}
	return false;
}

int lines_error(const struct lines *l, struct ckpt_error *err, const char *format, ...)
{
	char text[sizeof err->text];
	va_list ap;
	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	return error_set(err, CKPT_EINVAL, l->path, -1, "line %" PRIu64 ": %s", l->number,
			 text);
}

bool lines_word(char **p, const char *end, char **word, size_t *len)
{
	while (*p < end && blank(**p))
		++*p;
	*word = *p;
	while (*p < end && !blank(**p))
		++*p;
	*len = (size_t)(*p - *word);
	return *len > 0;
}
