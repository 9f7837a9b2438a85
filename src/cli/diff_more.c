/* diff_more.c — other answers of diff: a tree, one tensor's elements, a map, rules.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "cli/diff_more.h"

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
static int print_rows(const struct options *o, struct diff *d, struct arena *a,
		      const struct rows *rows, const char *what, const char *each,
		      struct ckpt_error *err)
{
	struct chosen chosen;
	struct document doc;
	if (!wants_json(o)) {
		if (choose_columns(o, rows->columns, &chosen, err))
			return -1;
		text_table(stdout, rows, &chosen);
		return 0;
	}
	document_begin(&doc, a, "diff", o->given[OPT_NDJSON]);
	document_source(&doc, "a", o->args[0], d->a, NULL);
	document_source(&doc, "b", o->args[1], d->b, NULL);
	document_header_end(&doc);
	document_records(&doc, what, each);
	for (size_t i = 0; i < rows->n; i++)
		document_row(&doc, rows->columns, rows->at(rows, i));
	document_records_end(&doc);
	document_summary_begin(&doc);
	jw_text(&doc.j, "verdict", diff_verdict_name(diff_verdict(d)));
	jw_bool(&doc.j, "complete", d->complete);
	jw_u64(&doc.j, "changed", d->counts.changed);
	jw_u64(&doc.j, "added", d->counts.added);
	jw_u64(&doc.j, "removed", d->counts.removed);
	document_end(&doc);
	return 0;
}

static int print_tree(const struct options *o, struct diff *d, struct arena *a,
		      struct ckpt_error *err)
{
	const size_t depth =
		o->given[OPT_DEPTH] ? (size_t)o->number[OPT_DEPTH] : SIZE_MAX;
	struct pointers found = { 0 };
	int r = diff_tree(d, a, depth, o->given[OPT_SHOW_SAME], &found, err);
	const struct rows rows = { diff_tree_columns, found.n, pointer_at, &found };
	if (!r && !found.n && !wants_json(o))
		puts("no difference");
	else if (!r)
		r = print_rows(o, d, a, &rows, "scopes", "scope", err);
	pointers_drop(&found);
	return r;
}

static int print_elements(const struct options *o, struct diff *d, struct arena *a,
			  struct ckpt_error *err)
{
	enum { USUAL = 10 };
	const char *name = o->value[OPT_SHOW];
	const size_t len = strlen(name), most = o->given[OPT_TOP]
							? (size_t)o->number[OPT_TOP]
							: USUAL;
	const struct diff_item *item = NULL;
	struct near_names near = { .wanted = name, .wanted_len = len };
	for (size_t i = 0; i < d->n && !item; i++) {
		const struct ckpt_tensor *t = tensor_of(&d->items[i]);
		near_offer(&near, t->name, t->name_len);
		if (t->name_len == len && !memcmp(t->name, name, len))
			item = &d->items[i];
	}
	if (!item)
		return error_set(err, CKPT_ENOTFOUND, NULL, -1,
				 "no tensor '%.100s' is compared%s%.100s%s", name,
				 near.n ? "; did you mean '" : "",
				 near.n ? near.best[0].name : "", near.n ? "'?" : "");
	struct diff_element_row *found;
	size_t n;
	if (diff_elements(d, a, item, most, &found, &n, err))
		return -1;
	const struct rows rows = { diff_element_columns, n, element_at, found };
	if (!n && !wants_json(o)) {
		puts("no element differs");
		return 0;
	}
	return print_rows(o, d, a, &rows, "elements", "element", err);
}

/* --- files for --map and --rules --------------------------------------------------- */

static void print_map(const struct diff *d)
{
	for (size_t i = 0; i < d->n; i++) {
		const struct pair *p = &d->items[i].pair;
		if (!p->a || !p->b)
			continue;
		text_put(stdout, p->a->name, p->a->name_len);
		putchar('\t');
		text_put(stdout, p->b->name, p->b->name_len);
		putchar('\n');
	}
}

/* The word under which the pair is no difference: what did not change is frozen. */
static const char *rule_for(const struct diff_item *item, char number[NUMBER_MAX])
{
	const struct comparison *c = item->found;
	if (!c)
		return "ignore";
	if (!c->changed)
		return "frozen";
	if (c->nan_appeared || c->nan_vanished || c->inf_appeared || c->inf_vanished ||
	    c->max_index == UINT64_MAX)
		return "must-change"; /* no tolerance covers it */
	/* No less than the largest change: it is what the tolerance is compared with. */
	number_double(number, c->max_abs);
	return NULL;
}

static int print_rules(const struct diff *d, struct arena *a, struct ckpt_error *err)
{
	for (size_t i = 0; i < d->n; i++) {
		const struct diff_item *item = &d->items[i];
		const struct ckpt_tensor *t = tensor_of(item);
		const char *pattern = rules_pattern_of(a, t->name, t->name_len);
		char number[NUMBER_MAX];
		if (!pattern)
			return arena_error(a, err);
		const char *word = rule_for(item, number);
		if (word)
			printf("%s  %s\n", pattern, word);
		else
			printf("%s  atol=%s\n", pattern, number);
	}
	return 0;
}

int diff_more(const struct options *o, struct diff *d, struct arena *a,
	      struct ckpt_error *err)
{
	if (o->given[OPT_TREE])
		return print_tree(o, d, a, err);
	if (o->given[OPT_SHOW])
		return print_elements(o, d, a, err);
	if (o->given[OPT_EMIT_RULES])
		return print_rules(d, a, err);
	print_map(d);
	return 0;
}
