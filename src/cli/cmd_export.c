/* cmd_export.c — ckpt-inspect export: tensors as files that other programs read.
 * SPDX-License-Identifier: Apache-2.0
 *
 * All of it is planned before anything is written, so that a wrong option, name or dtype
 * leaves nothing behind. The writing is the one job of a pool, which shows its progress
 * and stops on ^C.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "cli/cmd.h"
#include "cli/export_tell.h"
#include "cli/watch.h"
#include "format/path.h"
#include "make/export.h"
#include "report/info.h"

/* One run of the command. */
struct exporting {
	const struct options *o;
	struct ckpt *c;
	struct arena arena;
	struct matcher *matcher;
	struct list_report list;
	struct export_query query;
	struct export_job export;
	struct ckpt_error index_error, failure;
	int result;
	bool interrupted;
	int code;
};

/* --- usage ------------------------------------------------------------------------- */

static int format_of(const struct options *o, struct export_query *q,
		     struct ckpt_error *err)
{
	const char *given = o->value[OPT_FORMAT];
	if (!given && export_format_of(q->out, &q->format))
		return 0;
	for (int i = 0; given && i < N_EXPORT_FORMATS; i++)
		if (!strcmp(given, export_format_names[i])) {
			q->format = (enum export_format)i;
			return 0;
		}
	if (given)
		return error_set(err, CKPT_EINVAL, NULL, -1,
				 "--format takes npz, npy, npy-dir, safetensors, csv or "
				 "raw, not '%.40s'",
				 given);
	return error_set(
		err, CKPT_EINVAL, q->out, -1,
		"its ending says no format: .npz, .npy, .safetensors, .csv, .raw, "
		"a folder's '/', or --format FORMAT");
}

static int cast_of(const struct options *o, int *dtype, struct ckpt_error *err)
{
	const char *name = o->value[OPT_CAST_TO];
	if (!name)
		return 0;
	*dtype = dtype_named(name);
	if (*dtype && dtype_of(*dtype)->size && dtype_of(*dtype)->kind != KIND_BOOL)
		return 0;
	return error_set(
		err, CKPT_EINVAL, NULL, -1,
		"--cast takes a dtype of numbers, as float32 or int8, not '%.40s'", name);
}

static int query_of(const struct options *o, struct export_query *q,
		    struct ckpt_error *err)
{
	if (!o->given[OPT_OUTPUT] || !*o->value[OPT_OUTPUT])
		return error_set(err, CKPT_EINVAL, NULL, -1,
				 "export writes a file: -o OUT says which");
	*q = (struct export_query){
		.out = o->value[OPT_OUTPUT],
		.compress = o->given[OPT_COMPRESS],
		.force = o->given[OPT_FORCE],
		.skip_damaged = o->given[OPT_SKIP_DAMAGED],
		.object_names = o->given[OPT_OBJECTS],
		.slice = o->value[OPT_SLICE],
		.naming = { .map_path = o->value[OPT_MAP],
			    .renames = o->renames,
			    .n_renames = o->n_renames },
		.shard_size = (uint64_t)o->number[OPT_MAX_SHARD_SIZE],
	};
	if (!strcmp(q->out, "-"))
		return error_set(
			err, CKPT_EINVAL, NULL, -1,
			"export writes files, not to standard output; print --raw "
			"does, and ./- is a file");
	if (format_of(o, q, err) || cast_of(o, &q->cast, err))
		return -1;
	const char *wrong = NULL;
	if (q->compress && q->format != EXPORT_NPZ)
		wrong = "--compress is for .npz";
	else if (q->shard_size && q->format != EXPORT_SAFETENSORS)
		wrong = "--max-shard-size is for .safetensors";
	else if (q->slice && !*q->slice)
		wrong = "the slice is empty";
	else if (q->force && q->format == EXPORT_NPY_DIR)
		wrong = "--force replaces a file; a folder must be new, or empty";
	return wrong ? error_set(err, CKPT_EINVAL, NULL, -1, "%s", wrong) : 0;
}

/* --- what is exported -------------------------------------------------------------- */

/* A misspelt pattern must not go unnoticed because others match. */
static int check_patterns(struct exporting *x, struct ckpt_error *err)
{
	const struct options *o = x->o;
	for (size_t i = 1; i < o->n_args; i++) {
		bool any = false;
		struct matcher *m = match_compile(&x->arena, &o->args[i], 1, NULL, 0,
						  o->given[OPT_REGEX], err);
		for (size_t k = 0; m && !any && k < ckpt_count(x->c); k++) {
			const struct ckpt_tensor *t = ckpt_at(x->c, k);
			any = match_name(m, t->name, t->name_len);
		}
		match_free(m);
		if (!any)
			return m ? nothing_matched(o, x->c, i, err) : -1;
	}
	return 0;
}

static int choose(struct exporting *x, struct ckpt_error *err)
{
	struct list_query q = { .keep_going = x->query.skip_damaged };
	x->matcher = matcher_of(x->o, &x->arena, 1, err);
	q.matcher = x->matcher;
	if (!x->matcher || roles_of(x->o, &q.roles, err))
		return -1;
	if (reader_load(x->c, &x->index_error) && !q.keep_going)
		return error_copy(err, &x->index_error);
	if (check_patterns(x, err) || list_make(&x->list, x->c, &x->arena, &q, err))
		return -1;
	return x->list.n ? 0 : nothing_matched(x->o, x->c, 1, err);
}

/* A pair of what the new file says of itself; the first of several with one key stays. */
static void add_pair(struct exporting *x, struct metadata *all, struct ckpt_string key,
		     struct ckpt_string text)
{
	for (size_t i = 0; i < x->query.n_metadata; i++)
		if (all[i].key.len == key.len && !memcmp(all[i].key.p, key.p, key.len))
			return;
	all[x->query.n_metadata++] = (struct metadata){ key, text };
}

static struct ckpt_string string_of(const char *s)
{
	return (struct ckpt_string){ s, strlen(s) };
}

/* What the file that is read says of itself is kept; one that says nothing gets what is
 * known of it. Hugging Face's readers ask for `format`, the library of these arrays. */
static int add_metadata(struct exporting *x, struct ckpt_error *err)
{
	enum { OURS = 4 };
	const struct reader *r = x->c->reader;
	const char *source;
	int64_t step;
	size_t n = 0;
	while (r->metadata && r->metadata(x->c, n))
		n++;
	struct metadata *all = arena_zeroed(&x->arena, n + OURS, sizeof *all);
	const char *text = NULL;
	if (!n && step_of(x->c, &step, &source))
		text = arena_printf(&x->arena, "%" PRId64, step);
	if (!all)
		return arena_error(&x->arena, err);
	x->query.metadata = all;
	for (size_t i = 0; i < n; i++)
		add_pair(x, all, r->metadata(x->c, i)->key, r->metadata(x->c, i)->text);
	if (n)
		return 0;
	add_pair(x, all, string_of("format"), string_of("tf"));
	add_pair(x, all, string_of("source"), string_of(path_base(ckpt_prefix(x->c))));
	add_pair(x, all, string_of("source_format"), string_of(ckpt_format(x->c)));
	if (text)
		add_pair(x, all, string_of("step"), string_of(text));
	return 0;
}

/* --- the job ----------------------------------------------------------------------- */

static void job(void *arg, unsigned worker, size_t number)
{
	struct exporting *x = arg;
	(void)worker;
	(void)number;
	x->result = export_run(&x->export, &x->failure);
}

static int do_export(struct exporting *x, struct ckpt_error *err)
{
	struct pool pool;
	if (add_metadata(x, err) ||
	    export_plan(&x->export, &x->arena, x->c, x->list.tensors, x->list.n,
			&x->list.objects, &x->query, err))
		return -1;
	x->export.pool = &pool;
	pool_start(&pool, 1, 1, job, x);
	const bool stopped = watch_all(&pool, export_work(&x->export));
	pool_end(&pool);
	x->export.pool = NULL;
	/* ^C that came too late has stopped nothing. */
	x->interrupted = stopped && x->result && !x->failure.code;
	return x->result && !x->interrupted ? error_copy(err, &x->failure) : 0;
}

static int run_export(struct exporting *x, struct ckpt_error *err)
{
	tell_note(x->c);
	if (choose(x, err) || do_export(x, err))
		return -1;
	const bool damaged = x->index_error.code || x->export.damaged;
	struct export_told told = {
		.o = x->o,
		.arena = &x->arena,
		.e = &x->export,
		.index_error = x->index_error.code ? &x->index_error : NULL,
		.complete = !x->interrupted,
	};
	export_tell(&told);
	if (x->interrupted)
		fputs("ckpt-inspect: interrupted; nothing was written\n", stderr);
	else if (!x->export.written)
		return error_set(err, CKPT_ENOTFOUND, ckpt_prefix(x->c), -1,
				 "no tensor is whole; nothing was written");
	if (wants_json(x->o))
		export_json(&told);
	else if (!x->interrupted && !x->o->given[OPT_QUIET])
		export_sum_up(&told);
	x->code = x->interrupted ? EXIT_INTERRUPTED : damaged ? EXIT_FOUND : EXIT_FINE;
	return 0;
}

static int run(const struct options *o)
{
	struct ckpt_error err = { 0 };
	struct exporting x = { .o = o };
	const struct ckpt_options options = ckpt_options_of(o);
	arena_init(&x.arena, UINT64_MAX);
	x.c = query_of(o, &x.query, &err) ? NULL : ckpt_open(o->args[0], &options, &err);
	if (!x.c || run_export(&x, &err))
		x.code = fail(o, &err);
	export_drop(&x.export);
	match_free(x.matcher);
	ckpt_close(x.c);
	arena_drop(&x.arena);
	return x.code;
}

const struct command cmd_export = {
	.name = "export",
	.args = "PATH [PATTERN...] -o OUT",
	.summary = "tensors as .npz, .npy, .safetensors, .csv or bytes",
	.examples =
		"ckpt-inspect export run/ -o weights.npz\n"
		"ckpt-inspect export run/ --role weight --cast float32 -o w.safetensors\n"
		"ckpt-inspect export run/ 'dense1/**' -o dense1/     # a folder of .npy\n"
		"ckpt-inspect export run/ dense1/kernel -s '0:3' -o kernel.csv\n"
		"ckpt-inspect export run/ --rename '^dense=layer' -o renamed.npz\n"
		"ckpt-inspect export --skip-damaged broken/ -o saved.npz   # exit 1\n",
	.notes = "OUT gets its name when all of it is written; a checksum that does not "
		 "match leaves\nno file. Formats go by the ending of OUT: .npz, .npy, "
		 ".safetensors, .csv, .raw,\na folder of .npy with '/' or for a folder "
		 "that is empty. Exit codes: 0 all is\nwritten, 1 damaged tensors are "
		 "left "
		 "out (--skip-damaged), 2 nothing is written.\n",
	.options = { OPT_OUTPUT, OPT_FORMAT, OPT_FORCE, OPT_COMPRESS, OPT_MAX_SHARD_SIZE,
		     OPT_CAST_TO, OPT_SLICE, OPT_ROLE, OPT_EXCLUDE, OPT_REGEX,
		     OPT_OBJECTS, OPT_RENAME, OPT_MAP, OPT_SKIP_DAMAGED, OPT_QUIET,
		     OPT_NO_MMAP },
	.min_args = 1,
	.max_args = SIZE_MAX,
	.run = run,
};
