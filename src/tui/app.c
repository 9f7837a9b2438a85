/* app.c — the screen as a whole: the stack of views, the loop, the line that is typed.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Each turn waits for a key or a moment, whichever is first, and draws all of the screen
 * if anything has changed.
 */
#include "config.h"

#include "tui/app.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "base/text.h"
#include "tui/term_key.h"

enum { MOMENT_MS = 30, SMALL_ROWS = 10, LEAST_ROWS = 6, LEAST_COLS = 40 };

/* --- drawing ----------------------------------------------------------------------- */

static bool too_small(void)
{
	return term_rows() < LEAST_ROWS || term_cols() < LEAST_COLS;
}

/* "comparing 96/149  ▓▓▓▓▓░░░  1.3 of 2.0 GiB" and "^C stop" */
static void draw_progress(const struct progress *p, int row)
{
	enum { BAR = 20 };
	char text[3 * NUMBER_MAX], done[NUMBER_MAX], total[NUMBER_MAX];
	int col = 1;
	const double share = p->bytes_total
				     ? (double)p->bytes_done / (double)p->bytes_total
			     : p->total ? (double)p->done / (double)p->total
					: 0;
	snprintf(text, sizeof text, "%s", p->what);
	if (p->total) {
		number_grouped(done, p->done);
		number_grouped(total, p->total);
		snprintf(text, sizeof text, "%s %s/%s", p->what, done, total);
	}
	col += term_text(row, col, term_cols() - col, STYLE_PLAIN, text) + 2;
	for (int i = 0; i < BAR && p->bytes_total && term_cols() >= 60; i++)
		col += term_text(row, col, 1, STYLE_BAR,
				 i < (int)(share * BAR) ? SIGN_FULL : SIGN_EMPTY);
	if (p->bytes_total) {
		number_bytes(done, p->bytes_done < p->bytes_total ? p->bytes_done
								  : p->bytes_total);
		number_bytes(total, p->bytes_total);
		term_format(row, col + 2, term_cols() - col - 2, STYLE_PLAIN, "%s of %s",
			    done, total);
	}
	term_right(row, term_cols() - 1, 8, STYLE_DIM, "^C stop");
}

static void draw_prompt(const struct app *a, int row)
{
	int col = term_text(row, 1, term_cols() - 2, STYLE_KEY, a->label) + 1;
	const int room = term_cols() - col - 1;
	/* The end that is typed at is what is seen. */
	size_t from = 0;
	while (text_width(a->line + from, a->line_at - from) > (size_t)room)
		from++;
	term_put(row, col, room, STYLE_PLAIN, a->line + from, a->line_len - from);
	term_cursor(row, col + (int)text_width(a->line + from, a->line_at - from));
}

/* A message that is longer than a line takes those above it as well. */
static void draw_message(const struct app *a, int row)
{
	const int style = a->r.bad ? STYLE_BAD : STYLE_PLAIN, width = term_cols() - 2;
	const char *p = a->r.message;
	int lines = 1;
	for (size_t n = strlen(p), fit; (fit = text_fit(p, n, (size_t)width)) < n && fit;
	     p += fit, n -= fit)
		lines++;
	lines = lines < row ? lines : row;
	p = a->r.message;
	for (int y = row - lines + 1; y <= row; y++) {
		term_format(y, 0, term_cols(), STYLE_PLAIN, "%*s", term_cols(), "");
		p += text_fit(p, strlen(p), (size_t)term_text(y, 1, width, style, p));
	}
}

static void draw_status(const struct app *a, int row)
{
	char left[4096] = "", right[256] = "";
	struct progress p = { .what = NULL };
	if (a->asking) {
		draw_prompt(a, row);
		return;
	}
	if (a->r.message[0]) {
		draw_message(a, row);
		return;
	}
	if (a->top->ops->progress)
		a->top->ops->progress(a->top, &p);
	if (p.what) {
		draw_progress(&p, row);
		return;
	}
	a->top->ops->status(a->top, left, right, sizeof right);
	const int end = term_cols() - 1;
	const int from = term_right(row, end, end - 12, STYLE_PLAIN, right);
	term_name(row, 1, from - 3, STYLE_PLAIN, left, strlen(left));
}

void app_draw(struct app *a)
{
	const int rows = term_rows(), cols = term_cols();
	term_clear();
	if (too_small()) {
		term_format(0, 0, cols, STYLE_PLAIN, "terminal too small:");
		term_format(1, 0, cols, STYLE_PLAIN, "%dx%d, needs %dx%d", cols, rows,
			    LEAST_COLS, LEAST_ROWS);
		term_text(2, 0, cols, STYLE_PLAIN, "q quits");
		term_show();
		return;
	}
	const struct area area = { .top = 0, .rows = rows - 2, .cols = cols,
				   .small = rows < SMALL_ROWS };
	if (a->help) {
		help_draw(a, &area);
	} else {
		a->top->ops->draw(a->top, &area);
		draw_status(a, rows - 2);
	}
	footer_draw(a, rows - 1);
	term_show();
}

/* --- the stack --------------------------------------------------------------------- */

static void pop(struct app *a)
{
	struct view *gone = a->top;
	a->top = gone->below;
	view_drop(gone);
	if (!a->top)
		a->quit = true;
}

void app_carry_out(struct app *a)
{
	struct request *r = &a->r;
	switch (r->kind) {
	case REQUEST_PUSH:
		r->view->below = a->top;
		a->top = r->view;
		break;
	case REQUEST_REPLACE:
		r->view->below = a->top->below;
		view_drop(a->top);
		a->top = r->view;
		break;
	case REQUEST_POP:
		pop(a);
		break;
	case REQUEST_ASK:
		prompt_ask(a, r->ask, r->label, r->text);
		break;
	case REQUEST_NONE:
		break;
	}
	r->kind = REQUEST_NONE;
}

/* --- keys -------------------------------------------------------------------------- */

static void help_key(struct app *a, int key)
{
	switch (key_action(a->top->ops->keys, key)) {
	case ACT_DOWN:
		a->help_top++;
		break;
	case ACT_UP:
		a->help_top -= a->help_top > 0;
		break;
	case ACT_PAGE_DOWN:
	case ACT_HALF_DOWN:
		a->help_top += (size_t)term_rows() / 2;
		break;
	case ACT_PAGE_UP:
	case ACT_HALF_UP:
		a->help_top -= a->help_top < (size_t)term_rows() / 2
				       ? a->help_top
				       : (size_t)term_rows() / 2;
		break;
	case ACT_QUIT:
		a->quit = true;
		break;
	case ACT_SUSPEND:
		term_suspend();
		break;
	default:
		a->help = false;
	}
}

static void interrupt(struct app *a)
{
	struct progress p = { .what = NULL };
	if (a->top->ops->progress)
		a->top->ops->progress(a->top, &p);
	if (p.what && a->top->ops->stop) {
		a->top->ops->stop(a->top);
		say(&a->r, "stopped: what is known stays");
	} else {
		a->quit = true;
	}
}

static void escape(struct app *a)
{
	if (a->top->ops->clears && a->top->ops->clears(a->top))
		return;
	if (a->top->below)
		pop(a);
	else
		say(&a->r, "this is the first screen: q quits");
}

/* What is the same in every view; false: the view is asked. */
static bool common_action(struct app *a, enum action action)
{
	switch (action) {
	case ACT_QUIT:
		a->quit = true;
		return true;
	case ACT_BACK:
		pop(a);
		return true;
	case ACT_ESCAPE:
		escape(a);
		return true;
	case ACT_HELP:
		a->help = true;
		a->help_top = 0;
		return true;
	case ACT_COMMAND:
		prompt_ask(a, ACT_COMMAND, ":", "");
		return true;
	case ACT_REDRAW:
		term_redraw();
		return true;
	case ACT_SUSPEND:
		term_suspend();
		return true;
	case ACT_MOUSE:
		a->mouse = !a->mouse;
		term_use_mouse(a->mouse);
		say(&a->r, "mouse %s", a->mouse ? "on: hold Shift to select text"
						: "off");
		return true;
	default:
		return false;
	}
}

void app_click(struct app *a, const struct term_mouse *m)
{
	a->dirty = true;
	if (too_small() || a->asking || a->help || !a->top->ops->click)
		return;
	a->r = (struct request){ .kind = REQUEST_NONE };
	a->top->ops->click(a->top, m, &a->r);
	app_carry_out(a);
}

void app_key(struct app *a, int key)
{
	struct term_mouse m;
	a->dirty = true;
	if (key == KEY_NONE || key == KEY_RESIZED)
		return;
	if (too_small() && (key == 'q' || key == 'Q' || key == KEY_INTERRUPT))
		a->quit = true;
	if (too_small())
		return;
	if (a->asking) {
		prompt_key(a, key);
		return;
	}
	if (key == KEY_MOUSE_EVENT) {
		if (term_mouse(&m))
			app_click(a, &m);
		return;
	}
	a->r = (struct request){ .kind = REQUEST_NONE };
	if (key == KEY_INTERRUPT) {
		interrupt(a);
	} else if (a->help) {
		help_key(a, key);
	} else {
		const enum action action = key_action(a->top->ops->keys, key);
		if (action && !common_action(a, action))
			a->top->ops->act(a->top, action, &a->r);
	}
	app_carry_out(a);
}

void app_command(struct app *a, const char *text)
{
	char word[32];
	const char *p = text + strspn(text, " ");
	const size_t n = strcspn(p, " ");
	snprintf(word, sizeof word, "%.*s", (int)n, p);
	p += n;
	p += strspn(p, " ");
	if (!n)
		return;
	if (!strcmp(word, "q") || !strcmp(word, "quit"))
		a->quit = true;
	else if (!strcmp(word, "help"))
		a->help = true;
	else if (!a->top->ops->command || !a->top->ops->command(a->top, word, p, &a->r)) {
		say(&a->r, "no such command here: '%.60s'; ? shows the keys", word);
		a->r.bad = true;
	}
}

bool app_tick(struct app *a)
{
	struct progress p = { .what = NULL };
	struct request r = { .kind = REQUEST_NONE };
	if (a->top->ops->tick && a->top->ops->tick(a->top, &r)) {
		a->dirty = true;
		if (r.kind || r.message[0]) {
			a->r = r;
			app_carry_out(a);
		}
	}
	if (!a->quit && a->top->ops->progress)
		a->top->ops->progress(a->top, &p);
	a->dirty |= p.what != NULL;
	return p.what != NULL;
}

/* --- the loop ---------------------------------------------------------------------- */

static void loop(struct app *a)
{
	a->dirty = true;
	while (!a->quit) {
		app_tick(a);
		if (a->quit)
			break;
		if (a->dirty)
			app_draw(a);
		a->dirty = false;
		int key = term_read_key(MOMENT_MS);
		/* What has been typed already is dealt with before it is drawn. */
		for (int i = 0; key != KEY_TIMEOUT && !a->quit && i < 64; i++) {
			if (key == KEY_HANG_UP)
				a->quit = true;
			else
				app_key(a, key);
			if (!a->quit)
				key = term_read_key(0);
		}
	}
}

int app_run(const struct app_options *o, struct view *first, struct ckpt_error *err)
{
	struct app a = { .top = first, .mouse = o->term.mouse };
	int r = term_begin(&o->term, err);
	if (!r && o->script)
		r = script_run(&a, o->script, err);
	else if (!r)
		loop(&a);
	/* The terminal first: closing may have to wait for a block to be read. */
	term_end();
	while (a.top) {
		struct view *below = a.top->below;
		view_drop(a.top);
		a.top = below;
	}
	return r ? r : term_ended_by();
}
