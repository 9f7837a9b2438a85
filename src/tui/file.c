/* file.c — what a screen writes to a file when it is asked to.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "tui/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "out/text.h"

void file_ask(struct request *r)
{
	r->kind = REQUEST_ASK;
	r->ask = ACT_WRITE;
	r->label = "write to: ";
	r->text[0] = '\0';
}

static void say_failed(const char *path, const char *why, struct request *r)
{
	char shown[300];
	text_escape(shown, sizeof shown, path, strlen(path));
	say(r, "%s: %s", shown, why);
	r->bad = true;
}

FILE *file_new(const char *path, struct request *r)
{
	const int fd = *path ? open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666)
			     : (errno = EINVAL, -1);
	FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (f)
		return f;
	say_failed(path, errno == EEXIST ? "is there already: nothing is overwritten"
					 : strerror(errno), r);
	if (fd >= 0)
		close(fd);
	return NULL;
}

void file_done(FILE *f, const char *path, bool failed, struct request *r)
{
	struct stat st;
	errno = 0;
	failed |= fflush(f) || ferror(f);
	const bool known = !fstat(fileno(f), &st);
	const int why = errno;
	failed |= fclose(f) != 0;
	if (failed) {
		unlink(path);
		if (!r->message[0])
			say_failed(path, why ? strerror(why) : "could not be written", r);
		return;
	}
	char shown[300];
	text_escape(shown, sizeof shown, path, strlen(path));
	say(r, "written: %s, %lld bytes", shown, known ? (long long)st.st_size : 0LL);
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
	FILE *f = file_new(path, r);
	if (!f)
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
		text_table(f, &rows, &chosen);
	}
	file_done(f, path, failed, r);
	buffer_drop(&marked);
}
