/* history_sweep.c — the snapshots of a tensor side by side: what they are to each other.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A range leaves two comparisons for each snapshot: with the previous one, and with
 * the first one. Where there is no previous, a snapshot is compared with itself, which
 * counts its NaN and infinities all the same.
 */
#include "config.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "report/history.h"

enum { TO_PREVIOUS, TO_FIRST, N_TO };

/* One stream of a part in a range or, in the end, over all of them. */
struct pairing {
	struct comparison to[N_TO];
};

static const struct history_cell *cell_of_stream(const struct history *h,
						 const struct history_part *part,
						 size_t stream)
{
	return &part->item->cells[h->streams[stream]];
}

/* The stream of the snapshot that a stream is compared with; its own: there is none. */
static size_t previous_stream(const struct history *h, const struct history_part *part,
			      size_t stream)
{
	const struct history_cell *cell = cell_of_stream(h, part, stream);
	if (cell->previous == HISTORY_NONE ||
	    part->item->cells[cell->previous].part != part->number)
		return stream;
	size_t at = stream;
	while (h->streams[at] != cell->previous)
		at--;
	return at;
}

/* Only what has the first one's shape has come from there. */
static bool has_first(const struct history *h, const struct history_part *part,
		      size_t stream)
{
	return !part->number && h->streams[stream] != part->first;
}

static size_t first_stream(const struct history *h, const struct history_part *part)
{
	size_t at = 0;
	while (h->streams[at] != part->first)
		at++;
	return at;
}

static void begin_range(struct sweep *s, struct sweep_item *item, void *partial)
{
	struct pairing *pairings = partial;
	for (size_t i = 0; i < s->streams; i++)
		if (item->streams[i].tensor)
			for (int to = 0; to < N_TO; to++)
				comparison_begin(&pairings[i].to[to]);
}

static void compare(struct comparison *c, const struct comparing *how,
		    const struct sweep_block *b, size_t from, size_t to)
{
	if (b->data && b->data[from] && b->data[to])
		compare_block(c, how, b->data[from], b->data[to], b->n, b->first);
	else if (b->strings && b->strings[from] && b->strings[to])
		compare_strings(c, b->strings[from], b->strings[to], b->n, b->first);
}

static bool is_there(const struct sweep_block *b, size_t stream)
{
	return b->data ? b->data[stream] != NULL : b->strings[stream] != NULL;
}

static void compare_all(struct sweep *s, struct sweep_item *at, void *partial,
			const struct sweep_block *b)
{
	const struct history *h = s->arg;
	const struct history_part *part = at->arg;
	const struct expected *e = part->item->expected;
	const struct dtype *d = dtype_of(part->tensor->dtype);
	const struct comparing how = { d, d,
				       e ? e->tolerance : h->query->tolerance };
	struct pairing *pairings = partial;
	const size_t first = first_stream(h, part);
	for (size_t i = 0; i < s->streams; i++) {
		if (!at->streams[i].tensor || !is_there(b, i))
			continue;
		/* What has failed leaves nothing to compare with; NaN still count. */
		size_t from = previous_stream(h, part, i);
		from = is_there(b, from) ? from : i;
		compare(&pairings[i].to[TO_PREVIOUS], &how, b, from, i);
		if (has_first(h, part, i) && previous_stream(h, part, i) != first)
			compare(&pairings[i].to[TO_FIRST], &how, b, first, i);
	}
}

/* --- the end of an item ------------------------------------------------------------ */

static void join(struct pairing *sum, const struct pairing *partials, size_t n,
		 size_t streams, size_t stream)
{
	*sum = partials[stream];
	for (size_t r = 1; r < n; r++)
		for (int to = 0; to < N_TO; to++)
			comparison_join(&sum->to[to],
					&partials[r * streams + stream].to[to]);
}

static struct cell_element largest(const struct comparison *c, const struct dtype *d)
{
	const bool whole = dtype_whole(d);
	struct cell_element e = {
		.dtype = dtype_of(whole ? CKPT_UINT64 : CKPT_FLOAT64)
	};
	memcpy(e.bytes, whole ? (const void *)&c->max_abs_int : &c->max_abs, 8);
	e.dtype = c->max_index == UINT64_MAX ? NULL : e.dtype;
	return e;
}

static void fill(struct history_numbers *n, const struct pairing *sum,
		 const struct dtype *d, bool previous, const struct comparison *first)
{
	const struct comparison *c = &sum->to[TO_PREVIOUS];
	*n = (struct history_numbers){
		.previous = previous,
		.first = first != NULL,
		.numbers = d->size && d->kind != KIND_BOOL,
		.real = d->kind == KIND_FLOAT || d->kind == KIND_COMPLEX,
		.class = CLASS_UNKNOWN,
		.l2_delta = NAN, .rel_l2 = NAN, .cosine = NAN, .rel_l2_first = NAN,
		.nan = c->nan_b,
		.inf = c->inf_b,
	};
	if (previous) {
		n->class = comparison_class(c);
		n->still = !c->changed;
		n->changed = c->changed;
		n->max_abs = largest(c, d);
		n->l2_delta = comparison_l2_delta(c);
		n->rel_l2 = comparison_rel_l2(c);
		n->cosine = comparison_cosine(c);
		n->delta2 = c->delta2;
		n->a2 = c->a2;
	}
	if (first) {
		n->rel_l2_first = comparison_rel_l2(first);
		n->delta2_first = first->delta2;
		n->a2_first = first->a2;
	}
}

static void fill_cell(struct sweep *s, const struct sweep_item *at,
		      const struct pairing *sum, size_t stream,
		      struct history_numbers *numbers)
{
	const struct history *h = s->arg;
	const struct history_part *part = at->arg;
	const size_t previous = previous_stream(h, part, stream);
	const size_t first = first_stream(h, part);
	const bool with_previous = previous != stream && !at->streams[previous].error;
	const struct comparison *to_first = NULL;
	const bool lost = has_first(h, part, stream) && at->streams[first].error;
	if (has_first(h, part, stream) && !lost)
		to_first = &sum->to[previous == first ? TO_PREVIOUS : TO_FIRST];
	fill(numbers, sum, dtype_of(part->tensor->dtype), with_previous, to_first);
	numbers->first_lost = lost;
}

static void end_part(struct sweep *s, struct sweep_item *at, const void *partials,
		     size_t n)
{
	const struct history *h = s->arg;
	const struct history_part *part = at->arg;
	size_t there = 0;
	for (size_t i = 0; i < s->streams; i++)
		there += at->streams[i].tensor != NULL;
	struct history_numbers *all = sweep_alloc(s, there * sizeof *all);
	for (size_t i = 0; i < s->streams; i++) {
		struct history_cell *cell = &part->item->cells[h->streams[i]];
		struct pairing sum;
		if (!at->streams[i].tensor)
			continue;
		cell->error = at->streams[i].error;
		if (!all || !n)
			cell->error = cell->error ? cell->error : &error_no_memory;
		if (cell->error)
			continue;
		join(&sum, partials, n, s->streams, i);
		fill_cell(s, at, &sum, i, all);
		cell->numbers = all++;
	}
}

void history_sweep_ops(struct sweep_ops *ops, size_t streams)
{
	*ops = (struct sweep_ops){
		.partial = streams * sizeof(struct pairing),
		.begin = begin_range,
		.block = compare_all,
		.end = end_part,
	};
}
