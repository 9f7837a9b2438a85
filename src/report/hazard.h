/* hazard.h — ops that do more than compute: the table that graph --scan looks for.
 * SPDX-License-Identifier: Apache-2.0
 *
 * An op is in it if the graph chooses what it touches outside: a file, an address, a
 * device, a function of the process, native code. From TensorFlow's op registry, and of
 * ops that earlier versions had in contrib. What an op that is not TensorFlow's does
 * nobody knows; it needs a library that the graph cannot bring along.
 */
#ifndef REPORT_HAZARD_H
#define REPORT_HAZARD_H

#include "ckpt.h"
#include "report/column.h"

enum hazard_class {
	HAZARD_READS,	/* files */
	HAZARD_WRITES,	/* files */
	HAZARD_PYTHON,	/* runs Python */
	HAZARD_NATIVE,	/* runs code that is no op */
	HAZARD_NETWORK, /* reaches other machines, or other devices */
	HAZARD_PRINTS,
	HAZARD_PROCESS, /* ends it */
};

extern const char *const hazard_class_names[]; /* "reads", …; ended by NULL */

struct hazard {
	const char *op;
	enum hazard_class class;
	const char *why;
};

/* NULL: it is none. */
const struct hazard *hazard_of(struct ckpt_string op);
/* Is it an op that a saver consists of? */
bool hazard_is_saving(const struct hazard *h);

/* The table itself, as rows. */
extern const struct column hazard_columns[];
struct rows hazard_rows(struct arena *a);

#endif
