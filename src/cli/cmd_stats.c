/* cmd_stats.c — ckpt-inspect stats: the numbers in each tensor.
 * SPDX-License-Identifier: Apache-2.0
 *
 * With --check every checkpoint of a folder is looked at: a verdict on the latest alone
 * would be a false green. 1: NaN or infinities were found; 2: something was not read.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/cmd.h"
#include "cli/paths.h"
#include "cli/stats_text.h"
#include "cli/watch.h"
#include "format/reader.h"
#include "out/document.h"

/* A checkpoint to look at, or why that cannot be. */
struct target {
	const char *path;
	const struct ckpt_error *error;
};

/* One run of the command. */
struct statting {
	struct options *o;
	struct paths paths;
	struct arena arena;         /* of the whole run */
	struct arena each, scratch; /* of one checkpoint; of one row */
	struct matcher *matcher;
	struct list_query query;
	struct chosen chosen;
	unsigned extras;
	struct pointers targets;
	struct document doc;
	struct ckpt *c;             /* the checkpoint that is being looked at */
	struct list_report list;
	struct stats stats;
	struct stats_row row;
	struct stats_counts sum;
	uint64_t checkpoints;       /* looked at */
	bool complete, interrupted;
	int code;
};

/* Is there more than one checkpoint to look at? */
static bool several(const struct statting *s)
{
	return s->targets.n > 1;
}

/* --- JSON -------------------------------------------------------------------------- */

static void begin_json(struct statting *s)
{
	const struct ckpt_options options = ckpt_options_of(s->o);
	document_begin(&s->doc, &s->arena, "stats", s->o->given[OPT_NDJSON]);
	document_inputs(&s->doc, s->paths.all, s->paths.n, &options);
	document_header_end(&s->doc);
	document_records(&s->doc, "tensors", "tensor");
}

static void json_row(struct statting *s, const struct stats_item *item)
{
	arena_rewind(&s->scratch, (struct arena_mark){ 0 });
	stats_row_of(&s->stats, &s->scratch, item, &s->row);
	document_row(&s->doc, stats_columns, &s->row);
}

static void end_json(struct statting *s)
{
	struct json *j = &s->doc.j;
	const struct stats_counts *n = &s->sum;
	document_records_end(&s->doc);
	document_summary_begin(&s->doc);
	jw_text(j, "verdict", s->code == EXIT_TROUBLE || !s->complete ? "unknown"
			      : n->not_finite			      ? "not_finite"
								      : "finite");
	jw_bool(j, "complete", s->complete);
	jw_u64(j, "checkpoints", s->checkpoints);
	jw_u64(j, "tensors", n->tensors);
	jw_u64(j, "numbers", n->numbers);
	jw_u64(j, "elements", n->elements);
	jw_u64(j, "nan", n->nan);
	jw_u64(j, "inf", n->inf);
	jw_u64(j, "not_finite", n->not_finite);
	jw_u64(j, "unreadable", n->unreadable);
	jw_u64(j, "bytes_read", n->bytes);
	document_end(&s->doc);
}

/* --- one checkpoint ---------------------------------------------------------------- */

static void trouble(struct statting *s, const struct ckpt_error *e)
{
	if (wants_json(s->o))
		document_error(&s->doc, e);
	fflush(stdout);
	text_error(e);
	s->code = EXIT_TROUBLE;
}

static void tell_errors(struct statting *s)
{
	char name[160];
	for (size_t i = 0; i < s->stats.n_ready; i++) {
		const struct stats_item *item = s->stats.ready[i];
		const struct ckpt_tensor *t = item->tensor;
		struct ckpt_error e = { 0 };
		if (!item->error)
			continue;
		text_escape(name, sizeof name, t->name, t->name_len);
		error_set(&e, item->error->code, item->error->file, item->error->offset,
			  "'%s': %s", name, item->error->text);
		trouble(s, &e);
	}
}

static void add_counts(struct stats_counts *to, const struct stats_counts *n)
{
	to->tensors += n->tensors;
	to->numbers += n->numbers;
	to->elements += n->elements;
	to->nan += n->nan;
	to->inf += n->inf;
	to->bytes += n->bytes;
	to->not_finite += n->not_finite;
	to->unreadable += n->unreadable;
}

static void print_text(struct statting *s)
{
	const struct options *o = s->o;
	if (o->given[OPT_CHECK]) {
		stats_findings(&s->stats, several(s) ? ckpt_prefix(s->c) : NULL,
			       &s->scratch);
		return;
	}
	print_heading(s->c);
	if (o->given[OPT_HISTOGRAM])
		stats_histograms(&s->stats, &s->scratch);
	else
		stats_table(&s->stats, &s->chosen, &s->scratch);
	stats_totals(&s->stats.counts, s->list.all, s->stats.complete);
}

/* Reads it; records are written as they are ready, in the order of the list. */
static int look(struct statting *s, struct ckpt_error *err)
{
	struct stats *st = &s->stats;
	struct watch watch;
	const bool json = wants_json(s->o);
	if (stats_begin(st, s->c, &s->each, s->list.tensors, s->list.n, s->extras,
			threads_of(s->o), err))
		return -1;
	if (json && !several(s))
		begin_json(s);
	size_t next = 0;
	watch_begin(&watch, &st->sweep.pool, st->sweep.bytes);
	for (bool ended = false; !ended;) {
		ended = watch_step(&watch);
		for (; json && next < st->n && stats_ready(&st->items[next]); next++)
			json_row(s, &st->items[next]);
	}
	s->interrupted = watch_end(&watch);
	struct ckpt_error changed = { 0 };
	const bool has_changed = stats_end(st, &changed) != 0;
	for (; json && next < st->n; next++) /* those behind one that is missing */
		if (stats_ready(&st->items[next]))
			json_row(s, &st->items[next]);
	s->complete &= st->complete;
	s->checkpoints++;
	add_counts(&s->sum, &st->counts);
	if (!json)
		print_text(s);
	tell_errors(s);
	if (has_changed || ckpt_unchanged(s->c, &changed))
		trouble(s, &changed);
	return 0;
}

static int open_and_look(struct statting *s, const char *path, struct ckpt_error *err)
{
	const struct ckpt_options options = ckpt_options_of(s->o);
	const bool chosen = s->o->n_args > s->paths.used || s->o->n_excludes ||
			    s->query.roles;
	s->c = ckpt_open(path, &options, err);
	if (!s->c)
		return -1;
	tell_note(s->c);
	if ((s->o->given[OPT_CHECK] && reader_load(s->c, err)) ||
	    list_make(&s->list, s->c, &s->each, &s->query, err))
		return -1;
	if (!s->list.n && !several(s)) {
		if (chosen)
			return nothing_matched(s->o, s->c, s->paths.used, err);
		if (s->o->given[OPT_CHECK])
			return error_set(err, CKPT_ENOTFOUND, ckpt_prefix(s->c), -1,
					 "there are no tensors to check");
	}
	return look(s, err);
}

static int look_at(struct statting *s, const char *path, struct ckpt_error *err)
{
	const int r = open_and_look(s, path, err);
	stats_drop(&s->stats);
	ckpt_close(s->c);
	s->c = NULL;
	arena_rewind(&s->each, (struct arena_mark){ 0 });
	return r;
}

/* --- which checkpoints ------------------------------------------------------------- */

static int add_target(struct statting *s, const char *path,
		      const struct ckpt_error *error, struct ckpt_error *err)
{
	struct target *t = arena_zeroed(&s->arena, 1, sizeof *t);
	struct ckpt_error *copy =
		error ? arena_zeroed(&s->arena, 1, sizeof *copy) : NULL;
	if (!t || (error && !copy) || pointers_add(&s->targets, t))
		return arena_error(&s->arena, err);
	t->path = path;
	t->error = copy;
	if (error)
		*copy = *error;
	return 0;
}

/* An older checkpoint that the state file names may have been deleted, which is said; the
 * latest may not. */
static int add_folder(struct statting *s, const struct run_folder *run,
		      struct ckpt_error *err)
{
	for (size_t i = 0; i < run->n; i++) {
		const struct snapshot *at = &run->all[i];
		struct ckpt_error gone = { 0 };
		if (!at->on_disk)
			snapshot_gone(run, at, &gone);
		if (!at->on_disk && !at->latest)
			text_error(&gone);
		else if (add_target(s, at->prefix, at->on_disk ? NULL : &gone, err))
			return -1;
	}
	return 0;
}

static int find_targets(struct statting *s, struct ckpt_error *err)
{
	for (size_t i = 0; i < s->paths.n; i++) {
		struct run_folder run = { .n = 0 };
		struct ckpt_error e = { 0 };
		const char *path = s->paths.all[i];
		const bool broken =
			s->o->given[OPT_CHECK] &&
			folder_of(s->o, &s->arena, path, &run, &e);
		if (run.n && !broken ? add_folder(s, &run, err)
				     : add_target(s, path, broken ? &e : NULL, err))
			return -1;
	}
	return 0;
}

static void look_at_all(struct statting *s)
{
	for (size_t i = 0; i < s->targets.n; i++) {
		const struct target *t = s->targets.p[i];
		struct ckpt_error e = { 0 };
		if (t->error)
			trouble(s, t->error);
		else if (look_at(s, t->path, &e))
			trouble(s, &e);
		if (!s->interrupted)
			continue;
		s->complete &= i + 1 == s->targets.n;
		break;
	}
}

/* A check that has seen no number has found nothing good. */
static void check_seen(struct statting *s)
{
	struct ckpt_error none = { 0 };
	if (!s->o->given[OPT_CHECK] || s->interrupted || s->sum.numbers ||
	    s->code == EXIT_TROUBLE)
		return;
	error_set(&none, CKPT_ENOTFOUND, NULL, -1,
		  s->sum.tensors ? "no tensor that matches holds numbers"
				 : "no tensor matches in any checkpoint");
	trouble(s, &none);
}

/* --- the command ------------------------------------------------------------------- */

static int check_usage(const struct options *o, struct ckpt_error *err)
{
	const bool histogram = o->given[OPT_HISTOGRAM], check = o->given[OPT_CHECK];
	const char *wrong = NULL;
	if (o->given[OPT_COLUMNS] && wants_json(o))
		wrong = "--columns is for text: JSON has all of them";
	else if (histogram && wants_json(o))
		wrong = "--histogram is for text: JSON has the bins of each tensor";
	else if (check && (histogram || o->given[OPT_COLUMNS] || o->given[OPT_LONG]))
		wrong = "--check lists what it finds: no --histogram, --columns or "
			"--long";
	else if (histogram && (o->given[OPT_COLUMNS] || o->given[OPT_LONG]))
		wrong = "--histogram stands in place of the table: no --columns or "
			"--long";
	return wrong ? error_set(err, CKPT_EINVAL, NULL, -1, "%s", wrong) : 0;
}

static int choose_extras(struct statting *s, struct ckpt_error *err)
{
	const struct options *o = s->o;
	if (choose_columns(o, stats_columns, &s->chosen, err))
		return -1;
	for (size_t i = 0; i < s->chosen.n; i++)
		s->extras |= stats_extras_of(s->chosen.column[i]);
	if (wants_json(o))
		s->extras = STATS_ALL;
	else if (o->given[OPT_CHECK])
		s->extras = 0;
	else if (o->given[OPT_HISTOGRAM])
		s->extras = STATS_HISTOGRAM | STATS_DEAD;
	return 0;
}

/* With --check a folder counts as one, whatever of it can be opened. */
static int take_paths(struct statting *s, struct ckpt_error *err)
{
	const bool latest = s->o->given[OPT_LATEST_COMPLETE];
	s->o->given[OPT_LATEST_COMPLETE] = latest || s->o->given[OPT_CHECK];
	const int r = paths_take(s->o, 1, &s->paths, err);
	s->o->given[OPT_LATEST_COMPLETE] = latest;
	if (r || s->paths.n == 1 || s->o->given[OPT_CHECK])
		return r;
	return error_set(err, CKPT_EINVAL, NULL, -1,
			 "stats takes one checkpoint, not %zu; --check takes several, "
			 "and diff compares two",
			 s->paths.n);
}

static int run_stats(struct statting *s, struct ckpt_error *err)
{
	const struct options *o = s->o;
	if (check_usage(o, err) || sort_of(o, &s->query.sort, err) ||
	    roles_of(o, &s->query.roles, err) || choose_extras(s, err) ||
	    take_paths(s, err))
		return -1;
	s->matcher = matcher_of(o, &s->arena, s->paths.used, err);
	s->query.matcher = s->matcher;
	if (!s->matcher || find_targets(s, err))
		return -1;
	if (several(s)) {
		if (wants_json(o))
			begin_json(s);
		look_at_all(s);
	} else {
		const struct target *t = s->targets.p[0];
		if (t->error)
			return error_copy(err, t->error);
		if (look_at(s, t->path, err))
			return -1;
	}
	check_seen(s);
	if (wants_json(o))
		end_json(s);
	else if (o->given[OPT_CHECK] && s->sum.tensors)
		stats_verdict(&s->sum, s->checkpoints, s->complete);
	if (s->code == EXIT_FINE && o->given[OPT_CHECK] && s->sum.not_finite)
		s->code = EXIT_FOUND;
	if (s->interrupted && !s->complete)
		s->code = EXIT_INTERRUPTED;
	return 0;
}

static int run(const struct options *given)
{
	struct options o = *given;
	struct ckpt_error err = { 0 };
	struct statting s = { .o = &o, .complete = true };
	arena_init(&s.arena, UINT64_MAX);
	arena_init(&s.each, UINT64_MAX);
	arena_init(&s.scratch, UINT64_MAX);
	if (run_stats(&s, &err))
		s.code = fail(&o, &err);
	match_free(s.matcher);
	pointers_drop(&s.targets);
	arena_drop(&s.scratch);
	arena_drop(&s.each);
	arena_drop(&s.arena);
	return s.code;
}

const struct command cmd_stats = {
	.name = "stats",
	.args = "PATH [PATTERN...]",
	.summary = "the numbers in each tensor: extremes, mean, NaN, histogram",
	.examples =
		"ckpt-inspect stats run/model.ckpt-1000\n"
		"ckpt-inspect stats -l run/ 'dense1/**' -x '**/Adam*'\n"
		"ckpt-inspect stats --histogram run/ dense1/kernel\n"
		"ckpt-inspect stats --columns name,mean,std,zeros --role weight run/\n"
		"ckpt-inspect stats --check run/     # exit 1: NaN or Inf somewhere\n"
		"ckpt-inspect stats --json run/ | jq '.tensors[] | {name, mean, std}'\n",
	.notes = "Exit codes: 0 fine, 1 NaN or Inf (with --check, which looks at every "
		 "checkpoint\nof a folder), 2 something could not be read, or nothing "
		 "matched.\n"
		 "All but zeros, nan and inf is over the finite elements. Of complex "
		 "elements the\nmodulus counts, booleans are 0 and 1.\n",
	.columns = { { "Columns (text only: bars, note)", stats_columns } },
	.options = { OPT_LONG, OPT_COLUMNS, OPT_HISTOGRAM, OPT_CHECK, OPT_SORT,
		     OPT_REVERSE, OPT_ROLE, OPT_EXCLUDE, OPT_REGEX, OPT_JOBS,
		     OPT_NO_MMAP },
	.min_args = 1,
	.max_args = SIZE_MAX,
	.run = run,
};
