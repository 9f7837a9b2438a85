/* document.c — a command's answer as one JSON document, or as NDJSON records.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "out/document.h"

#include "format/reader.h"

void document_begin(struct document *d, struct arena *a, const char *command, bool lines)
{
	*d = (struct document){ .arena = a };
	jw_begin(&d->j, stdout, lines);
	jw_open(&d->j, NULL, '{');
	if (lines)
		jw_text(&d->j, "type", "header");
	jw_head(&d->j, command);
}

void document_input(struct document *d, const char *given, struct ckpt *c,
		    const char *taken_for)
{
	document_source(d, "input", given, c, taken_for);
}

void document_inputs(struct document *d, const char *const *paths, size_t n,
		     const struct ckpt_options *options)
{
	struct ckpt *c = n == 1 ? ckpt_open(paths[0], options, NULL) : NULL;
	document_input(d, n == 1 ? paths[0] : NULL, c, NULL);
	ckpt_close(c);
	if (n == 1)
		return;
	jw_open(&d->j, "inputs", '[');
	for (size_t i = 0; i < n; i++)
		jw_text(&d->j, NULL, paths[i]);
	jw_close(&d->j, ']');
}

void document_source(struct document *d, const char *key, const char *given,
		     struct ckpt *c, const char *taken_for)
{
	struct json *j = &d->j;
	jw_open(j, key, '{');
	jw_text(j, "given", given);
	jw_text(j, "taken_for", taken_for ? taken_for : c ? c->at.taken_for : NULL);
	jw_text(j, "prefix", c ? c->at.prefix : NULL);
	jw_open(j, "files", '[');
	const char *file;
	for (size_t i = 0; c && (file = c->reader->file(c, i)); i++)
		jw_text(j, NULL, file);
	jw_close(j, ']');
	jw_close(j, '}');
}

void document_header_end(struct document *d)
{
	if (d->j.lines)
		jw_close(&d->j, '}');
}

void document_records(struct document *d, const char *key, const char *type)
{
	d->type = type;
	if (!d->j.lines)
		jw_open(&d->j, key, '[');
}

void document_records_end(struct document *d)
{
	if (!d->j.lines)
		jw_close(&d->j, ']');
}

void document_record_begin(struct document *d)
{
	jw_open(&d->j, NULL, '{');
	if (d->j.lines)
		jw_text(&d->j, "type", d->type);
}

void document_record_end(struct document *d)
{
	jw_close(&d->j, '}');
}

void document_row(struct document *d, const struct column *columns, const void *row)
{
	document_record_begin(d);
	jw_cells(&d->j, columns, row);
	document_record_end(d);
}

void document_error(struct document *d, const struct ckpt_error *err)
{
	if (d->j.lines) {
		jw_open(&d->j, NULL, '{');
		jw_text(&d->j, "type", "error");
		jw_error(&d->j, "error", err);
		jw_close(&d->j, '}');
		return;
	}
	struct ckpt_error *copy = arena_zeroed(d->arena, 1, sizeof *copy);
	if (copy) {
		*copy = *err;
		pointers_add(&d->errors, copy);
	}
}

void document_check_unchanged(struct document *d, struct ckpt *c)
{
	struct ckpt_error err = { 0 };
	if (ckpt_unchanged(c, &err))
		document_error(d, &err);
}

void document_summary_begin(struct document *d)
{
	struct json *j = &d->j;
	if (j->lines) {
		jw_open(j, NULL, '{');
		jw_text(j, "type", "summary");
		return;
	}
	if (d->errors.n) {
		jw_open(j, "errors", '[');
		for (size_t i = 0; i < d->errors.n; i++)
			jw_error(j, NULL, d->errors.p[i]);
		jw_close(j, ']');
		jw_error(j, "error", d->errors.p[0]);
	}
	jw_open(j, "summary", '{');
}

void document_end(struct document *d)
{
	jw_close(&d->j, '}');
	if (!d->j.lines)
		jw_close(&d->j, '}');
	pointers_drop(&d->errors);
}

void document_failure(FILE *out, const char *command, const char *given, bool lines,
		      const struct ckpt_error *err)
{
	struct json j;
	jw_begin(&j, out, lines);
	jw_open(&j, NULL, '{');
	if (lines)
		jw_text(&j, "type", "error");
	jw_head(&j, command);
	if (given) {
		jw_open(&j, "input", '{');
		jw_text(&j, "given", given);
		jw_close(&j, '}');
	}
	jw_error(&j, "error", err);
	jw_close(&j, '}');
}
