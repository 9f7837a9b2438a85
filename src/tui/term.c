/* term.c — the terminal: one screen of cells with styles, glyphs, and keys.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Everything goes to stdscr, so that a new size is just the next frame. Styles are looked
 * up in one of two tables, with colours or without; no style has a background of its own,
 * so that light and dark terminals can be read alike.
 */
#define NCURSES_WIDECHAR 1
#include "config.h"

#include "tui/term.h"

#include <curses.h>
#include <fcntl.h>
#include <langinfo.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <unistd.h>
#include <wchar.h>

#include "base/error.h"
#include "base/text.h"
#include "tui/sign.h"
#include "tui/term_key.h"

enum { GREYS = 24, FIRST_GREY = 232, FIRST_GREY_PAIR = 16 };

static struct {
	SCREEN *screen;
	FILE *in, *out;    /* of its own: neither may be standard input or output */
	struct term_options options;
	bool signs, colors;
	int greys;
	int cursor_row, cursor_col;
	struct sigaction old_winch;
} term;

/* --- styles ------------------------------------------------------------------------ */

static const struct look {
	short color;      /* -1: the terminal's own */
	attr_t with, without; /* attributes with and without colours */
	char letter;      /* in dumps */
} looks[N_STYLES] = {
	[STYLE_PLAIN] = { -1, 0, 0, '.' },
	[STYLE_TITLE] = { -1, A_BOLD, A_BOLD, 'T' },
	[STYLE_HEAD] = { COLOR_CYAN, 0, A_UNDERLINE, 'H' },
	[STYLE_DIM] = { -1, A_DIM, A_DIM, 'd' },
	[STYLE_SCOPE] = { COLOR_BLUE, A_BOLD, A_BOLD, 'S' },
	[STYLE_GOOD] = { COLOR_GREEN, 0, 0, 'g' },
	[STYLE_BAD] = { COLOR_RED, A_BOLD, A_BOLD | A_UNDERLINE, 'b' },
	[STYLE_ADDED] = { COLOR_GREEN, 0, 0, 'a' },
	[STYLE_REMOVED] = { COLOR_RED, 0, 0, 'r' },
	[STYLE_CHANGED] = { COLOR_YELLOW, 0, 0, 'c' },
	[STYLE_BAR] = { COLOR_BLUE, 0, 0, 'B' },
	[STYLE_KEY] = { -1, A_BOLD, A_BOLD, 'K' },
	[STYLE_MATCH] = { COLOR_MAGENTA, A_BOLD, A_UNDERLINE, 'm' },
};

static void init_colors(void)
{
	term.colors = false;
	term.greys = 0;
	if (term.options.mono || !has_colors() || start_color() == ERR ||
	    use_default_colors() == ERR)
		return;
	term.colors = true;
	for (int s = 0; s < N_STYLES; s++)
		init_pair((short)(s + 1), looks[s].color, -1);
	if (COLORS < 256 || COLOR_PAIRS < FIRST_GREY_PAIR + GREYS + 1)
		return;
	for (int i = 0; i < GREYS; i++)
		init_pair((short)(FIRST_GREY_PAIR + i), (short)(FIRST_GREY + i), -1);
	term.greys = GREYS;
}

static attr_t attributes_of(int style, short *pair)
{
	const struct look *l = &looks[style & (STYLE_REVERSE - 1)];
	attr_t a = term.colors ? l->with : l->without;
	*pair = term.colors ? (short)((style & (STYLE_REVERSE - 1)) + 1) : 0;
	if (style & STYLE_REVERSE)
		a = (a & ~(attr_t)A_DIM) | A_REVERSE;
	return a;
}

/* --- begin and end ----------------------------------------------------------------- */

int term_rows(void)
{
	return LINES;
}

int term_cols(void)
{
	return COLS;
}

bool term_signs(void)
{
	return term.signs;
}

int term_greys(void)
{
	return term.greys;
}

static int open_streams(struct ckpt_error *err)
{
	const char *path = term.options.in_memory ? "/dev/null" : "/dev/tty";
	term.in = fopen(path, "r");
	term.out = fopen(path, "w");
	if (term.in && term.out)
		return 0;
	return error_set(err, CKPT_EIO, path, -1,
			 "there is no terminal to show a screen on");
}

static void close_streams(void)
{
	if (term.in)
		fclose(term.in);
	if (term.out)
		fclose(term.out);
	term.in = term.out = NULL;
}

static const char *terminal_name(void)
{
	const char *name = getenv("TERM");
	return name && *name ? name : "dumb";
}

/* A key that is held down, a paste: what matters is that escape sequences are told from
 * the key Esc without a delay that is felt. */
enum { ESCAPE_MS = 25 };

static void set_modes(void)
{
	raw(); /* ^C, ^Z, ^S are keys */
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	meta(stdscr, TRUE);
	set_escdelay(ESCAPE_MS);
	leaveok(stdscr, FALSE);
	scrollok(stdscr, FALSE);
	term_use_mouse(term.options.mouse);
}

int term_begin(const struct term_options *o, struct ckpt_error *err)
{
	term.options = *o;
	if (open_streams(err)) {
		close_streams();
		return -1;
	}
	if (!o->in_memory)
		term_save_modes();
	term.screen = newterm(terminal_name(), term.out, term.in);
	if (!term.screen) {
		close_streams();
		return error_set(err, CKPT_EUNSUPPORTED, NULL, -1,
				 "the terminal '%.40s' (TERM) is not known here",
				 terminal_name());
	}
	set_term(term.screen);
	if (!o->in_memory && (!tigetstr("cup") || tigetstr("cup") == (char *)-1)) {
		term_end();
		return error_set(err, CKPT_EUNSUPPORTED, NULL, -1,
				 "the terminal '%.40s' (TERM) cannot place a cursor; "
				 "'ckpt-inspect list' prints the same",
				 terminal_name());
	}
	if (o->in_memory)
		resize_term(o->rows, o->cols);
	term.signs = !o->ascii && signs_are_shown();
	init_colors();
	set_modes();
	if (!o->in_memory)
		term_catch_signals();
	return 0;
}

void term_end(void)
{
	if (!term.screen)
		return;
	if (!term.options.in_memory)
		term_release_signals();
	term_use_mouse(false);
	if (!isendwin())
		endwin();
	delscreen(term.screen);
	term.screen = NULL;
	close_streams();
}

void term_resize(int rows, int cols)
{
	resize_term(rows, cols);
	term_redraw();
}

/* --- drawing ----------------------------------------------------------------------- */

void term_clear(void)
{
	erase();
	term.cursor_row = LINES - 1;
	term.cursor_col = 0;
}

/* A character that fills at least one column, with those of none that follow it; how many
 * bytes of text it is. */
static size_t next_shown(const char *text, size_t n, wchar_t shown[CCHARW_MAX + 1])
{
	size_t at = 0;
	for (int k = 0; k < CCHARW_MAX && at < n; k++) {
		uint32_t cp = '?';
		size_t len = text_utf8(text + at, n - at, &cp);
		len = len ? len : 1; /* nobody hands such a thing over */
		wchar_t c = (wchar_t)(term.signs ? cp : sign_ascii(cp));
		if (wcwidth(c) < (k ? 0 : 1))
			c = L'?';
		if (k && wcwidth(c) > 0)
			break;
		shown[k] = c;
		at += len;
	}
	return at;
}

int term_put(int row, int col, int width, int style, const char *text, size_t n)
{
	short pair;
	const attr_t a = attributes_of(style, &pair);
	int used = 0;
	if (row < 0 || row >= LINES || col < 0 || col >= COLS)
		return 0;
	width = width < COLS - col ? width : COLS - col;
	for (size_t i = 0; i < n;) {
		wchar_t shown[CCHARW_MAX + 1] = { 0 };
		const size_t len = next_shown(text + i, n - i, shown);
		const int w = wcwidth(shown[0]);
		if (used + w > width)
			break;
		cchar_t cell;
		setcchar(&cell, shown, a, pair, NULL);
		mvadd_wch(row, col + used, &cell);
		used += w;
		i += len;
	}
	return used;
}

int term_text(int row, int col, int width, int style, const char *text)
{
	return term_put(row, col, width, style, text, strlen(text));
}

int term_format(int row, int col, int width, int style, const char *format, ...)
{
	char text[4096];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	return term_text(row, col, width, style, text);
}

int term_right(int row, int end, int width, int style, const char *text)
{
	const size_t n = strlen(text);
	const int w = (int)text_width(text, n);
	const int col = end - (w < width ? w : width);
	term_put(row, col, width, style, text, n);
	return col;
}

int term_name(int row, int col, int width, int style, const char *text, size_t n)
{
	if (width <= 0)
		return 0;
	if (text_width(text, n) <= (size_t)width)
		return term_put(row, col, width, style, text, n);
	/* The longest end that fits behind the sign; of those the longest that begins
	 * with a slash, if there is one. */
	size_t from = 0;
	uint32_t cp;
	while (from < n && text_width(text + from, n - from) > (size_t)width - 1) {
		const size_t len = text_utf8(text + from, n - from, &cp);
		from += len ? len : 1;
	}
	const char *slash = memchr(text + from, '/', n - from);
	if (slash && slash + 1 < text + n)
		from = (size_t)(slash - text);
	const int used = term_text(row, col, width, style, SIGN_MORE);
	return used + term_put(row, col + used, width - used, style, text + from,
			       n - from);
}

void term_restyle(int row, int col, int width, int style)
{
	short pair;
	const attr_t a = attributes_of(style, &pair);
	if (row >= 0 && row < LINES && col >= 0 && col < COLS)
		mvchgat(row, col, width, a, pair, NULL);
}

void term_grey(int row, int col, int width, int level)
{
	static const wchar_t full[2] = { 0x2588, 0 };
	for (int i = 0; i < width && col + i < COLS && row < LINES; i++) {
		cchar_t cell;
		setcchar(&cell, full, 0, (short)(FIRST_GREY_PAIR + level), NULL);
		mvadd_wch(row, col + i, &cell);
	}
}

void term_cursor(int row, int col)
{
	term.cursor_row = row;
	term.cursor_col = col;
}

void term_show(void)
{
	move(term.cursor_row, term.cursor_col);
	refresh();
}

void term_redraw(void)
{
	clearok(stdscr, TRUE);
}

void term_bell(void)
{
	if (!term.options.in_memory)
		beep();
}

void term_suspend(void)
{
	if (term.options.in_memory)
		return;
	endwin();
	term_release_signals();
	raise(SIGTSTP);
	term_catch_signals();
	term_fit_window();
	refresh();
	term_redraw();
}

/* --- the clipboard ----------------------------------------------------------------- */

/* Terminals take some 100,000 bytes; more would be a mistake anyway. */
enum { COPY_MOST = 70000 };

bool term_copy(const char *text, size_t n)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	if (n > COPY_MOST)
		return false;
	if (term.options.in_memory)
		return true;
	fputs("\033]52;c;", term.out);
	for (size_t i = 0; i < n; i += 3) {
		uint32_t v = 0;
		for (size_t k = 0; k < 3; k++)
			v = v << 8 | (i + k < n ? (uint8_t)text[i + k] : 0);
		for (size_t k = 0; k < 4; k++)
			putc(i + k > n ? '=' : digits[v >> (18 - 6 * k) & 63], term.out);
	}
	putc('\a', term.out);
	fflush(term.out);
	return true;
}

/* --- for tests --------------------------------------------------------------------- */

static char letter_of(attr_t a, short pair)
{
	static const char greys[GREYS + 1] = "0123456789CDEFGIJLMNOPQU"; /* no style's */
	if (pair >= FIRST_GREY_PAIR)
		return greys[pair - FIRST_GREY_PAIR];
	if (a & A_REVERSE)
		return 'R';
	if (pair)
		return looks[pair - 1].letter;
	for (int s = 1; s < N_STYLES; s++)
		if (a && looks[s].without == (a & (A_BOLD | A_DIM | A_UNDERLINE)))
			return looks[s].letter;
	return '.';
}

static void dump_row(FILE *out, int row, bool styles)
{
	char text[8192], letters[2048];
	size_t n = 0, end = 0, n_letters = 0;
	for (int col = 0; col < COLS && n + 16 < sizeof text; col++) {
		cchar_t cell;
		wchar_t wide[CCHARW_MAX + 1] = { 0 };
		attr_t a;
		short pair;
		if (mvin_wch(row, col, &cell) == ERR ||
		    getcchar(&cell, wide, &a, &pair, NULL) == ERR)
			continue;
		if (!wide[0])
			wide[0] = L' ';
		for (int i = 0; wide[i] && n + 4 < sizeof text; i++)
			n += text_from_code(text + n, (uint32_t)wide[i]);
		if (wide[0] != L' ')
			end = n;
		if (n_letters < sizeof letters)
			letters[n_letters++] = letter_of(a, pair);
		col += wcwidth(wide[0]) > 1;
	}
	fwrite(text, 1, end, out);
	putc('\n', out);
	if (!styles)
		return;
	fwrite(letters, 1, n_letters, out);
	putc('\n', out);
}

void term_dump(FILE *out, bool styles)
{
	for (int row = 0; row < LINES; row++)
		dump_row(out, row, styles);
}
