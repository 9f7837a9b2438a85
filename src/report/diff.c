/* diff.c — two checkpoints: which tensors differ, and by how much.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Tensors are paired, then judged by their structure; what can be compared goes into one
 * sweep. A verdict is formed in the thread that read a pair's last range; counts and
 * order are made when all is over, so that they do not depend on who was first.
 */
#include "config.h"

#include "report/diff.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "model/scope.h"
#include "model/slice.h"
#include "report/list.h"

/* --- verdicts on one pair ---------------------------------------------------------- */

/* By status, class and rule: what a rule does not allow. */
static void apply_rule(struct diff_item *item)
{
	const struct expected *e = item->expected;
	item->violation = NULL;
	if (!e || item->class == CLASS_UNKNOWN)
		return;
	const bool there = item->pair.a && item->pair.b;
	const bool still = there && item->class != CLASS_INCOMPARABLE &&
			   (item->class == CLASS_IDENTICAL ||
			    (item->found &&
			     (!item->found->changed || !item->found->bits)));
	if (e->change == EXPECT_FROZEN && !still)
		item->violation = "changed, but the rules freeze it";
	else if (e->change == EXPECT_CHANGE && still)
		item->violation = "did not change, but the rules want it to";
	else if (e->change == EXPECT_CHANGE && !there)
		item->violation =
			item->pair.a ? "removed, but the rules want it to change" : NULL;
}

static void judge(struct diff_item *item, enum compare_class class, const char *reason)
{
	const struct ckpt_tensor *a = item->pair.a, *b = item->pair.b;
	const bool same = class == CLASS_IDENTICAL || class == CLASS_EQUAL;
	const bool renamed = a->name_len != b->name_len ||
			     memcmp(a->name, b->name, a->name_len) != 0;
	item->class = class;
	item->reason = reason;
	item->status = class == CLASS_UNKNOWN ? DIFF_UNKNOWN
		       : !same                ? DIFF_CHANGED
		       : renamed              ? DIFF_RENAMED
					      : DIFF_SAME;
	apply_rule(item);
}

static bool can_cast(const struct dtype *a, const struct dtype *b)
{
	return a && b && a->size && b->size &&
	       (a->kind == KIND_COMPLEX) == (b->kind == KIND_COMPLEX);
}

/* Decides by structure alone; true if the values have to be compared. */
static bool judge_structure(struct diff_item *item, const struct diff_query *q)
{
	const struct ckpt_tensor *a = item->pair.a, *b = item->pair.b;
	if (!a || !b) {
		item->status = a ? DIFF_REMOVED : DIFF_ADDED;
		apply_rule(item);
		return false;
	}
	if (a->problem || b->problem) {
		item->error = a->problem ? a->problem : b->problem;
		judge(item, CLASS_UNKNOWN, "unreadable");
		return false;
	}
	if (a->dtype != b->dtype &&
	    (!q->cast || !can_cast(dtype_of(a->dtype), dtype_of(b->dtype)))) {
		judge(item, CLASS_INCOMPARABLE, "dtype");
		return false;
	}
	if (!shape_same(a, b) && (!q->reshape || a->elements != b->elements)) {
		judge(item, CLASS_INCOMPARABLE, "shape");
		return false;
	}
	if (q->depth == DEPTH_VALUES)
		return true;
	if (q->depth == DEPTH_NAMES) {
		judge(item, CLASS_UNKNOWN, "values not read");
		item->status = DIFF_SAME;
		return false;
	}
	const enum recorded r = a->dtype == b->dtype && shape_same(a, b)
					? recorded_compare(a, b)
					: RECORDED_UNKNOWN;
	judge(item,
	      r == RECORDED_SAME	? CLASS_IDENTICAL
	      : r == RECORDED_DIFFERENT ? CLASS_DIFFER
					: CLASS_UNKNOWN,
	      r == RECORDED_UNKNOWN ? "no comparable checksums" : NULL);
	return false;
}

/* --- the sweep --------------------------------------------------------------------- */

static void begin_range(struct sweep *s, struct sweep_item *item, void *partial)
{
	(void)s;
	(void)item;
	comparison_begin(partial);
}

static void compare(struct sweep *s, struct sweep_item *at, void *partial,
		    const struct sweep_block *b)
{
	const struct diff *d = s->arg;
	const struct diff_item *item = at->arg;
	const struct expected *e = item->expected;
	const struct comparing how = {
		dtype_of(item->pair.a->dtype), dtype_of(item->pair.b->dtype),
		e ? e->tolerance : d->query->tolerance
	};
	if (b->data && b->data[0] && b->data[1])
		compare_block(partial, &how, b->data[0], b->data[1], b->n, b->first);
	else if (b->strings && b->strings[0] && b->strings[1])
		compare_strings(partial, b->strings[0], b->strings[1], b->n, b->first);
}

static void end_item(struct sweep *s, struct sweep_item *at, const void *partials,
		     size_t n)
{
	struct diff_item *item = at->arg;
	const struct comparison *ranges = partials;
	const struct ckpt_error *error = at->streams[0].error ? at->streams[0].error
							      : at->streams[1].error;
	const struct diff *d = s->arg;
	if (!error && n == 1 && !d->query->keep_same &&
	    item->pair.a->dtype == item->pair.b->dtype &&
	    comparison_class(&ranges[0]) == CLASS_IDENTICAL) {
		judge(item, CLASS_IDENTICAL, NULL);
		return;
	}
	struct comparison *sum = error ? NULL : sweep_alloc(s, sizeof *sum);
	if (!sum) {
		item->error = error ? error : &error_no_memory;
		judge(item, CLASS_UNKNOWN, "unreadable");
		return;
	}
	*sum = ranges[0];
	for (size_t i = 1; i < n; i++)
		comparison_join(sum, &ranges[i]);
	item->found = sum;
	const enum compare_class class = comparison_class(sum);
	const bool cast = item->pair.a->dtype != item->pair.b->dtype;
	judge(item, cast && class == CLASS_IDENTICAL ? CLASS_EQUAL : class, NULL);
}

static const struct sweep_ops diff_ops = {
	.partial = sizeof(struct comparison),
	.begin = begin_range,
	.block = compare,
	.end = end_item,
};

static int start_sweep(struct diff *d, size_t n, unsigned threads, struct ckpt_error *err)
{
	struct ckpt **both = arena_zeroed(d->arena, 2, sizeof(struct ckpt *));
	struct sweep_item *items = sweep_items(d->arena, n, 2);
	if (!both || !items)
		return arena_error(d->arena, err);
	both[0] = d->a;
	both[1] = d->b;
	d->sweep = (struct sweep){ .checkpoints = both, .streams = 2, .items = items,
				   .n_items = n, .ops = &diff_ops, .arg = d };
	for (size_t i = 0; i < d->n; i++) {
		struct diff_item *item = &d->items[i];
		if (!item->swept)
			continue;
		item->sweep = items++;
		item->sweep->arg = item;
		item->sweep->streams[0].tensor = item->pair.a;
		item->sweep->streams[1].tensor = item->pair.b;
	}
	if (sweep_start(&d->sweep, threads, err))
		return -1;
	d->sweeping = true;
	return 0;
}

/* --- items ------------------------------------------------------------------------- */

static int expect(struct diff *d, struct diff_item *item, bool *ignored,
		  struct ckpt_error *err)
{
	const struct pair *p = &item->pair;
	*ignored = false;
	if (!d->query->rules)
		return 0;
	const struct ckpt_tensor *a = p->a, *b = p->b;
	struct expected e = rules_for_both(d->query->rules, a ? a->name : NULL,
					   a ? a->name_len : 0, b ? b->name : NULL,
					   b ? b->name_len : 0, &d->query->tolerance);
	*ignored = e.ignore;
	if (!e.pattern || e.ignore)
		return 0;
	if (e.change == EXPECT_FROZEN)
		e.tolerance = (struct tolerance){ .nan = e.tolerance.nan };
	struct expected *copy = arena_alloc(d->arena, sizeof *copy);
	if (!copy)
		return arena_error(d->arena, err);
	*copy = e;
	item->expected = copy;
	return 0;
}

/* Has the pair one of the roles that are asked for, on either side? */
static bool has_role(const struct diff *d, const struct objects objects[2],
		     const struct pair *p)
{
	const unsigned roles = d->query->roles;
	return !roles || (p->a && roles & 1u << list_role(&objects[0], p->a)) ||
	       (p->b && roles & 1u << list_role(&objects[1], p->b));
}

/* Of a checkpoint and a frozen graph, what only one of them has by its nature. */
static bool is_nature(struct diff *d, const struct pair *p)
{
	const struct frozen *f = &d->frozen;
	if (!f->checkpoint || d->query->strict || (p->a && p->b))
		return false;
	if ((p->a != NULL) == (f->graph == d->a)) {
		d->counts.not_variables++;
		return true;
	}
	const bool left_out = frozen_leaves_out(f, p->a ? p->a : p->b);
	d->counts.not_frozen += left_out;
	return left_out;
}

static int make_items(struct diff *d, const struct pairs *pairs, size_t *n_swept,
		      struct ckpt_error *err)
{
	struct objects objects[2] = { { 0 }, { 0 } };
	d->items = arena_zeroed(d->arena, pairs->n + 1, sizeof *d->items);
	if (!d->items)
		return arena_error(d->arena, err);
	if (d->query->roles) {
		list_objects(&objects[0], d->a, d->arena);
		list_objects(&objects[1], d->b, d->arena);
	}
	*n_swept = 0;
	for (size_t i = 0; i < pairs->n; i++) {
		struct diff_item *item = &d->items[d->n];
		bool ignored;
		*item = (struct diff_item){ .pair = pairs->all[i] };
		if (!has_role(d, objects, &item->pair) || is_nature(d, &item->pair))
			continue;
		if (expect(d, item, &ignored, err))
			return -1;
		d->counts.ignored += ignored;
		if (ignored)
			continue;
		d->n++;
		item->swept = judge_structure(item, d->query);
		*n_swept += item->swept;
	}
	return 0;
}

int diff_begin(struct diff *d, struct ckpt *a, struct ckpt *b, struct arena *arena,
	       const struct diff_query *q, unsigned threads, struct ckpt_error *err)
{
	struct pairs pairs;
	struct naming naming = q->naming;
	size_t n_swept = 0;
	*d = (struct diff){ .a = a, .b = b, .arena = arena, .query = q };
	if (frozen_find(&d->frozen, arena, a, b, err))
		return -1;
	if (d->frozen.checkpoint)
		*(d->frozen.checkpoint == a ? &naming.given_a : &naming.given_b) =
			&d->frozen.names;
	if (pair_make(&pairs, arena, a, b, &naming, q->matcher, err) ||
	    (q->find_renames &&
	     pair_renamed(&pairs, arena, a, b, q->depth != DEPTH_VALUES, err)))
		return -1;
	return make_items(d, &pairs, &n_swept, err) ||
			       start_sweep(d, n_swept, threads, err)
		       ? -1
		       : 0;
}

bool diff_ready(const struct diff_item *item)
{
	return !item->sweep || atomic_load(&item->sweep->done);
}

/* --- the end ----------------------------------------------------------------------- */

bool diff_is_difference(const struct diff_item *item)
{
	if (item->violation)
		return true;
	/* A change that is wanted; not that it becomes NaN. */
	const struct comparison *c = item->found;
	if (item->expected && item->expected->change == EXPECT_CHANGE &&
	    item->status == DIFF_CHANGED && item->class == CLASS_DIFFER &&
	    (!c || (!c->nan_appeared && !c->inf_appeared)))
		return false;
	return item->status == DIFF_CHANGED || item->status == DIFF_ADDED ||
	       item->status == DIFF_REMOVED;
}

static void count(struct diff_counts *n, const struct diff_item *item)
{
	const bool difference = diff_is_difference(item);
	n->same += item->status == DIFF_SAME;
	n->changed += item->status == DIFF_CHANGED;
	n->added += item->status == DIFF_ADDED;
	n->removed += item->status == DIFF_REMOVED;
	n->renamed += item->status == DIFF_RENAMED;
	n->unknown += item->status == DIFF_UNKNOWN;
	n->unreadable += item->error != NULL;
	n->violations += item->violation != NULL;
	n->expected += item->status == DIFF_CHANGED && !difference;
	if (!item->pair.a || !item->pair.b)
		return;
	n->compared++;
	n->identical += item->class == CLASS_IDENTICAL;
	n->equal += item->class == CLASS_EQUAL;
	n->differ += item->class == CLASS_DIFFER;
	n->incomparable += item->class == CLASS_INCOMPARABLE;
}

/* What comes first: what cannot be compared, then by the relative change, then what is
 * the same. A change where a was zero is infinitely large. */
static double weight(const struct diff_item *item)
{
	if (item->violation)
		return 1e304;
	if (item->status == DIFF_UNKNOWN)
		return item->error ? 1e303 : 1e302;
	if (item->status == DIFF_ADDED || item->status == DIFF_REMOVED)
		return 1e301;
	if (item->class == CLASS_INCOMPARABLE)
		return 1e300;
	if (item->status != DIFF_CHANGED)
		return item->pair.found ? -1 : -2;
	if (!item->found)
		return 0;
	const struct comparison *c = item->found;
	if (c->nan_appeared || c->inf_appeared)
		return 1e299;
	const double rel = comparison_rel_l2(c), delta = comparison_l2_delta(c);
	return isnan(rel) ? delta > 0 ? 1e298 : 0 : fmin(rel, 1e297);
}

static int by_scope(const struct diff_item *a, const struct diff_item *b)
{
	const struct ckpt_tensor *x = a->pair.b ? a->pair.b : a->pair.a;
	const struct ckpt_tensor *y = b->pair.b ? b->pair.b : b->pair.a;
	const int order = scope_compare(x->name, x->name_len, y->name, y->name_len);
	return order ? order : (a > b) - (a < b);
}

int diff_compare(const struct diff_item *x, const struct diff_item *y)
{
	const double wx = weight(x), wy = weight(y);
	if (wx != wy)
		return wx > wy ? -1 : 1;
	return by_scope(x, y);
}

static int by_weight(const void *x, const void *y)
{
	return diff_compare(*(struct diff_item *const *)x, *(struct diff_item *const *)y);
}

bool diff_count(const struct diff *d, struct diff_counts *n)
{
	bool complete = true;
	*n = (struct diff_counts){ .ignored = d->counts.ignored,
				   .not_frozen = d->counts.not_frozen,
				   .not_variables = d->counts.not_variables };
	for (size_t i = 0; i < d->n; i++) {
		if (diff_ready(&d->items[i]))
			count(n, &d->items[i]);
		else
			complete = false;
	}
	n->bytes = d->sweeping ? atomic_load(&d->sweep.pool.bytes) : 0;
	return complete;
}

int diff_end(struct diff *d, struct ckpt_error *err)
{
	const int r = d->sweeping ? sweep_end(&d->sweep, err) : 0;
	d->ended = true;
	size_t n = 0;
	d->shown = arena_zeroed(d->arena, d->n + 1, sizeof *d->shown);
	if (!d->shown)
		return arena_error(d->arena, err);
	d->complete = diff_count(d, &d->counts);
	for (size_t i = 0; i < d->n; i++)
		if (diff_ready(&d->items[i]))
			d->shown[n++] = &d->items[i];
	qsort(d->shown, n, sizeof *d->shown, by_weight);
	return r;
}

void diff_drop(struct diff *d)
{
	if (!d->sweeping)
		return;
	if (!d->ended) {
		pool_cancel(&d->sweep.pool);
		sweep_end(&d->sweep, NULL);
	}
	sweep_drop(&d->sweep);
	d->sweeping = false;
}

int diff_verdict(const struct diff *d)
{
	const struct diff_counts *n = &d->counts;
	if (n->unreadable || (d->frozen.checkpoint && !n->compared))
		return 2;
	if (n->changed > n->expected || n->added || n->removed || n->violations)
		return 1;
	if (n->unknown || !d->n || !d->complete)
		return 2;
	return 0;
}

const char *diff_verdict_name(int verdict)
{
	return verdict == 0 ? "same" : verdict == 1 ? "different" : "unknown";
}
