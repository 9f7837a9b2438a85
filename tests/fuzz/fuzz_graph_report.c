/* fuzz_graph_report.c — any bytes as a graph that questions are asked about: what it is,
 * its nodes, its hazards.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <string.h>

#include "fuzz.h"
#include "memory.h"
#include "read_all.h"
#include "report/graph.h"
#include "report/node.h"
#include "report/scan.h"

enum { MEMORY = 24 << 20, MOST_NODES = 16 };

/* Every cell is text that ends, and tells its length. */
static void read_rows(struct rows rows)
{
	char text[256];
	for (size_t i = 0; i < rows.n; i++)
		for (const struct column *c = rows.columns; c->name; c++) {
			const size_t n = column_text(c, rows.at(&rows, i), text,
						     sizeof text);
			REQUIRE(strlen(text) == (n < sizeof text ? n : sizeof text - 1) ||
				n >= sizeof text);
		}
}

static void ask_nodes(struct graph *g, struct arena *a, const struct net *net)
{
	for (uint32_t i = 0; i < net->n_nodes && i < MOST_NODES; i++) {
		const struct arena_mark mark = arena_mark(a);
		struct ckpt_error err = { 0 };
		struct node_report r;
		const int failed = node_report(&r, a, g, net->nodes[i].name.p, &err);
		REQUIRE(!failed == !err.code);
		if (!failed) {
			read_rows(node_attr_rows(&r));
			read_rows(node_input_rows(&r));
			read_rows(node_use_rows(&r));
			read_rows(node_step_rows(&r));
		}
		arena_rewind(a, mark);
	}
}

static void ask(struct graph *g, struct arena *a)
{
	struct ckpt_error err = { 0 };
	struct graph_report r;
	const int failed = graph_report(&r, a, g, &err);
	REQUIRE(!failed == !err.code);
	if (failed)
		return;
	REQUIRE(r.ends.n_likeliest <= r.ends.n_outputs);
	for (size_t i = 0; i < r.variables.n; i++)
		REQUIRE(r.variables.all[i].slice_rank <= MAX_RANK);
	read_rows(graph_input_rows(&r, a));
	read_rows(graph_output_rows(&r, a));
	read_rows(graph_signature_rows(&r, a));
	read_rows(graph_variable_rows(&r, a));
	read_rows(graph_op_rows(&r));
	read_rows(graph_device_rows(&r));
	read_rows(graph_collection_rows(&r));
	ask_nodes(g, a, &r.net);
}

static void scan(struct graph *g, struct arena *a)
{
	struct ckpt_error err = { 0 };
	struct scan_report r;
	const int failed = scan_make(&r, a, g, NULL, &err);
	REQUIRE(!failed == !err.code);
	REQUIRE(failed || r.n_found <= r.n);
	for (size_t i = 0; !failed && i < r.n; i++)
		REQUIRE(r.rows[i].expected == (i >= r.n_found));
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
	if (g) {
		ask(g, &a);
		scan(g, &a);
	}
	graph_close(g);
	arena_drop(&a);
	memory_files(NULL, 0);
	return 0;
}
