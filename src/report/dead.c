/* dead.c — rows and columns of a matrix that are all zeros.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Most blocks have no zeros at all, or nothing else; only those between are looked at
 * element by element, and of their columns only those that are not known to be alive.
 */
#include "config.h"

#include "report/dead.h"

/* --- rows -------------------------------------------------------------------------- */

void dead_rows_begin(struct dead_rows *r)
{
	*r = (struct dead_rows){ .head = true, .tail = true };
}

/* A part of a row; ends: it is the last one. */
static void add_part(struct dead_rows *r, bool all_zeros, bool ends)
{
	if (!r->ended) {
		r->head &= all_zeros;
		r->ended = ends;
		return;
	}
	r->tail &= all_zeros;
	if (ends) {
		r->dead += r->tail;
		r->tail = true;
	}
}

static bool are_zeros(const double *reals, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (reals[i] != 0)
			return false;
	return true;
}

void dead_rows_block(struct dead_rows *r, const double *reals, size_t n, uint64_t first,
		     size_t zeros, uint64_t width)
{
	uint64_t left = width - first % width; /* of the row */
	if (!zeros && n) {
		/* No row is dead: all that counts is whether one ends. */
		const bool ends = n >= left;
		const uint64_t behind = ends ? (n - left) % width : n;
		add_part(r, false, ends);
		if (ends)
			r->tail = !behind;
		return;
	}
	for (size_t i = 0; i < n; left = width) {
		const size_t part = n - i < left ? n - i : (size_t)left;
		add_part(r, zeros == n || are_zeros(reals + i, part), part == left);
		i += part;
	}
}

void dead_rows_join(struct dead_rows *r, const struct dead_rows *next)
{
	add_part(r, next->head, next->ended);
	if (!next->ended)
		return;
	r->dead += next->dead;
	r->tail = next->tail;
}

uint64_t dead_rows_count(const struct dead_rows *r)
{
	return r->dead + (r->ended && r->head);
}

/* --- columns ----------------------------------------------------------------------- */

void dead_columns_begin(struct dead_columns *c, uint64_t width,
			atomic_uint_least64_t *words)
{
	c->width = width;
	atomic_init(&c->left, width);
	c->words = words;
	for (size_t i = 0; i < dead_columns_words(width); i++)
		atomic_init(&words[i], 0);
}

static uint64_t load(const atomic_uint_least64_t *word)
{
	return atomic_load_explicit(word, memory_order_relaxed);
}

/* Elements of one row from a column on. */
static void mark(struct dead_columns *c, const double *reals, uint64_t column, size_t n,
		 bool all_alive)
{
	const uint64_t end = column + n;
	for (uint64_t w = column / 64; w * 64 < end; w++) {
		const uint64_t from = w * 64 < column ? column - w * 64 : 0;
		const uint64_t to = end - w * 64 < 64 ? end - w * 64 : 64;
		const uint64_t these = ~0ULL << from & ~0ULL >> (64 - to);
		const uint64_t unknown = these & ~load(&c->words[w]);
		uint64_t alive = all_alive ? unknown : 0;
		for (uint64_t rest = unknown; rest && !all_alive; rest &= rest - 1) {
			const int bit = __builtin_ctzll(rest);
			if (reals[w * 64 + (uint64_t)bit - column] != 0)
				alive |= 1ULL << bit;
		}
		if (!alive)
			continue;
		alive &= ~atomic_fetch_or_explicit(&c->words[w], alive,
						   memory_order_relaxed);
		atomic_fetch_sub_explicit(&c->left,
					  (uint64_t)__builtin_popcountll(alive),
					  memory_order_relaxed);
	}
}

void dead_columns_block(struct dead_columns *c, const double *reals, size_t n,
			uint64_t first, size_t zeros)
{
	if (zeros == n)
		return;
	uint64_t column = first % c->width;
	for (size_t i = 0; i < n && load(&c->left); column = 0) {
		const uint64_t left = c->width - column;
		const size_t part = n - i < left ? n - i : (size_t)left;
		mark(c, reals + i, column, part, !zeros);
		i += part;
	}
}
