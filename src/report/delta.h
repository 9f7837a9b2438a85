/* delta.h — the difference of two elements, for people.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef REPORT_DELTA_H
#define REPORT_DELTA_H

#include "model/dtype.h"

/* b - a as text of at most 2 * NUMBER_MAX bytes: of integers exactly, else as doubles
 * with so many digits (0: all that a double has). Not for strings and the like. */
size_t delta_text(const struct dtype *da, const void *a, const struct dtype *db,
		  const void *b, int digits, char *out);
/* Are they the same value? NaN is the same as NaN. */
bool delta_none(const struct dtype *da, const void *a, const struct dtype *db,
		const void *b);

#endif
