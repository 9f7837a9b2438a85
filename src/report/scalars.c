/* scalars.c — the scalars of event files at the steps of checkpoints: what is read.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Of each scalar one value a checkpoint is kept, so that memory does not grow with what
 * was recorded. The files of a run are read from the newest to the oldest: a value is
 * taken if its step is nearer to the checkpoint's than the one that is there, and what
 * later sessions made void is known by then. Tensors are only located while a file is
 * read; those that are left are unpacked at its end.
 */
#include "config.h"

#include "report/scalars.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "format/event_files.h"
#include "format/events.h"

/* A value of a scalar, for one checkpoint. */
struct candidate {
	bool there, packed; /* packed: only its tensor is known */
	uint32_t file;
	int64_t at;
	double wall_time;
	struct cell_element value;
	struct graph_range tensor;
};

/* A scalar of a run. */
struct tag {
	struct cell_text run, name;
	struct candidate *candidates; /* one a checkpoint */
	uint32_t file; /* the last one whose writer said that it is a scalar, + 1 */
};

struct reading {
	struct scalars *s;
	struct arena *arena;
	struct arena scratch;
	struct arena_mark empty;
	struct pointers tags;
	void *by_name; /* tsearch(3) of struct tag */
	struct events events;
	struct event_file_row *row; /* of the file that is read, number file */
	uint32_t file;
	uint64_t limit;
	int64_t void_from; /* what this file has of that step and later is void */
	int64_t start;	   /* the earliest step at which a session of this file began */
	struct ckpt_error *err;
};

static int compare_tags(const void *x, const void *y)
{
	const struct tag *a = x, *b = y;
	if (!a->run.p != !b->run.p)
		return a->run.p ? 1 : -1;
	const int c =
		a->run.p ? text_natural(a->run.p, a->run.len, b->run.p, b->run.len) : 0;
	return c ? c : text_natural(a->name.p, a->name.len, b->name.p, b->name.len);
}

static struct tag *find_tag(struct reading *r, struct ckpt_string name)
{
	const struct tag key = { .run = r->row->run, .name = { name.p, name.len } };
	struct tag **found = tfind(&key, &r->by_name, compare_tags);
	return found ? *found : NULL;
}

static struct tag *add_tag(struct reading *r, struct ckpt_string name)
{
	struct tag *t = arena_zeroed(r->arena, 1, sizeof *t);
	if (!t)
		return NULL;
	*t = (struct tag){
		.run = r->row->run,
		.name = { arena_copy(r->arena, name.p, name.len), name.len },
		.candidates = arena_zeroed(r->arena, r->s->n_at, sizeof *t->candidates),
	};
	return t->name.p && t->candidates && !pointers_add(&r->tags, t) &&
			       tsearch(t, &r->by_name, compare_tags)
		       ? t
		       : NULL;
}

/* --- one file ---------------------------------------------------------------------- */

/* The first checkpoint at or behind a step; n_at: none. */
static size_t checkpoint_of(const struct scalars *s, int64_t step)
{
	size_t low = 0, high = s->n_at;
	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		if (s->at[middle].step < step)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void take_value(struct reading *r, struct tag *t, const struct event *event,
		       const struct event_value *value)
{
	struct scalars *s = r->s;
	const size_t k = checkpoint_of(s, event->step);
	s->first = event->step < s->first ? event->step : s->first;
	s->last = event->step > s->last ? event->step : s->last;
	r->row->values++;
	if (k == s->n_at)
		return;
	struct candidate *c = &t->candidates[k];
	if (c->there &&
	    (event->step < c->at || (event->step == c->at && c->file != r->file)))
		return;
	*c = (struct candidate){ .there = true,
				 .packed = value->kind == VALUE_TENSOR,
				 .file = r->file,
				 .at = event->step,
				 .wall_time = event->wall_time,
				 .tensor = value->tensor };
	if (c->packed)
		return;
	c->value.dtype = dtype_of(CKPT_FLOAT32);
	memcpy(c->value.bytes, &value->simple, sizeof value->simple);
}

static int look_at_value(struct reading *r, const struct event *event,
			 const struct event_value *value)
{
	struct tag *t = find_tag(r, value->tag);
	const bool scalar =
		value->kind == VALUE_SIMPLE ||
		(value->kind == VALUE_TENSOR &&
		 (value->has_metadata ? value->scalars : t && t->file == r->file + 1));
	if (!scalar || !value->tag.len)
		return 0;
	if (!t && !(t = add_tag(r, value->tag)))
		return arena_error(r->arena, r->err);
	if (value->scalars)
		t->file = r->file + 1;
	if (event->step < r->void_from)
		take_value(r, t, event, value);
	return 0;
}

/* -1: ELIMIT, ENOMEM. *why: what is wrong with the summary. */
static int read_summary(struct reading *r, const struct event *event,
			struct ckpt_error *why)
{
	struct event_values values = event_values_of(&r->events, event);
	struct event_value value;
	int found = 1;
	while (found > 0) {
		arena_rewind(&r->scratch, r->empty);
		found = event_values_next(&values, &r->scratch, &value, why);
		if (found > 0 && look_at_value(r, event, &value))
			return -1;
	}
	return 0;
}

static int keep_error(struct reading *r, const struct ckpt_error *why)
{
	struct ckpt_error *copy = arena_zeroed(r->arena, 1, sizeof *copy);
	if (!copy || pointers_add(&r->s->errors, copy))
		return arena_error(r->arena, r->err);
	*copy = *why;
	if (!r->row->error.p)
		r->row->error = cell_of(copy->text);
	return 0;
}

/* The first damage of a file is told; there may be thousands. */
static int read_events(struct reading *r)
{
	struct ckpt_error first = { 0 };
	struct event event;
	for (int found = 1; found;) {
		struct ckpt_error why = { 0 };
		found = events_next(&r->events, &event, &why);
		if (found > 0 && event.kind == EVENT_START && event.step < r->start)
			r->start = event.step;
		if (found > 0 && event.kind == EVENT_SUMMARY &&
		    read_summary(r, &event, &why))
			return -1;
		if (why.code)
			error_copy(&first, &why);
	}
	return first.code ? keep_error(r, &first) : 0;
}

static int unpack(struct reading *r, const struct tag *t)
{
	for (size_t k = 0; k < r->s->n_at; k++) {
		struct candidate *c = &t->candidates[k];
		struct ckpt_error why = { 0 };
		if (!c->there || !c->packed || c->file != r->file)
			continue;
		arena_rewind(&r->scratch, r->empty);
		c->packed = false;
		c->there = !event_scalar(&r->events, &r->scratch, c->tensor,
					 &c->value.dtype, c->value.bytes, &why);
		if (!c->there && keep_error(r, &why))
			return -1;
	}
	return 0;
}

static int read_file(struct reading *r)
{
	struct source source;
	struct ckpt_error why = { 0 };
	if (source_open(&source, r->row->path.p, &why))
		return keep_error(r, &why);
	events_begin(&r->events, &source, r->limit);
	int result = read_events(r);
	for (size_t i = 0; !result && i < r->tags.n; i++) {
		const struct tag *t = r->tags.p[i];
		result = t->file == r->file + 1 ? unpack(r, t) : 0;
	}
	if (!result && source_only_grew(&source, &why))
		result = keep_error(r, &why);
	if (r->events.records.torn) {
		r->row->torn_at = (int64_t)r->events.records.at;
		r->row->null &= ~(uint64_t)NOT_TORN;
	}
	events_end(&r->events);
	source_close(&source);
	return result;
}

/* --- all of them ------------------------------------------------------------------- */

static int read_files(struct reading *r)
{
	struct scalars *s = r->s;
	const char *run = NULL;
	for (size_t i = s->n_files; i; i--) {
		r->row = &s->files[i - 1];
		r->file = (uint32_t)(i - 1);
		if (i == s->n_files || r->row->run.p != run)
			r->void_from = INT64_MAX;
		run = r->row->run.p;
		r->start = INT64_MAX;
		if (read_file(r))
			return -1;
		if (r->start < r->void_from)
			r->void_from = r->start;
	}
	return 0;
}

/* The steps of a row; checkpoints of one step have the same value. False: there is
 * none. */
static bool fill_steps(const struct scalars *s, const struct tag *t,
		       struct scalar_step_row *steps)
{
	bool some = false;
	for (size_t k = 0; k < s->n_at; k++) {
		const struct candidate *c =
			&t->candidates[checkpoint_of(s, s->at[k].step)];
		steps[k] = (struct scalar_step_row){
			.null = NO_VALUE | NO_TIME,
			.snapshot = s->at[k].snapshot,
			.step = s->at[k].step,
		};
		if (!c->there)
			continue;
		some = true;
		steps[k].null = c->wall_time ? 0 : NO_TIME;
		steps[k].value = c->value;
		steps[k].recorded_at = c->at;
		steps[k].wall_time = c->wall_time;
	}
	return some;
}

static int by_tag(const void *x, const void *y)
{
	return compare_tags(*(const void *const *)x, *(const void *const *)y);
}

static int make_rows(struct reading *r)
{
	struct scalars *s = r->s;
	s->n_tags = r->tags.n;
	s->rows = arena_zeroed(r->arena, r->tags.n + 1, sizeof *s->rows);
	if (!s->rows)
		return arena_error(r->arena, r->err);
	if (r->tags.n)
		qsort(r->tags.p, r->tags.n, sizeof *r->tags.p, by_tag);
	for (size_t i = 0; i < r->tags.n; i++) {
		const struct tag *t = r->tags.p[i];
		struct scalar_step_row *steps =
			arena_zeroed(r->arena, s->n_at, sizeof *steps);
		if (!steps)
			return arena_error(r->arena, r->err);
		if (!fill_steps(s, t, steps))
			continue;
		struct scalar_row *row = &s->rows[s->n++];
		*row = (struct scalar_row){ .run = t->run,
					    .tag = t->name,
					    .steps = { steps, s->n_at } };
		if (!scalars_sum_up(row, r->arena))
			return arena_error(r->arena, r->err);
	}
	return 0;
}

static void keep_nothing(void *node)
{
	(void)node; /* tags are the arena's */
}

int scalars_read(struct scalars *s, struct arena *a, const char *folder,
		 const struct scalar_checkpoint *at, size_t n_at, uint64_t limit,
		 struct ckpt_error *err)
{
	struct reading r = { .s = s, .arena = a, .limit = limit, .err = err };
	*s = (struct scalars){
		.at = at, .n_at = n_at, .first = INT64_MAX, .last = INT64_MIN
	};
	arena_init(&r.scratch, limit);
	arena_copy(&r.scratch, "", 0); /* so that rewinding keeps a block */
	r.empty = arena_mark(&r.scratch);
	const int result = scalars_files(a, folder, &s->files, &s->n_files, err) ||
					   read_files(&r) || make_rows(&r)
				   ? -1
				   : 0;
	pointers_drop(&r.tags);
	tdestroy(r.by_name, keep_nothing);
	arena_drop(&r.scratch);
	return result;
}

void scalars_drop(struct scalars *s)
{
	pointers_drop(&s->errors);
}
