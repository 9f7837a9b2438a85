/* write_npy.c — a tensor as a .npy file, tensors as a folder of them, or bytes alone.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A folder is made under another name, where all names in it are free and nobody has put
 * a link, and gets its own when it is whole.
 */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "make/guard.h"
#include "make/write.h"

/* The only item that is written. */
static struct export_item *one_item(struct export_job *e)
{
	for (size_t i = 0; i < e->n; i++)
		if (item_is_written(&e->items[i]))
			return &e->items[i];
	return NULL;
}

static int put_length(put_fn put, void *arg, uint64_t v, struct ckpt_error *err)
{
	uint8_t coded[8];
	for (int i = 0; i < 8; i++)
		coded[i] = (uint8_t)(v >> (8 * i));
	return put(arg, coded, sizeof coded, err);
}

static int put_raw_string(void *output, const struct ckpt_string *s,
			  struct ckpt_error *err)
{
	return put_length(put_output, output, s->len, err) ||
			       output_write(output, s->p, s->len, err)
		       ? -1
		       : 0;
}

/* As print --raw. */
static int put_raw(struct export_job *e, const struct export_item *item, struct output *o,
		   struct ckpt_error *err)
{
	return dtype_of(item->dtype)->size
		       ? elements_put(e, item, put_output, o, err)
		       : elements_strings(e, item, put_raw_string, o, err);
}

static int write_one(struct export_job *e, bool raw, struct ckpt_error *err)
{
	struct output o = { .fd = -1 };
	struct export_item *item = one_item(e);
	int result = -1;
	if (!item) /* it is damaged, and left out */
		return 0;
	if (export_open(e, &o, e->query->out, err))
		goto out;
	item->file = o.path;
	if (raw ? put_raw(e, item, &o, err) : npy_put(e, item, put_output, &o, err))
		goto out;
	if (!dtype_of(item->dtype)->size && raw)
		item->size = o.at;
	result = export_publish(e, &o, 1, err);
out:
	output_drop(&o);
	return result;
}

int write_npy(struct export_job *e, struct ckpt_error *err)
{
	return write_one(e, false, err);
}

int write_raw(struct export_job *e, struct ckpt_error *err)
{
	return write_one(e, true, err);
}

/* --- folders ----------------------------------------------------------------------- */

/* Makes the folders between the first and the file's own. */
static int make_folders(char *path, size_t root, struct ckpt_error *err)
{
	for (char *p = path + root + 1; (p = strchr(p, '/')); p++) {
		*p = '\0';
		const int r = mkdir(path, 0777);
		if (r && errno != EEXIST)
			return error_errno(err, path, "cannot create the folder");
		*p = '/';
	}
	return 0;
}

static int write_file(struct export_job *e, struct export_item *item, const char *folder,
		      struct ckpt_error *err)
{
	struct output o = { .fd = -1 };
	const char *out = e->query->out;
	const size_t len = strlen(out);
	const char *join = len && out[len - 1] == '/' ? "" : "/";
	char *path = arena_printf(e->arena, "%s/%s", folder, item->written);
	item->file = arena_printf(e->arena, "%s%s%s", out, join, item->written);
	if (!path || !item->file)
		return arena_error(e->arena, err);
	int result = -1;
	if (make_folders(path, strlen(folder), err) ||
	    output_open_here(&o, e->arena, path, err))
		goto out;
	if (pointers_add(&e->files, (void *)(uintptr_t)item->file)) {
		error_copy(err, &error_no_memory);
		goto out;
	}
	if (npy_put(e, item, put_output, &o, err) || output_finish(&o, err))
		goto out;
	e->file_bytes += o.at;
	result = 0;
out:
	output_drop(&o);
	return result;
}

int write_npy_folder(struct export_job *e, struct ckpt_error *err)
{
	if (guard_path(e->c, e->arena, e->query->out, NULL, err))
		return -1;
	const char *folder = output_folder(e->arena, e->query->out, err);
	if (!folder)
		return -1;
	int result = 0;
	for (size_t i = 0; !result && i < e->n; i++)
		if (item_is_written(&e->items[i]))
			result = write_file(e, &e->items[i], folder, err);
	if (result || ckpt_unchanged(e->c, err) ||
	    output_move(folder, e->query->out, false, err)) {
		output_remove_folder(folder);
		return -1;
	}
	return 0;
}
