/* json.h — JSON as a stream: written as it is known, never held as a tree.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Functions are called jw_ (JSON writer), since json_ is jansson's.
 * jansson encodes strings; numbers come from number.h; what reorders or hides text on a
 * terminal (DEL, C1, bidi controls) is escaped. Names that are not UTF-8 get U+FFFD and a
 * second key NAME_b64 beside them. NDJSON is the same with one record a line.
 */
#ifndef OUT_JSON_H
#define OUT_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "ckpt.h"
#include "report/column.h"
#include "report/list.h"

enum { JSON_MAX_DEPTH = 300 };

struct json {
	FILE *out;
	int depth;
	bool lines;                     /* NDJSON: no line breaks within a record */
	bool some[JSON_MAX_DEPTH];      /* an item stands at this depth already */
	bool array[JSON_MAX_DEPTH];
	bool keyed;                     /* a key stands already, its value is due */
	int broken; /* depth up to which items stand on lines of their own */
};

void jw_begin(struct json *j, FILE *out, bool lines);
/* key is NULL within an array and at the outermost level. */
void jw_open(struct json *j, const char *key, char bracket);
void jw_close(struct json *j, char bracket);
/* A key alone; the value comes next, without one. */
void jw_key(struct json *j, const char *key);
void jw_string(struct json *j, const char *key, const char *p, size_t n);
/* A name from a file: with KEY_b64 beside it if it is not UTF-8. */
void jw_name(struct json *j, const char *key, const struct cell_text *name);
void jw_text(struct json *j, const char *key, const char *s); /* NULL is null */
void jw_u64(struct json *j, const char *key, uint64_t v);
void jw_i64(struct json *j, const char *key, int64_t v);
void jw_bool(struct json *j, const char *key, bool v);
/* The shortest text; "NaN", "Infinity", "-Infinity" as strings. */
void jw_real(struct json *j, const char *key, double v);
void jw_null(struct json *j, const char *key);
/* Text that is JSON already. */
void jw_raw(struct json *j, const char *key, const char *text, size_t n);
void jw_base64(struct json *j, const char *key, const void *p, size_t n);
/* The cells of a row as keys of the object that is open. */
void jw_cells(struct json *j, const struct column *columns, const void *row);
/* Totals: an array of records without a row function. */
void jw_totals(struct json *j, const char *key, const struct column *columns,
	       const struct total_row *rows, size_t n);
/* An array of records. */
void jw_rows(struct json *j, const char *key, const struct rows *rows);

/* The first keys of every document or header record: schema, version, generator. */
void jw_head(struct json *j, const char *command);
/* error {code, message, file, offset} under this key. */
void jw_error(struct json *j, const char *key, const struct ckpt_error *err);

#endif
