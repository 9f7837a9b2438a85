/* export_tell.h — what an export has written, and what it could not: for people, as JSON.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_EXPORT_TELL_H
#define CLI_EXPORT_TELL_H

#include "cli/opt.h"
#include "make/export.h"
#include "out/document.h"

/* An export that has ended. */
struct export_told {
	const struct options *o;
	struct arena *arena;
	struct export_job *e;
	const struct ckpt_error *index_error; /* NULL: the index is whole */
	bool complete;			      /* not interrupted */
};

/* On standard error: names and dtypes that are not written as they are, what is damaged.
 * */
void export_tell(const struct export_told *t);
/* A line on standard output. */
void export_sum_up(const struct export_told *t);
/* The document, or the records. */
void export_json(const struct export_told *t);

#endif
