/* locate.c — from what the user typed to a checkpoint.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "format/locate.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/text.h"
#include "format/state.h"
#include "format/table.h"
#include "model/match.h"

static bool is_folder(const char *path)
{
	struct stat st;
	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

static bool exists(const char *path)
{
	struct stat st;
	return path && !stat(path, &st);
}

static bool ends_with(const char *s, const char *end)
{
	const size_t n = strlen(s), k = strlen(end);
	return n > k && !strcmp(s + n - k, end);
}

static bool has_index(struct arena *a, const char *prefix)
{
	return exists(arena_printf(a, "%s.index", prefix));
}

/* "PREFIX.data-00000-of-00002": the length of PREFIX, or 0. */
static size_t data_prefix(const char *path)
{
	const char *at = NULL, *next = path;
	while ((next = strstr(next, ".data-")))
		at = next++;
	if (!at || at == path)
		return 0;
	const char *p = at + 6;
	const size_t shard = strspn(p, "0123456789");
	if (shard < 5 || strncmp(p + shard, "-of-", 4))
		return 0;
	p += shard + 4;
	const size_t count = strspn(p, "0123456789");
	return count >= 5 && !p[count] ? (size_t)(at - path) : 0;
}

bool locate_is_folder(struct arena *a, const char *path, const char **folder)
{
	if (is_folder(path)) {
		*folder = path;
		return true;
	}
	const char *slash = strrchr(path, '/');
	if (strcmp(slash ? slash + 1 : path, "checkpoint") || !exists(path) ||
	    has_index(a, path))
		return false;
	*folder = slash ? arena_copy(a, path, slash == path ? 1 : (size_t)(slash - path)) : "";
	return *folder != NULL;
}

static int take(struct located *at, const char *prefix, const char *taken_for)
{
	at->prefix = prefix;
	at->taken_for = taken_for;
	return 0;
}

static int take_folder(struct arena *a, const char *folder, struct located *at,
		       struct ckpt_error *err)
{
	struct run_folder run;
	const char *saved = arena_printf(a, "%s/variables/variables", folder);
	at->folder = folder;
	if (run_read(a, folder, &run, err))
		return -1;
	if (run.n == 0 && saved && has_index(a, saved))
		return take(at, saved, "SavedModel folder");
	const struct snapshot *s = run.latest;
	const char *shown = *folder ? folder : ".";
	if (!s)
		return error_set(err, CKPT_ENOTFOUND, shown, -1,
				 "no checkpoint here: neither a `checkpoint` file nor any .index");
	if (!s->on_disk)
		return error_set(err, CKPT_ENOTFOUND, run.state_path, -1,
				 "its latest checkpoint is %s, which is not there", s->prefix);
	if (s->moved)
		at->note = arena_printf(a, "the state file names another folder; taking %s here",
					s->base);
	return take(at, s->prefix,
		    run.state_path ? "latest checkpoint of the folder"
				   : "highest step of the folder (no state file)");
}

/* Says what a file is that is no checkpoint, as far as its first bytes tell. */
static int refuse_file(const char *path, struct ckpt_error *err)
{
	struct source s;
	struct table t;
	if (source_open(&s, path, err))
		return -1;
	const int r = table_open(&t, &s, UINT64_MAX, err);
	source_close(&s);
	if (r)
		return -1;
	return error_set(err, CKPT_EUNSUPPORTED, path, -1,
			 "a table without the name of a V2 index: a V1 checkpoint, or an index "
			 "that was renamed");
}

/* Near misses among the checkpoints of the folder. */
static void offer_names(struct arena *a, const char *path, struct near_names *near)
{
	const char *slash = strrchr(path, '/');
	const char *folder = !slash ? "." : slash == path ? "/"
			     : arena_copy(a, path, (size_t)(slash - path));
	near->wanted = slash ? slash + 1 : path;
	near->wanted_len = strlen(near->wanted);
	DIR *d = folder ? opendir(folder) : NULL;
	for (struct dirent *e; d && (e = readdir(d));)
		if (ends_with(e->d_name, ".index")) {
			const size_t n = strlen(e->d_name) - 6;
			const char *name = arena_copy(a, e->d_name, n);
			if (name)
				near_offer(near, name, n);
		}
	if (d)
		closedir(d);
}

static int not_there(struct arena *a, const char *path, struct ckpt_error *err)
{
	struct near_names near = { 0 };
	char name[128];
	offer_names(a, path, &near);
	if (!near.n)
		return error_set(err, CKPT_ENOTFOUND, path, -1,
				 "no such file, and no %s.index", near.wanted);
	text_escape(name, sizeof name, near.best[0].name, near.best[0].len);
	return error_set(err, CKPT_ENOTFOUND, path, -1,
			 "no such file, and no %.100s.index; did you mean %s?", near.wanted, name);
}

int locate(struct arena *a, const char *path, struct located *at, struct ckpt_error *err)
{
	const char *folder;
	const size_t len = strlen(path), data = data_prefix(path);
	*at = (struct located){ .given = path };
	if (len == 0)
		return error_set(err, CKPT_EINVAL, NULL, -1, "the path is empty");
	if (has_index(a, path))
		return take(at, path, "prefix");
	if (locate_is_folder(a, path, &folder))
		return take_folder(a, folder, at, err);
	if (ends_with(path, ".index") && exists(path))
		return take(at, arena_copy(a, path, len - 6), "index file");
	const size_t stem = data ? data : ends_with(path, ".meta") ? len - 5 : 0;
	const char *prefix = stem ? arena_copy(a, path, stem) : NULL;
	if (prefix && has_index(a, prefix))
		return take(at, prefix, data ? "data file" : "graph file beside a checkpoint");
	if (data && exists(path))
		return error_set(err, CKPT_ENOTFOUND, path, -1,
				 "a data file without its index: names, dtypes and shapes are in "
				 "%s.index, which is not there", prefix);
	if (exists(path))
		return refuse_file(path, err);
	return not_there(a, path, err);
}
