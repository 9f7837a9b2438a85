/* opt.h — the options: one table for parsing, --help, completions and the manual.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_OPT_H
#define CLI_OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

enum option_id {
	OPT_NONE,
	OPT_ALL,
	OPT_AS,
	OPT_ASCII,
	OPT_ATOL,
	OPT_CAST,
	OPT_CAST_TO,
	OPT_CHECK,
	OPT_COLOR,
	OPT_CHECKPOINT,
	OPT_COLUMNS,
	OPT_COMPRESS,
	OPT_DEPTH,
	OPT_DOT,
	OPT_EMIT_MAP,
	OPT_EMIT_RULES,
	OPT_EVENTS,
	OPT_EXCLUDE,
	OPT_FIND_RENAMES,
	OPT_FOLLOW,
	OPT_FORCE,
	OPT_FORMAT,
	OPT_GRAPH,
	OPT_HELP,
	OPT_HEX,
	OPT_HISTOGRAM,
	OPT_JOBS,
	OPT_JSON,
	OPT_KEEP_DEVICES,
	OPT_KEEP_GOING,
	OPT_KEYS,
	OPT_LATEST,
	OPT_LATEST_COMPLETE,
	OPT_LONG,
	OPT_MAP,
	OPT_MAX_MEMORY,
	OPT_MOUSE,
	OPT_MAX_SHARD_SIZE,
	OPT_NAMES_ONLY,
	OPT_NAN,
	OPT_NDJSON,
	OPT_NODES,
	OPT_NO_MMAP,
	OPT_OBJECTS,
	OPT_OPS,
	OPT_OUTPUT,
	OPT_OUTPUTS,
	OPT_PRECISION,
	OPT_QUICK,
	OPT_QUIET,
	OPT_RAW,
	OPT_REGEX,
	OPT_RENAME,
	OPT_RESHAPE,
	OPT_REVERSE,
	OPT_ROLE,
	OPT_RTOL,
	OPT_RULES,
	OPT_SCAN,
	OPT_SHOW,
	OPT_SHOW_SAME,
	OPT_SIZE,
	OPT_SKIP_DAMAGED,
	OPT_SLICE,
	OPT_SORT,
	OPT_STRICT,
	OPT_STRIP_PREFIX_A,
	OPT_STRIP_PREFIX_B,
	OPT_TAGS,
	OPT_TEXT,
	OPT_TOP,
	OPT_TREE,
	OPT_ULP,
	OPT_VERSION,
	N_OPTIONS
};

struct option_spec {
	const char *name; /* without "--" */
	char letter;      /* 0: none */
	const char *arg;  /* what its value is called; NULL: it takes none */
	const char *help;
};

extern const struct option_spec option_specs[N_OPTIONS];

enum { MAX_COMMAND_OPTIONS = 36 };

struct options;
struct column;

/* The columns of one of a command's tables. */
struct command_columns {
	const char *title;
	const struct column *columns;
};

/* A command: one file cmd_NAME.c each. */
struct command {
	const char *name;
	const char *args;    /* "PATH [PATTERN…]" */
	const char *summary; /* one line */
	const char *examples;
	const char *notes;   /* behind the options; NULL: none */
	struct command_columns columns[8]; /* ended by title NULL */
	enum option_id options[MAX_COMMAND_OPTIONS]; /* ended by OPT_NONE */
	size_t min_args, max_args;
	int (*run)(const struct options *o); /* the exit code */
};

extern const struct command *const commands[]; /* ended by NULL */

/* A command line, parsed. */
struct options {
	const struct command *command;
	bool given[N_OPTIONS];
	const char *value[N_OPTIONS]; /* as typed */
	int64_t number[N_OPTIONS];    /* of counts and sizes */
	double real[N_OPTIONS];       /* --atol, --rtol */
	char **excludes;
	size_t n_excludes;
	char **renames;
	size_t n_renames;
	char **args; /* those of the command */
	size_t n_args;
	bool implied; /* no command was named: what it is depends on the arguments */
	struct arena arena;
};

/* Options that every command takes, ended by OPT_NONE. */
extern const enum option_id common_options[];

/* -1: EINVAL says what is wrong; the command may be known all the same. With implied, the
 * command is list until somebody knows better; then options_check() is due. */
int options_parse(struct options *o, int argc, char **argv, struct ckpt_error *err);
/* EINVAL if the command does not take what was given. */
int options_check(const struct options *o, struct ckpt_error *err);
bool command_takes(const struct command *c, enum option_id id);

#endif
