/* term.h — the terminal: one screen of cells with styles, glyphs, and keys.
 * SPDX-License-Identifier: Apache-2.0
 *
 * ncurses behind a narrow door: nobody else includes <curses.h>. A frame is drawn whole,
 * from the model; ncurses sends what differs. Coordinates are row, column from 0.
 */
#ifndef TUI_TERM_H
#define TUI_TERM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "ckpt.h"

enum style {
	STYLE_PLAIN,
	STYLE_TITLE,
	STYLE_HEAD,     /* column headings */
	STYLE_DIM,
	STYLE_SCOPE,
	STYLE_GOOD,
	STYLE_BAD,      /* NaN, damage, errors */
	STYLE_ADDED,
	STYLE_REMOVED,
	STYLE_CHANGED,
	STYLE_BAR,
	STYLE_KEY,
	STYLE_MATCH,    /* what was searched for */
	N_STYLES,
	STYLE_REVERSE = 64, /* added to one of them: the selected row */
};

/* Our own signs; each has a twin in ASCII, of one column too. */
#define SIGN_FOLDED "▸"
#define SIGN_OPEN "▾"
#define SIGN_DOWN "▾"
#define SIGN_UP "▴"
#define SIGN_MORE "…"
#define SIGN_DOT "·"
#define SIGN_WALL "│"
#define SIGN_CORNER "└"
#define SIGN_FLOOR "─"
#define SIGN_FULL "▓"
#define SIGN_EMPTY "░"

struct term_options {
	bool ascii;   /* no signs but ASCII's */
	bool mono;    /* no colours */
	bool mouse;
	/* Not a terminal but a screen of this size in memory, for scripts. */
	bool in_memory;
	int rows, cols;
};

/* Takes the terminal over; restores it at exit and on signals that end the program. -1:
 * EUNSUPPORTED: it cannot place a cursor. */
int term_begin(const struct term_options *o, struct ckpt_error *err);
void term_end(void); /* not begun: fine */
int term_rows(void);
int term_cols(void);
/* A screen in memory gets another size. */
void term_resize(int rows, int cols);
/* True if signs are shown as they are, rather than by their twins. */
bool term_signs(void);
/* Shades of grey that a heat map can have: 24, or 0. */
int term_greys(void);

/* --- drawing ----------------------------------------------------------------------- */

void term_clear(void); /* a new frame; the cursor goes to the corner below */
/* Writes well-formed UTF-8, at most width columns of it; returns how many it took. */
int term_put(int row, int col, int width, int style, const char *text, size_t n);
/* The same of a NUL-terminated one. */
int term_text(int row, int col, int width, int style, const char *text);
int term_format(int row, int col, int width, int style, const char *format, ...)
	__attribute__((format(printf, 5, 6)));
/* A name, cropped in the middle where it is too wide, at a '/' if there is one, so that
 * its end is seen. */
int term_name(int row, int col, int width, int style, const char *text, size_t n);
/* Against the right edge, which is the column behind it; returns where it begins. */
int term_right(int row, int end, int width, int style, const char *text);
/* One style for what stands in width columns. */
void term_restyle(int row, int col, int width, int style);
/* A cell of grey number level of term_greys(). */
void term_grey(int row, int col, int width, int level);
/* Where the cursor is left: on what is selected, for those who cannot see. */
void term_cursor(int row, int col);
void term_show(void);

/* --- keys -------------------------------------------------------------------------- */

/* Keys that are no character; characters are code points. */
enum term_key {
	KEY_NONE = 0,
	KEY_TIMEOUT = 0x200000,
	KEY_GO_UP, KEY_GO_DOWN, KEY_GO_LEFT, KEY_GO_RIGHT, KEY_GO_HOME, KEY_GO_END,
	KEY_PAGE_UP, KEY_PAGE_DOWN, KEY_ERASE, KEY_DELETE, KEY_BACK_TAB, KEY_HELP_F1,
	KEY_RESIZED, KEY_MOUSE_EVENT, KEY_INTERRUPT, KEY_HANG_UP,
	TERM_KEYS_END,
};

struct term_mouse {
	int row, col;
	enum { MOUSE_CLICK, MOUSE_DOUBLE, MOUSE_WHEEL_UP, MOUSE_WHEEL_DOWN } what;
};

/* Waits up to ms milliseconds for a key. */
int term_read_key(int ms);
bool term_mouse(struct term_mouse *m); /* of the KEY_MOUSE_EVENT just read */
void term_use_mouse(bool on);
/* ^Z: gives the terminal back until the program goes on. */
void term_suspend(void);
void term_redraw(void); /* ^L */
void term_bell(void);
/* The text goes to the clipboard of the terminal (OSC 52). False: this one has none. */
bool term_copy(const char *text, size_t n);

/* --- for tests --------------------------------------------------------------------- */

/* Writes the screen, without blanks at the ends of rows; with styles: behind each row one
 * of letters that tell the style of each cell. */
void term_dump(FILE *out, bool styles);

#endif
