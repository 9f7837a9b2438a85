/* cmd_freeze.c — ckpt-inspect freeze: a graph and its checkpoint become one .pb.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "cli/cmd.h"
#include "cli/watch.h"
#include "make/freeze.h"
#include "out/document.h"
#include "out/text.h"

static void label(const char *what)
{
	printf("%-12s", what);
}

static void put_name(struct ckpt_string name)
{
	text_put(stdout, name.p, name.len);
}

static void print_counts(const struct freeze *z)
{
	char n[NUMBER_MAX], all[NUMBER_MAX], elements[NUMBER_MAX], bytes[NUMBER_MAX];
	number_grouped(n, z->n_variables);
	number_grouped(elements, z->elements);
	number_bytes(bytes, z->value_bytes);
	label("variables");
	printf("%s, now constants of %s elements (%s)\n", n, elements, bytes);
	number_grouped(n, z->n_nodes);
	label("nodes");
	number_grouped(all, z->net.n_nodes);
	printf("%s of %s\n", n, all);
	if (z->n_functions) {
		number_grouped(n, z->n_functions);
		label("functions");
		number_grouped(all, z->graph->n_functions);
		printf("%s of %s\n", n, all);
	}
	number_grouped(n, z->file_bytes);
	label("written");
	text_put(stdout, z->request.out, strlen(z->request.out));
	printf(", %s bytes\n", n);
}

static void print_ops(const struct freeze *z)
{
	char n[NUMBER_MAX];
	for (size_t i = 0; i < z->n_ops; i++) {
		number_grouped(n, z->ops[i].nodes);
		printf("%s%8s  ", i ? "" : "\n", n);
		put_name(z->ops[i].op);
		putchar('\n');
	}
}

static void freeze_text(const struct freeze *z)
{
	label("graph");
	text_put(stdout, z->graph->path, strlen(z->graph->path));
	putchar('\n');
	for (size_t i = 0; i < z->n_outputs; i++) {
		const struct freeze_output *o = &z->outputs[i];
		label(i ? "" : "outputs");
		put_name(o->name);
		printf(" (");
		put_name(o->op);
		printf(")%s", o->why ? ": " : "\n");
		if (!o->why)
			continue;
		text_put(stdout, o->why, strlen(o->why));
		putchar('\n');
	}
	print_counts(z);
	print_ops(z);
}

static void json_name(struct json *j, const char *key, struct ckpt_string name)
{
	jw_name(j, key, &(struct cell_text){ name.p, name.len });
}

static void json_outputs(struct json *j, const struct freeze *z)
{
	jw_open(j, "outputs", '[');
	for (size_t i = 0; i < z->n_outputs; i++) {
		jw_open(j, NULL, '{');
		json_name(j, "name", z->outputs[i].name);
		json_name(j, "op", z->outputs[i].op);
		jw_text(j, "reason", z->outputs[i].reason);
		jw_close(j, '}');
	}
	jw_close(j, ']');
}

static void json_ops(struct json *j, const struct freeze *z)
{
	jw_open(j, "ops", '[');
	for (size_t i = 0; i < z->n_ops; i++) {
		jw_open(j, NULL, '{');
		json_name(j, "op", z->ops[i].op);
		jw_u64(j, "nodes", z->ops[i].nodes);
		jw_close(j, '}');
	}
	jw_close(j, ']');
}

/* What a variable has become, and of which tensor, from which element on. */
static void json_constant(struct json *j, const struct constant *k)
{
	const struct variable *v = k->v;
	const struct ckpt_string tensor = { v->tensor->name, v->tensor->name_len };
	json_name(j, "name", v->name);
	json_name(j, "tensor", tensor);
	if (v->slice_rank < 0)
		jw_null(j, "start");
	else
		jw_open(j, "start", '[');
	for (int i = 0; i < v->slice_rank; i++)
		jw_i64(j, NULL, v->start[i]);
	if (v->slice_rank >= 0)
		jw_close(j, ']');
	jw_text(j, "dtype", ckpt_dtype_name(v->tensor->dtype));
	jw_open(j, "shape", '[');
	for (int i = 0; i < k->selection.rank; i++)
		jw_u64(j, NULL, k->selection.dim[i].count);
	jw_close(j, ']');
	jw_u64(j, "size_bytes", k->values_n);
}

static void freeze_json(const struct options *o, struct arena *a, const struct freeze *z)
{
	struct document d;
	struct json *j = &d.j;
	document_begin(&d, a, "freeze", o->given[OPT_NDJSON]);
	document_input(&d, o->args[0], z->c, NULL);
	jw_text(j, "graph", z->graph->path);
	jw_text(j, "file", z->request.out);
	jw_text(j, "format", z->request.text ? "text" : "binary");
	json_outputs(j, z);
	json_ops(j, z);
	document_header_end(&d);
	document_records(&d, "constants", "constant");
	for (size_t i = 0; i < z->variables.n; i++) {
		if (!z->constants[i].c)
			continue; /* not needed */
		document_record_begin(&d);
		json_constant(j, &z->constants[i]);
		document_record_end(&d);
	}
	document_records_end(&d);
	document_summary_begin(&d);
	jw_u64(j, "nodes", z->n_nodes);
	jw_u64(j, "functions", z->n_functions);
	jw_u64(j, "variables", z->n_variables);
	jw_u64(j, "elements", z->elements);
	jw_u64(j, "value_bytes", z->value_bytes);
	jw_u64(j, "size_bytes", z->file_bytes);
	jw_text(j, "table", z->table);
	document_end(&d);
}

/* --- the work ---------------------------------------------------------------------- */

struct writing {
	struct freeze *z;
	struct pool pool;
	int r;
	struct ckpt_error err;
};

static void write_it(void *arg, unsigned worker, size_t job)
{
	struct writing *w = arg;
	(void)worker;
	(void)job;
	w->r = freeze_write(w->z, &w->pool, &w->err);
}

/* In a thread of its own, so that progress is shown and ^C leaves nothing behind. */
static int write_watched(const struct options *o, struct freeze *z)
{
	struct writing w = { .z = z, .r = -1 };
	pool_start(&w.pool, 1, 1, write_it, &w);
	const bool interrupted = watch_all(&w.pool, z->value_bytes);
	pool_end(&w.pool);
	if (!w.r)
		return EXIT_FINE;
	if (!w.err.code) /* cancelled before it began */
		error_set(&w.err, CKPT_EIO, z->request.out, -1,
			  "interrupted: nothing was written");
	const int code = fail(o, &w.err);
	return interrupted ? EXIT_INTERRUPTED : code;
}

/* How the two paths were taken. That a graph alone has constants only is no news here. */
static void tell_notes(const struct freeze *z)
{
	if (!graph_of_checkpoint(z->c))
		tell_note(z->c);
	tell_of(z->graph->path, z->graph->note);
}

static void tell_table(const struct freeze *z)
{
	if (!z->table)
		return;
	fputs("ckpt-inspect: ", stderr);
	text_put(stderr, z->request.out, strlen(z->request.out));
	fprintf(stderr,
		": it has lookup tables (%s), whose contents no graph holds: they "
		"are to be initialised before it runs\n",
		z->table);
}

static int freeze(const struct options *o, struct arena *a, struct ckpt *c)
{
	struct ckpt_error err = { 0 };
	struct freeze z;
	const struct freeze_request request = {
		.graph = o->value[OPT_GRAPH],
		.tags = ckpt_options_of(o).tags,
		.outputs = o->value[OPT_OUTPUTS],
		.out = o->value[OPT_OUTPUT],
		.text = o->given[OPT_TEXT],
		.keep_devices = o->given[OPT_KEEP_DEVICES],
		.replace = o->given[OPT_FORCE],
	};
	int code = freeze_open(&z, a, c, &request, &err) ? fail(o, &err)
							 : write_watched(o, &z);
	if (code == EXIT_FINE) {
		tell_notes(&z);
		tell_table(&z);
		if (wants_json(o))
			freeze_json(o, a, &z);
		else
			freeze_text(&z);
	}
	freeze_drop(&z);
	return code;
}

static int run(const struct options *o)
{
	struct ckpt_error err = { 0 };
	struct arena arena;
	const struct ckpt_options options = ckpt_options_of(o);
	if (!o->given[OPT_OUTPUT]) {
		error_set(&err, CKPT_EINVAL, NULL, -1,
			  "freeze takes -o OUT, the file to write");
		return fail(o, &err);
	}
	struct ckpt *c = ckpt_open(o->args[0], &options, &err);
	if (!c)
		return fail(o, &err);
	arena_init(&arena, c->limit);
	const int code = freeze(o, &arena, c);
	arena_drop(&arena);
	ckpt_close(c);
	return code;
}

const struct command cmd_freeze = {
	.name = "freeze",
	.args = "PATH -o OUT",
	.summary = "make one graph of a graph and its checkpoint, without variables",
	.examples =
		"ckpt-inspect freeze model.ckpt-200 -o frozen.pb\n"
		"ckpt-inspect freeze model.ckpt-200 --outputs softmax -o frozen.pb\n"
		"ckpt-inspect freeze saved_model/ -o frozen.pb\n"
		"ckpt-inspect freeze run/ --graph graph.pbtxt --text -o frozen.pbtxt\n",
	.options = { OPT_OUTPUT, OPT_OUTPUTS, OPT_GRAPH, OPT_TEXT, OPT_KEEP_DEVICES,
		     OPT_FORCE, OPT_NO_MMAP },
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
