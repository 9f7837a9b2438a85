/* flow_call.c — functions that are called with variables: who, which, with how many.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "make/flow_call.h"

#include <stdlib.h>

#include "base/error.h"
#include "format/graph_shown.h"
#include "format/message.h"

static struct ckpt_string string_of(ProtobufCBinaryData b)
{
	return (struct ckpt_string){ (const char *)b.data, b.len };
}

/* --- functions by name ------------------------------------------------------------- */

static int compare_names(struct ckpt_string a, struct ckpt_string b)
{
	return bytes_compare(a.p, a.len, b.p, b.len);
}

int call_index(struct flow *f, struct ckpt_error *err)
{
	const struct graph *g = f->graph;
	const struct graph_function *all = g->functions;
	if (graph_index(&f->functions, f->graph, f->arena, err))
		return -1;
	const uint32_t *sorted = f->functions.by_name;
	for (size_t i = 1; i < g->n_functions; i++)
		if (!compare_names(all[sorted[i]].name, all[sorted[i - 1]].name))
			return error_set(err, CKPT_ECORRUPT, g->path,
					 (int64_t)all[sorted[i]].range.at,
					 "two functions are called '%s'",
					 SHOWN(all[sorted[i]].name));
	return 0;
}

int64_t flow_function(const struct flow *f, struct ckpt_string name)
{
	size_t first;
	return graph_index_find(&f->functions, name, &first)
		       ? (int64_t)f->functions.by_name[first]
		       : -1;
}

/* --- a call ------------------------------------------------------------------------ */

struct reading {
	struct flow *f;
	int64_t function; /* in which it stands */
	const struct net_node *node;
	struct graph_node n; /* with its attributes */
	struct ckpt_error *err;
};

static int add_function(const struct reading *r, struct flow_call *call,
			struct ckpt_string name)
{
	const int64_t function = flow_function(r->f, name);
	if (function < 0)
		return error_set(r->err, CKPT_EUNSUPPORTED, r->f->graph->path, -1,
				 "%s calls '%s', a function that the graph lacks",
				 NODE(r->f->graph, r->function, r->node), SHOWN(name));
	call->functions[call->n_functions++] = function;
	return 0;
}

static void *unpack(const struct reading *r, const ProtobufCMessageDescriptor *type,
		    const struct graph_attr *attr)
{
	struct bytes b;
	if (graph_attr_bytes(r->f->graph, r->f->arena, attr, &b, r->err))
		return NULL;
	return message_unpack(r->f->arena, type, b, r->f->graph->path,
			      (int64_t)attr->value.at, r->err);
}

static int reserve(const struct reading *r, struct flow_call *call, size_t n)
{
	const size_t old = call->n_functions;
	int64_t *functions =
		arena_zeroed(r->f->arena, old + n + 1, sizeof *call->functions);
	if (!functions)
		return arena_error(r->f->arena, r->err);
	if (old)
		memcpy(functions, call->functions, old * sizeof *functions);
	call->functions = functions;
	return 0;
}

/* The functions of one attribute: one, or a list. */
static int read_functions(const struct reading *r, struct flow_call *call,
			  const char *name)
{
	const struct graph_attr *attr = graph_attr(&r->n, name);
	if (attr && attr->kind == ATTR_FUNC) {
		const Ckpt__NameAttrList *func =
			unpack(r, &ckpt__name_attr_list__descriptor, attr);
		return !func || reserve(r, call, 1) ||
				       add_function(r, call, string_of(func->name))
			       ? -1
			       : 0;
	}
	if (!attr || attr->kind != ATTR_LIST)
		return error_set(r->err, CKPT_ECORRUPT, r->f->graph->path,
				 (int64_t)r->n.range.at, "%s has no function '%s'",
				 NODE(r->f->graph, r->function, r->node), name);
	const Ckpt__AttrValue__List *list =
		unpack(r, &ckpt__attr_value__list__descriptor, attr);
	if (!list || reserve(r, call, list->n_func))
		return -1;
	for (size_t i = 0; i < list->n_func; i++)
		if (add_function(r, call, string_of(list->func[i]->name)))
			return -1;
	return 0;
}

/* How many dtypes a list has. */
static int count_types(const struct reading *r, const char *name, size_t *n)
{
	const struct graph_attr *attr = graph_attr(&r->n, name);
	const Ckpt__AttrValue__List *list =
		attr && attr->kind == ATTR_LIST
			? unpack(r, &ckpt__attr_value__list__descriptor, attr)
			: NULL;
	*n = list ? list->n_type : 0;
	return attr && attr->kind == ATTR_LIST && !list ? -1 : 0;
}

static int count_results(const struct reading *r, struct flow_call *call)
{
	if (call->op->types_out)
		return count_types(r, call->op->types_out, &call->n_out);
	const Ckpt__FunctionDef *def = graph_function(r->f->graph, r->f->arena,
						      (size_t)call->functions[0], r->err);
	call->n_out = def && def->signature ? def->signature->n_output_arg : 0;
	return def ? 0 : -1;
}

static int read_call(const struct reading *r, struct flow_call *call)
{
	const struct call_op *op = call->op;
	size_t n_types = call->n_in;
	if (!op->functions[0] &&
	    (reserve(r, call, 1) || add_function(r, call, r->node->op)))
		return -1;
	for (size_t i = 0; i < 2 && op->functions[i]; i++)
		if (read_functions(r, call, op->functions[i]))
			return -1;
	if ((op->types_in && count_types(r, op->types_in, &n_types)) ||
	    count_results(r, call))
		return -1;
	/* flow.c takes them by their place. */
	if (op->loop && call->n_functions != 2)
		return error_set(r->err, CKPT_ECORRUPT, r->f->graph->path,
				 (int64_t)r->n.range.at,
				 "%s has not one condition and one body",
				 NODE(r->f->graph, r->function, r->node));
	if (n_types != call->n_in)
		return error_set(
			r->err, CKPT_ECORRUPT, r->f->graph->path, (int64_t)r->n.range.at,
			"%s has %zu arguments, but dtypes of %zu",
			NODE(r->f->graph, r->function, r->node), call->n_in, n_types);
	return 0;
}

struct flow_call *call_read(struct flow *f, const struct flow_scope *s, uint32_t node,
			    const struct call_op *op, struct ckpt_error *err)
{
	struct reading r = {
		.f = f, .function = s->function, .node = &s->net.nodes[node], .err = err
	};
	struct flow_call *call = arena_zeroed(f->arena, 1, sizeof *call);
	if (!call) {
		arena_error(f->arena, err);
		return NULL;
	}
	call->op = op;
	call->node = node;
	for (uint32_t i = 0; i < r.node->n_inputs; i++)
		call->n_in += r.node->inputs[i].output >= 0;
	call->n_in -= call->n_in < op->first ? call->n_in : op->first;
	if (graph_node_read(f->graph, f->arena, r.node->range, &r.n, err) ||
	    read_call(&r, call))
		return NULL;
	call->scopes = arena_zeroed(f->arena, call->n_functions + 1,
				    sizeof(struct flow_scope *));
	call->in = arena_zeroed(f->arena, call->n_in + 1, sizeof *call->in);
	call->out = arena_zeroed(f->arena, call->n_out + 1, sizeof *call->out);
	if (call->scopes && call->in && call->out)
		return call;
	arena_error(f->arena, err);
	return NULL;
}

/* --- functions --------------------------------------------------------------------- */

struct flow_scope *call_scope(struct flow *f, int64_t function, size_t n_in,
			      struct ckpt_error *err)
{
	struct flow_scope *s = arena_zeroed(f->arena, 1, sizeof *s);
	if (!s) {
		arena_error(f->arena, err);
		return NULL;
	}
	s->function = function;
	s->def = graph_function(f->graph, f->arena, (size_t)function, err);
	if (!s->def || net_load(f->graph, f->arena, function, &s->net, err))
		return NULL;
	if (!s->def->signature) {
		error_set(err, CKPT_ECORRUPT, f->graph->path,
			  (int64_t)f->graph->functions[function].range.at,
			  "a function has no signature");
		return NULL;
	}
	s->n_in = n_in;
	s->in = arena_zeroed(f->arena, n_in + 1, sizeof *s->in);
	s->marks = arena_zeroed(f->arena, (size_t)s->net.n_nodes + 1, sizeof *s->marks);
	if (s->in && s->marks)
		return s;
	arena_error(f->arena, err);
	return NULL;
}

static int by_key(const void *x, const void *y)
{
	const Ckpt__FunctionDef__NameEntry *a = *(Ckpt__FunctionDef__NameEntry *const *)x;
	const Ckpt__FunctionDef__NameEntry *b = *(Ckpt__FunctionDef__NameEntry *const *)y;
	return compare_names(string_of(a->key), string_of(b->key));
}

const Ckpt__FunctionDef__NameEntry *const *
call_results(struct arena *a, const Ckpt__FunctionDef *def, struct ckpt_error *err)
{
	const Ckpt__OpDef *head = def->signature;
	const Ckpt__FunctionDef__NameEntry **sorted =
		arena_zeroed(a, def->n_ret + 1, sizeof *sorted);
	const Ckpt__FunctionDef__NameEntry **results =
		arena_zeroed(a, head->n_output_arg + 1, sizeof *results);
	if (!sorted || !results) {
		arena_error(a, err);
		return NULL;
	}
	for (size_t i = 0; i < def->n_ret; i++)
		sorted[i] = def->ret[i];
	if (def->n_ret)
		qsort(sorted, def->n_ret, sizeof *sorted, by_key);
	for (size_t i = 0; i < head->n_output_arg; i++) {
		const Ckpt__FunctionDef__NameEntry want = {
			.key = head->output_arg[i]->name
		};
		const Ckpt__FunctionDef__NameEntry *key = &want;
		const Ckpt__FunctionDef__NameEntry *const *found =
			def->n_ret ? bsearch(&key, sorted, def->n_ret, sizeof *sorted,
					     by_key)
				   : NULL;
		results[i] = found ? *found : NULL;
	}
	return results;
}
