/* scalars_row.c — scalars and event files as rows: columns, bars, ranges.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <math.h>
#include <string.h>

#include "base/number.h"
#include "format/event_files.h"
#include "report/scalars.h"

#define FILE_FIELD(field) .offset = offsetof(struct event_file_row, field)
#define STEP(field) .offset = offsetof(struct scalar_step_row, field)
#define FIELD(field) .offset = offsetof(struct scalar_row, field)

#define EVENT_FILE                                                                       \
	{ .name = "path", .title = "EVENT FILE", .type = COL_NAME, FILE_FIELD(path),     \
	  .help = "its path" },                                                          \
	{ .name = "run", .type = COL_NAME, FILE_FIELD(run), .show = SHOW_JSON,           \
	  .help = "name of the folder within the folder; null: in the folder itself" },  \
	{ .name = "size_bytes", .title = "SIZE", .type = COL_BYTES,                      \
	  FILE_FIELD(size_bytes), .help = "on disk" },                                   \
	{ .name = "time", .type = COL_TIME, FILE_FIELD(time), .null = NO_TIME,    \
	  .help = "of its first event, UTC" }

const struct column event_file_columns[] = { EVENT_FILE, { .name = NULL } };

const struct column event_file_read_columns[] = {
	EVENT_FILE,
	{ .name = "values", .type = COL_COUNT, FILE_FIELD(values),
	  .help = "scalars that it holds, at whatever steps" },
	{ .name = "torn_at", .type = COL_INT, FILE_FIELD(torn_at), .null = NOT_TORN,
	  .help = "the byte at which a record begins that the file ends within" },
	{ .name = "error", .type = COL_NAME, FILE_FIELD(error),
	  .help = "the first damage that was met" },
	{ .name = NULL },
};

static const struct column step_columns[] = {
	{ .name = "snapshot", .type = COL_COUNT, STEP(snapshot),
	  .help = "which of the snapshots, from 0 on" },
	{ .name = "step", .type = COL_INT, STEP(step),
	  .help = "the checkpoint's, as the training counts" },
	{ .name = "value", .type = COL_ELEMENT, STEP(value), .help = "as it is stored" },
	{ .name = "recorded_at", .type = COL_INT, STEP(recorded_at), .null = NO_VALUE,
	  .help = "the step at which it was recorded" },
	{ .name = "time", .type = COL_TIME, STEP(wall_time), .null = NO_TIME,
	  .help = "when it was recorded" },
	{ .name = NULL },
};

const struct column scalar_columns[] = {
	{ .name = "run", .type = COL_NAME, FIELD(run), .rare = true,
	  .help = "name of the folder of its event files; null: the folder itself" },
	{ .name = "tag", .title = "SCALAR", .type = COL_NAME, FIELD(tag),
	  .help = "what it is called" },
	{ .name = "lowest", .type = COL_ELEMENT, FIELD(lowest),
	  .help = "of the values at the checkpoints" },
	{ .name = "highest", .type = COL_ELEMENT, FIELD(highest),
	  .help = "likewise" },
	{ .name = "trend", .type = COL_TEXT, FIELD(trend), .show = SHOW_TEXT,
	  .help = "a bar for each checkpoint, from the lowest to the highest" },
	{ .name = "steps", .type = COL_ROWS, FIELD(steps), .show = SHOW_JSON,
	  .sub = step_columns, .stride = sizeof(struct scalar_step_row),
	  .help = "one for each snapshot" },
	{ .name = NULL },
};

/* --- event files ------------------------------------------------------------------- */

int scalars_files(struct arena *a, const char *folder, struct event_file_row **rows,
		  size_t *n, struct ckpt_error *err)
{
	struct event_file *files;
	*n = 0;
	if (event_files_find(a, folder, &files, n, err))
		return -1;
	*rows = arena_zeroed(a, *n + 1, sizeof **rows);
	if (!*rows)
		return arena_error(a, err);
	for (size_t i = 0; i < *n; i++)
		(*rows)[i] = (struct event_file_row){
			.null = (files[i].time ? 0 : NO_TIME) | NOT_TORN,
			.path = cell_of(files[i].path),
			.run = cell_of(files[i].run),
			.size_bytes = files[i].size,
			.time = files[i].time,
		};
	return 0;
}

/* --- values ------------------------------------------------------------------------ */

static double real_of(const struct cell_element *e)
{
	if (!e->dtype)
		return NAN;
	return e->dtype->kind == KIND_FLOAT ? dtype_real(e->dtype, e->bytes)
	       : e->dtype->kind == KIND_INT ? (double)dtype_int(e->dtype, e->bytes)
					    : (double)dtype_uint(e->dtype, e->bytes);
}

/* "0.5841", or "0.5841@20" if it was recorded at another step. */
static struct cell_text value_text(struct arena *a, const struct scalar_step_row *step)
{
	char number[2 * NUMBER_MAX], at[NUMBER_MAX];
	const struct cell_element *e = &step->value;
	const double v = real_of(e);
	const char *text = number;
	if (!e->dtype)
		return cell_of("-");
	if (e->dtype->kind != KIND_FLOAT)
		dtype_element_text(e->dtype, e->bytes, number);
	else if (isfinite(v))
		number_short(number, v, REAL_DIGITS);
	else
		text = isnan(v) ? "NaN" : v < 0 ? "-Inf" : "Inf";
	if (step->recorded_at == step->step)
		return cell_of(arena_copy(a, text, strlen(text)));
	number_i64(at, step->recorded_at);
	return cell_of(arena_printf(a, "%s@%s", text, at));
}

static const char *bar_of(const struct scalar_row *row, const struct scalar_step_row *s)
{
	static const char *const bars[] = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
	enum { BARS = 8, HALF = 4 };
	const double v = real_of(&s->value);
	if (!s->value.dtype)
		return "-";
	if (!isfinite(v))
		return "!";
	/* Halves, so that no difference of finite numbers overflows. */
	const double low = real_of(&row->lowest) / 2, high = real_of(&row->highest) / 2;
	if (high <= low)
		return bars[HALF - 1];
	const int level = (int)((v / 2 - low) / (high - low) * BARS);
	return bars[level < 0 ? 0 : level < BARS ? level : BARS - 1];
}

static bool add_trend(struct scalar_row *row, struct arena *a)
{
	enum { MOST = 40 };
	const struct scalar_step_row *steps = row->steps.p;
	const size_t n = row->steps.n, shown = n < MOST ? n : MOST;
	char *text = arena_alloc(a, shown * sizeof "▁" + 1);
	size_t len = 0;
	for (size_t i = 0; text && i < shown; i++) {
		/* Of several the last that has a value stands for all. */
		size_t k = (i + 1) * n / shown - 1;
		while (!steps[k].value.dtype && k > i * n / shown)
			k--;
		const char *bar = bar_of(row, &steps[k]);
		memcpy(text + len, bar, strlen(bar));
		len += strlen(bar);
	}
	row->trend = (struct cell_text){ text, len };
	return text != NULL;
}

/* The checkpoint that column i of so many shows. */
static size_t shown_step(size_t i, size_t n)
{
	return n <= SCALARS_SHOWN ? i : i ? n - 1 : 0;
}

static size_t n_shown(size_t n)
{
	return n <= SCALARS_SHOWN ? n : 2;
}

bool scalars_sum_up(struct scalar_row *row, struct arena *a)
{
	const struct scalar_step_row *steps = row->steps.p;
	const size_t n = row->steps.n;
	for (size_t k = 0; k < n; k++) {
		const double v = real_of(&steps[k].value);
		if (!isfinite(v))
			continue;
		if (!row->lowest.dtype || v < real_of(&row->lowest))
			row->lowest = steps[k].value;
		if (!row->highest.dtype || v > real_of(&row->highest))
			row->highest = steps[k].value;
	}
	row->lowest.digits = row->highest.digits = REAL_DIGITS;
	for (size_t i = 0; i < n_shown(n); i++) {
		row->shown[i] = value_text(a, &steps[shown_step(i, n)]);
		if (!row->shown[i].p)
			return false;
	}
	return add_trend(row, a);
}

const struct column *scalars_text_columns(const struct scalars *s, struct arena *a)
{
	const size_t shown = n_shown(s->n_at);
	char number[NUMBER_MAX];
	size_t n = 0, at = 0;
	while (scalar_columns[n].name)
		n++;
	struct column *all = arena_zeroed(a, n + shown + 1, sizeof *all);
	for (size_t i = 0; all && i < n; i++) {
		all[at++] = scalar_columns[i];
		for (size_t k = 0; k < shown && !strcmp(scalar_columns[i].name, "tag");
		     k++) {
			number_i64(number, s->at[shown_step(k, s->n_at)].step);
			const char *name = arena_copy(a, number, strlen(number));
			if (!name)
				return NULL;
			all[at++] = (struct column){ .name = name, .type = COL_TEXT,
						     FIELD(shown[k]) };
		}
	}
	return all;
}
