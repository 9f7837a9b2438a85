/* script.c — keys from a file, and what the screen then shows on standard output.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A line is characters and names of keys in <>: "/kernel<Enter>", "<^D>". Empty lines and
 * those that begin with '#' say nothing. Lines that begin with ':' and one of these words
 * are for the script alone:
 *
 *	:size 40x8    another size
 *	:dump NAME    writes the screen to standard output
 *	:dump-attr NAME   and the style of each cell
 *	:wait         until nothing is under way
 *	:click COL,ROW   the mouse; :double, :wheel-up and :wheel-down likewise
 *	:ticks N      looks N times after what is under way, as the loop does
 *	:time KEYS    presses them, draws, and tells the milliseconds on standard error
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "base/lines.h"
#include "base/text.h"
#include "tui/app.h"

static void wait_a_moment(void)
{
	const struct timespec moment = { .tv_nsec = 1000000 };
	nanosleep(&moment, NULL);
}

/* What is drawn may have to be read first. */
static void drain(struct app *a)
{
	/* What is drawn may begin work of its own. */
	for (bool busy = true; busy && !a->quit;) {
		while (!a->quit && app_tick(a))
			wait_a_moment();
		if (!a->quit)
			app_draw(a);
		busy = !a->quit && app_tick(a);
	}
}

static double now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void dump(struct app *a, const char *name, bool styles)
{
	printf("--- %s (%dx%d)\n", name, term_cols(), term_rows());
	if (a->quit) {
		puts("the program has ended");
		return;
	}
	app_draw(a);
	term_dump(stdout, styles);
}

/* "click 3,5"; false: it is none, or malformed. */
static bool click(struct app *a, const char *text)
{
	static const char *const words[] = {
		[MOUSE_CLICK] = "click ", [MOUSE_DOUBLE] = "double ",
		[MOUSE_WHEEL_UP] = "wheel-up ", [MOUSE_WHEEL_DOWN] = "wheel-down ",
	};
	for (int i = MOUSE_CLICK; i <= MOUSE_WHEEL_DOWN; i++) {
		const size_t n = strlen(words[i]);
		char *end;
		if (strncmp(text, words[i], n))
			continue;
		struct term_mouse m = { .col = (int)strtol(text + n, &end, 10) };
		m.row = *end == ',' ? (int)strtol(end + 1, &end, 10) : 0;
		m.what = i;
		if (!*end)
			app_click(a, &m);
		return !*end;
	}
	return false;
}

/* 1: it was one of ours; 0: it was none; -1: it is malformed. */
static int directive(struct app *a, const char *line)
{
	int cols, rows, n;
	char *end;
	if (!strcmp(line, ":wait")) {
		drain(a);
	} else if (!strncmp(line, ":dump ", 6)) {
		dump(a, line + 6, false);
	} else if (!strncmp(line, ":dump-attr ", 11)) {
		dump(a, line + 11, true);
	} else if (!strncmp(line, ":ticks ", 7)) {
		n = (int)strtol(line + 7, &end, 10);
		if (*end)
			return -1;
		for (; n > 0 && !a->quit; n--)
			app_tick(a);
	} else if (!strncmp(line, ":size ", 6)) {
		cols = (int)strtol(line + 6, &end, 10);
		rows = *end == 'x' ? (int)strtol(end + 1, &end, 10) : 0;
		if (*end || cols < 1 || rows < 1 || cols > 1000 || rows > 1000)
			return -1;
		term_resize(rows, cols);
		if (!a->quit)
			app_key(a, KEY_RESIZED);
	} else if (!click(a, line + 1)) {
		return 0;
	} else if (!a->quit) {
		app_tick(a);
		app_draw(a);
	}
	return 1;
}

/* The keys of a line, with what is drawn after each. */
static int press(struct app *a, const char *text, const struct lines *lines,
		 struct ckpt_error *err)
{
	const size_t len = strlen(text);
	for (size_t i = 0; i < len && !a->quit;) {
		const char *close = text[i] == '<' ? strchr(text + i, '>') : NULL;
		uint32_t cp;
		size_t n = text_utf8(text + i, len - i, &cp);
		int key = n ? (int)cp : 0;
		if (close && close > text + i + 1) {
			n = (size_t)(close - text) + 1 - i;
			key = key_named(text + i + 1, n - 2);
		}
		if (!key)
			return lines_error(lines, err, "'%.60s' is no key", text + i);
		app_key(a, key);
		if (!a->quit)
			app_tick(a);
		if (!a->quit)
			app_draw(a);
		i += n;
	}
	return 0;
}

static int script_line(struct app *a, const struct lines *lines, struct ckpt_error *err)
{
	static const char timed[] = ":time ";
	char text[1024];
	if (lines->len >= sizeof text)
		return lines_error(lines, err, "too long");
	memcpy(text, lines->line, lines->len);
	text[lines->len] = '\0';
	if (!strncmp(text, timed, sizeof timed - 1)) {
		const double begin = now_ms();
		const int r = press(a, text + sizeof timed - 1, lines, err);
		fprintf(stderr, "%s %.2f ms\n", text, now_ms() - begin);
		return r;
	}
	const int r = text[0] == ':' ? directive(a, text) : 0;
	if (r < 0)
		return lines_error(lines, err, "'%.60s' is malformed", text);
	return r ? 0 : press(a, text, lines, err);
}

int script_run(struct app *a, const char *path, struct ckpt_error *err)
{
	struct lines lines;
	struct arena arena;
	arena_init(&arena, UINT64_MAX);
	int r = lines_open(&lines, &arena, path, err);
	while (!r && lines_next(&lines))
		r = script_line(a, &lines, err);
	arena_drop(&arena);
	return r;
}
