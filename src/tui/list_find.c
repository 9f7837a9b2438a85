/* list_find.c — a search in the names of a list, which goes on while keys answer.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "tui/list.h"

int list_set_search(struct list *l, const char *text, struct ckpt_error *err)
{
	char pattern[LIST_FILTER], *all[] = { pattern };
	snprintf(pattern, sizeof pattern, "%s", text);
	struct arena arena;
	arena_init(&arena, UINT64_MAX);
	struct matcher *m = match_compile(&arena, all, 1, NULL, 0, true, err);
	if (!m) {
		arena_drop(&arena);
		return -1;
	}
	match_free(l->matcher);
	arena_drop(&l->searching);
	l->searching = arena;
	l->matcher = m;
	snprintf(l->search, sizeof l->search, "%s", text);
	return 0;
}

static void found(struct list *l, size_t at, struct request *r)
{
	l->finding = false;
	if (l->backwards ? at > l->find_from : at < l->find_from)
		say(r, "search went around the %s", l->backwards ? "top" : "end");
	if (l->in_all)
		l->ops->reveal(l->arg, (uint32_t)at);
	else
		l->at = at;
}

static bool matches(const struct list *l, uint32_t id)
{
	const struct cell_text name = l->ops->name(l->arg, id);
	if (match_name(l->matcher, name.p, name.len))
		return true;
	if (!l->ops->shown)
		return false;
	const struct cell_text shown = l->ops->shown(l->arg, id);
	return match_name(l->matcher, shown.p, shown.len);
}

static size_t looked_at(const struct list *l)
{
	return l->in_all ? l->n_all : l->n;
}

/* Goes on with the search for a moment: a million names take a fifth of a second, which
 * is longer than a key may wait. */
void list_find_on(struct list *l, struct request *r)
{
	enum { AT_ONCE = 16384 };
	const size_t n = looked_at(l);
	for (size_t i = 0; i < AT_ONCE && l->find_done <= n; i++, l->find_done++) {
		const size_t k = l->find_done,
			     at = l->backwards ? (l->find_from + 2 * n - k) % n
					       : (l->find_from + k) % n;
		if (matches(l, l->in_all ? (uint32_t)at : l->ids[at])) {
			found(l, at, r);
			return;
		}
	}
	if (l->find_done <= n)
		return;
	l->finding = false;
	say(r, "no name matches '%.200s'", l->search);
	r->bad = true;
}

void list_find(struct list *l, bool backwards, bool here, struct request *r)
{
	if (!l->matcher) {
		say(r, "nothing was searched for yet: / does");
		return;
	}
	uint32_t id = 0;
	l->in_all = l->ops->reveal && !l->filter[0];
	l->finding = looked_at(l) > 0;
	l->backwards = backwards;
	l->find_from = l->at;
	if (l->in_all)
		l->find_from = list_selected(l, &id) ? id : 0;
	l->find_done = here ? 0 : 1;
	if (l->finding)
		list_find_on(l, r);
}
