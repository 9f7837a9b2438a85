/* naming.h — other names for tensors: prefixes, a map, regular expressions.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_NAMING_H
#define MODEL_NAMING_H

#include "base/arena.h"
#include "ckpt.h"

/* How names are changed: first the prefixes go; what a has is then looked up in the map,
 * and what the map does not have goes through the renames. Where two checkpoints are
 * compared, b's names lose their prefix and are what a's become.
 *
 * The map is a file of lines "old TAB new", names as text output escapes them (or two
 * words without a TAB); old is a name of a, new what it becomes, both without prefix.
 * Lines that begin with '#' and empty ones say nothing.
 *
 * REGEX (PCRE2, of bytes) ends at the first '=' that has no backslash before it; "\="
 * stands for '='. All places that it matches are replaced. TEXT has $1, ${name} and what
 * else PCRE2's extended substitution knows; a group that did not match is empty. */
struct naming {
	const char *map_path;    /* --map FILE; NULL: none */
	char *const *renames;    /* --rename REGEX=TEXT, applied to a's names in order */
	size_t n_renames;
	const char *strip_a, *strip_b; /* prefixes that names lose; NULL: none */
	/* Tensors and names to begin with; NULL: those of the checkpoint. */
	const struct named_list *given_a, *given_b;
};

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
 * stand in a list several times. EINVAL: a map or an expression is malformed, or a line
 * of the map names a tensor that is not there. */
int naming_apply(struct named_list *a, struct named_list *b, struct arena *arena,
		 struct ckpt *ca, struct ckpt *cb, const struct naming *naming,
		 struct ckpt_error *err);
/* The same for one checkpoint: changes the names that the list, which is not sorted, has
 * already. Prefixes do not count. EINVAL: see above; only old names must be there. */
int naming_change(struct named_list *list, struct arena *arena, struct ckpt *c,
		  const struct naming *naming, struct ckpt_error *err);
/* Puts the list by name. */
void naming_sort(struct named_list *list);

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
/* EINVAL if an old name was not used, or a new one is not in b's list (NULL: new names
 * need not be anywhere). */
int name_map_check(const struct name_map *map, struct ckpt *ca, struct ckpt *cb,
		   const struct named_list *b, struct ckpt_error *err);

#endif
