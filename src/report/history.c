/* history.c — checkpoints of one run: what moved from each to the next, and what did not.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Each checkpoint lists its tensors by name, so the names of all of them are merged as
 * sorted lists are. A tensor that changes its dtype or shape on the way is read in parts,
 * since what a sweep reads side by side has to agree in that.
 */
#include "config.h"

#include "report/history.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/bytes.h"
#include "base/error.h"
#include "model/slice.h"
#include "report/list.h"

/* --- names ------------------------------------------------------------------------- */

/* What is being made of the lists. */
struct joining {
	struct history *h;
	const struct ckpt_tensor **heads; /* next of each snapshot's list */
	size_t *at;
	uint32_t *lowest;                 /* snapshots whose heads have the lowest name */
	size_t n_lowest;
	struct objects *objects;          /* of each snapshot; read when asked for */
	bool *objects_read;
	struct pointers items;
	size_t n_parts;
};

static void next_head(struct joining *j, uint32_t k)
{
	struct ckpt *c = j->h->snapshots[k].c;
	j->heads[k] = c ? ckpt_at(c, j->at[k]++) : NULL;
}

/* The lowest name that is left: the snapshots that have it; NULL at the end. */
static const struct ckpt_tensor *find_lowest(struct joining *j)
{
	const struct ckpt_tensor *low = NULL;
	for (uint32_t k = 0; k < j->h->n_snapshots; k++) {
		const struct ckpt_tensor *t = j->heads[k];
		const int c = !t    ? 1
			      : low ? bytes_compare(t->name, t->name_len, low->name,
						    low->name_len)
				    : -1;
		if (c > 0)
			continue;
		if (c < 0)
			j->n_lowest = 0;
		low = t;
		j->lowest[j->n_lowest++] = k;
	}
	return low;
}

static bool has_role_in(struct joining *j, uint32_t k, const struct ckpt_tensor *t)
{
	if (!j->objects_read[k])
		list_objects(&j->objects[k], j->h->snapshots[k].c, j->h->arena);
	j->objects_read[k] = true;
	return j->h->query->roles & 1u << list_role(&j->objects[k], t);
}

/* Has it one of the roles in any snapshot? Only the object graph may know of it. */
static bool has_role(struct joining *j, const struct ckpt_tensor *t)
{
	for (size_t i = 0; j->h->query->roles && i < j->n_lowest; i++)
		if (has_role_in(j, j->lowest[i], t))
			return true;
	return !j->h->query->roles;
}

/* What the rules say of it: 1 if they ignore it. */
static int expect(struct history *h, struct history_item *item, struct ckpt_error *err)
{
	const struct history_query *q = h->query;
	if (!q->rules)
		return 0;
	struct expected e =
		rules_for(q->rules, item->name.p, item->name.len, &q->tolerance);
	if (e.ignore || !e.pattern)
		return e.ignore;
	if (e.change == EXPECT_FROZEN) /* as diff has it */
		e.tolerance = (struct tolerance){ .nan = e.tolerance.nan };
	struct expected *copy = arena_alloc(h->arena, sizeof *copy);
	if (!copy)
		return arena_error(h->arena, err);
	*copy = e;
	item->expected = copy;
	return 0;
}

/* --- items ------------------------------------------------------------------------- */

static bool same_layout(const struct ckpt_tensor *a, const struct ckpt_tensor *b)
{
	return a->dtype == b->dtype && shape_same(a, b);
}

/* The part that the snapshot's tensor belongs to; NULL without memory. */
static struct history_part *part_of(struct joining *j, struct history_item *item,
				    uint32_t snapshot)
{
	const struct ckpt_tensor *t = item->cells[snapshot].tensor;
	struct history_part **part = &item->parts;
	uint32_t number = 0;
	for (; *part; part = &(*part)->next, number++)
		if (same_layout((*part)->tensor, t))
			return *part;
	*part = arena_alloc(j->h->arena, sizeof **part);
	if (*part)
		**part = (struct history_part){ item, t, snapshot, number, NULL, NULL };
	j->n_parts++;
	return *part;
}

static int make_cells(struct joining *j, struct history_item *item,
		      struct ckpt_error *err)
{
	uint32_t previous = HISTORY_NONE;
	for (size_t i = 0; i < j->n_lowest; i++) {
		const uint32_t k = j->lowest[i];
		struct history_cell *cell = &item->cells[k];
		cell->tensor = j->heads[k];
		cell->error = cell->tensor->problem;
		cell->previous = previous;
		cell->part = HISTORY_NONE;
		if (cell->error)
			continue;
		const struct history_part *part = part_of(j, item, k);
		if (!part)
			return arena_error(j->h->arena, err);
		cell->part = part->number;
		previous = k;
	}
	return 0;
}

/* An item of the lowest heads, unless it is not asked for. */
static int make_item(struct joining *j, const struct ckpt_tensor *t,
		     struct ckpt_error *err)
{
	struct history *h = j->h;
	if ((h->query->matcher && !match_name(h->query->matcher, t->name, t->name_len)) ||
	    !has_role(j, t))
		return 0;
	struct history_item *item = arena_zeroed(h->arena, 1, sizeof *item);
	if (!item)
		return arena_error(h->arena, err);
	item->name = (struct cell_text){ t->name, t->name_len };
	const int ignored = expect(h, item, err);
	h->counts.ignored += ignored > 0;
	if (ignored)
		return ignored < 0 ? -1 : 0;
	item->cells = arena_zeroed(h->arena, h->n_snapshots, sizeof *item->cells);
	if (!item->cells || pointers_add(&j->items, item))
		return arena_error(h->arena, err);
	return make_cells(j, item, err);
}

static int by_scope(const void *x, const void *y)
{
	const struct history_item *a = *(struct history_item *const *)x;
	const struct history_item *b = *(struct history_item *const *)y;
	return scope_compare(a->name.p, a->name.len, b->name.p, b->name.len);
}

static int join_names(struct joining *j, struct ckpt_error *err)
{
	struct history *h = j->h;
	const size_t n = h->n_snapshots + 1;
	j->heads = arena_zeroed(h->arena, n, sizeof *j->heads);
	j->at = arena_zeroed(h->arena, n, sizeof *j->at);
	j->lowest = arena_zeroed(h->arena, n, sizeof *j->lowest);
	j->objects = arena_zeroed(h->arena, n, sizeof *j->objects);
	j->objects_read = arena_zeroed(h->arena, n, sizeof *j->objects_read);
	if (!j->heads || !j->at || !j->lowest || !j->objects || !j->objects_read)
		return arena_error(h->arena, err);
	for (uint32_t k = 0; k < h->n_snapshots; k++)
		next_head(j, k);
	for (const struct ckpt_tensor *t; (t = find_lowest(j));) {
		if (make_item(j, t, err))
			return -1;
		for (size_t i = 0; i < j->n_lowest; i++)
			next_head(j, j->lowest[i]);
	}
	h->items = arena_zeroed(h->arena, j->items.n + 1, sizeof *h->items);
	if (!h->items)
		return arena_error(h->arena, err);
	h->n = j->items.n;
	if (h->n)
		memcpy(h->items, j->items.p, h->n * sizeof *h->items);
	qsort(h->items, h->n, sizeof *h->items, by_scope);
	return 0;
}

/* --- the sweep --------------------------------------------------------------------- */

static void fill_streams(const struct history *h, const struct history_part *part,
			 struct sweep_item *sweep)
{
	for (size_t i = 0; i < h->sweep.streams; i++) {
		const struct history_cell *cell = &part->item->cells[h->streams[i]];
		if (cell->tensor && cell->part == part->number)
			sweep->streams[i].tensor = cell->tensor;
	}
}

static int start_sweep(struct history *h, size_t n_parts, unsigned threads,
		       struct ckpt_error *err)
{
	struct ckpt **all = arena_zeroed(h->arena, h->n_snapshots + 1, sizeof *all);
	h->streams = arena_zeroed(h->arena, h->n_snapshots + 1, sizeof *h->streams);
	if (!all || !h->streams)
		return arena_error(h->arena, err);
	size_t n = 0;
	for (uint32_t k = 0; k < h->n_snapshots; k++)
		if (h->snapshots[k].c) {
			all[n] = h->snapshots[k].c;
			h->streams[n++] = k;
		}
	struct sweep_item *items = sweep_items(h->arena, n_parts, n);
	if (!items)
		return arena_error(h->arena, err);
	h->sweep = (struct sweep){ .checkpoints = all, .streams = n, .items = items,
				   .n_items = n_parts, .ops = &h->ops, .arg = h };
	history_sweep_ops(&h->ops, n);
	for (size_t i = 0; i < h->n; i++)
		for (struct history_part *p = h->items[i]->parts; p; p = p->next) {
			p->sweep = items++;
			p->sweep->arg = p;
			fill_streams(h, p, p->sweep);
		}
	if (sweep_start(&h->sweep, threads, err))
		return -1;
	h->sweeping = true;
	return 0;
}

int history_begin(struct history *h, struct history_snapshot *snapshots, size_t n,
		  struct arena *arena, const struct history_query *q, unsigned threads,
		  struct ckpt_error *err)
{
	struct joining j = { .h = h };
	*h = (struct history){ .snapshots = snapshots, .n_snapshots = n, .arena = arena,
			       .query = q };
	int r = join_names(&j, err);
	pointers_drop(&j.items);
	if (!r && h->n && !q->recorded)
		r = start_sweep(h, j.n_parts, threads, err);
	return r;
}

unsigned history_threads(const struct history_snapshot *all, size_t n, unsigned wanted,
			 struct ckpt_error *err)
{
	enum { OTHERS = 16, MOST_SHARDS = 64 };
	struct rlimit limit;
	uint64_t each = 0, others = OTHERS; /* files of a thread; of all together */
	for (size_t i = 0; i < n; i++) {
		struct ckpt *c = all[i].c;
		const uint32_t shards = c ? ckpt_shards(c) : 0;
		each += shards < MOST_SHARDS ? shards : MOST_SHARDS;
		others += c != NULL;
	}
	if (!each || getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur == RLIM_INFINITY)
		return wanted;
	const uint64_t files = limit.rlim_cur;
	const uint64_t most = files > others ? (files - others) / each : 0;
	if (most)
		return wanted < most ? wanted : (unsigned)most;
	error_set(err, CKPT_EINVAL, NULL, -1,
		  "these checkpoints have %" PRIu64 " files to be open at once, which is "
		  "too many for a limit of %" PRIu64 " (ulimit -n); --quick reads the "
		  "indexes alone",
		  each + others - OTHERS, files);
	return 0;
}

bool history_ready(const struct history *h, struct history_item *item)
{
	for (const struct history_part *p = item->parts; p; p = p->next)
		if (p->sweep && !atomic_load(&p->sweep->done))
			return false;
	if (!item->settled)
		history_settle(h, item);
	return true;
}

/* --- the end ----------------------------------------------------------------------- */

static void count(struct history_counts *n, const struct history_item *item)
{
	n->frozen += item->frozen;
	n->moving += item->moving;
	n->nan += item->nan_since != HISTORY_NONE;
	n->inf += item->inf_since != HISTORY_NONE;
	n->added += item->added_at != HISTORY_NONE;
	n->removed += item->removed_at != HISTORY_NONE;
	n->reshaped += item->reshaped_at != HISTORY_NONE;
	n->unknown += item->unknown_at != HISTORY_NONE;
	n->unreadable += item->unreadable_at != HISTORY_NONE;
	n->violations += item->violation != NULL;
}

int history_end(struct history *h, struct ckpt_error *err)
{
	const int r = h->sweeping ? sweep_end(&h->sweep, err) : 0;
	h->ended = true;
	h->complete = true;
	for (size_t i = 0; i < h->n; i++) {
		if (history_ready(h, h->items[i]))
			count(&h->counts, h->items[i]);
		else
			h->complete = false;
	}
	h->counts.bytes = h->sweeping ? atomic_load(&h->sweep.pool.bytes) : 0;
	return r;
}

void history_drop(struct history *h)
{
	if (h->sweeping && !h->ended) {
		pool_cancel(&h->sweep.pool);
		sweep_end(&h->sweep, NULL);
	}
	if (h->sweeping)
		sweep_drop(&h->sweep);
	h->sweeping = false;
}

bool history_is_offence(const struct history_item *item)
{
	return item->violation || item->nan_since != HISTORY_NONE ||
	       item->inf_since != HISTORY_NONE;
}

int history_verdict(const struct history *h, bool check)
{
	const struct history_counts *n = &h->counts;
	if (n->unreadable)
		return 2;
	for (size_t i = 0; i < h->n_snapshots; i++)
		if (!h->snapshots[i].c)
			return 2;
	for (size_t i = 0; check && i < h->n; i++)
		if (h->items[i]->settled && history_is_offence(h->items[i]))
			return 1;
	return n->unknown || !h->complete ? 2 : 0;
}
