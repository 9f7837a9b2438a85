/* app.h — the screen as a whole: the stack of views, the loop, scripts.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TUI_APP_H
#define TUI_APP_H

#include <stdio.h>

#include "tui/term.h"
#include "tui/view.h"

struct app_options {
	struct term_options term;
	const char *script; /* a file of keys instead of a terminal; NULL: none */
};

/* Shows the view, and those that it leads to, until the user quits; closes them. 0; -1:
 * there is no screen to show it on, or the script is malformed. If a signal ended it, the
 * number of that signal. */
int app_run(const struct app_options *o, struct view *first, struct ckpt_error *err);

/* --- for app.c and its parts ------------------------------------------------------- */

enum { PROMPT = 512 };

struct app {
	struct view *top;
	struct request r;        /* of the last key: its message is shown */
	bool quit, help, dirty;
	size_t help_top;
	/* A line that is being typed. */
	bool asking;
	enum action asked;
	const char *label;
	char line[PROMPT];
	size_t line_len, line_at;
	char history[PROMPT];    /* the line before */
	bool mouse;
};

void app_key(struct app *a, int key);
void app_click(struct app *a, const struct term_mouse *m);
/* Looks after work; true while there is some. */
bool app_tick(struct app *a);
void app_draw(struct app *a);
/* A command of ":". */
void app_command(struct app *a, const char *text);
/* Does what a view has asked for. */
void app_carry_out(struct app *a);

/* prompt.c: begins a line, with a text to be changed; a key in it. */
void prompt_ask(struct app *a, enum action what, const char *label, const char *text);
void prompt_key(struct app *a, int key);

/* script.c. EINVAL: a line is malformed. */
int script_run(struct app *a, const char *path, struct ckpt_error *err);

/* help.c */
void help_draw(const struct app *a, const struct area *area);
void footer_draw(const struct app *a, int row);

#endif
