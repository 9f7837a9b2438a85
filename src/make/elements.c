/* elements.c — an item's elements: read, checked, sliced and cast.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A whole tensor with one checksum over its bytes is read once, and the checksum is
 * computed on the way; everything else is checked first. What was read through memory is
 * given back as it goes, so that a tensor of any size fits.
 */
#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "base/mapping.h"
#include "base/number.h"
#include "base/text.h"
#include "make/write.h"
#include "model/cast.h"
#include "model/selected.h"

enum { BLOCK_BYTES = 256 << 10, RELEASE_BYTES = 8 << 20 };

/* An item that is being read. */
struct reading {
	struct export_job *e;
	const struct export_item *item;
	struct values *v;
	const struct dtype *from, *to;
	elements_fn fn; /* NULL: only checked */
	string_fn string;
	void *arg;
	uint64_t at; /* elements handed over */
	/* Of a callback, which has no other way to say it. */
	struct ckpt_error *err;
	bool stopped; /* err has been set, or it was cancelled */
};

int item_error(struct ckpt_error *err, const struct export_item *item,
	       const struct ckpt_error *why)
{
	char name[160];
	text_escape(name, sizeof name, item->tensor->name, item->tensor->name_len);
	return error_set_detail(err, (enum error_detail)why->detail, why->code, why->file,
				why->offset, "'%s': %s", name, why->text);
}

static bool cancelled(const struct export_job *e)
{
	return e->pool && pool_cancelled(e->pool);
}

static int reading_begin(struct reading *r, struct export_job *e,
			 const struct export_item *item, struct ckpt_error *err)
{
	struct ckpt_error why = { 0 };
	*r = (struct reading){ .e = e, .item = item, .err = err };
	r->v = reader_values(e->c, item->tensor, &why);
	r->from = dtype_of(item->tensor->dtype);
	r->to = dtype_of(item->dtype);
	return r->v ? 0 : item_error(err, item, &why);
}

/* --- handing over ------------------------------------------------------------------ */

static int does_not_fit(const struct reading *r, const uint8_t *element, uint64_t at)
{
	char text[2 * NUMBER_MAX];
	struct ckpt_error why = { 0 };
	dtype_element_text(r->from, element, text);
	error_set(&why, CKPT_EINVAL, ckpt_prefix(r->e->c), -1,
		  "element %" PRIu64 ", %s, does not fit into %s", at, text, r->to->name);
	return item_error(r->err, r->item, &why);
}

static int hand_over(struct reading *r, const uint8_t *data, size_t n)
{
	struct buffer *turned = &r->e->turned;
	if (r->from != r->to) {
		if (buffer_reserve(turned, n * r->to->size, r->err))
			return -1;
		const size_t fit = cast_elements(r->from, r->to, data, n, turned->p);
		if (fit < n)
			return does_not_fit(r, data + fit * r->from->size, r->at + fit);
		data = turned->p;
	}
	r->at += n;
	return r->fn(r->arg, data, n, r->err);
}

/* --- whole tensors ----------------------------------------------------------------- */

/* Was what has been read through memory real? Its pages can go. */
static int leave(struct reading *r, uint64_t begin, uint64_t end, struct ckpt_error *why)
{
	struct store *s = r->v->store;
	const struct ckpt_tensor *t = r->item->tensor;
	for (uint32_t i = 0; s->intact && mapping_faults() && i < t->n_pieces; i++)
		if (s->intact(s, &t->pieces[i], why))
			return -1;
	if (s->release && values_summable(t))
		s->release(s, t->pieces, begin, end - begin);
	else if (s->release)
		for (uint32_t i = 0; i < t->n_pieces; i++)
			s->release(s, &t->pieces[i], 0, t->pieces[i].size);
	return 0;
}

static int read_whole(struct reading *r)
{
	const struct ckpt_tensor *t = r->item->tensor;
	const size_t size = r->from->size, most = BLOCK_BYTES / size;
	struct ckpt_error why = { 0 };
	uint32_t sum = 0;
	uint64_t left_at = 0;
	const bool summed = values_summable(t);
	r->v->sum = summed ? &sum : NULL;
	for (uint64_t first = 0; first < t->elements;) {
		const uint64_t left = t->elements - first;
		const size_t n = left < most ? (size_t)left : most;
		const uint8_t *data = values_block(r->v, first, n, &why);
		if (!data)
			goto failed;
		if (cancelled(r->e) || (r->fn && hand_over(r, data, n))) {
			r->v->sum = NULL;
			return -1;
		}
		first += n;
		if (first == t->elements || (first - left_at) * size >= RELEASE_BYTES) {
			if (leave(r, left_at * size, first * size, &why))
				goto failed;
			left_at = first;
		}
		if (r->e->pool)
			pool_count(r->e->pool, n * size);
	}
	r->v->sum = NULL;
	if (!summed || !values_compare(r->v, sum, &why))
		return 0;
failed:
	r->v->sum = NULL;
	return item_error(r->err, r->item, &why);
}

static int check(struct reading *r)
{
	struct ckpt_error why = { 0 };
	if (values_summable(r->item->tensor) && r->from->size) {
		const elements_fn fn = r->fn;
		r->fn = NULL;
		const int result = read_whole(r);
		r->fn = fn;
		return result;
	}
	if (values_check(r->v, &why) || leave(r, 0, 0, &why))
		return item_error(r->err, r->item, &why);
	if (r->e->pool)
		pool_count(r->e->pool, r->item->tensor->size_bytes);
	return 0;
}

int elements_check(struct export_job *e, const struct export_item *item,
		   struct ckpt_error *err)
{
	struct reading r;
	return reading_begin(&r, e, item, err) || check(&r) ? -1 : 0;
}

/* --- slices and strings ------------------------------------------------------------ */

static int hand_block(struct reading *r)
{
	struct buffer *b = &r->e->block;
	const size_t n = b->len / r->from->size;
	b->len = 0;
	return n ? hand_over(r, b->p, n) : 0;
}

/* Gathers what comes in small runs. */
static int on_elements(void *arg, const struct ckpt_run *run)
{
	struct reading *r = arg;
	struct buffer *b = &r->e->block;
	const size_t n = (size_t)run->n * r->from->size;
	r->stopped = cancelled(r->e) ||
		     (b->len && n > BLOCK_BYTES - b->len && hand_block(r)) ||
		     buffer_append(b, run->data, n, r->err) ||
		     (b->len >= BLOCK_BYTES && hand_block(r));
	return r->stopped;
}

static int on_strings(void *arg, const struct ckpt_run *run)
{
	struct reading *r = arg;
	r->stopped = cancelled(r->e);
	for (uint64_t i = 0; i < run->n && !r->stopped; i++)
		r->stopped = r->string(r->arg, &run->strings[i], r->err) != 0;
	return r->stopped;
}

static int read_selected(struct reading *r, ckpt_run_fn fn)
{
	struct selection s;
	struct ckpt_error why = { 0 };
	const struct ckpt_tensor *t = r->item->tensor;
	const char *slice = r->e->query->slice;
	r->e->block.len = 0;
	selection_all(&s, t->dims, t->rank);
	if ((!slice || !selection_parse(&s, slice, t->dims, t->rank, &why)) &&
	    !selected_runs(r->v, &s, fn, r, &why) && !leave(r, 0, 0, &why))
		return 0;
	return r->stopped ? -1 : item_error(r->err, r->item, &why);
}

static bool is_whole(const struct reading *r)
{
	struct selection s;
	const struct ckpt_tensor *t = r->item->tensor;
	const char *slice = r->e->query->slice;
	return !slice || (!selection_parse(&s, slice, t->dims, t->rank, NULL) &&
			  selection_is_all(&s, t->dims));
}

int elements_each(struct export_job *e, const struct export_item *item, elements_fn fn,
		  void *arg, struct ckpt_error *err)
{
	struct reading r;
	if (reading_begin(&r, e, item, err))
		return -1;
	r.fn = fn;
	r.arg = arg;
	if (is_whole(&r))
		return (values_summable(item->tensor) ? 0 : check(&r)) || read_whole(&r)
			       ? -1
			       : 0;
	return check(&r) || read_selected(&r, on_elements) || hand_block(&r) ? -1 : 0;
}

int elements_strings(struct export_job *e, const struct export_item *item, string_fn fn,
		     void *arg, struct ckpt_error *err)
{
	struct reading r;
	if (reading_begin(&r, e, item, err))
		return -1;
	r.string = fn;
	r.arg = arg;
	return check(&r) || read_selected(&r, on_strings) ? -1 : 0;
}

/* --- bytes ------------------------------------------------------------------------- */

struct putting {
	put_fn put;
	void *arg;
	const struct dtype *d;
	struct buffer *turned;
};

static int put_elements(void *arg, const void *data, size_t n, struct ckpt_error *err)
{
	struct putting *p = arg;
	const size_t bytes = n * p->d->size;
	if (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
		return p->put(p->arg, data, bytes, err);
	if (buffer_reserve(p->turned, bytes, err))
		return -1;
	memmove(p->turned->p, data, bytes);
	dtype_swap(p->d, p->turned->p, n);
	return p->put(p->arg, p->turned->p, bytes, err);
}

int elements_put(struct export_job *e, const struct export_item *item, put_fn put,
		 void *arg, struct ckpt_error *err)
{
	struct putting p = { put, arg, dtype_of(item->dtype), &e->turned };
	return elements_each(e, item, put_elements, &p, err);
}

int put_output(void *output, const void *p, size_t n, struct ckpt_error *err)
{
	return output_write(output, p, n, err);
}
