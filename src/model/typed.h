/* typed.h — which field of a TensorProto holds the elements of a dtype, and how.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Fields: tensorflow/core/framework/tensor.proto; which dtype uses which:
 * core/util/saved_tensor_slice_util.h.
 */
#ifndef MODEL_TYPED_H
#define MODEL_TYPED_H

#include <stdint.h>

enum { WIRE_BYTES = 16 }; /* of typed_field: one string, a byte for each element */

struct typed_field {
	uint8_t field, wire, parts; /* parts: numbers an element; wire: WIRE_… */
};

struct typed_field typed_field(int dtype);

#endif
