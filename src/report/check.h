/* check.h — is a checkpoint whole: ckpt_verify() for those who have threads and a screen.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef REPORT_CHECK_H
#define REPORT_CHECK_H

#include "format/finding.h"
#include "report/column.h"
#include "report/sweep.h"

struct check_relay {
	struct finder to;
	bool explained; /* a data file is known to be converted, or something else */
};

struct check {
	struct ckpt *c;
	struct check_relay relay;
	struct arena arena;
	struct sweep sweep;
	struct sweep_item *items; /* in the order of their bytes */
	bool incomplete;          /* it was stopped */
};

/* Tells what the index and the files say, and starts to read the values. */
int check_begin(struct check *k, struct ckpt *c, ckpt_finding_fn fn, void *arg,
		struct ckpt_summary *summary, unsigned threads, struct ckpt_error *err);
/* Waits for what is begun, and tells the rest. */
int check_end(struct check *k, struct ckpt_error *err);

/* What was found, as a row. It points to what the finding points to. */
struct finding_row {
	uint64_t null;
	struct cell_text severity, code, tensor, path, file, message;
	int64_t offset, length;
};

extern const struct column finding_columns[];

/* path: of the checkpoint. */
void finding_row_of(const struct ckpt_finding *f, const char *path,
		    struct finding_row *row);

#endif
