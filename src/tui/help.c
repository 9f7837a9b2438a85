/* help.c — the keys of a view, as help and as a footer, from the table that dispatches.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "tui/app.h"

enum { KEYS_WIDTH = 8, HELP_WIDTH = 25, GROUP_WIDTH = 6, MOST_LINES = 96 };

/* A line of help. */
struct line {
	const char *group, *help;
	char keys[64];
};

/* The keys that do it in this view: what another binding has taken is left out. */
static void keys_text(const struct key_binding *own, const struct key_binding *b,
		      char *out, size_t cap)
{
	size_t n = 0;
	out[0] = '\0';
	for (const char *p = b->keys; *p;) {
		const size_t len = strcspn(p, " ");
		const struct key_binding one = { .keys = p };
		char shown[16];
		p += len + (p[len] == ' ');
		if (key_binding_of(own, key_named(one.keys, len)) != b)
			continue;
		const int k = snprintf(out + n, cap - n, "%s%s", n ? " " : "",
				       key_shown(&one, shown));
		n += k > 0 ? (size_t)k : 0;
		if (n >= cap)
			return;
	}
}

/* All lines, those of a group together, groups in the order in which they come up. */
static size_t collect(const struct app *a, struct line lines[MOST_LINES])
{
	const struct key_binding *const tables[] = { move_keys, a->top->ops->keys,
						     common_keys };
	const char *groups[24];
	size_t n_groups = 0, n = 0;
	for (size_t t = 0; t < 3; t++)
		for (const struct key_binding *b = tables[t]; b->action; b++) {
			size_t g = 0;
			while (g < n_groups && strcmp(groups[g], b->group))
				g++;
			if (g == n_groups && n_groups < 24)
				groups[n_groups++] = b->group;
		}
	for (size_t g = 0; g < n_groups; g++)
		for (size_t t = 0; t < 3; t++)
			for (const struct key_binding *b = tables[t]; b->action; b++) {
				if (strcmp(groups[g], b->group) || n == MOST_LINES)
					continue;
				lines[n].group = b->group;
				lines[n].help = b->help;
				keys_text(a->top->ops->keys, b, lines[n].keys,
					  sizeof lines[n].keys);
				n += lines[n].keys[0] != '\0';
			}
	return n;
}

void help_draw(const struct app *a, const struct area *area)
{
	struct line lines[MOST_LINES];
	const size_t n = collect(a, lines);
	const int width = GROUP_WIDTH + KEYS_WIDTH + HELP_WIDTH;
	const int across = area->cols >= 2 * width + 2 ? 2 : 1;
	const int rows = area->rows - 1;
	const size_t per = (n + (size_t)across - 1) / (size_t)across;
	size_t top = a->help_top;
	if (per <= (size_t)rows)
		top = 0;
	else if (top > per - (size_t)rows)
		top = per - (size_t)rows;
	term_format(area->top, 1, area->cols, STYLE_TITLE, "keys: %s", a->top->ops->name);
	term_right(area->top, area->cols - 1, area->cols / 2, STYLE_DIM,
		   per <= (size_t)rows ? "any key closes"
		   : area->cols < 60   ? "j k: more"
				       : "j k scroll, any other key closes");
	for (int x = 0; x < across; x++)
		for (int y = 0; y < rows; y++) {
			const size_t i = (size_t)x * per + top + (size_t)y;
			if (top + (size_t)y >= per || i >= n)
				continue;
			const struct line *l = &lines[i];
			const int row = area->top + 1 + y, col = 1 + x * width;
			const bool first = !y || !i ||
					   strcmp(l->group, lines[i - 1].group);
			term_text(row, col, GROUP_WIDTH - 1, STYLE_SCOPE,
				  first ? l->group : "");
			term_text(row, col + GROUP_WIDTH, KEYS_WIDTH - 1, STYLE_KEY,
				  l->keys);
			term_text(row, col + GROUP_WIDTH + KEYS_WIDTH,
				  area->cols - col - GROUP_WIDTH - KEYS_WIDTH - 1,
				  STYLE_PLAIN, l->help);
		}
}

/* "↵ open" and two blanks; 0 if there is no room for it before end. */
static int put_footer(int row, int col, int end, const char *key, const char *text)
{
	const int w = (int)(text_width(key, strlen(key)) + 1 +
			    text_width(text, strlen(text)));
	if (col + w > end)
		return 0;
	col += term_text(row, col, end - col, STYLE_KEY, key) + 1;
	term_text(row, col, end - col, STYLE_PLAIN, text);
	return w + 2;
}

void footer_draw(const struct app *a, int row)
{
	static const struct key_binding help = { ACT_HELP, "?", NULL, NULL, NULL };
	const char *last = a->top->below ? "back" : "quit";
	const int end = term_cols() - (int)sizeof " ? help  q back";
	char shown[16];
	int col = 1;
	if (a->asking) {
		col += put_footer(row, col, term_cols(), term_signs() ? "↵" : "Enter",
				  "take it");
		put_footer(row, col, term_cols(), "Esc", "leave it");
		return;
	}
	for (const struct key_binding *b = a->top->ops->keys; b->action && !a->help; b++)
		if (b->footer)
			col += put_footer(row, col, end, key_shown(b, shown), b->footer);
	col += put_footer(row, col, term_cols(), key_shown(&help, shown), "help");
	put_footer(row, col, term_cols(), "q", a->help ? "close" : last);
}
