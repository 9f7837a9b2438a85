/* output.c — a new file that gets its name only when all of it has reached the disk.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "base/output.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

enum { HELD = 64 << 10, MOST_TRIES = 100 };

/* The name beside path, of the number'th try: ours alone, unless a process of the same
 * number has left one behind. */
static const char *beside(struct arena *a, const char *path, int number)
{
	size_t n = strlen(path);
	while (n > 1 && path[n - 1] == '/')
		n--;
	if (!number)
		return arena_printf(a, "%.*s.%ld.part", (int)n, path, (long)getpid());
	return arena_printf(a, "%.*s.%ld-%d.part", (int)n, path, (long)getpid(), number);
}

static int make_file(struct output *o, const char *path, struct ckpt_error *err)
{
	o->fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
	if (o->fd < 0)
		return -1;
	o->made = true;
	if (buffer_reserve(&o->held, HELD, err)) {
		output_drop(o);
		errno = ENOMEM;
		return -1;
	}
	return 0;
}

static int opening(struct output *o, struct arena *a, const char *path)
{
	*o = (struct output){ .fd = -1, .path = arena_copy(a, path, strlen(path)) };
	buffer_init(&o->held, HELD);
	return o->path ? 0 : -1;
}

int output_open(struct output *o, struct arena *a, const char *path,
		struct ckpt_error *err)
{
	if (opening(o, a, path))
		return arena_error(a, err);
	for (int i = 0; i < MOST_TRIES; i++) {
		o->beside = beside(a, path, i);
		if (!o->beside)
			return arena_error(a, err);
		if (!make_file(o, o->beside, err))
			return 0;
		if (errno != EEXIST)
			break;
	}
	return error_errno(err, path, "cannot create a file beside it");
}

int output_open_here(struct output *o, struct arena *a, const char *path,
		     struct ckpt_error *err)
{
	if (opening(o, a, path))
		return arena_error(a, err);
	o->beside = o->path;
	return make_file(o, path, err) ? error_errno(err, path, "cannot create") : 0;
}

static int failed(struct output *o, const char *what, struct ckpt_error *err)
{
	return error_errno(err, o->path, what);
}

static int flush(struct output *o, const uint8_t *p, size_t n, struct ckpt_error *err)
{
	while (n) {
		const ssize_t r = write(o->fd, p, n);
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return failed(o, "cannot write", err);
		p += r;
		n -= (size_t)r;
	}
	return 0;
}

static int flush_held(struct output *o, struct ckpt_error *err)
{
	const size_t n = o->held.len;
	o->held.len = 0;
	return flush(o, o->held.p, n, err);
}

int output_write(struct output *o, const void *p, size_t n, struct ckpt_error *err)
{
	if (n > HELD - o->held.len && flush_held(o, err))
		return -1;
	o->at += n;
	if (n < HELD)
		return buffer_append(&o->held, p, n, err);
	return flush(o, p, n, err);
}

int output_patch(struct output *o, uint64_t at, const void *p, size_t n,
		 struct ckpt_error *err)
{
	const uint8_t *from = p;
	if (flush_held(o, err))
		return -1;
	while (n) {
		const ssize_t r = pwrite(o->fd, from, n, (off_t)at);
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return failed(o, "cannot write", err);
		from += r;
		at += (uint64_t)r;
		n -= (size_t)r;
	}
	return 0;
}

int output_finish(struct output *o, struct ckpt_error *err)
{
	if (flush_held(o, err))
		return -1;
	/* What is in its place already waits for its folder: see output_move(). */
	if (o->beside != o->path && fsync(o->fd))
		return failed(o, "cannot write", err);
	const int fd = o->fd;
	o->fd = -1;
	if (close(fd))
		return failed(o, "cannot write", err);
	buffer_drop(&o->held);
	o->published = o->beside == o->path;
	return 0;
}

int output_publish(struct output *o, bool over, struct ckpt_error *err)
{
	const int r = output_move(o->beside, o->path, over, err);
	o->published = !r;
	return r;
}

void output_withdraw(struct output *o)
{
	if (o->published)
		unlink(o->path);
}

void output_drop(struct output *o)
{
	if (o->made && o->fd >= 0)
		close(o->fd);
	if (o->made && !o->published)
		unlink(o->beside);
	o->made = false;
	buffer_drop(&o->held);
}

/* --- folders ----------------------------------------------------------------------- */

const char *output_folder(struct arena *a, const char *path, struct ckpt_error *err)
{
	for (int i = 0; i < MOST_TRIES; i++) {
		const char *name = beside(a, path, i);
		if (!name) {
			arena_error(a, err);
			return NULL;
		}
		if (!mkdir(name, 0777))
			return name;
		if (errno != EEXIST)
			break;
	}
	error_errno(err, path, "cannot create a folder beside it");
	return NULL;
}

/* A new name is kept by the folder that it stands in. If that fails, the file is whole or
 * not there all the same. */
static void sync_folder_of(const char *path)
{
	char folder[PATH_MAX] = ".";
	const char *slash = strrchr(path, '/');
	if (slash)
		snprintf(folder, sizeof folder, "%.*s", (int)(slash - path) + 1, path);
	const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	fsync(fd);
	close(fd);
}

/* The files of a folder, at once: one by one, thousands would take minutes. */
static int sync_files_of(const char *path, struct ckpt_error *err)
{
	const int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const int r = fd < 0 || syncfs(fd) ? error_errno(err, path, "cannot write") : 0;
	if (fd >= 0)
		close(fd);
	return r;
}

/* rename(2) to a name that is free: the file system sees to it where it can. */
static int rename_free(const char *from, const char *to)
{
	struct stat st;
	if (!renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE))
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	if (!lstat(to, &st)) {
		errno = EEXIST;
		return -1;
	}
	return rename(from, to);
}

static int taken(const char *path, bool folder, struct ckpt_error *err)
{
	return error_set(err, CKPT_EINVAL, path, -1,
			 folder ? "this folder is not empty"
				: "exists; --force replaces it");
}

static bool is_empty(const char *path)
{
	int n = 0;
	DIR *d = opendir(path);
	while (d && n < 3 && readdir(d)) /* "." and ".." are there always */
		n++;
	if (d)
		closedir(d);
	return n == 2;
}

int output_free(const char *path, bool folder, bool over, struct ckpt_error *err)
{
	struct stat st;
	if (folder ? stat(path, &st) : lstat(path, &st))
		return 0;
	if (folder && S_ISDIR(st.st_mode))
		return is_empty(path) ? 0 : taken(path, true, err);
	if (S_ISDIR(st.st_mode))
		return error_set(err, CKPT_EINVAL, path, -1,
				 "is a folder, a file's name was expected");
	if (folder)
		return error_set(err, CKPT_EINVAL, path, -1, "is no folder");
	if (!stat(path, &st) && !S_ISREG(st.st_mode))
		return error_set(err, CKPT_EINVAL, path, -1, "is not a regular file");
	return over ? 0 : taken(path, false, err);
}

int output_move(const char *from, const char *to, bool over, struct ckpt_error *err)
{
	struct stat st;
	const bool folder = !lstat(from, &st) && S_ISDIR(st.st_mode);
	if (folder && sync_files_of(from, err))
		return -1;
	int r = over && !folder ? rename(from, to) : rename_free(from, to);
	/* A folder replaces an empty one, and nothing else. */
	if (r && folder && errno == EEXIST)
		r = rename(from, to);
	if (r && (errno == EEXIST || errno == ENOTEMPTY))
		return taken(to, folder, err);
	if (r)
		return error_errno(err, to, "cannot give it its name");
	sync_folder_of(to);
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	remove(path);
	return 0;
}

void output_remove_folder(const char *path)
{
	enum { MOST_OPEN = 16 };
	nftw(path, remove_one, MOST_OPEN, FTW_DEPTH | FTW_PHYS);
}
