/* view_graph.c — what a graph is: its nodes, likely outputs, inputs, variables.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The graph is read whole by a thread of its own; the checkpoint that its constants are
 * is the one that was opened, for their values.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "base/text.h"
#include "format/path.h"
#include "format/reader.h"
#include "report/graph.h"
#include "report/node.h"
#include "tui/file.h"
#include "tui/views.h"

enum pane { NODES, OUTPUTS, INPUTS, VARIABLES, SIGNATURES, OPS, N_PANES };

/* What a pane lists: the column that is its name, and the others. */
static const struct pane_kind {
	const char *word, *title, *name;
	const struct column *columns;
	const char *shown[6];
} kinds[N_PANES] = {
	[NODES] = { "nodes", "NODE", "name", node_columns, { "op", "inputs" } },
	[OUTPUTS] = { "outputs", "LIKELY OUTPUT", "name", graph_output_columns,
		      { "op", "why" } },
	[INPUTS] = { "inputs", "INPUT", "name", graph_input_columns,
		     { "dtype", "shape", "has_default" } },
	[VARIABLES] = { "variables", "VARIABLE", "name", graph_unmatched_columns,
			{ "dtype", "shape", "tensor" } },
	[SIGNATURES] = { "signatures", "TENSOR", "tensor", graph_signature_columns,
			 { "signature", "direction", "key", "dtype", "shape" } },
	[OPS] = { "ops", "OP", "op", graph_op_columns, { "nodes", "in_functions" } },
};

struct grapher;

/* A pane knows whose it is. */
struct listed {
	struct grapher *of;
	enum pane pane;
	struct list list;
	struct rows rows; /* not of nodes */
};

struct grapher {
	struct view v;
	struct view_ckpt ckpt;
	const struct view_settings *settings;
	const char *path;
	struct arena scratch;
	struct graph *graph;
	struct graph_report report;
	struct node_row node;
	struct listed panes[N_PANES];
	enum pane pane;
	struct pool pool;
	bool reading, failed;
	struct ckpt_error error;
};

/* --- rows -------------------------------------------------------------------------- */

/* A node as the command line lists it. */
static const void *node_at(struct grapher *g, uint32_t id)
{
	const struct net_node *n = &g->report.net.nodes[id];
	arena_rewind(&g->scratch, (struct arena_mark){ 0 });
	struct cell_text *inputs =
		arena_zeroed(&g->scratch, n->n_inputs + 1, sizeof *inputs);
	for (uint32_t i = 0; inputs && i < n->n_inputs; i++)
		inputs[i] = (struct cell_text){ n->inputs[i].text.p,
						n->inputs[i].text.len };
	g->node = (struct node_row){ .name = { n->name.p, n->name.len },
				     .op = { n->op.p, n->op.len },
				     .inputs = { inputs, inputs ? n->n_inputs : 0 } };
	return &g->node;
}

static const void *row_of(void *arg, uint32_t id)
{
	struct listed *l = arg;
	return l->pane == NODES ? node_at(l->of, id) : l->rows.at(&l->rows, id);
}

static struct cell_text name_of(void *arg, uint32_t id)
{
	const struct listed *l = arg;
	if (l->pane == NODES) {
		const struct net_node *n = &l->of->report.net.nodes[id];
		return (struct cell_text){ n->name.p, n->name.len };
	}
	const struct pane_kind *k = &kinds[l->pane];
	const struct column *c = column_named(k->columns, k->name);
	const struct cell_text *name = column_field(c, l->rows.at(&l->rows, id));
	return name->p ? *name : cell_of("-");
}

static const struct list_ops list_ops = { .row = row_of, .name = name_of };

static void fill_pane(struct listed *l)
{
	const struct pane_kind *k = &kinds[l->pane];
	struct list_column columns[LIST_COLUMNS] = { { NULL, 0, 0 } };
	for (int i = 0; i < 6 && k->shown[i]; i++)
		columns[i] = (struct list_column){
			column_named(k->columns, k->shown[i]), 5, i };
	list_set(&l->list, columns,
		 l->pane == NODES ? l->of->report.net.n_nodes : l->rows.n);
	list_rebuild(&l->list);
}

/* --- reading ----------------------------------------------------------------------- */

static void read_graph(void *arg, unsigned worker, size_t job)
{
	struct grapher *g = arg;
	struct arena *a = &g->v.arena;
	const struct located *at = &g->ckpt.c->at;
	(void)worker;
	(void)job;
	g->graph = graph_open(a, at->prefix, at->tags, g->ckpt.c->limit, &g->error);
	if (!g->graph || graph_report(&g->report, a, g->graph, &g->error)) {
		g->failed = true;
		return;
	}
	g->panes[OUTPUTS].rows = graph_output_rows(&g->report, a);
	g->panes[INPUTS].rows = graph_input_rows(&g->report, a);
	g->panes[VARIABLES].rows = graph_variable_rows(&g->report, a);
	g->panes[SIGNATURES].rows = graph_signature_rows(&g->report, a);
	g->panes[OPS].rows = graph_op_rows(&g->report);
}

static bool tick(struct view *v, struct request *r)
{
	struct grapher *g = (struct grapher *)v;
	if (!g->reading)
		return list_tick(&g->panes[g->pane].list, r);
	if (!pool_wait(&g->pool, 0))
		return false;
	pool_end(&g->pool);
	g->reading = false;
	if (g->failed)
		say_error(r, &g->error);
	else if (g->graph->note)
		say(r, "%s", g->graph->note);
	for (int i = 0; i < N_PANES && !g->failed; i++)
		fill_pane(&g->panes[i]);
	return true;
}

static void progress(struct view *v, struct progress *p)
{
	const struct grapher *g = (const struct grapher *)v;
	if (g->reading)
		p->what = "reading the graph";
	else if (list_busy(&g->panes[g->pane].list))
		p->what = "searching";
}

/* --- drawing ----------------------------------------------------------------------- */

static void draw_title(const struct grapher *g, int row, int cols)
{
	char name[512], nodes[NUMBER_MAX], functions[NUMBER_MAX];
	char text[sizeof name + 3 * NUMBER_MAX];
	const char *base = path_base(g->path);
	text_escape(name, sizeof name, base, strlen(base));
	int n = snprintf(text, sizeof text, "%s", name);
	if (!g->reading && !g->failed) {
		number_grouped(nodes, g->report.n_nodes);
		number_grouped(functions, g->graph->n_functions);
		n += snprintf(text + n, sizeof text - (size_t)n,
			      " " SIGN_DOT " %s%s " SIGN_DOT " %s nodes",
			      g->graph->text ? "text " : "",
			      graph_kind_name(g->graph->kind), nodes);
		if (g->graph->n_functions)
			snprintf(text + n, sizeof text - (size_t)n,
				 " " SIGN_DOT " %s functions", functions);
	}
	int end = cols - 1;
	if (!g->reading && !g->failed && g->report.version && cols >= 60) {
		char version[80];
		text_escape(version, sizeof version, g->report.version,
			    strlen(g->report.version));
		snprintf(nodes, sizeof nodes, "TensorFlow %s", version);
		/* Where there is no room for both, what it is comes first. */
		const size_t both = text_width(text, strlen(text)) +
				    text_width(nodes, strlen(nodes));
		if (both + 4 <= (size_t)cols)
			end = term_right(row, cols - 1, cols / 3, STYLE_PLAIN, nodes) - 2;
	}
	term_text(row, 1, end - 1, STYLE_TITLE, text);
}

/* The pane whose word comes first, so that the one that is shown has room. */
static int first_word(enum pane shown, int room)
{
	int i = (int)shown;
	for (room -= (int)strlen(kinds[i].word) + 2; i > 0; i--) {
		room -= (int)strlen(kinds[i - 1].word) + 3;
		if (room < 0)
			break;
	}
	return i;
}

static void draw_context(const struct grapher *g, int row, int cols)
{
	int col = 1;
	const struct list *l = &g->panes[g->pane].list;
	if (l->filter[0]) {
		term_format(row, 1, cols - 2, STYLE_MATCH, "& %s", l->filter);
		return;
	}
	for (int i = first_word(g->pane, cols - 2); i < N_PANES && col < cols - 1; i++)
		col += 1 + term_format(row, col, cols - 1 - col,
				       i == (int)g->pane ? STYLE_KEY : STYLE_DIM,
				       i == (int)g->pane ? "[%s]" : " %s ",
				       kinds[i].word);
}

static void draw(struct view *v, const struct area *area)
{
	struct grapher *g = (struct grapher *)v;
	struct area rows = *area;
	draw_title(g, area->top, area->cols);
	if (g->reading || g->failed)
		return;
	if (!area->small)
		draw_context(g, area->top + 1, area->cols);
	rows.top += area->small ? 1 : 2;
	rows.rows -= area->small ? 1 : 2;
	list_draw(&g->panes[g->pane].list, &rows);
}

static void status(struct view *v, char *left, char *right, size_t cap)
{
	struct grapher *g = (struct grapher *)v;
	struct listed *l = &g->panes[g->pane];
	uint32_t id;
	if (g->reading || !list_selected(&l->list, &id))
		return;
	const struct cell_text name = name_of(l, id);
	size_t n = text_escape(left, 2048, name.p, name.len);
	list_position(&l->list, right, cap);
	if (l->pane != OUTPUTS || n >= 2048)
		return;
	const struct graph_output_row *row = row_of(l, id);
	n += (size_t)snprintf(left + n, 8, ": ");
	text_escape(left + n, 1024, row->why.p, row->why.p ? row->why.len : 0);
}

/* --- keys -------------------------------------------------------------------------- */

static void add_rows(struct view *text, const char *title, struct rows rows)
{
	if (!rows.n)
		return;
	text_view_add(text, "", 0, false);
	text_view_add(text, title, strlen(title), false);
	text_view_table(text, &rows);
}

/* All that is known of a node; "add:0" is the node add. */
static void show_node(struct grapher *g, struct cell_text name, struct request *r)
{
	struct ckpt_error err = { 0 };
	struct node_report n;
	char line[1024], op[256];
	arena_rewind(&g->scratch, (struct arena_mark){ 0 });
	const char *copy = arena_copy(&g->scratch, name.p, name.len);
	if (!copy || node_report(&n, &g->scratch, g->graph, copy, &err)) {
		say_error(r, &err);
		return;
	}
	text_escape(line, sizeof line, n.name.p, n.name.len);
	struct view *text = text_view(line);
	request_push(r, text);
	if (!text)
		return;
	text_escape(op, sizeof op, n.op.p, n.op.len);
	snprintf(line, sizeof line, "op  %s", op);
	text_view_add(text, line, strlen(line), false);
	add_rows(text, "attributes", node_attr_rows(&n));
	add_rows(text, "inputs", node_input_rows(&n));
	add_rows(text, "used by", node_use_rows(&n));
	add_rows(text, "way to an input", node_step_rows(&n));
}

/* The values of a constant; else what is known of the node, or the row. */
static void open_row(struct grapher *g, bool values, struct request *r)
{
	struct listed *l = &g->panes[g->pane];
	uint32_t id;
	if (!list_selected(&l->list, &id))
		return;
	const struct cell_text name = name_of(l, id);
	const struct ckpt_tensor *t =
		values && l->pane == NODES
			? ckpt_find(g->ckpt.c, name.p, name.len, NULL)
			: NULL;
	if (t)
		request_push(r, tensor_view(g->ckpt.c, t, NULL, g->settings));
	else if (l->pane == OPS)
		request_push(r, record_view("op", graph_op_columns, row_of(l, id)));
	else
		show_node(g, name, r);
}

static void next_pane(struct grapher *g, int by)
{
	g->pane = (enum pane)(((int)g->pane + by + N_PANES) % N_PANES);
}

static void write_table(struct grapher *g, const char *path, struct request *r)
{
	file_table(path, &g->panes[g->pane].list, kinds[g->pane].columns, r);
}

static void act(struct view *v, enum action action, struct request *r)
{
	struct grapher *g = (struct grapher *)v;
	const struct view_ckpt constants = { .c = g->ckpt.c, .borrowed = true };
	if (g->reading || g->failed || list_act(&g->panes[g->pane].list, action, r))
		return;
	if (action == ACT_OPEN || action == ACT_RIGHT)
		open_row(g, true, r);
	else if (action == ACT_INFO)
		open_row(g, false, r);
	else if (action == ACT_NEXT_PANE || action == ACT_PREVIOUS_PANE)
		next_pane(g, action == ACT_NEXT_PANE ? 1 : -1);
	else if (action == ACT_TREE)
		request_push(r, browse_view(constants, g->path, g->settings));
	else if (action == ACT_WRITE)
		file_ask(r);
}

static void answer(struct view *v, enum action asked, const char *text, enum answer state,
		   struct request *r)
{
	struct grapher *g = (struct grapher *)v;
	if (!g->reading && !list_answer(&g->panes[g->pane].list, asked, text, state, r) &&
	    asked == ACT_WRITE && state == ANSWER_DONE)
		write_table(g, text, r);
}

static bool command(struct view *v, const char *word, const char *rest, struct request *r)
{
	struct grapher *g = (struct grapher *)v;
	if (g->reading || g->failed)
		return false;
	if (!strcmp(word, "goto"))
		list_go_text(&g->panes[g->pane].list, rest, r);
	else if (!strcmp(word, "write"))
		write_table(g, rest, r);
	else
		return false;
	return true;
}

static void click(struct view *v, const struct term_mouse *m, struct request *r)
{
	struct grapher *g = (struct grapher *)v;
	bool open;
	if (!g->reading && list_click(&g->panes[g->pane].list, m, &open) && open)
		open_row(g, true, r);
}

static bool clears(struct view *v)
{
	struct grapher *g = (struct grapher *)v;
	return !g->reading && list_clear(&g->panes[g->pane].list);
}

static void close_view(struct view *v)
{
	struct grapher *g = (struct grapher *)v;
	if (g->reading)
		pool_end(&g->pool);
	for (int i = 0; i < N_PANES; i++)
		list_close(&g->panes[i].list);
	graph_close(g->graph);
	arena_drop(&g->scratch);
	if (!g->ckpt.borrowed)
		ckpt_close(g->ckpt.c);
}

static const struct key_binding keys[] = {
	{ ACT_OPEN, "Enter", "show", "values, or the node", "open" },
	{ ACT_RIGHT, "l Right", "show", "the same", NULL },
	{ ACT_NEXT_PANE, "Tab", "show", "next pane", "next pane" },
	{ ACT_PREVIOUS_PANE, "BackTab", "show", "pane before", NULL },
	{ ACT_INFO, "i", "show", "all about this node", "node" },
	{ ACT_TREE, "t", "show", "the constants", "constants" },
	LIST_KEYS,
	{ ACT_COPY, "y", "take", "copy the name", NULL },
	{ ACT_WRITE, "w", "take", "this table to a file", NULL },
	{ ACT_NONE, NULL, NULL, NULL, NULL },
};

static const struct view_ops ops = {
	.name = "graph", .keys = keys, .draw = draw, .status = status, .act = act,
	.answer = answer, .command = command, .tick = tick, .progress = progress,
	.click = click, .close = close_view, .clears = clears,
};

struct view *nodes_view(struct view_ckpt c, const char *given,
			const struct view_settings *s)
{
	static const struct list_column none[] = { { NULL, 0, 0 } };
	struct grapher *g = view_new(&ops, sizeof *g);
	if (!g)
		return NULL;
	g->ckpt = c;
	g->settings = s;
	g->path = arena_copy(&g->v.arena, given, strlen(given));
	arena_init(&g->scratch, UINT64_MAX);
	for (int i = 0; i < N_PANES; i++) {
		g->panes[i].of = g;
		g->panes[i].pane = (enum pane)i;
		list_init(&g->panes[i].list, &list_ops, &g->panes[i], kinds[i].title,
			  none);
	}
	g->reading = true;
	pool_start(&g->pool, 1, 1, read_graph, g);
	return &g->v;
}
