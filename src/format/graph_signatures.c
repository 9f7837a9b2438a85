/* graph_signatures.c — the signatures of a graph: what to feed, and what to fetch.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "format/graph_signatures.h"

#include <stdlib.h>

#include "base/error.h"
#include "model/slice.h"

enum { DEEPEST = 16 };

struct reading {
	struct graph *g;
	struct arena *a;
	struct pointers found; /* struct signature */
	struct ckpt_error *err;
};

/* Tensors of one side of a signature, as they are found. */
struct side {
	struct pointers all; /* struct signature_tensor */
};

static struct ckpt_string string_of(ProtobufCBinaryData b)
{
	return (struct ckpt_string){ b.data ? (const char *)b.data : "", b.len };
}

static struct ckpt_string string_of_bytes(struct bytes b)
{
	return (struct ckpt_string){ (const char *)b.p, bytes_left(&b) };
}

static int no_memory(const struct reading *r)
{
	return error_copy(r->err, &error_no_memory);
}

static struct signature_tensor *add(const struct reading *r, struct side *to,
				    struct ckpt_string key, struct ckpt_string name)
{
	struct signature_tensor *t = arena_zeroed(r->a, 1, sizeof *t);
	if (!t || pointers_add(&to->all, t)) {
		no_memory(r);
		return NULL;
	}
	*t = (struct signature_tensor){ .key = key, .name = name, .rank = -1 };
	return t;
}

static int by_key(const void *x, const void *y)
{
	const struct signature_tensor *a = x, *b = y;
	const int order = bytes_compare(a->key.p, a->key.len, b->key.p, b->key.len);
	return order ? order
		     : bytes_compare(a->name.p, a->name.len, b->name.p, b->name.len);
}

static int finish(const struct reading *r, struct side *side,
		  const struct signature_tensor **to, size_t *n)
{
	struct signature_tensor *all = arena_zeroed(r->a, side->all.n + 1, sizeof *all);
	for (size_t i = 0; all && i < side->all.n; i++)
		all[i] = *(const struct signature_tensor *)side->all.p[i];
	if (all && side->all.n)
		qsort(all, side->all.n, sizeof *all, by_key);
	*to = all;
	*n = side->all.n;
	pointers_drop(&side->all);
	return all ? 0 : arena_error(r->a, r->err);
}

/* --- signature_def ----------------------------------------------------------------- */

static int set_shape(const struct reading *r, const Ckpt__TensorShape *shape,
		     struct signature_tensor *t)
{
	if (!shape || shape->unknown_rank || shape->n_dim > MAX_RANK)
		return 0;
	int64_t *dims = arena_zeroed(r->a, shape->n_dim + 1, sizeof *dims);
	if (!dims)
		return arena_error(r->a, r->err);
	for (size_t i = 0; i < shape->n_dim; i++)
		dims[i] = shape->dim[i]->size;
	t->dims = dims;
	t->rank = (int)shape->n_dim;
	return 0;
}

/* What a TensorInfo consists of; depth guards against components of components. */
static int add_info(const struct reading *r, struct side *to, struct ckpt_string key,
		    const Ckpt__TensorInfo *info, int depth)
{
	if (!info || depth > DEEPEST)
		return 0;
	if (info->encoding_case == CKPT__TENSOR_INFO__ENCODING_COO_SPARSE) {
		const Ckpt__TensorInfo__CooSparse *s = info->coo_sparse;
		return add(r, to, key, string_of(s->values_tensor_name)) &&
				       add(r, to, key,
					   string_of(s->indices_tensor_name)) &&
				       add(r, to, key,
					   string_of(s->dense_shape_tensor_name))
			       ? 0
			       : -1;
	}
	if (info->encoding_case == CKPT__TENSOR_INFO__ENCODING_COMPOSITE_TENSOR) {
		for (size_t i = 0; i < info->composite_tensor->n_components; i++)
			if (add_info(r, to, key, info->composite_tensor->components[i],
				     depth + 1))
				return -1;
		return 0;
	}
	static const struct ckpt_string none = { "", 0 };
	const bool named = info->encoding_case == CKPT__TENSOR_INFO__ENCODING_NAME;
	struct signature_tensor *t =
		add(r, to, key, named ? string_of(info->name) : none);
	if (!t)
		return -1;
	t->dtype = ckpt_dtype_name((int)info->dtype) ? (int)info->dtype : 0;
	return set_shape(r, info->tensor_shape, t);
}

static int add_entries(const struct reading *r, Ckpt__SignatureDef__Entry *const *entries,
		       size_t n, const struct signature_tensor **to, size_t *n_to)
{
	struct side side = { .all = { .n = 0 } };
	int result = 0;
	for (size_t i = 0; !result && i < n; i++)
		result = add_info(r, &side, string_of(entries[i]->key), entries[i]->value,
				  0);
	return finish(r, &side, to, n_to) || result ? -1 : 0;
}

static bool begins(struct ckpt_string s, const char *with)
{
	const size_t n = strlen(with);
	return s.len >= n && !memcmp(s.p, with, n);
}

static int add_signature(struct reading *r, const Ckpt__MetaGraphDef__SignatureEntry *e)
{
	struct signature *s = arena_zeroed(r->a, 1, sizeof *s);
	if (!s || pointers_add(&r->found, s))
		return no_memory(r);
	s->key = string_of(e->key);
	s->method = (struct ckpt_string){ "", 0 };
	s->internal = begins(s->key, "__saved_model_");
	if (!e->value)
		return 0;
	s->method = string_of(e->value->method_name);
	return add_entries(r, e->value->inputs, e->value->n_inputs, &s->inputs,
			   &s->n_inputs) ||
			       add_entries(r, e->value->outputs, e->value->n_outputs,
					   &s->outputs, &s->n_outputs)
		       ? -1
		       : 0;
}

/* --- serving_signatures ------------------------------------------------------------ */

/* A TensorBinding: the name of a tensor. */
static int add_binding(const struct reading *r, struct side *to, struct ckpt_string key,
		       struct bytes message)
{
	struct wire w = wire_of(message);
	while (wire_next(&w) > 0)
		if (w.field == 1 && w.type == WIRE_LEN)
			return add(r, to, key, string_of_bytes(w.data)) ? 0 : -1;
	return 0;
}

/* An entry of GenericSignature.map. What is fed and what is fetched is told apart by the
 * signature's own name, which was "inputs" or "outputs". */
static int add_generic(const struct reading *r, struct side *to, struct bytes message)
{
	struct wire w = wire_of(message);
	struct ckpt_string key = { "", 0 };
	struct bytes binding = bytes_of(NULL, 0);
	while (wire_next(&w) > 0)
		if (w.type == WIRE_LEN && w.field == 1)
			key = string_of_bytes(w.data);
		else if (w.type == WIRE_LEN && w.field == 2)
			binding = w.data;
	return add_binding(r, to, key, binding);
}

/* What can be said of a Signature: the field that is set is its kind. */
enum bundle_kind { REGRESSION = 1, CLASSIFICATION, GENERIC };

/* The bindings of a signature of one kind. */
static int add_bindings(const struct reading *r, enum bundle_kind kind,
			struct ckpt_string key, struct bytes message, struct side *in,
			struct side *out)
{
	static const char *const keys[][4] = {
		[REGRESSION] = { NULL, "input", "output", NULL },
		[CLASSIFICATION] = { NULL, "input", "classes", "scores" },
	};
	struct wire w = wire_of(message);
	int result = 0;
	while (!result && wire_next(&w) > 0) {
		if (w.type != WIRE_LEN || w.field < 1 || w.field > 3)
			continue;
		const char *name = kind == GENERIC ? NULL : keys[kind][w.field];
		if (kind == GENERIC)
			result = add_generic(r, graph_text_is(key, "outputs") ? out : in,
					     w.data);
		else if (name)
			result = add_binding(r, w.field == 1 ? in : out,
					     (struct ckpt_string){ name, strlen(name) },
					     w.data);
	}
	return result;
}

/* A Signature: regression, classification or generic. */
static int add_bundle_signature(struct reading *r, struct ckpt_string key,
				struct bytes message)
{
	static const char *const methods[] = {
		[REGRESSION] = "regression",
		[CLASSIFICATION] = "classification",
		[GENERIC] = "generic",
	};
	struct signature *s = arena_zeroed(r->a, 1, sizeof *s);
	struct side in = { .all = { .n = 0 } }, out = in;
	struct wire w = wire_of(message);
	int result = 0;
	if (!s || pointers_add(&r->found, s))
		return no_memory(r);
	*s = (struct signature){ .key = key, .method = { "", 0 } };
	while (!result && wire_next(&w) > 0) {
		if (w.type != WIRE_LEN || w.field < REGRESSION || w.field > GENERIC)
			continue;
		const char *method = methods[w.field];
		s->method = (struct ckpt_string){ method, strlen(method) };
		result = add_bindings(r, (enum bundle_kind)w.field, key, w.data, &in,
				      &out);
	}
	return finish(r, &in, &s->inputs, &s->n_inputs) ||
			       finish(r, &out, &s->outputs, &s->n_outputs) || result
		       ? -1
		       : 0;
}

/* Signatures: a default one, and others in a map by their names. */
static int add_bundle(struct reading *r, struct bytes message)
{
	static const struct ckpt_string first = { "serving_default", 15 };
	struct wire w = wire_of(message);
	while (wire_next(&w) > 0) {
		if (w.type != WIRE_LEN)
			continue;
		if (w.field == 1 && add_bundle_signature(r, first, w.data))
			return -1;
		if (w.field != 2)
			continue;
		struct wire entry = wire_of(w.data);
		struct ckpt_string key = { "", 0 };
		struct bytes value = bytes_of(NULL, 0);
		while (wire_next(&entry) > 0)
			if (entry.type == WIRE_LEN && entry.field == 1)
				key = string_of_bytes(entry.data);
			else if (entry.type == WIRE_LEN && entry.field == 2)
				value = entry.data;
		if (add_bundle_signature(r, key, value))
			return -1;
	}
	return 0;
}

static int add_serving_signatures(struct reading *r, const Ckpt__MetaGraphDef *meta)
{
	const Ckpt__CollectionDef *c = graph_collection(meta, "serving_signatures");
	if (!c || c->kind_case != CKPT__COLLECTION_DEF__KIND_ANY_LIST)
		return 0;
	for (size_t i = 0; i < c->any_list->n_value; i++) {
		const ProtobufCBinaryData b = c->any_list->value[i]->value;
		if (add_bundle(r, bytes_of(b.data, b.len)))
			return -1;
	}
	return 0;
}

/* --- all of them ------------------------------------------------------------------- */

static int by_importance(const void *x, const void *y)
{
	const struct signature *a = x, *b = y;
	const int first_a = graph_text_is(a->key, "serving_default"),
		  first_b = graph_text_is(b->key, "serving_default");
	if (a->internal != b->internal)
		return a->internal - b->internal;
	if (first_a != first_b)
		return first_b - first_a;
	return bytes_compare(a->key.p, a->key.len, b->key.p, b->key.len);
}

int graph_signatures(struct graph *g, struct arena *a, const struct signature **all,
		     size_t *n, struct ckpt_error *err)
{
	struct ckpt_error why = { 0 };
	struct reading r = { .g = g, .a = a, .err = err };
	const Ckpt__MetaGraphDef *meta = graph_meta(g, &why);
	*all = NULL;
	*n = 0;
	if (!meta)
		return why.code ? error_copy(err, &why) : 0;
	int result = add_serving_signatures(&r, meta);
	for (size_t i = 0; !result && i < meta->n_signature_def; i++)
		result = add_signature(&r, meta->signature_def[i]);
	struct signature *found = arena_zeroed(a, r.found.n + 1, sizeof *found);
	if (!found && !result)
		result = arena_error(a, err);
	for (size_t i = 0; !result && i < r.found.n; i++)
		found[i] = *(const struct signature *)r.found.p[i];
	if (!result && r.found.n) {
		qsort(found, r.found.n, sizeof *found, by_importance);
		*all = found;
		*n = r.found.n;
	}
	pointers_drop(&r.found);
	return result;
}
