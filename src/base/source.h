/* source.h — files as they are read: open, read at an offset, notice that they changed.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A table of functions stands between us and the system, so that tests can inject short
 * reads and errors, and so that other kinds of source can be added.
 */
#ifndef BASE_SOURCE_H
#define BASE_SOURCE_H

#include <stdint.h>
#include <sys/types.h>

#include "ckpt.h"

/* What tells one state of a file from another. */
struct identity {
	uint64_t device, inode, size;
	int64_t mtime_ns, ctime_ns;
};

struct source {
	const struct source_ops *ops;
	const char *path; /* must outlive the source */
	uint64_t size;
	struct identity identity; /* at opening */
	int fd;
};

struct source_ops {
	int (*open)(struct source *s, struct ckpt_error *err);
	/* As pread(2): bytes read, 0 at the end, -1 with errno. */
	ssize_t (*pread)(struct source *s, void *buf, size_t n, uint64_t offset);
	int (*identify)(struct source *s, struct identity *now);
	void (*close)(struct source *s);
};

extern const struct source_ops source_file;       /* regular files, read-only */
extern const struct source_ops *source_default;   /* what source_open uses */

/* Opens a regular file; a folder, pipe or device is refused without being waited for. */
int source_open(struct source *s, const char *path, struct ckpt_error *err);
void source_close(struct source *s);
/* Exactly n bytes at offset, or an error (ECORRUPT if the file ends before). */
int source_read(struct source *s, uint64_t offset, void *buf, size_t n,
		struct ckpt_error *err);
/* EIO if the file is not the one that was opened any more. */
int source_unchanged(struct source *s, struct ckpt_error *err);
/* The same for a file that somebody else may add to: EIO if it is another one, or shorter
 * than when it was opened. */
int source_only_grew(struct source *s, struct ckpt_error *err);
/* False if the file has been written or replaced between the two. */
bool identity_same(const struct identity *a, const struct identity *b);
/* The identity of a path without opening it; -1 and errno. */
int source_identify(const char *path, struct identity *id);

#endif
