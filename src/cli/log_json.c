/* log_json.c — a history as a document, or as records.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A tensor has its steps within in a document; among records they are records of their
 * own, before the tensor's.
 */
#include "config.h"

#include <stdio.h>

#include "cli/cmd.h"
#include "cli/log_print.h"
#include "cli/log_scalars.h"

static void put_snapshots(const struct history *h, struct json *j)
{
	jw_open(j, "snapshots", '[');
	for (size_t k = 0; k < h->n_snapshots; k++) {
		const struct history_snapshot *s = &h->snapshots[k];
		jw_open(j, NULL, '{');
		jw_text(j, "path", s->path);
		jw_i64(j, "step", s->step);
		jw_text(j, "step_source", s->step_source);
		jw_close(j, '}');
	}
	jw_close(j, ']');
}

void log_json_begin(struct logging *l, struct document *doc)
{
	const struct tolerance *t = &l->query.tolerance;
	const struct log_run *run = &l->run;
	struct json *j = &doc->j;
	document_begin(doc, &l->arena, "log", l->o->given[OPT_NDJSON]);
	document_input(doc, run->n_given == 1 ? run->given[0] : NULL, NULL,
		       "checkpoints of a run");
	if (run->n_given > 1) {
		jw_open(j, "inputs", '[');
		for (size_t i = 0; i < run->n_given; i++)
			jw_text(j, NULL, run->given[i]);
		jw_close(j, ']');
	}
	jw_text(j, "evidence", l->query.recorded ? "recorded" : "read");
	jw_open(j, "equality", '{');
	jw_text(j, "nan", nan_rule_names[t->nan]);
	jw_real(j, "atol", t->atol);
	jw_real(j, "rtol", t->rtol);
	jw_u64(j, "ulp", t->ulp);
	jw_close(j, '}');
	put_snapshots(&l->history, j);
	document_header_end(doc);
	if (l->o->given[OPT_DEPTH])
		document_records(doc, "scopes", "scope");
	else
		document_records(doc, "tensors", "tensor");
}

/* Of a document: an array within the row that is open. Of records: each of them, with the
 * name of what it is a step of. */
static void put_steps(struct logging *l, struct document *doc, const struct log_entry *e)
{
	const struct cell_rows *steps = &l->row.steps;
	const struct column *columns =
		e->scope ? history_scope_step_columns : history_step_columns;
	const size_t stride = e->scope ? sizeof(struct history_sum_row)
				       : sizeof(struct history_step_row);
	struct json *j = &doc->j;
	if (!j->lines)
		jw_open(j, "steps", '[');
	for (size_t i = 0; i < steps->n; i++) {
		jw_open(j, NULL, '{');
		if (j->lines) {
			jw_text(j, "type", e->scope ? "scope_step" : "tensor_step");
			jw_name(j, e->scope ? "path" : "name", &l->row.name);
		}
		jw_cells(j, columns, (const char *)steps->p + i * stride);
		jw_close(j, '}');
	}
	if (!j->lines)
		jw_close(j, ']');
}

void log_json_entry(struct logging *l, struct document *doc, const struct log_entry *e)
{
	log_fill_row(l, e);
	if (doc->j.lines)
		put_steps(l, doc, e);
	document_record_begin(doc);
	jw_cells(&doc->j, e->scope ? history_scope_columns : history_columns, &l->row);
	if (!doc->j.lines)
		put_steps(l, doc, e);
	document_record_end(doc);
}

static void put_errors(const struct history *h, struct document *doc)
{
	for (uint32_t k = 0; k < h->n_snapshots; k++) {
		if (!h->snapshots[k].c)
			document_error(doc, &h->snapshots[k].error);
		for (size_t i = 0; i < h->n; i++) {
			struct ckpt_error e;
			if (log_error_of(h, h->items[i], k, &e))
				document_error(doc, &e);
		}
	}
}

static void put_totals(struct logging *l, struct document *doc)
{
	const struct history *h = &l->history;
	arena_rewind(&l->scratch, (struct arena_mark){ 0 });
	const struct history_sum_row *totals = history_totals(h, &l->scratch);
	document_records(doc, "steps", "step");
	for (size_t k = 0; totals && k < h->n_snapshots; k++)
		document_row(doc, history_total_columns, &totals[k]);
	document_records_end(doc);
}

void log_json_end(struct logging *l, struct document *doc, int verdict)
{
	static const char *const verdicts[] = { "ok", "found", "unknown" };
	const struct history *h = &l->history;
	const struct history_counts *n = &h->counts;
	struct json *j = &doc->j;
	document_records_end(doc);
	put_totals(l, doc);
	log_scalars_json(l, doc);
	put_errors(h, doc);
	if (l->trouble.code)
		document_error(doc, &l->trouble);
	document_summary_begin(doc);
	jw_text(j, "verdict", verdicts[verdict]);
	jw_bool(j, "complete", h->complete);
	jw_bool(j, "checked", l->o->given[OPT_CHECK]);
	jw_u64(j, "snapshots", h->n_snapshots);
	jw_u64(j, "tensors", h->n);
	jw_u64(j, "frozen", n->frozen);
	jw_u64(j, "moving", n->moving);
	jw_u64(j, "nan", n->nan);
	jw_u64(j, "inf", n->inf);
	jw_u64(j, "added", n->added);
	jw_u64(j, "removed", n->removed);
	jw_u64(j, "reshaped", n->reshaped);
	jw_u64(j, "unknown", n->unknown);
	jw_u64(j, "unreadable", n->unreadable);
	jw_u64(j, "ignored", n->ignored);
	jw_u64(j, "violations", n->violations);
	jw_u64(j, "scalars", l->scalars.n);
	jw_u64(j, "bytes_read", n->bytes);
	document_end(doc);
}
