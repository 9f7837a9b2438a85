/* frozen.c — a frozen graph as bytes.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Nodes are walked in the order of the file; those that gathers get for their axes stand
 * at the end, as TensorFlow has it. What lies in something else is counted before it is
 * written, since its length stands first.
 */
#include "config.h"

#include "make/frozen.h"

#include <stdlib.h>

#include "base/error.h"
#include "make/frozen_node.h"

/* Fields of GraphDef, FunctionDefLibrary and FunctionDef. */
enum { DEF_NODE = 1, DEF_LIBRARY = 2, DEF_VERSIONS = 4 };
enum { LIBRARY_FUNCTION = 1, LIBRARY_GRADIENT = 2, LIBRARY_REGISTERED = 3 };
enum { FUNCTION_SIGNATURE = 1, FUNCTION_NODE = 3 };

static struct ckpt_string string_of(ProtobufCBinaryData b)
{
	return (struct ckpt_string){ (const char *)b.data, b.len };
}

/* --- nodes ------------------------------------------------------------------------- */

/* "x/axis", unless a node has that name. */
static const char *axis_name(struct frozen *z, const struct flow_scope *s,
			     struct ckpt_string gather, struct ckpt_error *err)
{
	const char *name = arena_printf(&z->arena, "%s/axis", gather.p);
	for (unsigned i = 1; name; i++) {
		if (net_find(&s->net, name, strlen(name)) == NET_MISSING)
			return name;
		name = arena_printf(&z->arena, "%s/axis_%u", gather.p, i);
	}
	arena_error(&z->arena, err);
	return NULL;
}

struct walking {
	struct frozen *z;
	const struct flow_scope *scope; /* NULL: a function as it is */
	struct sink *to;
	uint32_t field;
	struct graph_range *gathers; /* of the main graph, in their order */
};

static int put_axis(struct walking *w, const struct graph_node *gather)
{
	struct new_node axis;
	const char *name = axis_name(w->z, w->scope, gather->name, w->to->err);
	if (!name || new_axis(w->z, gather, name, &axis, w->to->err))
		return -1;
	put_node(w->z, &axis, w->field, w->to);
	w->z->n_nodes += w->scope->function < 0;
	return 0;
}

static int put_one(struct walking *w, const struct graph_node *n, uint32_t at)
{
	struct frozen *z = w->z;
	const struct flow_mark *mark = w->scope ? &w->scope->marks[at] : NULL;
	const bool gather = mark && mark->step == FLOW_GATHER;
	const char *axis = NULL;
	struct new_node new;
	if (gather && !(axis = axis_name(z, w->scope, n->name, w->to->err)))
		return -1;
	if (new_node(z, w->scope, n, at, axis, &new, w->to->err))
		return -1;
	put_node(z, &new, w->field, w->to);
	if (!gather)
		return 0;
	if (n->function >= 0)
		return put_axis(w, n);
	w->gathers[mark->order] = n->range;
	return 0;
}

/* The nodes of the main graph that are kept, or all of a function. */
static void put_nodes(struct walking *w, int64_t function)
{
	struct graph_walk walk;
	struct graph_node n;
	const bool *kept = w->scope ? w->scope->kept : NULL;
	uint32_t i = w->scope ? w->scope->net.n_args : 0;
	int r;
	graph_walk_begin(&walk, w->z->flow->graph, function);
	for (; (r = graph_walk_next(&walk, &n, w->to->err)) > 0; i++) {
		if (kept && !kept[i])
			continue;
		const struct arena_mark mark = arena_mark(&w->z->arena);
		if (put_one(w, &n, i))
			sink_fail(w->to);
		arena_rewind(&w->z->arena, mark);
		w->z->n_nodes += function < 0;
		if (w->to->failed)
			break;
	}
	graph_walk_end(&walk);
	if (r < 0)
		sink_fail(w->to);
}

static void put_main(struct frozen *z, struct sink *s)
{
	struct flow_scope *scope = &z->flow->main;
	const struct arena_mark mark = arena_mark(&z->arena);
	struct walking w = { z, scope, s, DEF_NODE, NULL };
	w.gathers = arena_zeroed(&z->arena, scope->n_gathers + 1, sizeof *w.gathers);
	if (!w.gathers) {
		arena_error(&z->arena, s->err);
		sink_fail(s);
		return;
	}
	put_nodes(&w, GRAPH_MAIN);
	for (uint32_t i = 0; i < scope->n_gathers && !s->failed; i++) {
		struct graph_node n;
		if (graph_node_read(z->flow->graph, &z->arena, w.gathers[i], &n,
				    s->err) ||
		    put_axis(&w, &n))
			sink_fail(s);
	}
	arena_rewind(&z->arena, mark);
}

/* --- functions --------------------------------------------------------------------- */

static void unknown_shape(Ckpt__AttrValue *value, size_t i)
{
	if (!value || value->value_case != CKPT__ATTR_VALUE__VALUE_LIST ||
	    i >= value->list->n_shape)
		return;
	value->list->shape[i]->unknown_rank = true;
	value->list->shape[i]->n_dim = 0;
}

static void unknown_in(Ckpt__AttrEntry *const *attrs, size_t n, const char *key, size_t i)
{
	for (size_t k = 0; k < n; k++)
		if (graph_text_is(string_of(attrs[k]->key), key))
			unknown_shape(attrs[k]->value, i);
}

/* Argument i is no handle any more: what was known of it as one goes. */
static void change_argument(Ckpt__FunctionDef *def, size_t i, int dtype)
{
	Ckpt__OpDef__ArgDef *arg = def->signature->input_arg[i];
	size_t kept = 0;
	arg->type = (Ckpt__DataType)dtype;
	arg->n_handle_data = 0;
	arg->experimental_full_type = NULL;
	unknown_in(def->attr, def->n_attr, "_input_shapes", i);
	for (size_t k = 0; k < def->n_arg_attr; k++)
		if (def->arg_attr[k]->key == i && def->arg_attr[k]->value)
			unknown_in(def->arg_attr[k]->value->attr,
				   def->arg_attr[k]->value->n_attr, "_output_shapes", 0);
	for (size_t k = 0; k < def->n_resource_arg_unique_id; k++)
		if (def->resource_arg_unique_id[k]->key != i)
			def->resource_arg_unique_id[kept++] =
				def->resource_arg_unique_id[k];
	def->n_resource_arg_unique_id = kept;
}

static void change_result(Ckpt__FunctionDef *def, size_t i, int dtype)
{
	Ckpt__OpDef__ArgDef *arg = def->signature->output_arg[i];
	arg->type = (Ckpt__DataType)dtype;
	arg->n_handle_data = 0;
	arg->experimental_full_type = NULL;
}

/* The head of the new function. It was unpacked for this scope alone. */
static int change_function(struct frozen *z, const struct flow_scope *s,
			   struct ckpt_error *err)
{
	Ckpt__FunctionDef *def = (Ckpt__FunctionDef *)s->def;
	def->signature->name =
		(ProtobufCBinaryData){ strlen(s->name), (uint8_t *)s->name };
	for (size_t i = 0; i < s->n_in; i++)
		if (s->in[i].dtype)
			change_argument(def, i, s->in[i].dtype);
	for (size_t i = 0; i < s->n_out; i++)
		if (s->out[i].dtype)
			change_result(def, i, s->out[i].dtype);
	for (size_t i = 0; i < def->n_ret; i++) {
		struct ckpt_string text = string_of(def->ret[i]->value);
		const uint32_t node = net_find(&s->net, text.p, text.len);
		if (node == NET_MISSING || s->marks[node].step != FLOW_READ)
			continue;
		if (new_input(z, s, text, node, &text, err))
			return -1;
		def->ret[i]->value = (ProtobufCBinaryData){ text.len, (uint8_t *)text.p };
	}
	return 0;
}

static int by_key(const void *x, const void *y)
{
	const Ckpt__AttrEntry *a = *(Ckpt__AttrEntry *const *)x;
	const Ckpt__AttrEntry *b = *(Ckpt__AttrEntry *const *)y;
	return bytes_compare(a->key.data, a->key.len, b->key.data, b->key.len);
}

/* A message without its own tag; field 0: nothing but its fields. */
static int put_packed(struct frozen *z, uint32_t field, const void *message,
		      struct sink *s)
{
	const size_t n = protobuf_c_message_get_packed_size(message);
	const struct arena_mark mark = arena_mark(&z->arena);
	uint8_t *packed = arena_alloc(&z->arena, n + 1);
	if (!packed)
		return arena_error(&z->arena, s->err);
	protobuf_c_message_pack(message, packed);
	if (field)
		put_length(s, field, n);
	put_bytes(s, packed, n);
	arena_rewind(&z->arena, mark);
	return 0;
}

/* A FunctionDef: its signature, its nodes, and what else it has. */
static void put_function(struct frozen *z, int64_t function,
			 const struct flow_scope *scope, struct sink *s)
{
	const struct arena_mark mark = arena_mark(&z->arena);
	const Ckpt__FunctionDef *def = scope ? scope->def
					     : graph_function(z->flow->graph, &z->arena,
							      (size_t)function, s->err);
	struct walking w = { z, scope, s, FUNCTION_NODE, NULL };
	if (!def) {
		sink_fail(s);
		return;
	}
	Ckpt__FunctionDef rest = *def;
	rest.signature = NULL;
	if (rest.n_attr)
		qsort(rest.attr, rest.n_attr, sizeof(Ckpt__AttrEntry *), by_key);
	if (def->signature && put_packed(z, FUNCTION_SIGNATURE, def->signature, s))
		sink_fail(s);
	put_nodes(&w, function);
	if (put_packed(z, 0, &rest, s))
		sink_fail(s);
	arena_rewind(&z->arena, mark);
}

static void put_sized(struct frozen *z, uint64_t *size, int64_t function,
		      const struct flow_scope *scope, struct sink *s)
{
	struct sink count = sink_counting(s->err);
	if (!*size) {
		put_function(z, function, scope, &count);
		*size = count.n;
	}
	if (count.failed)
		sink_fail(s);
	put_length(s, LIBRARY_FUNCTION, *size);
	if (sink_counts(s))
		put_counted(s, *size);
	else
		put_function(z, function, scope, s);
	z->n_functions++;
}

static bool is_plain(const struct frozen *z, ProtobufCBinaryData name)
{
	const int64_t i = flow_function(z->flow, string_of(name));
	return i >= 0 && z->functions->plain[i];
}

/* Gradients of what is still there. */
static void put_gradients(struct frozen *z, const Ckpt__FunctionLibrary *library,
			  struct sink *s)
{
	for (size_t i = 0; library && i < library->n_gradient; i++)
		if (is_plain(z, library->gradient[i]->function_name) &&
		    is_plain(z, library->gradient[i]->gradient_func) &&
		    put_packed(z, LIBRARY_GRADIENT, library->gradient[i], s))
			sink_fail(s);
	for (size_t i = 0; library && i < library->n_registered_gradients; i++)
		if (is_plain(z, library->registered_gradients[i]->gradient_func) &&
		    put_packed(z, LIBRARY_REGISTERED, library->registered_gradients[i],
			       s))
			sink_fail(s);
}

static void put_library(struct frozen *z, const Ckpt__GraphDef *head, struct sink *s)
{
	const struct kept_functions *k = z->functions;
	size_t next = 0;
	for (size_t i = 0; i < z->flow->graph->n_functions && !s->failed; i++) {
		if (k->plain[i])
			put_sized(z, &z->sizes[i], (int64_t)i, NULL, s);
		for (; next < k->n_scopes && k->scopes[next]->function == (int64_t)i;
		     next++)
			put_sized(z, &z->sizes[z->flow->graph->n_functions + next],
				  (int64_t)i, k->scopes[next], s);
	}
	put_gradients(z, head->library, s);
}

/* --- the graph --------------------------------------------------------------------- */

int frozen_prepare(struct frozen *z, struct ckpt_error *err)
{
	const struct kept_functions *k = z->functions;
	arena_init(&z->arena, z->flow->graph->limit);
	z->sizes = arena_zeroed(&z->arena, z->flow->graph->n_functions + k->n_scopes + 1,
				sizeof *z->sizes);
	if (!z->sizes)
		return arena_error(&z->arena, err);
	for (size_t i = 0; i < k->n_scopes; i++)
		if (change_function(z, k->scopes[i], err))
			return -1;
	return 0;
}

void frozen_put(struct frozen *z, struct sink *s)
{
	const Ckpt__GraphDef *head = graph_head(z->flow->graph, s->err);
	struct sink count = sink_counting(s->err);
	if (!head) {
		sink_fail(s);
		return;
	}
	z->n_nodes = 0;
	put_main(z, s);
	put_library(z, head, &count);
	if (count.failed)
		sink_fail(s);
	z->n_functions = 0;
	if (head->library)
		put_length(s, DEF_LIBRARY, count.n);
	if (head->library)
		put_library(z, head, s);
	if (head->versions && put_packed(z, DEF_VERSIONS, head->versions, s))
		sink_fail(s);
}

void frozen_drop(struct frozen *z)
{
	arena_drop(&z->arena);
}
