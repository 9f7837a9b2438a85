/* naming.c — other names for tensors: prefixes, a map, regular expressions.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Prefix, map, renames, in this order. Names that nothing changes stay where they are: no
 * copy, no expression is asked, and the list is in order already.
 */
#include "config.h"

#include "model/naming.h"

#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/text.h"

enum {
	SHOWN = 120,           /* of a name in a message */
	MATCH_LIMIT = 1000000, /* steps: an expression cannot hang us */
	LONGEST_NAME = 1 << 20,
};

struct rename {
	const char *given;
	pcre2_code *code;
	pcre2_match_data *data;
	const char *text; /* what is put there */
};

struct renaming {
	struct arena *arena;
	struct rename *all;
	size_t n;
	pcre2_match_context *context;
	struct buffer out;
};

/* PCRE2's complaint about an expression, or about what is to be put in its place. */
static int wrong(const char *text, size_t len, int code, size_t at,
		 struct ckpt_error *err)
{
	char shown[SHOWN];
	PCRE2_UCHAR message[120];
	text_escape(shown, sizeof shown, text, len);
	pcre2_get_error_message(code, message, sizeof message);
	return error_set(err, CKPT_EINVAL, NULL, -1, "rename: '%s': character %zu: %s",
			 shown, at == PCRE2_UNSET ? 0 : at, (const char *)message);
}

/* Where the '=' stands that ends the expression; "\=" becomes '=' in regex, so that a
 * lookahead can be written, too. NULL: there is none. */
static const char *split(const char *given, char *regex, size_t *len)
{
	const char *p = given;
	*len = 0;
	for (; *p && *p != '='; p++) {
		if (p[0] == '\\' && p[1]) {
			if (p[1] != '=')
				regex[(*len)++] = *p;
			p++;
		}
		regex[(*len)++] = *p;
	}
	return *p ? p : NULL;
}

static int compile(struct rename *r, struct arena *arena, const char *given,
		   struct ckpt_error *err)
{
	int code;
	PCRE2_SIZE at;
	size_t len;
	char shown[SHOWN];
	char *regex = arena_alloc(arena, strlen(given) + 1);
	if (!regex)
		return arena_error(arena, err);
	r->given = given;
	const char *equals = split(given, regex, &len);
	text_escape(shown, sizeof shown, given, strlen(given));
	if (!equals)
		return error_set(err, CKPT_EINVAL, NULL, -1,
				 "rename '%s': has no '=', expected REGEX=TEXT", shown);
	if (!len)
		return error_set(err, CKPT_EINVAL, NULL, -1,
				 "rename '%s': nothing stands before the '='", shown);
	r->text = equals + 1;
	r->code = pcre2_compile((PCRE2_SPTR)regex, len, PCRE2_DOTALL, &code, &at, NULL);
	if (!r->code)
		return wrong(regex, len, code, at, err);
	pcre2_jit_compile(r->code, PCRE2_JIT_COMPLETE);
	r->data = pcre2_match_data_create_from_pattern(r->code, NULL);
	return r->data ? 0 : error_set(err, CKPT_ENOMEM, NULL, -1, "out of memory");
}

static int renaming_begin(struct renaming *r, struct arena *arena,
			  const struct naming *naming, struct ckpt_error *err)
{
	*r = (struct renaming){ .arena = arena };
	buffer_init(&r->out, LONGEST_NAME);
	if (!naming->n_renames)
		return 0;
	r->all = arena_zeroed(arena, naming->n_renames, sizeof *r->all);
	if (!r->all)
		return arena_error(arena, err);
	for (; r->n < naming->n_renames; r->n++) {
		struct rename *one = &r->all[r->n];
		if (compile(one, arena, naming->renames[r->n], err)) {
			pcre2_code_free(one->code);
			return -1;
		}
	}
	r->context = pcre2_match_context_create(NULL);
	if (!r->context)
		return error_set(err, CKPT_ENOMEM, NULL, -1, "out of memory");
	pcre2_set_match_limit(r->context, MATCH_LIMIT);
	return buffer_reserve(&r->out, 256, err);
}

static void renaming_end(struct renaming *r)
{
	for (size_t i = 0; i < r->n; i++) {
		pcre2_code_free(r->all[i].code);
		pcre2_match_data_free(r->all[i].data);
	}
	pcre2_match_context_free(r->context);
	buffer_drop(&r->out);
}

/* The name into out: how many places were replaced, or PCRE2's error. *len is that of the
 * name, what out would have to hold, or where the replacement is wrong. */
static int substitute(struct renaming *r, const struct rename *one,
		      const struct named *name, PCRE2_SIZE *len)
{
	const uint32_t options = PCRE2_SUBSTITUTE_GLOBAL | PCRE2_SUBSTITUTE_EXTENDED |
				 PCRE2_SUBSTITUTE_UNSET_EMPTY |
				 PCRE2_SUBSTITUTE_OVERFLOW_LENGTH;
	*len = r->out.cap;
	return pcre2_substitute(one->code, (PCRE2_SPTR)name->name, name->len, 0, options,
				one->data, r->context, (PCRE2_SPTR)one->text,
				PCRE2_ZERO_TERMINATED, r->out.p, len);
}

static int rename_one(struct renaming *r, const struct rename *one, struct named *name,
		      struct ckpt_error *err)
{
	char shown[SHOWN], given[SHOWN];
	PCRE2_UCHAR message[120];
	PCRE2_SIZE len;
	int n = substitute(r, one, name, &len);
	if (n == PCRE2_ERROR_NOMEMORY && len != PCRE2_UNSET) {
		if (buffer_reserve(&r->out, len, err))
			return -1;
		n = substitute(r, one, name, &len);
	}
	if (n > 0) {
		name->name = arena_copy(r->arena, r->out.p, len);
		name->len = len;
		return name->name ? 0 : arena_error(r->arena, err);
	}
	if (n == 0)
		return 0;
	if (n == PCRE2_ERROR_BADREPLACEMENT || n == PCRE2_ERROR_BADREPESCAPE ||
	    n == PCRE2_ERROR_REPMISSINGBRACE || n == PCRE2_ERROR_BADSUBSTITUTION ||
	    n == PCRE2_ERROR_NOSUBSTRING)
		return wrong(one->text, strlen(one->text), n, len, err);
	text_escape(shown, sizeof shown, name->name, name->len);
	text_escape(given, sizeof given, one->given, strlen(one->given));
	pcre2_get_error_message(n, message, sizeof message);
	return error_set(err, CKPT_EINVAL, NULL, -1, "rename '%s': on '%s': %s", given,
			 shown, (const char *)message);
}

/* --- lists ------------------------------------------------------------------------- */

static int by_name(const void *x, const void *y)
{
	const struct named *a = x, *b = y;
	const int c = bytes_compare(a->name, a->len, b->name, b->len);
	if (c || a->t == b->t)
		return c;
	return bytes_compare(a->t->name, a->t->name_len, b->t->name, b->t->name_len);
}

void naming_sort(struct named_list *list)
{
	for (size_t i = 1; i < list->n; i++)
		if (by_name(&list->all[i - 1], &list->all[i]) > 0) {
			qsort(list->all, list->n, sizeof *list->all, by_name);
			return;
		}
}

/* All tensors with the names that are left without the prefix. */
static int list_names(struct named_list *list, struct arena *arena, struct ckpt *c,
		      const struct named_list *given, const char *prefix,
		      struct ckpt_error *err)
{
	const size_t strip = prefix ? strlen(prefix) : 0;
	list->n = given ? given->n : ckpt_count(c);
	list->all = arena_zeroed(arena, list->n, sizeof *list->all);
	if (!list->all)
		return arena_error(arena, err);
	for (size_t i = 0; i < list->n; i++) {
		struct named *to = &list->all[i];
		const struct ckpt_tensor *t = given ? given->all[i].t : ckpt_at(c, i);
		*to = given ? given->all[i] : (struct named){ t, t->name, t->name_len };
		if (!strip || to->len < strip || memcmp(to->name, prefix, strip))
			continue;
		to->name += strip;
		to->len -= strip;
	}
	return 0;
}

static int translate(struct named_list *list, struct name_map *map, struct renaming *r,
		     struct ckpt_error *err)
{
	if (!map->n && !r->n)
		return 0;
	for (size_t i = 0; i < list->n; i++) {
		struct named *to = &list->all[i];
		const struct map_line *line = name_map_find(map, to->name, to->len);
		if (line) {
			to->name = line->new;
			to->len = line->new_len;
			continue;
		}
		for (size_t k = 0; k < r->n; k++)
			if (rename_one(r, &r->all[k], to, err))
				return -1;
	}
	return 0;
}

int naming_apply(struct named_list *a, struct named_list *b, struct arena *arena,
		 struct ckpt *ca, struct ckpt *cb, const struct naming *naming,
		 struct ckpt_error *err)
{
	struct renaming r;
	struct name_map map = { 0 };
	int result = -1;
	if (renaming_begin(&r, arena, naming, err) ||
	    (naming->map_path && name_map_read(&map, arena, naming->map_path, err)) ||
	    list_names(a, arena, ca, naming->given_a, naming->strip_a, err) ||
	    list_names(b, arena, cb, naming->given_b, naming->strip_b, err) ||
	    translate(a, &map, &r, err))
		goto out;
	naming_sort(a);
	naming_sort(b);
	result = name_map_check(&map, ca, cb, b, err);
out:
	renaming_end(&r);
	return result;
}

int naming_change(struct named_list *list, struct arena *arena, struct ckpt *c,
		  const struct naming *naming, struct ckpt_error *err)
{
	struct renaming r;
	struct name_map map = { 0 };
	int result = -1;
	if (!renaming_begin(&r, arena, naming, err) &&
	    (!naming->map_path ||
	     !name_map_read(&map, arena, naming->map_path, err)) &&
	    !translate(list, &map, &r, err))
		result = name_map_check(&map, c, NULL, NULL, err);
	renaming_end(&r);
	return result;
}
