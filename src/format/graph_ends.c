/* graph_ends.c — where a graph begins: what is fed.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "format/graph_ends.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/error.h"
#include "format/graph_outputs.h"
#include "format/shape.h"

const char *const input_role_names[] = { "model", "saver", "asset", NULL };

struct reading {
	struct graph *g;
	const struct net *net;
	const struct net_users *users;
	struct arena *a, *scratch;
	struct graph_input *all;
	size_t n, cap;
	struct ckpt_error *err;
};

static bool is_placeholder(struct ckpt_string op)
{
	return graph_text_is(op, "Placeholder") || graph_text_is(op, "PlaceholderV2") ||
	       graph_text_is(op, "PlaceholderWithDefault");
}

bool graph_is_source(struct ckpt_string op)
{
	static const char *const sources[] = {
		"IteratorGetNext", "IteratorGetNextSync", "IteratorGetNextAsOptional",
		"QueueDequeueV2",  "QueueDequeueManyV2",  "QueueDequeueUpToV2",
		"QueueDequeue",	   "QueueDequeueMany",	  "QueueDequeueUpTo",
		"ReaderReadV2",	   "ReaderReadUpToV2",	  "ReaderRead",
		"ReaderReadUpTo",  "InfeedDequeueTuple",  "InfeedDequeue",
	};
	for (size_t i = 0; i < sizeof sources / sizeof *sources; i++)
		if (graph_text_is(op, sources[i]))
			return true;
	return is_placeholder(op);
}

static struct graph_input *add(struct reading *r, uint32_t node, int32_t output)
{
	if (r->n == r->cap) {
		const size_t cap = r->cap ? 2 * r->cap : 16;
		struct graph_input *more = arena_zeroed(r->a, cap, sizeof *more);
		if (!more) {
			arena_error(r->a, r->err);
			return NULL;
		}
		if (r->n)
			memcpy(more, r->all, r->n * sizeof *more);
		r->all = more;
		r->cap = cap;
	}
	struct graph_input *in = &r->all[r->n++];
	const struct net_node *n = &r->net->nodes[node];
	*in = (struct graph_input){
		.name = n->name, .op = n->op, .node = node, .output = output, .rank = -1
	};
	return in;
}

static int set_shape(const struct reading *r, struct bytes message,
		     struct graph_input *in)
{
	struct shape shape = { 0 };
	if (shape_decode(message, &shape) || shape.unknown_rank)
		return 0;
	int64_t *dims = arena_zeroed(r->a, (size_t)shape.rank + 1, sizeof *dims);
	if (!dims)
		return arena_error(r->a, r->err);
	memcpy(dims, shape.dims, (size_t)shape.rank * sizeof *dims);
	in->dims = dims;
	in->rank = shape.rank;
	return 0;
}

static void set_dtype(struct graph_input *in, uint64_t number)
{
	if (number < INT32_MAX && ckpt_dtype_name((int)number))
		in->dtype = (int)number;
}

/* Up to producer 21 a placeholder's shape of no dimensions said nothing
 * (core/ops/array_ops.cc). */
static bool says_nothing(struct graph *g, const struct graph_node *n,
			 const struct graph_attr *shape)
{
	enum { SAYS = 22 };
	const Ckpt__GraphDef *head = graph_head(g, NULL);
	return graph_text_is(n->op, "Placeholder") && !shape->value.n &&
	       (!head || !head->versions || head->versions->producer < SAYS);
}

static int read_placeholder(const struct reading *r, const struct graph_node *n,
			    struct graph_input *in)
{
	const struct graph_attr *dtype = graph_attr(n, "dtype");
	const struct graph_attr *shape = graph_attr(n, "shape");
	struct bytes message;
	in->has_default = graph_text_is(n->op, "PlaceholderWithDefault");
	if (dtype && dtype->kind == ATTR_TYPE)
		set_dtype(in, dtype->number);
	if (!shape || shape->kind != ATTR_SHAPE || says_nothing(r->g, n, shape))
		return 0;
	return graph_attr_bytes(r->g, r->scratch, shape, &message, r->err) ||
			       set_shape(r, message, in)
		       ? -1
		       : 0;
}

/* Element `index` of a list of dtypes: they are packed, or one by one. */
static void list_dtype(struct bytes list, int32_t index, struct graph_input *in)
{
	enum { TYPE = 6 };
	struct wire w = wire_of(list);
	int32_t i = 0;
	while (wire_next(&w) > 0) {
		uint64_t v;
		if (w.field == TYPE && w.type == WIRE_VARINT && i++ == index)
			set_dtype(in, w.value);
		while (w.field == TYPE && w.type == WIRE_LEN && bytes_varint(&w.data, &v))
			if (i++ == index)
				set_dtype(in, v);
	}
}

static int list_shape(const struct reading *r, struct bytes list, int32_t index,
		      struct graph_input *in)
{
	enum { SHAPE = 7 };
	struct wire w = wire_of(list);
	int32_t i = 0;
	while (wire_next(&w) > 0)
		if (w.field == SHAPE && w.type == WIRE_LEN && i++ == index)
			return set_shape(r, w.data, in);
	return 0;
}

/* An output of an iterator or a queue. */
static int read_component(const struct reading *r, const struct graph_node *n,
			  struct graph_input *in)
{
	const struct graph_attr *types = graph_attr(n, "output_types");
	const struct graph_attr *shapes = graph_attr(n, "output_shapes");
	struct bytes list;
	if (!types)
		types = graph_attr(n, "component_types");
	if (types && types->kind == ATTR_LIST) {
		if (graph_attr_bytes(r->g, r->scratch, types, &list, r->err))
			return -1;
		list_dtype(list, in->output, in);
	}
	if (!shapes || shapes->kind != ATTR_LIST)
		return 0;
	return graph_attr_bytes(r->g, r->scratch, shapes, &list, r->err) ||
			       list_shape(r, list, in->output, in)
		       ? -1
		       : 0;
}

/* Marks the placeholders that the saver alone uses, through others too: the name of its
 * file is one, with a default that is another. */
static void find_saver(const struct reading *r, uint8_t *roles)
{
	enum { ROUNDS = 3 };
	const struct net_users *u = r->users;
	for (int round = 0; round < ROUNDS; round++)
		for (uint32_t i = 0; i < r->net->n_nodes; i++) {
			if (!is_placeholder(r->net->nodes[i].op) || roles[i])
				continue;
			uint32_t at = u->first[i];
			const uint32_t end = u->first[i + 1];
			bool saver = at < end;
			for (; at < end && saver; at++)
				saver = roles[u->uses[at].node] == INPUT_SAVER ||
					graph_is_saving(&r->net->nodes[u->uses[at].node]);
			if (saver)
				roles[i] = INPUT_SAVER;
		}
}

static void mark(const struct reading *r, ProtobufCBinaryData name, enum input_role role,
		 uint8_t *roles)
{
	const uint32_t node = net_find(r->net, (const char *)name.data, name.len);
	if (node != NET_MISSING)
		roles[node] = (uint8_t)role;
}

/* What the MetaGraphDef says of its placeholders. */
static int mark_named(const struct reading *r, uint8_t *roles)
{
	struct ckpt_error why = { 0 };
	const Ckpt__MetaGraphDef *meta = graph_meta(r->g, &why);
	if (!meta)
		return why.code ? error_copy(r->err, &why) : 0;
	if (meta->saver_def)
		mark(r, meta->saver_def->filename_tensor_name, INPUT_SAVER, roles);
	for (size_t i = 0; i < meta->n_asset_file_def; i++) {
		const Ckpt__TensorInfo *info = meta->asset_file_def[i]->tensor_info;
		if (info && info->encoding_case == CKPT__TENSOR_INFO__ENCODING_NAME)
			mark(r, info->name, INPUT_ASSET, roles);
	}
	return 0;
}

static int compare_outputs(const void *x, const void *y)
{
	const int32_t a = *(const int32_t *)x, b = *(const int32_t *)y;
	return (a > b) - (a < b);
}

/* One input for each output that somebody uses, for the first where nobody does. */
static int add_outputs(struct reading *r, uint32_t node, const struct graph_node *n)
{
	const uint32_t from = r->users->first[node], to = r->users->first[node + 1];
	int32_t *outputs =
		arena_zeroed(r->scratch, (size_t)(to - from) + 1, sizeof *outputs);
	size_t count = 0;
	if (!outputs)
		return arena_error(r->scratch, r->err);
	for (uint32_t i = from; i < to; i++) {
		const struct net_use *use = &r->users->uses[i];
		outputs[count] = r->net->nodes[use->node].inputs[use->input].output;
		count += outputs[count] >= 0;
	}
	qsort(outputs, count, sizeof *outputs, compare_outputs);
	for (size_t i = 0; i < count || (i == 0 && !count); i++) {
		if (i && outputs[i] == outputs[i - 1])
			continue;
		struct graph_input *in = add(r, node, count ? outputs[i] : 0);
		if (!in || read_component(r, n, in))
			return -1;
		if (in->output) {
			in->name.p =
				arena_printf(r->a, "%s:%" PRId32, in->name.p, in->output);
			if (!in->name.p)
				return arena_error(r->a, r->err);
			in->name.len = strlen(in->name.p);
		}
	}
	return 0;
}

static int read_inputs(struct reading *r)
{
	uint8_t *roles = arena_zeroed(r->scratch, (size_t)r->net->n_nodes + 1, 1);
	if (!roles)
		return arena_error(r->scratch, r->err);
	if (mark_named(r, roles))
		return -1;
	find_saver(r, roles);
	for (uint32_t i = 0; i < r->net->n_nodes; i++) {
		const struct net_node *node = &r->net->nodes[i];
		const struct arena_mark mark = arena_mark(r->scratch);
		struct graph_node n;
		if (!graph_is_source(node->op))
			continue;
		if (graph_node_read(r->g, r->scratch, node->range, &n, r->err))
			return -1;
		if (is_placeholder(node->op)) {
			struct graph_input *in = add(r, i, 0);
			if (!in || read_placeholder(r, &n, in))
				return -1;
			in->role = roles[i];
		} else if (add_outputs(r, i, &n))
			return -1;
		arena_rewind(r->scratch, mark);
	}
	return 0;
}

int graph_ends(struct graph *g, const struct net *net, const struct net_users *users,
	       struct arena *a, struct graph_ends *ends, struct ckpt_error *err)
{
	struct arena scratch;
	struct reading r = { .g = g,
			     .net = net,
			     .users = users,
			     .a = a,
			     .scratch = &scratch,
			     .err = err };
	*ends = (struct graph_ends){ .n_inputs = 0 };
	arena_init(&scratch, g->limit);
	int result = read_inputs(&r);
	ends->inputs = r.all;
	ends->n_inputs = r.n;
	if (!result)
		result = graph_outputs(g, net, users, a, ends, err);
	arena_drop(&scratch);
	return result;
}
