/* graph_parts.c — what stands beside the nodes, unpacked.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A message is put together again without the fields that may be large (the graph of a
 * MetaGraphDef, the nodes of a function), and protobuf-c unpacks the rest: so that
 * repeated fields and maps mean what protobuf says they mean.
 */
#include "config.h"

#include "format/graph.h"

#include "base/error.h"
#include "format/message.h"

/* Appends the fields of a range, but for number `without`; of field `within`, whose
 * content loses its field 1, the rest. */
static int append_without(struct graph *g, struct graph_range range, uint32_t without,
			  struct buffer *out, struct ckpt_error *err)
{
	struct fields fields = fields_of(&g->scan, range.at, range.n);
	struct field f;
	int r;
	while ((r = fields_next(&fields, &f, err)) > 0) {
		const uint64_t n = fields.at - f.begin;
		if (f.number == without)
			continue;
		if (n > g->limit)
			return error_set(err, CKPT_ELIMIT, g->path, (int64_t)f.begin,
					 "a field is above the limit");
		const uint8_t *p = scan_bytes(&g->scan, f.begin, (size_t)n, err);
		if (!p || buffer_append(out, p, (size_t)n, err))
			return -1;
	}
	return r;
}

static void *unpack_without(struct graph *g, struct arena *a,
			    const ProtobufCMessageDescriptor *type,
			    struct graph_range range, uint32_t without,
			    struct ckpt_error *err)
{
	struct buffer b;
	void *m = NULL;
	buffer_init(&b, g->limit);
	if (!append_without(g, range, without, &b, err))
		m = message_unpack(a, type, bytes_of(b.p, b.len), g->path,
				   (int64_t)range.at, err);
	buffer_drop(&b);
	return m;
}

const Ckpt__MetaGraphDef *graph_meta(struct graph *g, struct ckpt_error *err)
{
	if (!g->unpacked_meta && g->kind != GRAPH_DEF)
		g->unpacked_meta = unpack_without(
			g, g->arena, &ckpt__meta_graph_def__descriptor, g->meta, 2, err);
	return g->unpacked_meta;
}

/* A library without its functions, as a field of a GraphDef. */
static int append_library(struct graph *g, struct graph_range library, struct buffer *out,
			  struct ckpt_error *err)
{
	struct buffer rest;
	buffer_init(&rest, g->limit);
	int r = append_without(g, library, 1, &rest, err);
	uint8_t head[11] = { 2 << 3 | WIRE_LEN };
	size_t n = 1;
	for (size_t left = rest.len; n < sizeof head; left >>= 7) {
		head[n++] = (uint8_t)((left & 0x7f) | (left >= 0x80 ? 0x80 : 0));
		if (left < 0x80)
			break;
	}
	if (!r)
		r = buffer_append(out, head, n, err);
	if (!r)
		r = buffer_append(out, rest.p, rest.len, err);
	buffer_drop(&rest);
	return r;
}

/* The fields of the GraphDef that are no nodes. */
static int append_head(struct graph *g, struct buffer *out, struct ckpt_error *err)
{
	struct fields fields = fields_of(&g->scan, g->def.at, g->def.n);
	struct field f;
	int r;
	while ((r = fields_next(&fields, &f, err)) > 0) {
		const struct graph_range field = { f.begin, fields.at - f.begin };
		const bool library = f.number == 2 && f.type == WIRE_LEN;
		if (f.number == 1 || f.number > 4)
			continue;
		if (library ? append_library(g, (struct graph_range){ f.at, f.n }, out,
					     err)
			    : append_without(g, field, 0, out, err))
			return -1;
	}
	return r;
}

const Ckpt__GraphDef *graph_head(struct graph *g, struct ckpt_error *err)
{
	struct buffer b;
	if (g->unpacked_head)
		return g->unpacked_head;
	buffer_init(&b, g->limit);
	if (!append_head(g, &b, err))
		g->unpacked_head = message_unpack(g->arena, &ckpt__graph_def__descriptor,
						  bytes_of(b.p, b.len), g->path,
						  (int64_t)g->def.at, err);
	buffer_drop(&b);
	return g->unpacked_head;
}

const Ckpt__FunctionDef *graph_function(struct graph *g, struct arena *a, size_t i,
					struct ckpt_error *err)
{
	return unpack_without(g, a, &ckpt__function_def__descriptor,
			      g->functions[i].range, 3, err);
}

int64_t graph_function_find(const struct graph *g, struct ckpt_string name)
{
	for (size_t i = 0; i < g->n_functions; i++)
		if (g->functions[i].name.len == name.len &&
		    !memcmp(g->functions[i].name.p, name.p, name.len))
			return (int64_t)i;
	return -1;
}

static bool key_is(ProtobufCBinaryData key, const char *text)
{
	return graph_text_is((struct ckpt_string){ (const char *)key.data, key.len },
			     text);
}

/* The last entry of a key counts, as in a map of protobuf. */
const Ckpt__SignatureDef *graph_signature(const Ckpt__MetaGraphDef *meta, const char *key)
{
	for (size_t i = meta->n_signature_def; i-- > 0;)
		if (key_is(meta->signature_def[i]->key, key))
			return meta->signature_def[i]->value;
	return NULL;
}

const Ckpt__CollectionDef *graph_collection(const Ckpt__MetaGraphDef *meta,
					    const char *key)
{
	for (size_t i = meta->n_collection_def; i-- > 0;)
		if (key_is(meta->collection_def[i]->key, key))
			return meta->collection_def[i]->value;
	return NULL;
}

int graph_variable_defs(struct graph *g, struct arena *a, const char *key,
			const Ckpt__VariableDef *const **defs, size_t *n,
			struct ckpt_error *err)
{
	struct ckpt_error why = { 0 };
	const Ckpt__MetaGraphDef *meta = graph_meta(g, &why);
	const Ckpt__CollectionDef *c = meta ? graph_collection(meta, key) : NULL;
	*n = 0;
	*defs = NULL;
	if (why.code)
		return error_copy(err, &why);
	if (!c || c->kind_case != CKPT__COLLECTION_DEF__KIND_BYTES_LIST)
		return 0;
	const size_t count = c->bytes_list->n_value;
	const Ckpt__VariableDef **all = arena_zeroed(a, count + 1, sizeof *all);
	if (!all)
		return arena_error(a, err);
	for (size_t i = 0; i < count; i++) {
		const ProtobufCBinaryData b = c->bytes_list->value[i];
		all[i] = message_unpack(a, &ckpt__variable_def__descriptor,
					bytes_of(b.data, b.len), g->path,
					(int64_t)g->meta.at, err);
		if (!all[i])
			return -1;
	}
	*defs = all;
	*n = count;
	return 0;
}
