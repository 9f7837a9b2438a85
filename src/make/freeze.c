/* freeze.c — a graph and a checkpoint become one graph without variables.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "make/freeze.h"

#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "base/output.h"
#include "format/graph_beside.h"
#include "format/graph_shown.h"
#include "format/path.h"
#include "make/guard.h"

int freeze_too_long(const struct freeze *z, uint64_t n, struct ckpt_error *err)
{
	return error_set(
		err, CKPT_ELIMIT, z->request.out, -1,
		"the graph would have %" PRIu64 " bytes, and no protobuf message "
		"may have more than 2 GiB: --outputs that need less, or an export",
		n);
}

/* --- what is read ------------------------------------------------------------------ */

/* Another graph of the folder will do if each of its variables has a value. */
static const char *find_borrowed(struct freeze *z, struct ckpt_error *err)
{
	struct graph_values values = { 0 };
	struct ckpt_error why = { 0 };
	bool borrowed = false;
	const char *path = NULL;
	if (graph_beside(&values, z->arena, z->c, &borrowed, &why) > 0)
		path = values.graph->path;
	graph_values_drop(&values);
	if (why.code)
		error_copy(err, &why);
	else if (!path)
		error_set(err, CKPT_ENOTFOUND, z->c->at.prefix, -1,
			  "no graph lies beside this checkpoint (no .meta file); --graph "
			  "says where it is");
	return path;
}

static const char *find_graph(struct freeze *z, struct ckpt_error *err)
{
	const struct graph *own = graph_of_checkpoint(z->c);
	if (z->request.graph)
		return z->request.graph;
	const char *path = own ? own->path : graph_of_prefix(z->arena, z->c->at.prefix);
	return path ? path : find_borrowed(z, err);
}

static int check_target(const struct freeze *z, struct ckpt_error *err)
{
	const char *out = z->request.out;
	const size_t n = strlen(out);
	if (!n || out[n - 1] == '/')
		return error_set(err, CKPT_EINVAL, n ? out : NULL, -1,
				 "-o takes the name of a file");
	return output_free(out, false, true, err) ||
			       guard_path(z->c, z->arena, out, z->graph->path, err) ||
			       output_free(out, false, z->request.replace, err)
		       ? -1
		       : 0;
}

/* --- variables --------------------------------------------------------------------- */

static const char *problem_of(const struct variable *v)
{
	switch (v->status) {
	case VARIABLE_DTYPE:
		return "the checkpoint's tensor is of another dtype";
	case VARIABLE_SHAPE:
		return "the checkpoint's tensor has another shape";
	case VARIABLE_DAMAGED:
		return "its entry in the checkpoint is damaged";
	case VARIABLE_NOT_SAVED:
		return "the saver leaves it out";
	default:
		return "the checkpoint has no tensor for it";
	}
}

static int refuse_variable(const struct freeze *z, const struct variable *v,
			   struct ckpt_error *err)
{
	const struct ckpt_string key = v->key.p ? v->key : v->name;
	return error_set(err, CKPT_ENOTFOUND, z->c->at.prefix, -1,
			 "%s has no value: %s ('%s')", NODE(z->graph, GRAPH_MAIN, v),
			 v->problem ? v->problem : problem_of(v), SHOWN(key));
}

static int open_constants(struct freeze *z, struct ckpt_error *err)
{
	z->constants = arena_zeroed(z->arena, z->variables.n + 1, sizeof *z->constants);
	if (!z->constants)
		return arena_error(z->arena, err);
	for (size_t i = 0; i < z->variables.n; i++) {
		const struct variable *v = &z->variables.all[i];
		struct constant *k = &z->constants[i];
		if (!z->kept[v->node])
			continue;
		if (v->status != VARIABLE_PRESENT)
			return refuse_variable(z, v, err);
		if (constant_open(k, z->c, v, err))
			return -1;
		z->n_variables++;
		z->elements += k->elements;
		z->value_bytes += k->values_n;
		/* Sooner than after half an hour. */
		if (z->value_bytes > FREEZE_LONGEST)
			return freeze_too_long(z, z->value_bytes, err);
	}
	return 0;
}

static bool needs_values(const struct freeze *z)
{
	for (size_t i = 0; i < z->variables.n; i++)
		if (z->kept[z->variables.all[i].node])
			return true;
	return false;
}

/* A graph alone is a checkpoint of its constants; that is not what is missing. Which
 * checkpoint of a folder is meant is not guessed, but said. */
static int refuse_graph(const struct freeze *z, struct ckpt_error *err)
{
	struct ckpt *c = checkpoint_beside(z->arena, z->graph->path, z->c->limit);
	const char *name = c ? path_base(ckpt_prefix(c)) : NULL;
	if (name)
		error_set(err, CKPT_ENOTFOUND, z->graph->path, -1,
			  "a graph has no values for its %zu variables; beside it lies "
			  "'%s': freeze that, with --graph",
			  z->variables.n,
			  SHOWN(((struct ckpt_string){ name, strlen(name) })));
	else
		error_set(err, CKPT_ENOTFOUND, z->graph->path, -1,
			  "no checkpoint lies beside this graph, which has %zu "
			  "variables; freeze CHECKPOINT --graph GRAPH",
			  z->variables.n);
	ckpt_close(c);
	return -1;
}

static int match(struct freeze *z, struct ckpt_error *err)
{
	if (!needs_values(z))
		return 0;
	if (graph_of_checkpoint(z->c))
		return refuse_graph(z, err);
	return variables_match(&z->variables, z->c, z->arena, err);
}

int freeze_open(struct freeze *z, struct arena *a, struct ckpt *c,
		const struct freeze_request *request, struct ckpt_error *err)
{
	const uint32_t *nodes;
	*z = (struct freeze){ .c = c, .request = *request, .arena = a };
	const char *path = find_graph(z, err);
	if (!path || !(z->graph = graph_open(a, path, request->tags, c->limit, err)) ||
	    check_target(z, err) || net_load(z->graph, a, GRAPH_MAIN, &z->net, err) ||
	    freeze_outputs(z, &nodes, err) ||
	    keep_nodes(z->graph, &z->net, nodes, z->n_outputs, a, &z->kept, err) ||
	    variables_read(&z->variables, z->graph, &z->net, a, err) || match(z, err) ||
	    open_constants(z, err) ||
	    flow_run(&z->flow, z->graph, a, &z->net, z->kept, &z->variables, err) ||
	    keep_functions(&z->functions, &z->flow, z->kept, err))
		return -1;
	z->table = z->functions.table;
	z->frozen = (struct frozen){ .flow = &z->flow,
				     .functions = &z->functions,
				     .kept = z->kept,
				     .constants = z->constants,
				     .keep_devices = request->keep_devices };
	return frozen_prepare(&z->frozen, err);
}

void freeze_drop(struct freeze *z)
{
	frozen_drop(&z->frozen);
	graph_close(z->graph);
}
