/* term_key.c — keys, the mouse, and signals.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A crash leaves no time for ncurses: what undoes its modes was looked up before, and is
 * written by the handler itself, which calls nothing but write and tcsetattr.
 */
#define NCURSES_WIDECHAR 1
#include "config.h"

#include "tui/term.h"

#include <curses.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>

#include "base/mapping.h"
#include "tui/term_key.h"

/* --- signals ----------------------------------------------------------------------- */

static volatile sig_atomic_t ended_by, stopped;

static struct {
	int fd; /* of the terminal; -1: none */
	struct termios modes;
	char undo[256];
	size_t undo_len;
} saved = { .fd = -1 };

static const int fatal[] = { SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL };
static const int ending[] = { SIGTERM, SIGHUP, SIGINT, SIGQUIT };
static struct sigaction fatal_before[sizeof fatal / sizeof *fatal];
static struct sigaction ending_before[sizeof ending / sizeof *ending];
static struct sigaction stop_before;

static void on_ending(int number)
{
	ended_by = number;
}

static void on_stop(int number)
{
	(void)number;
	stopped = 1;
}

static void restore_terminal(void)
{
	if (saved.fd < 0)
		return;
	const ssize_t written = write(saved.fd, saved.undo, saved.undo_len);
	(void)written;
	tcsetattr(saved.fd, TCSANOW, &saved.modes);
}

/* Whoever was there before has his say when the terminal is as it was. */
static void on_fatal(int number)
{
	restore_terminal();
	signal(number, SIG_DFL);
	for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++)
		if (fatal[i] == number && number != SIGBUS)
			sigaction(number, &fatal_before[i], NULL);
	raise(number);
}

static void add_undo(const char *capability)
{
	const char *s = tigetstr(capability);
	if (!s || s == (const char *)-1)
		return;
	const size_t n = strlen(s);
	if (n >= sizeof saved.undo - saved.undo_len)
		return;
	memcpy(saved.undo + saved.undo_len, s, n);
	saved.undo_len += n;
}

void term_save_modes(void)
{
	saved.fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (saved.fd >= 0 && tcgetattr(saved.fd, &saved.modes)) {
		close(saved.fd);
		saved.fd = -1;
	}
}

static void prepare_undo(void)
{
	static const char *const capabilities[] = { "sgr0", "cnorm", "rmkx", "rmcup" };
	saved.undo_len = 0;
	for (size_t i = 0; i < sizeof capabilities / sizeof *capabilities; i++)
		add_undo(capabilities[i]);
}

void term_catch_signals(void)
{
	struct sigaction a = { .sa_handler = on_fatal, .sa_flags = 0 };
	prepare_undo();
	for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++) {
		sigaction(fatal[i], NULL, &fatal_before[i]);
		/* Of mapped files, SIGBUS is told by mapping.c. */
		if (fatal[i] != SIGBUS || fatal_before[i].sa_handler == SIG_DFL)
			sigaction(fatal[i], &a, NULL);
	}
	mapping_otherwise(on_fatal);
	a.sa_handler = on_ending;
	a.sa_flags = 0;
	for (size_t i = 0; i < sizeof ending / sizeof *ending; i++)
		sigaction(ending[i], &a, &ending_before[i]);
	a.sa_handler = on_stop;
	sigaction(SIGTSTP, &a, &stop_before);
}

void term_release_signals(void)
{
	for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++)
		if (fatal[i] != SIGBUS || fatal_before[i].sa_handler == SIG_DFL)
			sigaction(fatal[i], &fatal_before[i], NULL);
	mapping_otherwise(NULL);
	for (size_t i = 0; i < sizeof ending / sizeof *ending; i++)
		sigaction(ending[i], &ending_before[i], NULL);
	struct sigaction plain = { .sa_handler = SIG_DFL };
	sigaction(SIGTSTP, &plain, NULL);
}

int term_ended_by(void)
{
	return ended_by;
}

void term_fit_window(void)
{
	struct winsize size;
	if (saved.fd >= 0 && !ioctl(saved.fd, TIOCGWINSZ, &size) && size.ws_row &&
	    size.ws_col)
		resize_term(size.ws_row, size.ws_col);
}

/* --- keys -------------------------------------------------------------------------- */

static const struct {
	int curses, ours;
} named_keys[] = {
	{ KEY_UP, KEY_GO_UP },		{ KEY_DOWN, KEY_GO_DOWN },
	{ KEY_LEFT, KEY_GO_LEFT },	{ KEY_RIGHT, KEY_GO_RIGHT },
	{ KEY_HOME, KEY_GO_HOME },	{ KEY_END, KEY_GO_END },
	{ KEY_PPAGE, KEY_PAGE_UP },	{ KEY_NPAGE, KEY_PAGE_DOWN },
	{ KEY_BACKSPACE, KEY_ERASE },	{ KEY_DC, KEY_DELETE },
	{ KEY_BTAB, KEY_BACK_TAB },	{ KEY_F(1), KEY_HELP_F1 },
	{ KEY_RESIZE, KEY_RESIZED },	{ KEY_MOUSE, KEY_MOUSE_EVENT },
	{ KEY_ENTER, '\n' },
};

static int read_once(int ms)
{
	wint_t c;
	timeout(ms);
	const int r = get_wch(&c);
	if (r == ERR)
		return KEY_TIMEOUT;
	if (r != KEY_CODE_YES)
		return c == '\r' ? '\n' : c == 0x7f || c == '\b' ? KEY_ERASE : (int)c;
	for (size_t i = 0; i < sizeof named_keys / sizeof *named_keys; i++)
		if (named_keys[i].curses == (int)c)
			return named_keys[i].ours;
	return KEY_NONE;
}

int term_read_key(int ms)
{
	const int key = ended_by ? KEY_TIMEOUT : read_once(ms);
	if (ended_by)
		return KEY_HANG_UP;
	if (stopped) {
		stopped = 0;
		term_suspend();
		return KEY_RESIZED;
	}
	return key == 3 ? KEY_INTERRUPT : key;
}

/* --- the mouse --------------------------------------------------------------------- */

void term_use_mouse(bool on)
{
	mousemask(on ? BUTTON1_CLICKED | BUTTON1_PRESSED | BUTTON1_DOUBLE_CLICKED |
			       BUTTON4_PRESSED | BUTTON5_PRESSED
		     : 0,
		  NULL);
	mouseinterval(on ? 200 : 0);
}

bool term_mouse(struct term_mouse *m)
{
	MEVENT e;
	if (getmouse(&e) != OK)
		return false;
	m->row = e.y;
	m->col = e.x;
	if (e.bstate & BUTTON4_PRESSED)
		m->what = MOUSE_WHEEL_UP;
	else if (e.bstate & BUTTON5_PRESSED)
		m->what = MOUSE_WHEEL_DOWN;
	else if (e.bstate & BUTTON1_DOUBLE_CLICKED)
		m->what = MOUSE_DOUBLE;
	else
		m->what = MOUSE_CLICK;
	return true;
}
