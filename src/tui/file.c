/* file.c — what a screen writes to a file when it is asked to.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "tui/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "out/text.h"

void file_ask(struct request *r)
{
	r->kind = REQUEST_ASK;
	r->ask = ACT_WRITE;
	r->label = "write to: ";
	r->text[0] = '\0';
}

static const char is_there[] = "is there already: nothing is overwritten";

bool file_new(struct file *file, const char *path, struct request *r)
{
	struct stat st;
	*file = (struct file){ 0 };
	arena_init(&file->arena, UINT64_MAX);
	if (!*path)
		error_set(&file->error, CKPT_EINVAL, NULL, -1, "a file needs a name");
	else if (!lstat(path, &st))
		error_set(&file->error, CKPT_EINVAL, path, -1, "%s", is_there);
	else if (!output_open(&file->o, &file->arena, path, &file->error)) {
		const int fd = fcntl(file->o.fd, F_DUPFD_CLOEXEC, 0);
		file->f = fd >= 0 ? fdopen(fd, "w") : NULL;
		if (file->f)
			return true;
		error_errno(&file->error, path, "cannot write");
		if (fd >= 0)
			close(fd);
		output_drop(&file->o);
	}
	say_error(r, &file->error);
	arena_drop(&file->arena);
	return false;
}

void file_finish(struct file *file, bool failed)
{
	struct stat st = { 0 };
	errno = EIO; /* what stdio failed with before is not known any more */
	if (fflush(file->f) || ferror(file->f) || fstat(file->o.fd, &st))
		error_errno(&file->error, file->o.path, "cannot write");
	if (fclose(file->f))
		error_errno(&file->error, file->o.path, "cannot write");
	file->f = NULL;
	file->size = st.st_size;
	file->whole = !failed && !file->error.code &&
		      !output_finish(&file->o, &file->error);
}

void file_done(struct file *file, bool failed, struct request *r)
{
	char shown[300];
	if (file->f)
		file_finish(file, failed);
	text_escape(shown, sizeof shown, file->o.path, strlen(file->o.path));
	if (!failed && file->whole && !output_publish(&file->o, false, &file->error))
		say(r, "written: %s, %lld bytes", shown, file->size);
	else if (!r->message[0]) {
		if (file->error.code == CKPT_EINVAL) /* it came meanwhile */
			say(r, "%s: %s", shown, is_there);
		else if (file->error.code)
			say_error(r, &file->error);
		else
			say(r, "%s: could not be written", shown);
		r->bad = true;
	}
	output_drop(&file->o);
	arena_drop(&file->arena);
}

/* The rows of a list that are written. */
struct written {
	struct list *l;
	const uint32_t *ids;
};

static const void *row_at(const struct rows *rows, size_t i)
{
	const struct written *w = rows->arg;
	return w->l->ops->row(w->l->arg, w->ids[i]);
}

void file_table(const char *path, struct list *l, const struct column *columns,
		struct request *r)
{
	struct chosen chosen;
	struct buffer marked;
	struct written written = { l, l->ids };
	struct rows rows = { columns, l->n, row_at, &written };
	bool failed = false;
	struct file file;
	if (!file_new(&file, path, r))
		return;
	buffer_init(&marked, UINT64_MAX);
	for (uint32_t id = 0; l->n_marked && id < l->n_all && !failed; id++)
		failed = list_is_marked(l, id) &&
			 buffer_append(&marked, &id, sizeof id, NULL);
	if (l->n_marked) {
		written.ids = (const uint32_t *)(const void *)marked.p;
		rows.n = marked.len / sizeof(uint32_t);
	}
	if (!failed) {
		text_choose(&chosen, columns, false);
		text_table(file.f, &rows, &chosen);
	}
	file_done(&file, failed, r);
	buffer_drop(&marked);
}
