/* column.c — what a report's rows consist of: the one place where a cell becomes text.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "report/column.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/number.h"
#include "base/text.h"

bool column_is_null(const struct column *c, const void *row)
{
	const uint64_t mask = *(const uint64_t *)row;
	if (mask & c->null)
		return true;
	if (c->type == COL_NAME || c->type == COL_TEXT)
		return !((const struct cell_text *)column_field(c, row))->p;
	if (c->type == COL_ROWS)
		return !((const struct cell_rows *)column_field(c, row))->p;
	if (c->type == COL_ELEMENT)
		return !((const struct cell_element *)column_field(c, row))->dtype;
	return false;
}

bool column_is_number(const struct column *c)
{
	return c->type == COL_COUNT || c->type == COL_BYTES || c->type == COL_INT ||
	       c->type == COL_ROWS || c->type == COL_REAL || c->type == COL_ELEMENT;
}

size_t time_text(double seconds, char *out, size_t cap)
{
	const time_t t = (time_t)floor(seconds);
	struct tm tm;
	if (!isfinite(seconds) || fabs(seconds) > 1e14 || !gmtime_r(&t, &tm))
		return (size_t)snprintf(out, cap, "-");
	return strftime(out, cap, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

struct cell_text cell_of(const char *s)
{
	return (struct cell_text){ s, s ? strlen(s) : 0 };
}

static size_t give(char *out, size_t cap, const char *text, size_t n)
{
	if (cap) {
		const size_t fits = n < cap ? n : cap - 1;
		memcpy(out, text, fits);
		out[fits] = '\0';
	}
	return n;
}

static size_t ints_text(const struct cell_ints *v, char *out, size_t cap)
{
	size_t total = give(out, cap, "[", 1);
	for (size_t i = 0; i < v->n; i++) {
		char number[NUMBER_MAX];
		size_t n = 0;
		if (i)
			number[n++] = ',';
		n += number_i64(number + n, v->p[i]);
		total += give(out + (total < cap ? total : cap),
			      total < cap ? cap - total : 0, number, n);
	}
	return total + give(out + (total < cap ? total : cap),
			    total < cap ? cap - total : 0, "]", 1);
}

static size_t texts_text(const struct cell_texts *v, char *out, size_t cap)
{
	size_t total = 0;
	if (!v->n)
		return give(out, cap, "-", 1);
	for (size_t i = 0; i < v->n; i++) {
		if (i)
			total += give(out + (total < cap ? total : cap),
				      total < cap ? cap - total : 0, ", ", 2);
		total += text_escape(out + (total < cap ? total : cap),
				     total < cap ? cap - total : 0, v->p[i].p,
				     v->p[i].len);
	}
	return total;
}

/* Digits for people; those of a complex element for each part. */
static size_t short_text(const struct cell_element *e, char *out)
{
	double re, im;
	if (e->dtype->kind == KIND_FLOAT)
		return number_short(out, dtype_real(e->dtype, e->bytes), e->digits);
	dtype_complex(e->dtype, e->bytes, &re, &im);
	size_t n = number_short(out, re, e->digits);
	if (!signbit(im) || isnan(im))
		out[n++] = '+';
	n += number_short(out + n, im, e->digits);
	out[n++] = 'j';
	out[n] = '\0';
	return n;
}

size_t cell_element_text(const struct cell_element *e, char *out, size_t cap)
{
	char text[2 * NUMBER_MAX + 2];
	const bool real = e->dtype->kind == KIND_FLOAT || e->dtype->kind == KIND_COMPLEX;
	const size_t n = real && e->digits
				 ? short_text(e, text)
				 : dtype_element_text(e->dtype, e->bytes, text);
	return give(out, cap, text, n);
}

size_t column_text(const struct column *c, const void *row, char *out, size_t cap)
{
	char number[NUMBER_MAX];
	const void *field = column_field(c, row);
	const struct cell_text *text = field;
	if (column_is_null(c, row))
		return give(out, cap, "-", 1);
	switch (c->type) {
	case COL_NAME:
		return text_escape(out, cap, text->p, text->len);
	case COL_TEXT:
		return give(out, cap, text->p, text->len);
	case COL_COUNT:
		return give(out, cap, number,
			    number_grouped(number, *(const uint64_t *)field));
	case COL_BYTES:
		return give(out, cap, number,
			    number_bytes(number, *(const uint64_t *)field));
	case COL_INT:
		return give(out, cap, number,
			    number_i64(number, *(const int64_t *)field));
	case COL_CRC:
		return give(out, cap, number,
			    (size_t)snprintf(number, sizeof number, "%08x",
					     *(const uint32_t *)field));
	case COL_BOOL:
		return *(const bool *)field ? give(out, cap, "yes", 3)
					    : give(out, cap, "no", 2);
	case COL_TIME:
		return give(out, cap, number,
			    time_text(*(const double *)field, number, sizeof number));
	case COL_REAL:
		return give(out, cap, number,
			    number_short(number, *(const double *)field, REAL_DIGITS));
	case COL_ELEMENT:
		return cell_element_text(field, out, cap);
	case COL_INTS:
		return ints_text(field, out, cap);
	case COL_TEXTS:
		return texts_text(field, out, cap);
	case COL_ROWS:
		return give(out, cap, number,
			    number_u64(number, ((const struct cell_rows *)field)->n));
	}
	return 0;
}

size_t column_width(const struct column *c, const void *row)
{
	char text[1024];
	const struct cell_text *name = column_field(c, row);
	if (c->type == COL_NAME && name->p && text_is_plain(name->p, name->len))
		return name->len;
	const size_t n = column_text(c, row, text, sizeof text);
	return text_width(text, n < sizeof text ? n : sizeof text - 1);
}

size_t column_title(const struct column *c, char *out, size_t cap)
{
	const char *from = c->title ? c->title : c->name;
	const size_t n = give(out, cap, from, strlen(from));
	for (size_t i = 0; !c->title && i < n && i < cap; i++)
		out[i] = out[i] == '_' ? ' ' : (char)toupper((unsigned char)out[i]);
	return n;
}

struct cell_ints cell_index(struct arena *a, const struct ckpt_tensor *t, uint64_t flat)
{
	int64_t *index = arena_zeroed(a, (size_t)t->rank + 1, sizeof *index);
	for (int i = t->rank - 1; index && i >= 0 && t->dims[i] > 0; i--) {
		index[i] = (int64_t)(flat % (uint64_t)t->dims[i]);
		flat /= (uint64_t)t->dims[i];
	}
	return (struct cell_ints){ index, index ? (size_t)t->rank : 0 };
}

const char *cell_ints_text(struct arena *a, struct cell_ints ints)
{
	const size_t n = ints_text(&ints, NULL, 0);
	char *text = arena_alloc(a, n + 1);
	if (text)
		ints_text(&ints, text, n + 1);
	return text ? text : "";
}

const struct column *column_named(const struct column *columns, const char *name)
{
	for (const struct column *c = columns; c->name; c++)
		if (!strcmp(c->name, name))
			return c;
	return NULL;
}
