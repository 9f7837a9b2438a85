/* prompt.c — the line that is typed at the bottom: a search, a slice, a command.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "tui/app.h"

void prompt_ask(struct app *a, enum action what, const char *label, const char *text)
{
	a->asking = true;
	a->asked = what;
	a->label = label;
	snprintf(a->line, sizeof a->line, "%s", text);
	a->line_len = a->line_at = strlen(a->line);
}

static void answer(struct app *a, enum answer state)
{
	a->r.message[0] = '\0';
	a->r.bad = false;
	if (a->asked == ACT_COMMAND) {
		if (state == ANSWER_DONE)
			app_command(a, a->line);
	} else if (a->top->ops->answer) {
		a->top->ops->answer(a->top, a->asked, a->line, state, &a->r);
	}
	app_carry_out(a);
}

static void finish(struct app *a, enum answer state)
{
	a->asking = false;
	if (state == ANSWER_DONE && a->line_len)
		snprintf(a->history, sizeof a->history, "%s", a->line);
	answer(a, state);
}

static void erase(struct app *a, size_t from, size_t to)
{
	memmove(a->line + from, a->line + to, a->line_len + 1 - to);
	a->line_len -= to - from;
	a->line_at = from;
}

/* The character before the cursor, or behind it. */
static size_t before(const struct app *a)
{
	size_t at = a->line_at;
	do
		at -= at > 0;
	while (at && ((uint8_t)a->line[at] & 0xc0) == 0x80);
	return at;
}

static size_t behind(const struct app *a)
{
	uint32_t cp;
	return a->line_at +
	       text_utf8(a->line + a->line_at, a->line_len - a->line_at, &cp);
}

static void insert(struct app *a, int key)
{
	char text[4];
	if (key < 32 || key >= KEY_TIMEOUT || text_is_unsafe((uint32_t)key))
		return;
	const size_t n = text_from_code(text, (uint32_t)key);
	if (a->line_len + n >= sizeof a->line)
		return;
	memmove(a->line + a->line_at + n, a->line + a->line_at,
		a->line_len + 1 - a->line_at);
	memcpy(a->line + a->line_at, text, n);
	a->line_len += n;
	a->line_at += n;
}

static void edit(struct app *a, int key)
{
	enum { LINE_BEGIN = 1, LINE_END = 5, KILL = 11, KILL_LINE = 21, KILL_WORD = 23 };
	size_t from = a->line_at;
	switch (key) {
	case KEY_ERASE:
		if (!a->line_len) {
			finish(a, ANSWER_CANCELLED);
			return;
		}
		erase(a, before(a), a->line_at);
		break;
	case KEY_DELETE:
		erase(a, a->line_at, behind(a));
		break;
	case KEY_GO_LEFT:
		a->line_at = before(a);
		return;
	case KEY_GO_RIGHT:
		a->line_at = behind(a);
		return;
	case KEY_GO_HOME:
	case LINE_BEGIN:
		a->line_at = 0;
		return;
	case KEY_GO_END:
	case LINE_END:
		a->line_at = a->line_len;
		return;
	case KEY_GO_UP:
		prompt_ask(a, a->asked, a->label, a->history);
		break;
	case KILL:
		erase(a, a->line_at, a->line_len);
		break;
	case KILL_LINE:
		erase(a, 0, a->line_at);
		break;
	case KILL_WORD:
		while (from && a->line[from - 1] == ' ')
			from--;
		while (from && a->line[from - 1] != ' ')
			from--;
		erase(a, from, a->line_at);
		break;
	default:
		insert(a, key);
	}
	answer(a, ANSWER_TYPING);
}

void prompt_key(struct app *a, int key)
{
	if (key == '\n')
		finish(a, ANSWER_DONE);
	else if (key == 27 || key == KEY_INTERRUPT)
		finish(a, ANSWER_CANCELLED);
	else
		edit(a, key);
}
