/* diff_more.c — other answers of diff: a tree, one tensor's elements, a map, rules.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "cli/diff_more.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "cli/cmd.h"
#include "out/document.h"
#include "report/diff_tree.h"

bool diff_more_wanted(const struct options *o)
{
	return o->given[OPT_TREE] || o->given[OPT_SHOW] || o->given[OPT_EMIT_MAP] ||
	       o->given[OPT_EMIT_RULES];
}

static const struct ckpt_tensor *tensor_of(const struct diff_item *item)
{
	return item->pair.b ? item->pair.b : item->pair.a;
}

/* --- tables ------------------------------------------------------------------------ */

static const void *pointer_at(const struct rows *rows, size_t i)
{
	return ((const struct pointers *)rows->arg)->p[i];
}

static const void *element_at(const struct rows *rows, size_t i)
{
	return &((const struct diff_element_row *)rows->arg)[i];
}

/* Rows as a table, or as a document whose records are called what. */
static int print_rows(struct diff_run *r, const struct rows *rows, const char *what,
		      const char *each, struct ckpt_error *err)
{
	struct chosen chosen;
	struct document doc;
	if (!wants_json(r->o)) {
		if (choose_columns(r->o, rows->columns, &chosen, err))
			return -1;
		if (rows->n)
			text_table(stdout, rows, &chosen);
		else if (!r->trouble.code && !r->diff.counts.unreadable)
			puts(r->o->given[OPT_SHOW] ? "no element differs"
						   : "no difference");
		return 0;
	}
	diff_json_begin(r, &doc, what, each);
	for (size_t i = 0; i < rows->n; i++)
		document_row(&doc, rows->columns, rows->at(rows, i));
	diff_json_end(r, &doc);
	return 0;
}

static int print_tree(struct diff_run *r, struct ckpt_error *err)
{
	const struct options *o = r->o;
	const size_t depth =
		o->given[OPT_DEPTH] ? (size_t)o->number[OPT_DEPTH] : SIZE_MAX;
	struct pointers found = { 0 };
	int failed = diff_tree(&r->diff, &r->arena, depth, o->given[OPT_SHOW_SAME],
			       &found, err);
	const struct rows rows = { diff_tree_columns, found.n, pointer_at, &found };
	if (!failed)
		failed = print_rows(r, &rows, "scopes", "scope", err);
	pointers_drop(&found);
	return failed;
}

/* The tensor of --show. */
static const struct diff_item *shown_item(const struct diff_run *r,
					  struct ckpt_error *err)
{
	const struct diff *d = &r->diff;
	const char *name = r->o->value[OPT_SHOW];
	const size_t len = strlen(name);
	struct near_names near = { .wanted = name, .wanted_len = len };
	for (size_t i = 0; i < d->n; i++) {
		const struct ckpt_tensor *t = tensor_of(&d->items[i]);
		near_offer(&near, t->name, t->name_len);
		if (t->name_len == len && !memcmp(t->name, name, len))
			return &d->items[i];
	}
	error_set(err, CKPT_ENOTFOUND, NULL, -1,
		  "no tensor '%.100s' is compared%s%.100s%s", name,
		  near.n ? "; did you mean '" : "", near.n ? near.best[0].name : "",
		  near.n ? "'?" : "");
	return NULL;
}

static int print_elements(struct diff_run *r, struct ckpt_error *err)
{
	enum { USUAL = 10 };
	const size_t most = r->o->given[OPT_TOP] ? (size_t)r->o->number[OPT_TOP] : USUAL;
	const struct diff_item *item = shown_item(r, err);
	struct diff_element_row *found;
	size_t n;
	if (!item ||
	    diff_elements(&r->diff, NULL, &r->arena, item, most, &found, &n, err))
		return -1;
	const struct rows rows = { diff_element_columns, n, element_at, found };
	return print_rows(r, &rows, "elements", "element", err);
}

/* --- files for --map and --rules --------------------------------------------------- */

/* A name as a file for --map has it: '#' begins a comment there, blanks are cut off. */
static void put_map_name(const struct ckpt_tensor *t)
{
	const char *p = t->name;
	size_t n = t->name_len;
	const bool blank = n > 1 && p[n - 1] == ' ';
	if (n && (*p == '#' || *p == ' ')) {
		printf("\\x%02x", *p);
		p++;
		n--;
	}
	text_put(stdout, p, n - (blank && n));
	if (blank && n)
		fputs("\\x20", stdout);
}

static void print_map(const struct diff *d)
{
	for (size_t i = 0; i < d->n; i++) {
		const struct pair *p = &d->items[i].pair;
		if (!p->a || !p->b)
			continue;
		put_map_name(p->a);
		putchar('\t');
		put_map_name(p->b);
		putchar('\n');
	}
}

/* The words under which the pair is no difference: what did not change is frozen. */
static const char *words_for(struct arena *a, const struct diff *d,
			     const struct diff_item *item)
{
	const struct comparison *c = item->found;
	char number[NUMBER_MAX];
	if (!c) /* added, removed, incomparable */
		return "ignore";
	if (!c->changed)
		return "frozen";
	const struct dtype *da = dtype_of(item->pair.a->dtype);
	const struct dtype *db = dtype_of(item->pair.b->dtype);
	if (c->nan_appeared || c->nan_vanished || c->inf_appeared || c->inf_vanished ||
	    !da->size || da->kind == KIND_BOOL || c->max_index == UINT64_MAX)
		return "ignore"; /* no tolerance covers it */
	const bool whole = dtype_whole(da) && dtype_whole(db);
	/* No less than the largest change: it is what the tolerance is compared with. */
	if (whole)
		number_u64(number, c->max_abs_int);
	else /* an integer of 64 bits against a float has a distance that no double is */
		number_double(number, da == db ? c->max_abs
					       : nextafter(c->max_abs, INFINITY));
	const bool nan = d->query->tolerance.nan != NAN_EQUAL && c->nan_a;
	return arena_printf(a, "%s=%s%s", whole ? "ulp" : "atol", number,
			    nan ? " nan=equal" : "");
}

static int print_rules(const struct diff_run *r, struct arena *a, struct ckpt_error *err)
{
	const struct diff *d = &r->diff;
	if (!d->complete || d->counts.unknown || r->trouble.code)
		return error_set(err, CKPT_EINVAL, NULL, -1,
				 "no rules are printed: not all tensors were compared");
	for (size_t i = 0; i < d->n; i++) {
		const struct ckpt_tensor *t = tensor_of(&d->items[i]);
		const char *pattern = rules_pattern_of(a, t->name, t->name_len);
		const char *words = words_for(a, d, &d->items[i]);
		if (!pattern || !words)
			return arena_error(a, err);
		printf("%s  %s\n", pattern, words);
	}
	return 0;
}

int diff_more_check(const struct diff_run *r, struct ckpt_error *err)
{
	return r->o->given[OPT_SHOW] && !shown_item(r, err) ? -1 : 0;
}

int diff_more(struct diff_run *r, struct ckpt_error *err)
{
	if (r->o->given[OPT_TREE])
		return print_tree(r, err);
	if (r->o->given[OPT_SHOW])
		return print_elements(r, err);
	if (r->o->given[OPT_EMIT_RULES])
		return print_rules(r, &r->arena, err);
	print_map(&r->diff);
	return 0;
}
