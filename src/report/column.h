/* column.h — what a report's rows consist of: the one place where a cell becomes text.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A report is a struct per row and a table of columns that says where in the struct each
 * cell lies. Text, JSON and the screen all walk that table, so they cannot disagree.
 */
#ifndef REPORT_COLUMN_H
#define REPORT_COLUMN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "ckpt.h"
#include "model/dtype.h"

enum column_type {
	COL_NAME,  /* struct cell_text: a name from a file, escaped where it is shown */
	COL_TEXT,  /* struct cell_text: our own words */
	COL_COUNT, /* uint64_t */
	COL_BYTES, /* uint64_t: "2.3 MiB" as text, a plain number in JSON */
	COL_INT,   /* int64_t */
	COL_CRC,   /* uint32_t: 8 hex digits */
	COL_BOOL,  /* bool */
	COL_TIME,  /* double: seconds since the epoch */
	COL_REAL,  /* double: four digits as text; as they are in JSON */
	COL_ELEMENT, /* struct cell_element: as it is stored */
	COL_INTS,  /* struct cell_ints: a shape "[2,3]" */
	COL_TEXTS, /* struct cell_texts */
	COL_ROWS,  /* struct cell_rows: records of their own; as text, how many */
};

struct cell_text {
	const char *p; /* NULL: null */
	size_t len;
};

/* An element of a tensor; dtype NULL: null. */
struct cell_element {
	const struct dtype *dtype;
	uint8_t bytes[16];
	int digits; /* of a real as text; 0: the shortest that reads back */
};

struct cell_ints {
	const int64_t *p; /* NULL with n > 0 is not allowed */
	size_t n;
};

struct cell_texts {
	const struct cell_text *p;
	size_t n;
};

struct cell_rows {
	const void *p; /* NULL: null */
	size_t n;
};

/* In text and JSON; in text with -l, and JSON; in JSON only; in text only. */
enum { REAL_DIGITS = 4 }; /* of reals that are for people */

enum column_show { SHOW_ALWAYS, SHOW_LONG, SHOW_JSON, SHOW_TEXT };

struct column {
	const char *name;  /* JSON key, and what --columns and --sort take */
	const char *title; /* heading; NULL: the name in capitals */
	const char *help;
	enum column_type type;
	enum column_show show;
	size_t offset;
	uint64_t null; /* the bit in the row's mask that says that there is no value */
	bool grow;     /* takes what room is left; last */
	bool rare;     /* left out of a table in which it is always null */
	const struct column
		*sub; /* COL_ROWS: the columns of its rows, ended by name NULL */
	size_t stride;            /* and their size */
};

/* Rows as they are asked for. columns ends with name NULL; each row struct begins with
 * its uint64_t mask of nulls. */
struct rows {
	const struct column *columns;
	size_t n;
	const void *(*at)(const struct rows *rows, size_t i);
	void *arg;
};

bool column_is_null(const struct column *c, const void *row);
/* The field in the row that the column means. */
static inline const void *column_field(const struct column *c, const void *row)
{
	return (const char *)row + c->offset;
}
/* True for what stands right-aligned in text. */
bool column_is_number(const struct column *c);
/* Writes the cell's text, NUL-terminated, never beyond cap; returns its whole length.
 * Names are escaped; null is "-". */
size_t column_text(const struct column *c, const void *row, char *out, size_t cap);
/* How many terminal columns that text fills, without making it where that can be told. */
size_t column_width(const struct column *c, const void *row);
size_t column_title(const struct column *c, char *out, size_t cap);
const struct column *column_named(const struct column *columns, const char *name);

/* The text of a COL_ELEMENT, in the same way. */
size_t cell_element_text(const struct cell_element *e, char *out, size_t cap);
/* "2026-11-19T02:14:03Z" */
size_t time_text(double seconds, char *out, size_t cap);
struct cell_text cell_of(const char *s); /* NULL is null */
/* The index of a tensor's element, of its number in row-major order. */
struct cell_ints cell_index(struct arena *a, const struct ckpt_tensor *t, uint64_t flat);
/* "[2,3]", as the column has it; "" without memory. */
const char *cell_ints_text(struct arena *a, struct cell_ints ints);

#endif
