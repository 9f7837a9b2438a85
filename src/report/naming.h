/* naming.h — the names that the tensors of two checkpoints meet by.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef REPORT_NAMING_H
#define REPORT_NAMING_H

#include "report/pair.h"

/* A tensor and the name that it is joined by; the same pointer as the tensor's own name
 * where that has not changed. */
struct named {
	const struct ckpt_tensor *t;
	const char *name;
	size_t len;
};

struct named_list {
	struct named *all; /* by name, then by their own */
	size_t n;
};

/* Names all tensors of both; both are loaded. What is returned is the arena's. Names may
 * stand in a list several times. Errors: as pair_make(). */
int naming_apply(struct named_list *a, struct named_list *b, struct arena *arena,
		 struct ckpt *ca, struct ckpt *cb, const struct naming *naming,
		 struct ckpt_error *err);

/* --- the file of --map, name_map.c -------------------------------------------------- */

struct map_line {
	const char *old, *new;
	size_t old_len, new_len;
	uint64_t line;
	bool used;
};

struct name_map {
	const char *path;
	struct map_line *all; /* by old name */
	size_t n;
};

/* EINVAL: a line is malformed, or an old name has two of them. Of the arena. */
int name_map_read(struct name_map *map, struct arena *arena, const char *path,
		  struct ckpt_error *err);
/* The line of an old name, which is thereby used; NULL: it has none. */
const struct map_line *name_map_find(struct name_map *map, const char *old, size_t len);
/* EINVAL if an old name was not used, or a new one is not in b's list. */
int name_map_check(const struct name_map *map, struct ckpt *ca, struct ckpt *cb,
		   const struct named_list *b, struct ckpt_error *err);

#endif
