/* test_variables.c — variables and their tensors: as TensorFlow's own restore has them.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "unit.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/crc32c.h"
#include "format/reader.h"
#include "format/shape.h"
#include "format/variables.h"

enum { LIMIT = 64 << 20, LONGEST = 256 };

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

/* A graph with its checkpoint, matched. */
struct pair {
	struct graph *graph;
	struct ckpt *checkpoint;
	struct net net;
	struct variables v;
};

static void open_pair(struct pair *p, const char *graph, const char *checkpoint)
{
	struct ckpt_error err = { 0 };
	p->graph = graph_open(&arena, unit_data(graph), NULL, LIMIT, &err);
	CHECK(p->graph, "%s: %s", graph, err.text);
	p->checkpoint = ckpt_open(unit_data(checkpoint), NULL, &err);
	CHECK(p->checkpoint, "%s: %s", checkpoint, err.text);
	CHECK(!net_load(p->graph, &arena, GRAPH_MAIN, &p->net, &err), "%s", err.text);
	CHECK(!variables_read(&p->v, p->graph, &p->net, &arena, &err), "%s", err.text);
	CHECK(!variables_match(&p->v, p->checkpoint, &arena, &err), "%s", err.text);
}

static void close_pair(struct pair *p)
{
	ckpt_close(p->checkpoint);
	graph_close(p->graph);
	arena_rewind(&arena, (struct arena_mark){ 0 });
}

static const struct variable *variable_of(const struct pair *p, const char *name)
{
	for (size_t i = 0; i < p->v.n; i++)
		if (graph_text_is(p->v.all[i].name, name))
			return &p->v.all[i];
	unit_fail(__FILE__, __LINE__, "variable", "there is no variable '%s'", name);
}

/* The checksum of what the variable takes of its tensor, and the shape of that. */
static uint32_t value_crc(const struct pair *p, const struct variable *v, char *shape)
{
	const struct ckpt_tensor *t = v->tensor;
	const size_t size = ckpt_dtype_size(t->dtype);
	struct ckpt_error err = { 0 };
	char *all = arena_alloc(&arena, (size_t)t->elements * size + 1);
	struct selection s;
	struct selection_walk w;
	struct selection_row row;
	uint32_t crc = 0;
	assert_non_null(all);
	CHECK(!ckpt_read(p->checkpoint, t, 0, t->elements, all, &err), "%s", err.text);
	variable_selection(v, &s);
	selection_begin(&w, &s, t->dims);
	while (selection_next(&w, &row)) {
		assert_int_equal(row.step, 1);
		crc = crc32c(crc, all + row.first * size, (size_t)row.n * size);
	}
	strcpy(shape, s.rank ? "" : "-");
	for (int i = 0; i < s.rank; i++)
		sprintf(shape + strlen(shape), "%s%" PRIu64, i ? "x" : "",
			s.dim[i].count);
	return crc;
}

/* One line of variables.expected. */
struct want {
	char graph[LONGEST], checkpoint[LONGEST], name[LONGEST], dtype[32], shape[64],
		crc[16];
};

static void check_variable(const struct pair *p, const struct want *want)
{
	const struct variable *v = variable_of(p, want->name);
	char shape[64], crc[16];
	if (!strcmp(want->dtype, "uninitialized")) {
		CHECK(v->status == VARIABLE_NOT_SAVED, "%s %s: %s", want->graph,
		      want->name, variable_status_names[v->status]);
		return;
	}
	CHECK(v->status == VARIABLE_PRESENT, "%s %s: %s", want->graph, want->name,
	      variable_status_names[v->status]);
	snprintf(crc, sizeof crc, "%08" PRIx32, value_crc(p, v, shape));
	assert_string_equal(ckpt_dtype_name(v->tensor->dtype), want->dtype);
	assert_string_equal(shape, want->shape);
	CHECK(!strcmp(crc, want->crc), "%s %s: another value", want->graph, want->name);
}

static void same_as_tensorflow(void **state)
{
	(void)state;
	char line[1024];
	struct want want = { .graph = "" }, before = want;
	struct pair pair;
	size_t n = 0, checked = 0;
	FILE *f = fopen(unit_data("variables.expected"), "r");
	assert_non_null(f);
	while (fgets(line, sizeof line, f)) {
		assert_int_equal(sscanf(line, "%255s %255s %255s %31s %63s %15s",
					want.graph, want.checkpoint, want.name,
					want.dtype, want.shape, want.crc),
				 6);
		if (strcmp(want.graph, before.graph)) {
			if (n) {
				assert_int_equal(checked, pair.v.n);
				close_pair(&pair);
			}
			open_pair(&pair, want.graph, want.checkpoint);
			checked = 0;
		}
		check_variable(&pair, &want);
		before = want;
		checked++;
		n++;
	}
	fclose(f);
	assert_int_equal(checked, pair.v.n);
	close_pair(&pair);
	assert_int_equal(n, 252);
}

static void how_they_were_found(void **state)
{
	(void)state;
	struct pair p;
	open_pair(&p, "corpus/saver_v2_partitioned/model.ckpt-5.meta",
		  "corpus/saver_v2_partitioned/model.ckpt-5");
	const struct variable *v = variable_of(&p, "net/dense1/bias/part_1");
	assert_int_equal(v->how, VARIABLE_BY_RESTORE);
	assert_string_equal(v->key.p, "net/dense1/bias");
	assert_string_equal(v->restore.p, "save/RestoreV2");
	assert_int_equal(v->slice_rank, 1);
	assert_int_equal(v->start[0], 7);
	assert_int_equal(v->extent[0], 7);
	assert_int_equal(p.v.n_unused, 0);
	close_pair(&p);

	open_pair(&p, "real/saved_model/VarsAndArithmeticObjectGraph/saved_model.pb",
		  "real/saved_model/VarsAndArithmeticObjectGraph/variables/variables");
	v = variable_of(&p, "child_variable");
	assert_int_equal(v->how, VARIABLE_BY_FUNCTION);
	assert_string_equal(v->key.p, "child/z/.ATTRIBUTES/VARIABLE_VALUE");
	assert_string_equal(v->restore.p, "RestoreV2");
	assert_int_equal(p.v.n_unused, 0);
	close_pair(&p);
}

/* The graph of one model, the checkpoint of another. */
static void what_does_not_fit(void **state)
{
	(void)state;
	struct pair p;
	open_pair(&p, "corpus/saver_v2/model.ckpt-200.meta",
		  "corpus/saver_v2_partitioned/model.ckpt-5");
	assert_int_equal(variable_of(&p, "net/dense1/bias")->status, VARIABLE_PRESENT);
	close_pair(&p);

	open_pair(&p, "corpus/ref_variables/ref.ckpt.meta",
		  "corpus/saver_v2/model.ckpt-200");
	assert_int_equal(variable_of(&p, "w")->status, VARIABLE_MISSING);
	assert_int_equal(p.v.n_unused, 19);
	close_pair(&p);
}

static void match_text(struct pair *p, const char *text, const char *checkpoint)
{
	const char *folder = unit_folder();
	struct ckpt_error err = { 0 };
	unit_write(folder, "g.pbtxt", text, strlen(text));
	const char *path = arena_printf(&arena, "%s/g.pbtxt", folder);
	p->graph = graph_open(&arena, path, NULL, LIMIT, &err);
	CHECK(p->graph, "%s", err.text);
	p->checkpoint = ckpt_open(unit_data(checkpoint), NULL, &err);
	CHECK(p->checkpoint, "%s", err.text);
	CHECK(!net_load(p->graph, &arena, GRAPH_MAIN, &p->net, &err), "%s", err.text);
	CHECK(!variables_read(&p->v, p->graph, &p->net, &arena, &err), "%s", err.text);
	CHECK(!variables_match(&p->v, p->checkpoint, &arena, &err), "%s", err.text);
}

#define NODE(name, attrs) "node { name: '" name "' op: 'VarHandleOp' " attrs " } "

/* No restore op assigns them: their names are looked for, in the object graph, too. */
static void by_other_names(void **state)
{
	(void)state;
	struct pair p;
	match_text(&p,
		   NODE("dense/kernel", "")
			   NODE("x", "attr { key: 'shared_name' value { s: 'dense/bias' } }")
				   NODE("no", ""),
		   "corpus/object_based");
	const struct variable *v = variable_of(&p, "dense/kernel");
	assert_int_equal(v->how, VARIABLE_BY_OBJECT);
	assert_int_equal(v->tensor->dims[0], 8);
	assert_int_equal(variable_of(&p, "x")->how, VARIABLE_BY_OBJECT);
	assert_int_equal(variable_of(&p, "no")->status, VARIABLE_MISSING);
	close_pair(&p);
}

/* The graph says that the variable is a column of a variable of another name. */
static void a_part_of_another(void **state)
{
	(void)state;
	static const char head[] =
		"meta_info_def { tensorflow_version: '1' } graph_def { " NODE(
			"v/part_0", "attr { key: 'shape' value { shape { dim { size: 3 } "
				    "dim { size: 1 } } } }") "} ";
	/* VariableDef { 1: "v/part_0:0" 4: { 1: "w" 2: [3,2] 3: [0,1] 4: [3,1] } } */
	static const char part[] =
		"collection_def { key: 'variables' value { bytes_list { value: "
		"'\\012\\012v/part_0:0\\042\\017\\012\\001w\\022\\002\\003\\002"
		"\\032\\002\\000\\001\\042\\002\\003\\001' } } }";
	struct pair p;
	struct selection s;
	match_text(&p, arena_printf(&arena, "%s%s", head, part), "corpus/ref_variables");
	const struct variable *v = &p.v.all[0];
	assert_int_equal(v->how, VARIABLE_BY_PARTITION);
	assert_int_equal(v->status, VARIABLE_PRESENT);
	variable_selection(v, &s);
	assert_int_equal(s.dim[0].count, 3);
	assert_int_equal(s.dim[1].start, 1);
	assert_int_equal(s.dim[1].count, 1);
	close_pair(&p);
	match_text(&p, head, "corpus/ref_variables");
	assert_int_equal(p.v.all[0].status, VARIABLE_MISSING);
	close_pair(&p);
}

/* tensorflow/core/util/saved_tensor_slice_util_test.cc, and what must not pass. */
static void slices_as_text(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int rank; /* -1: malformed */
		int64_t start, extent; /* of the last dimension */
	} cases[] = {
		{ "4 5 0,2:-", 2, 0, 5 },  { "4 5 -:1,3", 2, 1, 3 },
		{ "7 7,0", 1, 7, 0 },	   { "", -1, 0, 0 },
		{ "4 5 0,2", -1, 0, 0 },   { "4 5 0,2:-:-", -1, 0, 0 },
		{ "4 0,5", -1, 0, 0 },	   { "4 5,0", -1, 0, 0 },
		{ "4 -1,2", -1, 0, 0 },	   { "4 0,2 ", -1, 0, 0 },
		{ "4  0,2", -1, 0, 0 },	   { " 0,2", -1, 0, 0 },
		{ "x 0,2", -1, 0, 0 },	   { "4 0,", -1, 0, 0 },
		{ "9999999999999999999 -", -1, 0, 0 },
	};
	int64_t dims[MAX_RANK], start[MAX_RANK], extent[MAX_RANK];
	for (size_t i = 0; i < COUNT(cases); i++) {
		int rank;
		const char *text = cases[i].text;
		const bool good = slice_text_decode(text, strlen(text), &rank, dims, start,
						    extent);
		CHECK(good == (cases[i].rank >= 0), "'%s'", text);
		if (!good)
			continue;
		CHECK(rank == cases[i].rank, "'%s'", text);
		CHECK(start[rank - 1] == cases[i].start, "'%s'", text);
		CHECK(extent[rank - 1] == cases[i].extent, "'%s'", text);
	}
}

int group_variables(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(by_other_names, begin, end),
		cmocka_unit_test_setup_teardown(a_part_of_another, begin, end),
		cmocka_unit_test(slices_as_text),
		cmocka_unit_test_setup_teardown(same_as_tensorflow, begin, end),
		cmocka_unit_test_setup_teardown(how_they_were_found, begin, end),
		cmocka_unit_test_setup_teardown(what_does_not_fit, begin, end),
	};
	return unit_run("variables", tests, COUNT(tests));
}
