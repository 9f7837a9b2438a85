/* attr_text.c — attributes of nodes as text.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "report/attr_text.h"

#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "format/graph_const.h"
#include "format/shape.h"

enum {
	MOST_ITEMS = 16,   /* of a list */
	MOST_ELEMENTS = 6, /* of a tensor */
	MOST_STRING = 200,
	MOST_TEXT = 256 << 10,
};

static const char *const kinds[] = { "none", "list",  "s",	"i",	       "f",   "b",
				     "type", "shape", "tensor", "placeholder", "func" };

const char *attr_kind_name(enum graph_attr_kind kind)
{
	return kinds[kind];
}

struct writing {
	struct graph *g;
	struct arena *a;
	struct buffer b;
	struct ckpt_error *err;
};

static int put(struct writing *w, const char *p, size_t n)
{
	return buffer_append(&w->b, p, n, w->err);
}

static int put_text(struct writing *w, const char *text)
{
	return put(w, text, strlen(text));
}

static int put_string(struct writing *w, const char *p, size_t n)
{
	return n <= MOST_STRING				    ? put(w, p, n)
	       : put(w, p, MOST_STRING) || put_text(w, "…") ? -1
							    : 0;
}

static int put_i64(struct writing *w, int64_t v)
{
	char number[NUMBER_MAX];
	return put(w, number, number_i64(number, v));
}

static int put_real(struct writing *w, uint64_t bits)
{
	char number[NUMBER_MAX];
	float v;
	const uint32_t low = (uint32_t)bits;
	memcpy(&v, &low, sizeof v);
	return put(w, number, number_float(number, v));
}

static int put_dtype(struct writing *w, uint64_t v)
{
	enum { REF = 100 };
	const bool ref = v > REF && v < 2 * REF;
	const char *name = v < 2 * REF ? ckpt_dtype_name((int)(ref ? v - REF : v)) : NULL;
	if (!name)
		return put_text(w, "dtype ") || put_i64(w, (int64_t)v) ? -1 : 0;
	return put_text(w, name) || (ref && put_text(w, "_ref")) ? -1 : 0;
}

static int put_dims(struct writing *w, const int64_t *dims, int rank)
{
	if (put_text(w, "["))
		return -1;
	for (int i = 0; i < rank; i++)
		if ((i && put_text(w, ",")) || put_i64(w, dims[i]))
			return -1;
	return put_text(w, "]");
}

static int put_shape(struct writing *w, struct bytes message)
{
	struct shape shape = { 0 };
	if (shape_decode(message, &shape))
		return put_text(w, "malformed");
	return shape.unknown_rank ? put_text(w, "unknown")
				  : put_dims(w, shape.dims, shape.rank);
}

static int put_func(struct writing *w, struct bytes message)
{
	struct wire wire = wire_of(message);
	while (wire_next(&wire) > 0)
		if (wire.field == 1 && wire.type == WIRE_LEN)
			return put_string(w, (const char *)wire.data.p,
					  bytes_left(&wire.data));
	return 0;
}

/* --- tensors ----------------------------------------------------------------------- */

struct elements {
	struct writing *w;
	const struct dtype *dtype;
	bool some;
};

static int put_run(void *arg, const struct ckpt_run *run)
{
	struct elements *e = arg;
	for (uint64_t i = 0; i < run->n; i++) {
		char text[2 * NUMBER_MAX];
		if (put_text(e->w, e->some ? ", " : " "))
			return 1;
		e->some = true;
		const struct ckpt_string *s = run->strings ? &run->strings[i] : NULL;
		const char *p = (const char *)run->data + i * e->dtype->size;
		if (s ? put_string(e->w, s->p, s->len)
		      : put(e->w, text, dtype_element_text(e->dtype, p, text)))
			return 1;
	}
	return 0;
}

static int put_elements(struct writing *w, const struct ckpt_tensor *t)
{
	const uint64_t n = t->elements < MOST_ELEMENTS ? t->elements : MOST_ELEMENTS;
	struct elements e = { w, dtype_of(t->dtype), false };
	struct store *store = graph_store(w->g, w->a);
	struct values v = { 0 };
	if (!store)
		return arena_error(w->a, w->err);
	/* A tensor that is malformed shows its shape alone. */
	const bool good = !values_open(&v, store, t, w->g->limit, NULL) &&
			  !values_runs(&v, 0, n, put_run, &e, NULL);
	values_close(&v);
	graph_store_drop(store);
	if (!good)
		return put_text(w, " (cannot be read)");
	return n < t->elements ? put_text(w, ", …") : 0;
}

static int put_tensor(struct writing *w, struct graph_range range)
{
	struct ckpt_tensor t;
	const struct ckpt_string none = { "", 0 };
	if (graph_tensor(w->g, w->a, range, none, &t, w->err))
		return -1;
	if (put_dtype(w, (uint64_t)t.dtype) || put_text(w, " ") ||
	    put_dims(w, t.dims, t.rank))
		return -1;
	if (t.problem)
		return put_text(w, ": ") || put_text(w, t.problem->text) ? -1 : 0;
	return t.elements ? put_elements(w, &t) : 0;
}

/* --- lists ------------------------------------------------------------------------- */

/* An item of a list that stands alone: strings, shapes, functions, unpacked numbers. */
static int put_item(struct writing *w, const struct wire *item)
{
	const char *p = (const char *)item->data.p;
	const size_t n = bytes_left(&item->data);
	switch (item->field) {
	case ATTR_S:
		return put_string(w, p, n);
	case ATTR_I:
		return put_i64(w, (int64_t)item->value);
	case ATTR_F:
		return put_real(w, item->value);
	case ATTR_B:
		return put_text(w, item->value ? "true" : "false");
	case ATTR_TYPE:
		return put_dtype(w, item->value);
	case ATTR_SHAPE:
		return put_shape(w, item->data);
	case ATTR_TENSOR:
		return put_text(w, "tensor");
	default:
		return put_func(w, item->data);
	}
}

/* Adds an item, or says that there are more. */
static int put_next(struct writing *w, size_t *n, const struct wire *item)
{
	if (*n >= MOST_ITEMS)
		return (*n)++ > MOST_ITEMS ? 0 : put_text(w, ", …");
	return ((*n)++ && put_text(w, ", ")) || put_item(w, item) ? -1 : 0;
}

/* Numbers may stand packed. */
static int put_packed(struct writing *w, size_t *n, const struct wire *packed)
{
	struct bytes left = packed->data;
	struct wire item = { .field = packed->field };
	uint32_t bits;
	while (packed->field == ATTR_F ? bytes_u32le(&left, &bits)
				       : bytes_varint(&left, &item.value)) {
		if (packed->field == ATTR_F)
			item.value = bits;
		if (put_next(w, n, &item))
			return -1;
	}
	return 0;
}

/* The fields of AttrValue.ListValue have AttrValue's numbers, but for functions (9). */
static int put_list(struct writing *w, struct bytes message)
{
	struct wire item = wire_of(message);
	size_t n = 0;
	if (put_text(w, "["))
		return -1;
	while (wire_next(&item) > 0) {
		const bool number = item.field >= ATTR_I && item.field <= ATTR_TYPE;
		if (item.field < ATTR_S || item.field > ATTR_PLACEHOLDER ||
		    (!number && item.type != WIRE_LEN))
			continue;
		if (number && item.type == WIRE_LEN ? put_packed(w, &n, &item)
						    : put_next(w, &n, &item))
			return -1;
	}
	return put_text(w, "]");
}

/* --- any attribute ----------------------------------------------------------------- */

static int put_value(struct writing *w, const struct graph_attr *attr)
{
	struct bytes b = bytes_of(NULL, 0);
	const bool has_bytes = attr->kind == ATTR_S || attr->kind == ATTR_LIST ||
			       attr->kind >= ATTR_SHAPE;
	if (attr->kind == ATTR_TENSOR)
		return put_tensor(w, attr->value);
	if (has_bytes && graph_attr_bytes(w->g, w->a, attr, &b, w->err))
		return -1;
	switch (attr->kind) {
	case ATTR_LIST:
		return put_list(w, b);
	case ATTR_I:
		return put_i64(w, (int64_t)attr->number);
	case ATTR_F:
		return put_real(w, attr->number);
	case ATTR_B:
		return put_text(w, attr->number ? "true" : "false");
	case ATTR_TYPE:
		return put_dtype(w, attr->number);
	case ATTR_SHAPE:
		return put_shape(w, b);
	case ATTR_FUNC:
		return put_func(w, b);
	default:
		return put_string(w, (const char *)b.p, bytes_left(&b));
	}
}

int attr_text(struct graph *g, struct arena *a, const struct graph_attr *attr,
	      struct cell_text *text, struct ckpt_error *err)
{
	struct writing w = { .g = g, .a = a, .err = err };
	buffer_init(&w.b, MOST_TEXT);
	int r = put_value(&w, attr);
	text->len = w.b.len;
	text->p = r ? NULL : arena_copy(a, w.b.p ? w.b.p : (const uint8_t *)"", w.b.len);
	if (!r && !text->p)
		r = arena_error(a, err);
	buffer_drop(&w.b);
	return r;
}
