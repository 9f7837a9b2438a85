/* values.h — a tensor's elements: as text, as JSON, as raw bytes.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef OUT_VALUES_H
#define OUT_VALUES_H

#include <stdio.h>

#include "base/pool.h"
#include "ckpt.h"
#include "format/side.h"
#include "model/slice.h"
#include "out/json.h"

struct values_style {
	int precision; /* significant digits of reals; 0: the shortest that reads back */
	bool hex;      /* reals as C's %a */
	bool elide;    /* only the first and last of long dimensions */
};

/* Elements of one tensor that were asked for. */
struct picked {
	struct ckpt *c;
	struct side *side; /* instead of c, by another thread; NULL: c */
	struct pool *pool; /* whose pool_cancel() stops it; NULL: nothing does */
	const struct ckpt_tensor *t;
	struct selection selection;
	bool whole; /* every element, in order: what is read whole is checked first */
};

/* As nested brackets, like NumPy prints them: aligned unless there are very many. */
int values_text(FILE *out, const struct picked *p, const struct values_style *style,
		struct ckpt_error *err);
/* "encoding" and "values" in the object that is open; see ckpt-inspect-json(5). */
int values_json(struct json *j, const struct picked *p, const struct values_style *style,
		struct ckpt_error *err);
/* Row-major little-endian bytes; strings and variants as u64 length and bytes. */
int values_raw(FILE *out, const struct picked *p, struct ckpt_error *err);

#endif
