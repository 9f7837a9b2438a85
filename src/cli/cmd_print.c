/* cmd_print.c — ckpt-inspect print: the values of tensors.
 * SPDX-License-Identifier: Apache-2.0
 *
 * All names are looked up before anything is written, so that a misspelt one leaves
 * nothing on standard output. A damaged tensor is an error of that tensor; the others
 * are printed.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/cmd.h"
#include "format/reader.h"
#include "out/document.h"
#include "out/text.h"
#include "out/values.h"
#include "report/list.h"

/* One run of the command. */
struct printing {
	const struct options *o;
	struct ckpt *c;
	struct arena arena;
	struct pointers tensors;
	struct objects objects;
	bool objects_read;
	struct values_style style;
	struct document document;
	int code;
};

/* --- names ------------------------------------------------------------------------- */

static int add(struct pointers *to, const struct ckpt_tensor *t, struct ckpt_error *err)
{
	for (size_t i = 0; i < to->n; i++)
		if (to->p[i] == t)
			return 0;
	if (pointers_add(to, (void *)(uintptr_t)t))
		return error_set(err, CKPT_ENOMEM, NULL, -1, "out of memory");
	return 0;
}

/* 1: found and added, 0: absent, -1: the index could not be read. */
static int try_name(struct ckpt *c, struct pointers *to, const char *name, size_t len,
		    struct ckpt_error *err)
{
	struct ckpt_error e = { 0 };
	const struct ckpt_tensor *t = ckpt_find(c, name, len, &e);
	if (t)
		return add(to, t, err) ? -1 : 1;
	if (e.code == CKPT_ENOTFOUND)
		return 0;
	return error_copy(err, &e);
}

/* "^w" and "w:0" are what graphs call the tensor w. */
static int try_graph_name(struct ckpt *c, struct pointers *to, const char *name,
			  struct ckpt_error *err)
{
	const char *start = name + (*name == '^'), *colon = strrchr(start, ':');
	size_t len = strlen(start);
	if (colon && colon[1] && !colon[1 + strspn(colon + 1, "0123456789")])
		len = (size_t)(colon - start);
	return len == strlen(name) ? 0 : try_name(c, to, start, len, err);
}

static int try_pattern(struct ckpt *c, struct arena *a, struct pointers *to,
		       char *pattern, bool regex, struct ckpt_error *err)
{
	struct matcher *m = match_compile(a, &pattern, 1, NULL, 0, regex, err);
	size_t found = 0;
	int r = m ? 0 : -1;
	for (size_t i = 0; !r && i < ckpt_count(c); i++) {
		const struct ckpt_tensor *t = ckpt_at(c, i);
		if (match_name(m, t->name, t->name_len)) {
			found++;
			r = add(to, t, err);
		}
	}
	match_free(m);
	return r ? -1 : found > 0;
}

/* The readable names of the object graph: a path, or a variable's own full name. */
static int try_object(struct printing *p, const char *name, struct ckpt_error *err)
{
	const size_t len = strlen(name);
	size_t n = 0;
	if (!p->objects_read) {
		list_objects(&p->objects, p->c, &p->arena);
		p->objects_read = true;
	}
	const struct object_key *const *found = objects_path(&p->objects, name, len, &n);
	if (n != 1)
		found = objects_full_name(&p->objects, name, len, &n);
	if (n == 1)
		return try_name(p->c, &p->tensors, found[0]->key.p, found[0]->key.len,
				err);
	if (!n)
		return 0;
	char first[120], second[120];
	text_escape(first, sizeof first, found[0]->key.p, found[0]->key.len);
	text_escape(second, sizeof second, found[1]->key.p, found[1]->key.len);
	return error_set(err, CKPT_EINVAL, ckpt_prefix(p->c), -1,
			 "%zu variables are called '%.60s': '%s', '%s'%s", n, name, first,
			 second, n > 2 ? ", …" : "");
}

static int not_found(struct ckpt *c, const char *name, struct ckpt_error *err)
{
	struct near_names near = { .wanted = name, .wanted_len = strlen(name) };
	char shown[3][120] = { "", "", "" };
	for (size_t i = 0; i < ckpt_count(c); i++)
		near_offer(&near, ckpt_at(c, i)->name, ckpt_at(c, i)->name_len);
	for (size_t i = 0; i < near.n; i++)
		text_escape(shown[i], sizeof shown[i], near.best[i].name,
			    near.best[i].len);
	if (strpbrk(name, "*?["))
		return error_set(
			err, CKPT_ENOTFOUND, ckpt_prefix(c), -1,
			"no tensor matches '%.120s' ('*' stops at '/', '**' does not)",
			name);
	if (!near.n)
		return error_set(err, CKPT_ENOTFOUND, ckpt_prefix(c), -1,
				 "no tensor '%.120s'; ckpt-inspect list shows the names",
				 name);
	return error_set(err, CKPT_ENOTFOUND, ckpt_prefix(c), -1,
			 "no tensor '%.80s'; did you mean '%.80s'%s%.80s%s?", name,
			 shown[0], near.n > 1 ? " or '" : "", shown[1],
			 near.n > 1 ? "'" : "");
}

/* Exactly, by the printed escape, without ":N" or "^", by the object graph, as a
 * pattern. */
static int resolve(struct printing *p, char *name, struct ckpt_error *err)
{
	const size_t len = strlen(name);
	const bool regex = p->o->given[OPT_REGEX];
	int r = regex ? 0 : try_name(p->c, &p->tensors, name, len, err);
	if (!r && !regex && memchr(name, '\\', len)) {
		char *plain = arena_alloc(&p->arena, len + 1);
		const size_t n = plain ? text_unescape(plain, name, len) : SIZE_MAX;
		if (n != SIZE_MAX)
			r = try_name(p->c, &p->tensors, plain, n, err);
	}
	if (!r && !regex)
		r = try_graph_name(p->c, &p->tensors, name, err);
	if (!r && !regex)
		r = try_object(p, name, err);
	if (!r && (regex || strpbrk(name, "*?[")))
		r = try_pattern(p->c, &p->arena, &p->tensors, name, regex, err);
	if (r < 0)
		return -1;
	return r ? 0 : not_found(p->c, name, err);
}

/* --- one tensor -------------------------------------------------------------------- */

static int pick(struct printing *p, const struct ckpt_tensor *t, struct picked *picked,
		struct ckpt_error *err)
{
	*picked = (struct picked){ .c = p->c, .t = t };
	if (t->problem) /* says what is wrong with it */
		return reader_values(p->c, t, err) ? 0 : -1;
	selection_all(&picked->selection, t->dims, t->rank);
	if (p->o->given[OPT_SLICE] &&
	    selection_parse(&picked->selection, p->o->value[OPT_SLICE], t->dims, t->rank,
			    err))
		return -1;
	picked->whole = selection_is_all(&picked->selection, t->dims);
	return 0;
}

/* The tensor's checksums, where all of it is read or --check asks. */
static int check(struct printing *p, const struct picked *picked, struct ckpt_error *err)
{
	if (!picked->whole && !p->o->given[OPT_CHECK])
		return 0;
	return ckpt_check(p->c, picked->t, err);
}

static bool is_checked(struct printing *p, const struct picked *picked)
{
	const struct values *v = reader_values(p->c, picked->t, NULL);
	return v && values_checked(v);
}

static int print_text(struct printing *p, const struct picked *picked,
		      struct ckpt_error *err)
{
	const struct ckpt_tensor *t = picked->t;
	char shape[2048];
	const struct { uint64_t null; struct cell_ints dims; } row = {
		0, { t->dims, (size_t)t->rank } };
	const struct column column = { .type = COL_INTS,
				       .offset = (size_t)((const char *)&row.dims -
							  (const char *)&row) };
	if (check(p, picked, err))
		return -1;
	column_text(&column, &row, shape, sizeof shape);
	text_put(stdout, t->name, t->name_len);
	printf("  %s %s", ckpt_dtype_name(t->dtype), shape);
	if (p->o->given[OPT_SLICE])
		printf("  slice %s", p->o->value[OPT_SLICE]);
	if (!is_checked(p, picked))
		printf("  %s",
		       picked->whole ? "no checksum" : "not checked (--check does)");
	putchar('\n');
	return values_text(stdout, picked, &p->style, err);
}

static int print_json(struct printing *p, const struct picked *picked,
		      struct ckpt_error *err)
{
	const struct ckpt_tensor *t = picked->t;
	struct json *j = &p->document.j;
	if (check(p, picked, err))
		return -1;
	document_record_begin(&p->document);
	jw_name(j, "name", &(struct cell_text){ t->name, t->name_len });
	jw_text(j, "dtype", ckpt_dtype_name(t->dtype));
	jw_open(j, "shape", '[');
	for (int i = 0; i < t->rank; i++)
		jw_i64(j, NULL, t->dims[i]);
	jw_close(j, ']');
	jw_text(j, "slice", p->o->value[OPT_SLICE]);
	jw_bool(j, "checked", is_checked(p, picked));
	if (values_json(j, picked, &p->style, err)) {
		/* The brackets are open: a torn document, which no parser takes for
		 * data. */
		fflush(stdout);
		text_error(err);
		exit(EXIT_TROUBLE);
	}
	document_record_end(&p->document);
	return 0;
}

static void tell(struct printing *p, const struct ckpt_tensor *t,
		 const struct ckpt_error *err)
{
	struct ckpt_error e = { 0 };
	char name[160];
	text_escape(name, sizeof name, t->name, t->name_len);
	error_set(&e, err->code, err->file, err->offset, "'%s': %s", name, err->text);
	if (wants_json(p->o))
		document_error(&p->document, &e);
	fflush(stdout);
	text_error(&e);
	p->code = EXIT_TROUBLE;
}

/* A slice must fit all tensors before any is printed: a usage error leaves no output. */
static int check_slices(struct printing *p, struct picked *picked, struct ckpt_error *err)
{
	struct ckpt_error e = { 0 };
	for (size_t i = 0; i < p->tensors.n; i++)
		if (pick(p, p->tensors.p[i], picked, &e) && e.code == CKPT_EINVAL)
			return error_set(
				err, e.code, ckpt_prefix(p->c), -1, "'%.120s': %s",
				((const struct ckpt_tensor *)p->tensors.p[i])->name,
				e.text);
		else
			error_clear(&e);
	return 0;
}

static int print_all(struct printing *p, struct ckpt_error *err)
{
	struct picked picked;
	const bool json = wants_json(p->o);
	if (check_slices(p, &picked, err))
		return -1;
	if (json) {
		document_begin(&p->document, &p->arena, "print", p->o->given[OPT_NDJSON]);
		document_input(&p->document, p->o->args[0], p->c, NULL);
		document_header_end(&p->document);
		document_records(&p->document, "tensors", "tensor");
	}
	uint64_t printed = 0;
	for (size_t i = 0; i < p->tensors.n; i++) {
		const struct ckpt_tensor *t = p->tensors.p[i];
		struct ckpt_error e = { 0 };
		if (pick(p, t, &picked, &e) ||
		    (json ? print_json(p, &picked, &e) : print_text(p, &picked, &e)))
			tell(p, t, &e);
		else
			printed++;
	}
	if (json) {
		document_records_end(&p->document);
		document_check_unchanged(&p->document, p->c);
		document_summary_begin(&p->document);
		jw_u64(&p->document.j, "tensors", p->tensors.n);
		jw_u64(&p->document.j, "printed", printed);
		document_end(&p->document);
	}
	return 0;
}

static int print_raw(struct printing *p, struct ckpt_error *err)
{
	struct picked picked;
	if (p->tensors.n != 1)
		return error_set(err, CKPT_EINVAL, NULL, -1,
				 "--raw writes one tensor, %zu are named", p->tensors.n);
	if (isatty(STDOUT_FILENO))
		return error_set(
			err, CKPT_EINVAL, NULL, -1,
			"--raw does not write to a terminal; redirect it to a file");
	if (pick(p, p->tensors.p[0], &picked, err) || check(p, &picked, err))
		return -1;
	return values_raw(stdout, &picked, err);
}

/* --- the command ------------------------------------------------------------------- */

static int check_usage(const struct options *o, struct ckpt_error *err)
{
	if (o->given[OPT_RAW] && wants_json(o))
		return error_set(err, CKPT_EINVAL, NULL, -1, "--raw or --json, not both");
	if (o->given[OPT_HEX] && wants_json(o))
		return error_set(
			err, CKPT_EINVAL, NULL, -1,
			"--hex is for text: JSON numbers read back exactly anyway");
	if (o->given[OPT_SLICE] && !*o->value[OPT_SLICE])
		return error_set(err, CKPT_EINVAL, NULL, -1, "the slice is empty");
	if (o->given[OPT_HEX] && o->given[OPT_RAW])
		return error_set(err, CKPT_EINVAL, NULL, -1, "--hex or --raw, not both");
	if (o->given[OPT_HEX] && o->given[OPT_PRECISION])
		return error_set(err, CKPT_EINVAL, NULL, -1,
				 "--hex or --precision, not both");
	if (o->number[OPT_PRECISION] > 17)
		return error_set(err, CKPT_EINVAL, NULL, -1,
				 "--precision is 1 to 17 significant digits");
	return 0;
}

/* Without a name: what is there, if that is one tensor, as in a .npy file. */
static int take_only(struct printing *p, struct ckpt_error *err)
{
	if (ckpt_load(p->c, err))
		return -1;
	const size_t n = ckpt_count(p->c);
	if (n == 1)
		return add(&p->tensors, ckpt_at(p->c, 0), err);
	return error_set(err, CKPT_EINVAL, ckpt_prefix(p->c), -1,
			 "of %zu tensors, name those to print; ckpt-inspect list shows "
			 "their names", n);
}

static int run_printing(struct printing *p, struct ckpt_error *err)
{
	const struct options *o = p->o;
	p->style = (struct values_style){
		.precision = (int)o->number[OPT_PRECISION],
		.hex = o->given[OPT_HEX],
		.elide = !o->given[OPT_ALL] && isatty(STDOUT_FILENO),
	};
	tell_note(p->c);
	if (o->n_args == 1 && take_only(p, err))
		return -1;
	for (size_t i = 1; i < o->n_args; i++)
		if (resolve(p, o->args[i], err))
			return -1;
	return o->given[OPT_RAW] ? print_raw(p, err) : print_all(p, err);
}

static int run(const struct options *o)
{
	struct ckpt_error err = { 0 };
	struct printing p = { .o = o };
	const struct ckpt_options options = ckpt_options_of(o);
	arena_init(&p.arena, UINT64_MAX);
	p.c = check_usage(o, &err) ? NULL : ckpt_open(o->args[0], &options, &err);
	if (!p.c || run_printing(&p, &err))
		p.code = fail(o, &err);
	else
		p.code = end_reading(p.c, p.code);
	ckpt_close(p.c);
	pointers_drop(&p.tensors);
	arena_drop(&p.arena);
	return p.code;
}

const struct command cmd_print = {
	.name = "print",
	.args = "PATH [NAME...]",
	.summary = "the values of tensors",
	.examples =
		"ckpt-inspect print model.ckpt-200 global_step\n"
		"ckpt-inspect print run/ dense1/kernel -s '0:3,:'\n"
		"ckpt-inspect print run/ 'dense1/*' --precision 4\n"
		"ckpt-inspect print --raw run/ dense1/kernel > kernel.f32\n"
		"ckpt-inspect print --json run/ dense1/bias | jq '.tensors[0].values'\n"
		"ckpt-inspect print run/ -- -dash\n",
	.notes = "Where there is only one tensor, as in a .npy file, it needs no name.\n"
		 "A name is looked up as it is, then as list prints it (\\x1b), then "
		 "without\n"
		 "':0' or '^', then as a path or full name of the object graph, then as "
		 "a\n"
		 "pattern over the whole name.\n"
		 "What is read whole is checked against its checksum before it is "
		 "printed.\n"
		 "Long tensors are elided on a terminal only.\n",
	.options = { OPT_SLICE, OPT_ALL, OPT_PRECISION, OPT_HEX, OPT_RAW, OPT_CHECK,
		     OPT_REGEX },
	.min_args = 1,
	.max_args = SIZE_MAX,
	.run = run,
};
