/* attr_text.h — attributes of nodes as text.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef REPORT_ATTR_TEXT_H
#define REPORT_ATTR_TEXT_H

#include "format/graph.h"
#include "report/column.h"

/* "s", "i", "type", "tensor", "list", …: the field of AttrValue that is set. */
const char *attr_kind_name(enum graph_attr_kind kind);
/* What it says: "float32", "[2,3]", "3", "[1,2,2,1]", "float32 [2] 0.5, 0.25". Of long
 * strings, lists and tensors only the beginning, with "…" behind it. Strings are as in
 * the file. Memory is a's. -1: EIO, ELIMIT. */
int attr_text(struct graph *g, struct arena *a, const struct graph_attr *attr,
	      struct cell_text *text, struct ckpt_error *err);

#endif
