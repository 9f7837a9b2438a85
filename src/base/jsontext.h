/* jsontext.h — a cursor over JSON text: nothing is built, what is not wanted is skipped.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A header of a million tensors is read in the memory of its text. Strict RFC 8259, in
 * UTF-8: no comments, no comma too many, no lone surrogates, at most 64 levels.
 *
 *	jsontext_open(&j, '{');
 *	while ((r = jsontext_key(&j, &key)) > 0)
 *		r = is_wanted(key) ? jsontext_u64(&j, &v) : jsontext_skip(&j);
 *
 * The first error stays, in problem; what was decoded lives until the next string.
 */
#ifndef BASE_JSONTEXT_H
#define BASE_JSONTEXT_H

#include "base/arena.h"
#include "base/bytes.h"

struct jsontext {
	struct bytes left;
	const uint8_t *begin;
	struct buffer decoded; /* a string with escapes */
	const char *problem;   /* what was expected or is wrong; NULL: nothing */
	int depth;
	bool first; /* nothing has been read of the innermost one yet */
};

void jsontext_init(struct jsontext *j, struct bytes text, uint64_t limit);
void jsontext_drop(struct jsontext *j);
/* Where the cursor stands, in bytes from the beginning. */
size_t jsontext_at(const struct jsontext *j);
/* The first character of the value that comes, 0 at the end. */
char jsontext_peek(struct jsontext *j);
/* Enters an object '{' or array '['. 0, or -1. */
int jsontext_open(struct jsontext *j, char c);
/* The next key of the object, or the next item of the array, whose value is to be read
 * then: 1; 0 at its end, which is left; -1. */
int jsontext_key(struct jsontext *j, struct bytes *key);
int jsontext_item(struct jsontext *j);
/* A value: 0, or -1. */
int jsontext_string(struct jsontext *j, struct bytes *text);
int jsontext_u64(struct jsontext *j, uint64_t *v);
int jsontext_skip(struct jsontext *j);
/* 0 if nothing but blanks follows. */
int jsontext_end(struct jsontext *j);

#endif
