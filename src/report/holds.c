/* holds.c — what a file holds, and what lies beside it: a graph, values, or both.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "report/holds.h"

#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "format/graph_beside.h"
#include "format/graph_signatures.h"
#include "format/path.h"
#include "report/list.h"

enum null_bits { NULL_SHAPE = 1 };

#define FIELD(field) .offset = offsetof(struct signature_row, field)

const struct column signature_columns[] = {
	{ .name = "signature",
	  .type = COL_NAME,
	  FIELD(signature),
	  .help = "key of the signature" },
	{ .name = "method",
	  .type = COL_NAME,
	  FIELD(method),
	  .show = SHOW_JSON,
	  .help = "what kind of answer it gives" },
	{ .name = "direction",
	  .type = COL_TEXT,
	  FIELD(direction),
	  .help = "input, output" },
	{ .name = "key", .type = COL_NAME, FIELD(key), .help = "what callers call it" },
	{ .name = "tensor",
	  .type = COL_NAME,
	  FIELD(tensor),
	  .help = "output of a node that it is" },
	{ .name = "dtype", .type = COL_TEXT, FIELD(dtype), .help = "its dtype" },
	{ .name = "shape",
	  .type = COL_INTS,
	  FIELD(shape),
	  .null = NULL_SHAPE,
	  .help = "its shape; -1 is not known" },
	{ .name = NULL },
};

/* --- signatures -------------------------------------------------------------------- */

static struct cell_text cell(struct ckpt_string s)
{
	return (struct cell_text){ s.p, s.len };
}

static void add_tensors(struct holds *h, struct arena *a, const struct signature *s,
			const struct signature_tensor *all, size_t n,
			const char *direction)
{
	for (size_t i = 0; i < n; i++) {
		struct signature_row *row = &h->signatures[h->n_signatures++];
		const struct signature_tensor *t = &all[i];
		*row = (struct signature_row){
			.null = t->rank < 0 ? NULL_SHAPE : 0,
			.signature = cell(s->key),
			.method = cell(s->method),
			.direction = cell_of(direction),
			.key = cell(t->key),
			.tensor = cell(t->name),
			.dtype = cell_of(t->dtype ? dtype_text(a, t->dtype) : NULL),
			.shape = { t->dims, t->rank < 0 ? 0 : (size_t)t->rank },
		};
	}
}

static int keep_signatures(struct holds *h, struct arena *a, struct graph *g,
			   struct ckpt_error *err)
{
	const struct signature *all;
	size_t n, rows = 0;
	if (graph_signatures(g, a, &all, &n, err))
		return -1;
	for (size_t i = 0; i < n; i++)
		rows += all[i].internal ? 0 : all[i].n_inputs + all[i].n_outputs;
	h->signatures = arena_zeroed(a, rows + 1, sizeof *h->signatures);
	if (!h->signatures)
		return arena_error(a, err);
	for (size_t i = 0; i < n; i++) {
		if (all[i].internal)
			continue;
		add_tensors(h, a, &all[i], all[i].inputs, all[i].n_inputs, "input");
		add_tensors(h, a, &all[i], all[i].outputs, all[i].n_outputs, "output");
	}
	return 0;
}

/* What stands in the graph, whichever of the two it is. */
static int ask_graph(struct holds *h, struct arena *a, struct graph_values *v,
		     struct ckpt_error *err)
{
	const Ckpt__MetaGraphDef *meta = graph_meta(v->graph, err);
	const Ckpt__MetaInfoDef *info = meta ? meta->meta_info_def : NULL;
	h->has_variables = true;
	h->variables = v->saved;
	for (uint32_t i = 0; i < v->net.n_nodes; i++)
		h->reads |= graph_text_is(v->net.nodes[i].op, "ReadVariableOp");
	if (info && info->tensorflow_version.len)
		h->tensorflow = arena_copy(a, info->tensorflow_version.data,
					   info->tensorflow_version.len);
	return keep_signatures(h, a, v->graph, err);
}

/* --- beside ------------------------------------------------------------------------ */

static int of_graph(struct holds *h, struct arena *a, struct ckpt *c,
		    struct ckpt_error *err)
{
	const struct graph *g = graph_of_checkpoint(c);
	struct graph_values v = { 0 };
	struct ckpt *beside = checkpoint_beside(a, g->path, c->limit);
	struct ckpt_error why = { 0 };
	h->graph = true;
	h->nodes = g->n_nodes;
	h->functions = g->n_functions;
	if (graph_values_read(&v, a, g->path, beside, c->limit, &why) && beside) {
		error_clear(&why);
		graph_values_read(&v, a, g->path, NULL, c->limit, &why);
	}
	int r = 0;
	if (v.graph) {
		r = ask_graph(h, a, &v, &why);
		h->beside = v.present;
		if (beside && v.present)
			h->checkpoint_beside = arena_copy(a, ckpt_prefix(beside),
							  strlen(ckpt_prefix(beside)));
	}
	graph_values_drop(&v);
	ckpt_close(beside);
	(void)r;
	return why.code == CKPT_ENOMEM || why.code == CKPT_ELIMIT ? error_copy(err, &why)
								  : 0;
}

static int of_checkpoint(struct holds *h, struct arena *a, struct ckpt *c,
			 struct ckpt_error *err)
{
	struct graph_values v = { 0 };
	struct ckpt_error why = { 0 };
	const int found = graph_beside(&v, a, c, &h->borrowed, &why);
	if (found > 0 && !ask_graph(h, a, &v, &why)) {
		h->graph_beside = v.graph->path;
		h->values = v.present;
	} else if (found < 0) { /* it is there, though it cannot be read */
		h->graph_beside = graph_of_prefix(a, ckpt_prefix(c));
	}
	graph_values_drop(&v);
	return why.code == CKPT_ENOMEM || why.code == CKPT_ELIMIT ? error_copy(err, &why)
								  : 0;
}

int holds_find(struct holds *h, struct arena *a, struct ckpt *c, struct ckpt_error *err)
{
	*h = (struct holds){ 0 };
	return graph_of_checkpoint(c) ? of_graph(h, a, c, err)
				      : of_checkpoint(h, a, c, err);
}

/* --- words ------------------------------------------------------------------------- */

static const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

/* "model.ckpt-5"; of a SavedModel "variables/variables", which says more. */
static const char *shown_prefix(const char *prefix)
{
	static const char saved_model[] = "variables/variables";
	const size_t n = strlen(prefix), k = sizeof saved_model - 1;
	const bool is = n >= k && !strcmp(prefix + n - k, saved_model);
	return is ? prefix + n - k : path_base(prefix);
}

static const char *graph_text(const struct holds *h, struct arena *a, struct ckpt *c)
{
	char n[NUMBER_MAX], all[NUMBER_MAX];
	if (!h->has_variables)
		return "graph yes, but it cannot be read";
	if (!h->variables) {
		number_grouped(n, ckpt_count(c));
		return arena_printf(a,
				    "graph yes, values in %s constant%s; no variables: "
				    "%s",
				    n, plural(ckpt_count(c)),
				    h->reads ? "what it reads is not saved, or not in it"
					     : "frozen, or without any");
	}
	number_grouped(all, h->variables);
	if (!h->checkpoint_beside)
		return arena_printf(a,
				    "graph yes, values 0 of %s variable%s; no "
				    "checkpoint of them beside it",
				    all, plural(h->variables));
	number_grouped(n, h->beside);
	if (h->beside == h->variables)
		return arena_printf(
			a, "graph yes, values 0 of %s variable%s; beside it: %s", all,
			plural(h->variables), shown_prefix(h->checkpoint_beside));
	return arena_printf(a,
			    "graph yes, values 0 of %s variable%s; beside it: %s, which "
			    "has %s of them",
			    all, plural(h->variables), shown_prefix(h->checkpoint_beside),
			    n);
}

static const char *values_text(const struct holds *h, struct arena *a, struct ckpt *c)
{
	char n[NUMBER_MAX], all[NUMBER_MAX];
	number_grouped(n, ckpt_count(c));
	const char *first = arena_printf(a, "graph no, values of %s tensor%s", n,
					 plural(ckpt_count(c)));
	if (!first || !h->graph_beside)
		return first ? arena_printf(a, "%s; no graph of them beside it", first)
			     : NULL;
	const char *name = path_base(h->graph_beside);
	if (!h->has_variables)
		return arena_printf(a, "%s; beside it: %s, which cannot be read", first,
				    name);
	number_grouped(n, h->values);
	number_grouped(all, h->variables);
	if (h->borrowed)
		return arena_printf(a,
				    "%s; no graph of its own, but %s serves: all its %s "
				    "variable%s are here",
				    first, name, all, plural(h->variables));
	return arena_printf(a, "%s; beside it: %s, of whose %s variable%s it has %s",
			    first, name, all, plural(h->variables),
			    h->values == h->variables ? "all" : n);
}

const char *holds_text(const struct holds *h, struct arena *a, struct ckpt *c)
{
	return h->graph ? graph_text(h, a, c) : values_text(h, a, c);
}
