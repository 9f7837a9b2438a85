/* grid_find.c — looks for a value in a grid: nan, inf, a number, a comparison.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "tui/grid.h"

static void begin(struct grid *g, bool backwards, struct request *r)
{
	struct ckpt_error err = { 0 };
	const size_t which = g->n > 1 && g->shows == GRID_B;
	if (g->finding) {
		say(r, "a search is under way; ^C stops it");
		return;
	}
	if (g->planes.empty) {
		say(r, "there is nothing to be found");
		return;
	}
	if (find_begin(&g->find, g->ckpts[which], g->tensors[which], &g->planes, &g->what,
		       planes_number(&g->planes), backwards, g->threads, &err))
		say_error(r, &err);
	else
		g->finding = true;
	g->backwards = backwards;
}

void grid_search(struct grid *g, const char *text, struct request *r)
{
	struct ckpt_error err = { 0 };
	struct find_what what = g->what;
	if (g->problem)
		return;
	if (g->shows == GRID_DELTA && g->n > 1) {
		say(r, "look for values in the grids A and B; the largest come first");
		return;
	}
	if (*text && find_parse(&what, text, dtype_of(grid_tensor(g)->dtype), &err)) {
		say_error(r, &err);
		return;
	}
	g->what = what;
	g->sought |= *text != '\0';
	grid_search_next(g, false, r);
}

void grid_search_next(struct grid *g, bool backwards, struct request *r)
{
	if (!g->sought)
		say(r, "nothing was looked for yet: /");
	else
		begin(g, backwards, r);
}

bool grid_search_tick(struct grid *g, struct request *r)
{
	struct ckpt_error err = { 0 };
	uint64_t number;
	if (!g->finding || !pool_wait(&g->find.pool, 0))
		return false;
	const uint64_t was = g->find.from;
	const int found = find_end(&g->find, &number, &err);
	g->finding = false;
	if (found < 0 && err.code)
		say_error(r, &err);
	else if (!found)
		say(r, "there is none");
	if (found <= 0)
		return true;
	planes_go(&g->planes, number);
	if (number == was)
		say(r, "there is no other");
	else if (g->backwards ? number > was : number < was)
		say(r, "found beyond the %s", g->backwards ? "beginning" : "end");
	return true;
}
