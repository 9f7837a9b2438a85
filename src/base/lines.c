/* lines.c — a small text file that people write, line by line.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "base/lines.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/source.h"

enum { MOST_BYTES = 64 << 20 };

int lines_open(struct lines *l, struct arena *a, const char *path, struct ckpt_error *err)
{
	struct source s;
	int result = -1;
	*l = (struct lines){ .path = path };
	if (source_open(&s, path, err))
		return -1;
	char *text = s.size <= MOST_BYTES ? arena_alloc(a, (size_t)s.size + 1) : NULL;
	if (s.size > MOST_BYTES)
		error_set(err, CKPT_ELIMIT, path, -1,
			  "has %" PRIu64 " bytes, %d at most are read", s.size,
			  MOST_BYTES);
	else if (!text)
		arena_error(a, err);
	else
		result = source_read(&s, 0, text, (size_t)s.size, err);
	source_close(&s);
	if (result)
		return -1;
	l->next = text;
	l->end = text + s.size;
	if (s.size >= 3 && !memcmp(text, "\xef\xbb\xbf", 3))
		l->next += 3;
	return 0;
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
