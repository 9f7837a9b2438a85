/* keys.c — which key does what: one table for each view, for dispatch, help and footer.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "tui/keys.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "tui/term.h"

const struct key_binding move_keys[] = {
	{ ACT_DOWN, "j Down", "move", "next row", NULL },
	{ ACT_UP, "k Up", "move", "row before", NULL },
	{ ACT_HALF_DOWN, "^D", "move", "half a page down", NULL },
	{ ACT_HALF_UP, "^U", "move", "half a page up", NULL },
	{ ACT_PAGE_DOWN, "PgDn ^F", "move", "a page down", NULL },
	{ ACT_PAGE_UP, "PgUp ^B", "move", "a page up", NULL },
	{ ACT_FIRST, "g Home", "move", "first", NULL },
	{ ACT_LAST, "G End", "move", "last", NULL },
	{ ACT_NONE, NULL, NULL, NULL, NULL },
};

const struct key_binding common_keys[] = {
	{ ACT_COMMAND, ":", "other", "a command: goto, write", NULL },
	{ ACT_REDRAW, "^L", "other", "draw again", NULL },
	{ ACT_MOUSE, "M", "other", "mouse on or off", NULL },
	{ ACT_HELP, "? F1", "leave", "these keys", "help" },
	{ ACT_BACK, "q", "leave", "back; first screen: quit", NULL },
	{ ACT_ESCAPE, "Esc", "leave", "clear, or back", NULL },
	{ ACT_QUIT, "Q", "leave", "quit", NULL },
	{ ACT_SUSPEND, "^Z", "leave", "suspend", NULL },
	{ ACT_NONE, NULL, NULL, NULL, NULL },
};

static const struct key_name {
	const char *name, *shown;
	int key;
} key_names[] = {
	{ "Space", "Space", ' ' },
	{ "Enter", "↵", '\n' },
	{ "Tab", "↹", '\t' },
	{ "BackTab", "⇧Tab", KEY_BACK_TAB },
	{ "Esc", "Esc", 27 },
	{ "Up", "↑", KEY_GO_UP },
	{ "Down", "↓", KEY_GO_DOWN },
	{ "Left", "←", KEY_GO_LEFT },
	{ "Right", "→", KEY_GO_RIGHT },
	{ "Home", "Home", KEY_GO_HOME },
	{ "End", "End", KEY_GO_END },
	{ "PgUp", "PgUp", KEY_PAGE_UP },
	{ "PgDn", "PgDn", KEY_PAGE_DOWN },
	{ "Backspace", "Backspace", KEY_ERASE },
	{ "Del", "Del", KEY_DELETE },
	{ "F1", "F1", KEY_HELP_F1 },
};

enum { N_NAMES = sizeof key_names / sizeof *key_names };

int key_named(const char *name, size_t len)
{
	uint32_t cp;
	for (int i = 0; i < N_NAMES; i++)
		if (strlen(key_names[i].name) == len &&
		    !memcmp(key_names[i].name, name, len))
			return key_names[i].key;
	if (len == 2 && name[0] == '^' && name[1] >= '@' && name[1] <= '_')
		return name[1] == 'C' ? KEY_INTERRUPT : name[1] - '@';
	return text_utf8(name, len, &cp) == len ? (int)cp : 0;
}

static bool has_key(const struct key_binding *b, int key)
{
	for (const char *p = b->keys; *p;) {
		const size_t n = strcspn(p, " ");
		if (key_named(p, n) == key)
			return true;
		p += n + (p[n] == ' ');
	}
	return false;
}

const struct key_binding *key_binding_of(const struct key_binding *own, int key)
{
	const struct key_binding *const tables[] = { own, common_keys, move_keys };
	for (size_t t = 0; t < sizeof tables / sizeof *tables; t++)
		for (const struct key_binding *b = tables[t]; b->action; b++)
			if (has_key(b, key))
				return b;
	return NULL;
}

enum action key_action(const struct key_binding *own, int key)
{
	const struct key_binding *b = key_binding_of(own, key);
	return b ? b->action : ACT_NONE;
}

const char *key_shown(const struct key_binding *b, char out[16])
{
	const size_t n = strcspn(b->keys, " ");
	for (int i = 0; i < N_NAMES; i++)
		if (strlen(key_names[i].name) == n &&
		    !memcmp(key_names[i].name, b->keys, n))
			return term_signs() ? key_names[i].shown : key_names[i].name;
	snprintf(out, 16, "%.*s", (int)n, b->keys);
	return out;
}
