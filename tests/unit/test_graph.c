/* test_graph.c — graphs: what TensorFlow reads of them, and what it would refuse.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "unit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "format/graph_const.h"
#include "format/graph_net.h"

enum { LIMIT = 64 << 20 };

static struct arena arena;

static int begin(void **state)
{
	(void)state;
	arena_init(&arena, LIMIT);
	return 0;
}

static int end(void **state)
{
	(void)state;
	arena_drop(&arena);
	return 0;
}

/* A file in a new folder. */
static const char *write_file(const char *name, const void *p, size_t n)
{
	const char *folder = unit_folder();
	unit_write(folder, name, p, n);
	return arena_printf(&arena, "%s/%s", folder, name);
}

/* --- the corpus -------------------------------------------------------------------- */

static void add_string(uint32_t *crc, struct ckpt_string s)
{
	*crc = crc32c(*crc, s.p, s.len + 1);
}

static int by_name(const void *x, const void *y)
{
	const struct graph_attr *a = *(const struct graph_attr *const *)x,
				*b = *(const struct graph_attr *const *)y;
	return strcmp(a->name.p, b->name.p);
}

/* As make_graphs.py spells a node. */
static void add_node(uint32_t *crc, const struct graph_node *n)
{
	const struct graph_attr *sorted[256];
	char text[512];
	add_string(crc, n->name);
	add_string(crc, n->op);
	add_string(crc, n->device);
	for (size_t i = 0; i < n->n_inputs; i++)
		add_string(crc, n->inputs[i]);
	assert_true(n->n_attrs <= COUNT(sorted));
	for (size_t i = 0; i < n->n_attrs; i++)
		sorted[i] = &n->attrs[i];
	if (n->n_attrs)
		qsort(sorted, n->n_attrs, sizeof *sorted, by_name);
	for (size_t i = 0; i < n->n_attrs; i++) {
		snprintf(text, sizeof text, "%s=%d", sorted[i]->name.p, sorted[i]->kind);
		*crc = crc32c(*crc, text, strlen(text) + 1);
	}
}

static void count_meta(struct graph *g, size_t *ends, size_t *collections,
		       size_t *variables, const char **version)
{
	struct ckpt_error err = { 0 };
	const Ckpt__VariableDef *const *defs;
	const Ckpt__MetaGraphDef *meta = graph_meta(g, &err);
	*ends = *collections = *variables = 0;
	*version = "-";
	if (g->kind == GRAPH_DEF) {
		assert_null(meta);
		return;
	}
	CHECK(meta, "%s", err.text);
	for (size_t i = 0; i < meta->n_signature_def; i++)
		*ends += meta->signature_def[i]->value->n_inputs +
			 meta->signature_def[i]->value->n_outputs;
	*collections = meta->n_collection_def;
	CHECK(!graph_variable_defs(g, &arena, "variables", &defs, variables, &err), "%s",
	      err.text);
	const ProtobufCBinaryData text = meta->meta_info_def->tensorflow_version;
	if (text.len)
		*version = arena_copy(&arena, text.data, text.len);
}

static void check_line(const char *want)
{
	char path[256], kind[32], form[16], tags[32], line[1024];
	struct ckpt_error err = { 0 };
	assert_int_equal(sscanf(want, "%255s %31s %15s %31s", path, kind, form, tags), 4);
	struct graph *g = graph_open(&arena, unit_data(path),
				     strcmp(tags, "-") ? tags : NULL, LIMIT, &err);
	CHECK(g, "%s: %s", path, err.text);
	struct graph_walk w;
	struct graph_node node;
	uint64_t in_main = 0, in_functions = 0;
	uint32_t crc = 0;
	int r;
	/* TensorFlow has the main graph first; a file may have the library before it. */
	for (int64_t f = GRAPH_MAIN; f < (int64_t)g->n_functions; f++) {
		graph_walk_begin(&w, g, f);
		while ((r = graph_walk_next(&w, &node, &err)) > 0) {
			add_node(&crc, &node);
			++*(f < 0 ? &in_main : &in_functions);
			assert_int_equal(node.function, f);
		}
		CHECK(r == 0, "%s: %s", path, err.text);
		graph_walk_end(&w);
	}
	assert_int_equal(in_main, g->n_nodes);
	size_t ends, collections, variables;
	const char *version;
	count_meta(g, &ends, &collections, &variables, &version);
	const Ckpt__GraphDef *head = graph_head(g, &err);
	CHECK(head, "%s: %s", path, err.text);
	assert_int_equal(head->n_node, 0);
	snprintf(line, sizeof line,
		 "%s %s %s %s %" PRIu64 " %zu %" PRIu64 " %08x %zu %zu %zu %s %d\n", path,
		 graph_kind_name(g->kind), g->text ? "text" : "binary", tags, in_main,
		 g->n_functions, in_functions, crc, ends, collections, variables, version,
		 head->versions ? (int)head->versions->producer : 0);
	assert_string_equal(line, want);
	graph_close(g);
}

static void same_as_tensorflow(void **state)
{
	(void)state;
	char line[1024];
	FILE *f = fopen(unit_data("graphs/nodes.expected"), "r");
	assert_non_null(f);
	int n = 0;
	for (; fgets(line, sizeof line, f); n++) {
		check_line(line);
		arena_rewind(&arena, (struct arena_mark){ 0 });
	}
	fclose(f);
	assert_true(n > 40);
}

static void all_nodes_in_one_walk(void **state)
{
	(void)state;
	struct ckpt_error err = { 0 };
	struct graph *g = graph_open(&arena, unit_data("corpus/saver_v2/graph.pb"), NULL,
				     LIMIT, &err);
	CHECK(g, "%s", err.text);
	struct graph_walk w;
	struct graph_node node, again;
	uint64_t in_main = 0, in_functions = 0;
	int r;
	graph_walk_begin(&w, g, GRAPH_ALL);
	while ((r = graph_walk_next(&w, &node, &err)) > 0) {
		++*(node.function < 0 ? &in_main : &in_functions);
		assert_false(graph_node_read(g, &arena, node.range, &again, &err));
		assert_string_equal(again.name.p, node.name.p);
		assert_int_equal(again.n_attrs, node.n_attrs);
	}
	graph_walk_end(&w);
	assert_int_equal(r, 0);
	assert_int_equal(in_main, 341);
	assert_int_equal(in_functions, 8);
	graph_close(g);
}

static void a_function_without_its_nodes(void **state)
{
	(void)state;
	struct ckpt_error err = { 0 };
	const char *path =
		unit_data("real/saved_model/VarsAndArithmeticObjectGraph/saved_model.pb");
	struct graph *g = graph_open(&arena, path, NULL, LIMIT, &err);
	CHECK(g, "%s", err.text);
	bool found = false;
	for (size_t i = 0; i < g->n_functions; i++) {
		const Ckpt__FunctionDef *fn = graph_function(g, &arena, i, &err);
		CHECK(fn, "%s", err.text);
		assert_int_equal(fn->n_node_def, 0);
		assert_int_equal(graph_function_find(g, g->functions[i].name), i);
		if (!strstr(g->functions[i].name.p, "__inference__traced_restore"))
			continue;
		found = true;
		struct net net;
		CHECK(!net_load(g, &arena, (int64_t)i, &net, &err), "%s", err.text);
		assert_int_equal(net.n_args, fn->signature->n_input_arg);
		assert_string_equal(net.nodes[0].op.p, "_Arg");
		assert_int_equal(net_find(&net, "file_prefix", 11), 0);
		assert_int_equal(net.n_missing, 0);
	}
	assert_true(found);
	assert_int_equal(graph_function_find(g, (struct ckpt_string){ "no", 2 }), -1);
	graph_close(g);
}

static void edges_of_a_graph(void **state)
{
	(void)state;
	struct ckpt_error err = { 0 };
	struct net net;
	struct graph *g = graph_open(&arena, unit_data("corpus/saver_v2/frozen.pb"), NULL,
				     LIMIT, &err);
	CHECK(g, "%s", err.text);
	CHECK(!net_load(g, &arena, GRAPH_MAIN, &net, &err), "%s", err.text);
	assert_int_equal(net.n_nodes, 27);
	assert_int_equal(net.n_missing, 0);
	assert_true(net.duplicate == NET_MISSING);
	const uint32_t softmax = net_find(&net, "softmax:0", 9);
	assert_true(softmax != NET_MISSING);
	assert_true(softmax == net_find(&net, "^softmax", 8));
	assert_string_equal(net.nodes[softmax].op.p, "Softmax");
	const struct net_input *in = net.nodes[softmax].inputs;
	assert_string_equal(net.nodes[in->node].name.p, in->text.p);
	assert_true(net_find(&net, "softmaxx", 8) == NET_MISSING);
	graph_close(g);
}

/* --- constants --------------------------------------------------------------------- */

static void names_that_a_saver_restores(void **state)
{
	(void)state;
	struct ckpt_error err = { 0 };
	struct graph *g = graph_open(&arena, unit_data("corpus/saver_v2/graph.pb"), NULL,
				     LIMIT, &err);
	CHECK(g, "%s", err.text);
	struct net net;
	struct graph_node node;
	struct ckpt_tensor t;
	const struct ckpt_string *names;
	size_t n;
	CHECK(!net_load(g, &arena, GRAPH_MAIN, &net, &err), "%s", err.text);
	const char name[] = "save/RestoreV2/tensor_names";
	const uint32_t i = net_find(&net, name, sizeof name - 1);
	assert_true(i != NET_MISSING);
	assert_false(graph_node_read(g, &arena, net.nodes[i].range, &node, &err));
	assert_int_equal(graph_const(g, &arena, &node, &t, &err), 1);
	assert_int_equal(t.dtype, CKPT_STRING);
	CHECK(!graph_strings(g, &arena, &t, &names, &n, &err), "%s", err.text);
	assert_int_equal(n, t.elements);
	assert_true(n > 3);
	for (size_t k = 0; k < n; k++)
		assert_true(names[k].len > 0 && strlen(names[k].p) == names[k].len);
	graph_close(g);
}

/* --- names ------------------------------------------------------------------------- */

static void references(void **state)
{
	(void)state;
	static const struct {
		const char *text, *node, *arg;
		int64_t output;
		bool control;
	} cases[] = {
		{ "add", "add", "", 0, false },
		{ "add:0", "add", "", 0, false },
		{ "a/b:12", "a/b", "", 12, false },
		{ "^add", "add", "", 0, true },
		{ "add:z:0", "add", "z", 0, false },
		{ "add:z:3", "add", "z", 3, false },
		{ "add:z", "add", "", -1, false },
		{ "add:", "add", "", -1, false },
		{ "add:1234567890", "add", "", -1, false },
		{ "", "", "", 0, false },
		{ "^", "", "", 0, true },
		{ ":0", "", "", 0, false },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct graph_ref r =
			graph_ref(cases[i].text, strlen(cases[i].text));
		CHECK(graph_text_is(r.node, cases[i].node), "%s", cases[i].text);
		CHECK(graph_text_is(r.arg, cases[i].arg), "%s", cases[i].text);
		CHECK(r.output == cases[i].output, "%s", cases[i].text);
		CHECK(r.control == cases[i].control, "%s", cases[i].text);
	}
}

/* --- what is no graph -------------------------------------------------------------- */

#define BYTES(text) text, sizeof text - 1

static void kinds(void **state)
{
	(void)state;
	static const struct {
		const char *p;
		size_t n;
		int kind; /* -1: no graph */
	} cases[] = {
		{ BYTES("\x0a\x0a\x0a\x01x\x12\x05"
			"Const"),
		  GRAPH_DEF },
		{ BYTES("\x22\x02\x08\x1b"), GRAPH_DEF }, /* versions alone */
		{ BYTES("\x0a\x07\x2a\x05"
			"1.2.3\x12\x00"),
		  GRAPH_META },
		{ BYTES("\x12\x0c\x0a\x0a\x0a\x01x\x12\x05"
			"Const"),
		  GRAPH_META },
		{ BYTES("\x08\x01\x12\x00"), GRAPH_SAVED_MODEL },
		{ BYTES("node { name: \"x\" op: \"Const\" }"), GRAPH_DEF },
		{ BYTES("# a comment\n\nversions { producer: 1 }"), GRAPH_DEF },
		{ BYTES("graph_def { node { name: 'x' op: 'NoOp' } }"), GRAPH_META },
		{ BYTES("saved_model_schema_version: 1\nmeta_graphs {}"),
		  GRAPH_SAVED_MODEL },
		{ BYTES("model_checkpoint_path: \"model.ckpt-1\"\n"), -1 },
		{ BYTES("hello world"), -1 },
		{ BYTES("\x00\x00\x00\x00\x01\x00\x00\x00"), -1 },
		{ BYTES("\x0a\xff\xff\xff\xff\x0f"), -1 },
		{ BYTES("\x89HDF\r\n\x1a\n"), -1 },
		{ "", 0, -1 },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *path = write_file("g", cases[i].p, cases[i].n);
		enum graph_kind kind = GRAPH_DEF;
		struct ckpt_error err = { 0 };
		const bool is = graph_is(path, &kind);
		CHECK(is == (cases[i].kind >= 0), "case %zu", i);
		CHECK(!is || (int)kind == cases[i].kind, "case %zu: %d", i, (int)kind);
		struct graph *g = graph_open(&arena, path, NULL, LIMIT, &err);
		CHECK(!g == (cases[i].kind < 0), "case %zu: %s", i, err.text);
		CHECK(g || err.code == CKPT_EFORMAT, "case %zu: %s", i, err.text);
		graph_close(g);
	}
}

static void refused(const char *name, const void *p, size_t n, enum ckpt_code code,
		    const char *words)
{
	struct ckpt_error err = { 0 };
	struct net net;
	struct graph *g = graph_open(&arena, write_file(name, p, n), NULL, LIMIT, &err);
	if (g)
		assert_int_equal(net_load(g, &arena, GRAPH_MAIN, &net, &err), -1);
	graph_close(g);
	CHECK(err.code == code && strstr(err.text, words), "%s: %s", words, err.text);
}

static void damaged_graphs(void **state)
{
	(void)state;
	char deep[40000];
	size_t n = 0;
	refused("g",
		BYTES("\x0a\x0a\x0a\x01x\x12\x05"
		      "Const\x0a\x00"),
		CKPT_ECORRUPT, "no name and no op");
	refused("g",
		BYTES("\x0a\x0a\x0a\x01x\x12\x05"
		      "Const\x0a\x20"),
		CKPT_ECORRUPT, "it is cut short");
	refused("g",
		BYTES("\x0a\x0a\x0a\x01x\x12\x05"
		      "Const\x08\x01"),
		CKPT_ECORRUPT, "a node is no message");
	refused("g",
		BYTES("\x0a\x0c\x0a\x01x\x12\x05"
		      "Const\x18\x01"),
		CKPT_ECORRUPT, "of another kind");
	refused("g",
		BYTES("\x12\x0c\x0a\x0a\x0a\x01x\x12\x05"
		      "Const\x12\x00"),
		CKPT_ECORRUPT, "stands twice");
	refused("g", BYTES("node { name: 'x' op: 'Const' attr {"), CKPT_ECORRUPT,
		"the text ends inside a message");
	/* Ten thousand levels are a text that is refused, and bytes that nobody enters. */
	memcpy(deep, "node{op:'A'experimental_type", 28);
	for (n = 28; n + 6 < sizeof deep; n += 5)
		memcpy(deep + n, "{args", 5);
	refused("g", deep, n, CKPT_ECORRUPT, "nested more than 100 deep");
}

static void tags_of_a_saved_model(void **state)
{
	(void)state;
	static const struct {
		const char *tags;
		uint64_t nodes; /* 0: none has them */
	} cases[] = { { NULL, 363 },	   { "serve", 363 },  { "train", 436 },
		      { "", 0 },	   { "train,", 436 }, { "serve,serve", 363 },
		      { "serve,train", 0 } };
	const char *path = unit_data("corpus/saved_model_tf1/model/saved_model.pb");
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ckpt_error err = { 0 };
		struct graph *g = graph_open(&arena, path, cases[i].tags, LIMIT, &err);
		CHECK(!g == !cases[i].nodes, "case %zu: %s", i, err.text);
		CHECK(!g || g->n_nodes == cases[i].nodes, "case %zu", i);
		CHECK(g || strstr(err.text, "there are {serve} {train}"), "%s", err.text);
		graph_close(g);
	}
}

static void duplicates_and_missing_inputs(void **state)
{
	(void)state;
	static const char text[] = "node { name: 'b' op: 'A' input: 'b' input: '^a' }"
				   "node { name: 'a' op: 'A' input: 'no' }"
				   "node { name: 'b' op: 'B' input: 'b:1' }";
	struct ckpt_error err = { 0 };
	struct net net;
	struct graph *g =
		graph_open(&arena, write_file("g", BYTES(text)), NULL, LIMIT, &err);
	CHECK(g, "%s", err.text);
	CHECK(!net_load(g, &arena, GRAPH_MAIN, &net, &err), "%s", err.text);
	assert_int_equal(net.n_missing, 1);
	assert_int_equal(net.duplicate, 2);
	assert_int_equal(net_find(&net, "b", 1), 0);
	assert_int_equal(net.nodes[0].inputs[1].output, -1);
	assert_int_equal(net.nodes[0].inputs[1].node, 1);
	assert_int_equal(net.nodes[2].inputs[0].output, 1);
	assert_int_equal(net.nodes[2].inputs[0].node, 0);
	graph_close(g);
}

/* A text that has no room in memory goes through a file. */
static void texts_of_any_size(void **state)
{
	(void)state;
	enum { MANY = 20000 };
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);
	assert_non_null(f);
	for (int i = 0; i < MANY; i++)
		fprintf(f, "node { # a comment\n name: \"n%d\" op: 'Const' }\n", i);
	fclose(f);
	const char *path = write_file("g", text, n);
	free(text);
	static const uint64_t limits[] = { 128 << 10, LIMIT };
	for (size_t k = 0; k < COUNT(limits); k++) {
		struct ckpt_error err = { 0 };
		struct graph_walk w;
		struct graph_node node;
		char name[16];
		struct graph *g = graph_open(&arena, path, NULL, limits[k], &err);
		CHECK(g, "%s", err.text);
		assert_int_equal(g->n_nodes, MANY);
		assert_true(!g->spool.flushed == (k > 0));
		graph_walk_begin(&w, g, GRAPH_ALL);
		for (int i = 0; i < MANY; i++) {
			CHECK(graph_walk_next(&w, &node, &err) > 0, "%s", err.text);
			snprintf(name, sizeof name, "n%d", i);
			assert_string_equal(node.name.p, name);
		}
		assert_int_equal(graph_walk_next(&w, &node, &err), 0);
		graph_walk_end(&w);
		graph_close(g);
	}
}

int group_graph(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(same_as_tensorflow, begin, end),
		cmocka_unit_test_setup_teardown(all_nodes_in_one_walk, begin, end),
		cmocka_unit_test_setup_teardown(a_function_without_its_nodes, begin, end),
		cmocka_unit_test_setup_teardown(edges_of_a_graph, begin, end),
		cmocka_unit_test_setup_teardown(names_that_a_saver_restores, begin, end),
		cmocka_unit_test_setup_teardown(references, begin, end),
		cmocka_unit_test_setup_teardown(kinds, begin, end),
		cmocka_unit_test_setup_teardown(damaged_graphs, begin, end),
		cmocka_unit_test_setup_teardown(tags_of_a_saved_model, begin, end),
		cmocka_unit_test_setup_teardown(duplicates_and_missing_inputs, begin,
						end),
		cmocka_unit_test_setup_teardown(texts_of_any_size, begin, end),
	};
	return unit_run("graph", tests, COUNT(tests));
}
