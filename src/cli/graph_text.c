/* graph_text.c — a graph for people: what it is, one node of it, its hazards.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "base/text.h"
#include "cli/graph_print.h"
#include "format/reader.h"
#include "out/text.h"

enum { LABEL = 16 };

static void label(const char *text)
{
	printf("%-*s", LABEL, text);
}

/* "label     text", unless there is none. */
static void line(const char *name, const char *text)
{
	if (!text)
		return;
	label(name);
	text_put(stdout, text, strlen(text));
	putchar('\n');
}

/* "1,234 words", of one "1 word". */
static void count(uint64_t n, const char *word)
{
	char number[NUMBER_MAX];
	number_grouped(number, n);
	printf("%s %s%s", number, word, n == 1 ? "" : "s");
}

/* title NULL: nothing stands before it. */
static void table(const struct graph_asked *q, const char *title, const struct rows *rows)
{
	struct chosen chosen;
	if (!rows->n)
		return;
	if (title)
		printf("\n%s%s", title, *title ? "\n" : "");
	text_choose(&chosen, rows->columns, q->o->given[OPT_LONG]);
	text_table(stdout, rows, &chosen);
}

/* --- what it is -------------------------------------------------------------------- */

static void writer_text(const struct graph_report *r)
{
	if (!r->version && !r->producer)
		return;
	label("written by");
	fputs("TensorFlow", stdout);
	if (r->version) {
		putchar(' ');
		text_put(stdout, r->version, strlen(r->version));
	}
	if (r->git_version && (!r->version || strcmp(r->version, r->git_version))) {
		fputs(" (", stdout);
		text_put(stdout, r->git_version, strlen(r->git_version));
		putchar(')');
	}
	printf(", graph version %" PRId32 "\n", r->producer);
}

static void nodes_text(const struct graph_report *r)
{
	const struct graph *g = r->graph;
	char number[NUMBER_MAX];
	label("nodes");
	count(r->n_nodes, "node");
	if (g->n_functions) {
		fputs(", and ", stdout);
		count(r->n_function_nodes, "node");
		fputs(" in ", stdout);
		count(g->n_functions, "function");
	}
	fputs("; ", stdout);
	count(r->n_control_edges, "control edge");
	fputs(", ", stdout);
	count(r->n_ops, "op");
	putchar('\n');
	label("parameters");
	count(r->variable_elements, "element");
	fputs(" in ", stdout);
	count(r->variables.n, "variable");
	if (r->n_shapeless) {
		number_grouped(number, r->n_shapeless);
		printf(" (%s of unknown shape)", number);
	}
	fputs(", ", stdout);
	count(r->constant_elements, "element");
	fputs(" in ", stdout);
	count(r->n_constants, "constant");
	putchar('\n');
}

static void saver_text(const struct graph_report *r)
{
	static const char *const versions[] = { "legacy", "V1", "V2" };
	if (!r->saver)
		return;
	const ProtobufCBinaryData file = r->saver->filename_tensor_name,
				  restore = r->saver->restore_op_name;
	const unsigned version = (unsigned)r->saver->version;
	label("saver");
	fputs(version < 3 ? versions[version] : "unknown version", stdout);
	fputs(r->saver->sharded ? ", sharded; restored by " : "; restored by ", stdout);
	text_put(stdout, (const char *)restore.data, restore.len);
	fputs(" from ", stdout);
	text_put(stdout, (const char *)file.data, file.len);
	putchar('\n');
}

/* What TensorFlow would refuse. */
static void damage_text(const struct graph_report *r)
{
	const struct net *net = &r->net;
	if (net->n_missing) {
		label("damaged");
		count(net->n_missing, "input");
		puts(net->n_missing == 1 ? " is of a node that is not there"
					 : " are of nodes that are not there");
	}
	if (net->duplicate == NET_MISSING)
		return;
	const struct ckpt_string name = net->nodes[net->duplicate].name;
	label("damaged");
	fputs("two nodes are called ", stdout);
	text_put(stdout, name.p, name.len);
	putchar('\n');
}

static void head_text(const struct graph_asked *q)
{
	const struct graph *g = q->graph;
	label("graph");
	text_put(stdout, g->path, strlen(g->path));
	if (strcmp(q->at.taken_for, "graph"))
		printf(" (%s)", q->at.taken_for);
	putchar('\n');
	line("kind", graph_kind_name(g->kind));
	for (size_t i = 0; i < g->n_tag_sets; i++) {
		if (!i)
			label("tags");
		const char *text = g->tag_sets[i].text;
		fputs(i ? "; " : "", stdout);
		text_put(stdout, text, strlen(text));
		if (i == g->tag_set && g->n_tag_sets > 1)
			fputs(" (this one)", stdout);
	}
	if (g->n_tag_sets)
		putchar('\n');
}

/* Inputs without those that only the saver and the assets are fed with, unless -l asks
 * for all. */
struct shown_inputs {
	struct rows all;
	size_t *which;
};

static const void *shown_input(const struct rows *rows, size_t i)
{
	const struct shown_inputs *s = rows->arg;
	return s->all.at(&s->all, s->which[i]);
}

static void inputs_text(struct graph_asked *q)
{
	struct shown_inputs s = { graph_input_rows(&q->report, &q->arena), NULL };
	size_t n = 0;
	s.which = arena_zeroed(&q->arena, s.all.n + 1, sizeof *s.which);
	for (size_t i = 0; s.which && i < s.all.n; i++)
		if (q->o->given[OPT_LONG] || q->report.ends.inputs[i].role == INPUT_MODEL)
			s.which[n++] = i;
	const struct rows shown = { s.all.columns, n, shown_input, &s };
	table(q, "inputs", &shown);
}

static void unused_text(const struct graph_asked *q)
{
	const struct variables *v = &q->report.variables;
	if (!v->n_unused)
		return;
	puts("\ntensors that no variable takes");
	for (size_t i = 0; i < v->n_unused; i++) {
		fputs("  ", stdout);
		text_put(stdout, v->unused[i]->name, v->unused[i]->name_len);
		putchar('\n');
	}
}

static void match_text(const struct graph_asked *q)
{
	const struct graph_match *m = &q->match;
	const char *prefix = ckpt_prefix(q->checkpoint);
	fputs("\ncheckpoint ", stdout);
	text_put(stdout, prefix, strlen(prefix));
	fputs(": ", stdout);
	count(q->report.variables.n, "variable");
	printf(", %" PRIu64 " present, %" PRIu64 " missing, %" PRIu64 " different",
	       m->present, m->missing, m->different);
	if (m->damaged)
		printf(", %" PRIu64 " damaged", m->damaged);
	if (m->not_saved)
		printf(", %" PRIu64 " left out by the saver", m->not_saved);
	fputs("; ", stdout);
	count(q->report.variables.n_unused, "tensor");
	puts(" not used");
}

/* A device list of "anywhere" alone says nothing. */
static bool has_devices(const struct graph_report *r)
{
	return r->n_devices > 1 || (r->n_devices == 1 && r->devices[0].name.len);
}

void graph_overview_text(struct graph_asked *q)
{
	struct graph_report *r = &q->report;
	const struct rows ops = graph_op_rows(r), devices = graph_device_rows(r),
			  collections = graph_collection_rows(r),
			  outputs = graph_output_rows(r, &q->arena),
			  signatures = graph_signature_rows(r, &q->arena),
			  variables = graph_variable_rows(r, &q->arena);
	if (q->o->given[OPT_OPS]) {
		table(q, NULL, &ops);
		return;
	}
	head_text(q);
	writer_text(r);
	nodes_text(r);
	saver_text(r);
	damage_text(r);
	inputs_text(q);
	table(q, "likely outputs", &outputs);
	table(q, "signatures", &signatures);
	if (has_devices(r))
		table(q, "devices", &devices);
	table(q, "", &collections);
	table(q, "variables", &variables);
	if (!q->checkpoint)
		return;
	unused_text(q);
	match_text(q);
}

/* --- one node ---------------------------------------------------------------------- */

static void name_line(const char *name, const struct cell_text *text)
{
	if (!text->p || !text->len)
		return;
	label(name);
	text_put(stdout, text->p, text->len);
	putchar('\n');
}

void graph_node_text(const struct graph_asked *q)
{
	const struct node_report *r = &q->node;
	const struct rows attrs = node_attr_rows(r), inputs = node_input_rows(r),
			  uses = node_use_rows(r), steps = node_step_rows(r);
	name_line("node", &r->name);
	name_line("op", &r->op);
	name_line("function", &r->function);
	name_line("device", &r->device);
	if (r->same_name) {
		label("damaged");
		count(r->same_name, "other node");
		puts(" of this name");
	}
	table(q, "", &attrs);
	table(q, "", &inputs);
	table(q, "", &uses);
	table(q, "", &steps);
	if (!r->n_uses)
		puts("\nnobody uses it");
	if (!r->n_steps)
		puts("\nit depends on no input");
}

/* --- hazards ----------------------------------------------------------------------- */

static const void *hazard_at(const struct rows *rows, size_t i)
{
	return &((const struct scan_row *)rows->arg)[i];
}

void graph_scan_text(const struct graph_asked *q)
{
	const struct scan_report *s = &q->scan;
	const size_t n = q->o->given[OPT_LONG] ? s->n : s->n_found;
	const struct rows rows = { scan_columns, n, hazard_at,
				   (void *)(uintptr_t)s->rows };
	struct chosen chosen;
	if (n) {
		text_choose(&chosen, scan_columns, q->o->given[OPT_LONG]);
		text_table(stdout, &rows, &chosen);
		putchar('\n');
	}
	count(s->n_nodes, "node");
	fputs(" scanned: ", stdout);
	count(s->n_found, "op");
	fputs(s->n_found == 1 ? " that reaches outside" : " that reach outside", stdout);
	if (s->n > s->n_found) {
		fputs(", and ", stdout);
		count(s->n - s->n_found, "op");
		fputs(" of the saver, as expected", stdout);
	}
	putchar('\n');
}

/* --- nodes ------------------------------------------------------------------------- */

/* A line a node, its cells parted by tabs: to align them, all would have to be kept. */
int graph_nodes_text(struct graph_asked *q, struct ckpt_error *err)
{
	struct graph_walk w;
	struct graph_node n;
	int r;
	graph_walk_begin(&w, q->graph, GRAPH_ALL);
	while ((r = graph_walk_next(&w, &n, err)) > 0) {
		if (n.function >= 0) {
			const struct ckpt_string f = q->graph->functions[n.function].name;
			putchar('@');
			text_put(stdout, f.p, f.len);
			putchar('/');
		}
		text_put(stdout, n.name.p, n.name.len);
		putchar('\t');
		text_put(stdout, n.op.p, n.op.len);
		for (size_t i = 0; i < n.n_inputs; i++) {
			putchar(i ? ' ' : '\t');
			text_put(stdout, n.inputs[i].p, n.inputs[i].len);
		}
		putchar('\n');
	}
	graph_walk_end(&w);
	return r;
}
