/* nearest.c — of tensors that are the same otherwise, which is nearest to which by path.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A grid has what is known of each combination. Edits are counted only where components
 * do not decide, and once.
 */
#include "config.h"

#include "report/nearest.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/text.h"

enum {
	MOST_COMBINATIONS = 1000 * 1000, /* of one call */
	ALL_COMBINATIONS = 10 * MOST_COMBINATIONS,
	ALL_STEPS = 1000 * 1000 * 1000,
	LONGEST = 128, /* without what both begin and end with */
	UNCOUNTED = UINT16_MAX,
	FAR = UNCOUNTED - 1,
};

void nearest_begin(struct nearest_work *w)
{
	*w = (struct nearest_work){ ALL_COMBINATIONS, ALL_STEPS };
}

struct cell {
	uint16_t components, edits;
};

struct grid {
	struct nearest_work *work;
	const struct ckpt_tensor *const *a, *const *b;
	size_t n_a, n_b;
	struct cell *cells;  /* a by b */
	bool *gone_a, *gone_b;
	size_t *best_a, *best_b; /* SIZE_MAX: several, or none */
	bool edits;          /* are counted */
};

static size_t slashes(const char *p, size_t n)
{
	size_t count = 0;
	for (size_t i = 0; i < n; i++)
		count += p[i] == '/';
	return count;
}

static size_t common_end(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t n = 0;
	while (n < a_len && n < b_len && a[a_len - 1 - n] == b[b_len - 1 - n])
		n++;
	return n;
}

/* Components that are the same, from the beginning and from the end, each once. */
static uint16_t components(const struct ckpt_tensor *a, const struct ckpt_tensor *b)
{
	const char *p = a->name, *q = b->name;
	const size_t n = a->name_len, m = b->name_len, least = n < m ? n : m;
	const size_t head = text_common(p, q, least), tail = common_end(p, n, q, m);
	const char *p_tail = p + n - tail, *q_tail = q + m - tail;
	size_t count = slashes(p, head) + slashes(p_tail, tail);
	/* The component at either end of what is common may be whole, too. */
	if ((head == n || p[head] == '/') && (head == m || q[head] == '/'))
		count++;
	if ((tail == n || p_tail[-1] == '/') && (tail == m || q_tail[-1] == '/'))
		count++;
	const size_t in_p = slashes(p, n) + 1, in_q = slashes(q, m) + 1;
	const size_t most = in_p < in_q ? in_p : in_q;
	count = count < most ? count : most;
	return count < UINT16_MAX ? (uint16_t)count : UINT16_MAX;
}

static uint16_t count_edits(struct grid *g, const struct ckpt_tensor *a,
			    const struct ckpt_tensor *b)
{
	const size_t least = a->name_len < b->name_len ? a->name_len : b->name_len;
	const size_t head = text_common(a->name, b->name, least);
	size_t n = a->name_len - head, m = b->name_len - head;
	const size_t tail = common_end(a->name + head, n, b->name + head, m);
	n -= tail;
	m -= tail;
	if (n > LONGEST || m > LONGEST)
		return FAR;
	g->work->steps -= g->work->steps < n * m ? g->work->steps : n * m;
	return (uint16_t)text_distance(a->name + head, n, b->name + head, m, LONGEST);
}

static uint16_t edits(struct grid *g, size_t cell)
{
	struct cell *c = &g->cells[cell];
	if (!g->edits)
		return 0;
	if (c->edits == UNCOUNTED)
		c->edits = count_edits(g, g->a[cell / g->n_b], g->b[cell % g->n_b]);
	return c->edits;
}

/* Below 0: x is nearer than y; above: y; 0: neither. */
static int nearer(struct grid *g, size_t x, size_t y)
{
	const int more = g->cells[y].components - g->cells[x].components;
	return more ? more : (int)edits(g, x) - (int)edits(g, y);
}

/* The nearest of n cells that stand so far apart; SIZE_MAX: several are, or none is
 * left. */
static size_t best(struct grid *g, size_t first, size_t apart, size_t n, const bool *gone)
{
	size_t found = SIZE_MAX;
	bool several = false;
	for (size_t i = 0; i < n; i++) {
		if (gone[i])
			continue;
		const int order = found == SIZE_MAX ? -1
						    : nearer(g, first + i * apart,
							     first + found * apart);
		if (order <= 0)
			several = order == 0;
		if (order < 0)
			found = i;
	}
	return several ? SIZE_MAX : found;
}

/* Joins those that are the nearest of each other; how many. */
static size_t join_round(struct grid *g, size_t *to)
{
	size_t joined = 0;
	for (size_t i = 0; i < g->n_a; i++)
		if (!g->gone_a[i])
			g->best_a[i] = best(g, i * g->n_b, 1, g->n_b, g->gone_b);
	for (size_t k = 0; k < g->n_b; k++)
		if (!g->gone_b[k])
			g->best_b[k] = best(g, k, g->n_b, g->n_a, g->gone_a);
	for (size_t i = 0; i < g->n_a; i++) {
		const size_t k = g->best_a[i];
		if (g->gone_a[i] || k == SIZE_MAX || g->best_b[k] != i)
			continue;
		to[i] = k;
		g->gone_a[i] = g->gone_b[k] = true;
		joined++;
	}
	return joined;
}

static size_t longest(const struct ckpt_tensor *const *t, size_t n)
{
	size_t most = 0;
	for (size_t i = 0; i < n; i++)
		most = t[i]->name_len > most ? t[i]->name_len : most;
	return most < LONGEST ? most : LONGEST;
}

static int join_grid(struct grid *g, struct arena *scratch, size_t *to,
		     struct ckpt_error *err)
{
	const size_t n = g->n_a * g->n_b;
	g->cells = arena_zeroed(scratch, n, sizeof *g->cells);
	g->gone_a = arena_zeroed(scratch, g->n_a, sizeof *g->gone_a);
	g->gone_b = arena_zeroed(scratch, g->n_b, sizeof *g->gone_b);
	g->best_a = arena_zeroed(scratch, g->n_a, sizeof *g->best_a);
	g->best_b = arena_zeroed(scratch, g->n_b, sizeof *g->best_b);
	if (!g->cells || !g->gone_a || !g->gone_b || !g->best_a || !g->best_b)
		return arena_error(scratch, err);
	g->work->combinations -= n;
	for (size_t i = 0; i < n; i++)
		g->cells[i] = (struct cell){
			components(g->a[i / g->n_b], g->b[i % g->n_b]), UNCOUNTED
		};
	/* Decided beforehand, so that all are treated alike. */
	const uint64_t at_most =
		(uint64_t)n * longest(g->a, g->n_a) * longest(g->b, g->n_b);
	g->edits = at_most <= g->work->steps;
	do {
		if (g->work->steps < 2 * n)
			break;
		g->work->steps -= 2 * n;
	} while (join_round(g, to));
	return 0;
}

/* --- too many ---------------------------------------------------------------------- */

struct last_part {
	const char *p;
	size_t len, index;
};

static int by_part(const void *x, const void *y)
{
	const struct last_part *a = x, *b = y;
	return bytes_compare(a->p, a->len, b->p, b->len);
}

static struct last_part *last_parts(struct arena *scratch,
				    const struct ckpt_tensor *const *t, size_t n)
{
	struct last_part *parts = arena_zeroed(scratch, n, sizeof *parts);
	for (size_t i = 0; parts && i < n; i++) {
		const char *slash = memrchr(t[i]->name, '/', t[i]->name_len);
		parts[i].p = slash ? slash + 1 : t[i]->name;
		parts[i].len = t[i]->name_len - (size_t)(parts[i].p - t[i]->name);
		parts[i].index = i;
	}
	if (parts && n)
		qsort(parts, n, sizeof *parts, by_part);
	return parts;
}

static size_t same_parts(const struct last_part *p, size_t n)
{
	size_t k = 1;
	while (k < n && !by_part(p, p + k))
		k++;
	return k;
}

static int join_last_parts(const struct grid *g, struct arena *scratch, size_t *to,
			   struct ckpt_error *err)
{
	const struct last_part *a = last_parts(scratch, g->a, g->n_a);
	const struct last_part *b = last_parts(scratch, g->b, g->n_b);
	if (!a || !b)
		return arena_error(scratch, err);
	for (size_t i = 0, k = 0; i < g->n_a && k < g->n_b;) {
		const int order = by_part(&a[i], &b[k]);
		const size_t in_a = order <= 0 ? same_parts(a + i, g->n_a - i) : 0;
		const size_t in_b = order >= 0 ? same_parts(b + k, g->n_b - k) : 0;
		if (in_a == 1 && in_b == 1)
			to[a[i].index] = b[k].index;
		i += in_a;
		k += in_b;
	}
	return 0;
}

int nearest_join(struct nearest_work *w, struct arena *scratch,
		 const struct ckpt_tensor *const *a, size_t n_a,
		 const struct ckpt_tensor *const *b, size_t n_b, size_t *to,
		 struct ckpt_error *err)
{
	struct grid g = { .work = w, .a = a, .b = b, .n_a = n_a, .n_b = n_b };
	for (size_t i = 0; i < n_a; i++)
		to[i] = SIZE_MAX;
	if (n_a == 1 && n_b == 1)
		to[0] = 0;
	if (!n_a || !n_b || (n_a == 1 && n_b == 1))
		return 0;
	const uint64_t most = w->combinations < MOST_COMBINATIONS ? w->combinations
								  : MOST_COMBINATIONS;
	const struct arena_mark mark = arena_mark(scratch);
	const int r = n_a > most / n_b ? join_last_parts(&g, scratch, to, err)
				       : join_grid(&g, scratch, to, err);
	arena_rewind(scratch, mark);
	return r;
}
