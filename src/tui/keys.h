/* keys.h — which key does what: one table for each view, for dispatch, help and footer.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TUI_KEYS_H
#define TUI_KEYS_H

#include <stdbool.h>
#include <stddef.h>

enum action {
	ACT_NONE,
	/* Moves; a list, or a grid, knows them by itself. */
	ACT_DOWN, ACT_UP, ACT_HALF_DOWN, ACT_HALF_UP, ACT_PAGE_DOWN, ACT_PAGE_UP,
	ACT_FIRST, ACT_LAST, ACT_LEFT, ACT_RIGHT, ACT_LINE_BEGIN, ACT_LINE_END,
	/* What every view has; app.c does some of them. */
	ACT_OPEN, ACT_BACK, ACT_ESCAPE, ACT_QUIT, ACT_HELP, ACT_COMMAND, ACT_REDRAW,
	ACT_SUSPEND, ACT_MOUSE,
	/* What some have. */
	ACT_SEARCH, ACT_SEARCH_NEXT, ACT_SEARCH_PREVIOUS, ACT_FILTER, ACT_SORT,
	ACT_REVERSE, ACT_TREE, ACT_UNFOLD_ALL, ACT_MARK, ACT_UNMARK, ACT_NEXT_PANE,
	ACT_PREVIOUS_PANE, ACT_COPY, ACT_COPY_VALUE, ACT_INFO, ACT_RELOAD, ACT_DIFF,
	ACT_VERIFY, ACT_COMPUTE, ACT_WRITE, ACT_SLICE, ACT_PRECISION, ACT_SAME, ACT_SWAP,
	ACT_QUICK, ACT_SMALLEST, ACT_LARGEST, ACT_GOTO, ACT_LOG_SCALE, ACT_TRANSPOSE,
	ACT_HISTORY, ACT_ROLE, ACT_NEXT_PLANE, ACT_PREVIOUS_PLANE, ACT_NEXT_BLOCK,
	ACT_PREVIOUS_BLOCK,
	N_ACTIONS
};

struct key_binding {
	enum action action;
	const char *keys;   /* names with spaces between: "j Down"; see key_named() */
	const char *group;  /* in help: "move" */
	const char *help;   /* "next row" */
	const char *footer; /* what the footer says of it; NULL: nothing */
};

/* Moves, and what every view has; ended by ACT_NONE. */
extern const struct key_binding move_keys[], common_keys[];

/* The key of a name: "j", "^D", "Space", "Enter", "PgDn", "F1"; 0: no name of a key. */
int key_named(const char *name, size_t len);
/* What the key means in a view with these bindings, in common_keys or in move_keys, the
 * first that has it; NULL, ACT_NONE: nothing. */
const struct key_binding *key_binding_of(const struct key_binding *own, int key);
enum action key_action(const struct key_binding *own, int key);
/* The first key of a binding as people see it: "↵", "Space", "^D". */
const char *key_shown(const struct key_binding *b, char out[16]);

#endif
