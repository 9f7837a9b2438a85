/* browse.c — the rows of the browse view: made once, by a thread of their own.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Nodes of the tree are numbered as it is read from top to bottom, so that a node stands
 * before all that is below it. A filter shows what matches with the scopes it is in.
 */
#include "config.h"

#include "tui/browse.h"

#include <stdlib.h>
#include <string.h>

#include "format/reader.h"
#include "report/info.h"

const char *const browse_tree_sorts[] = { "name", "size", "tensors", NULL };

enum { OPEN_AT_FIRST = 16, OBJECTS_DEEPEST = 64, LOOK_EVERY = 1024 };

/* --- bits -------------------------------------------------------------------------- */

static bool bit(const uint8_t *bits, size_t i)
{
	return bits && bits[i / 8] >> (i % 8) & 1;
}

static void set_bit(uint8_t *bits, size_t i, bool on)
{
	if (on)
		bits[i / 8] |= (uint8_t)(1u << (i % 8));
	else
		bits[i / 8] &= (uint8_t)~(1u << (i % 8));
}

/* --- making ------------------------------------------------------------------------ */

/* Unfolds scopes, the outer ones first, as long as that leaves a screen of rows. */
static void open_some(struct browse_rows *r, struct scope_node *root)
{
	size_t rows = 0, children = 0;
	for (struct scope_node *n = root->child; n; n = n->next)
		rows++;
	for (size_t depth = 1; depth < SCOPE_DEEPEST; depth++) {
		bool any = false;
		for (size_t i = 0; i < r->n_nodes; i++) {
			struct scope_node *n = r->nodes[i];
			if (n->depth != depth || n->tensor ||
			    (n->parent->depth && !bit(r->open, n->parent->number)))
				continue;
			children = 0;
			for (struct scope_node *k = n->child; k; k = k->next)
				children++;
			if (rows + children > OPEN_AT_FIRST)
				continue;
			rows += children;
			set_bit(r->open, i, true);
			any = true;
		}
		if (!any)
			return;
	}
}

static bool make_tree(struct browse_rows *r)
{
	struct scope_node *root = scope_build(&r->arena, r->report.tensors, r->report.n,
					      SCOPE_BY_NAME);
	if (!root)
		return false;
	for (struct scope_node *n = root->child; n; n = scope_next(n, SIZE_MAX))
		n->number = (uint32_t)r->n_nodes++;
	r->nodes = arena_alloc(&r->arena, r->n_nodes * sizeof *r->nodes + 1);
	r->open = arena_zeroed(&r->arena, r->n_nodes / 8 + 1, 1);
	if (!r->nodes || !r->open)
		return false;
	for (struct scope_node *n = root->child; n; n = scope_next(n, SIZE_MAX))
		r->nodes[n->number] = n;
	open_some(r, root);
	return true;
}

static uint64_t object_depth(const void *arg, uint32_t row)
{
	const struct browse_rows *r = arg;
	return ((const struct object_row *)r->objects.p[row])->depth;
}

static bool make_objects(struct browse_rows *r)
{
	pointers_drop(&r->objects);
	r->objects = (struct pointers){ 0 };
	if (!r->report.objects.n_nodes)
		return true;
	if (object_tree(r->c, &r->arena, &r->report.objects, OBJECTS_DEEPEST, &r->objects,
			NULL))
		return false;
	r->folded = (struct fold){ (uint32_t)r->objects.n, object_depth, r, NULL };
	return fold_init(&r->folded, &r->arena, 2);
}

void browse_make(struct browse_rows *r)
{
	const struct list_query q = { .keep_going = true, .roles = r->roles };
	arena_drop(&r->arena);
	arena_init(&r->arena, r->c->limit);
	r->n_nodes = 0;
	r->failed = false;
	r->error = (struct ckpt_error){ 0 };
	ckpt_load(r->c, &r->error);
	r->failed = list_make(&r->report, r->c, &r->arena, &q, &r->error) ||
		    !make_tree(r) || !make_objects(r);
	if (r->failed && !r->error.code)
		arena_error(&r->arena, &r->error);
	if (r->failed)
		r->report.n = r->n_nodes = r->objects.n = 0;
	else if (!r->step_source)
		step_of(r->c, &r->step, &r->step_source);
}

void browse_drop(struct browse_rows *r)
{
	pointers_drop(&r->objects);
	arena_drop(&r->arena);
}

/* --- folding ----------------------------------------------------------------------- */

bool browse_is_open(const struct browse_rows *r, enum browse_mode mode, uint32_t id)
{
	return mode == BROWSE_TREE	? bit(r->open, id)
	       : mode == BROWSE_OBJECTS ? fold_is_open(&r->folded, id)
					: false;
}

void browse_set_open(struct browse_rows *r, enum browse_mode mode, uint32_t id, bool on)
{
	if (mode == BROWSE_TREE)
		set_bit(r->open, id, on);
	else if (mode == BROWSE_OBJECTS)
		fold_set(&r->folded, id, on);
}

void browse_open_all(struct browse_rows *r, enum browse_mode mode, bool on)
{
	if (mode == BROWSE_TREE && r->open)
		memset(r->open, on ? 0xff : 0, r->n_nodes / 8 + 1);
	else if (mode == BROWSE_OBJECTS)
		fold_all(&r->folded, on);
}

bool browse_has_rows(const struct browse_rows *r, enum browse_mode mode, uint32_t id)
{
	return mode == BROWSE_TREE	? r->nodes[id]->child != NULL
	       : mode == BROWSE_OBJECTS ? fold_has_rows(&r->folded, id)
					: false;
}

uint32_t browse_parent(const struct browse_rows *r, enum browse_mode mode, uint32_t id)
{
	if (mode == BROWSE_TREE)
		return r->nodes[id]->parent->parent ? r->nodes[id]->parent->number : id;
	return mode == BROWSE_OBJECTS ? fold_parent(&r->folded, id) : id;
}

const struct ckpt_tensor *browse_tensor(const struct browse_rows *r,
					enum browse_mode mode, uint32_t id)
{
	if (mode == BROWSE_TREE)
		return r->nodes[id]->tensor;
	if (mode == BROWSE_LIST)
		return r->report.tensors[id];
	const struct cell_text key = ((const struct object_row *)r->objects.p[id])->key;
	size_t low = 0, high = key.p ? ckpt_count(r->c) : 0;
	while (low < high) { /* the tensors are in byte order of their names */
		const size_t mid = low + (high - low) / 2;
		const struct ckpt_tensor *t = ckpt_at(r->c, mid);
		const size_t n = t->name_len < key.len ? t->name_len : key.len;
		int c = memcmp(t->name, key.p, n);
		c = c ? c : (t->name_len > key.len) - (t->name_len < key.len);
		if (!c)
			return t;
		if (c < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

/* --- vectors ----------------------------------------------------------------------- */

/* Marks what matches, and the scopes that it is in. NULL: no filter, or no memory. */
static uint8_t *matching(const struct browse_rows *r, struct list_build *b,
			 struct arena *a)
{
	uint8_t *bits = b->filter_len ? arena_zeroed(a, r->n_nodes / 8 + 1, 1) : NULL;
	b->failed |= b->filter_len && !bits;
	for (size_t i = 0; bits && i < r->n_nodes; i++) {
		const struct scope_node *n = r->nodes[i];
		if (i % LOOK_EVERY == 0 && list_stopped(b))
			return bits;
		if (!n->tensor || !list_takes(b, n->path, n->path_len))
			continue;
		for (; n->parent && !bit(bits, n->number); n = n->parent)
			set_bit(bits, n->number, true);
	}
	return bits;
}

static int by_size(const void *x, const void *y)
{
	const struct scope_node *a = *(struct scope_node *const *)x;
	const struct scope_node *b = *(struct scope_node *const *)y;
	if (a->size_bytes != b->size_bytes)
		return a->size_bytes > b->size_bytes ? -1 : 1;
	return (a->number > b->number) - (a->number < b->number);
}

static int by_tensors(const void *x, const void *y)
{
	const struct scope_node *a = *(struct scope_node *const *)x;
	const struct scope_node *b = *(struct scope_node *const *)y;
	if (a->tensors != b->tensors)
		return a->tensors > b->tensors ? -1 : 1;
	return (a->number > b->number) - (a->number < b->number);
}

/* The nodes that are still to be added, the next one last. */
struct waiting {
	struct pointers nodes;
	struct list_build *b;
	const uint8_t *matching;
};

/* Puts the children of a node there, in order: so the first one is the last. */
static void push_children(struct waiting *w, struct scope_node *first)
{
	struct pointers *all = &w->nodes;
	const size_t from = all->n;
	for (struct scope_node *n = first; n && !w->b->failed; n = n->next)
		if (!w->matching || bit(w->matching, n->number))
			w->b->failed = pointers_add(all, n) != 0;
	void **p = all->p + from;
	const size_t n = all->n - from;
	if (w->b->sort && n)
		qsort(p, n, sizeof *p, w->b->sort == 1 ? by_size : by_tensors);
	for (size_t i = 0; i < n / 2 && !w->b->reverse; i++) {
		void *one = p[i];
		p[i] = p[n - 1 - i];
		p[n - 1 - i] = one;
	}
}

void browse_build_tree(const struct browse_rows *r, struct list_build *b)
{
	struct arena scratch;
	arena_init(&scratch, UINT64_MAX);
	struct waiting w = { .b = b, .matching = matching(r, b, &scratch) };
	if (r->n_nodes)
		push_children(&w, r->nodes[0]);
	for (size_t i = 0; w.nodes.n && !b->failed; i++) {
		struct scope_node *n = w.nodes.p[--w.nodes.n];
		if (i % LOOK_EVERY == 0 && list_stopped(b))
			break;
		list_add_row(b, n->number);
		if (n->child && (w.matching || bit(r->open, n->number)))
			push_children(&w, n->child);
	}
	pointers_drop(&w.nodes);
	arena_drop(&scratch);
}

void browse_build_objects(const struct browse_rows *r, struct list_build *b)
{
	if (!b->filter_len) {
		fold_build(&r->folded, b);
		return;
	}
	for (uint32_t i = 0; i < r->objects.n && !list_stopped(b); i++) {
		const struct object_row *row = r->objects.p[i];
		if (list_takes(b, row->path.p, row->path.len) ||
		    list_takes(b, row->shown.p, row->shown.len) ||
		    list_takes(b, row->full_name.p, row->full_name.len))
			list_add_row(b, i);
	}
}
