/* textproto.h — protobuf's text format, for any message whose descriptor we have.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The text is encoded to wire form, so that whatever reads messages reads texts as well:
 * comments, both quotes, C escapes, adjacent literals, lists, < > and { }, separators.
 * Fields that the descriptor does not have are read over.
 */
#ifndef FORMAT_TEXTPROTO_H
#define FORMAT_TEXTPROTO_H

#include <google/protobuf-c/protobuf-c.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/spool.h"

/* Appends the wire form of text to out. ECORRUPT with file, byte and line of what is
 * wrong. */
int textproto_encode(const ProtobufCMessageDescriptor *type, struct bytes text,
		     const char *file, struct buffer *out, struct ckpt_error *err);
/* The same of a file of any size, in windows; then out->source reads the wire form.
 * longest: the most bytes that one string may have. */
int textproto_encode_file(const ProtobufCMessageDescriptor *type, struct source *text,
			  size_t longest, struct spool *out, struct ckpt_error *err);

#endif
