/* scan.h — what a graph does besides computing: its ops that are hazards.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Every node is looked at, those of the function library too, in every graph of a
 * SavedModel. What the saver of the SaverDef consists of is expected: it reads and writes
 * where its caller says, and only when it is asked for. That holds if nothing depends on
 * it but itself, no signature or collection leads to it, no input of the model leads into
 * it, and the file's name is what the caller gives; else its ops are found like any
 * other.
 */
#ifndef REPORT_SCAN_H
#define REPORT_SCAN_H

#include "format/graph.h"
#include "report/hazard.h"

struct scan_row {
	uint64_t null;
	struct cell_text op, class, node, function, tags, detail, why;
	bool expected;
};

extern const struct column scan_columns[];

struct scan_report {
	const struct scan_row *rows;
	size_t n;
	size_t n_found;	  /* of them, those that are not expected */
	uint64_t n_nodes; /* looked at */
};

/* Scans the graph, of a SavedModel all of them; tags: only that one. Memory is a's. -1:
 * it was not possible to look at everything: ECORRUPT, EUNSUPPORTED, EIO, ELIMIT. */
int scan_make(struct scan_report *r, struct arena *a, struct graph *g, const char *tags,
	      struct ckpt_error *err);

#endif
