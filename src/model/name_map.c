/* name_map.c — the file that says what one checkpoint's tensors are called elsewhere.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/lines.h"
#include "base/text.h"
#include "model/naming.h"

enum { SHOWN = 120 }; /* of a name in a message */

static int by_old(const void *x, const void *y)
{
	const struct map_line *a = x, *b = y;
	const int c = bytes_compare(a->old, a->old_len, b->old, b->old_len);
	return c ? c : (a->line > b->line) - (a->line < b->line);
}

/* Unescapes a name where it stands. */
static int take_name(const struct lines *l, char *p, size_t n, const char **name,
		     size_t *len, struct ckpt_error *err)
{
	char shown[SHOWN];
	text_escape(shown, sizeof shown, p, n);
	*len = text_unescape(p, p, n);
	*name = p;
	if (*len == SIZE_MAX)
		return lines_error(l, err, "'%s' has an escape that is none", shown);
	return 0;
}

static int read_line(const struct lines *l, struct map_line *to, struct ckpt_error *err)
{
	char *p = l->line, *const end = p + l->len, *old = p, *new, *more;
	size_t old_len, new_len, more_len;
	char *tab = memchr(p, '\t', l->len);
	if (tab) {
		old_len = (size_t)(tab - p);
		new = tab + 1;
		new_len = (size_t)(end - new);
		if (memchr(new, '\t', new_len))
			return lines_error(l, err, "has more than one tab; expected an "
						   "old name, a tab and a new name");
	} else if (!lines_word(&p, end, &old, &old_len) ||
		   !lines_word(&p, end, &new, &new_len) ||
		   lines_word(&p, end, &more, &more_len)) {
		return lines_error(l, err, "has no tab, and is not two words; expected "
					   "an old name, a tab and a new name");
	}
	to->line = l->number;
	return take_name(l, old, old_len, &to->old, &to->old_len, err) ||
	       take_name(l, new, new_len, &to->new, &to->new_len, err) ? -1 : 0;
}

static int find_twice(const struct name_map *map, struct ckpt_error *err)
{
	char shown[SHOWN];
	for (size_t i = 1; i < map->n; i++) {
		const struct map_line *a = &map->all[i - 1], *b = &map->all[i];
		if (bytes_compare(a->old, a->old_len, b->old, b->old_len))
			continue;
		text_escape(shown, sizeof shown, b->old, b->old_len);
		return error_set(err, CKPT_EINVAL, map->path, -1,
				 "line %" PRIu64 ": '%s' stands in line %" PRIu64
				 " already",
				 b->line, shown, a->line);
	}
	return 0;
}

int name_map_read(struct name_map *map, struct arena *arena, const char *path,
		  struct ckpt_error *err)
{
	struct lines l;
	*map = (struct name_map){ .path = path };
	if (lines_open(&l, arena, path, err))
		return -1;
	struct lines count = l;
	size_t n = 0;
	while (lines_next(&count))
		n++;
	map->all = arena_zeroed(arena, n, sizeof *map->all);
	if (!map->all)
		return arena_error(arena, err);
	while (lines_next(&l))
		if (read_line(&l, &map->all[map->n++], err))
			return -1;
	qsort(map->all, map->n, sizeof *map->all, by_old);
	return find_twice(map, err);
}

static int compare_old(const void *key, const void *element)
{
	const struct map_line *k = key, *e = element;
	return bytes_compare(k->old, k->old_len, e->old, e->old_len);
}

const struct map_line *name_map_find(struct name_map *map, const char *old, size_t len)
{
	const struct map_line key = { .old = old, .old_len = len };
	struct map_line *found =
		map->n ? bsearch(&key, map->all, map->n, sizeof key, compare_old) : NULL;
	if (found)
		found->used = true;
	return found;
}

static int compare_named(const void *key, const void *element)
{
	const struct named *k = key, *e = element;
	return bytes_compare(k->name, k->len, e->name, e->len);
}

int name_map_check(const struct name_map *map, struct ckpt *ca, struct ckpt *cb,
		   const struct named_list *b, struct ckpt_error *err)
{
	char shown[SHOWN];
	const struct map_line *first = NULL;
	bool first_is_old = false;
	for (size_t i = 0; i < map->n; i++) {
		const struct map_line *m = &map->all[i];
		const struct named key = { .name = m->new, .len = m->new_len };
		if ((first && first->line < m->line) ||
		    (m->used &&
		     (!b || (b->n &&
			     bsearch(&key, b->all, b->n, sizeof key, compare_named)))))
			continue;
		first = m;
		first_is_old = !m->used;
	}
	if (!first)
		return 0;
	text_escape(shown, sizeof shown, first_is_old ? first->old : first->new,
		    first_is_old ? first->old_len : first->new_len);
	return error_set(err, CKPT_EINVAL, map->path, -1,
			 "line %" PRIu64 ": no tensor '%s' in %s", first->line, shown,
			 ckpt_prefix(first_is_old ? ca : cb));
}
