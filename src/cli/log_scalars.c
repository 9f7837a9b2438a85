/* log_scalars.c — what event files recorded at the checkpoints of a history.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "cli/log_scalars.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "cli/cmd.h"
#include "format/path.h"
#include "report/info.h"

/* The folder that all checkpoints lie in; NULL: they lie in several. */
static const char *common_folder(struct logging *l)
{
	const char *folder = NULL;
	for (size_t k = 0; k < l->run.n; k++) {
		const char *own = path_folder(&l->arena, l->run.all[k].path);
		if (!own || (folder && strcmp(own, folder)))
			return NULL;
		folder = own;
	}
	return folder;
}

/* The checkpoints by the steps of the training. Where a checkpoint manager has numbered
 * them, the steps are those within the checkpoints, and one that cannot be opened has
 * none. NULL: no memory. */
static struct scalar_checkpoint *checkpoints_of(struct logging *l, size_t *n)
{
	const struct log_run *run = &l->run;
	struct scalar_checkpoint *at = arena_zeroed(&l->arena, run->n, sizeof *at);
	bool ascending = true;
	*n = 0;
	for (size_t k = 0; at && k < run->n; k++) {
		const struct history_snapshot *s = &run->all[k];
		if (!s->c || !training_step_of(s->c, s->step, &at[*n].step))
			continue;
		at[*n].snapshot = k;
		ascending &= !*n || at[*n].step >= at[*n - 1].step;
		++*n;
	}
	if (!at || (*n && ascending))
		return at;
	*n = run->n;
	for (size_t k = 0; k < run->n; k++)
		at[k] = (struct scalar_checkpoint){ run->all[k].step, k };
	return at;
}

static bool has_steps(const struct log_run *run)
{
	for (size_t k = 0; k < run->n; k++)
		if (!strcmp(run->all[k].step_source, "position"))
			return false;
	return true;
}

int log_scalars_read(struct logging *l, struct ckpt_error *err)
{
	const struct options *o = l->o;
	const bool named = o->given[OPT_EVENTS];
	struct ckpt_error why = { 0 };
	size_t n;
	if (o->given[OPT_CHECK] || (named && !strcmp(o->value[OPT_EVENTS], "none")))
		return 0;
	const char *folder = named ? o->value[OPT_EVENTS] : common_folder(l);
	if (!folder)
		return 0;
	if (!has_steps(&l->run))
		return named ? error_set(err, CKPT_EINVAL, folder, -1,
					 "the checkpoints have no steps to look for in "
					 "event files")
			     : 0;
	const struct scalar_checkpoint *at = checkpoints_of(l, &n);
	if (!at)
		return arena_error(&l->arena, err);
	l->scalars_read = !scalars_read(&l->scalars, &l->arena, folder, at, n,
					l->arena.limit, &why);
	if (l->scalars_read)
		return 0;
	if (named || why.code == CKPT_ELIMIT || why.code == CKPT_ENOMEM)
		return error_copy(err, &why);
	text_error(&why); /* the checkpoints can be read all the same */
	return 0;
}

static const void *scalar_at(const struct rows *rows, size_t i)
{
	return &((const struct scalar_row *)rows->arg)[i];
}

int log_scalars_text(struct logging *l, struct ckpt_error *err)
{
	const struct scalars *s = &l->scalars;
	struct chosen chosen;
	if (!l->scalars_read || !s->n)
		return 0;
	const struct column *columns = scalars_text_columns(s, &l->arena);
	if (!columns)
		return arena_error(&l->arena, err);
	const struct rows rows = { columns, s->n, scalar_at, s->rows };
	text_choose(&chosen, columns, false);
	putchar('\n');
	text_table(stdout, &rows, &chosen);
	return 0;
}

void log_scalars_json(struct logging *l, struct document *doc)
{
	const struct scalars *s = &l->scalars;
	if (!l->scalars_read) {
		if (!doc->j.lines) {
			jw_null(&doc->j, "event_files");
			jw_null(&doc->j, "scalars");
		}
		return;
	}
	document_records(doc, "event_files", "event_file");
	for (size_t i = 0; i < s->n_files; i++)
		document_row(doc, event_file_read_columns, &s->files[i]);
	document_records_end(doc);
	document_records(doc, "scalars", "scalar");
	for (size_t i = 0; i < s->n; i++)
		document_row(doc, scalar_columns, &s->rows[i]);
	document_records_end(doc);
	for (size_t i = 0; i < s->errors.n; i++)
		document_error(doc, s->errors.p[i]);
}

void log_scalars_tell(const struct logging *l)
{
	const struct scalars *s = &l->scalars;
	if (!l->scalars_read)
		return;
	fflush(stdout);
	for (size_t i = 0; i < s->errors.n; i++)
		text_error(s->errors.p[i]);
	for (size_t i = 0; i < s->n_files; i++) {
		struct ckpt_error torn = { 0 };
		if (s->files[i].null & NOT_TORN)
			continue;
		error_set(&torn, CKPT_ECORRUPT, s->files[i].path.p, s->files[i].torn_at,
			  "the last record is torn, as by a run that is alive or was "
			  "stopped; what stands before it is taken");
		text_error(&torn);
	}
	if (s->n_tags && !s->n && s->first <= s->last)
		fprintf(stderr,
			"ckpt-inspect: scalars were recorded at steps %" PRId64
			" … %" PRId64 ", none of them up to the last checkpoint's\n",
			s->first, s->last);
}
