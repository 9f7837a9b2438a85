/* constant.h — a variable's value as the TensorProto of a constant.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Spelled as TensorFlow's make_tensor_proto does (python/framework/tensor_util.py):
 * numbers as the bytes in tensor_content; a single one, booleans, complex numbers,
 * integers of less than a byte and strings in the typed field of their dtype.
 */
#ifndef MAKE_CONSTANT_H
#define MAKE_CONSTANT_H

#include "base/wire_put.h"
#include "format/variables.h"

struct constant {
	struct ckpt *c;
	const struct variable *v; /* PRESENT */
	struct selection selection;
	uint64_t elements;
	uint64_t shape_n, values_n; /* bytes in the fields of shape and values */
	uint32_t field;		    /* that of the values; 0: there are none */
};

/* Finds out how long it is, for which strings and varints are read. EUNSUPPORTED for what
 * has no constants (variants); ECORRUPT, EIO. */
int constant_open(struct constant *k, struct ckpt *c, const struct variable *v,
		  struct ckpt_error *err);
/* Bytes of the TensorProto. */
uint64_t constant_size(const struct constant *k);
/* Writes it; all of the tensor's checksums are compared before the first byte. */
void constant_put(const struct constant *k, struct sink *s);

#endif
