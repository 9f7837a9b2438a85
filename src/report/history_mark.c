/* history_mark.c — what became of a tensor, or of a scope, in a snapshot, as one sign.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Bars have the same scale in every table, half a power of ten each: the lowest is below
 * 10^-3, the highest from 1 on. So bars of two runs can be compared.
 */
#include "config.h"

#include "report/history_mark.h"

#include <math.h>
#include <string.h>

#include "base/number.h"

enum { TREND_MOST = 40, BARS = 8, DRIFT_DIGITS = 2 };

static const char *const bars[BARS] = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };

/* Of all kinds but MARK_DRIFT. */
static const struct {
	const char *sign, *word;
} signs[] = {
	[MARK_SAME] = { "·", "·" },	   [MARK_ABSENT] = { "-", "-" },
	[MARK_CHANGED] = { "~", "~" },	   [MARK_ADDED] = { "+", "added" },
	[MARK_RESHAPED] = { "≠", "reshaped" }, [MARK_UNKNOWN] = { "?", "?" },
	[MARK_INF] = { "!", "Inf" },	   [MARK_NAN] = { "!", "NaN" },
};

struct mark mark_change(double drift)
{
	return (struct mark){ drift > 0 ? MARK_DRIFT : MARK_CHANGED, drift };
}

static const char *sign_of(struct mark m)
{
	if (m.kind != MARK_DRIFT)
		return signs[m.kind].sign;
	const double level = floor(2 * log10(m.drift)) + BARS - 1;
	return bars[level < 0 ? 0 : level > BARS - 1 ? BARS - 1 : (int)level];
}

static bool weaker(struct mark a, struct mark b)
{
	if (a.kind != b.kind)
		return a.kind < b.kind;
	return a.kind == MARK_DRIFT && a.drift < b.drift;
}

struct cell_text mark_text(struct arena *a, struct mark m)
{
	char number[NUMBER_MAX];
	if (m.kind != MARK_DRIFT)
		return cell_of(signs[m.kind].word);
	return cell_of(arena_copy(a, number, number_digits(number, m.drift,
							   DRIFT_DIGITS)));
}

struct cell_text mark_trend(struct arena *a, const struct mark *marks, size_t n)
{
	const size_t shown = n < TREND_MOST ? n : TREND_MOST;
	char *text = arena_alloc(a, shown * sizeof "▁" + 1);
	size_t len = 0;
	for (size_t i = 0; text && i < shown; i++) {
		struct mark most = marks[i * n / shown];
		for (size_t k = i * n / shown; k < (i + 1) * n / shown; k++)
			most = weaker(most, marks[k]) ? marks[k] : most;
		const char *sign = sign_of(most);
		memcpy(text + len, sign, strlen(sign));
		len += strlen(sign);
	}
	return (struct cell_text){ text, len };
}
