/* graph_rows.c — what a graph is, as rows.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "report/graph.h"

enum { NULL_SHAPE = 1, NULL_SLICE = 2, NULL_SIDE = 4 };

static struct cell_text cell(struct ckpt_string s)
{
	return (struct cell_text){ s.p, s.len };
}

static struct cell_text dtype_cell(int dtype)
{
	return cell_of(dtype ? ckpt_dtype_name(dtype) : NULL);
}

static struct cell_ints shape_cell(int rank, const int64_t *dims, uint64_t *null)
{
	*null |= rank < 0 ? NULL_SHAPE : 0;
	return (struct cell_ints){ dims, rank < 0 ? 0 : (size_t)rank };
}

/* --- inputs ------------------------------------------------------------------------ */

static const void *input_at(const struct rows *rows, size_t i)
{
	return &((const struct graph_input_row *)rows->arg)[i];
}

struct rows graph_input_rows(const struct graph_report *r, struct arena *a)
{
	const size_t n = r->ends.n_inputs;
	struct graph_input_row *all = arena_zeroed(a, n + 1, sizeof *all);
	for (size_t i = 0; all && i < n; i++) {
		const struct graph_input *in = &r->ends.inputs[i];
		struct graph_input_row *row = &all[i];
		row->name = cell(in->name);
		row->op = cell(in->op);
		row->dtype = dtype_cell(in->dtype);
		row->shape = shape_cell(in->rank, in->dims, &row->null);
		row->has_default = in->has_default;
		row->role = cell_of(input_role_names[in->role]);
	}
	return (struct rows){ graph_input_columns, all ? n : 0, input_at, all };
}

/* --- outputs ----------------------------------------------------------------------- */

static const void *output_at(const struct rows *rows, size_t i)
{
	return &((const struct graph_output_row *)rows->arg)[i];
}

struct rows graph_output_rows(const struct graph_report *r, struct arena *a)
{
	const size_t n = r->ends.n_outputs;
	struct graph_output_row *all = arena_zeroed(a, n + 1, sizeof *all);
	for (size_t i = 0; all && i < n; i++) {
		const struct graph_output *out = &r->ends.outputs[i];
		struct graph_output_row *row = &all[i];
		row->name = cell(out->name);
		if (out->output > 0)
			row->name = cell_of(arena_printf(a, "%s:%" PRId32, out->name.p,
							 out->output));
		row->op = cell(out->op);
		row->reason = cell_of(output_reason_names[out->reason]);
		row->why = cell_of(out->why);
	}
	return (struct rows){ graph_output_columns, all ? n : 0, output_at, all };
}

/* --- signatures -------------------------------------------------------------------- */

static const void *signature_at(const struct rows *rows, size_t i)
{
	return &((const struct graph_signature_row *)rows->arg)[i];
}

static struct graph_signature_row *add_side(struct graph_signature_row *row,
					    const struct signature *s,
					    const char *direction,
					    const struct signature_tensor *tensors,
					    size_t n)
{
	for (size_t i = 0; i < n; i++, row++) {
		const struct signature_tensor *t = &tensors[i];
		row->signature = cell(s->key);
		row->direction = cell_of(direction);
		row->key = cell(t->key);
		row->tensor = cell(t->name);
		row->dtype = dtype_cell(t->dtype);
		row->shape = shape_cell(t->rank, t->dims, &row->null);
	}
	return row;
}

struct rows graph_signature_rows(const struct graph_report *r, struct arena *a)
{
	size_t n = 0;
	for (size_t i = 0; i < r->n_signatures; i++)
		n += r->signatures[i].n_inputs + r->signatures[i].n_outputs;
	struct graph_signature_row *all = arena_zeroed(a, n + 1, sizeof *all), *row = all;
	for (size_t i = 0; all && i < r->n_signatures; i++) {
		const struct signature *s = &r->signatures[i];
		row = add_side(row, s, "input", s->inputs, s->n_inputs);
		row = add_side(row, s, "output", s->outputs, s->n_outputs);
	}
	return (struct rows){ graph_signature_columns, all ? n : 0, signature_at, all };
}

/* --- variables --------------------------------------------------------------------- */

static const void *variable_at(const struct rows *rows, size_t i)
{
	return &((const struct graph_variable_row *)rows->arg)[i];
}

/* What is wrong between a variable and its tensor. */
static struct cell_text mismatch(struct arena *a, const struct variable *v)
{
	const struct ckpt_tensor *t = v->tensor;
	if (v->problem)
		return cell_of(v->problem);
	if (v->status == VARIABLE_DAMAGED)
		return cell_of(t->problem->text);
	if (v->status == VARIABLE_DTYPE) {
		const char *is = ckpt_dtype_name(t->dtype);
		return cell_of(arena_printf(a, "the tensor is %s", is ? is : "unknown"));
	}
	if (v->status == VARIABLE_SHAPE)
		return cell_of(arena_printf(
			a, "the tensor is %s%s",
			cell_ints_text(a, (struct cell_ints){ t->dims, (size_t)t->rank }),
			v->slice_rank < 0 ? "" : ", and the variable a part of it"));
	if (v->status == VARIABLE_MISSING)
		return cell_of("the checkpoint has no such tensor");
	return cell_of(v->status == VARIABLE_NOT_SAVED ? "the saver leaves it out"
						       : NULL);
}

static void fill_variable(struct graph_variable_row *row, struct arena *a,
			  const struct variable *v)
{
	row->name = cell(v->name);
	row->op = cell(v->op);
	row->dtype = dtype_cell(v->dtype);
	row->shape = shape_cell(v->rank, v->dims, &row->null);
	row->status = cell_of(v->status ? variable_status_names[v->status] : NULL);
	row->how = cell_of(v->how ? variable_how_names[v->how] : NULL);
	row->tensor = cell(v->key);
	row->restore = cell(v->restore);
	row->reason = mismatch(a, v);
	if (v->slice_rank < 0) {
		row->null |= NULL_SLICE;
		return;
	}
	const size_t rank = (size_t)v->slice_rank;
	row->slice_start = (struct cell_ints){ v->start, rank };
	row->slice_shape = (struct cell_ints){ v->extent, rank };
}

struct rows graph_variable_rows(const struct graph_report *r, struct arena *a)
{
	const size_t n = r->variables.n;
	const bool matched = n && r->variables.all[0].status;
	struct graph_variable_row *all = arena_zeroed(a, n + 1, sizeof *all);
	for (size_t i = 0; all && i < n; i++)
		fill_variable(&all[i], a, &r->variables.all[i]);
	return (struct rows){ matched ? graph_variable_columns : graph_unmatched_columns,
			      all ? n : 0, variable_at, all };
}

/* --- counts ------------------------------------------------------------------------ */

static const void *count_at(const struct rows *rows, size_t i)
{
	return &((const struct graph_count_row *)rows->arg)[i];
}

static const void *collection_at(const struct rows *rows, size_t i)
{
	return &((const struct graph_collection_row *)rows->arg)[i];
}

struct rows graph_op_rows(const struct graph_report *r)
{
	return (struct rows){ graph_op_columns, r->n_ops, count_at,
			      (void *)(uintptr_t)r->ops };
}

struct rows graph_device_rows(const struct graph_report *r)
{
	return (struct rows){ graph_device_columns, r->n_devices, count_at,
			      (void *)(uintptr_t)r->devices };
}

struct rows graph_collection_rows(const struct graph_report *r)
{
	return (struct rows){ graph_collection_columns, r->n_collections, collection_at,
			      (void *)(uintptr_t)r->collections };
}

/* --- columns ----------------------------------------------------------------------- */

#define INPUT(field) .offset = offsetof(struct graph_input_row, field)
#define OUTPUT(field) .offset = offsetof(struct graph_output_row, field)
#define SIGNATURE(field) .offset = offsetof(struct graph_signature_row, field)
#define VARIABLE(field) .offset = offsetof(struct graph_variable_row, field)
#define COUNT(field) .offset = offsetof(struct graph_count_row, field)
#define COLLECTION(field) .offset = offsetof(struct graph_collection_row, field)
#define SHAPE .type = COL_INTS, .null = NULL_SHAPE, .help = "-1: not known"

const struct column graph_input_columns[] = {
	{ .name = "name", .type = COL_NAME, INPUT(name), .help = "what is fed" },
	{ .name = "op", .type = COL_NAME, INPUT(op), .show = SHOW_LONG,
	  .help = "the node's op" },
	{ .name = "dtype", .type = COL_TEXT, INPUT(dtype), .help = "of its elements" },
	{ .name = "shape", INPUT(shape), SHAPE },
	{ .name = "has_default", .title = "DEFAULT", .type = COL_BOOL,
	  INPUT(has_default), .help = "it need not be fed" },
	{ .name = "role", .type = COL_TEXT, INPUT(role), .show = SHOW_JSON,
	  .help = "model, saver (the name of its file), asset (the path of one)" },
	{ .name = NULL },
};

const struct column graph_output_columns[] = {
	{ .name = "name", .type = COL_NAME, OUTPUT(name), .help = "what to fetch" },
	{ .name = "op", .type = COL_NAME, OUTPUT(op), .help = "the node's op" },
	{ .name = "reason", .type = COL_TEXT, OUTPUT(reason),
	  .help = "signature, answer, before_loss, sink, side, loss: the likeliest "
		  "first" },
	{ .name = "why", .type = COL_NAME, OUTPUT(why), .help = "the same in words" },
	{ .name = NULL },
};

const struct column graph_signature_columns[] = {
	{ .name = "signature", .type = COL_NAME, SIGNATURE(signature),
	  .help = "its key, as serving_default" },
	{ .name = "direction", .type = COL_TEXT, SIGNATURE(direction),
	  .help = "input or output" },
	{ .name = "key", .type = COL_NAME, SIGNATURE(key),
	  .help = "what callers know the tensor by" },
	{ .name = "tensor", .type = COL_NAME, SIGNATURE(tensor),
	  .help = "the tensor in the graph" },
	{ .name = "dtype", .type = COL_TEXT, SIGNATURE(dtype),
	  .help = "of its elements" },
	{ .name = "shape", SIGNATURE(shape), SHAPE },
	{ .name = NULL },
};

#define VARIABLE_HEAD                                                                    \
	{ .name = "name", .type = COL_NAME, VARIABLE(name), .help = "of the node" },     \
		{ .name = "op", .type = COL_TEXT, VARIABLE(op), .show = SHOW_LONG,       \
		  .help = "VarHandleOp, VariableV2 or Variable" },                       \
		{ .name = "dtype", .type = COL_TEXT, VARIABLE(dtype),                    \
		  .help = "of its elements" },                                           \
		{ .name = "shape", VARIABLE(shape), SHAPE }
#define VARIABLE_TAIL                                                                    \
	{ .name = "tensor", .type = COL_NAME, VARIABLE(tensor),                          \
	  .help = "the checkpoint's tensor that restores it" },                          \
		{ .name = "slice_start", .type = COL_INTS, VARIABLE(slice_start),        \
		  .show = SHOW_JSON, .null = NULL_SLICE,                                 \
		  .help = "where in that tensor it begins; null: it is all of it" },     \
		{ .name = "slice_shape", .title = "PART", .type = COL_INTS,              \
		  VARIABLE(slice_shape), .null = NULL_SLICE, .rare = true,               \
		  .help = "and how much of it it is" },                                  \
		{ .name = "how", .type = COL_TEXT, VARIABLE(how), .show = SHOW_LONG,     \
		  .help = "restore, function, name, object or partition" },              \
		{ .name = "restore", .type = COL_NAME, VARIABLE(restore),                \
		  .show = SHOW_LONG, .help = "the node that reads it" },                 \
	{                                                                                \
		.name = NULL                                                             \
	}

const struct column graph_unmatched_columns[] = {
	VARIABLE_HEAD,
	VARIABLE_TAIL,
};

const struct column graph_variable_columns[] = {
	{ .name = "status", .type = COL_TEXT, VARIABLE(status),
	  .help = "present, missing, dtype, shape, damaged, not_saved; null: not "
		  "matched" },
	VARIABLE_HEAD,
	{ .name = "reason", .type = COL_NAME, VARIABLE(reason), .rare = true,
	  .help = "what is wrong" },
	VARIABLE_TAIL,
};

const struct column graph_op_columns[] = {
	{ .name = "nodes", .type = COL_COUNT, COUNT(nodes), .help = "in the main graph" },
	{ .name = "in_functions", .type = COL_COUNT, COUNT(in_functions),
	  .help = "in the function library" },
	{ .name = "op", .type = COL_NAME, COUNT(name), .help = "of the nodes" },
	{ .name = NULL },
};

const struct column graph_device_columns[] = {
	{ .name = "nodes", .type = COL_COUNT, COUNT(nodes), .help = "in the main graph" },
	{ .name = "in_functions", .type = COL_COUNT, COUNT(in_functions),
	  .help = "in the function library" },
	{ .name = "device", .type = COL_NAME, COUNT(name),
	  .help = "where they ask to be; null: anywhere" },
	{ .name = NULL },
};

const struct column graph_collection_columns[] = {
	{ .name = "name", .title = "COLLECTION", .type = COL_NAME, COLLECTION(name),
	  .help = "its key" },
	{ .name = "kind", .type = COL_TEXT, COLLECTION(kind),
	  .help = "nodes, bytes, int64, float, any, empty" },
	{ .name = "items", .type = COL_COUNT, COLLECTION(items), .help = "how many" },
	{ .name = NULL },
};
