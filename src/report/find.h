/* find.h — the next element of a tensor that is NaN, zero, or above a number.
 * SPDX-License-Identifier: Apache-2.0
 *
 * What is selected of a tensor is searched in row-major order, from an element on, by all
 * threads; the nearest one counts, whichever thread met one first.
 */
#ifndef REPORT_FIND_H
#define REPORT_FIND_H

#include "base/pool.h"
#include "format/side.h"
#include "model/planes.h"

enum find_test { FIND_NAN, FIND_INF, FIND_EQ, FIND_NE, FIND_LT, FIND_LE, FIND_GT, FIND_GE,
		 FIND_TEXT };

struct find_what {
	enum find_test test;
	double real;         /* rounded to the dtype: 0.1 finds what is shown as 0.1 */
	/* An integer, exactly: its sign and magnitude. */
	bool whole, negative;
	uint64_t magnitude;
	char text[128];      /* of strings: what they contain */
	size_t text_len;
};

/* Reads "nan", "inf", "zero", "1.5", "=1.5", ">0.5", "<=-3", "!=0"; of strings and
 * variants any text. Elements that are NaN are only found by nan and !=; complex ones
 * are compared by their modulus. EINVAL: it is none of that. */
int find_parse(struct find_what *what, const char *text, const struct dtype *d,
	       struct ckpt_error *err);

struct find_worker;

struct find {
	struct planes planes;      /* what is searched */
	struct find_what what;
	uint64_t from;             /* number of the element that one stands at */
	bool backwards;
	struct arena arena;
	struct find_worker *workers;
	unsigned n_workers;
	struct pool pool;
	uint64_t jobs;
	atomic_uint_least64_t best; /* of jobs that have found something, the first */
};

/* Starts to look at what is selected: from the element behind number at (before it, if
 * backwards) through the end around to that one itself. */
int find_begin(struct find *f, struct ckpt *c, const struct ckpt_tensor *t,
	       const struct planes *planes, const struct find_what *what, uint64_t at,
	       bool backwards, unsigned threads, struct ckpt_error *err);
/* Waits for it; 1: found, *number says which; 0: there is none; -1: it could not be read,
 * or, with CKPT_OK, it was stopped by pool_cancel(). */
int find_end(struct find *f, uint64_t *number, struct ckpt_error *err);

#endif
