/* export_tell.c — what an export has written, and what it could not: for people, as JSON.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "cli/export_tell.h"

#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "base/text.h"
#include "report/list.h"
#include "out/text.h"

enum { MOST_NAMES = 20 }; /* that are told one by one; JSON has all */

static bool is_whole(const struct export_item *i)
{
	return !i->error && !i->left_out;
}

static bool is_renamed(const struct export_item *i)
{
	/* The ending is the format's. */
	const size_t n = i->name_len;
	return i->written_len < n || memcmp(i->written, i->name, n) ||
	       (i->written_len > n && i->written[n] != '.');
}

static const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

/* --- standard error ---------------------------------------------------------------- */

static void tell_renamed(const struct export_job *e)
{
	char name[160], written[160];
	size_t n = 0;
	for (size_t i = 0; i < e->n; i++) {
		const struct export_item *item = &e->items[i];
		if (!is_whole(item) || !is_renamed(item) || ++n > MOST_NAMES)
			continue;
		text_escape(name, sizeof name, item->name, item->name_len);
		text_escape(written, sizeof written, item->written, item->written_len);
		fprintf(stderr, "ckpt-inspect: '%s' is written as '%s'\n", name, written);
	}
	if (n > MOST_NAMES)
		fprintf(stderr, "ckpt-inspect: and %zu other name%s; --json has them\n",
			n - MOST_NAMES, plural(n - MOST_NAMES));
}

/* NumPy has no such dtype, and sees bytes. */
static bool is_opaque(const struct export_job *e, int dtype)
{
	const enum export_format f = e->query->format;
	const struct dtype *d = dtype_of(dtype);
	const bool numpy = f == EXPORT_NPZ || f == EXPORT_NPY || f == EXPORT_NPY_DIR;
	return numpy && d && d->npy && (d->npy[0] == 'V' || !strcmp(d->npy, "f1"));
}

static void tell_opaque(const struct export_job *e)
{
	for (int dtype = 1; dtype_of(dtype); dtype++) {
		size_t n = 0;
		for (size_t i = 0; is_opaque(e, dtype) && i < e->n; i++)
			n += is_whole(&e->items[i]) && e->items[i].dtype == dtype;
		const struct dtype *d = dtype_of(dtype);
		if (n)
			fprintf(stderr,
				"ckpt-inspect: %zu tensor%s of %s: NumPy reads V%d, "
				".view(ml_dtypes.%s) makes it so; --cast writes another "
				"dtype\n",
				n, plural(n), d->name, d->size, d->name);
	}
}

static void tell_left_out(const struct export_job *e)
{
	for (size_t i = 0; i < e->n; i++) {
		const struct export_item *item = &e->items[i];
		if (!item->left_out)
			continue;
		fputs("ckpt-inspect: '", stderr);
		text_put(stderr, item->name, item->name_len);
		fprintf(stderr, "' is left out: %s cannot hold this string\n",
			export_format_names[e->query->format]);
	}
}

void export_tell(const struct export_told *t)
{
	const struct export_job *e = t->e;
	if (t->index_error)
		text_error(t->index_error);
	for (size_t i = 0; i < e->n; i++)
		if (e->items[i].error)
			text_error(e->items[i].error);
	tell_left_out(e);
	tell_renamed(e);
	tell_opaque(e);
}

/* --- standard output --------------------------------------------------------------- */

void export_sum_up(const struct export_told *t)
{
	char bytes[NUMBER_MAX];
	const struct export_job *e = t->e;
	text_put(stdout, e->query->out, strlen(e->query->out));
	number_bytes(bytes, e->file_bytes);
	printf(": %s, %zu tensor%s, %s", export_format_names[e->query->format],
	       e->written, plural(e->written), bytes);
	if (e->query->format == EXPORT_SAFETENSORS && e->files.n > 1)
		printf(" in %zu files", e->files.n);
	if (e->damaged)
		printf("; %zu damaged and left out", e->damaged);
	putchar('\n');
}

/* --- JSON -------------------------------------------------------------------------- */

static const char *status_of(const struct export_told *t, const struct export_item *item)
{
	if (item->error)
		return "damaged";
	if (item->left_out)
		return "left_out";
	return t->complete ? "written" : "not_written";
}

static void put_item(struct document *d, const struct export_told *t,
		     const struct export_item *item)
{
	struct json *j = &d->j;
	const struct ckpt_tensor *tensor = item->tensor;
	const bool written = t->complete && is_whole(item);
	const struct cell_text name = { tensor->name, tensor->name_len };
	const struct cell_text as = { item->written, item->written_len };
	document_record_begin(d);
	jw_name(j, "name", &name);
	jw_text(j, "status", status_of(t, item));
	jw_name(j, "written_as", &as);
	jw_text(j, "file", written ? item->file : NULL);
	jw_text(j, "dtype", dtype_text(t->arena, tensor->dtype));
	jw_text(j, "written_dtype", dtype_text(t->arena, item->dtype));
	jw_open(j, "shape", '[');
	for (int i = 0; i < item->rank; i++)
		jw_i64(j, NULL, item->dims[i]);
	jw_close(j, ']');
	jw_u64(j, "elements", item->elements);
	jw_u64(j, "size_bytes", item->size);
	if (item->error)
		jw_error(j, "damage", item->error);
	else
		jw_null(j, "damage");
	document_record_end(d);
}

static void put_summary(struct document *d, const struct export_told *t)
{
	struct json *j = &d->j;
	const struct export_job *e = t->e;
	const bool damaged = e->damaged || t->index_error;
	size_t left_out = 0;
	for (size_t i = 0; i < e->n; i++)
		left_out += e->items[i].left_out;
	document_summary_begin(d);
	jw_u64(j, "tensors", e->n);
	jw_u64(j, "written", t->complete ? e->written : 0);
	jw_u64(j, "damaged", e->damaged);
	jw_u64(j, "left_out", left_out);
	jw_u64(j, "cast", e->cast);
	jw_u64(j, "size_bytes", t->complete ? e->file_bytes : 0);
	if (t->index_error)
		jw_error(j, "index_error", t->index_error);
	else
		jw_null(j, "index_error");
	jw_bool(j, "complete", t->complete);
	jw_text(j, "verdict", damaged ? "damaged" : "ok");
	document_end(d);
}

void export_json(const struct export_told *t)
{
	struct document d;
	const struct export_job *e = t->e;
	struct json *j = &d.j;
	document_begin(&d, t->arena, "export", t->o->given[OPT_NDJSON]);
	document_input(&d, t->o->args[0], e->c, NULL);
	jw_open(j, "output", '{');
	jw_text(j, "path", e->query->out);
	jw_text(j, "format", export_format_names[e->query->format]);
	jw_bool(j, "compressed", e->query->compress);
	jw_text(j, "slice", e->query->slice);
	jw_open(j, "files", '[');
	for (size_t i = 0; t->complete && i < e->files.n; i++)
		jw_text(j, NULL, e->files.p[i]);
	jw_close(j, ']');
	jw_close(j, '}');
	document_header_end(&d);
	document_records(&d, "tensors", "tensor");
	for (size_t i = 0; i < e->n; i++)
		put_item(&d, t, &e->items[i]);
	document_records_end(&d);
	put_summary(&d, t);
}
