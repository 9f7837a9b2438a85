/* diff_tree.c — what differs between two checkpoints, by scope.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The tree is that of the names in b, and in a of what was removed. Norms of a scope are
 * those of all its elements together.
 */
#include "config.h"

#include "report/diff_tree.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/scope.h"

enum null_bits { NULL_NUMBERS = 1, NULL_REL = 2 };

#define FIELD(field) .offset = offsetof(struct diff_tree_row, field)

const struct column diff_tree_columns[] = {
	{ .name = "path", .type = COL_NAME, FIELD(path), .show = SHOW_JSON,
	  .help = "the scope's, or the tensor's name" },
	{ .name = "scope", .type = COL_NAME, FIELD(shown), .show = SHOW_TEXT,
	  .help = "its last part, indented" },
	{ .name = "depth", .type = COL_COUNT, FIELD(depth), .show = SHOW_JSON,
	  .help = "1: outermost" },
	{ .name = "tensors", .type = COL_COUNT, FIELD(tensors), .help = "in it" },
	{ .name = "differ", .type = COL_COUNT, FIELD(differ),
	  .help = "tensors of it that are changed, added or removed" },
	{ .name = "elements", .type = COL_COUNT, FIELD(elements), .show = SHOW_LONG,
	  .help = "of them all" },
	{ .name = "changed", .type = COL_COUNT, FIELD(changed),
	  .help = "elements that are not the same value" },
	{ .name = "max_abs", .title = "MAX |Δ|", .type = COL_REAL, FIELD(max_abs),
	  .null = NULL_NUMBERS, .help = "largest |b - a| of finite pairs" },
	{ .name = "l2_delta", .title = "‖Δ‖", .type = COL_REAL, FIELD(l2_delta),
	  .null = NULL_NUMBERS, .help = "of all elements together" },
	{ .name = "rel_l2", .title = "‖Δ‖/‖A‖", .type = COL_REAL, FIELD(rel_l2),
	  .null = NULL_NUMBERS | NULL_REL, .help = "relative change of all together" },
	{ .name = NULL },
};

static const struct ckpt_tensor *tensor_of(const struct diff_item *item)
{
	return item->pair.b ? item->pair.b : item->pair.a;
}

static int by_scope(const void *x, const void *y)
{
	const struct ckpt_tensor *a = tensor_of(*(struct diff_item *const *)x);
	const struct ckpt_tensor *b = tensor_of(*(struct diff_item *const *)y);
	return scope_compare(a->name, a->name_len, b->name, b->name_len);
}

/* What is known of a node. */
struct sum {
	uint64_t differ, changed;
	double max_abs;
	struct wide delta2, a2;
	bool numbers;
};

static void add(struct sum *s, const struct diff_item *item)
{
	const struct comparison *c = item->found;
	s->differ += diff_is_difference(item) || item->status == DIFF_CHANGED ||
		     item->status == DIFF_UNKNOWN;
	if (!c)
		return;
	s->changed += c->changed;
	s->max_abs = fmax(s->max_abs, c->max_abs);
	s->delta2 = wide_add(s->delta2, c->delta2);
	s->a2 = wide_add(s->a2, c->a2);
	s->numbers |= c->finite > 0;
}

static struct diff_tree_row *row_of(struct arena *a, const struct scope_node *node,
				    const struct sum *s)
{
	enum { INDENT_MOST = 64 };
	const size_t len = node->path_len - node->name;
	const size_t indent =
		2 * (node->depth - 1 < INDENT_MOST ? node->depth - 1 : INDENT_MOST);
	struct diff_tree_row *row = arena_zeroed(a, 1, sizeof *row);
	char *shown = arena_alloc(a, indent + len + 2);
	if (!row || !shown)
		return NULL;
	memset(shown, ' ', indent);
	memcpy(shown + indent, node->path + node->name, len);
	shown[indent + len] = '/';
	const double rel = wide_ratio(s->delta2, s->a2);
	*row = (struct diff_tree_row){
		.null = (s->numbers ? 0 : NULL_NUMBERS) | (isnan(rel) ? NULL_REL : 0),
		.path = { node->path, node->path_len },
		.shown = { shown, indent + len + !node->tensor },
		.depth = node->depth,
		.tensors = node->tensors,
		.differ = s->differ,
		.elements = node->elements,
		.changed = s->changed,
		.max_abs = s->max_abs,
		.l2_delta = wide_root(s->delta2),
		.rel_l2 = sqrt(rel),
	};
	return row;
}

int diff_tree(const struct diff *d, struct arena *a, size_t depth, bool all,
	      struct pointers *rows, struct ckpt_error *err)
{
	const struct diff_item **items = arena_zeroed(a, d->n + 1, sizeof *items);
	const struct ckpt_tensor **tensors = arena_zeroed(a, d->n + 1, sizeof *tensors);
	size_t n = 0, leaf = 0;
	if (!items || !tensors)
		return arena_error(a, err);
	for (size_t i = 0; i < d->n; i++)
		if (diff_ready(&d->items[i]))
			items[n++] = &d->items[i];
	qsort(items, n, sizeof *items, by_scope);
	for (size_t i = 0; i < n; i++)
		tensors[i] = tensor_of(items[i]);
	struct scope_node *node = scope_build(a, tensors, n, SCOPE_BY_NAME);
	if (!node)
		return arena_error(a, err);
	/* Leaves come in the order of the tensors. */
	while ((node = scope_next(node, SIZE_MAX))) {
		struct sum own = { .differ = 0 };
		if (node->depth > depth) {
			leaf += node->tensor != NULL;
			continue;
		}
		if (node->tensor) {
			add(&own, items[leaf++]);
		} else {
			for (size_t i = leaf; i < leaf + node->tensors; i++)
				add(&own, items[i]);
		}
		if (!all && !own.differ)
			continue;
		struct diff_tree_row *row = row_of(a, node, &own);
		if (!row || pointers_add(rows, row))
			return arena_error(a, err);
	}
	return 0;
}
