/* cmd_info.c — ckpt-inspect info: what a checkpoint or a folder is, and what it lacks.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "cli/cmd.h"
#include "format/reader.h"
#include "out/document.h"
#include "out/text.h"
#include "report/info.h"

enum { LARGEST = 5 };

static const void *snapshot_at(const struct rows *rows, size_t i)
{
	return &((const struct snapshot_row *)rows->arg)[i];
}

static const void *member_at(const struct rows *rows, size_t i)
{
	return &((const struct member_row *)rows->arg)[i];
}

static const void *metadata_at(const struct rows *rows, size_t i)
{
	return &((const struct metadata_row *)rows->arg)[i];
}

static const void *signature_at(const struct rows *rows, size_t i)
{
	return &((const struct signature_row *)rows->arg)[i];
}

static const void *event_file_at(const struct rows *rows, size_t i)
{
	return &((const struct event_file_row *)rows->arg)[i];
}

static const void *total_at(const struct rows *rows, size_t i)
{
	return &((const struct total_row *)rows->arg)[i];
}

/* "label     text", unless there is none. */
static void line(const char *label, const char *text)
{
	if (!text)
		return;
	printf("%-16s", label);
	text_put(stdout, text, strlen(text));
	putchar('\n');
}

static void number_line(const char *label, size_t (*format)(char *, uint64_t), uint64_t v)
{
	char text[NUMBER_MAX];
	format(text, v);
	line(label, text);
}

static void one_text(const struct info_report *r)
{
	char text[NUMBER_MAX];
	const struct snapshot_row *s = r->folder ? NULL : &r->snapshots[0];
	line(r->holds.graph ? "graph" : "checkpoint", r->prefix);
	line("format", r->format);
	line("holds", r->holds_text);
	if (r->holds.tensorflow) {
		printf("%-16sTensorFlow ", "written by");
		text_put(stdout, r->holds.tensorflow, strlen(r->holds.tensorflow));
		putchar('\n');
	}
	if (r->holds.graph) {
		number_line("nodes", number_grouped, r->holds.nodes);
		number_line("functions", number_grouped, r->holds.functions);
	} else {
		number_line("shards", number_grouped, r->shards);
	}
	if (s && s->step_source.p) {
		number_i64(text, s->step);
		printf("%-16s%s (from %s)\n", "step", text, s->step_source.p);
	}
	if (s) {
		const struct column *time = column_named(snapshot_columns, "time");
		column_text(time, s, text, sizeof text);
		line("time", text);
		line("complete", s->complete ? "yes" : "no");
		line("error", s->error.p);
	}
	number_line("tensors", number_grouped, r->list.all);
	number_line("elements", number_grouped, r->list.elements);
	number_line("size", number_bytes, r->list.size_bytes);
	for (size_t i = 0; i < r->n_metadata; i++) {
		const struct metadata_row *m = &r->metadata[i];
		printf("%-16s", i ? "" : "metadata");
		text_put(stdout, m->key.p, m->key.len);
		fputs(": ", stdout);
		text_put(stdout, m->text.p, m->text.len);
		putchar('\n');
	}
}

static void tables_text(const struct info_report *r)
{
	struct chosen chosen;
	const struct rows members = { member_columns, r->n_members, member_at,
				      r->members };
	const struct rows totals = { dtype_columns, r->list.n_dtypes, total_at,
				     r->list.dtypes };
	const struct rows signatures = { signature_columns, r->holds.n_signatures,
					 signature_at, r->holds.signatures };
	char number[NUMBER_MAX];
	if (signatures.n) {
		putchar('\n');
		text_choose(&chosen, signature_columns, false);
		text_table(stdout, &signatures, &chosen);
	}
	putchar('\n');
	text_choose(&chosen, member_columns, false);
	text_table(stdout, &members, &chosen);
	if (!r->list.n)
		return;
	putchar('\n');
	text_choose(&chosen, dtype_columns, false);
	text_table(stdout, &totals, &chosen);
	putchar('\n');
	text_choose(&chosen, role_columns, false);
	text_table(stdout, &(struct rows){ role_columns, N_ROLES, total_at,
					   (void *)(uintptr_t)r->list.roles }, &chosen);
	printf("\nlargest tensors\n");
	for (size_t i = 0; i < r->list.n && i < LARGEST; i++) {
		const struct ckpt_tensor *t = r->list.tensors[i];
		number_bytes(number, t->size_bytes);
		printf("  %10s  ", number);
		text_put(stdout, t->name, t->name_len);
		putchar('\n');
	}
}

static void folder_text(const struct info_report *r, const char *path)
{
	struct chosen chosen;
	const struct rows rows = { snapshot_columns, r->n, snapshot_at, r->snapshots };
	line("folder", path);
	line("state file", r->state_path ? r->state_path : "none");
	line("latest", r->latest ? r->latest : "none");
	line("latest complete", r->latest_complete ? r->latest_complete : "none");
	putchar('\n');
	text_choose(&chosen, snapshot_columns, false);
	text_table(stdout, &rows, &chosen);
	for (size_t i = 0; i < r->leftovers.n; i++) {
		printf("%s", i ? ", " : "\nleft over from an interrupted save: ");
		text_put(stdout, r->leftovers.p[i].p, r->leftovers.p[i].len);
	}
	if (r->leftovers.n)
		putchar('\n');
	for (size_t i = 0; i < r->n; i++)
		if (r->snapshots[i].error.p) {
			text_put(stdout, r->snapshots[i].prefix.p,
				 r->snapshots[i].prefix.len);
			printf(": %s\n", r->snapshots[i].error.p);
		}
	if (r->n_event_files) {
		const struct rows files = { event_file_columns, r->n_event_files,
					    event_file_at, r->event_files };
		putchar('\n');
		text_choose(&chosen, event_file_columns, false);
		text_table(stdout, &files, &chosen);
	}
	if (r->c)
		putchar('\n');
}

static void info_text(const struct info_report *r, const char *path)
{
	if (r->folder)
		folder_text(r, path);
	if (!r->c)
		return;
	one_text(r);
	tables_text(r);
}

static void json_largest(struct json *j, const struct info_report *r)
{
	jw_open(j, "largest", '[');
	for (size_t i = 0; r->c && i < r->list.n && i < LARGEST; i++) {
		const struct ckpt_tensor *t = r->list.tensors[i];
		jw_open(j, NULL, '{');
		jw_name(j, "name", &(struct cell_text){ t->name, t->name_len });
		jw_u64(j, "size_bytes", t->size_bytes);
		jw_close(j, '}');
	}
	jw_close(j, ']');
}

static void json_holds(struct json *j, const struct info_report *r)
{
	const struct holds *h = &r->holds;
	if (!r->c) {
		jw_null(j, "holds");
		return;
	}
	jw_open(j, "holds", '{');
	jw_bool(j, "graph", h->graph);
	jw_u64(j, "tensors", r->list.all);
	if (h->has_variables) {
		jw_u64(j, "variables", h->variables);
		jw_u64(j, "values", h->values);
	} else {
		jw_null(j, "variables");
		jw_null(j, "values");
	}
	jw_text(j, "graph_beside", h->graph_beside);
	jw_bool(j, "borrowed", h->borrowed);
	jw_text(j, "checkpoint_beside", h->checkpoint_beside);
	jw_u64(j, "values_beside", h->beside);
	jw_text(j, "tensorflow", h->tensorflow);
	jw_close(j, '}');
}

static void info_json(const struct options *o, struct arena *a,
		      const struct info_report *r)
{
	struct document d;
	struct json *j = &d.j;
	const struct rows members = { member_columns, r->n_members, member_at,
				      r->members };
	const struct rows metadata = { metadata_columns, r->n_metadata, metadata_at,
				       r->metadata };
	const struct rows event_files = { event_file_columns, r->n_event_files,
					  event_file_at, r->event_files };
	document_begin(&d, a, "info", o->given[OPT_NDJSON]);
	document_input(&d, o->args[0], r->c, r->folder ? "folder of checkpoints" : NULL);
	jw_text(j, "latest", r->latest);
	jw_text(j, "latest_complete", r->latest_complete);
	jw_text(j, "state_file", r->state_path);
	jw_open(j, "leftovers", '[');
	for (size_t i = 0; i < r->leftovers.n; i++)
		jw_string(j, NULL, r->leftovers.p[i].p, r->leftovers.p[i].len);
	jw_close(j, ']');
	jw_rows(j, "event_files", &event_files);
	jw_text(j, "prefix", r->prefix);
	jw_text(j, "format", r->format);
	if (r->c)
		jw_u64(j, "shards", r->shards);
	else
		jw_null(j, "shards");
	jw_rows(j, "metadata", &metadata);
	json_holds(j, r);
	jw_rows(j, "signatures",
		&(struct rows){ signature_columns, r->holds.n_signatures, signature_at,
				r->holds.signatures });
	jw_rows(j, "files", &members);
	jw_totals(j, "dtypes", dtype_columns, r->list.dtypes, r->list.n_dtypes);
	jw_totals(j, "roles", role_columns, r->list.roles, r->c ? N_ROLES : 0);
	json_largest(j, r);
	document_header_end(&d);
	document_records(&d, "checkpoints", "checkpoint");
	for (size_t i = 0; i < r->n; i++)
		document_row(&d, snapshot_columns, &r->snapshots[i]);
	document_records_end(&d);
	if (r->c)
		document_check_unchanged(&d, r->c);
	document_summary_begin(&d);
	jw_u64(j, "checkpoints", r->n);
	jw_u64(j, "tensors", r->c ? r->list.all : 0);
	jw_u64(j, "elements", r->c ? r->list.elements : 0);
	jw_u64(j, "size_bytes", r->c ? r->list.size_bytes : 0);
	document_end(&d);
}

/* --latest: one prefix for a script. The latest has to be whole; --latest-complete goes
 * back to one that is. */
static int print_latest(const struct options *o, const struct info_report *r)
{
	struct ckpt_error err = { 0 };
	const bool back = o->given[OPT_LATEST_COMPLETE] || !r->folder;
	const char *latest = r->folder ? r->latest : r->prefix;
	const char *whole = r->folder ? r->latest_complete
			    : r->snapshots[0].complete ? r->prefix : NULL;
	if (whole && (back || (latest && !strcmp(whole, latest)))) {
		puts(whole); /* as it is: a script opens it */
		return EXIT_FINE;
	}
	error_set(&err, CKPT_ENOTFOUND, o->args[0], -1,
		  "the latest checkpoint%s%.200s%s is "
		  "not complete%s",
		  latest ? " (" : "", latest ? latest : "", latest ? ")" : "",
		  whole ? "; --latest-complete takes the last whole one" : "");
	return fail(o, &err);
}

static int run(const struct options *o)
{
	struct ckpt_error err = { 0 };
	struct info_report r;
	struct arena arena;
	const struct ckpt_options options = ckpt_options_of(o);
	int code = EXIT_FINE;
	arena_init(&arena, UINT64_MAX);
	r = (struct info_report){ .folder = false };
	if (o->given[OPT_LATEST] && wants_json(o)) {
		error_set(&err, CKPT_EINVAL, NULL, -1,
			  "--latest prints a path; in JSON it is .latest");
		code = fail(o, &err);
	} else if (info_make(&r, &arena, o->args[0], &options, &err)) {
		code = fail(o, &err);
	} else {
		if (r.c)
			tell_note(r.c);
		if (o->given[OPT_LATEST])
			code = print_latest(o, &r);
		else if (wants_json(o))
			info_json(o, &arena, &r);
		else
			info_text(&r, o->args[0]);
		if (r.c)
			code = end_reading(r.c, code);
	}
	info_drop(&r);
	arena_drop(&arena);
	return code;
}

const struct command cmd_info = {
	.name = "info",
	.args = "PATH",
	.summary = "what a checkpoint or a folder of them is, and what it lacks",
	.examples = "ckpt-inspect info model.ckpt-200\n"
		    "ckpt-inspect info run/\n"
		    "ckpt-inspect info --latest run/       # one prefix, for scripts\n"
		    "ckpt-inspect info --json run/ | jq -r .latest_complete\n",
	.options = { OPT_LATEST },
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
