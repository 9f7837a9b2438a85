/* history_columns.c — the columns of the rows of a history.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <string.h>

#include "base/number.h"
#include "report/history_null.h"
#include "report/history_row.h"

#define FIELD(field) .offset = offsetof(struct history_row, field)
#define STEP(field) .offset = offsetof(struct history_step_row, field)
#define SUM(field) .offset = offsetof(struct history_sum_row, field)
#define SINCE(name_, null_, help_)                                                       \
	{                                                                                \
		.name = #name_, .type = COL_INT, FIELD(name_), .show = SHOW_JSON,        \
		.null = null_, .help = help_                                             \
	}
#define FROM_FIRST                                                                       \
	{                                                                                \
		.name = "rel_l2_first", .title = "FROM FIRST", .type = COL_REAL,         \
		FIELD(rel_l2_first), .null = NULL_DRIFT,                                 \
		.help = "how far the last one has moved from the first, relative to it"  \
	}
#define TREND                                                                            \
	{                                                                                \
		.name = "trend", .type = COL_TEXT, FIELD(trend), .show = SHOW_TEXT,      \
		.help = "a sign for each interval, or for several"                       \
	}
#define EVIDENCE                                                                         \
	{                                                                                \
		.name = "evidence", .type = COL_TEXT, FIELD(evidence),                   \
		.show = SHOW_JSON,                                                       \
		.help = "read: values were compared; recorded: checksums"                \
	}

const struct column history_step_columns[] = {
	{ .name = "snapshot", .type = COL_COUNT, STEP(snapshot),
	  .help = "which of the snapshots, from 0 on" },
	{ .name = "step", .type = COL_INT, STEP(step), .help = "its step" },
	{ .name = "status", .type = COL_TEXT, STEP(status),
	  .help = "first, same, changed, added, removed, absent, reshaped, unreadable, "
		  "unknown" },
	{ .name = "class", .type = COL_TEXT, STEP(class),
	  .help = "what it is to the previous, as in diff" },
	{ .name = "changed", .type = COL_COUNT, STEP(changed), .null = NULL_PREVIOUS,
	  .help = "elements that are not the same value" },
	{ .name = "max_abs", .type = COL_ELEMENT, STEP(max_abs),
	  .help = "largest change of a finite element" },
	{ .name = "l2_delta", .type = COL_REAL, STEP(l2_delta), .null = NULL_L2,
	  .help = "norm of the change" },
	{ .name = "rel_l2", .type = COL_REAL, STEP(rel_l2), .null = NULL_REL,
	  .help = "drift: that norm, relative to the norm of the previous" },
	{ .name = "rel_l2_first", .type = COL_REAL, STEP(rel_l2_first),
	  .null = NULL_DRIFT, .help = "the same from the first snapshot that has it" },
	{ .name = "cosine", .type = COL_REAL, STEP(cosine), .null = NULL_COSINE,
	  .help = "of the angle to the previous" },
	{ .name = "nan", .type = COL_COUNT, STEP(nan), .null = NULL_NAN,
	  .help = "NaN in it" },
	{ .name = "inf", .type = COL_COUNT, STEP(inf), .null = NULL_NAN,
	  .help = "infinities in it" },
	{ .name = "error", .type = COL_NAME, STEP(error),
	  .help = "why it could not be read" },
	{ .name = NULL },
};

#define COUNTED(name_, help_)                                                            \
	{                                                                                \
		.name = #name_, .type = COL_COUNT, SUM(name_), .help = help_             \
	}
#define SUMS                                                                             \
	COUNTED(tensors, "that it has"), COUNTED(same, "tensors that did not change"),   \
		COUNTED(changed, "tensors that did"),                                    \
		COUNTED(added, "tensors that were not in the one before"),               \
		COUNTED(removed, "tensors that were"),                                   \
		COUNTED(reshaped, "tensors with another dtype or shape"),                \
		COUNTED(unreadable, "tensors that could not be read"),                   \
		COUNTED(unknown, "tensors that could not be compared"),                  \
		{ .name = "max_abs", .type = COL_REAL, SUM(max_abs), .null = NULL_L2,    \
		  .help = "largest |change| in a real tensor" },                         \
		{ .name = "l2_delta", .type = COL_REAL, SUM(l2_delta), .null = NULL_L2,  \
		  .help = "norm of the change of all real tensors together" },           \
		{ .name = "rel_l2", .type = COL_REAL, SUM(rel_l2), .null = NULL_REL,     \
		  .help = "that, relative to the norm of the previous" },                \
		{ .name = "rel_l2_first", .type = COL_REAL, SUM(rel_l2_first),           \
		  .null = NULL_DRIFT, .help = "the same from the first" },               \
		{ .name = "nan", .type = COL_COUNT, SUM(nan), .null = NULL_NAN,          \
		  .help = "NaN in all of them" },                                        \
		{ .name = "inf", .type = COL_COUNT, SUM(inf), .null = NULL_NAN,          \
		  .help = "infinities in all of them" },                                 \
		{ .name = NULL }

const struct column history_scope_step_columns[] = {
	COUNTED(snapshot, "which of the snapshots, from 0 on"),
	{ .name = "step", .type = COL_INT, SUM(step), .help = "its step" },
	SUMS,
};

const struct column history_total_columns[] = {
	COUNTED(snapshot, "which of the snapshots, from 0 on"),
	{ .name = "step", .type = COL_INT, SUM(step), .help = "its step" },
	{ .name = "step_source", .type = COL_TEXT, SUM(step_source),
	  .help = "where the step stands" },
	{ .name = "path", .type = COL_NAME, SUM(path), .help = "its prefix" },
	SUMS,
};

const struct column history_columns[] = {
	{ .name = "name", .type = COL_NAME, FIELD(name), .help = "the tensor's name" },
	{ .name = "dtype", .type = COL_TEXT, FIELD(dtype), .show = SHOW_LONG,
	  .help = "in the last snapshot that has it" },
	{ .name = "shape", .type = COL_INTS, FIELD(shape), .show = SHOW_LONG,
	  .null = NULL_SHAPE, .help = "likewise" },
	{ .name = "elements", .type = COL_COUNT, FIELD(elements), .show = SHOW_LONG,
	  .null = NULL_SHAPE, .help = "likewise" },
	EVIDENCE,
	FROM_FIRST,
	TREND,
	{ .name = "state", .type = COL_TEXT, FIELD(state), .help = "all of it in words" },
	{ .name = "frozen", .type = COL_BOOL, FIELD(frozen), .show = SHOW_JSON,
	  .help = "it never changed" },
	SINCE(frozen_since, NULL_FROZEN_SINCE,
	      "the step of its last change, if two intervals or more have passed"),
	SINCE(nan_since, NULL_NAN_SINCE, "the first step with a NaN"),
	SINCE(inf_since, NULL_INF_SINCE, "the first step with an infinity"),
	SINCE(added_at, NULL_ADDED, "the first step that has it, but for the very first"),
	SINCE(removed_at, NULL_REMOVED, "the first step that does not have it any more"),
	SINCE(reshaped_at, NULL_RESHAPED, "the first step with another dtype or shape"),
	{ .name = "rule", .type = COL_NAME, FIELD(rule), .show = SHOW_JSON,
	  .help = "the last line of the rules that matches" },
	{ .name = "violation", .type = COL_TEXT, FIELD(violation), .rare = true,
	  .help = "what the rules do not allow" },
	{ .name = NULL },
};

const struct column history_scope_columns[] = {
	{ .name = "path", .title = "SCOPE", .type = COL_NAME, FIELD(name),
	  .help = "the scope's, or the tensor's name" },
	{ .name = "tensors", .type = COL_COUNT, FIELD(tensors), .help = "in it" },
	EVIDENCE,
	FROM_FIRST,
	TREND,
	{ .name = "state", .type = COL_TEXT, FIELD(state), .help = "all of it in words" },
	{ .name = "frozen", .type = COL_BOOL, FIELD(frozen), .show = SHOW_JSON,
	  .help = "none of its tensors ever changed" },
	{ .name = "frozen_tensors", .type = COL_COUNT, FIELD(frozen_tensors),
	  .show = SHOW_JSON, .help = "tensors of it that never changed" },
	SINCE(nan_since, NULL_NAN_SINCE, "the first step with a NaN"),
	SINCE(inf_since, NULL_INF_SINCE, "the first step with an infinity"),
	{ .name = NULL },
};

/* --- for text ---------------------------------------------------------------------- */

static bool number_of_step(struct arena *a, int64_t step, const char **text)
{
	char number[NUMBER_MAX];
	return (*text = arena_copy(a, number, number_i64(number, step))) != NULL;
}

const struct column *history_text_columns(const struct history *h, struct arena *a,
					  const struct column *columns)
{
	const size_t intervals = h->n_snapshots - 1;
	const size_t shown = intervals > HISTORY_SHOWN ? 0 : intervals;
	size_t n = 0, at = 0;
	while (columns[n].name)
		n++;
	struct column *all = arena_zeroed(a, n + shown + 1, sizeof *all);
	for (size_t i = 0; all && i < n; i++) {
		for (size_t k = 0; k < shown && !strcmp(columns[i].name, "rel_l2_first");
		     k++) {
			const char *name;
			if (!number_of_step(a, h->snapshots[k + 1].step, &name))
				return NULL;
			all[at++] = (struct column){ .name = name, .type = COL_TEXT,
						     FIELD(shown[k]) };
		}
		all[at] = columns[i];
		if (!strcmp(columns[i].name, "rel_l2_first") && h->query->recorded)
			all[at].show = SHOW_JSON;
		at++;
	}
	return all;
}
