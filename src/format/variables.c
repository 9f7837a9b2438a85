/* variables.c — the variables of a graph, and what in the graph restores them.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Each assignment is followed back from its value, through what passes it on, to a
 * restore op's output, and from its target to a variable: linear in the nodes. In a
 * function the target is an argument, which stands for an input of the call.
 */
#include "config.h"

#include "format/variables.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "format/graph_index.h"
#include "format/graph_users.h"
#include "format/shape.h"

const char *const variable_how_names[] = { "none",   "restore",	  "function", "name",
					   "object", "partition", NULL };
const char *const variable_status_names[] = { "unmatched", "present", "missing",
					      "dtype",	   "shape",   "damaged",
					      "not_saved", NULL };

/* How much a restore op is to be believed, where several restore one variable. */
enum trust { TRUST_NOTHING, TRUST_BUILT_IN, TRUST_GIVEN };

/* A restore op that counts. */
struct restore {
	struct ckpt_string node;
	const struct ckpt_string *keys, *slices;
	size_t n_keys, n_slices;
	enum trust trust;
};

struct reading {
	struct variables *v;
	struct graph *g;
	const struct net *main;
	struct arena *a, *scratch;
	struct variable **of_node; /* of the main graph; NULL: it is no variable */
	enum trust *trust;	   /* of each variable's source */
	bool *reached;	      /* nodes that the saver's restore op needs; NULL: all */
	struct pointers read; /* const struct ckpt_string[1] */
	struct ckpt_error *err;
};

bool variable_op(struct ckpt_string op)
{
	return graph_text_is(op, "VarHandleOp") || graph_text_is(op, "VariableV2") ||
	       graph_text_is(op, "Variable");
}

static bool is_restore(struct ckpt_string op)
{
	return graph_text_is(op, "RestoreV2") || graph_text_is(op, "RestoreSlice") ||
	       graph_text_is(op, "Restore");
}

static bool is_assign(struct ckpt_string op)
{
	return graph_text_is(op, "AssignVariableOp") || graph_text_is(op, "Assign");
}

static bool is_call(struct ckpt_string op)
{
	return graph_text_is(op, "StatefulPartitionedCall") ||
	       graph_text_is(op, "PartitionedCall");
}

/* --- variables --------------------------------------------------------------------- */

static int read_shape(const struct reading *r, const struct graph_node *n,
		      struct variable *to)
{
	const struct graph_attr *attr = graph_attr(n, "shape");
	struct shape shape = { 0 };
	struct bytes b;
	if (!attr || attr->kind != ATTR_SHAPE)
		return 0;
	if (graph_attr_bytes(r->g, r->scratch, attr, &b, r->err))
		return -1;
	const char *problem = shape_decode(b, &shape);
	/* "Variable" cannot tell a scalar from a shape that is not known
	 * (core/ops/state_ops.cc). */
	if (problem || shape.unknown_rank ||
	    (!shape.rank && graph_text_is(n->op, "Variable")))
		return 0;
	int64_t *dims = arena_zeroed(r->a, (size_t)shape.rank + 1, sizeof *dims);
	if (!dims)
		return arena_error(r->a, r->err);
	memcpy(dims, shape.dims, (size_t)shape.rank * sizeof *dims);
	to->dims = dims;
	to->rank = shape.rank;
	return 0;
}

static int read_variable(const struct reading *r, uint32_t at, struct variable *to)
{
	const struct net_node *node = &r->main->nodes[at];
	struct graph_node n;
	*to = (struct variable){ .name = node->name,
				 .op = node->op,
				 .shared_name = { "", 0 },
				 .node = at,
				 .rank = -1,
				 .slice_rank = -1,
				 .resource = graph_text_is(node->op, "VarHandleOp") };
	if (graph_node_read(r->g, r->scratch, node->range, &n, r->err))
		return -1;
	const struct graph_attr *dtype = graph_attr(&n, "dtype");
	const struct graph_attr *shared = graph_attr(&n, "shared_name");
	if (dtype && dtype->kind == ATTR_TYPE && ckpt_dtype_name((int)dtype->number))
		to->dtype = (int)dtype->number;
	if (shared && shared->kind == ATTR_S && shared->data && shared->value.n &&
	    bytes_compare(shared->data, (size_t)shared->value.n, node->name.p,
			  node->name.len)) {
		to->shared_name.len = (size_t)shared->value.n;
		to->shared_name.p = arena_copy(r->a, shared->data, to->shared_name.len);
		if (!to->shared_name.p)
			return arena_error(r->a, r->err);
	}
	return read_shape(r, &n, to);
}

static int read_variables(struct reading *r)
{
	const struct net *net = r->main;
	size_t n = 0;
	for (uint32_t i = 0; i < net->n_nodes; i++)
		n += variable_op(net->nodes[i].op);
	r->v->all = arena_zeroed(r->a, n + 1, sizeof *r->v->all);
	r->of_node = arena_zeroed(r->scratch, (size_t)net->n_nodes + 1,
				  sizeof(struct variable *));
	r->trust = arena_zeroed(r->scratch, n + 1, sizeof *r->trust);
	if (!r->v->all)
		return arena_error(r->a, r->err);
	if (!r->of_node || !r->trust)
		return arena_error(r->scratch, r->err);
	for (uint32_t i = 0; i < net->n_nodes; i++) {
		if (!variable_op(net->nodes[i].op))
			continue;
		const struct arena_mark mark = arena_mark(r->scratch);
		struct variable *to = &r->v->all[r->v->n++];
		if (read_variable(r, i, to))
			return -1;
		r->of_node[i] = to;
		arena_rewind(r->scratch, mark);
	}
	return 0;
}

/* --- the saver --------------------------------------------------------------------- */

/* Marks what the node of SaverDef.restore_op_name needs. Without a SaverDef, or where its
 * node is not in the graph, nothing is marked, and every restore op counts. */
static int find_saver(struct reading *r)
{
	struct ckpt_error why = { 0 };
	const Ckpt__MetaGraphDef *meta = graph_meta(r->g, &why);
	if (!meta)
		return why.code ? error_copy(r->err, &why) : 0;
	if (!meta->saver_def)
		return 0;
	const ProtobufCBinaryData name = meta->saver_def->restore_op_name;
	const struct net *net = r->main;
	const uint32_t top = net_find(net, (const char *)name.data, name.len);
	if (top == NET_MISSING)
		return 0;
	bool *reached = arena_zeroed(r->scratch, net->n_nodes, sizeof *reached);
	uint32_t *todo = arena_zeroed(r->scratch, net->n_nodes, sizeof *todo);
	if (!reached || !todo)
		return arena_error(r->scratch, r->err);
	size_t n = 0;
	todo[n++] = top;
	reached[top] = true;
	while (n) {
		const struct net_node *at = &net->nodes[todo[--n]];
		for (uint32_t i = 0; i < at->n_inputs; i++) {
			const uint32_t next = at->inputs[i].node;
			if (next == NET_MISSING || reached[next])
				continue;
			reached[next] = true;
			todo[n++] = next;
		}
	}
	r->reached = reached;
	return 0;
}

static int read_restore(struct reading *r, const struct net *net,
			const struct net_node *node, struct restore *to)
{
	const uint32_t file = node->n_inputs ? node->inputs[0].node : NET_MISSING;
	/* A function's nodes do not outlive the reading. */
	*to = (struct restore){
		.node = { arena_copy(r->a, node->name.p, node->name.len),
			  node->name.len },
		.trust = TRUST_GIVEN,
	};
	if (!to->node.p)
		return arena_error(r->a, r->err);
	if (file != NET_MISSING && graph_text_is(net->nodes[file].op, "Const"))
		to->trust = TRUST_BUILT_IN;
	if (net_strings(r->g, net, r->a, node, 1, &to->keys, &to->n_keys, r->err) ||
	    net_strings(r->g, net, r->a, node, 2, &to->slices, &to->n_slices, r->err))
		return -1;
	for (size_t i = 0; i < to->n_keys; i++)
		if (pointers_add(&r->read, (void *)&to->keys[i]))
			return error_copy(r->err, &error_no_memory);
	r->v->has_saver = true;
	return 0;
}

/* --- slices ------------------------------------------------------------------------ */

static int set_slice(const struct reading *r, struct variable *v, struct ckpt_string text)
{
	int64_t dims[MAX_RANK], start[MAX_RANK], extent[MAX_RANK];
	int rank;
	v->slice_rank = -1;
	v->problem = NULL;
	if (!text.len)
		return 0;
	if (!slice_text_decode(text.p, text.len, &rank, dims, start, extent)) {
		v->problem = "its restore op has a slice that is malformed";
		return 0;
	}
	const size_t size = (size_t)rank * sizeof *dims;
	int64_t *kept = arena_zeroed(r->a, 3 * (size_t)rank, sizeof *kept);
	if (!kept)
		return arena_error(r->a, r->err);
	v->full_dims = memcpy(kept, dims, size);
	v->start = memcpy(kept + rank, start, size);
	v->extent = memcpy(kept + 2 * rank, extent, size);
	v->slice_rank = rank;
	return 0;
}

/* --- assignments ------------------------------------------------------------------- */

/* An output of a node. */
struct output {
	uint32_t node;
	int32_t number;
};

/* Where input `slot` comes from, seen through ops that pass their first input on. */
static struct output source_of(const struct net *net, const struct net_node *node,
			       uint32_t slot)
{
	enum { LONGEST = 64 };
	struct output at = { NET_MISSING, 0 };
	for (int i = 0; i < LONGEST && slot < node->n_inputs; i++) {
		const struct net_input *in = &node->inputs[slot];
		if (in->node == NET_MISSING || in->output < 0)
			return (struct output){ NET_MISSING, 0 };
		at = (struct output){ in->node, in->output };
		node = &net->nodes[in->node];
		if (!graph_text_is(node->op, "Identity") &&
		    !graph_text_is(node->op, "Reshape"))
			break;
		slot = 0;
	}
	return at;
}

/* The graph would assign an output of a restore op to a variable. */
static int offer(const struct reading *r, struct variable *v, const struct restore *from,
		 int32_t output, enum variable_how how)
{
	enum trust *trust = &r->trust[v - r->v->all];
	if ((size_t)output >= from->n_keys || from->trust <= *trust)
		return 0;
	static const struct ckpt_string whole = { "", 0 };
	*trust = from->trust;
	v->how = how;
	v->key = from->keys[output];
	v->restore = from->node;
	v->saved = true;
	return set_slice(r, v,
			 (size_t)output < from->n_slices ? from->slices[output] : whole);
}

/* Follows the assignments of one net. handles: of a function, the variables that its
 * arguments are; of the main graph, those of its nodes. */
static int follow(struct reading *r, const struct net *net,
		  struct variable *const *handles, uint32_t n_handles,
		  const bool *reached, enum variable_how how)
{
	const struct arena_mark mark = arena_mark(r->scratch);
	struct restore *of_node =
		arena_zeroed(r->scratch, (size_t)net->n_nodes + 1, sizeof *of_node);
	if (!of_node)
		return arena_error(r->scratch, r->err);
	for (uint32_t i = 0; i < net->n_nodes; i++)
		if (is_restore(net->nodes[i].op) && (!reached || reached[i]) &&
		    read_restore(r, net, &net->nodes[i], &of_node[i]))
			return -1;
	for (uint32_t i = 0; i < net->n_nodes; i++) {
		const struct net_node *node = &net->nodes[i];
		if (!is_assign(node->op))
			continue;
		const struct output value = source_of(net, node, 1);
		const struct output target = source_of(net, node, 0);
		if (value.node != NET_MISSING && target.node < n_handles &&
		    of_node[value.node].n_keys && handles[target.node] &&
		    offer(r, handles[target.node], &of_node[value.node], value.number,
			  how))
			return -1;
	}
	arena_rewind(r->scratch, mark);
	return 0;
}

/* --- functions --------------------------------------------------------------------- */

/* Which functions have restore ops. */
static int functions_that_restore(const struct reading *r, bool *restores)
{
	struct graph_walk w;
	struct graph_node n;
	int more;
	graph_walk_begin(&w, r->g, GRAPH_ALL);
	while ((more = graph_walk_next(&w, &n, r->err)) > 0)
		if (n.function >= 0 && is_restore(n.op))
			restores[n.function] = true;
	graph_walk_end(&w);
	return more;
}

/* A function that a node calls and that restores. */
struct callee {
	const bool *restores;
	int64_t function; /* -1: none */
};

static int take_callee(void *arg, uint32_t function)
{
	struct callee *c = arg;
	if (c->function < 0 && c->restores[function])
		c->function = function;
	return 0;
}

static int called(const struct reading *r, const struct graph_index *index,
		  const struct net_node *node, struct callee *callee)
{
	struct graph_node n;
	callee->function = -1;
	return graph_node_read(r->g, r->scratch, node->range, &n, r->err) ||
			       graph_calls(index, r->scratch, &n, take_callee, callee,
					   r->err)
		       ? -1
		       : 0;
}

/* The variables that the inputs of a call are. */
static int follow_call(struct reading *r, const struct net_node *call, int64_t function)
{
	struct net net;
	struct variable **handles = arena_zeroed(r->scratch, (size_t)call->n_inputs + 1,
						 sizeof(struct variable *));
	if (!handles)
		return arena_error(r->scratch, r->err);
	if (net_load(r->g, r->scratch, function, &net, r->err))
		return -1;
	uint32_t n = 0;
	for (; n < call->n_inputs && call->inputs[n].output >= 0; n++) {
		const struct output from = source_of(r->main, call, n);
		handles[n] = from.node == NET_MISSING ? NULL : r->of_node[from.node];
	}
	/* The arguments are the first nodes of a function's net. */
	return follow(r, &net, handles, n < net.n_args ? n : net.n_args, NULL,
		      VARIABLE_BY_FUNCTION);
}

static int follow_calls(struct reading *r)
{
	struct graph_index index;
	bool *restores =
		arena_zeroed(r->scratch, r->g->n_functions + 1, sizeof *restores);
	struct callee callee = { restores, -1 };
	if (!restores)
		return arena_error(r->scratch, r->err);
	if (!r->g->n_functions)
		return 0;
	if (functions_that_restore(r, restores) ||
	    graph_index(&index, r->g, r->scratch, r->err))
		return -1;
	for (uint32_t i = 0; i < r->main->n_nodes; i++) {
		const struct net_node *node = &r->main->nodes[i];
		const struct arena_mark mark = arena_mark(r->scratch);
		if (!is_call(node->op) || (r->reached && !r->reached[i]))
			continue;
		if (called(r, &index, node, &callee) ||
		    (callee.function >= 0 && follow_call(r, node, callee.function)))
			return -1;
		/* Once is enough, and a thousand calls of one function are a trap. */
		if (callee.function >= 0)
			restores[callee.function] = false;
		arena_rewind(r->scratch, mark);
	}
	return 0;
}

/* --- all of it --------------------------------------------------------------------- */

static int keep_read(struct reading *r)
{
	struct ckpt_string *read = arena_zeroed(r->a, r->read.n + 1, sizeof *read);
	if (!read)
		return arena_error(r->a, r->err);
	for (size_t i = 0; i < r->read.n; i++)
		read[i] = *(const struct ckpt_string *)r->read.p[i];
	r->v->read = read;
	r->v->n_read = r->read.n;
	for (size_t i = 0; i < r->v->n; i++)
		r->v->all[i].saved = r->v->all[i].saved || !r->v->has_saver;
	return 0;
}

int variables_read(struct variables *v, struct graph *g, const struct net *net,
		   struct arena *a, struct ckpt_error *err)
{
	struct arena scratch;
	struct reading r = {
		.v = v, .g = g, .main = net, .a = a, .scratch = &scratch, .err = err
	};
	*v = (struct variables){ .graph = g };
	arena_init(&scratch, g->limit);
	int result = read_variables(&r);
	if (!result)
		result = find_saver(&r);
	if (!result)
		result = follow(&r, net, r.of_node, net->n_nodes, r.reached,
				VARIABLE_BY_RESTORE);
	if (!result)
		result = follow_calls(&r);
	if (!result)
		result = keep_read(&r);
	pointers_drop(&r.read);
	arena_drop(&scratch);
	return result;
}
