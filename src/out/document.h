/* document.h — a command's answer as one JSON document, or as NDJSON records.
 * SPDX-License-Identifier: Apache-2.0
 *
 *	{ schema…, input, KEY: [ {…}, … ], errors: […], error, summary }
 *	{"type":"header", schema…, input}  {"type":"tensor", …}  …  {"type":"summary", …}
 *
 * A command writes its answer once, for both. Without a summary the run was torn.
 */
#ifndef OUT_DOCUMENT_H
#define OUT_DOCUMENT_H

#include "base/arena.h"
#include "out/json.h"

struct document {
	struct json j;
	const char *type;       /* of the records, NDJSON */
	struct pointers errors; /* struct ckpt_error; they stand behind the records */
	struct arena *arena;
};

void document_begin(struct document *d, struct arena *a, const char *command, bool lines);
/* input {given, taken_for, prefix, files}; c may be NULL: given alone. taken_for: NULL
 * for what c was found by. */
void document_input(struct document *d, const char *given, struct ckpt *c,
		    const char *taken_for);
/* The one path, or input with nothing and the paths as inputs []. */
void document_inputs(struct document *d, const char *const *paths, size_t n,
		     const struct ckpt_options *options);
/* The same under another key, where there are several inputs. */
void document_source(struct document *d, const char *key, const char *given,
		     struct ckpt *c, const char *taken_for);
/* Ends the header record; the keys that follow are the command's own. */
void document_header_end(struct document *d);
/* Records from here on, in an array called key, each with this type. */
void document_records(struct document *d, const char *key, const char *type);
void document_records_end(struct document *d);
void document_record_begin(struct document *d);
void document_record_end(struct document *d);
/* A record that is a row. */
void document_row(struct document *d, const struct column *columns, const void *row);
/* An error of a part: a record at once, or an item of errors[] at the end. */
void document_error(struct document *d, const struct ckpt_error *err);
/* An error if a file has changed since it was opened. */
void document_check_unchanged(struct document *d, struct ckpt *c);
/* The summary's keys are the caller's; then document_end. */
void document_summary_begin(struct document *d);
void document_end(struct document *d);
/* Nothing could be done: a document, or a record, of the error alone. */
void document_failure(FILE *out, const char *command, const char *given, bool lines,
		      const struct ckpt_error *err);

#endif
