/* stats_bars.c — the bins of a tensor put together to a few bars.
 * SPDX-License-Identifier: Apache-2.0
 *
 * As many bins go into a bar, a power of two of linear ones, as it takes to have no more
 * than are wanted; they begin at multiples of their width, so that limits are round.
 */
#include "config.h"

#include <math.h>
#include <string.h>

#include "report/stats.h"

/* a / b, rounded down. */
static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/* How many bars of so many bins there are. */
static int64_t bars_of(const struct stats_bins *bins, int64_t group)
{
	if (!bins->n)
		return 0;
	return floor_div(bins->all[bins->n - 1].at, group) -
	       floor_div(bins->all[0].at, group) + 1;
}

static size_t put_together(const struct stats_bins *bins, int64_t group, struct bar *bars)
{
	const size_t n = (size_t)bars_of(bins, group);
	const int64_t first = n ? floor_div(bins->all[0].at, group) : 0;
	for (size_t i = 0; i < n; i++)
		bars[i] = (struct bar){ .from = (first + (int64_t)i) * group,
					.to = (first + (int64_t)i + 1) * group };
	for (size_t i = 0; i < bins->n; i++)
		bars[floor_div(bins->all[i].at, group) - first].count +=
			bins->all[i].count;
	return n;
}

size_t stats_bars_up_to(const struct stats_found *f, bool log2, size_t most,
			struct bar *bars)
{
	const struct stats_bins *bins = log2 ? &f->log2 : &f->linear;
	int64_t group = 1;
	while (bars_of(bins, group) > (int64_t)most)
		group = log2 ? group + 1 : group * 2;
	const size_t n = put_together(bins, group, bars);
	for (size_t i = 0; i < n && !log2; i++) {
		bars[i].low = ldexp((double)bars[i].from, f->width_exponent);
		bars[i].high = ldexp((double)bars[i].to, f->width_exponent);
	}
	return n;
}

size_t stats_bars(const struct stats_found *f, struct bar bars[BARS_MOST])
{
	return stats_bars_up_to(f, false, BARS_MOST, bars);
}

size_t stats_bars_log2(const struct stats_found *f, struct bar bars[BARS_MOST])
{
	return stats_bars_up_to(f, true, BARS_MOST, bars);
}

const char *stats_sparkline(struct arena *a, const struct stats_found *f)
{
	static const char *const heights[] = { "·", "▁", "▂", "▃", "▄",
					       "▅", "▆", "▇", "█" };
	enum { MOST = 8, BYTES = 4 };
	struct bar bars[BARS_MOST];
	const size_t n = stats_bars(f, bars);
	if (!n || f->moments.elements < 2)
		return NULL;
	uint64_t most = 0;
	for (size_t i = 0; i < n; i++)
		most = bars[i].count > most ? bars[i].count : most;
	char *text = arena_zeroed(a, n * BYTES + 1, 1);
	char *end = text;
	for (size_t i = 0; text && i < n; i++) {
		const double height = ceil(MOST * (double)bars[i].count / (double)most);
		const char *c = heights[(int)height];
		memcpy(end, c, strlen(c));
		end += strlen(c);
	}
	return text;
}
