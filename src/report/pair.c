/* pair.c — which tensor of one checkpoint is which of another.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Both lists of names are sorted and walked side by side. Mostly each name stands once in
 * either; where prefixes or expressions have made one name of several, they are told
 * apart by the matcher, or it is an error.
 */
#include "config.h"

#include "report/pair.h"

#include <stdlib.h>
#include <string.h>

#include "model/values.h"
#include "base/crc32c.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/text.h"

/* The tensors of one side that meet by the same name. */
struct meeting {
	const struct named *all;
	size_t n;
	/* Not excluded by their own name; of these, taken by it. The first two each. */
	const struct ckpt_tensor *left[2], *own[2];
	size_t n_left, n_own;
};

static void add(const struct ckpt_tensor *list[2], size_t *n, const struct ckpt_tensor *t)
{
	if (*n < 2)
		list[*n] = t;
	++*n;
}

/* joined: the name that they meet by is taken. The matcher is not asked twice for the
 * same name. */
static void ask(struct meeting *s, const struct matcher *m, bool joined)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct named *one = &s->all[i];
		const struct ckpt_tensor *t = one->t;
		const bool same = one->name == t->name;
		const bool own = same ? joined : m && match_name(m, t->name, t->name_len);
		if (m && !same && !own && match_excludes(m, t->name, t->name_len))
			continue;
		add(s->left, &s->n_left, t);
		if (own)
			add(s->own, &s->n_own, t);
	}
}

/* The only one that is taken. */
static int choose(const struct meeting *s, bool all, struct ckpt *c,
		  const struct ckpt_tensor **t, struct ckpt_error *err)
{
	enum { SHOWN = 100 };
	char first[SHOWN], second[SHOWN], name[SHOWN];
	const struct ckpt_tensor *const *list = all ? s->left : s->own;
	const size_t n = all ? s->n_left : s->n_own;
	*t = n ? list[0] : NULL;
	if (n < 2)
		return 0;
	text_escape(first, sizeof first, list[0]->name, list[0]->name_len);
	text_escape(second, sizeof second, list[1]->name, list[1]->name_len);
	text_escape(name, sizeof name, s->all->name, s->all->len);
	return error_set(err, CKPT_EINVAL, ckpt_prefix(c), -1,
			 "'%s' and '%s' would both be '%s'", first, second, name);
}

/* The pair of those who meet: 1 there is one, 0 none is taken, -1 EINVAL. */
static int meet(struct pair *pair, struct meeting *a, struct meeting *b, struct ckpt *ca,
		struct ckpt *cb, const struct matcher *m, struct ckpt_error *err)
{
	const struct named *any = a->n ? a->all : b->all;
	const bool joined = !m || match_name(m, any->name, any->len);
	if (!joined && match_excludes(m, any->name, any->len))
		return 0;
	ask(a, m, joined);
	ask(b, m, joined);
	if ((a->n && !a->n_left) || (b->n && !b->n_left) ||
	    (!joined && !a->n_own && !b->n_own))
		return 0;
	*pair = (struct pair){ 0 };
	return choose(a, joined || b->n_own, ca, &pair->a, err) ||
			       choose(b, joined || a->n_own, cb, &pair->b, err)
		       ? -1 : 1;
}

static int compare(const struct named *a, const struct named *b)
{
	return bytes_compare(a->name, a->len, b->name, b->len);
}

/* How many, from i on, have the same name. */
static size_t same_names(const struct named_list *list, size_t i)
{
	size_t n = 1;
	while (i + n < list->n && !compare(&list->all[i], &list->all[i + n]))
		n++;
	return n;
}

/* The names that are next in order, which stand in a, in b, or in both. */
static bool next_names(const struct named_list *a, size_t *i, const struct named_list *b,
		       size_t *k, struct meeting *in_a, struct meeting *in_b)
{
	const bool more_a = *i < a->n, more_b = *k < b->n;
	if (!more_a && !more_b)
		return false;
	const int order = !more_a ? 1 : !more_b ? -1 : compare(&a->all[*i], &b->all[*k]);
	*in_a = (struct meeting){ .n = order <= 0 ? same_names(a, *i) : 0 };
	*in_b = (struct meeting){ .n = order >= 0 ? same_names(b, *k) : 0 };
	in_a->all = a->all + *i;
	in_b->all = b->all + *k;
	*i += in_a->n;
	*k += in_b->n;
	return true;
}

static size_t count_names(const struct named_list *a, const struct named_list *b)
{
	size_t n = 0;
	struct meeting in_a, in_b;
	for (size_t i = 0, k = 0; next_names(a, &i, b, &k, &in_a, &in_b);)
		n++;
	return n;
}

static const struct ckpt_tensor *shown(const struct pair *p)
{
	return p->b ? p->b : p->a;
}

static int by_name(const void *x, const void *y)
{
	const struct pair *p = x, *q = y;
	const struct ckpt_tensor *a = shown(p), *b = shown(q);
	const int c = bytes_compare(a->name, a->name_len, b->name, b->name_len);
	/* What is only in a may have the name of something in b. */
	return c ? c : (p->b != NULL) - (q->b != NULL);
}

void pair_sort(struct pairs *pairs)
{
	for (size_t i = 1; i < pairs->n; i++)
		if (by_name(&pairs->all[i - 1], &pairs->all[i]) > 0) {
			qsort(pairs->all, pairs->n, sizeof *pairs->all, by_name);
			return;
		}
}

int pair_make(struct pairs *pairs, struct arena *a, struct ckpt *ca, struct ckpt *cb,
	      const struct naming *naming, const struct matcher *m,
	      struct ckpt_error *err)
{
	static const struct naming none;
	int result = -1;
	struct arena names;
	struct named_list in_a, in_b;
	struct meeting meet_a, meet_b;
	*pairs = (struct pairs){ 0 };
	arena_init(&names, a->limit);
	if (reader_load(ca, err) || reader_load(cb, err) ||
	    naming_apply(&in_a, &in_b, &names, ca, cb, naming ? naming : &none, err))
		goto out;
	pairs->all = arena_zeroed(a, count_names(&in_a, &in_b), sizeof *pairs->all);
	if (!pairs->all) {
		arena_error(a, err);
		goto out;
	}
	for (size_t i = 0, k = 0; next_names(&in_a, &i, &in_b, &k, &meet_a, &meet_b);) {
		const int r = meet(&pairs->all[pairs->n], &meet_a, &meet_b, ca, cb, m,
				   err);
		if (r < 0)
			goto out;
		pairs->n += (size_t)r;
	}
	pair_sort(pairs);
	result = 0;
out:
	arena_drop(&names);
	return result;
}

/* --- recorded checksums ------------------------------------------------------------- */

static bool same_box(const struct ckpt_tensor *t, const struct ckpt_piece *a,
		     const struct ckpt_piece *b)
{
	const size_t bytes = (size_t)t->rank * sizeof *a->start;
	if (!a->start || !b->start)
		return a->start == b->start;
	return !memcmp(a->start, b->start, bytes) && !memcmp(a->extent, b->extent, bytes);
}

/* A field that is absent from the entry reads as 0: no saver leaves it out. */
static bool has_checksum(const struct ckpt_piece *p)
{
	return p->has_crc32 ||
	       (p->has_crc32c && !p->in_block && p->crc != crc32c_unmask(0));
}

/* Are the checksums of the same elements, written in the same way? Lengths of strings
 * have a byte order, though the dtype has none; where all have one width, it counts. */
static bool comparable(const struct ckpt_tensor *t, const struct ckpt_piece *a,
		       const struct ckpt_piece *b)
{
	const struct dtype *d = dtype_of(t->dtype);
	const bool order = !d || d->swap > 1 || a->spelling != SPELL_RAW;
	const bool fixed = a->spelling == SPELL_BYTES || a->spelling == SPELL_UCS4;
	return has_checksum(a) && has_checksum(b) && a->has_crc32 == b->has_crc32 &&
	       a->spelling == b->spelling && a->by_columns == b->by_columns &&
	       (!fixed || a->size == b->size) && (!order || !a->swap == !b->swap) &&
	       same_box(t, a, b);
}

enum recorded recorded_compare(const struct ckpt_tensor *a, const struct ckpt_tensor *b)
{
	enum recorded result = RECORDED_SAME;
	if (a->problem || b->problem || pieces_cover(a, NULL) || pieces_cover(b, NULL))
		return RECORDED_UNKNOWN;
	if (!a->elements)
		return RECORDED_SAME;
	if (a->n_pieces != b->n_pieces)
		return RECORDED_UNKNOWN;
	for (uint32_t i = 0; i < a->n_pieces; i++) {
		const struct ckpt_piece *p = &a->pieces[i], *q = &b->pieces[i];
		if (!comparable(a, p, q))
			return RECORDED_UNKNOWN;
		if (p->crc != q->crc || p->size != q->size)
			result = RECORDED_DIFFERENT;
	}
	return result;
}
