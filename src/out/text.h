/* text.h — rows as a table, names and errors as lines.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef OUT_TEXT_H
#define OUT_TEXT_H

#include <stdio.h>

#include "ckpt.h"
#include "report/column.h"

enum { TEXT_MAX_COLUMNS = 32 };

/* Which columns are shown. */
struct chosen {
	const struct column *column[TEXT_MAX_COLUMNS];
	size_t n;
};

/* Those that are always shown; with long_form, those of -l too. */
void text_choose(struct chosen *to, const struct column *columns, bool long_form);
/* Those of a list "name,size_bytes". EINVAL names what is not a column, and what is. */
int text_choose_named(struct chosen *to, const struct column *columns, const char *names,
		      struct ckpt_error *err);

/* A heading and a line a row, columns aligned; the last one is not padded. */
void text_table(FILE *out, const struct rows *rows, const struct chosen *columns);
/* Writes n bytes escaped. */
void text_put(FILE *out, const char *p, size_t n);
/* "ckpt-inspect: FILE: byte N: text" on standard error. */
void text_error(const struct ckpt_error *err);

#endif
