/* object_tree.c — the object graph of a TF2 checkpoint as the rows of a tree.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A walk with a stack of its own: graphs may be deep, and have cycles. A node is opened
 * once; where it comes again only its row is repeated.
 */
#include "config.h"

#include "report/object_tree.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/text.h"
#include "report/list.h"

enum null_bits { NULL_SHAPE = 1, NULL_SIZES = 2 };

#define FIELD(row, field) .offset = offsetof(struct row, field)

const struct column object_columns[] = {
	{ .name = "path",
	  .type = COL_NAME,
	  FIELD(object_row, path),
	  .show = SHOW_JSON,
	  .help = "shortest path from the root; \"\" is the root" },
	{ .name = "shown",
	  .title = "OBJECT",
	  .type = COL_TEXT,
	  FIELD(object_row, shown),
	  .show = SHOW_TEXT,
	  .help = "the last part of the path, indented" },
	{ .name = "depth",
	  .type = COL_COUNT,
	  FIELD(object_row, depth),
	  .show = SHOW_JSON,
	  .help = "0 for the root" },
	{ .name = "node",
	  .type = COL_COUNT,
	  FIELD(object_row, node),
	  .help = "number in the object graph" },
	{ .name = "full_name",
	  .type = COL_NAME,
	  FIELD(object_row, full_name),
	  .help = "the variable's own name" },
	{ .name = "dtype",
	  .type = COL_TEXT,
	  FIELD(object_row, dtype),
	  .help = "of its tensor" },
	{ .name = "shape",
	  .type = COL_INTS,
	  FIELD(object_row, shape),
	  .null = NULL_SHAPE,
	  .help = "of its tensor" },
	{ .name = "elements",
	  .type = COL_COUNT,
	  FIELD(object_row, elements),
	  .show = SHOW_JSON,
	  .null = NULL_SIZES,
	  .help = "of its tensor" },
	{ .name = "size_bytes",
	  .title = "SIZE",
	  .type = COL_BYTES,
	  FIELD(object_row, size_bytes),
	  .null = NULL_SIZES,
	  .help = "of its tensor" },
	{ .name = "note",
	  .type = COL_NAME,
	  FIELD(object_row, note),
	  .help = "cycle, shared, or slot of an optimizer" },
	{ .name = "key",
	  .type = COL_NAME,
	  FIELD(object_row, key),
	  .show = SHOW_LONG,
	  .help = "the tensor's name in the checkpoint" },
	{ .name = NULL },
};

/* A node whose children are being walked. */
struct level {
	uint32_t node, next; /* next: children first, then slots of it */
	size_t depth;
	struct level *up;
};

/* One walk. */
struct walking {
	struct ckpt *c;
	struct arena *a;
	const struct objects *o;
	struct pointers *rows;
	uint8_t *opened;  /* per node: its children have been shown */
	uint32_t *
		slots; /* nodes that are slot variables, by the variable they belong to */
	uint32_t n_slots;
	struct ckpt_error *err;
};

static struct cell_text cell(struct object_text t)
{
	return (struct cell_text){ t.len ? t.p : NULL, t.len };
}

static const char *shown_name(struct arena *a, struct object_text name, size_t depth)
{
	const size_t n = text_escape(NULL, 0, name.p, name.len), indent = 2 * depth,
		     most = 60;
	char *text = arena_alloc(a, n + 1);
	if (!text)
		return NULL;
	text_escape(text, n + 1, name.p, name.len);
	return arena_printf(a, "%*s%s", (int)(indent < most ? indent : most), "", text);
}

static void fill_tensor(struct walking *w, const struct ckpt_tensor *t,
			struct object_row *row)
{
	row->null = 0;
	row->key = (struct cell_text){ t->name, t->name_len };
	row->dtype = cell_of(dtype_text(w->a, t->dtype));
	row->shape = (struct cell_ints){ t->dims, (size_t)t->rank };
	row->elements = t->elements;
	row->size_bytes = t->size_bytes;
}

/* What Keras 3 says by the variable's full name only. */
static void note_slot(struct walking *w, struct object_row *row)
{
	struct object_text slot;
	const struct object_key *k = objects_key(w->o, row->key.p, row->key.len);
	const struct object_key *of = k ? objects_slot_of(w->o, k, &slot) : NULL;
	if (of && !row->note.p)
		row->note = cell_of(arena_printf(w->a, "slot %.*s of %.*s", (int)slot.len,
						 slot.p, (int)of->full_name.len,
						 of->full_name.p));
}

static struct object_row *add_row(struct walking *w, uint32_t number,
				  struct object_text name, size_t depth, const char *note)
{
	const struct object_node *node = &w->o->nodes[number];
	struct object_row *row = arena_zeroed(w->a, 1, sizeof *row);
	if (!row || pointers_add(w->rows, row)) {
		arena_error(w->a, w->err);
		return NULL;
	}
	*row = (struct object_row){
		.null = NULL_SHAPE | NULL_SIZES,
		.path = { node->path.p ? node->path.p : "", node->path.len },
		.shown = cell_of(shown_name(w->a, name, depth)),
		.depth = depth,
		.node = number,
		.note = cell_of(note),
	};
	return row;
}

/* A saveable that stores several tensors adds to its key: "KEY-keys", "KEY_STATE". */
static int add_parts(struct walking *w, uint32_t number,
		     const struct object_attribute *at, size_t depth)
{
	for (size_t i = 0; i < ckpt_count(w->c); i++) {
		const struct ckpt_tensor *t = ckpt_at(w->c, i);
		const struct object_key *k = objects_key(w->o, t->name, t->name_len);
		if (!k || k->key.p != at->key.p || t->name_len == k->key.len)
			continue;
		const size_t from = at->key.len - at->name.len;
		const struct object_text name = { t->name + from, t->name_len - from };
		struct object_row *row = add_row(w, number, name, depth, NULL);
		if (!row)
			return -1;
		fill_tensor(w, t, row);
	}
	return 0;
}

/* The node's row, and one more for each attribute beyond the first. */
static int add_rows(struct walking *w, uint32_t number, struct object_text name,
		    size_t depth, const char *note)
{
	const struct object_node *node = &w->o->nodes[number];
	uint32_t i = 0;
	do {
		const struct object_attribute *at =
			node->n_attributes ? &node->attributes[i] : NULL;
		struct object_row *row =
			add_row(w, number, i ? at->name : name, depth + (i > 0), note);
		if (!row)
			return -1;
		const struct ckpt_tensor *t =
			at ? ckpt_find(w->c, at->key.p, at->key.len, NULL) : NULL;
		if (at)
			row->full_name = cell(at->full_name);
		if (t) {
			fill_tensor(w, t, row);
			note_slot(w, row);
		} else if (at && !note && at->name.len <= at->key.len &&
			   add_parts(w, number, at, depth + 1)) {
			return -1;
		}
	} while (++i < node->n_attributes && !note);
	return 0;
}

static bool is_above(const struct level *at, uint32_t node)
{
	for (; at; at = at->up)
		if (at->node == node)
			return true;
	return false;
}

static int by_original(const void *x, const void *y, void *arg)
{
	const struct objects *o = arg;
	const uint32_t a = o->nodes[*(const uint32_t *)x].slot_of->original;
	const uint32_t b = o->nodes[*(const uint32_t *)y].slot_of->original;
	return a == b ? (*(const uint32_t *)x > *(const uint32_t *)y) -
				(*(const uint32_t *)x < *(const uint32_t *)y)
		      : a < b ? -1 : 1;
}

static int gather_slots(struct walking *w)
{
	w->slots = arena_zeroed(w->a, w->o->n_nodes, sizeof *w->slots);
	w->opened = arena_zeroed(w->a, w->o->n_nodes, 1);
	if (!w->slots || !w->opened)
		return arena_error(w->a, w->err);
	for (uint32_t i = 0; i < w->o->n_nodes; i++)
		if (w->o->nodes[i].slot_of)
			w->slots[w->n_slots++] = i;
	if (w->n_slots)
		qsort_r(w->slots, w->n_slots, sizeof *w->slots, by_original,
			(void *)(uintptr_t)w->o);
	return 0;
}

static int add_slots(struct walking *w, uint32_t original, size_t depth)
{
	uint32_t low = 0, high = w->n_slots;
	while (low < high) {
		const uint32_t middle = low + (high - low) / 2;
		if (w->o->nodes[w->slots[middle]].slot_of->original < original)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < w->n_slots; low++) {
		const struct object_node *slot = &w->o->nodes[w->slots[low]];
		if (slot->slot_of->original != original)
			break;
		const struct object_text of = w->o->nodes[slot->optimizer].path;
		const char *note = arena_printf(w->a, "slot of %.*s", (int)of.len,
						of.p ? of.p : "");
		if (!note || add_rows(w, w->slots[low], slot->slot_of->name, depth, note))
			return arena_error(w->a, w->err);
		w->opened[w->slots[low]] = 1;
	}
	return 0;
}

/* Shows a node; opens it if it is new. */
static int enter(struct walking *w, uint32_t number, struct object_text name,
		 size_t depth, size_t max_depth, struct level **top)
{
	const char *note = is_above(*top, number) ? "cycle"
			   : w->opened[number]	  ? "shared"
						  : NULL;
	if (add_rows(w, number, name, depth, note))
		return -1;
	if (note || depth == max_depth)
		return 0;
	w->opened[number] = 1;
	if (add_slots(w, number, depth + 1))
		return -1;
	struct level *level = arena_zeroed(w->a, 1, sizeof *level);
	if (!level)
		return arena_error(w->a, w->err);
	*level = (struct level){ .node = number, .depth = depth, .up = *top };
	*top = level;
	return 0;
}

int object_tree(struct ckpt *c, struct arena *a, const struct objects *o,
		size_t max_depth, struct pointers *rows, struct ckpt_error *err)
{
	struct walking w = { .c = c, .a = a, .o = o, .rows = rows, .err = err };
	struct level *top = NULL;
	static const struct object_text root = { "(root)", 6 };
	if (!o->n_nodes)
		return error_set(err, CKPT_ENOTFOUND, ckpt_prefix(c), -1,
				 "no object graph: the checkpoint was written by name "
				 "(tf.train.Saver); list --tree shows its scopes");
	if (gather_slots(&w) || enter(&w, 0, root, 0, max_depth, &top))
		return -1;
	while (top) {
		const struct object_node *node = &o->nodes[top->node];
		if (top->next == node->n_children) {
			top = top->up;
			continue;
		}
		const struct object_child *child = &node->children[top->next++];
		if (enter(&w, child->node, child->name, top->depth + 1, max_depth, &top))
			return -1;
	}
	return 0;
}
