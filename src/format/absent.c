/* absent.c — what to say about a path that leads to no checkpoint.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "format/absent.h"

#include <dirent.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "format/path.h"
#include "format/state.h"
#include "model/match.h"

/* The parts of a download that browsers and tools leave beside a name. */
static const char *unfinished(struct arena *a, const char *path)
{
	static const char *const endings[] = { ".part",	   ".crdownload", ".download",
					       ".partial", ".tmp",	  ".1",
					       " (1)" };
	const char *const stems[] = { path, arena_printf(a, "%s.index", path) };
	for (size_t k = 0; k < 2; k++)
		for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
			const char *name = arena_printf(a, "%s%s", stems[k], endings[i]);
			if (path_is_there(name))
				return path_base(name);
		}
	const char *browser = arena_printf(a, "%s (1).index", path);
	return path_is_there(browser) ? path_base(browser) : NULL;
}

/* Near misses among the checkpoints and folders beside it. */
static void offer_names(struct arena *a, const char *path, struct near_names *near)
{
	const char *folder = path_folder(a, path);
	near->wanted = path_base(path);
	near->wanted_len = strlen(near->wanted);
	DIR *d = folder ? opendir(*folder ? folder : ".") : NULL;
	for (struct dirent *e; d && (e = readdir(d));) {
		size_t len = strlen(e->d_name);
		if (len > 6 && !strcmp(e->d_name + len - 6, ".index"))
			len -= 6;
		else if (e->d_name[0] == '.' ||
			 !path_is_folder(path_join(a, folder, e->d_name)))
			continue;
		const char *name = arena_copy(a, e->d_name, len);
		if (name)
			near_offer(near, name, len);
	}
	if (d)
		closedir(d);
}

/* A data file of this prefix, for the hint that its index is what is missing. */
static const char *some_data_file(struct arena *a, const char *prefix)
{
	const char *folder = path_folder(a, prefix);
	const char *start = arena_printf(a, "%s.data-", path_base(prefix)),
		   *found = NULL;
	DIR *d = folder && start ? opendir(*folder ? folder : ".") : NULL;
	for (struct dirent *e; d && !found && (e = readdir(d));)
		if (!strncmp(e->d_name, start, strlen(start)))
			found = arena_copy(a, e->d_name, strlen(e->d_name));
	if (d)
		closedir(d);
	return found;
}

/* "DIR/variables/variables" of a DIR that has parts of a SavedModel. */
static bool is_of_saved_model(struct arena *a, const char *prefix)
{
	const char *folder = path_folder(a, prefix);
	if (!folder || strcmp(path_base(prefix), "variables") ||
	    strcmp(path_base(folder), "variables"))
		return false;
	const char *model = path_folder(a, folder);
	return model && saved_model_is(a, model);
}

int absent(struct arena *a, const char *path, struct ckpt_error *err)
{
	struct near_names near = { 0 };
	char name[128];
	if (!path)
		return arena_error(a, err);
	const char *wanted = path_base(path), *data = some_data_file(a, path);
	const char *part = unfinished(a, path);
	if (part)
		return error_set(err, CKPT_ENOTFOUND, path, -1,
				 "no %.100s.index, but %.120s: an unfinished or repeated "
				 "download?", wanted, part);
	if (data)
		return error_set(err, CKPT_ENOTFOUND, path, -1,
				 "%.100s is there, but names, dtypes and shapes are in "
				 "%.100s.index, which is not", data, wanted);
	if (is_of_saved_model(a, path))
		return error_set(err, CKPT_ENOTFOUND, path, -1,
				 "a SavedModel without its variables: there is no "
				 "%.100s.index", wanted);
	offer_names(a, path, &near);
	if (!near.n)
		return error_set(err, CKPT_ENOTFOUND, path, -1,
				 "no such file, and no %.200s.index", wanted);
	text_escape(name, sizeof name, near.best[0].name, near.best[0].len);
	return error_set(err, CKPT_ENOTFOUND, path, -1,
			 "no such file, and no %.100s.index; did you mean %s?", wanted,
			 name);
}
