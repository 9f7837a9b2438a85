/* term_key.h — signals, for term.c.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TUI_TERM_KEY_H
#define TUI_TERM_KEY_H

/* The terminal's modes before anybody has changed them. */
void term_save_modes(void);
/* From here on signals that end the program restore the terminal first; those that ask it
 * to end become keys. */
void term_catch_signals(void);
void term_release_signals(void);
/* Takes the size that the terminal has now. */
void term_fit_window(void);
/* The signal that asked the program to end, or 0. */
int term_ended_by(void);

#endif
