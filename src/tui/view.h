/* view.h — what a screen must answer; app.c has the stack of them, and nobody else.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The five zones are the same everywhere: title, context and columns, rows, status, keys.
 * A view draws the first three and says what stands in the status; app.c draws the rest.
 * No view waits: what takes long runs in a pool (base/pool.h), which tick() looks at.
 */
#ifndef TUI_VIEW_H
#define TUI_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "ckpt.h"
#include "tui/keys.h"
#include "tui/term.h"

struct view;

/* Where a view may draw: from row top on, so many rows; all columns. */
struct area {
	int top, rows, cols;
	bool small; /* there is no room for context and headings */
};

/* What a view asks of app.c when a key has been dealt with. */
enum request_kind {
	REQUEST_NONE,
	REQUEST_PUSH, /* view */
	REQUEST_REPLACE, /* this view by view */
	REQUEST_POP,
	REQUEST_ASK,  /* a line of text: label, text to begin with; then answer() */
};

struct request {
	enum request_kind kind;
	struct view *view;
	enum action ask;         /* what the answer is for */
	const char *label;       /* "/", "slice: " */
	char text[512];
	char message[512];       /* for the status line, until the next key */
	bool bad;                /* the message is an error */
};

/* How far long work is. */
struct progress {
	const char *what; /* "comparing"; NULL: nothing is under way */
	uint64_t done, total, bytes_done, bytes_total;
};

enum answer { ANSWER_TYPING, ANSWER_DONE, ANSWER_CANCELLED };

struct view_ops {
	const char *name;                 /* in help: "browse" */
	const struct key_binding *keys;   /* ended by ACT_NONE */
	void (*draw)(struct view *v, const struct area *area);
	/* Whole name of what is selected, and what stands at the right: "2 marked  3/48".
	 * left and right have cap bytes. */
	void (*status)(struct view *v, char *left, char *right, size_t cap);
	void (*act)(struct view *v, enum action action, struct request *r);
	/* The line that was asked for, as it is typed, and in the end; may be NULL. */
	void (*answer)(struct view *v, enum action asked, const char *text,
		       enum answer state, struct request *r);
	/* A command of ":" that app.c does not know; false: neither does the view. May be
	 * NULL. */
	bool (*command)(struct view *v, const char *word, const char *rest,
			struct request *r);
	/* Looks after work; true if something is to be drawn again. */
	bool (*tick)(struct view *v, struct request *r);
	void (*progress)(struct view *v, struct progress *p); /* may be NULL */
	/* ^C: stops work, keeps what is known; may be NULL */
	void (*stop)(struct view *v);
	/* A click at a row and column of the area; may be NULL. */
	void (*click)(struct view *v, const struct term_mouse *m, struct request *r);
	void (*close)(struct view *v);
	/* True while Esc has something to clear. */
	bool (*clears)(struct view *v);
};

/* Each view begins with it. */
struct view {
	const struct view_ops *ops;
	struct view *below; /* app.c's */
	struct arena arena; /* the view lives in it, and what it keeps */
};

/* Memory for a view of that size, in its own arena; NULL without memory. */
void *view_new(const struct view_ops *ops, size_t size);
/* Closes it and what it keeps. */
void view_drop(struct view *v);

/* Asks for a view; NULL: there was no memory for it. */
void request_push(struct request *r, struct view *next);
/* Sets the message. */
void say(struct request *r, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void say_error(struct request *r, const struct ckpt_error *err);

#endif
