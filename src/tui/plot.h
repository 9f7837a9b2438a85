/* plot.h — bars with an axis, and a map of greys.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TUI_PLOT_H
#define TUI_PLOT_H

#include "report/heat.h"
#include "report/stats.h"
#include "tui/view.h"

/* How many bars an area has room for. */
size_t plot_bars_most(const struct area *area);
/* One of the bars is marked. log2: they are labelled with powers of two. */
void plot_bars(const struct area *area, const struct bar *bars, size_t n, size_t marked,
	       bool log2);
/* A limit of a bar as text: "0.25", "2^-3". */
void plot_limit(const struct bar *b, bool high, bool log2, char *out, size_t cap);

/* How many blocks an area has room for, with labels of so many columns. */
void plot_heat_most(const struct area *area, int labels, size_t *rows, size_t *cols);
/* label: the text of the index of a row, in labels columns. */
void plot_heat(const struct area *area, const struct heat *h, int labels,
	       const struct planes *planes);

#endif
