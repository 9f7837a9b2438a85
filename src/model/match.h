/* match.h — which names a user means: globs, regular expressions, near misses.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Globs match the whole name: * stops at '/', ** does not, ? and [...] stand for one
 * character. Regular expressions (PCRE2) match anywhere.
 */
#ifndef MODEL_MATCH_H
#define MODEL_MATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

struct matcher;

/* patterns: what is taken (none: everything); excludes: what is left out again. regex
 * applies to both. EINVAL names the pattern and the place where it is wrong. */
struct matcher *match_compile(struct arena *a, char *const *patterns, size_t n_patterns,
			      char *const *excludes, size_t n_excludes, bool regex,
			      struct ckpt_error *err);
bool match_name(const struct matcher *m, const char *name, size_t len);
/* True if an exclude leaves it out: for those who know a tensor by several names, of
 * which match_name() need not take each. */
bool match_excludes(const struct matcher *m, const char *name, size_t len);
void match_free(struct matcher *m); /* NULL is fine */

/* Collects the names nearest to one that was not found. */
struct near_names {
	const char *wanted;
	size_t wanted_len;
	struct { const char *name; size_t len; unsigned distance; } best[3];
	size_t n;
};

void near_offer(struct near_names *near, const char *name, size_t len);

#endif
