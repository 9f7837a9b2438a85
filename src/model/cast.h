/* cast.h — elements of one dtype as those of another.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_CAST_H
#define MODEL_CAST_H

#include "model/dtype.h"

/* Casts stay within a kind: reals become reals, integers integers, complex complex. */
bool cast_applies(const struct dtype *from, const struct dtype *to);
/* n elements, host byte order. Reals are rounded as real_rounded() does, which is how
 * NumPy and ml_dtypes cast; a NaN stays one. Returns n, or the number of the first
 * element, an integer, that the new dtype cannot hold. */
size_t cast_elements(const struct dtype *from, const struct dtype *to, const void *in,
		     size_t n, void *out);

#endif
