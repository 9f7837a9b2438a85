/* frozen_node.c — one node of a frozen graph, as bytes.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "make/frozen_node.h"

#include <stdlib.h>

#include "base/error.h"
#include "format/message.h"
#include "make/flow_ops.h"

/* NodeDef and AttrValue. */
enum { NODE_NAME = 1, NODE_OP, NODE_INPUT, NODE_DEVICE, NODE_ATTR, NODE_TYPE = 7 };
enum { ENTRY_KEY = 1, ENTRY_VALUE };

static struct ckpt_string text(const char *p)
{
	return (struct ckpt_string){ p, strlen(p) };
}

/* --- attributes -------------------------------------------------------------------- */

static int by_key(const void *x, const void *y)
{
	const struct new_attr *a = x, *b = y;
	const int order = bytes_compare(a->key.p, a->key.len, b->key.p, b->key.len);
	return order ? order : (a->entry.at > b->entry.at) - (a->entry.at < b->entry.at);
}

/* The last of each key counts, as in a map of protobuf. */
static void sort_attrs(struct new_node *n)
{
	size_t kept = 0;
	if (n->n_attrs)
		qsort(n->attrs, n->n_attrs, sizeof *n->attrs, by_key);
	for (size_t i = 0; i < n->n_attrs; i++) {
		const struct new_attr *next =
			i + 1 < n->n_attrs ? &n->attrs[i + 1] : NULL;
		if (!next || bytes_compare(n->attrs[i].key.p, n->attrs[i].key.len,
					   next->key.p, next->key.len))
			n->attrs[kept++] = n->attrs[i];
	}
	n->n_attrs = kept;
}

/* AttrValue.type */
static int add_type(struct arena *a, struct new_node *n, const char *key, uint64_t dtype,
		    struct ckpt_error *err)
{
	enum { SMALL_DTYPE = 0x80 };
	uint8_t *value = arena_alloc(a, 3);
	if (!value)
		return arena_error(a, err);
	const size_t len = dtype < SMALL_DTYPE ? 2 : 3;
	value[0] = ATTR_TYPE << 3 | WIRE_VARINT;
	value[1] = (uint8_t)(len == 2 ? dtype : dtype | 0x80);
	value[2] = (uint8_t)(dtype >> 7);
	n->attrs[n->n_attrs++] =
		(struct new_attr){ .key = text(key), .value = bytes_of(value, len) };
	return 0;
}

/* The dtype that an attribute of a node says; 0 if it does not. */
static uint64_t type_of(const struct graph_node *n, const char *key)
{
	enum { MOST_DTYPE = 255 };
	const struct graph_attr *attr = graph_attr(n, key);
	return attr && attr->kind == ATTR_TYPE && attr->number <= MOST_DTYPE
		       ? attr->number
		       : 0;
}

/* The lengths in a text's wire form are padded (textproto.c): what is small is written
 * anew, so that a text and its binary form give the same bytes. *bytes: a message. */
static int repack(struct frozen *z, const ProtobufCMessageDescriptor *type,
		  struct bytes *bytes, struct ckpt_error *err)
{
	const struct graph *g = z->flow->graph;
	const ProtobufCMessage *message =
		message_unpack(&z->arena, type, *bytes, g->path, -1, err);
	if (!message)
		return -1;
	const size_t n = protobuf_c_message_get_packed_size(message);
	uint8_t *packed = arena_alloc(&z->arena, n + 1);
	if (!packed)
		return arena_error(&z->arena, err);
	protobuf_c_message_pack(message, packed);
	*bytes = (struct bytes){ packed, packed + n };
	return 0;
}

/* The AttrValue of a map's entry. */
static int repack_entry(struct frozen *z, struct graph_range entry, struct bytes *value,
			struct ckpt_error *err)
{
	struct scan *scan = &z->flow->graph->scan;
	struct fields fields = fields_of(scan, entry.at, entry.n);
	struct field f;
	int r;
	*value = (struct bytes){ (const uint8_t *)"", (const uint8_t *)"" };
	while ((r = fields_next(&fields, &f, err)) > 0) {
		if (f.number != ENTRY_VALUE)
			continue;
		const void *p = scan_copy(scan, &z->arena, f.at, f.n, err);
		if (!p)
			return -1;
		*value = (struct bytes){ p, (const uint8_t *)p + f.n };
	}
	return r ? r : repack(z, &ckpt__attr_value__descriptor, value, err);
}

static int add_same(struct frozen *z, struct new_node *to, const struct graph_attr *attr,
		    struct ckpt_error *err)
{
	if (!attr)
		return 0;
	struct new_attr *new = &to->attrs[to->n_attrs++];
	*new = (struct new_attr){ .key = attr->name, .entry = attr->entry };
	return z->flow->graph->text && attr->entry.n <= GRAPH_SMALL
		       ? repack_entry(z, attr->entry, &new->value, err)
		       : 0;
}

/* All of a node's attributes, or a call's changed ones. What shapes its results had says
 * the graph's exporter; TensorFlow drops that when it reads a graph. */
static int add_all(struct frozen *z, const struct flow_scope *s,
		   const struct graph_node *n, const struct flow_mark *mark,
		   struct new_node *to, struct ckpt_error *err)
{
	const bool main = n->function < 0, passes = mark && flow_passes(mark->step);
	for (size_t i = 0; i < n->n_attrs; i++) {
		const struct graph_attr *attr = &n->attrs[i];
		if ((main || passes) && graph_text_is(attr->name, "_output_shapes"))
			continue;
		if (passes && graph_text_is(attr->name, "T"))
			continue;
		if (add_same(z, to, attr, err))
			return -1;
		if (mark && mark->step == FLOW_CALL &&
		    change_call(z, s, mark->call, attr, &to->attrs[to->n_attrs - 1], err))
			return -1;
	}
	return passes ? add_type(&z->arena, to, "T", (uint64_t)mark->value.dtype, err)
		      : 0;
}

/* --- inputs ------------------------------------------------------------------------ */

static int add_inputs(struct frozen *z, const struct flow_scope *s,
		      const struct graph_node *n, uint32_t at, size_t most,
		      const char *axis, struct new_node *to, struct ckpt_error *err)
{
	const size_t count = n->n_inputs < most ? n->n_inputs : most;
	struct ckpt_string *inputs = arena_zeroed(&z->arena, count + 1, sizeof *inputs);
	if (!inputs)
		return arena_error(&z->arena, err);
	for (size_t i = 0; i < count; i++) {
		const uint32_t from = s ? s->net.nodes[at].inputs[i].node : NET_MISSING;
		inputs[i] = n->inputs[i];
		if (from != NET_MISSING && s->marks[from].step == FLOW_READ &&
		    new_input(z, s, n->inputs[i], from, &inputs[i], err))
			return -1;
	}
	to->inputs = inputs;
	to->n_inputs = count;
	if (!axis)
		return 0;
	inputs[count] = text(axis);
	to->n_inputs++;
	if (n->function < 0)
		return 0;
	inputs[count].p = arena_printf(&z->arena, "%s:output:0", axis);
	if (!inputs[count].p)
		return arena_error(&z->arena, err);
	inputs[count].len = strlen(inputs[count].p);
	return 0;
}

int new_input(struct frozen *z, const struct flow_scope *s, struct ckpt_string input,
	      uint32_t node, struct ckpt_string *to, struct ckpt_error *err)
{
	const struct graph_ref ref = graph_ref(input.p, input.len);
	*to = input;
	if (s->function < 0 || ref.control || !graph_text_is(ref.arg, "value"))
		return 0;
	const struct ckpt_string name = s->net.nodes[node].name;
	to->p = arena_printf(&z->arena, "%.*s:output:0", (int)name.len, name.p);
	if (!to->p)
		return arena_error(&z->arena, err);
	to->len = strlen(to->p);
	return 0;
}

/* --- what becomes of a node -------------------------------------------------------- */

struct ckpt_string new_op(const struct net_node *n, const struct flow_mark *mark)
{
	static const char *const ops[] = {
		[FLOW_CONST] = "Const",	    [FLOW_READ] = "Identity",
		[FLOW_GATHER] = "GatherV2", [FLOW_GATHER_ND] = "GatherNd",
		[FLOW_SHAPE] = "Shape",	    [FLOW_CALL] = NULL,
	};
	if (mark->step == FLOW_RENAME)
		return text(mark->op);
	if (mark->step == FLOW_CALL && mark->call->op == &flow_direct_call)
		return text(mark->call->scopes[0]->name);
	return ops[mark->step] ? text(ops[mark->step]) : n->op;
}

/* The node of a variable: nothing of it stays but its name. */
static int become_const(struct frozen *z, const struct flow_mark *mark,
			struct new_node *to, struct ckpt_error *err)
{
	to->device = text("");
	to->inputs = NULL;
	to->n_inputs = 0;
	if (add_type(&z->arena, to, "dtype", (uint64_t)mark->value.dtype, err))
		return -1;
	to->attrs[to->n_attrs++] =
		(struct new_attr){ .key = text("value"),
				   .tensor = &z->constants[mark->value.origin] };
	return 0;
}

/* What reads a variable by its handle: an op that takes a tensor. */
static int become_reader(struct frozen *z, const struct graph_node *n,
			 const struct flow_mark *mark, struct new_node *to,
			 struct ckpt_error *err)
{
	struct arena *a = &z->arena;
	const uint64_t dtype = (uint64_t)mark->value.dtype;
	if (add_same(z, to, graph_attr(n, "_class"), err))
		return -1;
	switch (mark->step) {
	case FLOW_READ:
		return add_type(a, to, "T", dtype, err);
	case FLOW_SHAPE:
		return add_same(z, to, graph_attr(n, "out_type"), err) ||
				       add_type(a, to, "T", dtype, err)
			       ? -1
			       : 0;
	case FLOW_GATHER:
		if (add_type(a, to, "Taxis", type_of(n, "Tindices"), err))
			return -1;
		break;
	default:
		break;
	}
	return add_same(z, to, graph_attr(n, "Tindices"), err) ||
			       add_type(a, to, "Tparams", dtype, err)
		       ? -1
		       : 0;
}

int new_node(struct frozen *z, const struct flow_scope *s, const struct graph_node *n,
	     uint32_t at, const char *axis, struct new_node *to, struct ckpt_error *err)
{
	enum { MORE_ATTRS = 4 };
	static const struct flow_mark keep = { .step = FLOW_KEEP };
	const struct flow_mark *mark = s ? &s->marks[at] : &keep;
	const bool gathers = mark->step == FLOW_GATHER || mark->step == FLOW_GATHER_ND;
	const bool reads = mark->step == FLOW_READ || mark->step == FLOW_SHAPE;
	*to = (struct new_node){ .name = n->name, .op = n->op, .device = n->device };
	to->attrs = arena_zeroed(&z->arena, n->n_attrs + MORE_ATTRS, sizeof *to->attrs);
	if (!to->attrs)
		return arena_error(&z->arena, err);
	int r;
	if (mark->step == FLOW_CONST)
		r = become_const(z, mark, to, err);
	else if (gathers || reads)
		r = become_reader(z, n, mark, to, err);
	else
		r = add_all(z, s, n, mark, to, err);
	if (mark->step != FLOW_KEEP)
		to->op = new_op(&s->net.nodes[at], mark);
	if (gathers || reads || !z->keep_devices)
		to->device = z->keep_devices ? n->device : text("");
	if (!gathers && !reads && mark->step != FLOW_CONST)
		to->rest = n->range;
	to->typed = mark->step == FLOW_KEEP;
	if (!r && mark->step != FLOW_CONST)
		r = add_inputs(z, s, n, at,
			       reads	 ? 1
			       : gathers ? 2
					 : SIZE_MAX,
			       axis, to, err);
	sort_attrs(to);
	return r;
}

int new_axis(struct frozen *z, const struct graph_node *gather, const char *axis,
	     struct new_node *to, struct ckpt_error *err)
{
	enum { INT_VAL = 7, INT64_VAL = 10, INT64 = 9 };
	const uint64_t dtype = type_of(gather, "Tindices");
	const uint8_t field = dtype == INT64 ? INT64_VAL : INT_VAL;
	/* AttrValue.tensor { dtype, tensor_shape {}, [0] } */
	const uint8_t tensor[] = { ATTR_TENSOR << 3 | WIRE_LEN,
				   7,
				   1 << 3 | WIRE_VARINT,
				   (uint8_t)(dtype & 0x7f),
				   2 << 3 | WIRE_LEN,
				   0,
				   (uint8_t)(field << 3 | WIRE_LEN),
				   1,
				   0 };
	const char *value = arena_copy(&z->arena, tensor, sizeof tensor);
	*to = (struct new_node){ .name = text(axis),
				 .op = text("Const"),
				 .device = text("") };
	to->attrs = arena_zeroed(&z->arena, 2, sizeof *to->attrs);
	if (!value || !to->attrs)
		return arena_error(&z->arena, err);
	if (add_type(&z->arena, to, "dtype", dtype, err))
		return -1;
	to->attrs[to->n_attrs++] =
		(struct new_attr){ .key = text("value"),
				   .value = bytes_of(value, sizeof tensor) };
	return 0;
}

/* --- bytes ------------------------------------------------------------------------- */

/* Bytes of the graph's file. */
static void put_range(struct frozen *z, struct graph_range range, struct sink *s)
{
	enum { WINDOW = 64 << 10 };
	struct graph *g = z->flow->graph;
	if (sink_counts(s)) {
		put_counted(s, range.n);
		return;
	}
	while (range.n && !s->failed) {
		const size_t n = range.n < WINDOW ? (size_t)range.n : WINDOW;
		const uint8_t *p = scan_bytes(&g->scan, range.at, n, s->err);
		if (!p) {
			sink_fail(s);
			return;
		}
		put_bytes(s, p, n);
		range.at += n;
		range.n -= n;
	}
}

static void put_attr(struct frozen *z, const struct new_attr *attr, struct sink *s)
{
	const uint64_t key = field_size(ENTRY_KEY, attr->key.len);
	if (attr->entry.n && !attr->value.p) {
		put_length(s, NODE_ATTR, attr->entry.n);
		put_range(z, attr->entry, s);
		return;
	}
	const uint64_t tensor = attr->tensor ? constant_size(attr->tensor) : 0;
	const uint64_t value =
		attr->tensor ? field_size(ATTR_TENSOR, tensor) : bytes_left(&attr->value);
	put_length(s, NODE_ATTR, key + field_size(ENTRY_VALUE, value));
	put_field(s, ENTRY_KEY, attr->key.p, attr->key.len);
	put_length(s, ENTRY_VALUE, value);
	if (attr->tensor) {
		put_length(s, ATTR_TENSOR, tensor);
		constant_put(attr->tensor, s);
	} else {
		put_bytes(s, attr->value.p, (size_t)value);
	}
}

/* Fields of a node that we have no name for. */
static void put_rest(struct frozen *z, const struct new_node *n, struct sink *s)
{
	struct graph *g = z->flow->graph;
	struct fields fields = fields_of(&g->scan, n->rest.at, n->rest.n);
	struct field f;
	int r;
	while (!s->failed && (r = fields_next(&fields, &f, s->err)) != 0) {
		if (r < 0) {
			sink_fail(s);
			return;
		}
		if (f.number > NODE_ATTR && (n->typed || f.number != NODE_TYPE))
			put_range(z, (struct graph_range){ f.begin, fields.at - f.begin },
				  s);
	}
}

/* The same of a text. */
static void put_packed_rest(struct frozen *z, const struct new_node *n, struct sink *s)
{
	const struct arena_mark mark = arena_mark(&z->arena);
	struct buffer b;
	struct sink rest = sink_into(&b, s->err);
	buffer_init(&b, z->flow->graph->limit);
	put_rest(z, n, &rest);
	struct bytes bytes = bytes_of(b.p, b.len);
	if (rest.failed || repack(z, &ckpt__node_def__descriptor, &bytes, s->err))
		sink_fail(s);
	put_bytes(s, bytes.p, bytes_left(&bytes));
	buffer_drop(&b);
	arena_rewind(&z->arena, mark);
}

static void put_fields(struct frozen *z, const struct new_node *n, struct sink *s)
{
	put_field(s, NODE_NAME, n->name.p, n->name.len);
	put_field(s, NODE_OP, n->op.p, n->op.len);
	for (size_t i = 0; i < n->n_inputs; i++)
		put_field(s, NODE_INPUT, n->inputs[i].p, n->inputs[i].len);
	if (n->device.len)
		put_field(s, NODE_DEVICE, n->device.p, n->device.len);
	for (size_t i = 0; i < n->n_attrs; i++)
		put_attr(z, &n->attrs[i], s);
	if (n->rest.n && z->flow->graph->text)
		put_packed_rest(z, n, s);
	else if (n->rest.n)
		put_rest(z, n, s);
}

void put_node(struct frozen *z, const struct new_node *n, uint32_t field, struct sink *s)
{
	struct sink count = sink_counting(s->err);
	put_fields(z, n, &count);
	if (count.failed)
		sink_fail(s);
	put_length(s, field, count.n);
	put_fields(z, n, s);
}
