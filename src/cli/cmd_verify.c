/* cmd_verify.c — ckpt-inspect verify: is it whole.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Of a folder every checkpoint is verified: a verdict on the latest alone would be a
 * false green. 1: damage was found; 2: a checkpoint could not be looked at.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "cli/cmd.h"
#include "cli/watch.h"
#include "format/finding.h"
#include "format/locate.h"
#include "format/path.h"
#include "format/reader.h"
#include "format/state.h"
#include "out/document.h"
#include "out/text.h"
#include "report/check.h"
#include "report/column.h"

/* The verdict on one checkpoint. */
struct verdict_row {
	uint64_t null;
	struct cell_text path, verdict;
	uint64_t tensors, bytes, ok, damaged, unchecked_tensors, unchecked_bytes;
	uint64_t errors, warnings, notes;
};

enum null_bits { NULL_COUNTS = 1 };

#define FIELD(row, field) .offset = offsetof(struct row, field)
#define COUNT(field)                                                                     \
	{                                                                                \
		.name = #field, .type = COL_COUNT, FIELD(verdict_row, field),            \
		.null = NULL_COUNTS                                                      \
	}

static const struct column verdict_columns[] = {
	{ .name = "path", .type = COL_NAME, FIELD(verdict_row, path) },
	{ .name = "verdict", .type = COL_TEXT, FIELD(verdict_row, verdict) },
	COUNT(tensors), COUNT(bytes), COUNT(ok), COUNT(damaged), COUNT(unchecked_tensors),
	COUNT(unchecked_bytes), COUNT(errors), COUNT(warnings), COUNT(notes),
	{ .name = NULL },
};

/* One run of the command. */
struct verifying {
	const struct options *o;
	struct arena arena;
	struct document document;
	struct pointers verdicts; /* struct verdict_row */
	struct ckpt_summary sum;  /* over all checkpoints */
	const char *path;         /* of the one being verified */
	const char *repeated;     /* code of the finding before, and how often it came */
	uint64_t repeats;
	/* Findings of the one being verified: refused by the system, or by us. */
	uint64_t unread;
	bool stop, interrupted; /* ^C was pressed; something was left undone */
	int code;
};

static void add_summary(struct ckpt_summary *to, const struct ckpt_summary *s)
{
	to->tensors += s->tensors;
	to->bytes += s->bytes;
	to->ok += s->ok;
	to->damaged += s->damaged;
	to->unchecked_tensors += s->unchecked_tensors;
	to->unchecked_bytes += s->unchecked_bytes;
	to->errors += s->errors;
	to->warnings += s->warnings;
	to->notes += s->notes;
}

/* --- findings ---------------------------------------------------------------------- */

static void finding_json(struct verifying *v, const struct ckpt_finding *f)
{
	struct finding_row row;
	finding_row_of(f, v->path, &row);
	document_row(&v->document, finding_columns, &row);
}

static void end_repeats(struct verifying *v)
{
	enum { SHOWN = 10 };
	if (v->repeats > SHOWN && !v->o->given[OPT_ALL])
		printf("  ... %" PRIu64 " more of these (--all)\n", v->repeats - SHOWN);
	v->repeated = NULL;
	v->repeats = 0;
}

static void finding_text(struct verifying *v, const struct ckpt_finding *f)
{
	enum { SHOWN = 10 };
	if (v->repeated != f->code)
		end_repeats(v);
	v->repeated = f->code;
	if (++v->repeats > SHOWN && !v->o->given[OPT_ALL])
		return;
	printf("%s: %s: ", severity_names[f->severity], f->code);
	if (f->tensor) {
		putchar('\'');
		text_put(stdout, f->tensor->name, f->tensor->name_len);
		fputs("': ", stdout);
	}
	if (f->file) {
		text_put(stdout, f->file, strlen(f->file));
		fputs(": ", stdout);
	}
	if (f->file && f->offset >= 0)
		printf("byte %" PRId64 ": ", f->offset);
	text_put(stdout, f->message, strlen(f->message));
	putchar('\n');
}

static void on_finding(void *arg, const struct ckpt_finding *f)
{
	struct verifying *v = arg;
	v->unread += f->code == finding_kinds[FOUND_UNREADABLE].code ||
		     f->code == finding_kinds[FOUND_UNSUPPORTED].code;
	if (wants_json(v->o))
		finding_json(v, f);
	else
		finding_text(v, f);
}

/* --- verdicts ---------------------------------------------------------------------- */

static int keep_verdict(struct verifying *v, const char *verdict,
			const struct ckpt_summary *s, struct ckpt_error *err)
{
	struct verdict_row *row = arena_zeroed(&v->arena, 1, sizeof *row);
	if (!row || pointers_add(&v->verdicts, row))
		return arena_error(&v->arena, err);
	row->path = cell_of(v->path);
	row->verdict = cell_of(verdict);
	if (!s) {
		row->null = NULL_COUNTS;
		return 0;
	}
	row->tensors = s->tensors;
	row->bytes = s->bytes;
	row->ok = s->ok;
	row->damaged = s->damaged;
	row->unchecked_tensors = s->unchecked_tensors;
	row->unchecked_bytes = s->unchecked_bytes;
	row->errors = s->errors;
	row->warnings = s->warnings;
	row->notes = s->notes;
	return 0;
}

static void verdict_text(const char *path, const char *verdict,
			 const struct ckpt_summary *s)
{
	char count[NUMBER_MAX], bytes[NUMBER_MAX], checked[NUMBER_MAX];
	number_grouped(count, s->tensors);
	number_bytes(bytes, s->bytes);
	text_put(stdout, path, strlen(path));
	printf(": %s: %s tensor%s, %s", verdict, count, s->tensors == 1 ? "" : "s",
	       bytes);
	if (s->damaged) {
		number_grouped(checked, s->damaged);
		number_grouped(count, s->ok);
		printf("; %s damaged, %s ok", checked, count);
	}
	if (s->unchecked_tensors) {
		number_grouped(checked, s->unchecked_tensors);
		number_bytes(bytes, s->unchecked_bytes);
		printf("; %s without a checksum (%s)", checked, bytes);
	}
	putchar('\n');
}

/* A checkpoint that cannot be looked at: an error, and no verdict. */
static int cannot(struct verifying *v, const struct ckpt_error *e, struct ckpt_error *err)
{
	if (wants_json(v->o))
		document_error(&v->document, e);
	fflush(stdout);
	text_error(e);
	v->code = EXIT_TROUBLE;
	return keep_verdict(v, "unreadable", NULL, err);
}

/* The check itself, with progress; ^C stops it. */
static int check_watched(struct verifying *v, struct ckpt *c, struct ckpt_summary *s,
			 struct ckpt_error *err)
{
	struct check check;
	if (check_begin(&check, c, on_finding, v, s, threads_of(v->o), err))
		return -1;
	v->stop |= watch_all(&check.sweep.pool, check.sweep.bytes);
	const int r = check_end(&check, err);
	v->interrupted |= check.incomplete;
	if (!r && check.incomplete)
		return error_set(err, CKPT_EIO, ckpt_prefix(c), -1,
				 "interrupted: not all of it has been checked");
	return r;
}

static int verify_one(struct verifying *v, struct ckpt *c, struct ckpt_error *err)
{
	struct ckpt_summary s;
	struct ckpt_error e = { 0 };
	v->path = arena_copy(&v->arena, ckpt_prefix(c), strlen(ckpt_prefix(c)));
	if (!v->path)
		return arena_error(&v->arena, err);
	v->unread = 0;
	const int r = check_watched(v, c, &s, &e);
	if (!wants_json(v->o))
		end_repeats(v);
	if (!r && v->unread) /* which is not damage: nothing is known of them */
		error_set(&e, CKPT_EIO, v->path, -1,
			  "%" PRIu64 " tensors could not be read", v->unread);
	if (!r)
		add_summary(&v->sum, &s);
	if (r || v->unread)
		return cannot(v, &e, err);
	const char *verdict = s.errors ? "damaged" : "ok";
	if (s.errors && v->code == EXIT_FINE)
		v->code = EXIT_FOUND;
	if (!wants_json(v->o))
		verdict_text(v->path, verdict, &s);
	return keep_verdict(v, verdict, &s, err);
}

static int verify_path(struct verifying *v, const char *path, struct ckpt_error *err)
{
	const struct ckpt_options options = ckpt_options_of(v->o);
	struct ckpt_error e = { 0 };
	struct ckpt *c = ckpt_open(path, &options, &e);
	v->path = path;
	if (!c)
		return cannot(v, &e, err);
	tell_note(c);
	const int r = verify_one(v, c, err);
	ckpt_close(c);
	return r;
}

/* Another one is due: not after ^C, and then it is left undone. */
static bool go_on(struct verifying *v)
{
	v->interrupted |= v->stop;
	return !v->stop;
}

/* An older checkpoint that the state file names may have been deleted;
 * the latest may not. */
static int verify_folder(struct verifying *v, const struct run_folder *run,
			 struct ckpt_error *err)
{
	const struct finder f = { on_finding, v, &v->sum };
	v->path = run->path;
	for (size_t i = 0; i < run->n_leftovers; i++)
		finding_emit(&f, FOUND_LEFTOVER, NULL,
			     path_join(&v->arena, run->path, run->leftovers[i]), -1, -1,
			     "left over from a save that was interrupted");
	if (!wants_json(v->o))
		end_repeats(v);
	for (size_t i = 0; i < run->n && go_on(v); i++) {
		const struct snapshot *s = &run->all[i];
		if (s->on_disk) {
			if (verify_path(v, s->prefix, err))
				return -1;
			continue;
		}
		if (!s->latest) {
			finding_emit(&f, FOUND_GONE, NULL, run->state_path, -1, -1,
				     "names %.200s, which %s", s->prefix,
				     snapshot_fate(s));
			continue;
		}
		struct ckpt_error gone = { 0 };
		snapshot_gone(run, s, &gone);
		v->path = s->prefix;
		if (cannot(v, &gone, err))
			return -1;
	}
	return 0;
}

static void begin_json(struct verifying *v)
{
	document_begin(&v->document, &v->arena, "verify", v->o->given[OPT_NDJSON]);
	const struct ckpt_options options = ckpt_options_of(v->o);
	document_inputs(&v->document, (const char *const *)v->o->args, v->o->n_args,
			&options);
	document_header_end(&v->document);
	document_records(&v->document, "findings", "finding");
}

static void end_json(struct verifying *v)
{
	struct json *j = &v->document.j;
	const struct ckpt_summary *s = &v->sum;
	document_records_end(&v->document);
	document_records(&v->document, "checkpoints", "checkpoint");
	for (size_t i = 0; i < v->verdicts.n; i++)
		document_row(&v->document, verdict_columns, v->verdicts.p[i]);
	document_records_end(&v->document);
	document_summary_begin(&v->document);
	jw_text(j, "verdict", v->code == EXIT_FINE    ? "ok"
				: v->code == EXIT_FOUND ? "damaged"
							: "unreadable");
	jw_bool(j, "complete", !v->interrupted);
	jw_u64(j, "checkpoints", v->verdicts.n);
	jw_u64(j, "tensors", s->tensors);
	jw_u64(j, "bytes", s->bytes);
	jw_u64(j, "ok", s->ok);
	jw_u64(j, "damaged", s->damaged);
	jw_u64(j, "unchecked_tensors", s->unchecked_tensors);
	jw_u64(j, "unchecked_bytes", s->unchecked_bytes);
	jw_u64(j, "errors", s->errors);
	jw_u64(j, "warnings", s->warnings);
	jw_u64(j, "notes", s->notes);
	document_end(&v->document);
}

/* A single path that cannot be opened is an error document alone. */
static int open_at_all(struct verifying *v, struct ckpt_error *err)
{
	struct run_folder run;
	const struct ckpt_options options = ckpt_options_of(v->o);
	if (v->o->n_args != 1)
		return 0;
	if (folder_of(v->o, &v->arena, v->o->args[0], &run, err))
		return -1;
	if (run.n)
		return 0;
	struct ckpt *c = ckpt_open(v->o->args[0], &options, err);
	ckpt_close(c);
	return c ? 0 : -1;
}

static int verify_all(struct verifying *v, struct ckpt_error *err)
{
	if (open_at_all(v, err))
		return -1;
	if (wants_json(v->o))
		begin_json(v);
	for (size_t i = 0; i < v->o->n_args && go_on(v); i++) {
		struct run_folder run;
		struct ckpt_error e = { 0 };
		int r;
		if (folder_of(v->o, &v->arena, v->o->args[i], &run, &e)) {
			v->path = v->o->args[i];
			r = cannot(v, &e, err);
		} else {
			r = run.n ? verify_folder(v, &run, err)
				  : verify_path(v, v->o->args[i], err);
		}
		if (r)
			return -1;
	}
	if (v->interrupted && v->code == EXIT_FINE)
		v->code = EXIT_TROUBLE; /* not all of it is known to be whole */
	if (wants_json(v->o))
		end_json(v);
	return 0;
}

static int run(const struct options *o)
{
	struct ckpt_error err = { 0 };
	struct verifying v = { .o = o };
	arena_init(&v.arena, UINT64_MAX);
	if (verify_all(&v, &err))
		v.code = fail(o, &err);
	if (v.interrupted)
		v.code = EXIT_INTERRUPTED;
	pointers_drop(&v.verdicts);
	arena_drop(&v.arena);
	return v.code;
}

const struct command cmd_verify = {
	.name = "verify",
	.args = "PATH...",
	.summary = "is it whole: every checksum, entry and file",
	.examples =
		"ckpt-inspect verify model.ckpt-200\n"
		"ckpt-inspect verify run/        # every checkpoint of the folder\n"
		"ckpt-inspect verify --json run/ | jq '.findings[] | select(.tensor)'\n",
	.notes = "Exit codes: 0 whole, 1 damaged, 2 could not be looked at.\n"
		 "What it can find stands in ckpt-inspect(1).\n",
	.options = { OPT_ALL, OPT_JOBS, OPT_NO_MMAP },
	.min_args = 1,
	.max_args = SIZE_MAX,
	.run = run,
};
