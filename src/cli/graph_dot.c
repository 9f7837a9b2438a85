/* graph_dot.c — a graph for Graphviz: boxes, edges, a cluster for each function.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Nodes are called by their numbers, so that no name can break the syntax; labels are
 * escaped for terminals first, then for DOT.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/text.h"
#include "cli/graph_print.h"

enum { MOST_LABEL = 240 };

/* The text within double quotes; backslashes are doubled, since \n and the like have a
 * meaning in labels. */
static void put_label(struct ckpt_string s)
{
	char text[4 * MOST_LABEL + 1];
	text_escape(text, sizeof text, s.p, s.len < MOST_LABEL ? s.len : MOST_LABEL);
	for (const char *p = text; *p; p++) {
		if (*p == '"' || *p == '\\')
			putchar('\\');
		putchar(*p);
	}
	if (s.len > MOST_LABEL)
		fputs("…", stdout);
}

/* "m12" in the main graph, "f3_12" in a function. */
static void put_id(int64_t which, uint32_t node)
{
	if (which < 0)
		printf("m%" PRIu32, node);
	else
		printf("f%" PRId64 "_%" PRIu32, which, node);
}

static void put_node(const struct net *net, int64_t which, uint32_t i)
{
	const struct net_node *n = &net->nodes[i];
	fputs("  ", stdout);
	put_id(which, i);
	fputs(" [label=\"", stdout);
	put_label(n->name);
	fputs("\\n", stdout);
	put_label(n->op);
	puts("\"];");
}

static void put_edge(int64_t which, uint32_t to, const struct net_input *in)
{
	if (in->node == NET_MISSING)
		return;
	fputs("  ", stdout);
	put_id(which, in->node);
	fputs(" -> ", stdout);
	put_id(which, to);
	if (in->output < 0)
		fputs(" [style=dashed]", stdout);
	else if (in->output > 0)
		printf(" [label=\"%" PRId32 "\"]", in->output);
	puts(";");
}

static void put_net(const struct net *net, int64_t which)
{
	for (uint32_t i = 0; i < net->n_nodes; i++)
		put_node(net, which, i);
	for (uint32_t i = 0; i < net->n_nodes; i++)
		for (uint32_t k = 0; k < net->nodes[i].n_inputs; k++)
			put_edge(which, i, &net->nodes[i].inputs[k]);
}

int graph_dot(struct graph_asked *q, struct ckpt_error *err)
{
	struct graph *g = q->graph;
	puts("digraph {\n  node [shape=box, fontname=\"sans-serif\"];");
	put_net(&q->report.net, GRAPH_MAIN);
	for (size_t i = 0; i < g->n_functions; i++) {
		struct net net;
		const struct arena_mark mark = arena_mark(&q->arena);
		if (net_load(g, &q->arena, (int64_t)i, &net, err))
			return -1;
		printf("  subgraph cluster_%zu {\n  label=\"", i);
		put_label(g->functions[i].name);
		puts("\";");
		put_net(&net, (int64_t)i);
		puts("  }");
		arena_rewind(&q->arena, mark);
	}
	puts("}");
	return 0;
}
