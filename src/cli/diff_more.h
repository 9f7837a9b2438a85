/* diff_more.h — other answers of diff: a tree, one tensor's elements, a map, rules.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_DIFF_MORE_H
#define CLI_DIFF_MORE_H

#include "cli/diff_json.h"

/* Is one of --tree, --show, --emit-map, --emit-rules given? */
bool diff_more_wanted(const struct options *o);
/* Can it be answered? Asked before the values are read. */
int diff_more_check(const struct diff_run *r, struct ckpt_error *err);
/* Prints it. */
int diff_more(struct diff_run *r, struct ckpt_error *err);

#endif
