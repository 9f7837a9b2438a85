/* strings.h — a string or a variant of a tensor as lines to be read.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TUI_STRINGS_H
#define TUI_STRINGS_H

#include "format/objects.h"
#include "report/column.h"
#include "tui/view.h"

/* The type of a serialized variant, as "tensorflow::TensorList"; of one that is
 * malformed "". It points into p. */
struct cell_text variant_type(const char *p, size_t len);
/* A string with its line breaks; JSON indented, in the order and spelling it has; what is
 * not text as hexadecimal bytes, and a variant too. NULL without memory. */
struct view *string_view(const char *title, const char *p, size_t len, bool variant);
/* The objects of the graph, those below others indented, with their variables. */
struct view *graph_view(const char *title, struct ckpt *c, const struct objects *o,
			struct ckpt_error *err);

#endif
