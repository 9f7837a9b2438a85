/* graph_json.c — a graph as a document or as records.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <string.h>

#include "base/error.h"
#include "cli/graph_print.h"
#include "format/reader.h"
#include "out/document.h"

static struct cell_text cell(ProtobufCBinaryData b)
{
	return (struct cell_text){ b.data ? (const char *)b.data : "", b.len };
}

/* The keys that every answer begins with. */
static void begin(struct graph_asked *q, struct document *d, const char *question)
{
	const struct graph *g = q->graph;
	struct json *j = &d->j;
	document_begin(d, &q->arena, "graph", q->o->given[OPT_NDJSON]);
	document_input(d, q->o->args[0], NULL, q->at.taken_for);
	jw_text(j, "question", question);
	jw_text(j, "graph", g->path);
	jw_text(j, "kind", graph_kind_name(g->kind));
	jw_bool(j, "text_form", g->text);
	jw_text(j, "tags", g->n_tag_sets ? g->tag_sets[g->tag_set].text : NULL);
	jw_open(j, "tag_sets", '[');
	for (size_t i = 0; i < g->n_tag_sets; i++)
		jw_text(j, NULL, g->tag_sets[i].text);
	jw_close(j, ']');
}

static void rows_of(struct json *j, const char *key, struct rows rows)
{
	jw_rows(j, key, &rows);
}

/* --- what it is -------------------------------------------------------------------- */

static void side(struct json *j, const char *key, const struct signature_tensor *all,
		 size_t n)
{
	jw_open(j, key, '[');
	for (size_t i = 0; i < n; i++) {
		const struct signature_tensor *t = &all[i];
		jw_open(j, NULL, '{');
		jw_name(j, "key", &(struct cell_text){ t->key.p, t->key.len });
		jw_name(j, "name", &(struct cell_text){ t->name.p, t->name.len });
		jw_text(j, "dtype", t->dtype ? ckpt_dtype_name(t->dtype) : NULL);
		if (t->rank < 0)
			jw_null(j, "shape");
		else
			jw_open(j, "shape", '[');
		for (int k = 0; k < t->rank; k++)
			jw_i64(j, NULL, t->dims[k]);
		if (t->rank >= 0)
			jw_close(j, ']');
		jw_close(j, '}');
	}
	jw_close(j, ']');
}

static void signatures(struct json *j, const struct graph_report *r)
{
	jw_open(j, "signatures", '[');
	for (size_t i = 0; i < r->n_signatures; i++) {
		const struct signature *s = &r->signatures[i];
		jw_open(j, NULL, '{');
		jw_name(j, "key", &(struct cell_text){ s->key.p, s->key.len });
		jw_name(j, "method", &(struct cell_text){ s->method.p, s->method.len });
		side(j, "inputs", s->inputs, s->n_inputs);
		side(j, "outputs", s->outputs, s->n_outputs);
		jw_close(j, '}');
	}
	jw_close(j, ']');
}

static void saver(struct json *j, const Ckpt__SaverDef *s)
{
	static const char *const versions[] = { "legacy", "v1", "v2" };
	if (!s) {
		jw_null(j, "saver");
		return;
	}
	const struct cell_text file = cell(s->filename_tensor_name),
			       save = cell(s->save_tensor_name),
			       restore = cell(s->restore_op_name);
	const unsigned version = (unsigned)s->version;
	jw_open(j, "saver", '{');
	jw_text(j, "version", version < 3 ? versions[version] : NULL);
	jw_name(j, "filename_tensor_name", &file);
	jw_name(j, "save_tensor_name", &save);
	jw_name(j, "restore_op_name", &restore);
	jw_bool(j, "sharded", s->sharded);
	jw_i64(j, "max_to_keep", s->max_to_keep);
	jw_close(j, '}');
}

static void overview(struct graph_asked *q, struct document *d)
{
	const struct graph_report *r = &q->report;
	struct json *j = &d->j;
	jw_text(j, "tensorflow_version", r->version);
	jw_text(j, "tensorflow_git_version", r->git_version);
	jw_i64(j, "producer", r->producer);
	jw_i64(j, "min_consumer", r->min_consumer);
	rows_of(j, "inputs", graph_input_rows(r, &q->arena));
	rows_of(j, "outputs", graph_output_rows(r, &q->arena));
	jw_u64(j, "likeliest_outputs", r->ends.n_likeliest);
	signatures(j, r);
	saver(j, r->saver);
	rows_of(j, "ops", graph_op_rows(r));
	rows_of(j, "devices", graph_device_rows(r));
	rows_of(j, "collections", graph_collection_rows(r));
	jw_text(j, "checkpoint", q->checkpoint ? ckpt_prefix(q->checkpoint) : NULL);
}

static int nodes(struct graph_asked *q, struct document *d, struct ckpt_error *err)
{
	struct graph_walk w;
	struct graph_node n;
	struct node_row row;
	struct arena a;
	int r;
	arena_init(&a, q->graph->limit);
	graph_walk_begin(&w, q->graph, GRAPH_ALL);
	while ((r = graph_walk_next(&w, &n, err)) > 0) {
		arena_rewind(&a, (struct arena_mark){ 0 });
		if (node_row(&row, &a, q->graph, &n, err)) {
			r = -1;
			break;
		}
		document_row(d, node_columns, &row);
	}
	graph_walk_end(&w);
	arena_drop(&a);
	return r;
}

static void unused(struct graph_asked *q, struct document *d)
{
	const struct variables *v = &q->report.variables;
	document_records(d, "unused", "unused");
	for (size_t i = 0; i < v->n_unused; i++) {
		const struct ckpt_tensor *t = v->unused[i];
		document_record_begin(d);
		jw_name(&d->j, "name", &(struct cell_text){ t->name, t->name_len });
		jw_text(&d->j, "dtype", ckpt_dtype_name(t->dtype));
		document_record_end(d);
	}
	document_records_end(d);
}

static void overview_summary(const struct graph_asked *q, struct json *j)
{
	const struct graph_report *r = &q->report;
	const struct graph_match *m = &q->match;
	jw_u64(j, "nodes", r->n_nodes);
	jw_u64(j, "functions", r->graph->n_functions);
	jw_u64(j, "function_nodes", r->n_function_nodes);
	jw_u64(j, "control_edges", r->n_control_edges);
	jw_u64(j, "missing_inputs", r->net.n_missing);
	jw_bool(j, "duplicate_names", r->net.duplicate != NET_MISSING);
	jw_u64(j, "variables", r->variables.n);
	jw_u64(j, "variable_elements", r->variable_elements);
	jw_u64(j, "constants", r->n_constants);
	jw_u64(j, "constant_elements", r->constant_elements);
	jw_text(j, "verdict",
		m->damaged		     ? "unknown"
		: m->missing || m->different ? "different"
					     : "ok");
	if (!q->checkpoint) {
		jw_null(j, "match");
		return;
	}
	jw_open(j, "match", '{');
	jw_u64(j, "present", m->present);
	jw_u64(j, "missing", m->missing);
	jw_u64(j, "different", m->different);
	jw_u64(j, "damaged", m->damaged);
	jw_u64(j, "not_saved", m->not_saved);
	jw_u64(j, "unused", r->variables.n_unused);
	jw_close(j, '}');
}

int graph_overview_json(struct graph_asked *q, struct ckpt_error *err)
{
	struct document d;
	const struct rows variables = graph_variable_rows(&q->report, &q->arena);
	struct ckpt_error changed = { 0 };
	int result = 0;
	begin(q, &d, "overview");
	overview(q, &d);
	document_header_end(&d);
	document_records(&d, "variables", "variable");
	/* The same keys, matched or not. */
	for (size_t i = 0; i < variables.n; i++)
		document_row(&d, graph_variable_columns, variables.at(&variables, i));
	document_records_end(&d);
	document_records(&d, "nodes", "node");
	if (q->o->given[OPT_NODES])
		result = nodes(q, &d, err);
	document_records_end(&d);
	if (result)
		document_error(&d, err);
	unused(q, &d);
	if (q->checkpoint)
		document_check_unchanged(&d, q->checkpoint);
	if (graph_unchanged(q->graph, &changed))
		document_error(&d, &changed);
	document_summary_begin(&d);
	overview_summary(q, &d.j);
	document_end(&d);
	return result;
}

/* --- one node ---------------------------------------------------------------------- */

void graph_node_json(struct graph_asked *q)
{
	const struct node_report *r = &q->node;
	struct document d;
	struct json *j = &d.j;
	begin(q, &d, "node");
	jw_open(j, "node", '{');
	jw_name(j, "name", &r->name);
	jw_name(j, "op", &r->op);
	jw_name(j, "device", &r->device);
	if (r->function.p)
		jw_name(j, "function", &r->function);
	else
		jw_null(j, "function");
	jw_u64(j, "same_name", r->same_name);
	rows_of(j, "attributes", node_attr_rows(r));
	rows_of(j, "inputs", node_input_rows(r));
	rows_of(j, "uses", node_use_rows(r));
	rows_of(j, "way", node_step_rows(r));
	jw_close(j, '}');
	document_header_end(&d);
	document_summary_begin(&d);
	jw_u64(j, "inputs", r->n_inputs);
	jw_u64(j, "uses", r->n_uses);
	document_end(&d);
}

/* --- hazards ----------------------------------------------------------------------- */

void graph_scan_json(struct graph_asked *q)
{
	const struct scan_report *s = &q->scan;
	struct document d;
	begin(q, &d, "scan");
	document_header_end(&d);
	document_records(&d, "hazards", "hazard");
	for (size_t i = 0; i < s->n; i++)
		document_row(&d, scan_columns, &s->rows[i]);
	document_records_end(&d);
	document_summary_begin(&d);
	jw_u64(&d.j, "nodes", s->n_nodes);
	jw_u64(&d.j, "found", s->n_found);
	jw_u64(&d.j, "expected", s->n - s->n_found);
	jw_text(&d.j, "verdict", s->n_found ? "found" : "ok");
	document_end(&d);
}
