/* rules.h — what a file of rules expects of each tensor.
 * SPDX-License-Identifier: Apache-2.0
 *
 *	# comment
 *	global_step             ignore
 *	"a name with \"\x20"    ignore       # words end here, too
 *	table_?/values          frozen
 *	head_[0-9]/kernel       must-change
 *	dense*                  atol=1e-6 rtol=1e-5 ulp=4 nan=equal
 *
 * A glob as everywhere (match.h), then words: ignore, frozen, must-change, atol=N,
 * rtol=N, ulp=N, nan=equal, nan=differ, nan=bitwise. In double quotes a glob may hold
 * blanks, and \" \\ \xNN stand for a quote, a backslash and any byte; a backslash of the
 * glob itself is doubled there.
 *
 * Each line adds to, or overrides, what the lines before it say of the names that it
 * matches: each of atol, rtol, ulp and nan for itself; frozen and must-change undo each
 * other; a line without ignore undoes it.
 */
#ifndef REPORT_RULES_H
#define REPORT_RULES_H

#include "base/arena.h"
#include "report/compare.h"

/* A tensor either may change (the default), must not, or has to. */
enum expectation { EXPECT_NOTHING, EXPECT_FROZEN, EXPECT_CHANGE };

struct expected {
	bool ignore;
	enum expectation change;
	struct tolerance tolerance;
	/* Of the last line that matched, as it stands there; NULL: none did. */
	const char *pattern;
	uint64_t line;
};

struct rules;

/* EINVAL or EIO with file and line in the text; ELIMIT above 64 MiB or 100,000 rules.
 * What it points to is the arena's, but rules_free() has to be called, too. A struct
 * rules belongs to one thread at a time. */
struct rules *rules_read(struct arena *a, const char *path, struct ckpt_error *err);
void rules_free(struct rules *r); /* NULL is fine */
/* What is expected of a name; defaults: the tolerance of the command line. rules may be
 * NULL. */
struct expected rules_for(const struct rules *rules, const char *name, size_t len,
			  const struct tolerance *defaults);
/* The same of a tensor with two names, either of which may be NULL. */
struct expected rules_for_both(const struct rules *rules, const char *a, size_t a_len,
			       const char *b, size_t b_len,
			       const struct tolerance *defaults);
/* Marks the lines that match a name as used. */
void rules_mark_used(const struct rules *rules, const char *name, size_t len);
/* True if every line that expects something (frozen, must-change) has matched a name so
 * far; else *line and *pattern are the first one that has not. */
bool rules_all_used(const struct rules *rules, uint64_t *line, const char **pattern);
/* The pattern that matches this name and no other, quoted where it has to be: for files
 * of rules that are written. Of the arena; NULL without memory. */
const char *rules_pattern_of(struct arena *a, const char *name, size_t len);

#endif
