/* plot.c — bars with an axis, and a map of greys.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "tui/plot.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "base/text.h"

enum { COUNTS = 7, EIGHTHS = 8, DIGITS = 3, BLOCK_WIDTH = 2 };

/* --- the axis of counts ------------------------------------------------------------ */

/* 1, 2 or 5 times a power of ten: the least of which no more than lines reach most. */
static uint64_t tick_of(uint64_t most, int lines)
{
	static const uint64_t parts[] = { 1, 2, 5 };
	for (uint64_t ten = 1;; ten *= 10)
		for (int i = 0; i < 3; i++)
			if (most / (ten * parts[i]) <= (uint64_t)lines ||
			    ten > UINT64_MAX / 100)
				return ten * parts[i];
}

/* "60k": a tick, which is round. */
static void tick_text(uint64_t v, char *out, size_t cap)
{
	static const char *const units[] = { "", "k", "M", "G", "T", "P", "E" };
	size_t unit = 0;
	while (v >= 10000 || (v >= 1000 && v % 1000 == 0)) {
		v /= 1000;
		unit++;
	}
	snprintf(out, cap, "%" PRIu64 "%s", v, units[unit]);
}

/* --- bars -------------------------------------------------------------------------- */

void plot_limit(const struct bar *b, bool high, bool log2, char *out, size_t cap)
{
	char text[NUMBER_MAX];
	if (log2) {
		snprintf(out, cap, "2^%" PRId64, high ? b->to : b->from);
		return;
	}
	number_short(text, high ? b->high : b->low, DIGITS);
	snprintf(out, cap, "%.60s", text);
}

static int room_of(const struct area *area)
{
	const int room = area->cols - COUNTS - 3;
	return room > 2 ? room : 2;
}

size_t plot_bars_most(const struct area *area)
{
	return (size_t)room_of(area);
}

static void draw_bar(int top, int rows, int col, int width, uint64_t eighths, int style)
{
	static const char *const part[] = { " ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
	for (int y = 0; y < rows; y++) {
		const uint64_t below = (uint64_t)y * EIGHTHS;
		const uint64_t here = eighths > below ? eighths - below : 0;
		for (int x = 0; x < width && here; x++)
			term_text(top + rows - 1 - y, col + x, 1, style,
				  part[here < EIGHTHS ? here : EIGHTHS]);
	}
}

static void draw_counts(int top, int rows, uint64_t most)
{
	char text[32];
	const uint64_t tick = tick_of(most, rows / 2 ? rows / 2 : 1);
	for (int y = 0; y < rows; y++)
		term_text(top + y, COUNTS, 1, STYLE_DIM, SIGN_WALL);
	for (uint64_t v = tick; v <= most && tick; v += tick) {
		const int up = (int)((double)v / (double)most * rows + 0.5);
		tick_text(v, text, sizeof text);
		if (up > 0)
			term_right(top + rows - up, COUNTS - 1, COUNTS - 1, STYLE_DIM,
				   text);
	}
	term_right(top + rows, COUNTS - 1, COUNTS - 1, STYLE_DIM, "0");
}

/* The limits at both ends and in the middle. */
static void draw_limits(int row, const struct bar *bars, size_t n, int width, bool log2)
{
	char text[64];
	const int begin = COUNTS + 1, end = begin + (int)n * width;
	plot_limit(&bars[0], false, log2, text, sizeof text);
	const int used = begin + term_text(row, begin, width * (int)n, STYLE_DIM, text);
	plot_limit(&bars[n - 1], true, log2, text, sizeof text);
	const int right =
		(int)strlen(text) > end - used ? used + 2 + (int)strlen(text) : end;
	const int last = term_right(row, right, right - used, STYLE_DIM, text);
	plot_limit(&bars[n / 2], false, log2, text, sizeof text);
	const int at = begin + (int)(n / 2) * width - (int)strlen(text) / 2;
	if (n > 2 && at > used + 1 && at + (int)strlen(text) + 1 < last)
		term_text(row, at, (int)strlen(text), STYLE_DIM, text);
}

void plot_bars(const struct area *area, const struct bar *bars, size_t n, size_t marked,
	       bool log2)
{
	const int rows = area->rows - 2;
	const int width = (int)n < room_of(area) ? room_of(area) / (int)n : 1;
	uint64_t most = 0;
	if (!n || rows < 1)
		return;
	for (size_t i = 0; i < n; i++)
		most = bars[i].count > most ? bars[i].count : most;
	draw_counts(area->top, rows, most);
	for (size_t i = 0; i < n; i++) {
		const double share = (double)bars[i].count / (double)most;
		uint64_t eighths = (uint64_t)(share * rows * EIGHTHS + 0.5);
		eighths += bars[i].count && !eighths; /* what is there is seen */
		draw_bar(area->top, rows, COUNTS + 1 + (int)i * width, width, eighths,
			 i == marked ? STYLE_MATCH : STYLE_BAR);
	}
	const int floor_row = area->top + rows;
	term_text(floor_row, COUNTS, 1, STYLE_DIM, SIGN_CORNER);
	for (int x = 0; x < (int)n * width; x++)
		term_text(floor_row, COUNTS + 1 + x, 1, STYLE_DIM, SIGN_FLOOR);
	for (int x = 0; x < width; x++) /* the cursor for those who see no colours */
		term_text(floor_row, COUNTS + 1 + (int)marked * width + x, 1, STYLE_MATCH,
			  SIGN_UP);
	term_cursor(floor_row, COUNTS + 1 + (int)marked * width);
	draw_limits(floor_row + 1, bars, n, width, log2);
}

/* --- the map ----------------------------------------------------------------------- */

void plot_heat_most(const struct area *area, int labels, size_t *rows, size_t *cols)
{
	const int room = (area->cols - labels - 4) / BLOCK_WIDTH;
	*rows = area->rows > 0 ? (size_t)area->rows : 1;
	*cols = room > 0 ? (size_t)room : 1;
}

/* From 0 to 1. */
static double share_of(const struct heat *h, double v)
{
	if (!(h->high > h->low))
		return 0.5;
	/* Halves, so that the distance is finite. */
	return (v / 2 - h->low / 2) / (h->high / 2 - h->low / 2);
}

static void draw_block(const struct heat *h, const struct heat_block *b, int row, int col)
{
	static const char *const shades[] = { " ", "░", "▒", "▓", "█" };
	static const char *const ascii[] = { " ", ".", ":", "-", "=",
					     "+", "*", "#", "%", "@" };
	if (b->nan || b->inf) {
		term_text(row, col, BLOCK_WIDTH, STYLE_BAD, b->nan ? "NN" : "II");
		return;
	}
	if (!b->finite) /* nothing lies there */
		return;
	const double share = share_of(h, b->mean);
	if (term_greys()) {
		const int n = term_greys();
		const int level = (int)(share * n);
		term_grey(row, col, BLOCK_WIDTH, level < n ? level : n - 1);
		return;
	}
	const int n = term_signs() ? 5 : 10;
	int level = (int)(share * n);
	level = level < n ? level : n - 1;
	for (int i = 0; i < BLOCK_WIDTH; i++)
		term_text(row, col + i, 1, STYLE_PLAIN,
			  term_signs() ? shades[level] : ascii[level]);
}

void plot_heat(const struct area *area, const struct heat *h, int labels,
	       const struct planes *planes)
{
	for (size_t i = 0; i < h->rows && (int)i < area->rows; i++) {
		char text[NUMBER_MAX];
		const int row = area->top + (int)i;
		number_i64(text, planes_row_label(planes, i * h->row_block));
		term_right(row, 2 + labels, labels, STYLE_HEAD, text);
		for (size_t k = 0; k < h->cols; k++)
			draw_block(h, heat_at(h, i, k), row,
				   2 + labels + 1 + (int)k * BLOCK_WIDTH);
	}
}
