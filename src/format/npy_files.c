/* npy_files.c — a .npy file as a checkpoint, or a folder of them as one.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A tensor is called after its file; in a folder with its path in there, so that an
 * unpacked .npz has the names that the archive had. A file that cannot be read is an
 * error of that tensor.
 */
#include "config.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "format/arrays.h"
#include "format/npy_files.h"
#include "format/path.h"

/* --- the reader -------------------------------------------------------------------- */

struct npy_source {
	struct source *source;
	uint64_t at;
};

static int next_bytes(void *arg, void *buf, size_t n, struct ckpt_error *err)
{
	struct npy_source *s = arg;
	if (source_read(s->source, s->at, buf, n, err))
		return -1;
	s->at += n;
	return 0;
}

static int read_header(struct arrays *s, uint32_t file, struct npy *n,
		       struct ckpt_error *why)
{
	struct source source;
	uint32_t crc;
	n->rank = -1;
	if (source_open(&source, s->paths[file], why))
		return -1;
	s->seen[file] = source.identity;
	struct npy_source from = { &source, 0 };
	const int r = npy_read(n, s->arena, next_bytes, &from, &crc, why);
	source_close(&source);
	return r;
}

/* One file, and no folder of files. */
static bool is_alone(const struct ckpt *c)
{
	return !strcmp(c->at.files[0], c->at.prefix);
}

/* "DIR/dense/kernel.npy" is "dense/kernel" in DIR. */
static const char *name_in(const struct ckpt *c, const char *path, size_t *len)
{
	const char *name = is_alone(c) ? path_base(path) : path + strlen(c->at.prefix);
	while (*name == '/')
		name++;
	*len = strlen(name);
	if (*len > 4 && !strcmp(name + *len - 4, ".npy"))
		*len -= 4;
	return name;
}

static int add_file(struct ckpt *c, struct arrays *s, uint32_t file,
		    struct ckpt_error *err)
{
	struct npy n;
	struct ckpt_error why = { 0 };
	size_t len;
	const char *name = name_in(c, s->paths[file], &len);
	struct ckpt_tensor *t = arrays_add(s, name, len, err);
	if (!t)
		return -1;
	const int r = read_header(s, file, &n, &why);
	s->expected[file] = r ? 0 : n.header + n.size;
	if (n.rank >= 0 && arrays_shape(s, t, n.dims, n.rank, n.elements, err))
		return -1;
	if (r)
		return why.code == CKPT_ENOMEM || why.code == CKPT_ELIMIT || is_alone(c)
			       ? arrays_named(s, file, &why, err)
			       : arrays_problem(s, t, file, &why, err);
	return arrays_npy(s, t, &n, file, n.header, err) ? 0 : -1;
}

static int npy_open(struct ckpt *c, struct ckpt_error *err)
{
	struct arrays *s = arrays_begin(c, c->at.files, c->at.n_files, err);
	if (!s)
		return -1;
	for (uint32_t i = 0; i < s->n_files; i++)
		if (add_file(c, s, i, err))
			return -1;
	return arrays_end(s, err);
}

static int npy_check(struct ckpt *c, ckpt_finding_fn fn, void *arg,
		     struct ckpt_error *err)
{
	struct arrays *s = c->state;
	const struct finder f = { fn, arg, NULL };
	(void)err;
	arrays_check_files(s, &f, FOUND_TRAILING);
	return 0;
}

const struct reader reader_npy = {
	.name = "NumPy array",
	.open = npy_open,
	.check = npy_check,
	ARRAYS_READER,
};

/* --- folders ----------------------------------------------------------------------- */

static bool is_npy_name(const char *name)
{
	const size_t n = strlen(name);
	return n > 4 && !strcmp(name + n - 4, ".npy");
}

struct walk {
	struct arena *a;
	struct pointers files;
	size_t seen; /* names */
};

/* Whoever names a home folder by mistake does not want all of it searched. */
static bool gives_up(struct walk *w)
{
	enum { PATIENCE = 20000 };
	return ++w->seen > PATIENCE && !w->files.n;
}

/* Adds the files below a folder; hidden ones and links to folders are passed over. */
static int walk(struct walk *w, const char *folder, int depth)
{
	enum { DEEPEST = 32 };
	DIR *d = depth < DEEPEST ? opendir(*folder ? folder : ".") : NULL;
	int r = 0;
	for (struct dirent *e; d && !r && (e = readdir(d)) && !gives_up(w);) {
		if (e->d_name[0] == '.')
			continue;
		const char *path = path_join(w->a, folder, e->d_name);
		if (!path)
			r = -1;
		else if (path_is_own_folder(path))
			r = walk(w, path, depth + 1);
		else if (is_npy_name(e->d_name) && path_is_file(path))
			r = pointers_add(&w->files, (void *)(uintptr_t)path);
	}
	if (d)
		closedir(d);
	return r;
}

static int by_text(const void *x, const void *y)
{
	return strcmp(*(const char *const *)x, *(const char *const *)y);
}

int npy_folder(struct arena *a, const char *folder, const char ***files, uint32_t *n)
{
	struct walk w = { .a = a };
	const char **copy = NULL;
	*n = 0;
	if (!walk(&w, folder, 0) && w.files.n < UINT32_MAX)
		copy = arena_zeroed(a, w.files.n + 1, sizeof *copy);
	if (copy && w.files.n) {
		memcpy(copy, w.files.p, w.files.n * sizeof *copy);
		qsort(copy, w.files.n, sizeof *copy, by_text);
		*n = (uint32_t)w.files.n;
	}
	*files = copy;
	pointers_drop(&w.files);
	return copy ? 0 : -1;
}
