/* history_mark.h — what became of a tensor, or of a scope, in a snapshot, as one sign.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef REPORT_HISTORY_MARK_H
#define REPORT_HISTORY_MARK_H

#include "base/arena.h"
#include "report/column.h"

/* The weaker come first: where a sign stands for many intervals, it is the strongest. */
enum mark_kind {
	MARK_SAME,
	MARK_ABSENT,
	MARK_DRIFT,
	MARK_CHANGED, /* no drift is known */
	MARK_ADDED,
	MARK_RESHAPED,
	MARK_UNKNOWN,
	MARK_INF,
	MARK_NAN,
};

struct mark {
	enum mark_kind kind;
	double drift; /* of MARK_DRIFT: ‖Δ‖ / ‖previous‖ */
};

/* The mark of a change; drift may be NaN: none is known. */
struct mark mark_change(double drift);
/* A word, or the drift in two digits; of the arena. */
struct cell_text mark_text(struct arena *a, struct mark m);
/* A sign for each mark; where they are many, for several of them. */
struct cell_text mark_trend(struct arena *a, const struct mark *marks, size_t n);

#endif
