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
	l->at = at;
}

/* Goes on with the search for a moment: a million names take a fifth of a second, which
 * is longer than a key may wait. */
void list_find_on(struct list *l, struct request *r)
{
	enum { AT_ONCE = 16384 };
	for (size_t i = 0; i < AT_ONCE && l->find_done <= l->n; i++, l->find_done++) {
		const size_t k = l->find_done, at = l->backwards
						? (l->find_from + 2 * l->n - k) % l->n
						: (l->find_from + k) % l->n;
		const struct cell_text name = l->ops->name(l->arg, l->ids[at]);
		if (match_name(l->matcher, name.p, name.len)) {
			found(l, at, r);
			return;
		}
	}
	if (l->find_done <= l->n)
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
	l->finding = l->n > 0;
	l->backwards = backwards;
	l->find_from = l->at;
	l->find_done = here ? 0 : 1;
	if (l->finding)
		list_find_on(l, r);
}
