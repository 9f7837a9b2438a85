/* cmd.c — what the commands share: exit codes, patterns, errors as text or JSON.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "cli/cmd.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "base/pool.h"
#include "base/text.h"
#include "format/graph.h"
#include "format/locate.h"
#include "format/path.h"
#include "format/reader.h"
#include "model/match.h"
#include "model/role.h"
#include "out/document.h"
#include "out/text.h"

bool wants_json(const struct options *o)
{
	return o->given[OPT_JSON] || o->given[OPT_NDJSON];
}

struct ckpt_options ckpt_options_of(const struct options *o)
{
	return (struct ckpt_options){
		.max_memory = (uint64_t)o->number[OPT_MAX_MEMORY],
		.as = o->value[OPT_AS],
		.tags = o->value[OPT_TAGS],
		.follow = o->given[OPT_FOLLOW],
		.latest_complete = o->given[OPT_LATEST_COMPLETE],
	};
}

/* "lst run": a path that is not there may be a command that was meant, whose options are
 * none of the command's that was taken instead. */
static void offer_command(const struct options *o, struct ckpt_error *err)
{
	struct near_names near = { .wanted = o->args[0],
				   .wanted_len = strlen(o->args[0]) };
	for (const struct command *const *c = commands; *c; c++)
		near_offer(&near, (*c)->name, strlen((*c)->name));
	const size_t n = strlen(err->text);
	if (near.n)
		snprintf(err->text + n, sizeof err->text - n,
			 "; there is a command '%s'", near.best[0].name);
}

int fail(const struct options *o, const struct ckpt_error *failure)
{
	struct ckpt_error copy = *failure, *err = &copy;
	const bool option = err->code == CKPT_EINVAL && !*err->file;
	if (o->implied && o->n_args &&
	    (err->code == CKPT_ENOTFOUND || (option && !path_is_there(o->args[0]))))
		offer_command(o, err);
	if (wants_json(o))
		document_failure(stdout, o->command ? o->command->name : "error",
				 o->n_args ? o->args[0] : NULL, o->given[OPT_NDJSON],
				 err);
	text_error(err);
	return EXIT_TROUBLE;
}

struct matcher *matcher_of(const struct options *o, struct arena *a, size_t first,
			   struct ckpt_error *err)
{
	const size_t n = o->n_args > first ? o->n_args - first : 0;
	return match_compile(a, o->args + first, n, o->excludes, o->n_excludes,
			     o->given[OPT_REGEX], err);
}

int end_reading(struct ckpt *c, int code)
{
	struct ckpt_error err = { 0 };
	if (!ckpt_unchanged(c, &err))
		return code;
	fflush(stdout);
	text_error(&err);
	return EXIT_TROUBLE;
}

void tell_of(const char *path, const char *note)
{
	if (!note)
		return;
	fputs("ckpt-inspect: ", stderr);
	text_put(stderr, path, strlen(path));
	fputs(": ", stderr);
	text_put(stderr, note, strlen(note));
	putc('\n', stderr);
}

void tell_note(struct ckpt *c)
{
	tell_of(c->at.given, c->at.note);
}

void print_heading(struct ckpt *c)
{
	const char *base = path_base(c->at.prefix);
	const struct graph *g = graph_of_checkpoint(c);
	const uint64_t n = g ? g->n_nodes : ckpt_shards(c);
	char number[NUMBER_MAX];
	number_grouped(number, n);
	text_put(stdout, base, strlen(base));
	printf(": %s, %s %s%s", ckpt_format(c), number, g ? "node" : "shard",
	       n == 1 ? "" : "s");
	if (strcmp(c->at.taken_for, "prefix") &&
	    strcmp(c->at.taken_for, "index file") && strcmp(c->at.taken_for, "graph"))
		printf(" (%s)", c->at.taken_for);
	putchar('\n');
}

int roles_of(const struct options *o, unsigned *roles, struct ckpt_error *err)
{
	*roles = o->given[OPT_ROLE] ? roles_parse(o->value[OPT_ROLE]) : 0;
	if (!o->given[OPT_ROLE] || *roles)
		return 0;
	return error_set(err, CKPT_EINVAL, NULL, -1,
			 "--role takes weight, slot, ema, step, other, separated by "
			 "commas, not '%.60s'",
			 o->value[OPT_ROLE]);
}

int nan_rule_of(const struct options *o, enum nan_rule *rule, struct ckpt_error *err)
{
	*rule = NAN_EQUAL;
	if (!o->given[OPT_NAN])
		return 0;
	for (int i = 0; nan_rule_names[i]; i++)
		if (!strcmp(nan_rule_names[i], o->value[OPT_NAN])) {
			*rule = (enum nan_rule)i;
			return 0;
		}
	return error_set(err, CKPT_EINVAL, NULL, -1,
			 "--nan takes equal, differ or bitwise, not '%.40s'",
			 o->value[OPT_NAN]);
}

int choose_columns(const struct options *o, const struct column *columns,
		   struct chosen *to, struct ckpt_error *err)
{
	if (o->given[OPT_COLUMNS])
		return text_choose_named(to, columns, o->value[OPT_COLUMNS], err);
	text_choose(to, columns, o->given[OPT_LONG]);
	return 0;
}

int sort_of(const struct options *o, enum list_sort *sort, struct ckpt_error *err)
{
	*sort = SORT_NAME;
	if (!o->given[OPT_SORT])
		return 0;
	for (int i = 0; list_sorts[i]; i++)
		if (!strcmp(list_sorts[i], o->value[OPT_SORT])) {
			*sort = (enum list_sort)i;
			return 0;
		}
	return error_set(
		err, CKPT_EINVAL, NULL, -1,
		"--sort takes name, size, dtype, elements, offset or none, not '%.40s'",
		o->value[OPT_SORT]);
}

int nothing_matched(const struct options *o, struct ckpt *c, size_t first,
		    struct ckpt_error *err)
{
	char name[160];
	if (o->n_args <= first)
		return error_set(err, CKPT_ENOTFOUND, ckpt_prefix(c), -1,
				 o->n_excludes || o->given[OPT_ROLE]
					 ? "no tensor is left by --exclude and --role"
					 : "there are no tensors");
	struct near_names near = { .wanted = o->args[first],
				   .wanted_len = strlen(o->args[first]) };
	for (size_t i = 0; i < ckpt_count(c); i++)
		near_offer(&near, ckpt_at(c, i)->name, ckpt_at(c, i)->name_len);
	if (!near.n)
		return error_set(
			err, CKPT_ENOTFOUND, ckpt_prefix(c), -1,
			"no tensor matches '%.100s' ('*' stops at '/', '**' does not)",
			o->args[first]);
	text_escape(name, sizeof name, near.best[0].name, near.best[0].len);
	return error_set(err, CKPT_ENOTFOUND, ckpt_prefix(c), -1,
			 "no tensor matches '%.100s'; did you mean '%s'?",
			 o->args[first], name);
}

int folder_of(const struct options *o, struct arena *a, const char *path,
	      struct run_folder *run, struct ckpt_error *err)
{
	const char *folder;
	run->n = 0;
	if (!locate_is_folder(a, path, &folder))
		return 0;
	return run_read(a, folder, o->given[OPT_FOLLOW], run, err);
}

unsigned threads_of(const struct options *o)
{
	return pool_threads(o->number[OPT_JOBS]);
}

int check_rules(const struct options *o, const struct rules *rules,
		struct ckpt *const *checkpoints, size_t n, struct ckpt_error *err)
{
	const char *pattern;
	uint64_t line;
	for (size_t i = 0; rules && i < n; i++)
		for (size_t k = 0; checkpoints[i] && k < ckpt_count(checkpoints[i]);
		     k++) {
			const struct ckpt_tensor *t = ckpt_at(checkpoints[i], k);
			rules_mark_used(rules, t->name, t->name_len);
		}
	if (rules_all_used(rules, &line, &pattern))
		return 0;
	return error_set(err, CKPT_ENOTFOUND, o->value[OPT_RULES], -1,
			 "line %" PRIu64 ": no tensor matches '%.100s', so what it "
			 "expects would never be seen", line, pattern);
}
