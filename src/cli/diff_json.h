/* diff_json.h — what every JSON answer of diff begins and ends with.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_DIFF_JSON_H
#define CLI_DIFF_JSON_H

#include "cli/opt.h"
#include "out/document.h"
#include "report/diff.h"

/* One run of diff, as far as its answers need it. */
struct diff_run {
	const struct options *o;
	const char *path_a, *path_b; /* as they were given */
	struct ckpt *a, *b;
	struct arena arena, scratch; /* scratch: what one row needs */
	struct diff_query query;
	struct diff diff;
	bool same_file;
	/* What is wrong with the answer as a whole: a file that changed, --quick without
	 * checksums, nothing that can be told. */
	struct ckpt_error trouble;
	int code; /* the exit code */
};

/* Opens the document; records are called what, each of them. */
void diff_json_begin(struct diff_run *r, struct document *doc, const char *what,
		     const char *each);
/* Errors and summary. */
void diff_json_end(struct diff_run *r, struct document *doc);

#endif
