/* frozen.c — a checkpoint and a graph that was frozen: which tensor is which constant.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "report/frozen.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "format/graph_beside.h"
#include "format/reader.h"
#include "report/list.h"

/* One run over the checkpoint's tensors. */
struct naming_run {
	struct frozen *f;
	struct arena *arena;
	bool *named; /* by number of the tensor: it has a name already */
	size_t cap;
	struct ckpt_error *err;
};

static int add(struct naming_run *r, const struct ckpt_tensor *t, const char *name,
	       size_t len)
{
	struct named_list *list = &r->f->names;
	if (list->n == r->cap)
		return error_set(r->err, CKPT_ECORRUPT, ckpt_prefix(r->f->checkpoint), -1,
				 "more variables than the graph has");
	list->all[list->n++] = (struct named){ t, name, len };
	return 0;
}

static bool has_constant(const struct frozen *f, const char *name, size_t len)
{
	return ckpt_has(f->graph, name, len);
}

/* The number of a tensor of the checkpoint; they are in the order of their names. */
static size_t number_of(struct ckpt *c, const struct ckpt_tensor *t)
{
	size_t low = 0, high = ckpt_count(c);
	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		const struct ckpt_tensor *at = ckpt_at(c, middle);
		if (bytes_compare(at->name, at->name_len, t->name, t->name_len) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* --- parts ------------------------------------------------------------------------- */

/* The piece that is just this part. */
static const struct ckpt_piece *piece_of(const struct variable *v)
{
	const struct ckpt_tensor *t = v->tensor;
	const size_t bytes = (size_t)t->rank * sizeof *v->start;
	for (uint32_t i = 0; t->rank == v->slice_rank && i < t->n_pieces; i++) {
		const struct ckpt_piece *p = &t->pieces[i];
		if (p->start && !memcmp(p->start, v->start, bytes) &&
		    !memcmp(p->extent, v->extent, bytes))
			return p;
	}
	return NULL;
}

/* A part of a partitioned variable as a tensor of its own. */
static int add_part(struct naming_run *r, const struct variable *v)
{
	struct ckpt_tensor *t = arena_zeroed(r->arena, 1, sizeof *t);
	struct ckpt_piece *copy = arena_zeroed(r->arena, 1, sizeof *copy);
	const struct ckpt_piece *p = piece_of(v);
	if (!t || !copy)
		return arena_error(r->arena, r->err);
	*t = (struct ckpt_tensor){ .name = v->name.p,
				   .name_len = v->name.len,
				   .dtype = v->tensor->dtype,
				   .rank = v->slice_rank,
				   .dims = v->extent };
	if (p) {
		*copy = *p;
		copy->start = copy->extent = NULL;
		t->pieces = copy;
		t->n_pieces = 1;
		t->elements = p->elements;
		t->size_bytes = p->size;
	} else {
		struct ckpt_error *e = arena_zeroed(r->arena, 1, sizeof *e);
		if (!e)
			return arena_error(r->arena, r->err);
		error_set(e, CKPT_EUNSUPPORTED, ckpt_prefix(r->f->checkpoint), -1,
			  "the part is no slice of its own in the checkpoint");
		t->problem = e;
	}
	return add(r, t, t->name, t->name_len);
}

/* --- names ------------------------------------------------------------------------- */

static int by_address(const void *x, const void *y)
{
	const uintptr_t a = (uintptr_t) * (void *const *)x,
			b = (uintptr_t) * (void *const *)y;
	return (a > b) - (a < b);
}

/* Which nodes the collection trainable_variables has, by their numbers. */
static int find_trainable(struct naming_run *r, struct graph_values *v, bool **nodes,
			  struct ckpt_error *err)
{
	const Ckpt__VariableDef *const *defs;
	struct ckpt_error why = { 0 };
	size_t n;
	*nodes = arena_zeroed(r->arena, (size_t)v->net.n_nodes + 1, sizeof **nodes);
	if (!*nodes)
		return arena_error(r->arena, err);
	if (graph_variable_defs(v->graph, r->arena, "trainable_variables", &defs, &n,
				&why))
		return why.code == CKPT_ECORRUPT ? 0 : error_copy(err, &why);
	for (size_t i = 0; i < n; i++) {
		const ProtobufCBinaryData name = defs[i]->variable_name;
		const uint32_t node =
			net_find(&v->net, (const char *)name.data, name.len);
		if (node != NET_MISSING)
			(*nodes)[node] = true;
	}
	return 0;
}

/* Keeps the tensors that those nodes are restored from, parts and whole ones. */
static int keep_trainable(struct naming_run *r, struct graph_values *v)
{
	struct frozen *f = r->f;
	bool *nodes;
	f->trainable = arena_zeroed(r->arena, f->names.n + v->variables.n + 1,
				    sizeof *f->trainable);
	if (!f->trainable || find_trainable(r, v, &nodes, r->err))
		return arena_error(r->arena, r->err);
	for (size_t i = 0; i < f->names.n; i++) {
		const struct named *at = &f->names.all[i];
		const uint32_t node = net_find(&v->net, at->name, at->len);
		if (node != NET_MISSING && nodes[node])
			f->trainable[f->n_trainable++] = at->t;
	}
	for (size_t i = 0; i < v->variables.n; i++)
		if (v->variables.all[i].tensor && nodes[v->variables.all[i].node])
			f->trainable[f->n_trainable++] = v->variables.all[i].tensor;
	qsort(f->trainable, f->n_trainable, sizeof *f->trainable, by_address);
	return 0;
}

/* A variable that the checkpoint has a value for. Of several with the same tensor, those
 * that became constants count. */
static int name_variable(struct naming_run *r, const struct variable *v)
{
	const struct ckpt_tensor *t = v->tensor;
	bool *named = &r->named[number_of(r->f->checkpoint, t)];
	const bool part = v->slice_rank >= 0;
	if (part ? has_constant(r->f, t->name, t->name_len)
		 : !has_constant(r->f, v->name.p, v->name.len))
		return 0;
	*named = true;
	return part ? add_part(r, v) : add(r, t, v->name.p, v->name.len);
}

/* What the graph beside the checkpoint says. One that is damaged says nothing. */
static int ask_graph(struct naming_run *r)
{
	struct frozen *f = r->f;
	struct ckpt_error why = { 0 };
	struct graph_values v;
	bool borrowed;
	const int found = graph_beside(&v, r->arena, f->checkpoint, &borrowed, &why);
	const size_t n = found > 0 ? v.variables.n : 0;
	f->told_by = found > 0 ? v.graph->path : NULL;
	r->cap = ckpt_count(f->checkpoint) + n;
	f->names.all = arena_zeroed(r->arena, r->cap + 1, sizeof *f->names.all);
	int result = f->names.all ? 0 : arena_error(r->arena, r->err);
	for (size_t i = 0; !result && i < n; i++)
		if (v.variables.all[i].status == VARIABLE_PRESENT)
			result = name_variable(r, &v.variables.all[i]);
	if (!result && n)
		result = keep_trainable(r, &v);
	graph_values_drop(&v);
	if (why.code == CKPT_ENOMEM || why.code == CKPT_ELIMIT || why.code == CKPT_EIO)
		return error_copy(r->err, &why);
	return result;
}

/* A tensor that no variable has named: its own name, or the only one that an object graph
 * knows it by, if there is such a constant. */
static int name_tensor(struct naming_run *r, const struct ckpt_tensor *t)
{
	struct frozen *f = r->f;
	const struct object_key *k = objects_key(&f->objects, t->name, t->name_len);
	size_t same = 0;
	if (k && k->full_name.len)
		objects_full_name(&f->objects, k->full_name.p, k->full_name.len, &same);
	if (same == 1 && !has_constant(f, t->name, t->name_len) &&
	    has_constant(f, k->full_name.p, k->full_name.len))
		return add(r, t, k->full_name.p, k->full_name.len);
	return add(r, t, t->name, t->name_len);
}

int frozen_find(struct frozen *f, struct arena *arena, struct ckpt *a, struct ckpt *b,
		struct ckpt_error *err)
{
	const bool a_is = graph_of_checkpoint(a) != NULL;
	*f = (struct frozen){ 0 };
	if (a_is == (graph_of_checkpoint(b) != NULL))
		return 0;
	f->checkpoint = a_is ? b : a;
	f->graph = a_is ? a : b;
	if (reader_load(a, err) || reader_load(b, err))
		return -1;
	struct naming_run r = { .f = f, .arena = arena, .err = err };
	const size_t n = ckpt_count(f->checkpoint);
	r.named = arena_zeroed(arena, n + 1, sizeof *r.named);
	if (!r.named)
		return arena_error(arena, err);
	list_objects(&f->objects, f->checkpoint, arena);
	if (ask_graph(&r))
		return -1;
	for (size_t i = 0; i < n; i++)
		if (!r.named[i] && name_tensor(&r, ckpt_at(f->checkpoint, i)))
			return -1;
	return 0;
}

bool frozen_leaves_out(const struct frozen *f, const struct ckpt_tensor *t)
{
	if (f->n_trainable &&
	    bsearch(&t, f->trainable, f->n_trainable, sizeof *f->trainable, by_address))
		return false;
	return list_role(&f->objects, t) != ROLE_WEIGHT;
}
