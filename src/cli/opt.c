/* opt.c — the options: one table for parsing, --help, completions and the manual.
 * SPDX-License-Identifier: Apache-2.0
 *
 * getopt_long takes any unique beginning of an option's name; those would become part
 * of the interface, so they are refused afterwards. Arguments are returned in order, so
 * that what stands behind "--" is never taken for a command.
 */
#include "config.h"

#include "cli/opt.h"

#include <errno.h>
#include <float.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"

const struct option_spec option_specs[N_OPTIONS] = {
	[OPT_ALL] = { "all", 'a', NULL, "every value, on a terminal too; every finding" },
	[OPT_AS] = { "as", 0, "KIND",
		     "open as v1 or v2 where a prefix has both, or as its graph" },
	[OPT_ASCII] = { "ascii", 0, NULL, "draw with ASCII characters alone" },
	[OPT_ATOL] = { "atol", 0, "X",
		       "equal is also |a-b| <= max(X, rtol*max(|a|,|b|))" },
	[OPT_CAST] = { "cast", 0, NULL, "compare different dtypes in the wider one" },
	[OPT_CAST_TO] = { "cast", 0, "DTYPE",
			  "make reals of a real dtype, integers of an integer one" },
	[OPT_CHECK] = { "check", 0, NULL,
			"print: compare the checksum even for a slice; stats, log: exit "
			"1 on NaN or Inf" },
	[OPT_COLOR] = { "color", 0, "WHEN", "colours: auto (default), always or never" },
	[OPT_CHECKPOINT] = { "checkpoint", 0, "PATH",
			     "does this checkpoint have a value for each variable?" },
	[OPT_COLUMNS] = { "columns", 0, "LIST",
			  "show these columns, separated by commas" },
	[OPT_COMPRESS] = { "compress", 0, NULL, "deflate the members of a .npz" },
	[OPT_DEPTH] = { "depth", 0, "N", "show no more than N levels of scopes" },
	[OPT_DOT] = { "dot", 0, NULL, "print the graph for Graphviz" },
	[OPT_EMIT_MAP] = { "emit-map", 0, NULL,
			   "print how tensors were paired, as --map reads it" },
	[OPT_EMIT_RULES] = { "emit-rules", 0, NULL,
			     "print rules that allow the differences that there are" },
	[OPT_EVENTS] = { "events", 0, "DIR",
			 "look for event files in DIR instead of the folder; none: do "
			 "not" },
	[OPT_EXCLUDE] = { "exclude", 'x', "PATTERN",
			  "leave out what matches; may be repeated" },
	[OPT_FIND_RENAMES] = { "find-renames", 'M', NULL,
			       "pair tensors with the same content under another name" },
	[OPT_FOLLOW] = { "follow", 0, NULL,
			 "let a checkpoint file lead out of its own folder" },
	[OPT_FORCE] = { "force", 'f', NULL, "replace a file that is there already" },
	[OPT_FORMAT] = { "format", 0, "FORMAT",
			 "write npz, npy, npy-dir, safetensors, csv or raw" },
	[OPT_GRAPH] = { "graph", 0, "FILE",
			"the graph is in FILE, not beside the checkpoint" },
	[OPT_HELP] = { "help", 'h', NULL, "show this help" },
	[OPT_HEX] = { "hex", 0, NULL, "print reals as hexadecimal floating point" },
	[OPT_HISTOGRAM] = { "histogram", 0, NULL,
			    "show how the elements are distributed, tensor by tensor" },
	[OPT_JOBS] = { "jobs", 'j', "N",
		       "read with N threads (default: the processors)" },
	[OPT_JSON] = { "json", 0, NULL, "print one JSON document" },
	[OPT_KEEP_DEVICES] = { "keep-devices", 0, NULL,
			       "leave the devices that nodes were placed on" },
	[OPT_KEEP_GOING] = { "keep-going", 'k', NULL,
			     "list what is left of a damaged index (and exit 2)" },
	[OPT_KEYS] = { "keys", 0, "FILE",
		       "take keys from FILE and show nothing: for tests and pictures" },
	[OPT_LATEST] = { "latest", 0, NULL,
			 "print the latest prefix of a folder, or exit 2 if it is "
			 "incomplete" },
	[OPT_LATEST_COMPLETE] = { "latest-complete", 0, NULL,
				  "of a folder, take the last checkpoint that is whole" },
	[OPT_LONG] = { "long", 'l', NULL, "show more columns" },
	[OPT_MAP] = { "map", 0, "FILE",
		      "rename as FILE says: old name, TAB, new name" },
	[OPT_MAX_MEMORY] = { "max-memory", 0, "SIZE",
			     "give up above SIZE bytes (K, M, G; default 1G)" },
	[OPT_MOUSE] = { "mouse", 0, NULL, "use the mouse; M turns it on and off" },
	[OPT_MAX_SHARD_SIZE] = { "max-shard-size", 0, "SIZE",
				 "split a .safetensors into files of SIZE bytes (K, M, "
				 "G)" },
	[OPT_NAMES_ONLY] = { "names-only", 0, NULL,
			     "compare names, dtypes and shapes; read no values" },
	[OPT_NAN] = { "nan", 0, "RULE",
		      "two NaN are equal (default), differ, or count bitwise" },
	[OPT_NDJSON] = { "ndjson", 0, NULL,
			 "print JSON, one record a line, as it is read" },
	[OPT_NODES] = { "nodes", 0, NULL, "list all nodes, those of functions too" },
	[OPT_NO_MMAP] = { "no-mmap", 0, NULL,
			  "read files instead of mapping them into memory" },
	[OPT_OBJECTS] = { "objects", 0, NULL,
			  "list: show the object graph of a tf.train.Checkpoint; export: "
			  "name tensors as it does" },
	[OPT_OPS] = { "ops", 0, NULL, "list the ops, and how often each stands there" },
	[OPT_OUTPUT] = { "output", 'o', "OUT",
			 "the file to write; a folder ends in '/'" },
	[OPT_OUTPUTS] = { "outputs", 0, "LIST",
			  "the nodes that are wanted, separated by commas" },
	[OPT_PRECISION] = { "precision", 'p', "N",
			    "print reals with N significant digits" },
	[OPT_QUICK] = { "quick", 0, NULL,
			"compare the recorded checksums; read no values" },
	[OPT_QUIET] = { "quiet", 'q', NULL, "print nothing; the exit code tells" },
	[OPT_RAW] = { "raw", 0, NULL,
		      "write the bytes of one tensor: row-major, little-endian; strings "
		      "as "
		      "u64 length and bytes" },
	[OPT_REGEX] = { "regex", 'E', NULL, "patterns are regular expressions (PCRE2)" },
	[OPT_RENAME] = { "rename", 0, "REGEX=TEXT",
			 "replace in the names (diff: of the first); may be repeated" },
	[OPT_RESHAPE] = { "reshape", 0, NULL,
			  "compare different shapes of as many elements in row-major "
			  "order" },
	[OPT_REVERSE] = { "reverse", 'r', NULL, "reverse the order" },
	[OPT_ROLE] = { "role", 0, "LIST",
		       "only these roles: weight, slot, ema, step, other" },
	[OPT_RTOL] = { "rtol", 0, "X", "relative tolerance; see --atol" },
	[OPT_RULES] = { "rules", 0, "FILE", "what FILE expects of each tensor" },
	[OPT_SCAN] = { "scan", 0, NULL,
		       "find ops that read or write files, run code, print, or "
		       "reach the network" },
	[OPT_SHOW] = { "show", 0, "NAME",
		       "show the elements of a tensor that differ most" },
	[OPT_SHOW_SAME] = { "show-same", 0, NULL, "list what is the same as well" },
	[OPT_SIZE] = { "size", 0, "COLSxROWS",
		       "with --keys, the size of the screen: 80x24" },
	[OPT_SKIP_DAMAGED] = { "skip-damaged", 0, NULL,
			       "leave out what cannot be read, list it, and exit 1" },
	[OPT_SLICE] = { "slice", 's', "SLICE", "a NumPy slice, as 0:3,:,-1" },
	[OPT_SORT] = { "sort", 0, "KEY",
		       "order by name, size, dtype, elements, offset, or none" },
	[OPT_STRICT] = { "strict", 0, NULL,
			 "of a checkpoint and a graph, count what only one has, too" },
	[OPT_STRIP_PREFIX_A] = { "strip-prefix-a", 0, "PREFIX",
				 "take PREFIX off the names of the first" },
	[OPT_STRIP_PREFIX_B] = { "strip-prefix-b", 0, "PREFIX",
				 "take PREFIX off the names of the second" },
	[OPT_TAGS] = { "tags", 0, "TAGS",
		       "of a SavedModel's graphs, the one with these (default: serve)" },
	[OPT_TEXT] = { "text", 0, NULL, "write protobuf's text format" },
	[OPT_TOP] = { "top", 'n', "N", "show no more than the first N" },
	[OPT_TREE] = { "tree", 't', NULL, "show scopes with what they hold, added up" },
	[OPT_ULP] = { "ulp", 0, "N", "equal is also N numbers of the dtype apart" },
	[OPT_VERSION] = { "version", 'V', NULL, "show the version" },
};

const enum option_id common_options[] = {
	OPT_JSON,   OPT_NDJSON, OPT_AS,	     OPT_TAGS, OPT_LATEST_COMPLETE,
	OPT_FOLLOW, OPT_MAX_MEMORY, OPT_HELP, OPT_VERSION, OPT_NONE
};

bool command_takes(const struct command *c, enum option_id id)
{
	for (const enum option_id *o = common_options; *o; o++)
		if (*o == id)
			return true;
	for (const enum option_id *o = c->options; *o; o++)
		if (*o == id)
			return true;
	return false;
}

static const struct command *command_named(const char *name)
{
	for (const struct command *const *c = commands; *c; c++)
		if (!strcmp((*c)->name, name))
			return *c;
	return NULL;
}

static int usage(struct ckpt_error *err, const char *what, const char *which)
{
	return error_set(err, CKPT_EINVAL, NULL, -1,
			 "%s '%.80s'; see ckpt-inspect --help", what, which);
}

/* A tolerance. */
static int read_real(struct options *o, enum option_id id, struct ckpt_error *err)
{
	char *end;
	const double v = number_read(o->value[id], &end);
	if (end == o->value[id] || *end || !(v >= 0 && v <= DBL_MAX))
		return error_set(err, CKPT_EINVAL, NULL, -1,
				 "--%s takes a number from 0 on, not '%.80s'",
				 option_specs[id].name, o->value[id]);
	o->real[id] = v;
	return 0;
}

/* A count, or a size with K, M, G. */
static int read_number(struct options *o, enum option_id id, struct ckpt_error *err)
{
	static const char units[] = "KMG";
	const char *text = o->value[id];
	char *end;
	errno = 0;
	const long long v = strtoll(text, &end, 10);
	const char *unit = *end && end[1] == '\0' ? strchr(units, *end) : NULL;
	const bool size = id == OPT_MAX_MEMORY || id == OPT_MAX_SHARD_SIZE;
	const int shift = unit && size ? 10 * (int)(unit - units + 1) : 0;
	if (end == text || (*end && !shift) || errno || v < 1 || v > INT64_MAX >> shift)
		return error_set(err, CKPT_EINVAL, NULL, -1,
				 "--%s takes a number from 1 on%s, not '%.80s'",
				 option_specs[id].name,
				 size ? ", with K, M or G for powers of 1024" : "", text);
	o->number[id] = (int64_t)v << shift;
	return 0;
}

static int take_option(struct options *o, enum option_id id, char *value,
		       struct ckpt_error *err)
{
	o->given[id] = true;
	o->value[id] = value;
	if (id == OPT_EXCLUDE)
		o->excludes[o->n_excludes++] = value;
	if (id == OPT_RENAME)
		o->renames[o->n_renames++] = value;
	if (id == OPT_ATOL || id == OPT_RTOL)
		return read_real(o, id, err);
	if (id == OPT_DEPTH || id == OPT_PRECISION || id == OPT_MAX_MEMORY ||
	    id == OPT_MAX_SHARD_SIZE || id == OPT_JOBS || id == OPT_TOP || id == OPT_ULP)
		return read_number(o, id, err);
	return 0;
}

static void take_argument(struct options *o, char *text, bool plain)
{
	if (!o->n_args && !o->command && !plain) {
		o->command = command_named(text);
		if (o->command)
			return;
	}
	o->args[o->n_args++] = text;
}

/* Two options may have one name, with a value or without: the command tells which is
 * meant. */
static bool is_another(enum option_id id, const struct command *c)
{
	for (int i = 1; i < N_OPTIONS; i++)
		if (i != (int)id && !strcmp(option_specs[i].name, option_specs[id].name))
			return c && command_takes(c, (enum option_id)i)
				       ? true
				       : i < (int)id && !(c && command_takes(c, id));
	return false;
}

static void fill_tables(const struct command *c, struct option longs[N_OPTIONS + 1],
			char shorts[2 * N_OPTIONS + 4])
{
	size_t n = 0, s = 0;
	shorts[s++] = '-'; /* arguments in order, as if they were options of code 1 */
	shorts[s++] = ':';
	for (int id = 1; id < N_OPTIONS; id++) {
		const struct option_spec *spec = &option_specs[id];
		if (is_another((enum option_id)id, c))
			continue;
		longs[n++] = (struct option){ spec->name,
					      spec->arg ? required_argument : no_argument,
					      NULL, 256 + id };
		if (!spec->letter)
			continue;
		shorts[s++] = spec->letter;
		if (spec->arg)
			shorts[s++] = ':';
	}
	longs[n] = (struct option){ NULL, 0, NULL, 0 };
	shorts[s] = '\0';
}

static enum option_id option_of(int code)
{
	if (code >= 256)
		return (enum option_id)(code - 256);
	for (int id = 1; id < N_OPTIONS; id++)
		if (option_specs[id].letter == code)
			return (enum option_id)id;
	return OPT_NONE;
}

/* The word that getopt_long has just taken for a long option. */
static bool is_abbreviated(char **argv, enum option_id id)
{
	const char *word = argv[optind - 1];
	if (optarg == word)
		word = argv[optind - 2];
	const size_t n = strlen(option_specs[id].name);
	return strncmp(word, "--", 2) || strncmp(word + 2, option_specs[id].name, n) ||
	       (word[2 + n] && word[2 + n] != '=');
}

int options_check(const struct options *o, struct ckpt_error *err)
{
	const struct command *c = o->command;
	for (int id = 1; id < N_OPTIONS; id++)
		if (o->given[id] && !command_takes(c, (enum option_id)id))
			return error_set(
				err, CKPT_EINVAL, NULL, -1,
				"'%s' does not take --%s; see ckpt-inspect %s --help",
				c->name, option_specs[id].name, c->name);
	if (o->given[OPT_HELP] || o->given[OPT_VERSION])
		return 0;
	if (o->given[OPT_JSON] && o->given[OPT_NDJSON])
		return error_set(err, CKPT_EINVAL, NULL, -1,
				 "--json or --ndjson, not both");
	if (o->n_args < c->min_args || o->n_args > c->max_args)
		return error_set(err, CKPT_EINVAL, NULL, -1,
				 "'%s' takes %s; see ckpt-inspect %s --help", c->name,
				 c->args, c->name);
	return 0;
}

int options_parse(struct options *o, int argc, char **argv, struct ckpt_error *err)
{
	struct option longs[N_OPTIONS + 1];
	char shorts[2 * N_OPTIONS + 4];
	memset(o, 0, sizeof *o);
	arena_init(&o->arena, UINT64_MAX);
	o->args = arena_zeroed(&o->arena, (size_t)argc + 1, sizeof *o->args);
	o->excludes = arena_zeroed(&o->arena, (size_t)argc + 1, sizeof *o->excludes);
	o->renames = arena_zeroed(&o->arena, (size_t)argc + 1, sizeof *o->renames);
	if (!o->args || !o->excludes || !o->renames)
		return arena_error(&o->arena, err);
	/* An error document must be JSON too if that was asked for. */
	for (int i = 1; i < argc && strcmp(argv[i], "--"); i++) {
		o->given[OPT_JSON] |= !strcmp(argv[i], "--json");
		o->given[OPT_NDJSON] |= !strcmp(argv[i], "--ndjson");
	}
	fill_tables(NULL, longs, shorts);
	opterr = 0;
	for (int code; (code = getopt_long(argc, argv, shorts, longs, NULL)) != -1;) {
		if (code == 1) {
			take_argument(o, optarg, false);
			fill_tables(o->command, longs, shorts);
			continue;
		}
		if (code == ':')
			return usage(err, "a value is missing behind", argv[optind - 1]);
		if (code == '?')
			return usage(err, "unknown option", argv[optind - 1]);
		const enum option_id id = option_of(code);
		if (code >= 256 && is_abbreviated(argv, id))
			return usage(err, "unknown option", argv[optind - 1]);
		if (take_option(o, id, optarg, err))
			return -1;
	}
	while (optind < argc)
		take_argument(o, argv[optind++], true);
	if (o->command)
		return options_check(o, err);
	o->command = command_named("list");
	o->implied = true;
	const bool bare = o->given[OPT_HELP] || o->given[OPT_VERSION];
	if (!o->n_args && !bare)
		return error_set(err, CKPT_EINVAL, NULL, -1,
				 "nothing to do; see ckpt-inspect --help");
	if (bare)
		o->command = NULL;
	return 0;
}
