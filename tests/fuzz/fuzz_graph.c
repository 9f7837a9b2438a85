/* fuzz_graph.c — any bytes as a graph: walked, linked, unpacked; and as a checkpoint.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <string.h>

#include "format/graph_const.h"
#include "format/graph_net.h"
#include "fuzz.h"
#include "memory.h"
#include "read_all.h"

enum { MEMORY = 24 << 20, MOST_FUNCTIONS = 8, MOST_ELEMENTS = 1 << 16 };

static int take_run(void *arg, const struct ckpt_run *run)
{
	uint64_t *n = arg;
	REQUIRE(run->first == *n && run->n && !run->data != !run->strings);
	*n += run->n;
	return 0;
}

static void read_value(struct graph *g, struct arena *a, const struct ckpt_tensor *t)
{
	struct values v;
	struct ckpt_error err = { 0 };
	struct store *store = graph_store(g, a);
	uint64_t n = 0;
	if (!store)
		return;
	int r = values_open(&v, store, t, MEMORY, &err);
	if (!r && t->elements <= MOST_ELEMENTS)
		r = values_runs(&v, 0, t->elements, take_run, &n, &err);
	REQUIRE(!r == !err.code);
	REQUIRE(r || t->elements > MOST_ELEMENTS || n == t->elements);
	values_close(&v);
	graph_store_drop(store);
}

static void walk(struct graph *g, struct arena *a)
{
	struct graph_walk w;
	struct graph_node node, again;
	struct ckpt_tensor t;
	int r;
	graph_walk_begin(&w, g, GRAPH_ALL);
	do {
		struct ckpt_error err = { 0 };
		const struct arena_mark mark = arena_mark(a);
		r = graph_walk_next(&w, &node, &err);
		REQUIRE((r < 0) == !!err.code);
		if (r > 0) {
			REQUIRE(node.function < (int64_t)g->n_functions);
			if (!graph_node_read(g, a, node.range, &again, NULL))
				REQUIRE(again.n_inputs == node.n_inputs);
			if (graph_const(g, a, &node, &t, NULL) > 0)
				read_value(g, a, &t);
		}
		arena_rewind(a, mark);
	} while (r);
	graph_walk_end(&w);
}

static void link_up(struct graph *g, struct arena *a)
{
	struct net net;
	for (int64_t i = GRAPH_MAIN; i < (int64_t)g->n_functions && i < MOST_FUNCTIONS;
	     i++) {
		const struct arena_mark mark = arena_mark(a);
		const int r = net_load(g, a, i, &net, NULL);
		for (uint32_t k = 0; !r && k < net.n_nodes; k++) {
			const struct net_node *n = &net.nodes[k];
			if (!memchr(n->name.p, ':', n->name.len) && *n->name.p != '^')
				REQUIRE(net_find(&net, n->name.p, n->name.len) <= k);
			for (uint32_t j = 0; j < n->n_inputs; j++)
				REQUIRE(n->inputs[j].node == NET_MISSING ||
					n->inputs[j].node < net.n_nodes);
		}
		arena_rewind(a, mark);
	}
}

static void unpack(struct graph *g, struct arena *a)
{
	const Ckpt__VariableDef *const *defs;
	size_t n;
	graph_meta(g, NULL);
	graph_head(g, NULL);
	graph_variable_defs(g, a, "variables", &defs, &n, NULL);
	for (size_t i = 0; i < g->n_functions && i < MOST_FUNCTIONS; i++)
		graph_function(g, a, i, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static char path[FUZZ_PATH];
	if (!*path)
		fuzz_file(fuzz_folder(), "g.pb", path);
	const struct memory_file file = { "g.pb", bytes_of(p, n) };
	struct ckpt_error err = { 0 };
	struct arena a;
	memory_files(&file, 1);
	arena_init(&a, MEMORY);
	arena_copy(&a, "", 0);
	struct graph *g = graph_open(&a, path, NULL, MEMORY, &err);
	REQUIRE(!g == !!err.code);
	if (g) {
		walk(g, &a);
		link_up(g, &a);
		unpack(g, &a);
		REQUIRE(!graph_unchanged(g, NULL));
	}
	graph_close(g);
	arena_drop(&a);
	read_all(path);
	memory_files(NULL, 0);
	return 0;
}
