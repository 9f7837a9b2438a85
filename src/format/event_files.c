/* event_files.c — the event files of a folder, in order of time.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "format/event_files.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "format/events.h"
#include "format/path.h"

struct finding_files {
	struct arena *arena;
	struct pointers found; /* struct event_file */
	struct pointers inner; /* names of folders */
};

/* The time of the first event that can be read; -1: no memory. */
static int first_time(const char *path, double *time)
{
	enum { WINDOW = 64 << 10 };
	struct ckpt_error err = { 0 };
	struct source source;
	struct events e;
	struct event event;
	int r;
	if (source_open(&source, path, NULL))
		return 0; /* whoever reads it will be told why */
	events_begin(&e, &source, WINDOW);
	do {
		error_clear(&err);
		r = events_next(&e, &event, &err);
	} while (r < 0 && err.code == CKPT_ECORRUPT);
	if (r > 0)
		*time = event.wall_time;
	events_end(&e);
	source_close(&source);
	return err.code == CKPT_ENOMEM ? -1 : 0;
}

static int add_file(struct finding_files *f, const char *run, const char *path)
{
	struct identity id;
	struct event_file *file = arena_zeroed(f->arena, 1, sizeof *file);
	if (!file)
		return -1;
	*file = (struct event_file){ .path = path, .run = run };
	if (!source_identify(path, &id))
		file->size = id.size;
	return first_time(path, &file->time) ? -1 : pointers_add(&f->found, file);
}

/* One name; run: of the folder that it is in. */
static int look_at(struct finding_files *f, const char *folder, const char *run,
		   const char *name)
{
	const bool named = strstr(name, "tfevents") != NULL;
	const bool may_be_run = !run && name[0] != '.';
	if (!named && !may_be_run)
		return 0;
	const char *path = path_join(f->arena, folder, name);
	if (!path)
		return -1;
	if (named && path_is_file(path))
		return add_file(f, run, path);
	if (!may_be_run || !path_is_folder(path))
		return 0;
	char *inner = arena_copy(f->arena, name, strlen(name));
	return inner ? pointers_add(&f->inner, inner) : -1;
}

static bool is_of_checkpoint(const char *name)
{
	const size_t n = strlen(name);
	return !strcmp(name, "checkpoint") || (n > 6 && !strcmp(name + n - 6, ".index"));
}

static int read_folder(struct finding_files *f, const char *folder, const char *run,
		       struct ckpt_error *err)
{
	DIR *d = opendir(*folder ? folder : ".");
	if (!d)
		return run ? 0 : error_errno(err, folder, "cannot open the folder");
	const size_t before = f->found.n;
	bool other = false;
	int r = 0;
	for (struct dirent *e; !r && (e = readdir(d));) {
		other |= run && is_of_checkpoint(e->d_name);
		r = look_at(f, folder, run, e->d_name);
	}
	closedir(d);
	if (other)
		f->found.n = before;
	return r ? arena_error(f->arena, err) : 0;
}

static int by_run_and_time(const void *x, const void *y)
{
	const struct event_file *a = x, *b = y;
	if (!a->run != !b->run)
		return a->run ? 1 : -1;
	const int c =
		a->run ? text_natural(a->run, strlen(a->run), b->run, strlen(b->run)) : 0;
	if (c)
		return c;
	if (a->time != b->time)
		return a->time < b->time ? -1 : 1;
	return text_natural(a->path, strlen(a->path), b->path, strlen(b->path));
}

int event_files_find(struct arena *a, const char *folder, struct event_file **files,
		     size_t *n, struct ckpt_error *err)
{
	struct finding_files f = { .arena = a };
	size_t len = strlen(folder);
	while (len > 1 && folder[len - 1] == '/')
		len--;
	folder = arena_copy(a, folder, len);
	int r = folder ? read_folder(&f, folder, NULL, err) : arena_error(a, err);
	for (size_t i = 0; !r && i < f.inner.n; i++) {
		const char *inner = path_join(a, folder, f.inner.p[i]);
		r = inner ? read_folder(&f, inner, f.inner.p[i], err)
			  : arena_error(a, err);
	}
	*n = r ? 0 : f.found.n;
	*files = arena_zeroed(a, *n + 1, sizeof **files);
	if (!r && !*files)
		r = arena_error(a, err);
	for (size_t i = 0; !r && i < *n; i++)
		(*files)[i] = *(const struct event_file *)f.found.p[i];
	if (!r && *n)
		qsort(*files, *n, sizeof **files, by_run_and_time);
	pointers_drop(&f.found);
	pointers_drop(&f.inner);
	return r;
}
