/* random_tensor.h — tensors of any dtype, of chance and of what is awkward.
 * SPDX-License-Identifier: Apache-2.0
 *
 * For tests of statistics.
 */
#ifndef UNIT_RANDOM_TENSOR_H
#define UNIT_RANDOM_TENSOR_H

#include <stddef.h>

#include "model/dtype.h"

/* A dtype of numbers or booleans. */
const struct dtype *random_dtype(void);
/* n elements: any bits, a few values, one value, near each other, near the limits, or
 * mixed with NaN, infinities, zeros and subnormals. */
void random_elements(const struct dtype *d, void *to, size_t n);
/* About normally distributed, deviation 1. */
double random_normal(void);

#endif
