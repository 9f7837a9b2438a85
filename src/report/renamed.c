/* renamed.c — tensors that have another name in the other checkpoint, found by content.
 * SPDX-License-Identifier: Apache-2.0
 *
 * What has no partner is put together by dtype and shape, then by a checksum, then, so
 * that no collision can make a wrong pair, by comparing all bytes. The checksum is the
 * CRC-32C of the elements in host order: what V2 records for a tensor that is stored in
 * one piece, so that it need not be computed there.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "base/error.h"
#include "report/nearest.h"
#include "report/pair.h"

/* Tensors of one checksum that are not the same: there is hardly ever more than one kind,
 * but a file can be made for it. Further ones stay as they are. */
enum { MOST_KINDS = 16 };

/* A tensor without partner. */
struct lone {
	const struct ckpt_tensor *t;
	size_t pair;      /* its place */
	uint32_t content; /* checksum */
	bool in_b, known; /* known: content is */
	uint8_t kind;     /* of those with the same content; 0: not told yet */
};

struct search {
	struct pairs *pairs;
	struct arena *arena, scratch; /* of the caller; given back */
	struct ckpt *c[2];
	struct store *stores[2][2]; /* of a, of b: two each, as both can be of one file */
	bool recorded, failed; /* failed: no memory */
	struct nearest_work work;
	struct ckpt_error *err;
};

static int by_shape(const void *x, const void *y)
{
	const struct lone *p = x, *q = y;
	const struct ckpt_tensor *a = p->t, *b = q->t;
	if (a->dtype != b->dtype)
		return a->dtype < b->dtype ? -1 : 1;
	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	for (int d = 0; d < a->rank; d++)
		if (a->dims[d] != b->dims[d])
			return a->dims[d] < b->dims[d] ? -1 : 1;
	return 0;
}

static int by_content(const void *x, const void *y)
{
	const struct lone *p = x, *q = y;
	if (p->known != q->known)
		return p->known ? -1 : 1;
	return (p->content > q->content) - (p->content < q->content);
}

/* Tensors stay in the order of their names within what is equal. */
static int by_kind(const void *x, const void *y)
{
	const struct lone *p = x, *q = y;
	if (p->kind != q->kind)
		return p->kind < q->kind ? -1 : 1;
	if (p->in_b != q->in_b)
		return p->in_b ? 1 : -1;
	return (p->pair > q->pair) - (p->pair < q->pair);
}

/* --- checksums --------------------------------------------------------------------- */

/* Enough to sort by; recorded_compare() decides. */
static bool recorded_content(const struct ckpt_tensor *t, uint32_t *content)
{
	*content = 0;
	for (uint32_t i = 0; i < t->n_pieces && t->elements; i++) {
		const struct ckpt_piece *p = &t->pieces[i];
		if (!p->has_crc32c || p->in_block)
			return false;
		*content = crc32c(*content, &p->crc, sizeof p->crc);
	}
	return true;
}

static int add_run(void *arg, const struct ckpt_run *run)
{
	const struct values *v = arg;
	for (uint64_t i = 0; run->strings && i < run->n; i++) {
		const uint64_t len = run->strings[i].len;
		*v->sum = crc32c(*v->sum, &len, sizeof len);
		*v->sum = crc32c(*v->sum, run->strings[i].p, run->strings[i].len);
	}
	if (run->data)
		*v->sum = crc32c(*v->sum, run->data, (size_t)run->n * v->dtype->size);
	return 0;
}

/* A tensor could not be read. That is its own affair, but for want of memory. */
static void not_read(struct search *s, const struct ckpt_error *why)
{
	if (why->code != CKPT_ENOMEM)
		return;
	s->failed = true;
	error_copy(s->err, why);
}

static bool compute_content(struct search *s, const struct lone *l, uint32_t *content)
{
	struct values v;
	struct ckpt_error why = { 0 };
	*content = 0;
	bool good = !values_open(&v, s->stores[l->in_b][0], l->t, s->c[l->in_b]->limit,
				 &why);
	if (good) {
		v.sum = content;
		good = !values_runs(&v, 0, l->t->elements, add_run, &v, &why);
	}
	values_close(&v);
	not_read(s, &why);
	return good;
}

static bool content_of(struct search *s, const struct lone *l, uint32_t *content)
{
	const struct ckpt_tensor *t = l->t;
	const struct dtype *d = dtype_of(t->dtype);
	if (t->problem || !d || d->kind == KIND_RESOURCE)
		return false;
	if (s->recorded || !t->elements)
		return recorded_content(t, content);
	if (values_summable(t) && t->pieces->has_crc32c &&
	    (!t->pieces->swap || d->swap <= 1)) {
		*content = t->pieces->crc;
		return true;
	}
	return compute_content(s, l, content);
}

/* --- bytes ------------------------------------------------------------------------- */

static bool same_blocks(struct values *a, struct values *b, struct ckpt_error *why)
{
	const uint64_t elements = a->tensor->elements;
	const size_t size = a->dtype->size, most = PIECE_SMALL_WINDOW / size;
	uint32_t sums[2] = { 0, 0 };
	a->sum = values_summable(a->tensor) ? &sums[0] : NULL;
	b->sum = values_summable(b->tensor) ? &sums[1] : NULL;
	for (uint64_t i = 0, n; i < elements; i += n) {
		n = elements - i < most ? elements - i : most;
		const void *p = values_block(a, i, (size_t)n, why);
		const void *q = p ? values_block(b, i, (size_t)n, why) : NULL;
		if (!q || memcmp(p, q, (size_t)n * size))
			return false;
	}
	/* Damage is no content. */
	return !(a->sum && values_compare(a, sums[0], why)) &&
	       !(b->sum && values_compare(b, sums[1], why));
}

static bool same_strings(struct values *a, struct values *b, struct ckpt_error *why)
{
	enum { MOST = 1024 };
	const struct ckpt_string *p, *q;
	for (uint64_t i = 0; i < a->tensor->elements;) {
		const int n = values_strings(a, i, MOST, &p, why);
		const int m = n > 0 ? values_strings(b, i, (size_t)n, &q, why) : 0;
		if (m <= 0)
			return false;
		for (int k = 0; k < m; k++)
			if (bytes_compare(p[k].p, p[k].len, q[k].p, q[k].len))
				return false;
		i += (uint64_t)m;
	}
	return true;
}

static bool same_bytes(struct search *s, const struct lone *x, const struct lone *y)
{
	struct values a, b = { 0 };
	struct ckpt_error why = { 0 };
	const bool open = !values_open(&a, s->stores[x->in_b][0], x->t,
				       s->c[x->in_b]->limit, &why) &&
			  !values_open(&b, s->stores[y->in_b][1], y->t,
				       s->c[y->in_b]->limit, &why);
	const bool same = open && (a.dtype->size ? same_blocks(&a, &b, &why)
						 : same_strings(&a, &b, &why));
	values_close(&a);
	values_close(&b);
	not_read(s, &why);
	return same;
}

static bool same_content(struct search *s, const struct lone *x, const struct lone *y)
{
	if (s->recorded || !x->t->elements)
		return recorded_compare(x->t, y->t) == RECORDED_SAME;
	return same_bytes(s, x, y);
}

/* --- joining ----------------------------------------------------------------------- */

/* What is left of b, for all that is left of a. */
static int set_candidates(struct search *s, const struct lone *a, size_t n_a,
			  const struct lone *b, size_t n_b, const size_t *to)
{
	const struct ckpt_tensor **left = arena_zeroed(s->arena, n_b, sizeof *left);
	size_t n = 0;
	if (!left)
		return arena_error(s->arena, s->err);
	for (size_t k = 0; k < n_b; k++)
		if (s->pairs->all[b[k].pair].b)
			left[n++] = b[k].t;
	for (size_t i = 0; i < n_a && n; i++)
		if (to[i] == SIZE_MAX) {
			s->pairs->all[a[i].pair].candidates = left;
			s->pairs->all[a[i].pair].n_candidates = n;
		}
	return 0;
}

/* All of them have the same content: first those of a, then those of b. */
static int join_same(struct search *s, const struct lone *a, size_t n_a,
		     const struct lone *b, size_t n_b)
{
	const struct arena_mark mark = arena_mark(&s->scratch);
	const struct ckpt_tensor **t = arena_zeroed(&s->scratch, n_a + n_b, sizeof *t);
	size_t *to = arena_zeroed(&s->scratch, n_a, sizeof *to), joined = 0;
	if (!t || !to)
		return arena_error(&s->scratch, s->err);
	for (size_t i = 0; i < n_a + n_b; i++)
		t[i] = i < n_a ? a[i].t : b[i - n_a].t;
	if (nearest_join(&s->work, &s->scratch, t, n_a, t + n_a, n_b, to, s->err))
		return -1;
	for (size_t i = 0; i < n_a; i++) {
		if (to[i] == SIZE_MAX)
			continue;
		struct pair *p = &s->pairs->all[a[i].pair];
		p->b = b[to[i]].t;
		p->found = true;
		s->pairs->all[b[to[i]].pair].b = NULL;
		joined++;
	}
	const int r = joined < n_a && joined < n_b ? set_candidates(s, a, n_a, b, n_b, to)
						   : 0;
	arena_rewind(&s->scratch, mark);
	return r;
}

static bool both_sides(const struct lone *l, size_t n)
{
	bool side[2] = { false, false };
	for (size_t i = 0; i < n && !(side[0] && side[1]); i++)
		side[l[i].in_b] = true;
	return side[0] && side[1];
}

/* Tensors with the same checksum: tells apart what is not the same after all. */
static int join_content(struct search *s, struct lone *l, size_t n)
{
	for (uint8_t kind = 1; kind <= MOST_KINDS; kind++) {
		const struct lone *first = NULL;
		for (size_t i = 0; i < n; i++) {
			if (l[i].kind)
				continue;
			if (!first || same_content(s, first, &l[i]))
				l[i].kind = kind;
			first = first ? first : &l[i];
		}
		if (!first)
			break;
	}
	qsort(l, n, sizeof *l, by_kind);
	for (size_t i = 0, end; i < n; i = end) {
		size_t in_a = 0;
		for (end = i; end < n && l[end].kind == l[i].kind; end++)
			in_a += !l[end].in_b;
		if (l[i].kind && in_a && in_a < end - i &&
		    join_same(s, l + i, in_a, l + i + in_a, end - i - in_a))
			return -1;
	}
	return 0;
}

/* Tensors of the same dtype and shape. */
static int join_shape(struct search *s, struct lone *l, size_t n)
{
	for (size_t i = 0; i < n; i++)
		l[i].known = content_of(s, &l[i], &l[i].content);
	qsort(l, n, sizeof *l, by_content);
	for (size_t i = 0, end; i < n && l[i].known; i = end) {
		for (end = i + 1; end < n && !by_content(&l[i], &l[end]);)
			end++;
		if (both_sides(l + i, end - i) && join_content(s, l + i, end - i))
			return -1;
	}
	return 0;
}

static int join_all(struct search *s, struct lone *l, size_t n)
{
	qsort(l, n, sizeof *l, by_shape);
	for (size_t i = 0, end; i < n; i = end) {
		for (end = i + 1; end < n && !by_shape(&l[i], &l[end]);)
			end++;
		if (both_sides(l + i, end - i) && join_shape(s, l + i, end - i))
			return -1;
		if (s->failed)
			return -1;
	}
	return 0;
}

/* --- the whole --------------------------------------------------------------------- */

static struct lone *find_lone(struct search *s, size_t *n)
{
	const struct pairs *pairs = s->pairs;
	size_t count = 0;
	for (size_t i = 0; i < pairs->n; i++)
		count += !pairs->all[i].a || !pairs->all[i].b;
	struct lone *l = arena_zeroed(&s->scratch, count, sizeof *l);
	*n = 0;
	for (size_t i = 0; l && i < pairs->n; i++) {
		const struct pair *p = &pairs->all[i];
		if (!p->a || !p->b)
			l[(*n)++] = (struct lone){ .t = p->a ? p->a : p->b,
						   .pair = i,
						   .in_b = !p->a };
	}
	return l;
}

static int open_stores(struct search *s)
{
	for (int i = 0; i < 4 && !s->recorded; i++) {
		struct ckpt *c = s->c[i / 2];
		s->stores[i / 2][i % 2] = c->reader->fork(c, &s->scratch);
		if (!s->stores[i / 2][i % 2])
			return arena_error(&s->scratch, s->err);
	}
	return 0;
}

static int close_stores(struct search *s)
{
	int r = 0;
	for (int i = 3; i >= 0; i--) {
		struct ckpt *c = s->c[i / 2];
		struct store *store = s->stores[i / 2][i % 2];
		if (store && c->reader->join(c, store, s->err))
			r = -1;
	}
	return r;
}

/* What was added and is now the other half of a pair goes. */
static void close_gaps(struct pairs *pairs)
{
	size_t n = 0;
	for (size_t i = 0; i < pairs->n; i++)
		if (pairs->all[i].a || pairs->all[i].b)
			pairs->all[n++] = pairs->all[i];
	pairs->n = n;
}

int pair_renamed(struct pairs *pairs, struct arena *a, struct ckpt *ca, struct ckpt *cb,
		 bool recorded, struct ckpt_error *err)
{
	size_t n;
	int result = -1;
	struct search s = { .pairs = pairs,
			    .arena = a,
			    .c = { ca, cb },
			    .recorded = recorded,
			    .err = err };
	arena_init(&s.scratch, a->limit);
	nearest_begin(&s.work);
	struct lone *l = find_lone(&s, &n);
	if (!l)
		arena_error(&s.scratch, err);
	else if (!both_sides(l, n))
		result = 0;
	else if (!open_stores(&s))
		result = join_all(&s, l, n);
	if (close_stores(&s))
		result = -1;
	close_gaps(pairs);
	pair_sort(pairs);
	arena_drop(&s.scratch);
	return result;
}
