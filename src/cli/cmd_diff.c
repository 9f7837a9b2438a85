/* cmd_diff.c — ckpt-inspect diff: what differs between two checkpoints.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "base/source.h"
#include "base/text.h"
#include "cli/cmd.h"
#include "cli/diff_json.h"
#include "cli/diff_more.h"
#include "cli/paths.h"
#include "cli/watch.h"
#include "report/diff_tree.h"

/* One run of the command. */
struct diffing {
	struct diff_run r;
	struct matcher *matcher;
	struct rules *rules;
	struct chosen chosen; /* columns of the table */
	struct diff_row row;
	size_t n_paths; /* arguments; patterns stand behind them */
	int exit_code; /* r.code, unless it was interrupted */
};

static const void *row_at(const struct rows *rows, size_t i)
{
	struct diffing *d = rows->arg;
	arena_rewind(&d->r.scratch, (struct arena_mark){ 0 });
	diff_row_of(&d->r.diff, &d->r.scratch, d->r.diff.shown[i], &d->row);
	return &d->row;
}

/* --- text -------------------------------------------------------------------------- */

/* ": 3 same", then ", 2 changed" */
static void put_count(size_t *some, uint64_t n, const char *what)
{
	char number[NUMBER_MAX];
	if (!n)
		return;
	number_grouped(number, n);
	printf("%s%s %s", (*some)++ ? ", " : ": ", number, what);
}

static void print_summary(const struct diffing *d)
{
	const struct diff_counts *n = &d->r.diff.counts;
	const uint64_t all = n->compared + n->added + n->removed;
	char number[NUMBER_MAX];
	size_t some = 0;
	if (!d->r.diff.complete)
		fputs("interrupted, this is not all: ", stdout);
	number_grouped(number, all);
	printf("%s tensor%s", number, all == 1 ? "" : "s");
	put_count(&some, n->identical, "identical");
	put_count(&some, n->equal, "equal");
	if (d->r.query.depth == DEPTH_NAMES)
		put_count(&some, n->same + n->renamed, "of the same dtype and shape");
	put_count(&some, n->changed - n->incomparable, "changed");
	put_count(&some, n->incomparable, "incomparable");
	put_count(&some, n->added, "added");
	put_count(&some, n->removed, "removed");
	put_count(&some, n->unknown - n->unreadable, "unknown");
	put_count(&some, n->unreadable, "unreadable");
	some = 0;
	if (n->renamed + n->expected + n->violations)
		fputs("; of these", stdout);
	put_count(&some, n->renamed, "renamed");
	put_count(&some, n->expected, "expected to change");
	put_count(&some, n->violations, "against the rules");
	if (n->ignored) {
		number_grouped(number, n->ignored);
		printf("; %s ignored", number);
	}
	if (n->not_frozen) {
		number_grouped(number, n->not_frozen);
		printf("; %s that a frozen graph does not hold", number);
	}
	if (n->not_variables) {
		number_grouped(number, n->not_variables);
		printf("; %s constant%s that %s no variable%s", number,
		       n->not_variables == 1 ? "" : "s",
		       n->not_variables == 1 ? "is" : "are",
		       n->not_variables == 1 ? "" : "s");
	}
	if (d->r.query.depth == DEPTH_NAMES) {
		puts("; values were not read");
	} else if (d->r.query.depth == DEPTH_RECORDED) {
		puts("; recorded checksums, no values read");
	} else {
		number_bytes(number, n->bytes);
		printf("; %s read\n", number);
	}
}

/* How many of those that are shown: what differs, or all with --show-same. */
static size_t shown(const struct diffing *d)
{
	const struct diff *diff = &d->r.diff;
	size_t n = 0;
	while (diff->shown && n < diff->n && diff->shown[n] &&
	       (d->r.o->given[OPT_SHOW_SAME] || diff_is_difference(diff->shown[n]) ||
		diff->shown[n]->status == DIFF_UNKNOWN || diff->shown[n]->pair.found ||
		diff->shown[n]->status == DIFF_CHANGED))
		n++;
	if (d->r.o->given[OPT_TOP] && n > (size_t)d->r.o->number[OPT_TOP])
		n = (size_t)d->r.o->number[OPT_TOP];
	return n;
}

static void tell_errors(const struct diffing *d)
{
	enum { MOST_TOLD = 10 };
	uint64_t told = 0;
	fflush(stdout);
	for (size_t i = 0; i < d->r.diff.n; i++) {
		const struct diff_item *item = &d->r.diff.items[i];
		const struct ckpt_tensor *t = item->pair.b ? item->pair.b : item->pair.a;
		struct ckpt_error e;
		char name[160];
		if (!item->error || !diff_ready(item) || told++ >= MOST_TOLD)
			continue;
		text_escape(name, sizeof name, t->name, t->name_len);
		error_clear(&e);
		error_set(&e, item->error->code, item->error->file, item->error->offset,
			  "'%s': %s", name, item->error->text);
		text_error(&e);
	}
	if (told > MOST_TOLD)
		fprintf(stderr, "ckpt-inspect: and %" PRIu64 " tensors more\n",
			told - MOST_TOLD);
}

static void print_headings(const struct diffing *d)
{
	fputs("a  ", stdout);
	print_heading(d->r.a);
	fputs("b  ", stdout);
	print_heading(d->r.b);
	if (d->r.same_file)
		puts("a and b are the same file");
}

static void print_text(struct diffing *d)
{
	const struct rows rows = { diff_columns, shown(d), row_at, d };
	print_headings(d);
	if (rows.n)
		text_table(stdout, &rows, &d->chosen);
	print_summary(d);
}

/* --- JSON -------------------------------------------------------------------------- */

static void json_row(struct diffing *d, struct document *doc, struct diff_item *item)
{
	arena_rewind(&d->r.scratch, (struct arena_mark){ 0 });
	diff_row_of(&d->r.diff, &d->r.scratch, item, &d->row);
	document_row(doc, diff_columns, &d->row);
}

/* --- the comparison ---------------------------------------------------------------- */

/* Is there something to compare, and can the answer be given? Said before it is read. */
static int check_question(struct diffing *d, struct ckpt_error *err)
{
	const struct diff *diff = &d->r.diff;
	struct ckpt *const both[] = { d->r.a, d->r.b };
	const uint64_t alone = diff->counts.not_frozen + diff->counts.not_variables;
	if (!diff->n && !diff->counts.ignored && alone)
		return error_set(err, CKPT_ENOTFOUND, ckpt_prefix(diff->frozen.graph), -1,
				 "nothing to compare: %" PRIu64 " tensors that only one "
				 "of them can have; --strict counts them", alone);
	if (!diff->n && !diff->counts.ignored)
		return nothing_matched(d->r.o, d->r.b, d->n_paths, err);
	if (!diff->n)
		return error_set(err, CKPT_ENOTFOUND, ckpt_prefix(d->r.a), -1,
				 "nothing to compare: the rules ignore all %" PRIu64
				 " tensors", diff->counts.ignored);
	return check_rules(d->r.o, d->rules, both, 2, err) || diff_more_check(&d->r, err)
		       ? -1
		       : 0;
}

/* The verdict, and what is wrong with it. */
static void conclude(struct diffing *d, bool interrupted)
{
	struct diff *diff = &d->r.diff;
	struct ckpt_error *err = &d->r.trouble;
	const bool changed = diff_end(diff, err) || ckpt_unchanged(d->r.a, err) ||
			     ckpt_unchanged(d->r.b, err);
	const struct diff_counts *n = &diff->counts;
	d->r.code = changed ? EXIT_TROUBLE : diff_verdict(diff);
	if (!diff->complete)
		error_set(err, CKPT_EIO, NULL, -1,
			  "interrupted: %" PRIu64 " of %zu tensors were compared",
			  n->compared + n->added + n->removed, diff->n);
	else if (d->r.code == EXIT_TROUBLE && diff->frozen.checkpoint && !n->compared)
		error_set(err, CKPT_ENOTFOUND, ckpt_prefix(diff->frozen.graph), -1,
			  "no constant has the name of a weight: not frozen, or of "
			  "another model; -M finds them by content");
	else if (d->r.code == EXIT_TROUBLE && n->unknown > n->unreadable)
		error_set(err, CKPT_EUNSUPPORTED, NULL, -1,
			  "%" PRIu64 " tensors have no checksums that can be compared; "
			  "without --quick their values are",
			  n->unknown - n->unreadable);
	if (interrupted && !diff->complete)
		d->exit_code = EXIT_INTERRUPTED;
	else
		d->exit_code = d->r.code;
}

/* Runs it; records of --json are written as they are ready, by name. */
static int compare(struct diffing *d, struct ckpt_error *err)
{
	const struct options *o = d->r.o;
	struct diff *diff = &d->r.diff;
	struct document doc;
	struct watch watch;
	const bool json = wants_json(o) && !diff_more_wanted(o);
	const bool by_name = json && !o->given[OPT_TOP];
	if (diff_begin(diff, d->r.a, d->r.b, &d->r.arena, &d->r.query, threads_of(o),
		       err) || check_question(d, err))
		return -1;
	if (json)
		diff_json_begin(&d->r, &doc, "tensors", "tensor");
	size_t next = 0;
	watch_begin(&watch, &diff->sweep.pool, diff->sweep.bytes);
	for (bool ended = false; !ended;) {
		ended = watch_step(&watch);
		for (; by_name && next < diff->n && diff_ready(&diff->items[next]);
		     next++)
			json_row(d, &doc, &diff->items[next]);
	}
	conclude(d, watch_end(&watch));
	for (; by_name && next < diff->n; next++) /* those behind one that is missing */
		if (diff_ready(&diff->items[next]))
			json_row(d, &doc, &diff->items[next]);
	for (size_t i = 0; json && !by_name && i < shown(d); i++)
		json_row(d, &doc, diff->shown[i]);
	int r = 0;
	if (json)
		diff_json_end(&d->r, &doc);
	else if (diff_more_wanted(o))
		r = diff_more(&d->r, err);
	else if (!o->given[OPT_QUIET])
		print_text(d);
	tell_errors(d);
	if (d->r.trouble.code)
		text_error(&d->r.trouble);
	return r;
}

/* --- the command ------------------------------------------------------------------- */

static int check_usage(const struct options *o, struct ckpt_error *err)
{
	const bool quick = o->given[OPT_QUICK], names = o->given[OPT_NAMES_ONLY];
	const bool tolerance =
		o->given[OPT_ATOL] || o->given[OPT_RTOL] || o->given[OPT_ULP];
	const bool more = diff_more_wanted(o);
	const char *wrong = NULL;
	if (quick && names)
		wrong = "--quick or --names-only, not both";
	else if ((quick || names) && (tolerance || o->given[OPT_CAST] ||
				      o->given[OPT_RESHAPE] || o->given[OPT_NAN]))
		wrong = "without values there are no tolerances, --nan, --cast, "
			"--reshape";
	else if ((quick || names) && (o->given[OPT_SHOW] || o->given[OPT_EMIT_RULES]))
		wrong = "--show and --emit-rules need the values";
	else if (names && o->given[OPT_RULES])
		wrong = "--rules is about values: not with --names-only";
	else if (o->given[OPT_COLUMNS] && wants_json(o))
		wrong = "--columns is for text: JSON has all of them";
	else if (o->given[OPT_DEPTH] && !o->given[OPT_TREE])
		wrong = "--depth is for --tree";
	else if (o->given[OPT_TREE] + o->given[OPT_SHOW] + o->given[OPT_EMIT_MAP] +
			 o->given[OPT_EMIT_RULES] > 1)
		wrong = "one of --tree, --show, --emit-map, --emit-rules at a time";
	else if ((o->given[OPT_EMIT_MAP] || o->given[OPT_EMIT_RULES]) && wants_json(o))
		wrong = "--emit-map and --emit-rules are text";
	else if (o->given[OPT_QUIET] && (more || wants_json(o)))
		wrong = "--quiet prints nothing";
	return wrong ? error_set(err, CKPT_EINVAL, NULL, -1, "%s", wrong) : 0;
}

static int make_query(struct diffing *d, size_t first_pattern, struct ckpt_error *err)
{
	const struct options *o = d->r.o;
	struct diff_query *q = &d->r.query;
	*q = (struct diff_query){
		.naming = { o->value[OPT_MAP], o->renames, o->n_renames,
			    o->value[OPT_STRIP_PREFIX_A], o->value[OPT_STRIP_PREFIX_B] },
		.tolerance = { .atol = o->real[OPT_ATOL],
			       .rtol = o->real[OPT_RTOL],
			       .ulp = (uint64_t)o->number[OPT_ULP] },
		.depth = o->given[OPT_QUICK]	    ? DEPTH_RECORDED
			 : o->given[OPT_NAMES_ONLY] ? DEPTH_NAMES
						    : DEPTH_VALUES,
		.cast = o->given[OPT_CAST],
		.reshape = o->given[OPT_RESHAPE],
		.find_renames = o->given[OPT_FIND_RENAMES],
		.keep_same = o->given[OPT_SHOW_SAME] || wants_json(o) ||
			     diff_more_wanted(o) || o->given[OPT_RULES],
		.strict = o->given[OPT_STRICT],
	};
	if (nan_rule_of(o, &q->tolerance.nan, err) || roles_of(o, &q->roles, err))
		return -1;
	d->matcher = matcher_of(o, &d->r.arena, first_pattern, err);
	q->matcher = d->matcher;
	if (!d->matcher)
		return -1;
	if (o->given[OPT_RULES] &&
	    !(q->rules = d->rules = rules_read(&d->r.arena, o->value[OPT_RULES], err)))
		return -1;
	return 0;
}

static bool is_same_file(struct ckpt *a, struct ckpt *b)
{
	struct identity x, y;
	const char *pa = a->reader->file(a, 0), *pb = b->reader->file(b, 0);
	return pa && pb && !source_identify(pa, &x) && !source_identify(pb, &y) &&
	       identity_same(&x, &y);
}

static int run_diff(struct diffing *d, struct options *o, struct ckpt_error *err)
{
	const struct ckpt_options options = ckpt_options_of(o);
	struct paths paths;
	if (check_usage(o, err) ||
	    choose_columns(o, o->given[OPT_TREE]   ? diff_tree_columns
			      : o->given[OPT_SHOW] ? diff_element_columns
						   : diff_columns,
			   &d->chosen, err) ||
	    paths_take(o, 2, &paths, err))
		return -1;
	if (paths.n == 1)
		return error_set(err, CKPT_EINVAL, paths.all[0], -1,
				 "diff takes two checkpoints: %s",
				 paths.used > 1 ? "these are files of one"
						: "there is only one");
	if (paths.n > 2)
		return error_set(
			err, CKPT_EINVAL, NULL, -1,
			"diff takes two checkpoints, not %zu; log shows how they "
			"changed one after the other",
			paths.n);
	if (make_query(d, paths.used, err))
		return -1;
	d->n_paths = paths.used;
	d->r.path_a = paths.all[0];
	d->r.path_b = paths.all[1];
	d->r.a = ckpt_open(d->r.path_a, &options, err);
	d->r.b = d->r.a ? ckpt_open(d->r.path_b, &options, err) : NULL;
	if (!d->r.b)
		return -1;
	tell_note(d->r.a);
	tell_note(d->r.b);
	d->r.same_file = is_same_file(d->r.a, d->r.b);
	if (o->given[OPT_STRICT] &&
	    !graph_of_checkpoint(d->r.a) == !graph_of_checkpoint(d->r.b))
		return error_set(err, CKPT_EINVAL, NULL, -1,
				 "--strict is for a checkpoint and a frozen graph");
	return compare(d, err);
}

static int run(const struct options *given)
{
	struct options o = *given;
	struct ckpt_error err = { 0 };
	struct diffing d = { .r = { .o = &o } };
	arena_init(&d.r.arena, UINT64_MAX);
	arena_init(&d.r.scratch, UINT64_MAX);
	if (run_diff(&d, &o, &err))
		d.exit_code = fail(&o, &err);
	diff_drop(&d.r.diff);
	match_free(d.matcher);
	rules_free(d.rules);
	ckpt_close(d.r.a);
	ckpt_close(d.r.b);
	arena_drop(&d.r.scratch);
	arena_drop(&d.r.arena);
	return d.exit_code;
}

const struct command cmd_diff = {
	.name = "diff",
	.args = "A B [PATTERN...]",
	.summary = "what differs between two checkpoints, and by how much",
	.examples =
		"ckpt-inspect diff model.ckpt-150 model.ckpt-200\n"
		"ckpt-inspect diff run/@200 run/@1000 'dense1/**'\n"
		"ckpt-inspect diff --quick run/@200 run/    # recorded checksums alone\n"
		"ckpt-inspect diff --rtol 1e-5 old.ckpt new.ckpt\n"
		"ckpt-inspect diff run/ frozen.pb           # is each weight in it\n"
		"ckpt-inspect diff --show dense1/kernel run/@200 run/@1000\n"
		"ckpt-inspect diff -M --emit-map old.ckpt new.ckpt >names.map\n"
		"ckpt-inspect diff --rules ci.rules run/@200 run/\n"
		"ckpt-inspect diff --json A B | jq '.tensors[] | select(.status != "
		"\"same\")'\n",
	.notes = "Exit codes: 0 the same, 1 different, 2 could not be compared, or "
		 "nothing "
		 "was.\n"
		 "Two elements are equal if they are the same value (by default two NaN "
		 "are), or\nfinite and |a-b| <= max(atol, rtol * max(|a|, |b|)), or "
		 "finite "
		 "and within --ulp.\n",
	.columns = { { "Columns (text only: type, dims, note)", diff_columns },
		     { "Columns of --tree", diff_tree_columns },
		     { "Columns of --show", diff_element_columns } },
	.options = { OPT_LONG,		 OPT_SHOW_SAME,	 OPT_TOP,    OPT_COLUMNS,
		     OPT_TREE,		 OPT_DEPTH,	 OPT_SHOW,   OPT_QUIET,
		     OPT_QUICK,		 OPT_NAMES_ONLY, OPT_NAN,    OPT_ATOL,
		     OPT_RTOL,		 OPT_ULP,	 OPT_CAST,   OPT_RESHAPE,
		     OPT_FIND_RENAMES,	 OPT_MAP,	 OPT_RENAME, OPT_STRIP_PREFIX_A,
		     OPT_STRIP_PREFIX_B, OPT_EMIT_MAP,	 OPT_RULES,  OPT_EMIT_RULES,
		     OPT_ROLE,		 OPT_EXCLUDE,	 OPT_REGEX,  OPT_JOBS,
		     OPT_STRICT,	 OPT_NO_MMAP },
	.min_args = 1,
	.max_args = SIZE_MAX,
	.run = run,
};
