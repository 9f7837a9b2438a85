/* list.h — a report's rows on the screen: moves, marks, sorting, filter, search.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A list is a vector of row numbers; only the rows that are seen are ever formatted. The
 * vector is made by the view's build() in the order that is asked for; where there are
 * many rows, by another thread, while the old one is still shown and keys answer.
 */
#ifndef TUI_LIST_H
#define TUI_LIST_H

#include "base/pool.h"
#include "model/match.h"
#include "report/column.h"
#include "tui/view.h"

enum { LIST_COLUMNS = 16, LIST_FILTER = 256 };

/* A column of the table; the name stands before all of them. */
struct list_column {
	const struct column *column; /* NULL ends them */
	int min;  /* its width at first; it grows with what is seen */
	int drop; /* where there is no room, the highest leave first; 0 stays */
};

/* What a list is made by. */
struct list_build {
	const char *filter; /* substring, ASCII letters of either case; "" takes all */
	size_t filter_len;
	int sort;
	bool reverse;
	struct pool *pool;  /* NULL: nobody can stop it */
	struct buffer ids;
	bool failed;
};

/* Asked now and then: there is no need to go on. */
bool list_stopped(const struct list_build *b);
bool list_takes(const struct list_build *b, const char *name, size_t len);
void list_add_row(struct list_build *b, uint32_t id);

struct list_ops {
	/* The rows as they are to be seen, from another thread maybe: it may look at
	 * what does not change while the list is there. NULL: rows 0 … n_all-1, filtered
	 * by name, sorted by compare(). */
	void (*build)(void *arg, struct list_build *b);
	/* <0, 0, >0; by a sort of list_sorts. NULL: they stay in order. */
	int (*compare)(void *arg, int sort, uint32_t x, uint32_t y);
	/* The row's struct, until the next call; NULL: not known yet. */
	const void *(*row)(void *arg, uint32_t id);
	/* The whole name, which filter and search look at; search at shown() as well. */
	struct cell_text (*name)(void *arg, uint32_t id);
	/* The rest may be NULL. What stands in the table instead of the name: */
	struct cell_text (*shown)(void *arg, uint32_t id);
	/* What stands before it: indentation, a sign; UTF-8 in out. */
	void (*lead)(void *arg, uint32_t id, char *out, size_t cap);
	enum style (*style)(void *arg, uint32_t id);
	/* The style of a cell, given its column; STYLE_PLAIN: that of the row. */
	enum style (*cell_style)(void *arg, uint32_t id, const struct column *c,
				 const void *row);
	double (*share)(void *arg, uint32_t id); /* of all: 0 … 1; a bar */
	bool (*marks)(void *arg, uint32_t id);   /* can it be marked? */
	/* Unfolds what a row is in, and goes to it: a search then looks at all rows, in
	 * the order of their numbers. */
	void (*reveal)(void *arg, uint32_t id);
};

struct list {
	const struct list_ops *ops;
	void *arg;
	const char *title;           /* of the column of names */
	const char *const *sorts;    /* names, ended by NULL; NULL: not sorted */
	struct list_column columns[LIST_COLUMNS];
	int widths[LIST_COLUMNS], name_width; /* seen so far */
	size_t n_all;
	int sort;
	bool reverse;
	char filter[LIST_FILTER], search[LIST_FILTER];
	/* What is seen. */
	uint32_t *ids;
	size_t n, at, top;
	int page;                    /* rows at the last drawing */
	int first_row;               /* on the screen */
	uint8_t *marks;              /* a bit for each of n_all */
	size_t n_marked, marks_len;
	bool built;
	bool stay_first;             /* a cursor on the first row stays there */
	/* Under way. */
	struct list_build next;
	struct pool pool;
	bool building;
	uint32_t follow;             /* what is to be selected when it is ready */
	bool following;
	struct arena arena;
	struct arena searching;
	struct matcher *matcher;     /* of search, in searching */
	/* A search under way: how many rows from where on it has looked at. */
	bool finding, backwards, in_all;
	size_t find_from, find_done;
};

/* columns: ended by column NULL. The list is empty until list_rebuild(). */
void list_init(struct list *l, const struct list_ops *ops, void *arg, const char *title,
	       const struct list_column *columns);
void list_close(struct list *l); /* zeroed is fine */
/* Other columns, or another number of rows; marks go. */
void list_set(struct list *l, const struct list_column *columns, size_t n_all);
/* Makes the vector again, after the rows, the sort or the filter have changed. */
void list_rebuild(struct list *l);
/* Ends what is under way: needed before what build() looks at changes. */
void list_stop(struct list *l);
/* Goes on with what is under way; true if there is something new to be seen. */
bool list_tick(struct list *l, struct request *r);
/* Is something under way? */
bool list_busy(const struct list *l);

/* Heading (unless the area is small) and rows. */
void list_draw(struct list *l, const struct area *area);

/* Moves of the cursor; false: the action is none. */
bool list_move(struct list *l, enum action action);
/* False: there is no row. */
bool list_selected(const struct list *l, uint32_t *id);
/* Moves to that row, now or when the vector is ready. */
void list_select(struct list *l, uint32_t id);
void list_go(struct list *l, size_t at);
/* To the row with the number that text says, from 1. */
void list_go_text(struct list *l, const char *text, struct request *r);

/* The keys that all lists have: moves, sort, reverse, marks, search, filter, copying the
 * name. False: it is none of them. */
bool list_act(struct list *l, enum action action, struct request *r);
bool list_answer(struct list *l, enum action asked, const char *text, enum answer state,
		 struct request *r);
bool list_click(struct list *l, const struct term_mouse *m, bool *open);
/* Clears the filter; false: there is none. */
bool list_clear(struct list *l);
bool list_is_marked(const struct list *l, uint32_t id);
/* The marked rows in order, up to most; how many are marked. */
size_t list_marked(const struct list *l, uint32_t *ids, size_t most);
/* "2 marked  3/48 of 148" */
void list_position(const struct list *l, char *out, size_t cap);
/* "by size ▾" */
void list_order(const struct list *l, char *out, size_t cap);

/* --- for list.c: list_marks.c ------------------------------------------------------ */

/* Marks the row under the cursor, or takes its mark away, and goes on. */
void list_toggle_mark(struct list *l, struct request *r);
void list_unmark_all(struct list *l);
/* The names of the rows that are marked; without marks of the one under the cursor. */
void list_copy_names(const struct list *l, struct request *r);

/* --- for list.c: list_find.c ------------------------------------------------------- */

/* Takes over a regular expression; EINVAL: it is malformed. */
int list_set_search(struct list *l, const char *text, struct ckpt_error *err);
/* To the next match, or the one before; here: the row of the cursor counts too. */
void list_find(struct list *l, bool backwards, bool here, struct request *r);
/* Goes on with a search for a moment. */
void list_find_on(struct list *l, struct request *r);

/* Binds these in a view's table. */
#define LIST_KEYS                                                                        \
	{ ACT_SEARCH, "/", "find", "regular expression", "find" },                       \
	{ ACT_SEARCH_NEXT, "n", "find", "next match", NULL },                            \
	{ ACT_SEARCH_PREVIOUS, "N", "find", "match before", NULL },                      \
	{ ACT_FILTER, "&", "find", "names with this; Esc: all", "filter" }
#define LIST_SORT_KEYS                                                                   \
	{ ACT_SORT, "s", "sort", "by the next column", "sort" },                         \
	{ ACT_REVERSE, "S", "sort", "the other way round", NULL }
#define LIST_MARK_KEYS                                                                   \
	{ ACT_MARK, "Space", "mark", "mark, and go on", "mark" },                        \
	{ ACT_UNMARK, "u", "mark", "no marks", NULL }

#endif
