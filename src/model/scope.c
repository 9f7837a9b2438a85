/* scope.c — names as a tree: scopes, with what they hold added up.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Names come sorted, so the scopes that are open form a path: each name closes those
 * that it does not lie in and opens those that are new.
 */
#include "config.h"

#include "model/scope.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/text.h"

static size_t part_length(const char *p, size_t n)
{
	const char *slash = n ? memchr(p, '/', n) : NULL;
	return slash ? (size_t)(slash - p) : n;
}

int scope_compare(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t same = text_common(a, b, a_len < b_len ? a_len : b_len);
	const char *slash = same ? memrchr(a, '/', same) : NULL;
	same = slash ? (size_t)(slash + 1 - a) : 0; /* whole parts only */
	a += same, a_len -= same;
	b += same, b_len -= same;
	for (;;) {
		const size_t na = part_length(a, a_len), nb = part_length(b, b_len);
		const int c = text_natural(a, na, b, nb);
		if (c)
			return c;
		if (na == a_len || nb == b_len)
			return (na < a_len) - (nb < b_len);
		a += na + 1, a_len -= na + 1;
		b += nb + 1, b_len -= nb + 1;
	}
}

static struct scope_node *add_node(struct arena *a, struct scope_node *parent,
				   struct scope_node **last, const char *path, size_t len)
{
	struct scope_node *node = arena_zeroed(a, 1, sizeof *node);
	if (!node)
		return NULL;
	node->path = path;
	node->path_len = len;
	node->parent = parent;
	node->depth = parent->depth + 1;
	node->name = parent->path_len ? parent->path_len + 1 : parent->parent ? 1 : 0;
	if (*last && (*last)->parent == parent)
		(*last)->next = node;
	else
		parent->child = node;
	*last = node;
	return node;
}

/* Adds one tensor below the scopes of its name. open: the scope that the tensor before it
 * lies in; last: the node made last in it. */
static bool add_tensor(struct arena *a, struct scope_node **open,
		       struct scope_node **last, const struct ckpt_tensor *t)
{
	struct scope_node *scope = *open, *before = *last;
	/* What the open scopes have in common with the name, once for all of them. */
	const size_t same = text_common(scope->path, t->name,
					scope->path_len < t->name_len ? scope->path_len
								      : t->name_len);
	while (scope->parent &&
	       !(scope->path_len <= same && scope->path_len < t->name_len &&
		 t->name[scope->path_len] == '/')) {
		before = scope;
		scope = scope->parent;
	}
	size_t at = scope->parent ? scope->path_len + 1 : 0;
	for (size_t n; scope->depth < SCOPE_DEEPEST &&
		       (n = part_length(t->name + at, t->name_len - at)) <
			       t->name_len - at;
	     at += n + 1) {
		scope = add_node(a, scope, &before, t->name, at + n);
		if (!scope)
			return false;
		before = NULL;
	}
	struct scope_node *leaf = add_node(a, scope, &before, t->name, t->name_len);
	if (!leaf)
		return false;
	leaf->name = at;
	leaf->tensor = t;
	leaf->tensors = 1;
	leaf->elements = t->elements;
	leaf->size_bytes = t->size_bytes;
	*open = scope;
	*last = leaf;
	return true;
}

static int by_size(const void *x, const void *y)
{
	const struct scope_node *a = *(struct scope_node *const *)x;
	const struct scope_node *b = *(struct scope_node *const *)y;
	if (a->size_bytes != b->size_bytes)
		return a->size_bytes > b->size_bytes ? -1 : 1;
	return scope_compare(a->path, a->path_len, b->path, b->path_len);
}

static bool sort_children(struct scope_node *node)
{
	struct pointers children = { 0 };
	for (struct scope_node *n = node->child; n; n = n->next)
		if (pointers_add(&children, n))
			return false;
	if (children.n)
		qsort(children.p, children.n, sizeof *children.p, by_size);
	for (size_t i = 0; i < children.n; i++) {
		struct scope_node *n = children.p[i];
		n->next = i + 1 < children.n ? children.p[i + 1] : NULL;
	}
	node->child = children.n ? children.p[0] : NULL;
	pointers_drop(&children);
	return true;
}

struct scope_node *scope_build(struct arena *a, const struct ckpt_tensor *const *tensors,
			       size_t n, enum scope_order order)
{
	struct scope_node *root = arena_zeroed(a, 1, sizeof *root), *open = root,
			  *last = NULL;
	if (!root)
		return NULL;
	root->path = "";
	for (size_t i = 0; i < n; i++) {
		if (!add_tensor(a, &open, &last, tensors[i]))
			return NULL;
		for (struct scope_node *s = last->parent; s; s = s->parent) {
			s->tensors++;
			s->elements += last->elements;
			s->size_bytes += last->size_bytes;
		}
	}
	for (struct scope_node *s = root; s && order == SCOPE_BY_SIZE;
	     s = scope_next(s, SIZE_MAX))
		if (!sort_children(s))
			return NULL;
	return root;
}

struct scope_node *scope_next(struct scope_node *node, size_t max_depth)
{
	if (node->child && node->depth < max_depth)
		return node->child;
	while (node && !node->next)
		node = node->parent;
	return node ? node->next : NULL;
}
