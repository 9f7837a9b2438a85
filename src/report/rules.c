/* rules.c — what a file of rules expects of each tensor.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A file that was written by a program has a line for each of very many names; patterns
 * without wildcards are therefore looked up, and only globs are tried one by one. Both
 * are merged by their lines.
 */
#include "config.h"

#include "report/rules.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/lines.h"
#include "base/number.h"
#include "base/text.h"
#include "model/match.h"

enum { MOST_RULES = 100000, SHOWN = 100 };

#define ALLOWED                                                                          \
	"allowed are ignore, frozen, must-change, atol=N, rtol=N, ulp=N, nan=equal, "    \
	"nan=differ, nan=bitwise"

enum said { SAYS_ATOL = 1, SAYS_RTOL = 2, SAYS_ULP = 4, SAYS_NAN = 8 };

struct rule {
	const char *pattern; /* as it stands in the file */
	uint64_t line;
	struct matcher *glob; /* NULL: literal is the only name */
	const char *literal;
	size_t len;
	unsigned said; /* of tolerance */
	bool ignore, used;
	enum expectation change;
	struct tolerance tolerance;
};

struct rules {
	struct pointers all, globs, literals; /* literals: by name, then by line */
};

/* --- words ------------------------------------------------------------------------- */

/* A number that is no less than 0. strtod(3) takes more than a person means: blanks, and
 * what is too large as infinity. */
static bool read_real(const char *text, double *v)
{
	char *end;
	if ((uint8_t)*text <= ' ')
		return false;
	*v = number_read(text, &end);
	return !*end && *v >= 0 && (isfinite(*v) || !strpbrk(text, "0123456789"));
}

static bool read_count(const char *text, uint64_t *v)
{
	const char *p = text;
	*v = 0;
	for (; *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(*v, 10, v) ||
		    __builtin_add_overflow(*v, (uint64_t)(*p - '0'), v))
			return false;
	return p > text && !*p;
}

static bool read_nan(const char *text, enum nan_rule *nan)
{
	for (size_t i = 0; nan_rule_names[i]; i++)
		if (!strcmp(text, nan_rule_names[i])) {
			*nan = (enum nan_rule)i;
			return true;
		}
	return false;
}

static bool take_value(struct rule *r, const char *key, size_t n, const char *value)
{
	struct tolerance *t = &r->tolerance;
	if (n == 4 && !memcmp(key, "atol", 4)) {
		r->said |= SAYS_ATOL;
		return read_real(value, &t->atol);
	}
	if (n == 4 && !memcmp(key, "rtol", 4)) {
		r->said |= SAYS_RTOL;
		return read_real(value, &t->rtol) && isfinite(t->rtol);
	}
	if (n == 3 && !memcmp(key, "ulp", 3)) {
		r->said |= SAYS_ULP;
		return read_count(value, &t->ulp);
	}
	r->said |= SAYS_NAN;
	return n == 3 && !memcmp(key, "nan", 3) && read_nan(value, &t->nan);
}

static int take_word(const struct lines *l, struct rule *r, const char *word,
		     struct ckpt_error *err)
{
	char shown[SHOWN];
	const char *equals = strchr(word, '=');
	const enum expectation before = r->change;
	text_escape(shown, sizeof shown, word, strlen(word));
	if (!strcmp(word, "ignore"))
		r->ignore = true;
	else if (!strcmp(word, "frozen"))
		r->change = EXPECT_FROZEN;
	else if (!strcmp(word, "must-change"))
		r->change = EXPECT_CHANGE;
	else if (!equals || !take_value(r, word, (size_t)(equals - word), equals + 1))
		return lines_error(l, err, "'%s': " ALLOWED, shown);
	if (before != EXPECT_NOTHING && r->change != before)
		return lines_error(l, err, "frozen and must-change exclude each other");
	return 0;
}

/* --- patterns ---------------------------------------------------------------------- */

static bool hex_digit(char c, unsigned *v)
{
	const char *digits = "0123456789abcdef0123456789ABCDEF";
	const char *at = memchr(digits, c, 32);
	*v = *v << 4 | (at ? (unsigned)(at - digits) % 16 : 0);
	return at;
}

/* What stands in double quotes, into out; p behind them. SIZE_MAX: they do not end, or
 * there is an escape that is none. */
static size_t unquote(char **p, const char *end, char *out)
{
	size_t n = 0;
	for (char *at = *p + 1; at < end; at++) {
		unsigned v = 0;
		if (*at == '"') {
			*p = at + 1;
			return n;
		}
		if (*at != '\\') {
			out[n++] = *at;
		} else if (end - at > 1 && (at[1] == '"' || at[1] == '\\')) {
			out[n++] = *++at;
		} else if (end - at > 3 && at[1] == 'x' && hex_digit(at[2], &v) &&
			   hex_digit(at[3], &v)) {
			out[n++] = (char)v;
			at += 3;
		} else {
			return SIZE_MAX;
		}
	}
	return SIZE_MAX;
}

/* The only name that a glob without wildcards matches, into out; SIZE_MAX: it has some,
 * or ends within an escape. */
static size_t literal_of(char *out, const char *glob, size_t n)
{
	size_t to = 0;
	for (size_t i = 0; i < n; i++) {
		if (glob[i] == '*' || glob[i] == '?' || glob[i] == '[')
			return SIZE_MAX;
		if (glob[i] == '\\' && ++i == n)
			return SIZE_MAX;
		out[to++] = glob[i];
	}
	return to;
}

static int compile(const struct lines *l, struct rule *r, struct arena *a, char *glob,
		   size_t n, struct ckpt_error *err)
{
	struct ckpt_error why = { 0 };
	char *literal = arena_alloc(a, n + 1);
	if (!literal)
		return arena_error(a, err);
	r->len = literal_of(literal, glob, n);
	r->literal = literal;
	if (r->len != SIZE_MAX)
		return 0;
	if (memchr(glob, '\0', n))
		return lines_error(l, err, "a NUL byte and wildcards do not go together");
	r->glob = match_compile(a, &glob, 1, NULL, 0, false, &why);
	if (r->glob)
		return 0;
	return why.code == CKPT_EINVAL ? lines_error(l, err, "%s", why.text)
				       : error_copy(err, &why);
}

/* The pattern at *p, which moves behind it. */
static int take_pattern(const struct lines *l, struct rule *r, struct arena *a, char **p,
			const char *end, struct ckpt_error *err)
{
	size_t n;
	char *from, *glob = arena_alloc(a, l->len + 1);
	if (!glob)
		return arena_error(a, err);
	while (**p == ' ' || **p == '\t')
		++*p;
	from = *p;
	if (*from != '"') {
		lines_word(p, end, &from, &n);
		memcpy(glob, from, n);
	} else if ((n = unquote(p, end, glob)) == SIZE_MAX) {
		return lines_error(l, err,
				   "the quotes do not end, or have an escape other than "
				   "\\\", \\\\ and \\xNN");
	} else if (*p < end && **p != ' ' && **p != '\t') {
		return lines_error(l, err, "expected a blank behind the quotes");
	}
	glob[n] = '\0';
	r->pattern = arena_copy(a, from, (size_t)(*p - from));
	return r->pattern ? compile(l, r, a, glob, n, err) : arena_error(a, err);
}

static int read_rule(struct rules *rules, struct arena *a, const struct lines *l,
		     struct ckpt_error *err)
{
	char *p = l->line, *const end = p + l->len, *word;
	size_t len, words = 0;
	struct rule *r = arena_zeroed(a, 1, sizeof *r);
	if (!r || pointers_add(&rules->all, r))
		return arena_error(a, err);
	r->line = l->number;
	if (memchr(p, '\0', l->len))
		return lines_error(l, err, "has a NUL byte; expected \\x00 in quotes");
	if (take_pattern(l, r, a, &p, end, err))
		return -1;
	for (; lines_word(&p, end, &word, &len) && *word != '#'; words++) {
		const char *copy = arena_copy(a, word, len);
		if (!copy)
			return arena_error(a, err);
		if (take_word(l, r, copy, err))
			return -1;
	}
	if (!words)
		return lines_error(l, err, "says nothing of its pattern; " ALLOWED);
	return pointers_add(r->glob ? &rules->globs : &rules->literals, r)
		       ? arena_error(a, err) : 0;
}

/* --- reading ----------------------------------------------------------------------- */

static int by_literal(const void *x, const void *y)
{
	const struct rule *a = *(struct rule *const *)x, *b = *(struct rule *const *)y;
	const int c = bytes_compare(a->literal, a->len, b->literal, b->len);
	return c ? c : (a->line > b->line) - (a->line < b->line);
}

struct rules *rules_read(struct arena *a, const char *path, struct ckpt_error *err)
{
	struct lines l;
	struct rules *rules = arena_zeroed(a, 1, sizeof *rules);
	if (!rules) {
		arena_error(a, err);
		return NULL;
	}
	int r = lines_open(&l, a, path, err);
	while (!r && lines_next(&l))
		r = rules->all.n == MOST_RULES
			    ? error_set(err, CKPT_ELIMIT, path, -1,
					"has more than %d rules", MOST_RULES)
			    : read_rule(rules, a, &l, err);
	if (r) {
		rules_free(rules);
		return NULL;
	}
	if (rules->literals.n)
		qsort(rules->literals.p, rules->literals.n, sizeof *rules->literals.p,
		      by_literal);
	return rules;
}

void rules_free(struct rules *rules)
{
	if (!rules)
		return;
	for (size_t i = 0; i < rules->all.n; i++)
		match_free(((struct rule *)rules->all.p[i])->glob);
	pointers_drop(&rules->all);
	pointers_drop(&rules->globs);
	pointers_drop(&rules->literals);
}

/* --- asking ------------------------------------------------------------------------ */

static void apply(struct rule *r, struct expected *e)
{
	r->used = true;
	e->pattern = r->pattern;
	e->line = r->line;
	e->ignore = r->ignore;
	if (r->change != EXPECT_NOTHING)
		e->change = r->change;
	if (r->said & SAYS_ATOL)
		e->tolerance.atol = r->tolerance.atol;
	if (r->said & SAYS_RTOL)
		e->tolerance.rtol = r->tolerance.rtol;
	if (r->said & SAYS_ULP)
		e->tolerance.ulp = r->tolerance.ulp;
	if (r->said & SAYS_NAN)
		e->tolerance.nan = r->tolerance.nan;
}

static int compare_literal(const struct rule *r, const char *name, size_t len)
{
	return bytes_compare(r->literal, r->len, name, len);
}

/* The first literal that is not before the name. */
static size_t find_literal(const struct rules *rules, const char *name, size_t len)
{
	size_t low = 0, high = rules->literals.n;
	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		if (compare_literal(rules->literals.p[middle], name, len) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The lines for one name: literal ones and globs, by their numbers. */
struct cursor {
	const char *name;
	size_t len, literal, glob;
};

static struct rule *next_literal(const struct rules *rules, const struct cursor *c)
{
	if (!c->name || c->literal == rules->literals.n)
		return NULL;
	struct rule *r = rules->literals.p[c->literal];
	return compare_literal(r, c->name, c->len) ? NULL : r;
}

static struct rule *next_glob(const struct rules *rules, struct cursor *c)
{
	for (; c->name && c->glob < rules->globs.n; c->glob++) {
		struct rule *r = rules->globs.p[c->glob];
		if (match_name(r->glob, c->name, c->len))
			return r;
	}
	return NULL;
}

/* The next line that matches, of the two kinds; NULL at the end. */
static struct rule *peek(const struct rules *rules, struct cursor *c, bool *literal)
{
	struct rule *l = next_literal(rules, c), *g = next_glob(rules, c);
	*literal = l && (!g || l->line < g->line);
	return *literal ? l : g;
}

struct expected rules_for_both(const struct rules *rules, const char *a, size_t a_len,
			       const char *b, size_t b_len,
			       const struct tolerance *defaults)
{
	struct expected e = { .tolerance = *defaults };
	if (!rules)
		return e;
	struct cursor c[2] = { { a, a_len, a ? find_literal(rules, a, a_len) : 0, 0 },
			       { b, b_len, b ? find_literal(rules, b, b_len) : 0, 0 } };
	for (uint64_t last = 0;;) {
		bool literal[2];
		struct rule *r[2] = { peek(rules, &c[0], &literal[0]),
				      peek(rules, &c[1], &literal[1]) };
		if (!r[0] && !r[1])
			return e;
		const int i = !r[0] || (r[1] && r[1]->line < r[0]->line);
		if (r[i]->line != last) /* else it matches both names */
			apply(r[i], &e);
		last = r[i]->line;
		*(literal[i] ? &c[i].literal : &c[i].glob) += 1;
	}
}

struct expected rules_for(const struct rules *rules, const char *name, size_t len,
			  const struct tolerance *defaults)
{
	return rules_for_both(rules, name, len, NULL, 0, defaults);
}

void rules_mark_used(const struct rules *rules, const char *name, size_t len)
{
	static const struct tolerance none = { .nan = NAN_EQUAL };
	rules_for(rules, name, len, &none); /* it marks what it applies */
}

bool rules_all_used(const struct rules *rules, uint64_t *line, const char **pattern)
{
	for (size_t i = 0; rules && i < rules->all.n; i++) {
		const struct rule *r = rules->all.p[i];
		if (r->used || r->change == EXPECT_NOTHING)
			continue;
		*line = r->line;
		*pattern = r->pattern;
		return false;
	}
	return true;
}

/* --- writing ----------------------------------------------------------------------- */

/* Would it be read as what it is without quotes? */
static bool needs_quotes(const char *name, size_t len)
{
	uint32_t cp;
	if (!len || *name == '#' || *name == '"')
		return true;
	for (size_t i = 0, n; i < len; i += n) {
		n = text_utf8(name + i, len - i, &cp);
		if (!n || cp == ' ' || text_is_unsafe(cp))
			return true;
	}
	return false;
}

static size_t put_byte(char *out, char c, bool quoted)
{
	static const char wild[] = "*?[]{}\\";
	size_t n = 0;
	if (c && strchr(wild, c)) {
		out[n++] = '\\';
		if (quoted)
			out[n++] = '\\';
	}
	if (quoted && (c == '"' || c == '\\'))
		out[n++] = '\\';
	out[n++] = c;
	return n;
}

const char *rules_pattern_of(struct arena *a, const char *name, size_t len)
{
	enum { WIDEST = 4 }; /* what becomes of a byte */
	const bool quoted = needs_quotes(name, len);
	char *out = len < SIZE_MAX / WIDEST - 8 ? arena_alloc(a, len * WIDEST + 3) : NULL;
	size_t to = 0, n;
	if (!out)
		return NULL;
	if (quoted)
		out[to++] = '"';
	for (size_t i = 0; i < len; i += n) {
		uint32_t cp;
		const bool good = (n = text_utf8(name + i, len - i, &cp)) > 0;
		n = n ? n : 1;
		for (size_t k = i; k < i + n; k++)
			if (!good || text_is_unsafe(cp))
				to += (size_t)snprintf(out + to, 5, "\\x%02x",
						       (uint8_t)name[k]);
			else
				to += put_byte(out + to, name[k], quoted);
	}
	if (quoted)
		out[to++] = '"';
	out[to] = '\0';
	return out;
}
