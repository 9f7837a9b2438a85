/* cmd_list.c — ckpt-inspect list: every tensor of a checkpoint.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "base/text.h"
#include "cli/cmd.h"
#include "format/reader.h"
#include "out/document.h"
#include "out/text.h"
#include "report/list.h"
#include "report/object_tree.h"

/* One run of the command. */
struct listing {
	const struct options *o;
	struct ckpt *c;
	struct arena arena, scratch; /* scratch: what one row needs */
	struct list_report report;
	struct list_row row;
	bool plain; /* no column is shown that needs roles or the object graph */
	int code;
};

static const void *row_at(const struct rows *rows, size_t i)
{
	struct listing *l = rows->arg;
	arena_rewind(&l->scratch, (struct arena_mark){ 0 });
	list_row_of(l->c, &l->scratch, l->plain ? NULL : &l->report.objects,
		    l->report.tensors[i], &l->row);
	return &l->row;
}

/* Entries that cannot be read are listed, and make the exit code 2. */
static void tell_problem(struct listing *l, const struct ckpt_tensor *t,
			 struct document *d)
{
	struct ckpt_error e;
	char name[160];
	if (!t->problem)
		return;
	text_escape(name, sizeof name, t->name, t->name_len);
	error_clear(&e);
	error_set(&e, t->problem->code, t->problem->file, t->problem->offset, "'%s': %s",
		  name, t->problem->text);
	if (d)
		document_error(d, &e);
	fflush(stdout);
	text_error(&e);
	l->code = EXIT_TROUBLE;
}

static void print_kinds(const struct total_row *rows, size_t n)
{
	char number[NUMBER_MAX];
	bool some = false;
	for (size_t i = 0; i < n; i++) {
		if (!rows[i].tensors)
			continue;
		fputs(some ? ", " : "", stdout);
		some = true;
		number_grouped(number, rows[i].tensors);
		printf("%s %s", rows[i].kind.p, number);
		number_bytes(number, rows[i].size_bytes);
		printf(" (%s)", number);
	}
	putchar('\n');
}

static void print_totals(const struct list_report *r)
{
	char number[NUMBER_MAX];
	number_grouped(number, r->n);
	printf("%s tensor%s", number, r->n == 1 ? "" : "s");
	if (r->n != r->all) {
		number_grouped(number, r->all);
		printf(" of %s", number);
	}
	number_grouped(number, r->elements);
	printf(", %s element%s", number, r->elements == 1 ? "" : "s");
	number_bytes(number, r->size_bytes);
	printf(r->n ? ", %s: " : ", %s\n", number);
	if (!r->n)
		return;
	print_kinds(r->dtypes, r->n_dtypes);
	fputs("roles: ", stdout);
	print_kinds(r->roles, N_ROLES);
}

static int list_text(struct listing *l, struct ckpt_error *err)
{
	struct chosen chosen;
	const struct rows rows = { list_columns, l->report.n, row_at, l };
	if (choose_columns(l->o, list_columns, &chosen, err))
		return -1;
	print_heading(l->c);
	l->plain = !l->o->given[OPT_LONG] && !l->o->given[OPT_COLUMNS];
	text_table(stdout, &rows, &chosen);
	print_totals(&l->report);
	for (size_t i = 0; i < l->report.n; i++)
		tell_problem(l, l->report.tensors[i], NULL);
	return 0;
}

static void summary(struct listing *l, struct document *d)
{
	const struct list_report *r = &l->report;
	struct json *j = &d->j;
	document_check_unchanged(d, l->c);
	document_summary_begin(d);
	jw_u64(j, "tensors", r->all);
	jw_u64(j, "listed", r->n);
	jw_u64(j, "elements", r->elements);
	jw_u64(j, "size_bytes", r->size_bytes);
	jw_totals(j, "dtypes", dtype_columns, r->dtypes, r->n_dtypes);
	jw_totals(j, "roles", role_columns, r->roles, N_ROLES);
	document_end(d);
}

static void begin(struct listing *l, struct document *d)
{
	document_begin(d, &l->arena, "list", l->o->given[OPT_NDJSON]);
	document_input(d, l->o->args[0], l->c, NULL);
	jw_text(&d->j, "format", ckpt_format(l->c));
	jw_u64(&d->j, "shards", ckpt_shards(l->c));
	document_header_end(d);
}

static int list_json(struct listing *l)
{
	struct document d;
	const struct rows rows = { list_columns, l->report.n, row_at, l };
	begin(l, &d);
	document_records(&d, "tensors", "tensor");
	for (size_t i = 0; i < rows.n; i++)
		document_row(&d, list_columns, row_at(&rows, i));
	document_records_end(&d);
	for (size_t i = 0; i < l->report.n; i++)
		tell_problem(l, l->report.tensors[i], &d);
	struct ckpt_error damage = { 0 };
	if (ckpt_load(l->c, &damage))
		document_error(&d, &damage);
	summary(l, &d);
	return 0;
}

/* --- tree -------------------------------------------------------------------------- */

/* The nodes down to --depth, as rows. */
struct tree_rows {
	struct arena *scratch;
	const struct scope_node **nodes;
	struct tree_row row;
};

static const void *node_at(const struct rows *rows, size_t i)
{
	struct tree_rows *t = rows->arg;
	arena_rewind(t->scratch, (struct arena_mark){ 0 });
	tree_row_of(t->scratch, t->nodes[i], &t->row);
	return &t->row;
}

static int list_tree(struct listing *l, struct ckpt_error *err)
{
	const bool by_size =
		l->o->given[OPT_SORT] && !strcmp(l->o->value[OPT_SORT], "size");
	const size_t depth =
		l->o->given[OPT_DEPTH] ? (size_t)l->o->number[OPT_DEPTH] : SIZE_MAX;
	struct scope_node *root = scope_build(&l->arena, l->report.tensors, l->report.n,
					      by_size ? SCOPE_BY_SIZE : SCOPE_BY_NAME);
	size_t n = 0;
	for (struct scope_node *s = root; s && (s = scope_next(s, depth));)
		n++;
	struct tree_rows tree = { .scratch = &l->scratch,
				  .nodes = arena_zeroed(&l->arena, n,
							sizeof *tree.nodes) };
	if (!root || !tree.nodes)
		return arena_error(&l->arena, err);
	n = 0;
	for (struct scope_node *s = root; (s = scope_next(s, depth));)
		tree.nodes[n++] = s;
	const struct rows rows = { tree_columns, n, node_at, &tree };
	if (wants_json(l->o)) {
		struct document d;
		begin(l, &d);
		document_records(&d, "scopes", "scope");
		for (size_t i = 0; i < n; i++)
			document_row(&d, tree_columns, node_at(&rows, i));
		document_records_end(&d);
		summary(l, &d);
		return 0;
	}
	struct chosen chosen;
	if (choose_columns(l->o, tree_columns, &chosen, err))
		return -1;
	print_heading(l->c);
	text_table(stdout, &rows, &chosen);
	print_totals(&l->report);
	return 0;
}

/* --- objects ----------------------------------------------------------------------- */

static const void *object_at(const struct rows *rows, size_t i)
{
	return ((const struct pointers *)rows->arg)->p[i];
}

static int list_objects_tree(struct listing *l, struct ckpt_error *err)
{
	const size_t depth =
		l->o->given[OPT_DEPTH] ? (size_t)l->o->number[OPT_DEPTH] : SIZE_MAX;
	struct pointers found = { 0 };
	struct chosen chosen;
	struct document d;
	int r = object_tree(l->c, &l->arena, &l->report.objects, depth, &found, err);
	const struct rows rows = { object_columns, found.n, object_at, &found };
	if (!r && wants_json(l->o)) {
		begin(l, &d);
		document_records(&d, "objects", "object");
		for (size_t i = 0; i < found.n; i++)
			document_row(&d, object_columns, found.p[i]);
		document_records_end(&d);
		summary(l, &d);
	} else if (!r && !(r = choose_columns(l->o, object_columns, &chosen, err))) {
		print_heading(l->c);
		text_table(stdout, &rows, &chosen);
		print_totals(&l->report);
	}
	pointers_drop(&found);
	return r;
}

/* --- streaming --------------------------------------------------------------------- */

/* --ndjson in the index's order: each tensor is written as it is read, and forgotten. */
static int list_stream(struct listing *l, const struct matcher *m, unsigned roles,
		       struct ckpt_error *err)
{
	struct document d;
	struct list_report *report = &l->report;
	if (list_begin(report, l->c, &l->arena, err))
		return -1;
	begin(l, &d);
	document_records(&d, "tensors", "tensor");
	for (;;) {
		struct ckpt_tensor t;
		struct ckpt_error damage = { 0 };
		arena_rewind(&l->scratch, (struct arena_mark){ 0 });
		const int r = reader_next(l->c, &l->scratch, &t, &damage);
		if (r == 0)
			break;
		if (r < 0) {
			document_error(&d, &damage);
			fflush(stdout);
			text_error(&damage);
			l->code = EXIT_TROUBLE;
			if (damage.code == CKPT_ENOMEM || damage.code == CKPT_ELIMIT)
				break;
			continue;
		}
		report->all++;
		const enum role role = list_role(&report->objects, &t);
		if ((m && !match_name(m, t.name, t.name_len)) ||
		    (roles && !(roles & 1u << role)))
			continue;
		report->n++;
		list_add(report, &t, role);
		list_row_of(l->c, &l->scratch, &l->report.objects, &t, &l->row);
		document_row(&d, list_columns, &l->row);
		tell_problem(l, &t, &d);
		reader_values_drop(l->c); /* of a variant that was looked into */
	}
	list_end(report);
	if (!report->n && (l->o->n_args > 1 || l->o->n_excludes || roles)) {
		struct ckpt_error none = { 0 };
		error_set(&none, CKPT_ENOTFOUND, ckpt_prefix(l->c), -1,
			  "no tensor matches");
		document_error(&d, &none);
		fflush(stdout);
		text_error(&none);
		l->code = EXIT_TROUBLE;
	}
	summary(l, &d);
	return 0;
}

/* --- the command ------------------------------------------------------------------- */

static int check_usage(const struct options *o, struct ckpt_error *err)
{
	const bool tree = o->given[OPT_TREE], objects = o->given[OPT_OBJECTS];
	const char *wrong = NULL;
	if (o->given[OPT_DEPTH] && !tree && !objects)
		wrong = "--depth is for --tree and --objects";
	else if (o->given[OPT_COLUMNS] && wants_json(o))
		wrong = "--columns is for text: JSON has all of them";
	else if (o->given[OPT_REVERSE] && o->given[OPT_NDJSON] && !o->given[OPT_SORT])
		wrong = "--reverse with --ndjson needs --sort: it streams otherwise";
	else if (objects && (o->n_args > 1 || o->n_excludes || o->given[OPT_ROLE]))
		wrong = "--objects shows the whole graph: no patterns, --exclude or "
			"--role";
	return wrong ? error_set(err, CKPT_EINVAL, NULL, -1, "%s", wrong) : 0;
}

static int run_listing(struct listing *l, struct ckpt_error *err)
{
	const struct options *o = l->o;
	struct list_query q = { .reverse = o->given[OPT_REVERSE],
				.keep_going = o->given[OPT_KEEP_GOING] };
	if (check_usage(o, err) || sort_of(o, &q.sort, err))
		return -1;
	if (roles_of(o, &q.roles, err))
		return -1;
	struct matcher *m = matcher_of(o, &l->arena, 1, err);
	if (!m)
		return -1;
	q.matcher = m;
	if (o->given[OPT_TREE]) /* it sorts by itself, and wants them by name */
		q.sort = SORT_NAME;
	tell_note(l->c);
	int r;
	if (o->given[OPT_NDJSON] && !o->given[OPT_SORT] && !o->given[OPT_TREE] &&
	    !o->given[OPT_OBJECTS]) {
		r = list_stream(l, m, q.roles, err);
	} else if (list_make(&l->report, l->c, &l->arena, &q, err)) {
		r = -1;
	} else if (!l->report.n && (o->n_args > 1 || o->n_excludes || q.roles)) {
		r = nothing_matched(o, l->c, 1, err);
	} else {
		r = o->given[OPT_OBJECTS] ? list_objects_tree(l, err)
		    : o->given[OPT_TREE]  ? list_tree(l, err)
		    : wants_json(o)       ? list_json(l)
					  : list_text(l, err);
		struct ckpt_error damage = { 0 };
		if (!r && ckpt_load(l->c, &damage)) {
			fflush(stdout);
			text_error(&damage);
			l->code = EXIT_TROUBLE;
		}
	}
	match_free(m);
	return r;
}

static int run(const struct options *o)
{
	struct ckpt_error err = { 0 };
	struct listing l = { .o = o };
	const struct ckpt_options options = ckpt_options_of(o);
	arena_init(&l.arena, UINT64_MAX);
	arena_init(&l.scratch, UINT64_MAX);
	l.c = ckpt_open(o->args[0], &options, &err);
	if (!l.c || run_listing(&l, &err))
		l.code = fail(o, &err);
	else
		l.code = end_reading(l.c, l.code);
	ckpt_close(l.c);
	arena_drop(&l.scratch);
	arena_drop(&l.arena);
	return l.code;
}

const struct command cmd_list = {
	.name = "list",
	.args = "PATH [PATTERN...]",
	.summary = "every tensor: name, dtype, shape, bytes",
	.examples = "ckpt-inspect list model.ckpt-200\n"
		    "ckpt-inspect list run/ 'dense1/**' -x '**/Adam*'\n"
		    "ckpt-inspect list -l --sort size model.ckpt-200.index\n"
		    "ckpt-inspect list --tree --depth 2 run/\n"
		    "ckpt-inspect list --role weight run/\n"
		    "ckpt-inspect list --objects ck-3      # of a tf.train.Checkpoint\n"
		    "ckpt-inspect list --json model.ckpt-200 | jq '.tensors[].name'\n",
	.notes = "Patterns match the whole name: '*' stops at '/', '**' does not.\n",
	.columns = { { "Columns (text only: type)", list_columns },
		     { "Columns of --tree", tree_columns },
		     { "Columns of --objects", object_columns } },
	.options = { OPT_LONG, OPT_TREE, OPT_OBJECTS, OPT_DEPTH, OPT_ROLE, OPT_SORT,
		     OPT_REVERSE, OPT_COLUMNS, OPT_EXCLUDE, OPT_REGEX, OPT_KEEP_GOING },
	.min_args = 1,
	.max_args = SIZE_MAX,
	.run = run,
};
