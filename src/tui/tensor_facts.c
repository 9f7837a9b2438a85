/* tensor_facts.c — what is known of a tensor in two lines: where it is, and its numbers.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "base/text.h"
#include "tui/tensor.h"

bool tensor_is_number(const struct tensor *t)
{
	return !t->t->problem && ckpt_dtype_size(t->t->dtype);
}

/* --- what is known of the checksum ------------------------------------------------- */

static bool has_checksums(const struct ckpt_tensor *t)
{
	for (uint32_t i = 0; i < t->n_pieces; i++)
		if (!t->pieces[i].has_crc32c && !t->pieces[i].in_block)
			return false;
	return t->n_pieces > 0;
}

static const char *checksum_state(const struct tensor *t, int *style)
{
	const struct ckpt_error *err =
		t->item && t->item->error ? t->item->error : grid_error(&t->grid);
	*style = STYLE_BAD;
	if (err)
		return err->detail == DETAIL_CHECKSUM ? "checksum mismatch"
		       : t->t->problem		      ? "malformed"
						      : "cannot be read";
	*style = STYLE_DIM;
	if (!has_checksums(t->t))
		return "no checksum";
	if (!t->item && !cells_checked(&t->grid.cells, 0))
		return t->sweeping ? "checking" SIGN_MORE : "not checked";
	*style = STYLE_GOOD;
	return "crc32c ok";
}

/* --- the line of facts ------------------------------------------------------------- */

/* Where it is stored: "shard 0 @0x1a3c00", "3 slices". */
static void where_text(const struct tensor *t, char *out, size_t cap)
{
	const struct ckpt_tensor *k = t->t;
	out[0] = '\0';
	if (k->n_pieces > 1)
		snprintf(out, cap, "%u slices", k->n_pieces);
	else if (k->n_pieces && !k->pieces->in_block)
		snprintf(out, cap, "shard %u @0x%" PRIx64, k->pieces->shard,
			 k->pieces->offset);
}

/* dtype, shape · values · bytes · where · checksum: what is needed least leaves first. */
void tensor_draw_facts(const struct tensor *t, int row, int cols)
{
	static const int drops[] = { 2, 1, 3 }; /* where, values, bytes */
	char parts[5][2 * NUMBER_MAX] = { "" };
	const int last = 4;
	int style, width = 0, dropped = 0;
	if (!t->t->problem) {
		snprintf(parts[0], sizeof parts[0], "%s %s", ckpt_dtype_name(t->t->dtype),
			 t->shape);
		const size_t n = number_grouped(parts[1], t->t->elements);
		snprintf(parts[1] + n, sizeof parts[1] - n, " value%s",
			 t->t->elements == 1 ? "" : "s");
		number_bytes(parts[3], t->t->size_bytes);
		where_text(t, parts[2], sizeof parts[2]);
	}
	snprintf(parts[last], sizeof parts[last], "%s", checksum_state(t, &style));
	for (;;) {
		width = -3;
		for (int i = 0; i <= last; i++)
			width += parts[i][0]
					 ? (int)text_width(parts[i], strlen(parts[i])) + 3
					 : 0;
		if (width <= cols - 2 || dropped == 3)
			break;
		parts[drops[dropped++]][0] = '\0';
	}
	int col = 1;
	static const int order[] = { 0, 1, 3, 2, 4 };
	for (int i = 0; i <= last; i++) {
		const char *text = parts[order[i]];
		if (!*text)
			continue;
		if (col > 1)
			col += term_text(row, col, cols - 1 - col, STYLE_DIM,
					 " " SIGN_DOT " ");
		/* A shape may be wider than any screen. */
		const int room = i || width <= cols - 2
					 ? cols - 1 - col
					 : cols - 5 - (int)strlen(parts[last]);
		col += term_name(row, col, room, order[i] == last ? style : STYLE_PLAIN,
				 text, strlen(text));
	}
}

/* --- the line of numbers ----------------------------------------------------------- */

enum { N_SUMMARY = 7 };

static const struct {
	const char *name;
	size_t drop; /* in this order they leave */
} summary[N_SUMMARY] = {
	{ "min", 5 },	{ "max", 6 }, { "mean", 4 }, { "std", 3 },
	{ "zeros", 0 }, { "nan", 2 }, { "inf", 1 },
};

static void summary_text(const struct tensor *t, size_t i, char *out, size_t cap)
{
	column_text(column_named(stats_columns, summary[i].name), &t->row, out, cap);
}

/* NaN or infinities. */
static bool is_bad(const struct tensor *t, size_t i)
{
	return (!strcmp(summary[i].name, "nan") && t->row.nan) ||
	       (!strcmp(summary[i].name, "inf") && t->row.inf);
}

static int summary_width(const struct tensor *t, const bool shown[N_SUMMARY])
{
	char text[2 * NUMBER_MAX];
	int width = -2;
	for (size_t i = 0; i < N_SUMMARY; i++) {
		if (!shown[i])
			continue;
		summary_text(t, i, text, sizeof text);
		width += (int)(strlen(summary[i].name) + 3 + strlen(text));
	}
	return width;
}

/* "min -0.1993  max 0.2011  mean 1.4e-05 …", or why not. */
void tensor_draw_summary(const struct tensor *t, int row, int cols)
{
	char text[2 * NUMBER_MAX];
	int col = 1;
	if (!t->item) {
		number_bytes(text, t->t->size_bytes);
		if (tensor_is_number(t) && !t->swept &&
		    t->t->size_bytes > TENSOR_SWEPT_AT_ONCE)
			term_format(row, 1, cols - 2, STYLE_DIM,
				    "v checks it and finds min, max, NaN: reads %s",
				    text);
		return;
	}
	if (t->item->error) {
		term_text(row, 1, cols - 2, STYLE_BAD, t->item->error->text);
		return;
	}
	/* Where there is no room, those of least interest leave first. */
	bool shown[N_SUMMARY];
	for (size_t i = 0; i < N_SUMMARY; i++)
		shown[i] = true;
	for (size_t i = 0; i < N_SUMMARY && summary_width(t, shown) > cols - 2; i++)
		for (size_t k = 0; k < N_SUMMARY; k++)
			if (summary[k].drop == i && !is_bad(t, k))
				shown[k] = false;
	for (size_t i = 0; i < N_SUMMARY; i++) {
		if (!shown[i])
			continue;
		summary_text(t, i, text, sizeof text);
		col += term_text(row, col, cols - col, STYLE_DIM, summary[i].name) + 1;
		col += term_text(row, col, cols - col,
				 is_bad(t, i) ? STYLE_BAD : STYLE_PLAIN, text) +
		       2;
	}
}
