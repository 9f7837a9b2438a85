/* fold.c — rows that are a tree by their depth alone: folding, and who is below whom.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "tui/fold.h"

#include <stdio.h>
#include <string.h>

bool fold_is_open(const struct fold *f, uint32_t row)
{
	return f->open && f->open[row / 8] >> (row % 8) & 1;
}

void fold_set(struct fold *f, uint32_t row, bool open)
{
	if (open)
		f->open[row / 8] |= (uint8_t)(1u << (row % 8));
	else
		f->open[row / 8] &= (uint8_t)~(1u << (row % 8));
}

void fold_all(struct fold *f, bool open)
{
	if (f->open)
		memset(f->open, open ? 0xff : 0, f->n / 8 + 1);
}

bool fold_init(struct fold *f, struct arena *a, uint64_t depth)
{
	f->open = arena_zeroed(a, f->n / 8 + 1, 1);
	for (uint32_t i = 0; f->open && i < f->n; i++)
		if (f->depth(f->arg, i) < depth)
			fold_set(f, i, true);
	return f->open != NULL;
}

bool fold_has_rows(const struct fold *f, uint32_t row)
{
	return row + 1 < f->n && f->depth(f->arg, row + 1) > f->depth(f->arg, row);
}

uint32_t fold_parent(const struct fold *f, uint32_t row)
{
	uint32_t at = row;
	while (at && f->depth(f->arg, at) >= f->depth(f->arg, row))
		at--;
	return f->depth(f->arg, at) < f->depth(f->arg, row) ? at : row;
}

void fold_build(const struct fold *f, struct list_build *b)
{
	uint64_t seen = UINT64_MAX; /* what is deeper is folded away */
	for (uint32_t i = 0; i < f->n && !list_stopped(b); i++) {
		const uint64_t depth = f->depth(f->arg, i);
		if (depth > seen)
			continue;
		seen = fold_is_open(f, i) ? UINT64_MAX : depth;
		list_add_row(b, i);
	}
}

void fold_lead(uint64_t depth, bool has_rows, bool open, char *out, size_t cap)
{
	enum { DEEPEST = 100 };
	const char *sign = has_rows ? open ? SIGN_OPEN " " : SIGN_FOLDED " " : "  ";
	snprintf(out, cap, "%*s%s", (int)(2 * (depth < DEEPEST ? depth : DEEPEST)), "",
		 sign);
}
