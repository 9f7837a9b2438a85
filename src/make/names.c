/* names.c — what the tensors of an export are called.
 * SPDX-License-Identifier: Apache-2.0
 *
 * First the object graph's names, if they are asked for; then the map and the renames, as
 * diff has them; then what the format does not take is escaped. Two tensors that would
 * end up with one name are an error, never one of them less.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/text.h"
#include "make/member_name.h"
#include "make/write.h"

enum { SHOWN = 120, ZIP_NAME_MOST = 65535 };

/* --- the object graph -------------------------------------------------------------- */

/* A variable's full name, or its path where it has none; what a saveable has added to the
 * key stays behind it. Other attributes keep their keys. */
static int name_by_object(struct arena *a, const struct objects *o, struct named *to,
			  struct ckpt_error *err)
{
	static const char value[] = "VARIABLE_VALUE";
	const struct object_key *k = objects_key(o, to->name, to->len);
	if (!k)
		return 0;
	const bool variable = k->attribute.len == sizeof value - 1 &&
			      !memcmp(k->attribute.p, value, sizeof value - 1);
	const struct object_text *text = k->full_name.len ? &k->full_name : &k->path;
	if (!text->len || (text == &k->path && !variable))
		return 0;
	const size_t more = to->len - k->key.len;
	char *name = arena_alloc(a, text->len + more + 1);
	if (!name)
		return arena_error(a, err);
	memcpy(name, text->p, text->len);
	memcpy(name + text->len, to->name + k->key.len, more);
	name[text->len + more] = '\0';
	to->name = name;
	to->len = text->len + more;
	return 0;
}

/* --- names that are the same ------------------------------------------------------- */

static int clash(struct export_job *e, const struct ckpt_tensor *a,
		 const struct ckpt_tensor *b, const char *name, size_t len,
		 struct ckpt_error *err)
{
	char first[SHOWN], second[SHOWN], shown[SHOWN];
	text_escape(first, sizeof first, a->name, a->name_len);
	text_escape(second, sizeof second, b->name, b->name_len);
	text_escape(shown, sizeof shown, name, len);
	return error_set(err, CKPT_EINVAL, ckpt_prefix(e->c), -1,
			 "'%s' and '%s' would both be '%s'; -x leaves one out", first,
			 second, shown);
}

static int find_clash(struct export_job *e, struct ckpt_error *err)
{
	struct named_list list = { arena_zeroed(e->arena, e->n + 1, sizeof *list.all),
				   e->n };
	if (!list.all)
		return arena_error(e->arena, err);
	for (size_t i = 0; i < e->n; i++)
		list.all[i] = (struct named){ e->items[i].tensor, e->items[i].name,
					      e->items[i].name_len };
	naming_sort(&list);
	for (size_t i = 1; i < list.n; i++) {
		const struct named *a = &list.all[i - 1], *b = &list.all[i];
		if (!bytes_compare(a->name, a->len, b->name, b->len))
			return clash(e, a->t, b->t, b->name, b->len, err);
	}
	return 0;
}

/* --- given names ------------------------------------------------------------------- */

static int by_tensor(const void *x, const void *y)
{
	const struct ckpt_tensor *a = (*(struct export_item *const *)x)->tensor;
	const struct ckpt_tensor *b = (*(struct export_item *const *)y)->tensor;
	return a < b ? -1 : a > b;
}

/* All tensors take part, so that a line of the map is not wrong because its tensor is not
 * exported. */
static int give_names(struct export_job *e, struct ckpt_error *err)
{
	const struct export_query *q = e->query;
	const size_t all = ckpt_count(e->c);
	struct named_list list = { arena_zeroed(e->arena, all + 1, sizeof *list.all),
				   all };
	struct export_item **items =
		arena_zeroed(e->arena, e->n + 1, sizeof(struct export_item *));
	if (!list.all || !items)
		return arena_error(e->arena, err);
	for (size_t i = 0; i < all; i++) {
		const struct ckpt_tensor *t = ckpt_at(e->c, i);
		list.all[i] = (struct named){ t, t->name, t->name_len };
		if (q->object_names &&
		    name_by_object(e->arena, e->objects, &list.all[i], err))
			return -1;
	}
	if (naming_change(&list, e->arena, e->c, &q->naming, err))
		return -1;
	for (size_t i = 0; i < e->n; i++)
		items[i] = &e->items[i];
	qsort(items, e->n, sizeof *items, by_tensor);
	for (size_t i = 0; i < all; i++) {
		struct export_item key = { .tensor = list.all[i].t }, *wanted = &key;
		struct export_item **found =
			e->n ? bsearch(&wanted, items, e->n, sizeof *items, by_tensor)
			     : NULL;
		if (found) {
			(*found)->name = list.all[i].name;
			(*found)->name_len = list.all[i].len;
		}
	}
	return 0;
}

/* --- safe names -------------------------------------------------------------------- */

static int folded(const struct export_item *a, const struct export_item *b)
{
	/* No NUL stands in a safe name of a file. */
	return strcasecmp(a->written, b->written);
}

static int by_folded(const void *x, const void *y)
{
	return folded(*(struct export_item *const *)x, *(struct export_item *const *)y);
}

static int make_safe(struct export_job *e, struct export_item *item,
		     enum member_kind kind, const char *ending, struct ckpt_error *err)
{
	item->written = member_name(e->arena, item->name, item->name_len, kind, ending,
				    &item->written_len);
	return item->written ? 0 : arena_error(e->arena, err);
}

/* Files whose names differ in case alone would be one on some systems. */
static int separate_cases(struct export_job *e, const char *ending,
			  struct ckpt_error *err)
{
	struct export_item **items =
		arena_zeroed(e->arena, e->n + 1, sizeof(struct export_item *));
	if (!items)
		return arena_error(e->arena, err);
	for (size_t i = 0; i < e->n; i++)
		items[i] = &e->items[i];
	qsort(items, e->n, sizeof *items, by_folded);
	for (size_t i = 0, n; i < e->n; i += n) {
		for (n = 1; i + n < e->n && !folded(items[i], items[i + n]);)
			n++;
		for (size_t k = 0; n > 1 && k < n; k++)
			if (make_safe(e, items[i + k], MEMBER_FOLDED, ending, err))
				return -1;
	}
	return 0;
}

/* One file, whose name is the user's. */
static int keep_name(struct export_item *item)
{
	item->written = item->name;
	item->written_len = item->name_len;
	return 0;
}

int names_plan(struct export_job *e, struct ckpt_error *err)
{
	const enum export_format format = e->query->format;
	const bool folder = format == EXPORT_NPY_DIR;
	const char *ending = format == EXPORT_NPZ || folder ? ".npy" : "";
	const enum member_kind kind = folder			     ? MEMBER_FILE
				      : format == EXPORT_SAFETENSORS ? MEMBER_KEY
								     : MEMBER_ZIP;
	if (give_names(e, err) || find_clash(e, err))
		return -1;
	for (size_t i = 0; i < e->n; i++) {
		struct export_item *item = &e->items[i];
		const bool one = kind == MEMBER_ZIP && format != EXPORT_NPZ;
		if (one ? keep_name(item) : make_safe(e, item, kind, ending, err))
			return -1;
		if (format == EXPORT_NPZ && item->written_len > ZIP_NAME_MOST)
			return error_set(err, CKPT_EINVAL, ckpt_prefix(e->c), -1,
					 "a tensor has a name of %zu bytes, an archive "
					 "takes %d",
					 item->name_len, ZIP_NAME_MOST);
	}
	return folder ? separate_cases(e, ending, err) : 0;
}
