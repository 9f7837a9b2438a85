/* cmd_log.c — ckpt-inspect log: the checkpoints of a run, one after the other.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "cli/cmd.h"
#include "cli/log_print.h"
#include "cli/log_scalars.h"
#include "cli/watch.h"

/* --- running ----------------------------------------------------------------------- */

/* Waits for the sweep; records of tensors are written as they are ready, in order. With
 * doc NULL nothing is written. True if ^C was pressed. */
static bool await(struct logging *l, struct document *doc, size_t *next)
{
	struct history *h = &l->history;
	struct watch watch;
	log_announce(l);
	watch_begin(&watch, &h->sweep.pool, h->sweep.bytes);
	for (bool ended = false; !ended;) {
		ended = watch_step(&watch);
		for (; doc && *next < h->n && history_ready(h, h->items[*next]);
		     ++*next) {
			const struct log_entry e = { .from = *next, .to = *next + 1 };
			log_json_entry(l, doc, &e);
		}
	}
	return watch_end(&watch);
}

/* What has not been written while the sweep ran. */
static int json_rest(struct logging *l, struct document *doc, size_t written,
		     struct ckpt_error *err)
{
	const bool top = l->o->given[OPT_TOP];
	size_t n;
	const struct log_entry *entries =
		log_entries(l, top && l->o->given[OPT_CHECK], &n);
	if (!entries)
		return arena_error(&l->arena, err);
	for (size_t i = 0; i < n; i++)
		if (!written || entries[i].from >= written)
			log_json_entry(l, doc, &entries[i]);
	return 0;
}

static int check_found(const struct logging *l, struct ckpt_error *err)
{
	const struct history *h = &l->history;
	if (h->n)
		return 0;
	if (h->counts.ignored)
		return error_set(err, CKPT_ENOTFOUND, NULL, -1,
				 "nothing to follow: the rules ignore all %" PRIu64
				 " tensors", h->counts.ignored);
	for (size_t i = l->run.n; i; i--) /* the last one that is open has the names */
		if (l->run.all[i - 1].c)
			return nothing_matched(l->o, l->run.all[i - 1].c,
					       l->run.first_pattern, err);
	return -1; /* log_open() has one open at least */
}

static int check_all_rules(struct logging *l, struct ckpt_error *err)
{
	struct ckpt **all = arena_zeroed(&l->arena, l->run.n + 1, sizeof *all);
	for (size_t i = 0; all && i < l->run.n; i++)
		all[i] = l->run.all[i].c;
	return all ? check_rules(l->o, l->rules, all, l->run.n, err)
		   : arena_error(&l->arena, err);
}

/* Ends the reading. True if a file has changed meanwhile: nothing holds then. */
static bool end_and_check(struct logging *l)
{
	bool trouble = history_end(&l->history, &l->trouble) != 0;
	for (size_t i = 0; i < l->run.n && !trouble; i++)
		trouble = l->run.all[i].c && ckpt_unchanged(l->run.all[i].c, &l->trouble);
	return trouble;
}

static int follow(struct logging *l, int *code, struct ckpt_error *err)
{
	const struct options *o = l->o;
	struct history *h = &l->history;
	const bool json = wants_json(o);
	const bool stream = json && !o->given[OPT_TOP] && !o->given[OPT_DEPTH];
	struct document doc;
	size_t written = 0;
	const unsigned threads = l->query.recorded
					 ? 1
					 : history_threads(l->run.all, l->run.n,
							 threads_of(o), err);
	if (!threads ||
	    history_begin(h, l->run.all, l->run.n, &l->arena, &l->query, threads, err) ||
	    check_found(l, err) || check_all_rules(l, err))
		return -1;
	if (json)
		log_json_begin(l, &doc);
	const bool interrupted = h->sweeping &&
				 await(l, stream ? &doc : NULL, &written);
	const bool trouble = end_and_check(l);
	const int verdict = trouble || l->scalars.errors.n
				    ? EXIT_TROUBLE
				    : history_verdict(h, o->given[OPT_CHECK]);
	if (json) {
		if (json_rest(l, &doc, written, err))
			return -1;
		log_json_end(l, &doc, verdict);
	} else if (log_text(l, err)) {
		return -1;
	}
	log_tell_errors(l);
	log_scalars_tell(l);
	if (trouble)
		text_error(&l->trouble);
	*code = interrupted && !h->complete ? EXIT_INTERRUPTED : verdict;
	return 0;
}

/* --- the command ------------------------------------------------------------------- */

static int check_usage(const struct options *o, struct ckpt_error *err)
{
	const bool quick = o->given[OPT_QUICK];
	const bool tolerance = o->given[OPT_ATOL] || o->given[OPT_RTOL] ||
			       o->given[OPT_ULP] || o->given[OPT_NAN];
	const char *wrong = NULL;
	if (quick && tolerance)
		wrong = "without values there are no tolerances and no --nan";
	else if (quick && o->given[OPT_TOP])
		wrong = "--top needs the values: it is by how far tensors have moved";
	else if (quick && o->given[OPT_CHECK] && !o->given[OPT_RULES])
		wrong = "--check without --rules needs the values: it looks for NaN";
	else if (o->given[OPT_DEPTH] && o->given[OPT_CHECK])
		wrong = "--check lists tensors: not with --depth";
	else if (o->given[OPT_EVENTS] && o->given[OPT_CHECK])
		wrong = "--check is about tensors: it reads no event files";
	else if (o->given[OPT_COLUMNS] && wants_json(o))
		wrong = "--columns is for text: JSON has all of them";
	return wrong ? error_set(err, CKPT_EINVAL, NULL, -1, "%s", wrong) : 0;
}

static int make_query(struct logging *l, struct ckpt_error *err)
{
	const struct options *o = l->o;
	struct history_query *q = &l->query;
	*q = (struct history_query){
		.tolerance = { .atol = o->real[OPT_ATOL], .rtol = o->real[OPT_RTOL],
			       .ulp = (uint64_t)o->number[OPT_ULP] },
		.recorded = o->given[OPT_QUICK],
	};
	if (nan_rule_of(o, &q->tolerance.nan, err) || roles_of(o, &q->roles, err))
		return -1;
	l->matcher = matcher_of(o, &l->arena, l->run.first_pattern, err);
	q->matcher = l->matcher;
	if (!l->matcher)
		return -1;
	if (o->given[OPT_RULES] &&
	    !(q->rules = l->rules = rules_read(&l->arena, o->value[OPT_RULES], err)))
		return -1;
	return 0;
}

static int run_log(struct logging *l, struct options *o, int *code,
		   struct ckpt_error *err)
{
	if (check_usage(o, err) || log_open(o, &l->arena, &l->run, err) ||
	    make_query(l, err) || log_scalars_read(l, err) || follow(l, code, err))
		return -1;
	return 0;
}

static int run(const struct options *given)
{
	struct options o = *given;
	struct ckpt_error err = { 0 };
	struct logging l = { .o = &o };
	int code = EXIT_FINE;
	enum { USUAL_MOST = 1 << 30 };
	const uint64_t most = (uint64_t)o.number[OPT_MAX_MEMORY];
	arena_init(&l.arena, most ? most : USUAL_MOST);
	arena_init(&l.scratch, UINT64_MAX);
	if (run_log(&l, &o, &code, &err))
		code = fail(&o, &err);
	history_drop(&l.history);
	scalars_drop(&l.scalars);
	match_free(l.matcher);
	rules_free(l.rules);
	log_close(&l.run);
	arena_drop(&l.scratch);
	arena_drop(&l.arena);
	return code;
}

const struct command cmd_log = {
	.name = "log",
	.args = "PATH... [PATTERN...]",
	.summary = "the checkpoints of a run: what moved, what did not, NaN since when",
	.examples =
		"ckpt-inspect log run                 # every checkpoint of the folder\n"
		"ckpt-inspect log run 'dense1/**' --role weight\n"
		"ckpt-inspect log --quick run         # recorded checksums alone\n"
		"ckpt-inspect log --depth 1 run       # scopes\n"
		"ckpt-inspect log --top 5 run\n"
		"ckpt-inspect log --check run         # exit 1: there is a NaN\n"
		"ckpt-inspect log run --events logs  # their scalars instead\n"
		"ckpt-inspect log run@200 run@1000 --columns name,rel_l2_first\n"
		"ckpt-inspect log --json run | jq '.tensors[] | select(.frozen).name'\n",
	.notes = "A step's column is the drift from the checkpoint before: the norm of "
		 "the change\nrelative to the norm before; · no change, ~ a change "
		 "without a number, - absent,\n? unknown.\n"
		 "Scalars (loss, accuracy) of event files in the folder, and in folders "
		 "in it, stand\nbelow: what was recorded at a checkpoint's step, or as "
		 "VALUE@STEP what was recorded\nlast before it and after the checkpoint "
		 "before.\n"
		 "Exit codes: 0; 1 with --check, if there is NaN, Inf, or a rule is "
		 "broken; 2 if\nsomething could not be read.\n",
	.columns = { { "Columns, and one for each step", history_columns },
		     { "Columns of --depth", history_scope_columns },
		     { "Columns of scalars, and one for each step", scalar_columns } },
	.options = { OPT_LONG, OPT_DEPTH, OPT_TOP, OPT_COLUMNS, OPT_QUICK, OPT_CHECK,
		     OPT_EVENTS, OPT_RULES, OPT_NAN, OPT_ATOL, OPT_RTOL, OPT_ULP,
		     OPT_ROLE, OPT_EXCLUDE, OPT_REGEX, OPT_JOBS, OPT_NO_MMAP },
	.min_args = 1,
	.max_args = SIZE_MAX,
	.run = run,
};
