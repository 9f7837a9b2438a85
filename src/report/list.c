/* list.c — every tensor of a checkpoint, as rows; and the same as a tree of scopes.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "report/list.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "base/wire.h"
#include "format/graph.h"
#include "format/reader.h"

enum null_bits {
	NULL_SHARD = 1,
	NULL_OFFSET = 2,
	NULL_CRC = 4,
	NULL_SHAPE = 8,
	NULL_DTYPE = 16,
	NULL_ELEMENTS = 32,
	NULL_SIZE = 64,
};

#define FIELD(row, field) .offset = offsetof(struct row, field)
#define END { .name = NULL }

static const struct column slice_columns[] = {
	{ .name = "start", .type = COL_INTS, FIELD(slice_row, start) },
	{ .name = "shape", .type = COL_INTS, FIELD(slice_row, shape) },
	{ .name = "shard", .type = COL_COUNT, FIELD(slice_row, shard) },
	{ .name = "offset",
	  .type = COL_COUNT,
	  FIELD(slice_row, offset),
	  .null = NULL_OFFSET },
	{ .name = "size_bytes",
	  .type = COL_COUNT,
	  FIELD(slice_row, size_bytes),
	  .null = NULL_SIZE },
	{ .name = "crc32c", .type = COL_CRC, FIELD(slice_row, crc32c), .null = NULL_CRC },
	END,
};

const struct column list_columns[] = {
	{ .name = "name",
	  .type = COL_NAME,
	  FIELD(list_row, name),
	  .help = "the tensor's name" },
	{ .name = "dtype",
	  .type = COL_TEXT,
	  FIELD(list_row, dtype),
	  .show = SHOW_JSON,
	  .help = "TensorFlow's name of its element type" },
	{ .name = "type",
	  .title = "DTYPE",
	  .type = COL_NAME,
	  FIELD(list_row, shown_dtype),
	  .show = SHOW_TEXT,
	  .help = "dtype; for a variant with the name of what is in it" },
	{ .name = "shape",
	  .type = COL_INTS,
	  FIELD(list_row, shape),
	  .null = NULL_SHAPE,
	  .help = "dimensions; [] is a scalar" },
	{ .name = "elements",
	  .type = COL_COUNT,
	  FIELD(list_row, elements),
	  .show = SHOW_LONG,
	  .null = NULL_ELEMENTS,
	  .help = "product of the dimensions" },
	{ .name = "size_bytes",
	  .title = "SIZE",
	  .type = COL_BYTES,
	  FIELD(list_row, size_bytes),
	  .null = NULL_ELEMENTS | NULL_SIZE,
	  .help = "bytes that are stored; of a V1 checkpoint, decoded (strings: "
		  "unknown)" },
	{ .name = "shard",
	  .type = COL_COUNT,
	  FIELD(list_row, shard),
	  .show = SHOW_LONG,
	  .null = NULL_SHARD,
	  .help = "number of the data file; none if it is in slices" },
	{ .name = "offset",
	  .type = COL_INT,
	  FIELD(list_row, offset),
	  .show = SHOW_LONG,
	  .null = NULL_OFFSET,
	  .help = "first byte in the data file" },
	{ .name = "crc32c",
	  .type = COL_CRC,
	  FIELD(list_row, crc32c),
	  .show = SHOW_LONG,
	  .null = NULL_CRC,
	  .help = "recorded checksum of the stored bytes, unmasked" },
	{ .name = "slices",
	  .type = COL_ROWS,
	  FIELD(list_row, slices),
	  .show = SHOW_LONG,
	  .sub = slice_columns,
	  .stride = sizeof(struct slice_row),
	  .help = "pieces of a partitioned variable" },
	{ .name = "role",
	  .type = COL_TEXT,
	  FIELD(list_row, role),
	  .show = SHOW_LONG,
	  .help = "weight, slot (of an optimizer), ema (moving average), step, other" },
	{ .name = "full_name",
	  .type = COL_NAME,
	  FIELD(list_row, full_name),
	  .show = SHOW_JSON,
	  .help = "the variable's own name in the object graph" },
	{ .name = "object_path",
	  .type = COL_NAME,
	  FIELD(list_row, object_path),
	  .show = SHOW_JSON,
	  .help = "shortest path to it in the object graph" },
	{ .name = "variant_type",
	  .type = COL_NAME,
	  FIELD(list_row, variant_type),
	  .show = SHOW_JSON,
	  .help = "what a variant holds" },
	{ .name = "error",
	  .type = COL_NAME,
	  FIELD(list_row, error),
	  .show = SHOW_JSON,
	  .help = "why its entry cannot be read" },
	END,
};

const struct column tree_columns[] = {
	{ .name = "path",
	  .type = COL_NAME,
	  FIELD(tree_row, path),
	  .show = SHOW_JSON,
	  .help = "whole name of the scope or tensor" },
	{ .name = "shown",
	  .title = "NAME",
	  .type = COL_TEXT,
	  FIELD(tree_row, shown),
	  .show = SHOW_TEXT,
	  .help = "the last part of the name, indented" },
	{ .name = "depth",
	  .type = COL_COUNT,
	  FIELD(tree_row, depth),
	  .show = SHOW_JSON,
	  .help = "1 for the outermost" },
	{ .name = "tensors",
	  .type = COL_COUNT,
	  FIELD(tree_row, tensors),
	  .help = "tensors in it" },
	{ .name = "dtype",
	  .type = COL_TEXT,
	  FIELD(tree_row, dtype),
	  .help = "of a tensor" },
	{ .name = "shape",
	  .type = COL_INTS,
	  FIELD(tree_row, shape),
	  .null = NULL_SHAPE,
	  .help = "of a tensor" },
	{ .name = "elements",
	  .type = COL_COUNT,
	  FIELD(tree_row, elements),
	  .help = "added up" },
	{ .name = "size_bytes",
	  .title = "SIZE",
	  .type = COL_BYTES,
	  FIELD(tree_row, size_bytes),
	  .help = "bytes that are stored, added up" },
	END,
};

#define TOTALS                                                                           \
	{ .name = "tensors", .type = COL_COUNT, FIELD(total_row, tensors) },             \
		{ .name = "elements", .type = COL_COUNT, FIELD(total_row, elements) },   \
		{ .name = "size_bytes",                                                  \
		  .title = "SIZE",                                                       \
		  .type = COL_BYTES,                                                     \
		  FIELD(total_row, size_bytes) },                                        \
		END

const struct column dtype_columns[] = {
	{ .name = "dtype", .type = COL_TEXT, FIELD(total_row, kind) }, TOTALS };

const struct column role_columns[] = {
	{ .name = "role", .type = COL_TEXT, FIELD(total_row, kind) }, TOTALS };

const char *const list_sorts[] = { "name",   "size", "dtype", "elements",
				   "offset", "none", NULL };

/* --- rows -------------------------------------------------------------------------- */

const char *dtype_text(struct arena *a, int dtype)
{
	const char *name = ckpt_dtype_name(dtype);
	if (!dtype)
		return "unknown"; /* of a kind that is not read */
	return name ? name : arena_printf(a, "invalid(%d)", dtype);
}

/* What is not known of a piece. In a table's block it has no offset and no checksum of
 * its own, and of strings one does not know the size before they are read. */
static uint64_t unknown_of(const struct ckpt_piece *p)
{
	uint64_t null = p->has_crc32c ? 0 : NULL_CRC;
	if (p->in_block)
		null |= NULL_OFFSET | (p->spelling == SPELL_FIELDS ? NULL_SIZE : 0);
	return null;
}

/* VariantTensorDataProto's first field (tensorflow/core/framework/tensor.proto). */
static int read_type_name(void *arg, const struct ckpt_run *run)
{
	struct bytes *found = arg;
	struct wire w = wire_of(bytes_of(run->strings[0].p, run->strings[0].len));
	while (wire_next(&w) > 0)
		if (w.field == 1 && w.type == WIRE_LEN) {
			*found = w.data;
			return 1;
		}
	return 1;
}

static struct cell_text variant_type(struct ckpt *c, struct arena *a,
				     const struct ckpt_tensor *t)
{
	enum { MOST_BYTES = 64 << 20 }; /* a name is not worth more */
	struct bytes found = { NULL, NULL };
	struct values *v = t->size_bytes < MOST_BYTES ? reader_values(c, t, NULL) : NULL;
	if (!v || !t->elements)
		return cell_of(NULL);
	values_runs(v, 0, 1, read_type_name, &found, NULL);
	if (!found.p)
		return cell_of(NULL);
	const size_t n = bytes_left(&found);
	return (struct cell_text){ arena_copy(a, found.p, n), n };
}

static bool add_slices(struct arena *a, const struct ckpt_tensor *t, struct list_row *row)
{
	struct slice_row *rows = arena_zeroed(a, t->n_pieces, sizeof *rows);
	if (!rows)
		return false;
	for (uint32_t i = 0; i < t->n_pieces; i++) {
		const struct ckpt_piece *p = &t->pieces[i];
		rows[i] = (struct slice_row){
			.null = unknown_of(p),
			.start = { p->start, (size_t)t->rank },
			.shape = { p->extent, (size_t)t->rank },
			.shard = p->shard,
			.offset = p->offset,
			.size_bytes = p->size,
			.crc32c = p->crc,
		};
	}
	row->slices = (struct cell_rows){ rows, t->n_pieces };
	row->null |= NULL_SHARD | NULL_OFFSET | NULL_CRC | (rows[0].null & NULL_SIZE);
	return true;
}

void list_objects(struct objects *o, struct ckpt *c, struct arena *a)
{
	if (objects_read(c, a, o, NULL) < 0)
		*o = (struct objects){ .n_nodes = 0 };
}

enum role list_role(const struct objects *o, const struct ckpt_tensor *t)
{
	const struct object_key *k = objects_key(o, t->name, t->name_len);
	return role_of(t, k ? k->full_name.p : NULL, k ? k->full_name.len : 0);
}

static void add_object(const struct objects *o, const struct ckpt_tensor *t,
		       struct list_row *row)
{
	const struct object_key *k = objects_key(o, t->name, t->name_len);
	if (!k)
		return;
	if (k->full_name.len)
		row->full_name = (struct cell_text){ k->full_name.p, k->full_name.len };
	if (k->path.p)
		row->object_path = (struct cell_text){ k->path.p, k->path.len };
}

bool list_row_of(struct ckpt *c, struct arena *a, const struct objects *o,
		 const struct ckpt_tensor *t, struct list_row *row)
{
	*row = (struct list_row){
		.name = { t->name, t->name_len },
		.dtype = cell_of(dtype_text(a, t->dtype)),
		.shape = { t->dims, (size_t)t->rank },
		.elements = t->elements,
		.size_bytes = t->size_bytes,
	};
	if (o) {
		row->role = cell_of(role_names[list_role(o, t)]);
		add_object(o, t, row);
	}
	row->shown_dtype = row->dtype;
	if (t->problem) {
		row->null = NULL_SHARD | NULL_OFFSET | NULL_CRC | NULL_ELEMENTS;
		row->error = cell_of(t->problem->text);
		return row->dtype.p;
	}
	if (t->n_pieces != 1 || t->pieces[0].start)
		return row->dtype.p && add_slices(a, t, row);
	const struct ckpt_piece *p = &t->pieces[0];
	row->shard = p->shard;
	row->offset = p->offset;
	row->crc32c = p->crc;
	const struct graph *g = graph_of_checkpoint(c);
	row->null = unknown_of(p);
	if (g && g->text) /* where it stands in the text is not kept */
		row->null |= NULL_OFFSET;
	if (t->dtype == CKPT_VARIANT) {
		row->variant_type = variant_type(c, a, t);
		if (row->variant_type.p)
			row->shown_dtype = cell_of(arena_printf(
				a, "variant:%.*s", (int)row->variant_type.len,
				row->variant_type.p));
	}
	return row->dtype.p && row->shown_dtype.p;
}

bool tree_row_of(struct arena *a, const struct scope_node *node, struct tree_row *row)
{
	*row = (struct tree_row){
		.null = NULL_SHAPE,
		.path = { node->path, node->path_len },
		.depth = node->depth,
		.tensors = node->tensors,
		.elements = node->elements,
		.size_bytes = node->size_bytes,
	};
	if (node->tensor) {
		row->null = 0;
		row->shape = (struct cell_ints){ node->tensor->dims,
						 (size_t)node->tensor->rank };
		row->dtype = cell_of(dtype_text(a, node->tensor->dtype));
	}
	/* Two columns a level, but no more than a line can take. */
	const size_t indent = node->depth ? 2 * (node->depth - 1) : 0, most = 60;
	const char *part = node->path + node->name;
	const size_t len = node->path_len - node->name,
		     n = text_escape(NULL, 0, part, len);
	char *text = arena_alloc(a, n + 1);
	if (!text)
		return false;
	text_escape(text, n + 1, part, len);
	row->shown =
		cell_of(arena_printf(a, "%*s%s%s", (int)(indent < most ? indent : most),
				     "", text, node->tensor ? "" : "/"));
	return row->shown.p;
}

/* --- the report -------------------------------------------------------------------- */

static int by_name(const struct ckpt_tensor *a, const struct ckpt_tensor *b)
{
	return scope_compare(a->name, a->name_len, b->name, b->name_len);
}

static int by_size(const struct ckpt_tensor *a, const struct ckpt_tensor *b)
{
	return (a->size_bytes < b->size_bytes) - (a->size_bytes > b->size_bytes);
}

static int by_elements(const struct ckpt_tensor *a, const struct ckpt_tensor *b)
{
	return (a->elements < b->elements) - (a->elements > b->elements);
}

static int by_dtype(const struct ckpt_tensor *a, const struct ckpt_tensor *b)
{
	const char *x = ckpt_dtype_name(a->dtype), *y = ckpt_dtype_name(b->dtype);
	return x && y ? strcmp(x, y) : (x != NULL) - (y != NULL);
}

static int by_offset(const struct ckpt_tensor *a, const struct ckpt_tensor *b)
{
	if (!a->n_pieces || !b->n_pieces)
		return (a->n_pieces != 0) - (b->n_pieces != 0);
	const struct ckpt_piece *p = a->pieces, *q = b->pieces;
	if (p->shard != q->shard)
		return p->shard < q->shard ? -1 : 1;
	return (p->offset > q->offset) - (p->offset < q->offset);
}

static const struct order {
	int (*compare)(const struct ckpt_tensor *a, const struct ckpt_tensor *b);
	int sign;
} orders[] = {
	[SORT_NAME] = { by_name, 1 },	  [SORT_SIZE] = { by_size, 1 },
	[SORT_DTYPE] = { by_dtype, 1 },	  [SORT_ELEMENTS] = { by_elements, 1 },
	[SORT_OFFSET] = { by_offset, 1 },
};

int list_compare(enum list_sort sort, const struct ckpt_tensor *a,
		 const struct ckpt_tensor *b)
{
	const int c = orders[sort].compare(a, b);
	return c ? c : by_name(a, b);
}

static int compare_tensors(const void *x, const void *y, void *arg)
{
	const struct ckpt_tensor *a = *(const struct ckpt_tensor *const *)x;
	const struct ckpt_tensor *b = *(const struct ckpt_tensor *const *)y;
	const struct order *order = arg;
	const int c = order->compare(a, b);
	return c ? c * order->sign : by_name(a, b);
}

static int compare_totals(const void *x, const void *y)
{
	const struct total_row *a = x, *b = y;
	if (a->size_bytes != b->size_bytes)
		return a->size_bytes < b->size_bytes ? 1 : -1;
	return strcmp(a->kind.p, b->kind.p);
}

static void add_to(struct total_row *row, const struct ckpt_tensor *t)
{
	row->tensors++;
	row->elements += t->elements;
	row->size_bytes += t->size_bytes;
}

void list_add(struct list_report *r, const struct ckpt_tensor *t, enum role role)
{
	const char *name = ckpt_dtype_name(t->dtype);
	const struct cell_text dtype = cell_of(name	 ? name
					       : t->dtype ? "invalid" : "unknown");
	r->elements += t->elements;
	r->size_bytes += t->size_bytes;
	size_t i = 0;
	while (i < r->n_dtypes && strcmp(r->dtypes[i].kind.p, dtype.p))
		i++;
	if (i == r->n_dtypes)
		r->dtypes[r->n_dtypes++] = (struct total_row){ .kind = dtype };
	add_to(&r->dtypes[i], t);
	add_to(&r->roles[role], t);
}

void list_end(struct list_report *r)
{
	qsort(r->dtypes, r->n_dtypes, sizeof *r->dtypes, compare_totals);
}

int list_begin(struct list_report *r, struct ckpt *c, struct arena *a,
	       struct ckpt_error *err)
{
	enum { MOST_DTYPES = 64 };
	*r = (struct list_report){ .c = c, .arena = a };
	r->dtypes = arena_zeroed(a, MOST_DTYPES, sizeof *r->dtypes);
	if (!r->dtypes)
		return arena_error(a, err);
	for (int role = 0; role < N_ROLES; role++)
		r->roles[role].kind = cell_of(role_names[role]);
	list_objects(&r->objects, c, a);
	return 0;
}

int list_make(struct list_report *r, struct ckpt *c, struct arena *a,
	      const struct list_query *q, struct ckpt_error *err)
{
	*r = (struct list_report){ .c = c, .arena = a };
	if ((ckpt_load(c, err) && !q->keep_going) || list_begin(r, c, a, err))
		return -1;
	r->all = ckpt_count(c);
	r->tensors = arena_alloc(a, r->all * sizeof *r->tensors + 1);
	if (!r->tensors)
		return arena_error(a, err);
	for (size_t i = 0; i < r->all; i++) {
		const struct ckpt_tensor *t = ckpt_at(c, i);
		if (q->matcher && !match_name(q->matcher, t->name, t->name_len))
			continue;
		const enum role role = list_role(&r->objects, t);
		if (q->roles && !(q->roles & 1u << role))
			continue;
		r->tensors[r->n++] = t;
		list_add(r, t, role);
	}
	list_end(r);
	if (q->sort == SORT_NONE)
		return 0;
	struct order order = orders[q->sort];
	order.sign = q->reverse ? -1 : 1;
	/* Most names stand in natural order already: that is worth a look. */
	for (size_t i = 1; i < r->n; i++)
		if (compare_tensors(&r->tensors[i - 1], &r->tensors[i], &order) > 0) {
			qsort_r(r->tensors, r->n, sizeof *r->tensors, compare_tensors,
				&order);
			break;
		}
	return 0;
}
