/* locate_arrays.c — .npy, .npz and .safetensors among what the user may hand over.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "format/locate_arrays.h"

#include <dirent.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "format/npy_files.h"
#include "format/path.h"
#include "format/sniff.h"

static bool ends_with(const char *s, const char *end)
{
	const size_t n = strlen(s), k = strlen(end);
	return n > k && !strcmp(s + n - k, end);
}

static int take(struct arena *a, const struct reader *reader, const char *path,
		const char *taken_for, struct located *at, struct ckpt_error *err)
{
	at->files = arena_zeroed(a, 1, sizeof *at->files);
	if (!at->files || !path)
		return arena_error(a, err);
	at->files[0] = path;
	at->n_files = 1;
	at->prefix = path;
	at->reader = reader;
	at->taken_for = taken_for;
	return 1;
}

/* "model-00001-of-00003.safetensors" beside the list "model.safetensors.index.json". */
static const char *list_of(struct arena *a, const char *path)
{
	static const char end[] = ".safetensors";
	uint32_t count;
	if (!ends_with(path, end))
		return NULL;
	const char *shard = arena_copy(a, path, strlen(path) - (sizeof end - 1));
	const size_t stem = shard ? shard_stem(shard, &count) : 0;
	const char *list =
		stem ? arena_printf(a, "%.*s%s.index.json", (int)stem, path, end) : NULL;
	return path_is_file(list) ? list : NULL;
}

int arrays_file_at(struct arena *a, const char *path, struct located *at,
		   struct ckpt_error *err)
{
	const struct file_kind *kind = path_is_file(path) ? sniff_path(path) : NULL;
	const struct reader *reader = sniff_reader(kind);
	if (!reader)
		return 0;
	const char *list = list_of(a, path);
	if (list)
		at->note = arena_printf(a, "this is one of several files; %s opens all",
					path_base(list));
	return take(a, reader, path, "file", at, err);
}

/* Which files of a folder have an ending: the first, and how many. */
static size_t count_files(struct arena *a, const char *folder, const char *end,
			  const char **first)
{
	size_t n = 0;
	DIR *d = opendir(*folder ? folder : ".");
	for (struct dirent *e; d && (e = readdir(d));) {
		if (*e->d_name == '.' || !ends_with(e->d_name, end))
			continue;
		const char *path = path_join(a, folder, e->d_name);
		if (path && (!n || strcmp(path, *first) < 0))
			*first = path;
		n += path != NULL;
	}
	if (d)
		closedir(d);
	return n;
}

/* All .npy files below the folder: an unpacked archive. */
static int take_npy_folder(struct arena *a, const char *folder, struct located *at,
			   struct ckpt_error *err)
{
	const char **files;
	uint32_t n;
	folder = *folder ? folder : "."; /* names are counted from its end */
	if (npy_folder(a, folder, &files, &n))
		return arena_error(a, err);
	if (!n)
		return 0;
	at->files = files;
	at->n_files = n;
	at->prefix = folder;
	at->reader = &reader_npy;
	at->taken_for = "folder of .npy files";
	return 1;
}

int arrays_in_folder(struct arena *a, const char *folder, struct located *at,
		     struct ckpt_error *err)
{
	static const char *const endings[] = { ".safetensors.index.json", ".safetensors",
					       ".npz" };
	char name[128];
	for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
		const char *first = NULL;
		const size_t n = count_files(a, folder, endings[i], &first);
		if (n > 1) {
			const char *base = path_base(first);
			text_escape(name, sizeof name, base, strlen(base));
			return error_set(
				err, CKPT_ENOTFOUND, *folder ? folder : ".", -1,
				"%zu files here are called *%s; name one of them, "
				"as %s",
				n, endings[i], name);
		}
		if (n) {
			const int r = arrays_file_at(a, first, at, err);
			if (r)
				at->taken_for = "only file of its kind in the folder";
			return r;
		}
	}
	return take_npy_folder(a, folder, at, err);
}
