/* constant.c — a variable's value as the TensorProto of a constant.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "make/constant.h"

#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "format/graph_shown.h"
#include "format/reader.h"
#include "model/selected.h"
#include "model/typed.h"

enum { DTYPE = 1, SHAPE = 2, CONTENT = 4 };

/* Elements on their way into a sink. */
struct spelling_out {
	struct sink *to;
	const struct dtype *d;
	struct typed_field typed;
	bool content; /* bytes as they are */
};

static bool is_content(const struct dtype *d, uint64_t elements)
{
	return elements > 1 && d->size && d->kind != KIND_BOOL &&
	       d->kind != KIND_COMPLEX && !(dtype_whole(d) && d->bits);
}

/* An integer, a boolean, or the bits of a half. */
static uint64_t varint_of(const struct dtype *d, const uint8_t *p)
{
	uint16_t bits;
	if (d->kind == KIND_INT)
		return (uint64_t)dtype_int(d, p);
	if (d->kind != KIND_FLOAT)
		return dtype_uint(d, p);
	if (d->size == 1)
		return *p;
	memcpy(&bits, p, sizeof bits);
	return bits;
}

static void put_little_endian(struct sink *s, const struct dtype *d, const uint8_t *p,
			      uint64_t n)
{
	uint8_t element[16];
	if (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__) {
		put_bytes(s, p, (size_t)n * d->size);
		return;
	}
	for (uint64_t i = 0; i < n; i++, p += d->size) {
		memcpy(element, p, d->size);
		dtype_swap(d, element, 1);
		put_bytes(s, element, d->size);
	}
}

static int spell(void *arg, const struct ckpt_run *run)
{
	const struct spelling_out *o = arg;
	const uint8_t *p = run->data;
	for (uint64_t i = 0; run->strings && i < run->n; i++)
		put_field(o->to, o->typed.field, run->strings[i].p, run->strings[i].len);
	if (p && (o->content || o->typed.wire != WIRE_VARINT))
		put_little_endian(o->to, o->d, p, run->n);
	else if (p)
		for (uint64_t i = 0; i < run->n; i++, p += o->d->size)
			put_varint(o->to, varint_of(o->d, p));
	return o->to->failed;
}

/* Everything that the variable takes of its tensor, once that has been checked. */
static void spell_all(const struct constant *k, struct sink *s)
{
	struct ckpt_error why = { 0 };
	const struct dtype *d = dtype_of(k->v->tensor->dtype);
	struct spelling_out o = { s, d, typed_field(k->v->tensor->dtype),
				  is_content(d, k->elements) };
	struct values *v = reader_values(k->c, k->v->tensor, &why);
	if (v && !values_check(v, &why) &&
	    !selected_runs(v, &k->selection, spell, &o, &why))
		return;
	if (!s->failed)
		error_copy(s->err, &why);
	sink_fail(s);
}

static int64_t dim_of(const struct constant *k, int i)
{
	return (int64_t)k->selection.dim[i].count;
}

/* TensorShapeProto.dim; a zero is not written. */
static void put_shape(const struct constant *k, struct sink *s)
{
	for (int i = 0; i < k->selection.rank; i++) {
		const uint64_t n = (uint64_t)dim_of(k, i);
		put_length(s, 2, n ? 1 + varint_size(n) : 0);
		if (n)
			put_number(s, 1, n);
	}
}

int constant_open(struct constant *k, struct ckpt *c, const struct variable *v,
		  struct ckpt_error *err)
{
	const struct dtype *d = dtype_of(v->tensor->dtype);
	struct sink count = sink_counting(err);
	*k = (struct constant){ .c = c, .v = v };
	if (!d || d->kind == KIND_VARIANT || d->kind == KIND_RESOURCE)
		return error_set(
			err, CKPT_EUNSUPPORTED, c->at.prefix, -1,
			"the variable '%s' is of dtype %s, which no constant can "
			"hold",
			SHOWN(v->name), d ? d->name : "unknown");
	variable_selection(v, &k->selection);
	k->elements = selection_elements(&k->selection);
	put_shape(k, &count);
	k->shape_n = count.n;
	if (!k->elements)
		return 0;
	const struct typed_field typed = typed_field(v->tensor->dtype);
	const bool content = is_content(d, k->elements);
	k->field = content ? CONTENT : typed.field;
	if (content || (d->size && typed.wire != WIRE_VARINT)) {
		k->values_n = k->elements * d->size;
		return 0;
	}
	count.n = 0;
	spell_all(k, &count);
	k->values_n = count.n;
	return count.failed ? -1 : 0;
}

/* Strings are fields of their own each; everything else is one. */
static bool is_repeated(const struct constant *k)
{
	return k->v->tensor->dtype == CKPT_STRING;
}

uint64_t constant_size(const struct constant *k)
{
	const uint64_t head = 1 + varint_size((uint64_t)k->v->tensor->dtype) +
			      field_size(SHAPE, k->shape_n);
	return head + (!k->field	? 0
		       : is_repeated(k) ? k->values_n
					: field_size(k->field, k->values_n));
}

void constant_put(const struct constant *k, struct sink *s)
{
	put_number(s, DTYPE, (uint64_t)k->v->tensor->dtype);
	put_length(s, SHAPE, k->shape_n);
	put_shape(k, s);
	if (!k->field)
		return;
	if (!is_repeated(k))
		put_length(s, k->field, k->values_n);
	const uint64_t begin = s->n;
	if (sink_counts(s))
		put_counted(s, k->values_n);
	else
		spell_all(k, s);
	if (s->failed || s->n - begin == k->values_n)
		return;
	error_set(s->err, CKPT_EIO, k->c->at.prefix, -1, "'%s' changed while it was read",
		  SHOWN(k->v->name));
	sink_fail(s);
}
