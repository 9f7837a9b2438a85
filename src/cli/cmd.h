/* cmd.h — what the commands share: exit codes, patterns, errors as text or JSON.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_CMD_H
#define CLI_CMD_H

#include "ckpt.h"
#include "cli/opt.h"
#include "format/state.h"
#include "model/match.h"
#include "out/text.h"
#include "report/compare.h"
#include "report/list.h"
#include "report/rules.h"

/* diff(1)'s exit codes: 2 beats 1. */
enum exit_code { EXIT_FINE, EXIT_FOUND, EXIT_TROUBLE };

extern const struct command cmd_list, cmd_info, cmd_print, cmd_verify, cmd_diff,
	cmd_stats, cmd_log, cmd_graph, cmd_tui, cmd_freeze, cmd_export, cmd_completion;

bool wants_json(const struct options *o); /* --json or --ndjson */
struct ckpt_options ckpt_options_of(const struct options *o);
/* Tells the error on standard error and, with --json or --ndjson, as a document on
 * standard output; returns EXIT_TROUBLE. */
int fail(const struct options *o, const struct ckpt_error *err);
/* The patterns from args[first] on, with -x and -E. NULL and err on a malformed one. */
struct matcher *matcher_of(const struct options *o, struct arena *a, size_t first,
			   struct ckpt_error *err);
/* The exit code after an answer: EXIT_TROUBLE, with a message, if a file changed
 * meanwhile. */
int end_reading(struct ckpt *c, int code);
/* What standard error says of how a path was taken, if that was not straightforward. */
void tell_note(struct ckpt *c);
/* The same of something else; note NULL: nothing. */
void tell_of(const char *path, const char *note);
/* "model.ckpt-5  V2 bundle, 2 shards": the line above a listing. */
void print_heading(struct ckpt *c);
/* The bits of --role, 0 without it. -1: EINVAL. */
int roles_of(const struct options *o, unsigned *roles, struct ckpt_error *err);
/* --nan, NAN_EQUAL without it. -1: EINVAL. */
int nan_rule_of(const struct options *o, enum nan_rule *rule, struct ckpt_error *err);
/* The columns of --columns, or the usual ones, with -l the long form. */
int choose_columns(const struct options *o, const struct column *columns,
		   struct chosen *to, struct ckpt_error *err);
/* The order of --sort, else by name. */
int sort_of(const struct options *o, enum list_sort *sort, struct ckpt_error *err);
/* ENOTFOUND: no tensor of c matches, with a name that may have been meant. args[first] is
 * the first pattern. */
int nothing_matched(const struct options *o, struct ckpt *c, size_t first,
		    struct ckpt_error *err);
/* The checkpoints of a folder; none if path is no folder of checkpoints. */
int folder_of(const struct options *o, struct arena *a, const char *path,
	      struct run_folder *run, struct ckpt_error *err);
/* ENOTFOUND if a line of the rules expects something of tensors that no checkpoint has
 * (NULL: none): that would never be seen. */
int check_rules(const struct options *o, const struct rules *rules,
		struct ckpt *const *checkpoints, size_t n, struct ckpt_error *err);
/* The threads of -j. */
unsigned threads_of(const struct options *o);

void print_help(const struct command *c); /* NULL: of the program */
/* Can a screen be shown where standard input and output are? */
bool tui_possible(void);

#endif
