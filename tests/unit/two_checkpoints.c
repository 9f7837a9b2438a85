/* two_checkpoints.c — what a test of two checkpoints begins and ends with.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "unit.h"

#include "two_checkpoints.h"

struct arena two_arena;
struct ckpt *two_a, *two_b;

int two_begin(void **state)
{
	(void)state;
	arena_init(&two_arena, UINT64_MAX);
	return 0;
}

int two_end(void **state)
{
	(void)state;
	ckpt_close(two_a);
	ckpt_close(two_b);
	two_a = two_b = NULL;
	arena_drop(&two_arena);
	return 0;
}

struct ckpt *two_open(const char *path)
{
	struct ckpt_error err = { 0 };
	struct ckpt *c = ckpt_open(path, NULL, &err);
	CHECK(c != NULL, "%s: %s", path, err.text);
	return c;
}
