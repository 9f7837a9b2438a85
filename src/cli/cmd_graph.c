/* cmd_graph.c — ckpt-inspect graph: what a graph is, whether a checkpoint fits it.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "cli/cmd.h"
#include "cli/graph_print.h"
#include "format/reader.h"

enum { USUAL_LIMIT = 1 << 30 };

static int usage(struct ckpt_error *err, const char *what)
{
	return error_set(err, CKPT_EINVAL, NULL, -1, "%s", what);
}

/* Questions that are asked one at a time. */
static int check_usage(const struct options *o, struct ckpt_error *err)
{
	const bool scan = o->given[OPT_SCAN], dot = o->given[OPT_DOT],
		   nodes = o->given[OPT_NODES], ops = o->given[OPT_OPS],
		   match = o->given[OPT_CHECKPOINT], node = o->n_args > 1;
	if (scan + dot + node + match > 1)
		return usage(err, "one of --scan, --dot, --checkpoint and a NODE");
	if ((nodes || ops) && (scan || dot || node))
		return usage(err,
			     "--nodes and --ops are not for --scan, --dot or a NODE");
	if (!wants_json(o) && nodes + ops + match > 1)
		return usage(err, "one of --nodes, --ops and --checkpoint, or --json");
	if (dot && wants_json(o))
		return usage(err, "--dot is a format of its own, without --json");
	if (!o->n_args && (!scan || wants_json(o)))
		return usage(err,
			     "'graph' takes FILE [NODE]; see ckpt-inspect graph --help");
	return 0;
}

static int open_graph(struct graph_asked *q, struct ckpt_error *err)
{
	const struct options *o = q->o;
	struct ckpt_options options = ckpt_options_of(o);
	if (options.as && strcmp(options.as, "graph") && !o->given[OPT_CHECKPOINT])
		return usage(err, "--as v1 or v2 is for --checkpoint: a graph is opened "
				  "as nothing else");
	options.as = "graph";
	const uint64_t limit = options.max_memory ? options.max_memory : USUAL_LIMIT;
	arena_init(&q->arena, limit);
	if (locate(&q->arena, o->args[0], &options, &q->at, err))
		return -1;
	q->graph = graph_open(&q->arena, q->at.prefix, q->at.tags, limit, err);
	if (!q->graph)
		return -1;
	tell_of(o->args[0], q->at.note);
	tell_of(q->graph->path, q->graph->note);
	return 0;
}

/* --- the match --------------------------------------------------------------------- */

static void count_matches(struct graph_asked *q)
{
	struct graph_match *m = &q->match;
	for (size_t i = 0; i < q->report.variables.n; i++) {
		const enum variable_status status = q->report.variables.all[i].status;
		m->present += status == VARIABLE_PRESENT;
		m->missing += status == VARIABLE_MISSING;
		m->different += status == VARIABLE_DTYPE || status == VARIABLE_SHAPE;
		m->damaged += status == VARIABLE_DAMAGED;
		m->not_saved += status == VARIABLE_NOT_SAVED;
	}
}

static int match(struct graph_asked *q, struct ckpt_error *err)
{
	const struct ckpt_options options = ckpt_options_of(q->o);
	if (!q->report.variables.n)
		return error_set(err, CKPT_ENOTFOUND, q->graph->path, -1,
				 "the graph has no variables that a checkpoint could "
				 "restore");
	q->checkpoint = ckpt_open(q->o->value[OPT_CHECKPOINT], &options, err);
	if (!q->checkpoint ||
	    variables_match(&q->report.variables, q->checkpoint, &q->arena, err))
		return -1;
	tell_note(q->checkpoint);
	count_matches(q);
	if (q->match.not_saved == q->report.variables.n)
		return error_set(err, CKPT_ENOTFOUND, q->graph->path, -1,
				 "the saver restores none of the variables");
	return 0;
}

/* --- answers ----------------------------------------------------------------------- */

static int answer_overview(struct graph_asked *q, struct ckpt_error *err)
{
	const struct options *o = q->o;
	const bool stream = o->given[OPT_NODES] && !wants_json(o);
	int failed = 0;
	if (stream)
		return graph_nodes_text(q, err) ? EXIT_TROUBLE : EXIT_FINE;
	if (graph_report(&q->report, &q->arena, q->graph, err) ||
	    (o->given[OPT_CHECKPOINT] && match(q, err)))
		return fail(o, err);
	if (o->given[OPT_DOT])
		failed = graph_dot(q, err);
	else if (wants_json(o))
		failed = graph_overview_json(q, err);
	else
		graph_overview_text(q);
	if (failed || q->match.damaged)
		return EXIT_TROUBLE;
	return q->match.missing || q->match.different ? EXIT_FOUND : EXIT_FINE;
}

static int answer_node(struct graph_asked *q, struct ckpt_error *err)
{
	if (node_report(&q->node, &q->arena, q->graph, q->o->args[1], err))
		return fail(q->o, err);
	if (wants_json(q->o))
		graph_node_json(q);
	else
		graph_node_text(q);
	return EXIT_FINE;
}

static int answer_scan(struct graph_asked *q, struct ckpt_error *err)
{
	if (scan_make(&q->scan, &q->arena, q->graph, q->o->value[OPT_TAGS], err))
		return fail(q->o, err);
	if (wants_json(q->o))
		graph_scan_json(q);
	else
		graph_scan_text(q);
	return q->scan.n_found ? EXIT_FOUND : EXIT_FINE;
}

/* --scan alone: what it looks for. */
static int print_hazards(const struct options *o)
{
	struct arena a;
	struct chosen chosen;
	arena_init(&a, USUAL_LIMIT);
	const struct rows rows = hazard_rows(&a);
	text_choose(&chosen, rows.columns, o->given[OPT_LONG]);
	text_table(stdout, &rows, &chosen);
	arena_drop(&a);
	return EXIT_FINE;
}

/* The answer stands only if the files are still those that were opened. */
static int end(struct graph_asked *q, int code)
{
	struct ckpt_error changed = { 0 };
	if (code == EXIT_TROUBLE)
		return code;
	if (graph_unchanged(q->graph, &changed)) {
		fflush(stdout);
		text_error(&changed);
		return EXIT_TROUBLE;
	}
	return q->checkpoint ? end_reading(q->checkpoint, code) : code;
}

static int run(const struct options *o)
{
	struct ckpt_error err = { 0 };
	struct graph_asked q = { .o = o };
	int code;
	if (check_usage(o, &err))
		return fail(o, &err);
	if (!o->n_args)
		return print_hazards(o);
	if (open_graph(&q, &err))
		code = fail(o, &err);
	else {
		code = o->given[OPT_SCAN] ? answer_scan(&q, &err)
		       : o->n_args > 1	  ? answer_node(&q, &err)
					  : answer_overview(&q, &err);
		code = end(&q, code);
	}
	ckpt_close(q.checkpoint);
	graph_close(q.graph);
	arena_drop(&q.arena);
	return code;
}

const struct command cmd_graph = {
	.name = "graph",
	.args = "FILE [NODE]",
	.summary = "what a graph is, and whether a checkpoint fits it",
	.examples =
		"ckpt-inspect graph model.ckpt-200.meta   # or .pb, .pbtxt, a folder\n"
		"ckpt-inspect graph saved_model/ --ops\n"
		"ckpt-inspect graph frozen.pb softmax     # one node\n"
		"ckpt-inspect graph model.meta --checkpoint model.ckpt-200\n"
		"ckpt-inspect graph --scan downloaded.pb  # does it more than compute?\n"
		"ckpt-inspect graph --dot frozen.pb | dot -Tsvg >graph.svg\n",
	.notes = "A NODE is add, add:0 or ^add, or @FUNCTION/add in a function.\n"
		 "--scan without FILE prints the table of ops that it looks for.\n",
	.columns = { { "Inputs", graph_input_columns },
		     { "Likely outputs", graph_output_columns },
		     { "Signatures", graph_signature_columns },
		     { "Variables", graph_variable_columns },
		     { "Nodes, --json", node_columns },
		     { "Hazards", scan_columns } },
	.options = { OPT_CHECKPOINT, OPT_DOT, OPT_LONG, OPT_NODES, OPT_OPS, OPT_SCAN },
	.min_args = 0,
	.max_args = 2,
	.run = run,
};
