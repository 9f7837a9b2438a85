/* lines.h — a small text file that people write, line by line.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Lines end in LF or CRLF. A byte order mark at the beginning is passed over, and so are
 * lines without anything, of blanks alone, and those that begin with '#'.
 */
#ifndef BASE_LINES_H
#define BASE_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

struct lines {
	const char *path;
	char *next, *end;
	/* The line that lines_next() found: without its end, to be changed at will. */
	char *line;
	size_t len;
	uint64_t number; /* from 1 */
};

/* Reads all of the file, which may have no more than 64 MiB; the text is the arena's. */
int lines_open(struct lines *l, struct arena *a, const char *path,
	       struct ckpt_error *err);
/* The next line that says something; false at the end. */
bool lines_next(struct lines *l);
/* EINVAL with the file, and "line N: " before the text, about the line found last;
 * returns -1. */
int lines_error(const struct lines *l, struct ckpt_error *err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Takes a word from *p (it ends at a blank, a tab or the end): false if none is left. */
bool lines_word(char **p, const char *end, char **word, size_t *len);

#endif
