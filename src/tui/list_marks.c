/* list_marks.c — the marks of a list, and what is copied: what is marked, or one name.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "tui/list.h"

bool list_is_marked(const struct list *l, uint32_t id)
{
	return id / 8 < l->marks_len && l->marks && l->marks[id / 8] >> (id % 8) & 1;
}

size_t list_marked(const struct list *l, uint32_t *ids, size_t most)
{
	size_t n = 0;
	for (uint32_t id = 0; id < l->n_all && n < most; id++)
		if (list_is_marked(l, id))
			ids[n++] = id;
	return l->n_marked;
}

void list_toggle_mark(struct list *l, struct request *r)
{
	uint32_t id;
	if (!list_selected(l, &id) || !l->marks)
		return;
	if (l->ops->marks && !l->ops->marks(l->arg, id)) {
		say(r, "this cannot be marked");
		return;
	}
	l->n_marked += list_is_marked(l, id) ? SIZE_MAX : 1;
	l->marks[id / 8] ^= (uint8_t)(1u << (id % 8));
	list_go(l, l->at + 1);
}

void list_unmark_all(struct list *l)
{
	if (l->marks)
		memset(l->marks, 0, l->marks_len);
	l->n_marked = 0;
}

/* Adds a name, behind a line's end if there is one before it; false: there is no room. */
static bool add_name(const struct list *l, uint32_t id, struct buffer *to)
{
	char text[4096];
	const struct cell_text name = l->ops->name(l->arg, id);
	const size_t n = text_escape(text, sizeof text, name.p, name.len);
	return n < sizeof text && !(to->len && buffer_append(to, "\n", 1, NULL)) &&
	       !buffer_append(to, text, n, NULL);
}

/* Of the rows that are marked; without marks of the one under the cursor. */
void list_copy_names(const struct list *l, struct request *r)
{
	enum { MOST = 1 << 20 };
	uint32_t id = 0;
	struct buffer text;
	if (!l->n_marked && !list_selected(l, &id))
		return;
	buffer_init(&text, MOST);
	bool fits = l->n_marked || add_name(l, id, &text);
	for (id = 0; l->n_marked && id < l->n_all && fits; id++)
		fits = !list_is_marked(l, id) || add_name(l, id, &text);
	if (!fits || !term_copy((const char *)text.p, text.len))
		say(r, "too long to copy");
	else if (l->n_marked)
		say(r, "copied: the names of %zu marked", l->n_marked);
	else
		say(r, "copied: %.*s", text.len < 400 ? (int)text.len : 400,
		    (const char *)text.p);
	buffer_drop(&text);
}
