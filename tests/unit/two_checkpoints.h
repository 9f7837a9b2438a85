/* two_checkpoints.h — what a test of two checkpoints begins and ends with.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef UNIT_TWO_CHECKPOINTS_H
#define UNIT_TWO_CHECKPOINTS_H

#include "base/arena.h"
#include "ckpt.h"

extern struct arena two_arena;
/* Closed by two_end(). */
extern struct ckpt *two_a, *two_b;

/* Setup and teardown, as cmocka calls them. */
int two_begin(void **state);
int two_end(void **state);
/* The test fails if path does not open. */
struct ckpt *two_open(const char *path);

#endif
