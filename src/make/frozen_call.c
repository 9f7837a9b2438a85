/* frozen_call.c — the attributes of a node that calls other functions now.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "base/error.h"
#include "format/message.h"
#include "make/frozen_node.h"

int pack_value(struct arena *a, uint32_t field, const void *message, struct bytes *value,
	       struct ckpt_error *err)
{
	const size_t n = protobuf_c_message_get_packed_size(message);
	const size_t whole = (size_t)field_size(field, n);
	struct buffer b = { arena_alloc(a, whole), 0, whole, whole };
	if (!b.p)
		return arena_error(a, err);
	struct sink s = sink_into(&b, err);
	put_length(&s, field, n);
	protobuf_c_message_pack(message, b.p + b.len);
	*value = bytes_of(b.p, whole);
	return 0;
}

/* What the call's functions are called now. */
static void rename_functions(const struct flow_call *call, const char *attr,
			     Ckpt__NameAttrList *const *func, size_t n)
{
	size_t at = 0;
	if (n > call->n_functions)
		return; /* an attribute that stands twice: this one does not count */
	/* They stand in the order of the attributes: those of the first come first. */
	if (call->op->functions[1] && !strcmp(attr, call->op->functions[1]))
		at = call->n_functions - n;
	for (size_t i = 0; i < n; i++) {
		const char *name = call->scopes[at + i]->name;
		func[i]->name = (ProtobufCBinaryData){ strlen(name), (uint8_t *)name };
	}
}

/* The shape of a result that was a handle is that of the variable: known where each
 * round of a loop gets it from the one before. */
static int set_shape(struct frozen *z, const struct flow_scope *s,
		     const struct flow_call *call, size_t i, Ckpt__TensorShape *shape,
		     struct ckpt_error *err)
{
	const bool same =
		s->function < 0 && call->op->loop && call->scopes[1]->out[i].origin == i;
	shape->n_dim = 0;
	shape->unknown_rank = !same;
	if (!same)
		return 0;
	const struct selection *of = &z->constants[call->in[i].origin].selection;
	const size_t rank = (size_t)of->rank;
	shape->dim = arena_zeroed(&z->arena, rank + 1, sizeof(Ckpt__TensorShape__Dim *));
	if (!shape->dim)
		return arena_error(&z->arena, err);
	for (size_t k = 0; k < rank; k++) {
		Ckpt__TensorShape__Dim *dim =
			arena_zeroed(&z->arena, 1, sizeof **shape->dim);
		if (!dim)
			return arena_error(&z->arena, err);
		ckpt__tensor_shape__dim__init(dim);
		dim->size = (int64_t)of->dim[k].count;
		shape->dim[shape->n_dim++] = dim;
	}
	return 0;
}

static int change_list(struct frozen *z, const struct flow_scope *s,
		       const struct flow_call *call, const char *name,
		       Ckpt__AttrValue__List *list, struct ckpt_error *err)
{
	const struct call_op *op = call->op;
	const bool in = op->types_in && !strcmp(name, op->types_in);
	const bool out = op->types_out && !strcmp(name, op->types_out);
	const bool shapes = !strcmp(name, "output_shapes");
	for (size_t i = 0; in && i < call->n_in && i < list->n_type; i++)
		if (call->in[i].dtype)
			list->type[i] = (Ckpt__DataType)call->in[i].dtype;
	for (size_t i = 0; out && i < call->n_out && i < list->n_type; i++)
		if (call->out[i].dtype)
			list->type[i] = (Ckpt__DataType)call->out[i].dtype;
	for (size_t i = 0; shapes && i < call->n_out && i < list->n_shape; i++)
		if (call->out[i].dtype && set_shape(z, s, call, i, list->shape[i], err))
			return -1;
	return 0;
}

static bool is_changed(const struct call_op *op, struct ckpt_string name)
{
	const char *const names[] = { op->types_in, op->types_out, op->functions[0],
				      op->functions[1], "output_shapes" };
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (names[i] && graph_text_is(name, names[i]))
			return true;
	return false;
}

int change_call(struct frozen *z, const struct flow_scope *s,
		const struct flow_call *call, const struct graph_attr *attr,
		struct new_attr *to, struct ckpt_error *err)
{
	struct graph *g = z->flow->graph;
	const int64_t at = (int64_t)attr->value.at;
	struct bytes b;
	if (!is_changed(call->op, attr->name) ||
	    (attr->kind != ATTR_LIST && attr->kind != ATTR_FUNC))
		return 0;
	if (graph_attr_bytes(g, &z->arena, attr, &b, err))
		return -1;
	if (attr->kind == ATTR_FUNC) {
		Ckpt__NameAttrList *func =
			message_unpack(&z->arena, &ckpt__name_attr_list__descriptor, b,
				       g->path, at, err);
		if (!func)
			return -1;
		rename_functions(call, attr->name.p, &func, 1);
		return pack_value(&z->arena, ATTR_FUNC, func, &to->value, err);
	}
	Ckpt__AttrValue__List *list = message_unpack(
		&z->arena, &ckpt__attr_value__list__descriptor, b, g->path, at, err);
	if (!list || change_list(z, s, call, attr->name.p, list, err))
		return -1;
	if (list->n_func)
		rename_functions(call, attr->name.p, list->func, list->n_func);
	return pack_value(&z->arena, ATTR_LIST, list, &to->value, err);
}
