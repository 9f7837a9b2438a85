/* flow.c — where the values of variables go once they are constants.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Edges are followed depth first from one variable after the other. What a call returns
 * depends on all its arguments: so calls wait until nothing else is left, then each gets
 * its functions for the arguments known by then, and what is new among their results is
 * followed in turn, until nothing changes. Types are only ever added: it ends.
 */
#include "config.h"

#include "make/flow.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/error.h"
#include "format/graph_shown.h"
#include "format/graph_users.h"
#include "make/flow_call.h"
#include "make/flow_ops.h"

enum { ANY_OUTPUT = -1 };

/* An input of a node that such a value reaches. */
struct visit {
	uint32_t node, input;
	struct flow_value value;
	bool reference;
};

struct trace {
	struct flow *f;
	struct flow_scope *s;
	struct net_users users;
	struct buffer stack; /* struct visit */
	/* struct flow_call that have changed, and may have again */
	struct pointers calls;
	struct ckpt_error *err;
};

/* --- edges ------------------------------------------------------------------------- */

static bool is_kept(const struct flow_scope *s, uint32_t node)
{
	return !s->kept || s->kept[node];
}

/* Merge has a second output, the number of its input. */
static bool is_index(const struct flow_scope *s, const struct net_input *in)
{
	if (!graph_text_is(s->net.nodes[in->node].op, "Merge"))
		return false;
	if (s->function < 0)
		return in->output != 0;
	return graph_text_is(graph_ref(in->text.p, in->text.len).arg, "value_index");
}

/* What such an output reaches is visited next, the first of them first. */
static int spread(struct trace *t, uint32_t node, int64_t output, struct flow_value value,
		  bool reference)
{
	const struct net_users *users = &t->users;
	for (uint32_t i = users->first[node + 1]; i-- > users->first[node];) {
		const struct net_use *use = &users->uses[i];
		const struct net_input *in =
			&t->s->net.nodes[use->node].inputs[use->input];
		const struct visit v = { use->node, use->input, value, reference };
		if (!is_kept(t->s, use->node) || in->output < 0 || is_index(t->s, in) ||
		    (output != ANY_OUTPUT && in->output != output))
			continue;
		if (buffer_append(&t->stack, &v, sizeof v, t->err))
			return -1;
	}
	return 0;
}

/* --- refusals ---------------------------------------------------------------------- */

static int refuse(const struct trace *t, uint32_t node, const char *why,
		  struct flow_value value)
{
	const struct graph *g = t->f->graph;
	return error_set(t->err, CKPT_EUNSUPPORTED, g->path, -1, "%s %s '%s'",
			 NODE(g, t->s->function, &t->s->net.nodes[node]), why,
			 SHOWN(t->s->origins[value.origin]));
}

static int refuse_mixture(const struct trace *t, uint32_t node, struct flow_value value)
{
	return refuse(t, node, "joins it with another resource; no constant can be",
		      value);
}

/* --- calls ------------------------------------------------------------------------- */

static int visit_call(struct trace *t, const struct visit *v, const struct call_op *op)
{
	struct flow_mark *mark = &t->s->marks[v->node];
	if (v->input < op->first)
		return refuse(t, v->node, "cannot branch on the variable", v->value);
	if (!mark->call) {
		mark->call = call_read(t->f, t->s, v->node, op, t->err);
		if (!mark->call)
			return -1;
		mark->step = FLOW_CALL;
		mark->value = v->value;
	}
	if (v->input - op->first >= mark->call->n_in)
		return refuse(t, v->node, "has no argument for", v->value);
	struct flow_value *in = &mark->call->in[v->input - op->first];
	if (in->dtype == v->value.dtype)
		return 0;
	*in = v->value;
	if (!mark->call->changed && pointers_add(&t->calls, mark->call))
		return error_set(t->err, CKPT_ENOMEM, NULL, -1, "out of memory");
	mark->call->changed = true;
	return 0;
}

static int check_loop(struct trace *t, const struct flow_call *call)
{
	const struct flow_scope *body = call->scopes[1];
	for (size_t i = 0; i < call->n_in; i++)
		if (i >= body->n_out || body->out[i].dtype != call->in[i].dtype)
			return refuse(t, call->node,
				      "does not hand on to its next round the variable",
				      call->in[i]);
	return 0;
}

/* What one of the called functions returns: all have to agree. */
static int take_results(struct trace *t, struct flow_call *call,
			const struct flow_scope *callee, bool first)
{
	for (size_t i = 0; i < call->n_out; i++) {
		const struct flow_value *out =
			i < callee->n_out ? &callee->out[i] : &(struct flow_value){ 0 };
		if (!first && out->dtype != call->out[i].dtype)
			return refuse_mixture(t, call->node,
					      t->s->marks[call->node].value);
		if (!out->dtype || !first || call->out[i].dtype)
			continue;
		call->out[i] =
			(struct flow_value){ out->dtype, call->in[out->origin].origin };
		if (spread(t, call->node, (int64_t)i, call->out[i], false))
			return -1;
	}
	return 0;
}

static struct flow_scope *scope_for(struct trace *t, const struct flow_call *call,
				    int64_t function);

static int follow_call(struct trace *t, struct flow_call *call)
{
	call->changed = false;
	for (size_t i = 0; i < call->n_functions; i++)
		if (!(call->scopes[i] = scope_for(t, call, call->functions[i])))
			return -1;
	if (!call->op->loop) {
		for (size_t i = 0; i < call->n_functions; i++)
			if (take_results(t, call, call->scopes[i], !i))
				return -1;
		return 0;
	}
	for (size_t i = 0; i < call->n_in; i++) {
		if (call->out[i].dtype == call->in[i].dtype)
			continue;
		call->out[i] = call->in[i];
		if (spread(t, call->node, (int64_t)i, call->in[i], false))
			return -1;
	}
	return 0;
}

/* --- nodes ------------------------------------------------------------------------- */

/* TensorFlow freezes no other gathers either. */
static int check_gather(struct trace *t, const struct visit *v)
{
	struct graph_node n;
	const struct arena_mark mark = arena_mark(t->f->arena);
	if (graph_node_read(t->f->graph, t->f->arena, t->s->net.nodes[v->node].range, &n,
			    t->err))
		return -1;
	const struct graph_attr *attr = graph_attr(&n, "batch_dims");
	const bool bad = attr && attr->number != 0;
	arena_rewind(t->f->arena, mark);
	return bad ? refuse(t, v->node, "has batch_dims; only 0 can be frozen, with",
			    v->value)
		   : 0;
}

static int visit(struct trace *t, const struct visit *v)
{
	const struct ckpt_string op = t->s->net.nodes[v->node].op;
	struct flow_mark *mark = &t->s->marks[v->node];
	const char *becomes = NULL;
	const struct call_op *call = flow_call_op(op);
	if (v->reference && !flow_needs_reference(op)) {
		if (flow_of_reference(op, &becomes) == FLOW_KEEP)
			return 0;
	} else if (!v->reference && (call || flow_function(t->f, op) >= 0)) {
		return visit_call(t, v, call ? call : &flow_direct_call);
	}
	const enum flow_step step = becomes	   ? FLOW_RENAME
				    : v->reference ? FLOW_KEEP
						   : flow_of_handle(op, v->input);
	if (step == FLOW_KEEP)
		return refuse(t, v->node,
			      "needs the variable itself, not its value:", v->value);
	if (mark->step != FLOW_KEEP)
		return mark->value.dtype == v->value.dtype
			       ? 0
			       : refuse_mixture(t, v->node, v->value);
	if (step == FLOW_GATHER && check_gather(t, v))
		return -1;
	*mark = (struct flow_mark){ .step = step, .value = v->value, .op = becomes };
	if (step == FLOW_GATHER)
		mark->order = t->s->n_gathers++;
	return flow_passes(step) ? spread(t, v->node, ANY_OUTPUT, v->value, v->reference)
				 : 0;
}

static int drain(struct trace *t)
{
	while (t->stack.len) {
		struct visit v;
		t->stack.len -= sizeof v;
		memcpy(&v, t->stack.p + t->stack.len, sizeof v);
		if (visit(t, &v))
			return -1;
	}
	return 0;
}

/* A value that a node takes; dtype 0 where it was no variable. */
static struct flow_value value_at(const struct flow_scope *s, const struct net_input *in)
{
	static const struct flow_value none;
	if (in->node == NET_MISSING || in->output < 0 || is_index(s, in))
		return none;
	const struct flow_mark *mark = &s->marks[in->node];
	if (mark->step == FLOW_CALL)
		return (uint32_t)in->output < mark->call->n_out
			       ? mark->call->out[in->output]
			       : none;
	return flow_passes(mark->step) ? mark->value : none;
}

/* What joins several values has to get all of them as constants. */
static int check_joins(struct trace *t)
{
	for (uint32_t i = 0; i < t->s->net.n_nodes; i++) {
		const struct flow_mark *mark = &t->s->marks[i];
		const struct net_node *n = &t->s->net.nodes[i];
		const bool joins =
			(mark->step == FLOW_PASS && graph_text_is(n->op, "Merge")) ||
			(mark->step == FLOW_RENAME && graph_text_is(n->op, "RefMerge"));
		for (uint32_t k = 0; joins && k < n->n_inputs; k++)
			if (n->inputs[k].output >= 0 &&
			    value_at(t->s, &n->inputs[k]).dtype != mark->value.dtype)
				return refuse_mixture(t, i, mark->value);
		if (mark->step == FLOW_CALL && mark->call->op->loop &&
		    check_loop(t, mark->call))
			return -1;
	}
	return 0;
}

/* --- scopes ------------------------------------------------------------------------ */

/* Seeds, one after the other; then calls, until none changes. */
static int follow(struct trace *t, const uint32_t *nodes, const struct flow_value *values,
		  size_t n, bool main)
{
	for (size_t i = 0; i < n; i++) {
		const bool reference =
			main &&
			!graph_text_is(t->s->net.nodes[nodes[i]].op, "VarHandleOp");
		t->s->marks[nodes[i]] =
			(struct flow_mark){ .step = FLOW_CONST, .value = values[i] };
		if (spread(t, nodes[i], ANY_OUTPUT, values[i], reference) || drain(t))
			return -1;
	}
	for (size_t i = 0; i < t->calls.n; i++)
		if (follow_call(t, t->calls.p[i]) || drain(t))
			return -1;
	return check_joins(t);
}

static int trace_scope(struct flow *f, struct flow_scope *s, const uint32_t *nodes,
		       const struct flow_value *values, size_t n, struct ckpt_error *err)
{
	struct trace t = { .f = f, .s = s, .err = err };
	buffer_init(&t.stack, f->arena->limit);
	int r = net_users(&s->net, f->arena, &t.users, err);
	if (!r)
		r = follow(&t, nodes, values, n, s->function < 0);
	buffer_drop(&t.stack);
	pointers_drop(&t.calls);
	return r;
}

/* What the function returns, by the names of its results. */
static int find_results(struct flow *f, struct flow_scope *s, struct ckpt_error *err)
{
	const Ckpt__OpDef *head = s->def->signature;
	s->n_out = head->n_output_arg;
	s->out = arena_zeroed(f->arena, s->n_out + 1, sizeof *s->out);
	if (!s->out)
		return arena_error(f->arena, err);
	const Ckpt__FunctionDef__NameEntry *const *rets =
		call_results(f->arena, s->def, err);
	for (size_t i = 0; rets && i < s->n_out; i++) {
		const ProtobufCBinaryData *text = rets[i] ? &rets[i]->value : NULL;
		if (!text)
			continue;
		const char *p = (const char *)text->data;
		const struct graph_ref ref = graph_ref(p, text->len);
		const struct net_input in = { net_find(&s->net, p, text->len),
					      (int32_t)ref.output,
					      { p, text->len } };
		s->out[i] = value_at(s, &in);
	}
	return rets ? 0 : -1;
}

static int trace_function(struct trace *caller, struct flow_scope *s,
			  const struct flow_call *call)
{
	struct flow *f = caller->f;
	uint32_t *nodes = arena_zeroed(f->arena, call->n_in + 1, sizeof *nodes);
	struct ckpt_string *names = arena_zeroed(f->arena, call->n_in + 1, sizeof *names);
	struct flow_value *values =
		arena_zeroed(f->arena, call->n_in + 1, sizeof *values);
	size_t n = 0;
	if (!nodes || !values || !names)
		return arena_error(f->arena, caller->err);
	for (size_t i = 0; i < call->n_in; i++) {
		s->in[i] = (struct flow_value){ call->in[i].dtype, (uint32_t)i };
		names[i] = caller->s->origins[call->in[i].origin];
		if (!s->in[i].dtype)
			continue;
		nodes[n] = (uint32_t)i;
		values[n++] = s->in[i];
	}
	s->origins = names;
	s->busy = true;
	f->depth++;
	const int r = trace_scope(f, s, nodes, values, n, caller->err) ||
				      find_results(f, s, caller->err)
			      ? -1
			      : 0;
	f->depth--;
	s->busy = false;
	return r;
}

static bool same_arguments(const struct flow_scope *s, const struct flow_call *call)
{
	for (size_t i = 0; i < s->n_in; i++)
		if (s->in[i].dtype != call->in[i].dtype)
			return false;
	return s->n_in == call->n_in;
}

/* The function for these arguments, made when it is needed first. */
static struct flow_scope *scope_for(struct trace *t, const struct flow_call *call,
				    int64_t function)
{
	enum { MOST_SCOPES = 4096, DEEPEST = 100 };
	const struct flow_value value = t->s->marks[call->node].value;
	struct flow_scope **at = &t->f->of_function[function];
	for (; *at; at = &(*at)->next)
		if (same_arguments(*at, call))
			break;
	if (*at && !(*at)->busy)
		return *at;
	if (*at || t->f->depth == DEEPEST) {
		refuse(t, call->node,
		       *at ? "calls itself with the variable"
			   : "is more than 100 calls deep, with the variable",
		       value);
		return NULL;
	}
	if (t->f->n_scopes++ == MOST_SCOPES) {
		error_set(t->err, CKPT_ELIMIT, t->f->graph->path, -1,
			  "functions are called with more than %d different kinds of "
			  "arguments",
			  MOST_SCOPES);
		return NULL;
	}
	struct flow_scope *s = call_scope(t->f, function, call->n_in, t->err);
	if (!s)
		return NULL;
	if (s->net.n_args != call->n_in) {
		refuse(t, call->node, "has not as many arguments as its function, with",
		       value);
		return NULL;
	}
	*at = s;
	return trace_function(t, s, call) ? NULL : s;
}

int flow_run(struct flow *f, struct graph *g, struct arena *a, const struct net *net,
	     const bool *kept, const struct variables *variables, struct ckpt_error *err)
{
	struct flow_scope *s = &f->main;
	*f = (struct flow){ .graph = g, .arena = a };
	*s = (struct flow_scope){ .function = GRAPH_MAIN, .net = *net, .kept = kept };
	f->of_function = arena_zeroed(a, g->n_functions + 1, sizeof(struct flow_scope *));
	s->marks = arena_zeroed(a, (size_t)net->n_nodes + 1, sizeof *s->marks);
	uint32_t *nodes = arena_zeroed(a, variables->n + 1, sizeof *nodes);
	struct flow_value *values = arena_zeroed(a, variables->n + 1, sizeof *values);
	struct ckpt_string *names = arena_zeroed(a, variables->n + 1, sizeof *names);
	size_t n = 0;
	if (!f->of_function || !s->marks || !nodes || !values || !names)
		return arena_error(a, err);
	s->origins = names;
	if (call_index(f, err))
		return -1;
	for (size_t i = 0; i < variables->n; i++) {
		const struct variable *v = &variables->all[i];
		names[i] = v->name;
		if (!kept[v->node])
			continue;
		nodes[n] = v->node;
		values[n++] = (struct flow_value){ v->tensor->dtype, (uint32_t)i };
	}
	return trace_scope(f, s, nodes, values, n, err);
}
