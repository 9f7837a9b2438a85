/* paths.h — the arguments that are checkpoints, and the patterns behind them.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_PATHS_H
#define CLI_PATHS_H

#include "cli/opt.h"
#include "ckpt.h"

/* The checkpoints that the first arguments name: several members of one, as a shell's
 * glob gives them, count once. */
struct paths {
	const char **all;
	size_t n;
	size_t used; /* arguments; those behind are patterns */
};

/* Takes arguments as long as they lead to checkpoints. An argument that does not ends the
 * list if there are at least least of them and no file has that name; else it is an
 * error. Memory is the options'. */
int paths_take(struct options *o, size_t least, struct paths *p, struct ckpt_error *err);

#endif
