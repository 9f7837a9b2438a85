/* browse_list.c — the browse view's rows as a list: of scopes, of tensors, of objects.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "tui/browse_list.h"

#include <string.h>

/* --- rows -------------------------------------------------------------------------- */

const void *browse_row(void *arg, uint32_t id)
{
	struct browse *b = arg;
	arena_rewind(&b->scratch, (struct arena_mark){ 0 });
	if (b->mode == BROWSE_OBJECTS)
		return b->rows.objects.p[id];
	if (b->mode == BROWSE_TREE)
		return tree_row_of(&b->scratch, b->rows.nodes[id], &b->row.tree)
			       ? &b->row
			       : NULL;
	return list_row_of(b->rows.c, &b->scratch, &b->rows.report.objects,
			   b->rows.report.tensors[id], &b->row.list)
		       ? &b->row
		       : NULL;
}

struct cell_text browse_name(void *arg, uint32_t id)
{
	const struct browse *b = arg;
	if (b->mode == BROWSE_OBJECTS)
		return ((const struct object_row *)b->rows.objects.p[id])->path;
	if (b->mode == BROWSE_TREE)
		return (struct cell_text){ b->rows.nodes[id]->path,
					   b->rows.nodes[id]->path_len };
	const struct ckpt_tensor *t = b->rows.report.tensors[id];
	return (struct cell_text){ t->name, t->name_len };
}

/* In a tree the last part of the name. */
static struct cell_text shown_of(void *arg, uint32_t id)
{
	const struct browse *b = arg;
	if (b->mode == BROWSE_TREE) {
		const struct scope_node *n = b->rows.nodes[id];
		return (struct cell_text){ n->path + n->name, n->path_len - n->name };
	}
	const struct cell_text name = browse_name(arg, id);
	if (b->mode == BROWSE_LIST || b->list.filter[0])
		return name;
	const struct object_row *row = b->rows.objects.p[id];
	struct cell_text shown = row->shown;
	while (shown.len && *shown.p == ' ')
		shown.p++, shown.len--;
	return shown.len ? shown : cell_of("root");
}

static uint64_t depth_of(const struct browse *b, uint32_t id)
{
	if (b->mode == BROWSE_LIST || (b->mode == BROWSE_OBJECTS && b->list.filter[0]))
		return 0;
	return b->mode == BROWSE_TREE
		       ? b->rows.nodes[id]->depth - 1
		       : ((const struct object_row *)b->rows.objects.p[id])->depth;
}

static void lead_of(void *arg, uint32_t id, char *out, size_t cap)
{
	const struct browse *b = arg;
	if (b->mode == BROWSE_LIST)
		return;
	fold_lead(depth_of(b, id), browse_has_rows(&b->rows, b->mode, id),
		  browse_is_open(&b->rows, b->mode, id) || b->list.filter[0], out, cap);
}

static enum style style_of(void *arg, uint32_t id)
{
	const struct browse *b = arg;
	const struct ckpt_tensor *t = browse_tensor(&b->rows, b->mode, id);
	if (!t)
		return b->mode == BROWSE_TREE ? STYLE_SCOPE : STYLE_PLAIN;
	return t->problem ? STYLE_BAD : STYLE_PLAIN;
}

static double share_of(void *arg, uint32_t id)
{
	const struct browse *b = arg;
	const uint64_t all = b->rows.report.size_bytes;
	const struct ckpt_tensor *t = browse_tensor(&b->rows, b->mode, id);
	if (b->mode == BROWSE_OBJECTS && !t)
		return -1;
	const uint64_t size = b->mode == BROWSE_TREE ? b->rows.nodes[id]->size_bytes
						     : t->size_bytes;
	return all ? (double)size / (double)all : 0;
}

static bool can_be_marked(void *arg, uint32_t id)
{
	const struct browse *b = arg;
	return browse_tensor(&b->rows, b->mode, id) != NULL;
}

void browse_reveal(void *arg, uint32_t id)
{
	struct browse *b = arg;
	bool again = b->list.building || !b->list.built;
	list_stop(&b->list);
	for (uint32_t at = id, up; (up = browse_parent(&b->rows, b->mode, at)) != at;
	     at = up) {
		again |= !browse_is_open(&b->rows, b->mode, up);
		browse_set_open(&b->rows, b->mode, up, true);
	}
	if (again)
		list_rebuild(&b->list);
	list_select(&b->list, id);
}

static void build_rows(void *arg, struct list_build *to)
{
	const struct browse *b = arg;
	if (b->mode == BROWSE_TREE)
		browse_build_tree(&b->rows, to);
	else
		browse_build_objects(&b->rows, to);
}

static int compare_rows(void *arg, int sort, uint32_t x, uint32_t y)
{
	const struct browse *b = arg;
	return list_compare((enum list_sort)sort, b->rows.report.tensors[x],
			    b->rows.report.tensors[y]);
}

const struct list_ops browse_tree_list = {
	.build = build_rows, .row = browse_row, .name = browse_name, .shown = shown_of,
	.lead = lead_of, .style = style_of, .share = share_of, .marks = can_be_marked,
	.reveal = browse_reveal,
};

static const struct list_ops flat_ops = {
	.compare = compare_rows, .row = browse_row, .name = browse_name,
	.shown = shown_of,
	.style = style_of, .share = share_of,
};

/* --- the three ways to see it ------------------------------------------------------ */

static const char *const flat_sorts[] = { "name", "size", "dtype", "elements", "offset",
					  NULL };

void browse_set_mode(struct browse *b, enum browse_mode mode)
{
	const struct list_column tree[] = {
		{ column_named(tree_columns, "tensors"), 6, 3 },
		{ column_named(tree_columns, "dtype"), 7, 2 },
		{ column_named(tree_columns, "shape"), 9, 1 },
		{ column_named(tree_columns, "size_bytes"), 9, 0 },
		{ NULL, 0, 0 },
	};
	const struct list_column flat[] = {
		{ column_named(list_columns, "role"), 6, 4 },
		{ column_named(list_columns, "type"), 7, 2 },
		{ column_named(list_columns, "shape"), 9, 1 },
		{ column_named(list_columns, "size_bytes"), 9, 0 },
		{ NULL, 0, 0 },
	};
	const struct list_column objects[] = {
		{ column_named(object_columns, "full_name"), 16, 2 },
		{ column_named(object_columns, "dtype"), 8, 3 },
		{ column_named(object_columns, "shape"), 10, 1 },
		{ column_named(object_columns, "size_bytes"), 9, 0 },
		{ column_named(object_columns, "note"), 6, 4 },
		{ NULL, 0, 0 },
	};
	list_stop(&b->list);
	b->mode = mode;
	b->list.ops = mode == BROWSE_LIST ? &flat_ops : &browse_tree_list;
	b->list.sorts = mode == BROWSE_TREE   ? browse_tree_sorts
			: mode == BROWSE_LIST ? flat_sorts
					      : NULL;
	b->list.sort = 0;
	b->list.reverse = false;
	list_set(&b->list, mode == BROWSE_TREE ? tree : mode == BROWSE_LIST ? flat
									     : objects,
		 mode == BROWSE_TREE   ? b->rows.n_nodes
		 : mode == BROWSE_LIST ? b->rows.report.n
				       : b->rows.objects.n);
	list_rebuild(&b->list);
}

const struct column *browse_columns(const struct browse *b)
{
	return b->mode == BROWSE_TREE	? tree_columns
	       : b->mode == BROWSE_LIST ? list_columns
					: object_columns;
}
