/* textprint.h — a message in protobuf's text format, as TensorFlow writes it.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The other direction of textproto.h. A field a line, indented by two blanks, numbers in
 * their shortest form, bytes escaped in octal: what Python's text_format prints, and so
 * tf.io.write_graph(as_text=True).
 */
#ifndef FORMAT_TEXTPRINT_H
#define FORMAT_TEXTPRINT_H

#include <google/protobuf-c/protobuf-c.h>

#include "base/source.h"
#include "base/wire_put.h"

/* Prints n bytes of a file, which are a message of this type, in the order in which its
 * fields stand there. Fields that the descriptor does not have are left out, like zeros
 * of proto3. Memory: a window. ECORRUPT, EIO; to->err is not touched by it. */
int textprint(const ProtobufCMessageDescriptor *type, struct source *source, uint64_t at,
	      uint64_t n, struct sink *to, struct ckpt_error *err);

#endif
