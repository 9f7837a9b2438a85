/* memory.c — files that are bytes in memory, which source_open() finds.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "memory.h"

#include <errno.h>

#include "base/error.h"

static const struct memory_file *all;
static size_t n_all;

static int memory_open(struct source *s, struct ckpt_error *err)
{
	for (size_t i = 0; i < n_all; i++)
		if (strstr(s->path, all[i].mark)) {
			s->fd = (int)i;
			s->size = bytes_left(&all[i].content);
			s->identity =
				(struct identity){ .inode = i + 1, .size = s->size };
			return 0;
		}
	errno = ENOENT;
	return error_errno(err, s->path, "cannot open");
}

static ssize_t memory_pread(struct source *s, void *buf, size_t n, uint64_t offset)
{
	struct bytes left = all[s->fd].content;
	if (!bytes_skip(&left, offset))
		return 0;
	if (n > bytes_left(&left))
		n = bytes_left(&left);
	if (n)
		memcpy(buf, left.p, n);
	return (ssize_t)n;
}

static int memory_identify(struct source *s, struct identity *now)
{
	*now = s->identity;
	return 0;
}

static void memory_close(struct source *s)
{
	s->fd = -1;
}

static const struct source_ops in_memory = { memory_open, memory_pread, memory_identify,
					     memory_close };

void memory_files(const struct memory_file *files, size_t n)
{
	all = files;
	n_all = n;
	source_default = n ? &in_memory : &source_file;
}
