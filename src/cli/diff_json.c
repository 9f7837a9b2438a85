/* diff_json.c — what every JSON answer of diff begins and ends with.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "cli/diff_json.h"

#include "cli/cmd.h"

void diff_json_begin(struct diff_run *r, struct document *doc, const char *what,
		     const char *each)
{
	const struct tolerance *t = &r->query.tolerance;
	struct json *j = &doc->j;
	document_begin(doc, &r->arena, "diff", r->o->given[OPT_NDJSON]);
	document_source(doc, "a", r->path_a, r->a, NULL);
	document_source(doc, "b", r->path_b, r->b, NULL);
	jw_open(j, "equality", '{');
	jw_text(j, "nan", nan_rule_names[t->nan]);
	jw_real(j, "atol", t->atol);
	jw_real(j, "rtol", t->rtol);
	jw_u64(j, "ulp", t->ulp);
	jw_bool(j, "cast", r->query.cast);
	jw_bool(j, "reshape", r->query.reshape);
	jw_close(j, '}');
	document_header_end(doc);
	document_records(doc, what, each);
}

static void summary(struct json *j, const struct diff_run *r)
{
	const struct diff_counts *n = &r->diff.counts;
	jw_text(j, "verdict", diff_verdict_name(r->code));
	jw_bool(j, "complete", r->diff.complete);
	jw_bool(j, "same_file", r->same_file);
	jw_u64(j, "compared", n->compared);
	jw_u64(j, "same", n->same);
	jw_u64(j, "identical", n->identical);
	jw_u64(j, "equal", n->equal);
	jw_u64(j, "changed", n->changed);
	jw_u64(j, "differ", n->differ);
	jw_u64(j, "incomparable", n->incomparable);
	jw_u64(j, "added", n->added);
	jw_u64(j, "removed", n->removed);
	jw_u64(j, "renamed", n->renamed);
	jw_u64(j, "unknown", n->unknown);
	jw_u64(j, "unreadable", n->unreadable);
	jw_u64(j, "ignored", n->ignored);
	jw_u64(j, "expected", n->expected);
	jw_u64(j, "violations", n->violations);
	jw_u64(j, "not_frozen", n->not_frozen);
	jw_u64(j, "not_variables", n->not_variables);
	jw_u64(j, "bytes_read", n->bytes);
}

void diff_json_end(struct diff_run *r, struct document *doc)
{
	document_records_end(doc);
	for (size_t i = 0; i < r->diff.n; i++)
		if (r->diff.items[i].error && diff_ready(&r->diff.items[i]))
			document_error(doc, r->diff.items[i].error);
	if (r->trouble.code)
		document_error(doc, &r->trouble);
	document_summary_begin(doc);
	summary(&doc->j, r);
	document_end(doc);
}
