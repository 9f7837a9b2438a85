/* variables_match.c — the variables of a graph joined with the tensors of a checkpoint.
 * SPDX-License-Identifier: Apache-2.0
 *
 * What a restore op reads is looked up as it stands, and nothing else is tried:
 * TensorFlow would not either. Only a variable that no restore op assigns is looked for
 * by its names.
 */
#include "config.h"

#include "format/variables.h"

#include <stdlib.h>

#include "base/error.h"
#include "format/objects.h"
#include "format/reader.h"

struct matching {
	struct variables *v;
	struct ckpt *c;
	struct arena *a;
	struct objects objects;
	bool has_objects;
	/* VariableDefs, by name of their variable's node */
	const Ckpt__VariableDef **parts;
	size_t n_parts;
	struct ckpt_error *err;
};

/* --- finding ----------------------------------------------------------------------- */

/* 1 found, 0 absent, -1 error. */
static int look_up(const struct matching *m, struct variable *v, const char *name,
		   size_t len, enum variable_how how)
{
	struct ckpt_error why = { 0 };
	const struct ckpt_tensor *t = ckpt_find(m->c, name, len, &why);
	if (!t)
		return why.code == CKPT_ENOTFOUND ? 0 : error_copy(m->err, &why);
	v->tensor = t;
	v->how = how;
	v->key = (struct ckpt_string){ t->name, t->name_len };
	return 1;
}

/* The object graph's key of a variable; several of one full name are not told apart. */
static int look_in_objects(const struct matching *m, struct variable *v,
			   struct ckpt_string name)
{
	size_t n;
	if (!m->has_objects || !name.len)
		return 0;
	const struct object_key *const *found =
		objects_full_name(&m->objects, name.p, name.len, &n);
	return n == 1 ? look_up(m, v, found[0]->key.p, found[0]->key.len,
				VARIABLE_BY_OBJECT)
		      : 0;
}

static struct ckpt_string node_of(const Ckpt__VariableDef *d)
{
	return graph_ref((const char *)d->variable_name.data, d->variable_name.len).node;
}

static int compare_parts(const void *x, const void *y)
{
	const struct ckpt_string a = node_of(*(const Ckpt__VariableDef *const *)x),
				 b = node_of(*(const Ckpt__VariableDef *const *)y);
	return bytes_compare(a.p, a.len, b.p, b.len);
}

static const Ckpt__VariableDef *part_of(const struct matching *m, struct ckpt_string name)
{
	size_t low = 0, high = m->n_parts;
	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		const struct ckpt_string at = node_of(m->parts[middle]);
		const int order = bytes_compare(at.p, at.len, name.p, name.len);
		if (!order)
			return m->parts[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* A part of a partitioned variable: the whole one's tensor, and the box that it is. */
static int look_for_whole(const struct matching *m, struct variable *v)
{
	const Ckpt__VariableDef *d = part_of(m, v->name);
	const Ckpt__VariableDef__SaveSliceInfo *s = d ? d->save_slice_info_def : NULL;
	if (!s || !s->n_full_shape || s->n_full_shape > MAX_RANK ||
	    s->n_var_offset != s->n_full_shape || s->n_var_shape != s->n_full_shape)
		return 0;
	for (size_t i = 0; i < s->n_full_shape; i++)
		if (s->var_offset[i] < 0 || s->var_shape[i] < 0 ||
		    s->var_offset[i] > s->full_shape[i] ||
		    s->var_shape[i] > s->full_shape[i] - s->var_offset[i])
			return 0;
	const int r = look_up(m, v, (const char *)s->full_name.data, s->full_name.len,
			      VARIABLE_BY_PARTITION);
	if (r > 0) {
		v->slice_rank = (int)s->n_full_shape;
		v->full_dims = s->full_shape;
		v->start = s->var_offset;
		v->extent = s->var_shape;
	}
	return r;
}

static int find_tensor(const struct matching *m, struct variable *v)
{
	if (v->key.p)
		return look_up(m, v, v->key.p, v->key.len, v->how);
	int r = look_up(m, v, v->name.p, v->name.len, VARIABLE_BY_NAME);
	if (!r && v->shared_name.len)
		r = look_up(m, v, v->shared_name.p, v->shared_name.len, VARIABLE_BY_NAME);
	if (!r)
		r = look_in_objects(m, v, v->name);
	if (!r)
		r = look_in_objects(m, v, v->shared_name);
	return r ? r : look_for_whole(m, v);
}

/* --- judging ----------------------------------------------------------------------- */

/* Does a shape that may be known in part allow those dimensions? */
static bool allows(const int64_t *dims, int rank, const int64_t *found, int found_rank)
{
	if (rank < 0)
		return true;
	for (int i = 0; i < rank && rank == found_rank; i++)
		if (dims[i] >= 0 && dims[i] != found[i])
			return false;
	return rank == found_rank;
}

static enum variable_status judge(const struct variable *v)
{
	const struct ckpt_tensor *t = v->tensor;
	if (!t)
		return v->saved ? VARIABLE_MISSING : VARIABLE_NOT_SAVED;
	if (t->problem)
		return VARIABLE_DAMAGED;
	if (v->dtype && v->dtype != t->dtype)
		return VARIABLE_DTYPE;
	const bool part = v->slice_rank >= 0;
	const bool fits =
		!v->problem &&
		(!part || allows(v->full_dims, v->slice_rank, t->dims, t->rank)) &&
		allows(v->dims, v->rank, part ? v->extent : t->dims,
		       part ? v->slice_rank : t->rank);
	return fits ? VARIABLE_PRESENT : VARIABLE_SHAPE;
}

void variable_selection(const struct variable *v, struct selection *s)
{
	selection_all(s, v->tensor->dims, v->tensor->rank);
	for (int i = 0; i < v->slice_rank; i++) {
		s->dim[i].start = v->start[i];
		s->dim[i].count = (uint64_t)v->extent[i];
	}
}

/* --- what is left ------------------------------------------------------------------ */

static int compare_strings(const void *x, const void *y)
{
	const struct ckpt_string *a = x, *b = y;
	return bytes_compare(a->p, a->len, b->p, b->len);
}

/* Those that neither a variable nor a restore op takes: two sorted lists are merged. */
static int find_unused(const struct matching *m)
{
	struct variables *v = m->v;
	const size_t n_tensors = ckpt_count(m->c);
	struct ckpt_string *used = arena_zeroed(m->a, v->n + v->n_read + 1, sizeof *used);
	const struct ckpt_tensor **unused =
		arena_zeroed(m->a, n_tensors + 1, sizeof *unused);
	size_t n = 0, at = 0;
	if (!used || !unused)
		return arena_error(m->a, m->err);
	used[n++] = (struct ckpt_string){ OBJECT_GRAPH_KEY, strlen(OBJECT_GRAPH_KEY) };
	for (size_t i = 0; i < v->n_read; i++)
		used[n++] = v->read[i];
	for (size_t i = 0; i < v->n; i++)
		if (v->all[i].tensor && v->all[i].how > VARIABLE_BY_FUNCTION)
			used[n++] = v->all[i].key;
	qsort(used, n, sizeof *used, compare_strings);
	for (size_t i = 0; i < n_tensors; i++) {
		const struct ckpt_tensor *t = ckpt_at(m->c, i);
		const struct ckpt_string name = { t->name, t->name_len };
		while (at < n && compare_strings(&used[at], &name) < 0)
			at++;
		if (at == n || compare_strings(&used[at], &name))
			unused[v->n_unused++] = t;
	}
	v->unused = unused;
	return 0;
}

/* --- all of it --------------------------------------------------------------------- */

static int read_parts(struct matching *m)
{
	const Ckpt__VariableDef *const *defs;
	size_t n;
	if (graph_variable_defs(m->v->graph, m->a, "variables", &defs, &n, m->err))
		return -1;
	m->parts = arena_zeroed(m->a, n + 1, sizeof *m->parts);
	if (!m->parts)
		return arena_error(m->a, m->err);
	for (size_t i = 0; i < n; i++)
		m->parts[i] = defs[i];
	m->n_parts = n;
	qsort(m->parts, n, sizeof *m->parts, compare_parts);
	return 0;
}

int variables_match(struct variables *v, struct ckpt *c, struct arena *a,
		    struct ckpt_error *err)
{
	struct matching m = { .v = v, .c = c, .a = a, .err = err };
	v->n_unused = 0;
	if (ckpt_load(c, err) || read_parts(&m))
		return -1;
	/* A checkpoint whose object graph cannot be read is matched by its names. */
	m.has_objects = objects_read(c, a, &m.objects, NULL) > 0;
	for (size_t i = 0; i < v->n; i++) {
		if (find_tensor(&m, &v->all[i]) < 0)
			return -1;
		v->all[i].status = judge(&v->all[i]);
	}
	return find_unused(&m);
}
