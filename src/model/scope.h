/* scope.h — names as a tree: scopes, with what they hold added up.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_SCOPE_H
#define MODEL_SCOPE_H

#include "base/arena.h"
#include "ckpt.h"

/* A scope, or a tensor in it. */
struct scope_node {
	const char *path;       /* whole name; a scope's ends where path_len says */
	size_t path_len, name;  /* name: where its last part begins */
	size_t depth;
	const struct ckpt_tensor *tensor; /* NULL: a scope */
	uint64_t tensors, elements, size_bytes;
	struct scope_node *parent, *child, *next; /* first child, next sibling */
	uint32_t number; /* for those who walk the tree */
};

/* Below this depth the rest of a name is one part: a name of slashes alone would make a
 * tree of quadratic size. */
enum { SCOPE_DEEPEST = 256 };

enum scope_order { SCOPE_BY_NAME, SCOPE_BY_SIZE };

/* Part by part, each in natural order: all of a scope stands together. */
int scope_compare(const char *a, size_t a_len, const char *b, size_t b_len);
/* The tree of n tensors, which must be in scope_compare's order. The root has an empty
 * path. NULL without memory. */
struct scope_node *scope_build(struct arena *a, const struct ckpt_tensor *const *tensors,
			       size_t n, enum scope_order order);
/* The node after this one as a tree is read from top to bottom; max_depth: deeper ones
 * are passed over. NULL at the end. */
struct scope_node *scope_next(struct scope_node *node, size_t max_depth);

#endif
