/* graph_shown.c — names from a graph as messages may have them.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "format/graph_shown.h"

#include <stdio.h>

#include "base/text.h"

const char *shown_name(char out[SHOWN_NAME], struct ckpt_string name)
{
	text_escape(out, SHOWN_NAME, name.p, name.len);
	return out;
}

const char *shown_node(char out[SHOWN_NODE], const struct graph *g, int64_t function,
		       struct ckpt_string name, struct ckpt_string op)
{
	enum { LONGEST_OP = 30, LONGEST_FUNCTION = 34 };
	const bool inside = function >= 0;
	snprintf(out, SHOWN_NODE, "node '%.*s%s%s' (%.*s)", LONGEST_FUNCTION,
		 inside ? SHOWN(g->functions[function].name) : "", inside ? ": " : "",
		 SHOWN(name), LONGEST_OP, SHOWN(op));
	return out;
}
