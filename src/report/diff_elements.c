/* diff_elements.c — the elements of one tensor that differ most.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The pair is read once more, in order, by the thread that asks.
 */
#include "config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "report/diff_tree.h"

#define FIELD(field) .offset = offsetof(struct diff_element_row, field)

const struct column diff_element_columns[] = {
	{ .name = "index", .type = COL_INTS, FIELD(index), .help = "of the element" },
	{ .name = "a", .type = COL_ELEMENT, FIELD(a), .help = "in a" },
	{ .name = "b", .type = COL_ELEMENT, FIELD(b), .help = "in b" },
	{ .name = "delta", .title = "|Δ|", .type = COL_ELEMENT, FIELD(delta),
	  .help = "|b - a|; none where one is not finite" },
	{ .name = NULL },
};

struct kept {
	uint64_t index;
	double delta; /* infinity where one is not finite */
	uint64_t exact;
	uint8_t a[16], b[16];
};

struct collecting {
	struct comparing how;
	struct kept *kept;
	size_t n, most;
};

/* The larger ones first, of equals the earlier. */
static int by_size(const void *x, const void *y)
{
	const struct kept *a = x, *b = y;
	if (a->delta != b->delta)
		return a->delta > b->delta ? -1 : 1;
	if (a->exact != b->exact)
		return a->exact > b->exact ? -1 : 1;
	return (a->index > b->index) - (a->index < b->index);
}

/* There is room for twice as many as are wanted: when it is full, half of them go. */
static void keep(struct collecting *c, const struct kept *new)
{
	c->kept[c->n++] = *new;
	if (c->n < 2 * c->most)
		return;
	qsort(c->kept, c->n, sizeof *c->kept, by_size);
	c->n = c->most;
}

/* Compares one pair by the same rules as the whole. */
static void look(struct collecting *c, const char *a, const char *b, uint64_t index)
{
	struct comparison one;
	comparison_begin(&one);
	compare_block(&one, &c->how, a, b, 1, index);
	if (!one.changed)
		return;
	struct kept new = { .index = index, .exact = one.max_abs_int };
	new.delta = one.finite ? one.max_abs : INFINITY;
	memcpy(new.a, a, c->how.a->size);
	memcpy(new.b, b, c->how.b->size);
	keep(c, &new);
}

/* Where the checksum is that of the elements in order it is computed on the way. */
static int begin_sum(struct values *v, uint32_t *crc, struct ckpt_error *err)
{
	*crc = 0;
	if (!values_summable(v->tensor))
		return values_check(v, err);
	v->sum = crc;
	return 0;
}

static int end_sum(struct values *v, uint32_t crc, struct ckpt_error *err)
{
	return values_summable(v->tensor) ? values_compare(v, crc, err) : 0;
}

static int collect_blocks(struct collecting *c, struct values *va, struct values *vb,
			  struct pool *pool, struct ckpt_error *err)
{
	const size_t size_a = c->how.a->size, size_b = c->how.b->size;
	const uint64_t elements = va->tensor->elements;
	for (uint64_t first = 0; first < elements; first += BLOCK) {
		const uint64_t left = elements - first;
		const size_t n = left < BLOCK ? (size_t)left : BLOCK;
		if (pool && pool_cancelled(pool))
			return -1;
		const char *pa = values_block(va, first, n, err);
		const char *pb = pa ? values_block(vb, first, n, err) : NULL;
		if (!pb)
			return -1;
		if (pool)
			pool_count(pool, n * (size_a + size_b));
		if (c->how.a == c->how.b && !memcmp(pa, pb, n * size_a))
			continue;
		for (size_t i = 0; i < n; i++)
			look(c, pa + i * size_a, pb + i * size_b, first + i);
	}
	return 0;
}

static int collect(const struct diff *d, struct diff_reading *own,
		   const struct diff_item *item, struct collecting *c,
		   struct ckpt_error *err)
{
	const struct ckpt_tensor *a = item->pair.a, *b = item->pair.b;
	struct values *va = own ? side_values(&own->a, err) : reader_values(d->a, a, err);
	struct values *vb = !va	  ? NULL
			    : own ? side_values(&own->b, err)
				  : reader_values(d->b, b, err);
	uint32_t sum_a, sum_b;
	int r = vb ? 0 : -1;
	if (!r)
		r = begin_sum(va, &sum_a, err) || begin_sum(vb, &sum_b, err) ||
				    collect_blocks(c, va, vb, own ? &own->pool : NULL,
						   err) ||
				    end_sum(va, sum_a, err) || end_sum(vb, sum_b, err)
			    ? -1
			    : 0;
	if (va)
		va->sum = NULL;
	if (vb)
		vb->sum = NULL;
	return r;
}

static void fill_row(struct arena *a, const struct collecting *c, const struct kept *k,
		     const struct ckpt_tensor *t, struct diff_element_row *row)
{
	const bool whole = dtype_whole(c->how.a) && dtype_whole(c->how.b);
	*row = (struct diff_element_row){ .index = cell_index(a, t, k->index),
					  .a = { .dtype = c->how.a },
					  .b = { .dtype = c->how.b },
					  .delta = { .digits = REAL_DIGITS } };
	memcpy(row->a.bytes, k->a, sizeof k->a);
	memcpy(row->b.bytes, k->b, sizeof k->b);
	if (isfinite(k->delta)) {
		row->delta.dtype = dtype_of(whole ? CKPT_UINT64 : CKPT_FLOAT64);
		memcpy(row->delta.bytes, whole ? (const void *)&k->exact : &k->delta, 8);
	}
}

int diff_elements(const struct diff *d, struct diff_reading *reading, struct arena *a,
		  const struct diff_item *item, size_t n, struct diff_element_row **rows,
		  size_t *found, struct ckpt_error *err)
{
	const struct pair *p = &item->pair;
	if (item->error)
		return error_copy(err, item->error);
	if (!p->a || !p->b || !item->found || !ckpt_dtype_size(p->a->dtype))
		return error_set(err, CKPT_EINVAL, NULL, -1,
				 "its elements are not compared one by one");
	n = n < p->b->elements ? n : (size_t)p->b->elements;
	struct collecting c = {
		.how = { dtype_of(p->a->dtype), dtype_of(p->b->dtype),
			 item->expected ? item->expected->tolerance
					: d->query->tolerance },
		.most = n,
		.kept = arena_zeroed(a, 2 * n + 1, sizeof *c.kept),
	};
	*rows = arena_zeroed(a, n + 1, sizeof **rows);
	if (!c.kept || !*rows)
		return arena_error(a, err);
	if (n && collect(d, reading, item, &c, err))
		return -1;
	qsort(c.kept, c.n, sizeof *c.kept, by_size);
	c.n = c.n < n ? c.n : n;
	if (reading && (side_intact(&reading->a, err) || side_intact(&reading->b, err)))
		return -1;
	for (size_t i = 0; i < c.n; i++)
		fill_row(a, &c, &c.kept[i], p->b, &(*rows)[i]);
	*found = c.n;
	return 0;
}
