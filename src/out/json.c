/* json.c — JSON as a stream: written as it is known, never held as a tree.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "out/json.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

#include "base/number.h"
#include "base/text.h"

enum {
	BROKEN_DEPTH = 2
}; /* a document's keys and its records stand on lines of their own */

void jw_begin(struct json *j, FILE *out, bool lines)
{
	memset(j, 0, sizeof *j);
	j->out = out;
	j->lines = lines;
	j->broken = lines ? 0 : BROKEN_DEPTH;
}

static void put(struct json *j, const char *p, size_t n)
{
	fwrite(p, 1, n, j->out);
}

static void break_line(struct json *j)
{
	putc('\n', j->out);
	for (int i = 0; i < j->depth; i++)
		put(j, "  ", 2);
}

static void write_string(struct json *j, const char *p, size_t n);

/* What stands before a value: comma, line break, key. */
static void lead(struct json *j, const char *key)
{
	if (!j->depth || j->keyed) {
		j->keyed = false;
		return;
	}
	if (j->some[j->depth])
		putc(',', j->out);
	if (j->depth <= j->broken)
		break_line(j);
	else if (j->some[j->depth] && !j->lines)
		putc(' ', j->out);
	j->some[j->depth] = true;
	if (key) {
		fprintf(j->out, "\"%s\":", key);
		if (!j->lines)
			putc(' ', j->out);
	}
}

void jw_key(struct json *j, const char *key)
{
	lead(j, key);
	j->keyed = true;
}

void jw_open(struct json *j, const char *key, char bracket)
{
	lead(j, key);
	putc(bracket, j->out);
	if (j->depth < JSON_MAX_DEPTH - 1)
		j->depth++;
	j->some[j->depth] = false;
}

void jw_close(struct json *j, char bracket)
{
	const bool some = j->some[j->depth], broken = j->depth <= j->broken;
	j->depth--;
	if (some && broken)
		break_line(j);
	putc(bracket, j->out);
	if (!j->depth)
		putc('\n', j->out);
}

/* jansson leaves these as they are. */
static void put_escaped(struct json *j, const char *p, size_t n)
{
	size_t from = 0;
	for (size_t i = 0, len; i < n; i += len) {
		uint32_t cp = 0;
		len = text_utf8(p + i, n - i, &cp);
		len = len ? len : 1;
		if (cp < 0x7f || !text_is_unsafe(cp))
			continue;
		put(j, p + from, i - from);
		if (cp >= 0x10000)
			fprintf(j->out, "\\u%04x\\u%04x", 0xd800 + ((cp - 0x10000) >> 10),
				0xdc00 + ((cp - 0x10000) & 0x3ff));
		else
			fprintf(j->out, "\\u%04x", cp);
		from = i + len;
	}
	put(j, p + from, n - from);
}

static int on_chunk(const char *p, size_t n, void *arg)
{
	put_escaped(arg, p, n);
	return 0;
}

/* With U+FFFD for each byte that is not UTF-8; what is good is encoded part by part. */
static void write_repaired(struct json *j, const char *p, size_t n)
{
	enum { PART = 128, LONGEST = 6 * PART + 16 };
	putc('"', j->out);
	for (size_t i = 0; i < n;) {
		char encoded[LONGEST];
		size_t good = 0, len;
		uint32_t cp;
		while (i + good < n && good < PART &&
		       (len = text_utf8(p + i + good, n - i - good, &cp)))
			good += len;
		json_t *s = json_stringn(p + i, good);
		const size_t m = s ? json_dumpb(s, encoded, LONGEST, JSON_ENCODE_ANY) : 0;
		if (m > 2 && m <= LONGEST)
			put_escaped(j, encoded + 1, m - 2);
		json_decref(s);
		if (!good)
			put(j, "\xef\xbf\xbd", 3);
		i += good ? good : 1;
	}
	putc('"', j->out);
}

static void write_string(struct json *j, const char *p, size_t n)
{
	json_t *s = json_stringn(p, n); /* NULL: not UTF-8 */
	if (!s) {
		write_repaired(j, p, n);
		return;
	}
	json_dump_callback(s, on_chunk, j, JSON_ENCODE_ANY);
	json_decref(s);
}

void jw_string(struct json *j, const char *key, const char *p, size_t n)
{
	lead(j, key);
	write_string(j, p, n);
}

void jw_text(struct json *j, const char *key, const char *s)
{
	if (s)
		jw_string(j, key, s, strlen(s));
	else
		jw_null(j, key);
}

void jw_raw(struct json *j, const char *key, const char *text, size_t n)
{
	lead(j, key);
	put(j, text, n);
}

void jw_u64(struct json *j, const char *key, uint64_t v)
{
	char text[NUMBER_MAX];
	jw_raw(j, key, text, number_u64(text, v));
}

void jw_i64(struct json *j, const char *key, int64_t v)
{
	char text[NUMBER_MAX];
	jw_raw(j, key, text, number_i64(text, v));
}

void jw_bool(struct json *j, const char *key, bool v)
{
	jw_raw(j, key, v ? "true" : "false", v ? 4 : 5);
}

void jw_real(struct json *j, const char *key, double v)
{
	char text[NUMBER_MAX];
	if (isnan(v))
		jw_text(j, key, "NaN");
	else if (isinf(v))
		jw_text(j, key, v < 0 ? "-Infinity" : "Infinity");
	else
		jw_raw(j, key, text, number_double(text, v));
}

void jw_null(struct json *j, const char *key)
{
	jw_raw(j, key, "null", 4);
}

void jw_base64(struct json *j, const char *key, const void *data, size_t n)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const uint8_t *p = data;
	lead(j, key);
	putc('"', j->out);
	for (size_t i = 0; i < n; i += 3) {
		const uint32_t v = (uint32_t)p[i] << 16 |
				   (i + 1 < n ? p[i + 1] << 8 : 0) |
				   (i + 2 < n ? p[i + 2] : 0);
		const char four[4] = { digits[v >> 18], digits[v >> 12 & 63],
				       i + 1 < n ? digits[v >> 6 & 63] : '=',
				       i + 2 < n ? digits[v & 63] : '=' };
		put(j, four, 4);
	}
	putc('"', j->out);
}

void jw_name(struct json *j, const char *key, const struct cell_text *name)
{
	jw_string(j, key, name->p, name->len);
	if (text_is_utf8(name->p, name->len))
		return;
	char second[64];
	snprintf(second, sizeof second, "%s_b64", key ? key : "name");
	jw_base64(j, second, name->p, name->len);
}

static void put_records(struct json *j, const char *key, const struct column *columns,
			 const struct cell_rows *rows, size_t stride)
{
	jw_open(j, key, '[');
	for (size_t i = 0; i < rows->n; i++) {
		jw_open(j, NULL, '{');
		jw_cells(j, columns, (const char *)rows->p + i * stride);
		jw_close(j, '}');
	}
	jw_close(j, ']');
}

/* A number in its own type; a complex one as [re, im]. */
static void put_element(struct json *j, const char *key, const struct cell_element *e)
{
	const struct dtype *d = e->dtype;
	char text[2 * NUMBER_MAX];
	if (d->kind == KIND_COMPLEX) {
		struct cell_element part = {
			.dtype = dtype_of(d->size == 8 ? CKPT_FLOAT32 : CKPT_FLOAT64)
		};
		jw_open(j, key, '[');
		for (size_t i = 0; i < 2; i++) {
			memcpy(part.bytes, e->bytes + i * part.dtype->size,
			       part.dtype->size);
			put_element(j, NULL, &part);
		}
		jw_close(j, ']');
	} else if (d->kind == KIND_BOOL) {
		jw_bool(j, key, dtype_uint(d, e->bytes) != 0);
	} else if (d->kind == KIND_FLOAT && !isfinite(dtype_real(d, e->bytes))) {
		jw_real(j, key, dtype_real(d, e->bytes));
	} else {
		jw_raw(j, key, text, dtype_element_text(d, e->bytes, text));
	}
}

static void put_cell(struct json *j, const struct column *c, const void *row)
{
	char text[NUMBER_MAX];
	const void *field = column_field(c, row);
	const struct cell_ints *ints = field;
	const struct cell_texts *texts = field;
	if (column_is_null(c, row)) {
		jw_null(j, c->name);
		return;
	}
	switch (c->type) {
	case COL_NAME:
		jw_name(j, c->name, field);
		return;
	case COL_TEXT:
		jw_string(j, c->name, ((const struct cell_text *)field)->p,
			    ((const struct cell_text *)field)->len);
		return;
	case COL_COUNT:
	case COL_BYTES:
		jw_u64(j, c->name, *(const uint64_t *)field);
		return;
	case COL_INT:
		jw_i64(j, c->name, *(const int64_t *)field);
		return;
	case COL_BOOL:
		jw_bool(j, c->name, *(const bool *)field);
		return;
	case COL_REAL:
		jw_real(j, c->name, *(const double *)field);
		return;
	case COL_ELEMENT:
		put_element(j, c->name, field);
		return;
	case COL_CRC:
	case COL_TIME:
		jw_string(j, c->name, text, column_text(c, row, text, sizeof text));
		return;
	case COL_INTS:
		jw_open(j, c->name, '[');
		for (size_t i = 0; i < ints->n; i++)
			jw_i64(j, NULL, ints->p[i]);
		jw_close(j, ']');
		return;
	case COL_TEXTS:
		jw_open(j, c->name, '[');
		for (size_t i = 0; i < texts->n; i++)
			jw_string(j, NULL, texts->p[i].p, texts->p[i].len);
		jw_close(j, ']');
		return;
	case COL_ROWS:
		put_records(j, c->name, c->sub, field, c->stride);
		return;
	}
}

void jw_cells(struct json *j, const struct column *columns, const void *row)
{
	for (const struct column *c = columns; c->name; c++)
		if (c->show != SHOW_TEXT)
			put_cell(j, c, row);
}

void jw_totals(struct json *j, const char *key, const struct column *columns,
	       const struct total_row *rows, size_t n)
{
	jw_open(j, key, '[');
	for (size_t i = 0; i < n; i++) {
		jw_open(j, NULL, '{');
		jw_cells(j, columns, &rows[i]);
		jw_close(j, '}');
	}
	jw_close(j, ']');
}

void jw_rows(struct json *j, const char *key, const struct rows *rows)
{
	jw_open(j, key, '[');
	for (size_t i = 0; i < rows->n; i++) {
		jw_open(j, NULL, '{');
		jw_cells(j, rows->columns, rows->at(rows, i));
		jw_close(j, '}');
	}
	jw_close(j, ']');
}

void jw_head(struct json *j, const char *command)
{
	char schema[64];
	snprintf(schema, sizeof schema, "ckpt-inspect/%s", command);
	jw_text(j, "schema", schema);
	jw_text(j, "schema_version", "1.0");
	jw_open(j, "generator", '{');
	jw_text(j, "name", "ckpt-inspect");
	jw_text(j, "version", ckpt_version());
	jw_close(j, '}');
}

void jw_error(struct json *j, const char *key, const struct ckpt_error *err)
{
	jw_open(j, key, '{');
	jw_text(j, "code", ckpt_code_name(err->code));
	jw_text(j, "message", err->text);
	jw_text(j, "file", *err->file ? err->file : NULL);
	if (*err->file && err->offset >= 0)
		jw_i64(j, "offset", err->offset);
	else
		jw_null(j, "offset");
	jw_close(j, '}');
}
