/* values.c — a tensor's elements: as text, as JSON, as raw bytes.
 * SPDX-License-Identifier: Apache-2.0
 *
 * One walk over the selected elements feeds all three. An element becomes text in
 * element_text() alone. Brackets follow from an element's index in the result: as many
 * open before it as it has zeros at its end, as many close behind it as it has last
 * indices.
 */
#include "config.h"

#include "out/values.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "base/text.h"
#include "model/selected.h"
#include "out/text.h"

enum { ALIGN_MOST = 20000, ELIDE_ABOVE = 1000, EDGE = 3 };

/* --- the walk ---------------------------------------------------------------------- */

/* Told one element; data or string is set. Nonzero stops. */
typedef int (*element_fn)(void *arg, const void *data, const struct ckpt_string *string);

struct telling {
	struct pool *pool;
	element_fn fn;
	void *arg;
	size_t size;
};

static int on_run(void *arg, const struct ckpt_run *run)
{
	const struct telling *t = arg;
	if (t->pool && pool_cancelled(t->pool))
		return 1;
	for (uint64_t i = 0; i < run->n; i++) {
		const void *data =
			run->data ? (const char *)run->data + i * t->size : NULL;
		if (t->fn(t->arg, data, run->strings ? &run->strings[i] : NULL))
			return 1;
	}
	return 0;
}

static struct values *values_of(const struct picked *p, struct ckpt_error *err)
{
	return p->side ? side_values(p->side, err) : reader_values(p->c, p->t, err);
}

static int walk(const struct picked *p, element_fn fn, void *arg, struct ckpt_error *err)
{
	struct telling t = { p->pool, fn, arg, ckpt_dtype_size(p->t->dtype) };
	struct values *v = values_of(p, err);
	if (!v || (p->whole && values_check(v, err)))
		return -1;
	return selected_runs(v, &p->selection, on_run, &t, err);
}

/* --- one element ------------------------------------------------------------------- */

static size_t real_text(const struct dtype *d, const void *p,
			const struct values_style *style, char *out)
{
	if (style->hex)
		return number_hex(out, dtype_real(d, p));
	if (style->precision)
		return number_digits(out, dtype_real(d, p), style->precision);
	return dtype_real_text(d, p, out);
}

static size_t complex_text(const struct dtype *d, const void *p,
			   const struct values_style *style, char *out)
{
	const struct dtype *part = dtype_of(d->size == 8 ? CKPT_FLOAT32 : CKPT_FLOAT64);
	size_t n = real_text(part, p, style, out);
	const void *imaginary = (const char *)p + part->size;
	if (!signbit(dtype_real(part, imaginary)) || isnan(dtype_real(part, imaginary)))
		out[n++] = '+';
	n += real_text(part, imaginary, style, out + n);
	out[n++] = 'j';
	out[n] = '\0';
	return n;
}

/* A number or boolean as text. */
static size_t element_text(const struct dtype *d, const void *p,
			   const struct values_style *style, char out[2 * NUMBER_MAX])
{
	switch (d->kind) {
	case KIND_FLOAT:
		return real_text(d, p, style, out);
	case KIND_COMPLEX:
		return complex_text(d, p, style, out);
	default:
		return dtype_element_text(d, p, out);
	}
}

/* --- brackets ---------------------------------------------------------------------- */

struct grid {
	int rank;
	int64_t dims[MAX_RANK], index[MAX_RANK];
};

static void grid_of(struct grid *g, const struct picked *p)
{
	memset(g, 0, sizeof *g);
	g->rank = selection_shape(&p->selection, g->dims);
}

static int zeros_at_end(const struct grid *g)
{
	int n = 0;
	while (n < g->rank && g->index[g->rank - 1 - n] == 0)
		n++;
	return n;
}

static int lasts_at_end(const struct grid *g)
{
	int n = 0;
	while (n < g->rank && g->index[g->rank - 1 - n] == g->dims[g->rank - 1 - n] - 1)
		n++;
	return n;
}

static void grid_next(struct grid *g)
{
	for (int i = g->rank - 1; i >= 0; i--) {
		if (++g->index[i] < g->dims[i])
			return;
		g->index[i] = 0;
	}
}

/* --- text -------------------------------------------------------------------------- */

struct writing {
	FILE *out;
	const struct dtype *d;
	const struct values_style *style;
	struct grid g;
	size_t width;
	struct json *j;
};

static void put_quoted(FILE *out, const struct ckpt_string *s)
{
	putc('"', out);
	for (size_t from = 0; from < s->len;) {
		const char *quote = memchr(s->p + from, '"', s->len - from);
		const size_t n = quote ? (size_t)(quote - s->p) - from : s->len - from;
		text_put(out, s->p + from, n);
		if (quote)
			fputs("\\\"", out);
		from += n + (quote != NULL);
	}
	putc('"', out);
}

/* What stands between two elements: nothing, a space, or lines that close and open. */
static void put_separator(struct writing *w, int closing)
{
	if (closing >= w->g.rank)
		return;
	if (!closing) {
		putc(' ', w->out);
		return;
	}
	for (int i = 0; i < closing; i++)
		putc('\n', w->out);
	for (int i = 0; i < w->g.rank - closing; i++)
		putc(' ', w->out);
}

static void put_element(struct writing *w, const void *data,
			const struct ckpt_string *string)
{
	char text[2 * NUMBER_MAX];
	if (string) {
		put_quoted(w->out, string);
		return;
	}
	const size_t n = element_text(w->d, data, w->style, text);
	for (size_t i = n; i < w->width; i++)
		putc(' ', w->out);
	fwrite(text, 1, n, w->out);
}

static int write_element(void *arg, const void *data, const struct ckpt_string *string)
{
	struct writing *w = arg;
	const int opening = zeros_at_end(&w->g), closing = lasts_at_end(&w->g);
	for (int i = 0; i < opening; i++)
		putc('[', w->out);
	put_element(w, data, string);
	for (int i = 0; i < closing; i++)
		putc(']', w->out);
	put_separator(w, closing);
	grid_next(&w->g);
	return ferror(w->out);
}

static int measure(void *arg, const void *data, const struct ckpt_string *string)
{
	struct writing *w = arg;
	char text[2 * NUMBER_MAX];
	if (!string) {
		const size_t n = element_text(w->d, data, w->style, text);
		w->width = n > w->width ? n : w->width;
	}
	return 0;
}

/* Only the first and last EDGE of a dimension that has many: element by element. */
static int write_elided(struct writing *w, const struct picked *p, int axis,
			uint64_t flat, element_fn fn, struct ckpt_error *err)
{
	struct telling one = { p->pool, fn, w, ckpt_dtype_size(p->t->dtype) };
	if (axis == p->selection.rank) {
		struct values *v = values_of(p, err);
		return v ? values_runs(v, flat, 1, on_run, &one, err) : -1;
	}
	const struct selected *d = &p->selection.dim[axis];
	uint64_t stride = 1;
	for (int i = axis + 1; i < p->t->rank; i++)
		stride *= (uint64_t)p->t->dims[i];
	int shown = 0; /* the axis of the result */
	for (int i = 0; i < axis; i++)
		shown += !p->selection.dim[i].drop;
	for (uint64_t i = 0; i < d->count; i++) {
		if (d->count > 2 * EDGE + 1 && i == EDGE) {
			const uint64_t hidden = d->count - 2 * EDGE;
			i += hidden;
			if (fn == write_element) {
				fprintf(w->out, "... %" PRIu64 " (--all) ...",
					hidden);
				put_separator(w, w->g.rank - 1 - shown);
			}
		}
		if (!d->drop)
			w->g.index[shown] = (int64_t)i;
		const uint64_t at = (uint64_t)(d->start + (int64_t)i * d->step);
		if (write_elided(w, p, axis + 1, flat + at * stride, fn, err))
			return -1;
	}
	return 0;
}

static int elided(struct writing *w, const struct picked *p, struct ckpt_error *err)
{
	struct values *v = values_of(p, err);
	if (!v || (p->whole && values_check(v, err)))
		return -1;
	const struct grid start = w->g;
	if (write_elided(w, p, 0, 0, measure, err))
		return -1;
	w->g = start;
	return write_elided(w, p, 0, 0, write_element, err);
}

int values_text(FILE *out, const struct picked *p, const struct values_style *style,
		struct ckpt_error *err)
{
	struct writing w = { .out = out, .d = dtype_of(p->t->dtype), .style = style };
	const uint64_t n = selection_elements(&p->selection);
	grid_of(&w.g, p);
	if (!n) {
		if (walk(p, write_element, &w,
			 err)) /* an empty tensor is checked as well */
			return -1;
		fputs("[]\n", out);
		return 0;
	}
	if (style->elide && n > ELIDE_ABOVE) {
		if (elided(&w, p, err))
			return -1;
	} else {
		if (n <= ALIGN_MOST && n > 1 && walk(p, measure, &w, err))
			return -1;
		if (walk(p, write_element, &w, err))
			return -1;
	}
	putc('\n', out);
	return 0;
}

/* --- JSON -------------------------------------------------------------------------- */

/* What the elements need, found before the first one is written. */
struct needs {
	const struct dtype *d;
	bool nonfinite, beyond_double, not_utf8;
};

static int look(void *arg, const void *data, const struct ckpt_string *string)
{
	static const uint64_t exact = UINT64_C(1) << 53;
	struct needs *n = arg;
	if (string)
		n->not_utf8 |= n->d->kind == KIND_VARIANT ||
			       !text_is_utf8(string->p, string->len);
	else if (n->d->kind == KIND_FLOAT)
		n->nonfinite |= !isfinite(dtype_real(n->d, data));
	else if (n->d->kind == KIND_UINT)
		n->beyond_double |= dtype_uint(n->d, data) >= exact;
	else if (n->d->kind == KIND_INT)
		n->beyond_double |=
			(uint64_t)dtype_int(n->d, data) + exact - 1 > 2 * (exact - 1);
	return 0;
}

static const char *encoding_of(const struct needs *n)
{
	switch (n->d->kind) {
	case KIND_STRING:
	case KIND_VARIANT:
		return n->not_utf8 ? "base64" : "utf8";
	case KIND_BOOL:
		return "bool";
	case KIND_COMPLEX:
		return "complex";
	case KIND_FLOAT:
		return n->nonfinite ? "number_or_nonfinite" : "number";
	default:
		return n->beyond_double ? "decimal_string" : "number";
	}
}

static void json_real(struct json *j, const struct dtype *d, const void *p,
		      const struct values_style *style)
{
	char text[NUMBER_MAX];
	const double v = dtype_real(d, p);
	if (isfinite(v))
		jw_raw(j, NULL, text, real_text(d, p, style, text));
	else
		jw_real(j, NULL, v);
}

struct json_writing {
	struct json *j;
	const struct values_style *style;
	struct needs needs;
	struct grid g;
	int open;
};

static void json_element(struct json_writing *w, const char *key, const void *data,
			 const struct ckpt_string *string)
{
	char text[2 * NUMBER_MAX];
	const struct dtype *d = w->needs.d;
	const struct dtype *part = dtype_of(d->size == 8 ? CKPT_FLOAT32 : CKPT_FLOAT64);
	struct json *j = w->j;
	if (string && w->needs.not_utf8) {
		jw_base64(j, key, string->p, string->len);
	} else if (string) {
		jw_string(j, key, string->p, string->len);
	} else if (d->kind == KIND_FLOAT) {
		json_real(j, d, data, w->style);
	} else if (d->kind == KIND_COMPLEX) {
		jw_open(j, key, '[');
		json_real(j, part, data, w->style);
		json_real(j, part, (const char *)data + part->size, w->style);
		jw_close(j, ']');
	} else if (d->kind == KIND_BOOL) {
		jw_bool(j, key, dtype_uint(d, data) != 0);
	} else {
		const size_t n = element_text(d, data, w->style, text);
		if (w->needs.beyond_double)
			jw_string(j, key, text, n);
		else
			jw_raw(j, key, text, n);
	}
}

static int write_json(void *arg, const void *data, const struct ckpt_string *string)
{
	struct json_writing *w = arg;
	for (int i = zeros_at_end(&w->g); i > 0; i--)
		jw_open(w->j, NULL, '[');
	json_element(w, NULL, data, string);
	for (int i = lasts_at_end(&w->g); i > 0; i--)
		jw_close(w->j, ']');
	grid_next(&w->g);
	return ferror(w->j->out);
}

/* [2,0,3] is [[], []]. Outer dimensions that claim more than anybody
 * has are not drawn. */
static void json_empty(struct json *j, const struct grid *g, int axis)
{
	enum { MOST = 100000 };
	jw_open(j, NULL, '[');
	if (g->dims[axis] > 0 && g->dims[axis] <= MOST)
		for (int64_t i = 0; i < g->dims[axis]; i++)
			json_empty(j, g, axis + 1);
	jw_close(j, ']');
}

int values_json(struct json *j, const struct picked *p, const struct values_style *style,
		struct ckpt_error *err)
{
	struct json_writing w = { .j = j, .style = style,
				  .needs = { .d = dtype_of(p->t->dtype) } };
	if (walk(p, look, &w.needs, err))
		return -1;
	grid_of(&w.g, p);
	jw_text(j, "encoding", encoding_of(&w.needs));
	jw_key(j, "values");
	if (!selection_elements(&p->selection)) {
		json_empty(j, &w.g, 0);
		return 0;
	}
	return walk(p, write_json, &w, err);
}

/* --- raw --------------------------------------------------------------------------- */

struct raw_writing {
	FILE *out;
	const struct dtype *d;
};

static void put_length(FILE *out, uint64_t v)
{
	for (int i = 0; i < 8; i++)
		putc((int)(v >> (8 * i) & 0xff), out);
}

static int write_raw(void *arg, const void *data, const struct ckpt_string *string)
{
	struct raw_writing *w = arg;
	uint8_t element[16];
	if (string) {
		put_length(w->out, string->len);
		fwrite(string->p, 1, string->len, w->out);
		return ferror(w->out);
	}
	memcpy(element, data, w->d->size);
	if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
		dtype_swap(w->d, element, 1);
	fwrite(element, 1, w->d->size, w->out);
	return ferror(w->out);
}

int values_raw(FILE *out, const struct picked *p, struct ckpt_error *err)
{
	struct raw_writing w = { out, dtype_of(p->t->dtype) };
	return walk(p, write_raw, &w, err);
}
