/* diff_more.h — other answers of diff: a tree, one tensor's elements, a map, rules.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_DIFF_MORE_H
#define CLI_DIFF_MORE_H

#include "cli/opt.h"
#include "report/diff.h"

/* Is one of --tree, --show, --emit-map, --emit-rules given? */
bool diff_more_wanted(const struct options *o);
/* Prints it. */
int diff_more(const struct options *o, struct diff *d, struct arena *a,
	      struct ckpt_error *err);

#endif
