/* info.c — what a checkpoint or a folder of them is, and what it lacks.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "report/info.h"

#include <string.h>

#include "base/error.h"
#include "base/source.h"
#include "format/graph.h"
#include "format/locate.h"
#include "format/path.h"
#include "format/reader.h"
#include "format/state.h"

enum null_bits { NULL_STEP = 1, NULL_TIME = 2, NULL_OPENED = 4, NULL_EXPECTED = 8 };

#define FIELD(row, field) .offset = offsetof(struct row, field)
#define END { .name = NULL }

const struct column snapshot_columns[] = {
	{ .name = "prefix",
	  .type = COL_NAME,
	  FIELD(snapshot_row, prefix),
	  .help = "path without the endings of its files" },
	{ .name = "step",
	  .type = COL_INT,
	  FIELD(snapshot_row, step),
	  .null = NULL_STEP,
	  .help = "training step" },
	{ .name = "step_source",
	  .type = COL_TEXT,
	  FIELD(snapshot_row, step_source),
	  .show = SHOW_JSON,
	  .help = "where the step stands" },
	{ .name = "time",
	  .type = COL_TIME,
	  FIELD(snapshot_row, time),
	  .null = NULL_TIME,
	  .help = "when it was saved, UTC" },
	{ .name = "size_bytes",
	  .title = "SIZE",
	  .type = COL_BYTES,
	  FIELD(snapshot_row, size_bytes),
	  .null = NULL_OPENED,
	  .help = "index and data files" },
	{ .name = "tensors",
	  .type = COL_COUNT,
	  FIELD(snapshot_row, tensors),
	  .null = NULL_OPENED,
	  .help = "in the index" },
	{ .name = "complete",
	  .type = COL_BOOL,
	  FIELD(snapshot_row, complete),
	  .help = "all its files are there and long enough" },
	{ .name = "in_state",
	  .title = "STATE",
	  .type = COL_BOOL,
	  FIELD(snapshot_row, in_state),
	  .help = "named by the checkpoint file of the folder" },
	{ .name = "missing",
	  .type = COL_TEXTS,
	  FIELD(snapshot_row, missing),
	  .help = "files that are missing or too short" },
	{ .name = "error",
	  .type = COL_NAME,
	  FIELD(snapshot_row, error),
	  .show = SHOW_JSON,
	  .help = "why it cannot be opened" },
	END,
};

const struct column member_columns[] = {
	{ .name = "path", .title = "FILE", .type = COL_NAME, FIELD(member_row, path) },
	{ .name = "size_bytes",
	  .title = "SIZE",
	  .type = COL_BYTES,
	  FIELD(member_row, size_bytes),
	  .null = NULL_OPENED },
	{ .name = "expected_bytes",
	  .title = "NEEDED",
	  .type = COL_BYTES,
	  FIELD(member_row, expected_bytes),
	  .null = NULL_EXPECTED },
	{ .name = "exists", .type = COL_BOOL, FIELD(member_row, exists) },
	END,
};

const struct column metadata_columns[] = {
	{ .name = "key", .type = COL_NAME, FIELD(metadata_row, key) },
	{ .name = "text", .type = COL_NAME, FIELD(metadata_row, text) },
	END,
};

/* --- the step ---------------------------------------------------------------------- */

static bool scalar_int(struct ckpt *c, const struct ckpt_tensor *t, int64_t *v)
{
	uint8_t element[16];
	const struct dtype *d = dtype_of(t->dtype);
	if (t->problem || !d || t->elements != 1 ||
	    (d->kind != KIND_INT && d->kind != KIND_UINT))
		return false;
	if (ckpt_read(c, t, 0, 1, element, NULL))
		return false;
	*v = d->kind == KIND_INT ? dtype_int(d, element)
				 : (int64_t)dtype_uint(d, element);
	return true;
}

/* A name of a TF1 graph, or the last part of an object-based key. */
static bool is_called(const struct ckpt_tensor *t, const char *word)
{
	static const char suffix[] = "/.ATTRIBUTES/VARIABLE_VALUE";
	const size_t n = strlen(word), k = sizeof suffix - 1;
	size_t len = t->name_len;
	if (len > k && !memcmp(t->name + len - k, suffix, k))
		len -= k;
	return len >= n && !memcmp(t->name + len - n, word, n) &&
	       (len == n || t->name[len - n - 1] == '/');
}

static bool step_in(struct ckpt *c, const char *word, int64_t *step)
{
	for (size_t i = 0; i < ckpt_count(c); i++)
		if (is_called(ckpt_at(c, i), word) && scalar_int(c, ckpt_at(c, i), step))
			return true;
	return false;
}

static const char save_counter[] = "save_counter";
static const char *const step_words[] = { "global_step", save_counter, "iterations",
					  "iter", "step", NULL };

bool step_of(struct ckpt *c, int64_t *step, const char **source)
{
	*step = step_of_name(path_base(c->at.prefix));
	*source = "name";
	if (*step >= 0)
		return true;
	for (const char *const *word = step_words; *word; word++)
		if (step_in(c, *source = *word, step))
			return true;
	*source = NULL;
	return false;
}

bool training_step_of(struct ckpt *c, int64_t step, int64_t *training)
{
	int64_t counter;
	if (!step_in(c, save_counter, &counter) || counter != step)
		return false;
	for (const char *const *word = step_words; *word; word++)
		if (*word != save_counter && step_in(c, *word, training))
			return true;
	return false;
}

/* --- one checkpoint ---------------------------------------------------------------- */

struct collecting {
	struct arena *a;
	struct snapshot_row *row;
	struct pointers members, missing;
	bool failed;
};

static void collect_member(void *arg, const struct member *m)
{
	struct collecting *to = arg;
	struct member_row *row = arena_zeroed(to->a, 1, sizeof *row);
	if (!row || pointers_add(&to->members, row)) {
		to->failed = true;
		return;
	}
	*row = (struct member_row){
		.null = m->exists ? 0 : NULL_OPENED,
		.path = cell_of(arena_copy(to->a, m->path, strlen(m->path))),
		.size_bytes = m->size,
		.expected_bytes = m->expected,
		.exists = m->exists,
	};
	to->row->size_bytes += m->size;
	if (m->exists ? m->size < m->expected : m->expected > 0) {
		to->row->complete = false;
		to->failed |= pointers_add(&to->missing, row) != 0;
	}
}

/* The members as rows in the arena, and the names of those that are missing. */
static int keep_members(struct collecting *from, struct info_report *r)
{
	struct cell_text *names = arena_zeroed(from->a, from->missing.n, sizeof *names);
	r->members = arena_zeroed(from->a, from->members.n, sizeof *r->members);
	if (!names || !r->members)
		return -1;
	r->n_members = from->members.n;
	for (size_t i = 0; i < from->members.n; i++)
		r->members[i] = *(struct member_row *)from->members.p[i];
	for (size_t i = 0; i < from->missing.n; i++)
		names[i] = cell_of(
			path_base(((struct member_row *)from->missing.p[i])->path.p));
	from->row->missing = (struct cell_texts){ names, from->missing.n };
	return 0;
}

static int describe(struct info_report *r, struct arena *a, struct ckpt *c,
		    struct snapshot_row *row, struct ckpt_error *err)
{
	struct collecting to = { .a = a, .row = row };
	row->complete = true;
	row->size_bytes = 0;
	struct ckpt_error damage = { 0 };
	ckpt_load(c, &damage);
	if (c->reader->members(c, collect_member, &to, err) || to.failed ||
	    keep_members(&to, r)) {
		pointers_drop(&to.members);
		pointers_drop(&to.missing);
		return arena_error(a, err);
	}
	pointers_drop(&to.members);
	pointers_drop(&to.missing);
	row->tensors = ckpt_count(c);
	row->shards = ckpt_shards(c);
	const char *source;
	if ((row->null & NULL_STEP) && !graph_of_checkpoint(c) &&
	    step_of(c, &row->step, &source)) {
		row->null &= ~(uint64_t)NULL_STEP;
		row->step_source = cell_of(source);
	}
	if (damage.code) {
		row->complete = false;
		row->error = cell_of(arena_copy(a, damage.text, strlen(damage.text)));
	}
	return 0;
}

static struct snapshot_row row_for(const char *prefix)
{
	return (struct snapshot_row){ .null = NULL_STEP | NULL_TIME,
				      .prefix = cell_of(prefix) };
}

static int keep_metadata(struct info_report *r, struct arena *a, const struct ckpt *c)
{
	const struct metadata *m;
	size_t n = 0;
	while (c->reader->metadata && c->reader->metadata(c, n))
		n++;
	r->metadata = arena_zeroed(a, n + 1, sizeof *r->metadata);
	if (!r->metadata)
		return -1;
	for (; r->n_metadata < n; r->n_metadata++) {
		m = c->reader->metadata(c, r->n_metadata);
		r->metadata[r->n_metadata] = (struct metadata_row){
			.key = { m->key.p, m->key.len },
			.text = { m->text.p, m->text.len },
		};
	}
	return 0;
}

static int keep(struct info_report *r, struct arena *a, struct ckpt *c,
		struct ckpt_error *err)
{
	r->c = c;
	r->prefix = c->at.prefix;
	r->format = ckpt_format(c);
	r->shards = ckpt_shards(c);
	const struct list_query by_size = { .sort = SORT_SIZE, .keep_going = true };
	list_make(&r->list, c, a, &by_size, NULL);
	if (!r->list.tensors || keep_metadata(r, a, c))
		return arena_error(a, err);
	if (holds_find(&r->holds, a, c, err))
		return -1;
	r->holds_text = holds_text(&r->holds, a, c);
	return r->holds_text ? 0 : arena_error(a, err);
}

static int one_checkpoint(struct info_report *r, struct arena *a, const char *path,
			  const struct ckpt_options *options, struct ckpt_error *err)
{
	struct identity id;
	struct ckpt_options here = options ? *options : (struct ckpt_options){ 0 };
	enum graph_kind kind;
	if (!here.as && graph_is(path, &kind))
		here.as = "graph";
	struct ckpt *c = ckpt_open(path, &here, err);
	if (!c)
		return -1;
	r->snapshots = arena_zeroed(a, 1, sizeof *r->snapshots);
	if (!r->snapshots) {
		ckpt_close(c);
		return arena_error(a, err);
	}
	r->n = 1;
	r->snapshots[0] = row_for(c->at.prefix);
	if (describe(r, a, c, r->snapshots, err)) {
		ckpt_close(c);
		return -1;
	}
	const char *index = graph_of_checkpoint(c)
				    ? c->at.prefix
				    : arena_printf(a, "%s.index", c->at.prefix);
	if (index && (!source_identify(index, &id) ||
		      !source_identify(c->at.prefix, &id))) {
		r->snapshots[0].time = (double)id.mtime_ns / 1e9;
		r->snapshots[0].null &= ~(uint64_t)NULL_TIME;
	}
	if (keep(r, a, c, err)) {
		r->c = NULL;
		ckpt_close(c);
		return -1;
	}
	return 0;
}

/* --- a folder ---------------------------------------------------------------------- */

static int describe_snapshot(struct info_report *r, struct arena *a,
			     const struct snapshot *s, struct snapshot_row *row,
			     const struct ckpt_options *options, struct ckpt_error *err)
{
	struct ckpt_error e = { 0 };
	*row = row_for(s->prefix);
	row->in_state = s->in_state;
	row->latest = s->latest;
	if (s->time) {
		row->time = s->time;
		row->null &= ~(uint64_t)NULL_TIME;
	}
	if (s->step >= 0) {
		row->step = s->step;
		row->null &= ~(uint64_t)NULL_STEP;
		row->step_source = cell_of("name");
	}
	struct ckpt *c = s->on_disk ? ckpt_open(s->prefix, options, &e) : NULL;
	if (c) {
		const int result = describe(r, a, c, row, err);
		ckpt_close(c);
		return result;
	}
	row->null |= NULL_OPENED;
	if (!s->on_disk) {
		struct cell_text *gone = arena_zeroed(a, 1, sizeof *gone);
		if (!gone)
			return arena_error(a, err);
		*gone = cell_of(arena_printf(a, "%s.index", s->base));
		row->missing = (struct cell_texts){ gone, 1 };
	} else {
		row->error = cell_of(arena_copy(a, e.text, strlen(e.text)));
	}
	return 0;
}

static int whole_folder(struct info_report *r, struct arena *a,
			const struct run_folder *run, const struct ckpt_options *options,
			struct ckpt_error *err)
{
	r->folder = true;
	r->state_path = run->state_path;
	r->latest = run->latest ? run->latest->prefix : NULL;
	struct cell_text *leftovers =
		arena_zeroed(a, run->n_leftovers, sizeof *leftovers);
	if (!leftovers)
		return arena_error(a, err);
	for (size_t i = 0; i < run->n_leftovers; i++)
		leftovers[i] = cell_of(run->leftovers[i]);
	r->leftovers = (struct cell_texts){ leftovers, run->n_leftovers };
	r->snapshots = arena_zeroed(a, run->n, sizeof *r->snapshots);
	if (!r->snapshots)
		return arena_error(a, err);
	if (scalars_files(a, run->path, &r->event_files, &r->n_event_files, err))
		return -1;
	for (; r->n < run->n; r->n++) {
		struct snapshot_row *row = &r->snapshots[r->n];
		if (describe_snapshot(r, a, &run->all[r->n], row, options, err))
			return -1;
		if (row->complete)
			r->latest_complete = run->all[r->n].prefix;
	}
	/* The latest that the state file names, if it is whole, before the highest
	 * step. */
	for (size_t i = 0; i < run->n; i++)
		if (&run->all[i] == run->latest && r->snapshots[i].complete)
			r->latest_complete = run->latest->prefix;
	if (!r->latest_complete)
		return 0;
	struct ckpt *c = ckpt_open(r->latest_complete, options, err);
	if (!c)
		return -1;
	struct snapshot_row again = row_for(r->latest_complete);
	if (describe(r, a, c, &again, err) || keep(r, a, c, err)) {
		r->c = NULL;
		ckpt_close(c);
		return -1;
	}
	return 0;
}

int info_make(struct info_report *r, struct arena *a, const char *path,
	      const struct ckpt_options *options, struct ckpt_error *err)
{
	const char *folder;
	struct run_folder run;
	*r = (struct info_report){ .folder = false };
	if (!locate_is_folder(a, path, &folder))
		return one_checkpoint(r, a, path, options, err);
	if (run_read(a, folder, options && options->follow, &run, err))
		return -1;
	if (!run.n)
		return one_checkpoint(r, a, path, options, err);
	return whole_folder(r, a, &run, options, err);
}

void info_drop(struct info_report *r)
{
	ckpt_close(r->c);
	r->c = NULL;
}
