/* run.c — the checkpoints of a folder and their history, for view_history.c.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "tui/run.h"

#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "base/text.h"
#include "format/path.h"
#include "format/reader.h"

enum null_bits {
	NULL_STEP = 1,
	NULL_TIME = 2,
	NULL_OPENED = 4,
	NULL_CHANGED = 8,
	NULL_MAX = 16,
	NULL_REL = 32,
	NULL_FIRST = 64,
	NULL_NAN = 128,
	NULL_READ = 256,
};

enum { RECORDED, VALUES };

#define FIELD(field) .offset = offsetof(struct run_row, field)

const struct column run_columns[] = {
	{ .name = "prefix", .type = COL_NAME, FIELD(prefix) },
	{ .name = "step", .type = COL_INT, FIELD(step), .null = NULL_STEP },
	{ .name = "time", .type = COL_TIME, FIELD(time), .null = NULL_TIME },
	{ .name = "tensors", .type = COL_COUNT, FIELD(tensors), .null = NULL_OPENED },
	{ .name = "size_bytes", .title = "SIZE", .type = COL_BYTES, FIELD(size_bytes),
	  .null = NULL_OPENED },
	{ .name = "changed", .type = COL_COUNT, FIELD(changed), .null = NULL_CHANGED },
	{ .name = "max_abs", .title = "MAX |Δ|", .type = COL_REAL, FIELD(max_abs),
	  .null = NULL_MAX },
	{ .name = "rel_l2", .title = "‖Δ‖/‖W‖", .type = COL_REAL, FIELD(rel_l2),
	  .null = NULL_REL },
	{ .name = "rel_l2_first", .title = "FROM FIRST", .type = COL_REAL,
	  FIELD(rel_l2_first), .null = NULL_FIRST },
	{ .name = "nan", .type = COL_COUNT, FIELD(nan), .null = NULL_NAN },
	{ .name = "inf", .type = COL_COUNT, FIELD(inf), .null = NULL_NAN },
	{ .name = "unreadable", .type = COL_COUNT, FIELD(unreadable),
	  .null = NULL_READ },
	{ .name = "unknown", .type = COL_COUNT, FIELD(unknown) },
	{ .name = "verify", .type = COL_TEXT, FIELD(verify) },
	{ .name = "complete", .type = COL_BOOL, FIELD(complete) },
	{ .name = "latest", .type = COL_BOOL, FIELD(latest) },
	{ .name = "missing", .type = COL_TEXTS, FIELD(missing) },
	{ .name = "finding", .type = COL_NAME, FIELD(finding) },
	{ .name = "error", .type = COL_NAME, FIELD(error) },
	{ .name = NULL },
};

/* --- opening ----------------------------------------------------------------------- */

static bool make_rows(struct run *r)
{
	r->n = r->info.n;
	r->rows = arena_zeroed(&r->arena, r->n + 1, sizeof *r->rows);
	for (size_t i = 0; r->rows && i < r->n; i++) {
		const struct snapshot_row *s = &r->info.snapshots[i];
		struct cell_text name;
		name.p = path_called(s->prefix.p, &name.len);
		const bool there = !column_is_null(
			column_named(snapshot_columns, "tensors"), s);
		r->rows[i] = (struct run_row){
			.null = NULL_CHANGED | NULL_MAX | NULL_REL | NULL_FIRST |
				NULL_NAN | NULL_READ | (there ? 0 : NULL_OPENED),
			.name = name,
			.prefix = s->prefix,
			.error = s->error,
			.missing = s->missing,
			.step = s->step,
			.time = s->time,
			.tensors = s->tensors,
			.size_bytes = s->size_bytes,
			.complete = s->complete,
			.latest = s->latest,
		};
		if (column_is_null(column_named(snapshot_columns, "step"), s))
			r->rows[i].null |= NULL_STEP;
		if (column_is_null(column_named(snapshot_columns, "time"), s))
			r->rows[i].null |= NULL_TIME;
	}
	return r->rows != NULL;
}

/* Those that are gone have been deleted, as savers do: they are no part of a history. */
static bool open_snapshots(struct run *r)
{
	r->snapshots = arena_zeroed(&r->arena, r->n + 1, sizeof *r->snapshots);
	r->row_of = arena_zeroed(&r->arena, r->n + 1, sizeof *r->row_of);
	if (!r->snapshots || !r->row_of)
		return false;
	for (size_t i = 0; i < r->n; i++) {
		const struct run_row *row = &r->rows[i];
		struct history_snapshot *s = &r->snapshots[r->n_snapshots];
		if (row->null & NULL_OPENED && !row->error.p)
			continue;
		*s = (struct history_snapshot){
			.path = row->prefix.p,
			.step_source = row->null & NULL_STEP ? "position" : "name",
			.step = row->null & NULL_STEP ? (int64_t)i + 1 : row->step,
		};
		s->c = ckpt_open(s->path, &r->settings->open, &s->error);
		if (s->c && reader_load(s->c, &s->error)) {
			ckpt_close(s->c);
			s->c = NULL;
		}
		r->bytes += s->c ? row->size_bytes : 0;
		r->row_of[r->n_snapshots++] = i;
	}
	return true;
}

static bool sum_is_null(const struct history_sum_row *row, const char *name)
{
	return column_is_null(column_named(history_total_columns, name), row);
}

/* What a history says of each checkpoint goes into its row. */
static void take_totals(struct run *r, int which)
{
	const struct history *h = &r->history[which];
	const struct history_sum_row *sums = history_totals(h, &r->arenas[which]);
	for (size_t k = 0; sums && k < h->n_snapshots; k++) {
		struct run_row *row = &r->rows[r->row_of[k]];
		const struct history_sum_row *s = &sums[k];
		const bool all = h->complete && !s->unreadable;
		const bool known = h->snapshots[k].c && k > 0 && all && !s->unknown;
		/* Where the values do not tell, what the checksums told stays. */
		if (known) {
			row->changed = s->changed + s->added + s->removed + s->reshaped;
			row->null &= ~(uint64_t)NULL_CHANGED;
		}
		row->max_abs = s->max_abs;
		row->rel_l2 = s->rel_l2;
		row->rel_l2_first = s->rel_l2_first;
		row->nan = s->nan;
		row->inf = s->inf;
		row->unreadable = s->unreadable;
		row->unknown = s->unknown;
		row->null &= ~(uint64_t)(NULL_MAX | NULL_REL | NULL_FIRST | NULL_NAN |
					 NULL_READ);
		row->null |= !h->complete || sum_is_null(s, "max_abs") ? NULL_MAX : 0;
		row->null |= !h->complete || sum_is_null(s, "rel_l2") ? NULL_REL : 0;
		row->null |= !h->complete || sum_is_null(s, "rel_l2_first") ? NULL_FIRST
									     : 0;
		/* What was not read may have some: none was found is not known. */
		row->null |= sum_is_null(s, "nan") || (!all && !s->nan && !s->inf)
				     ? NULL_NAN
				     : 0;
		row->null |= which == RECORDED || !h->snapshots[k].c ? NULL_READ : 0;
	}
}

static void open_run(void *arg, unsigned worker, size_t job)
{
	struct run *r = arg;
	(void)worker;
	(void)job;
	if (info_make(&r->info, &r->arena, r->folder, &r->settings->open, &r->error))
		return;
	if (!make_rows(r) || !open_snapshots(r)) {
		arena_error(&r->arena, &r->error);
		return;
	}
	r->query[RECORDED].recorded = true;
	if (r->n_snapshots && !history_begin(&r->history[RECORDED], r->snapshots,
					     r->n_snapshots, &r->arenas[RECORDED],
					     &r->query[RECORDED], 1, &r->error) &&
	    !history_end(&r->history[RECORDED], &r->error))
		take_totals(r, RECORDED);
}

void run_start(struct run *r, const char *folder, const struct view_settings *s)
{
	*r = (struct run){ .folder = folder, .settings = s };
	arena_init(&r->arena, UINT64_MAX);
	arena_init(&r->arenas[RECORDED], UINT64_MAX);
	arena_init(&r->arenas[VALUES], UINT64_MAX);
	source_identify(*folder ? folder : ".", &r->identity);
	pool_start(&r->pool, 1, 1, open_run, r);
}

/* --- reading ----------------------------------------------------------------------- */

static void begin_reading(void *arg, unsigned worker, size_t job)
{
	struct run *r = arg;
	(void)worker;
	(void)job;
	const unsigned threads = history_threads(r->snapshots, r->n_snapshots,
						 r->settings->threads, &r->error);
	if (threads)
		history_begin(&r->history[VALUES], r->snapshots, r->n_snapshots,
			      &r->arenas[VALUES], &r->query[VALUES], threads, &r->error);
}

void run_compute(struct run *r)
{
	r->stage = RUN_PAIRING;
	r->stopped = false;
	pool_start(&r->pool, 1, 1, begin_reading, r);
}

static void end_reading(struct run *r)
{
	bool bad = history_end(&r->history[VALUES], &r->error) != 0;
	for (size_t k = 0; k < r->n_snapshots && !bad; k++)
		bad = r->snapshots[k].c && ckpt_unchanged(r->snapshots[k].c, &r->error);
	r->stage = bad ? RUN_FAILED : RUN_READ;
	if (!bad)
		take_totals(r, VALUES);
}

bool run_tick(struct run *r)
{
	if (r->stage == RUN_OPENING || r->stage == RUN_PAIRING) {
		if (!pool_wait(&r->pool, 0))
			return false;
		pool_end(&r->pool);
		r->stage = r->error.code	       ? RUN_FAILED
			   : r->stage == RUN_OPENING ? RUN_RECORDED
						       : RUN_READING;
		return true;
	}
	if (r->stage != RUN_READING || !pool_wait(&r->history[VALUES].sweep.pool, 0))
		return false;
	end_reading(r);
	return true;
}

void run_progress(const struct run *r, struct progress *p)
{
	const struct sweep *s = &r->history[VALUES].sweep;
	if (r->stage == RUN_OPENING) {
		p->what = "reading the indexes";
	} else if (r->stage == RUN_PAIRING) {
		p->what = "joining the names";
	} else if (r->stage == RUN_READING) {
		p->what = "comparing";
		p->bytes_done = atomic_load(&s->pool.bytes);
		p->bytes_total = s->bytes;
	}
}

void run_stop(struct run *r)
{
	if (r->stage != RUN_READING)
		return;
	pool_cancel(&r->history[VALUES].sweep.pool);
	r->stopped = true;
}

void run_close(struct run *r)
{
	if (!r->folder)
		return;
	if (r->stage == RUN_OPENING || r->stage == RUN_PAIRING)
		pool_end(&r->pool);
	for (int i = 0; i < 2; i++) {
		history_drop(&r->history[i]);
		arena_drop(&r->arenas[i]);
	}
	for (size_t k = 0; k < r->n_snapshots; k++)
		ckpt_close(r->snapshots[k].c);
	info_drop(&r->info);
	arena_drop(&r->arena);
}

struct history *run_history(struct run *r)
{
	return &r->history[r->stage == RUN_READING || r->stage == RUN_READ ? VALUES
									    : RECORDED];
}

bool run_has_changed(const struct run *r)
{
	struct identity now;
	return r->stage != RUN_OPENING &&
	       (source_identify(*r->folder ? r->folder : ".", &now) ||
		!identity_same(&r->identity, &now));
}

void run_verified(struct run *r, size_t row, const struct verifier *k)
{
	struct run_row *to = &r->rows[row];
	const struct finding_row *f = k->findings.n ? k->findings.p[0] : NULL;
	char number[NUMBER_MAX];
	to->verify = cell_of(verifier_word(k));
	if (k->error.code)
		to->finding = cell_of(arena_copy(&r->arena, k->error.text,
						 strlen(k->error.text)));
	if (!f)
		return;
	number_grouped(number, k->findings.n - 1);
	const char *about = f->tensor.p ? f->tensor.p : "";
	const char *text = arena_printf(&r->arena, "%s%s%s%s%s%s", about,
					*about ? ": " : "", f->message.p,
					k->findings.n > 1 ? "; and " : "",
					k->findings.n > 1 ? number : "",
					k->findings.n > 1 ? " more" : "");
	to->finding = cell_of(text);
}
