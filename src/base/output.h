/* output.h — a new file that gets its name only when all of it has reached the disk.
 * SPDX-License-Identifier: Apache-2.0
 *
 *	output_open(&o, &arena, "w.npz", &err)     w.npz.PID.part is made
 *	output_write(&o, p, n, &err)               …
 *	output_finish(&o, &err)                    flushed and synced
 *	output_publish(&o, false, &err)            it is w.npz now
 *	output_drop(&o)                            or is gone, if it is not
 *
 * A program that is killed meanwhile leaves nothing under the final name.
 */
#ifndef BASE_OUTPUT_H
#define BASE_OUTPUT_H

#include <stdbool.h>

#include "base/arena.h"

struct output {
	const char *path, *beside; /* its name; the one that it has until then */
	int fd;			   /* -1: closed */
	bool made, published;
	uint64_t at;	    /* bytes written so far */
	struct buffer held; /* what has not been handed to the system */
};

/* Makes a file beside path, which need not be free. The paths are the arena's. */
int output_open(struct output *o, struct arena *a, const char *path,
		struct ckpt_error *err);
/* The same under its final name, which must be free: for folders that are not in their
 * place yet. Nothing has to be published. */
int output_open_here(struct output *o, struct arena *a, const char *path,
		     struct ckpt_error *err);
int output_write(struct output *o, const void *p, size_t n, struct ckpt_error *err);
/* Writes over bytes that were written before. */
int output_patch(struct output *o, uint64_t at, const void *p, size_t n,
		 struct ckpt_error *err);
/* Everything is on the disk; the file is closed. A file that has its final name already
 * reaches the disk with its folder. */
int output_finish(struct output *o, struct ckpt_error *err);
/* Gives the file its name. EINVAL if something has it; with over, that is replaced. */
int output_publish(struct output *o, bool over, struct ckpt_error *err);
/* Removes a file that was published. */
void output_withdraw(struct output *o);
/* Removes the file unless it was published, or finished in its place; zeroed is fine. */
void output_drop(struct output *o);

/* A new folder beside path, as a file is made: its name, of the arena, or NULL. */
const char *output_folder(struct arena *a, const char *path, struct ckpt_error *err);
/* EINVAL if a file, or a folder, cannot get this name: something has it. A regular
 * file, or a link to one, may be replaced if over is set, a folder if it is empty. */
int output_free(const char *path, bool folder, bool over, struct ckpt_error *err);
/* Moves a file or folder to a name that must be free: EINVAL. An empty folder is no
 * obstacle to a folder. With over, a file is replaced. */
int output_move(const char *from, const char *to, bool over, struct ckpt_error *err);
/* Removes a folder of ours and all that is in it; symbolic links are not followed. */
void output_remove_folder(const char *path);

#endif
