/* match.c — which names a user means: globs, regular expressions, near misses.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "model/match.h"

#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/error.h"
#include "base/text.h"

struct pattern {
	pcre2_code *code;
	bool exclude;
};

struct matcher {
	struct pattern *patterns;
	size_t n, n_include;
	pcre2_match_data *data;
	pcre2_match_context *context;
};

enum { MATCH_LIMIT = 1000000 }; /* steps: a pattern cannot hang us */

static int compile_one(struct pattern *to, const char *text, bool regex,
		       struct ckpt_error *err)
{
	int code;
	PCRE2_SIZE at;
	PCRE2_UCHAR *converted = NULL, message[120];
	PCRE2_SIZE converted_len;
	PCRE2_SPTR source = (PCRE2_SPTR)text;
	PCRE2_SIZE len = strlen(text);
	if (!regex) {
		code = pcre2_pattern_convert(source, len, PCRE2_CONVERT_GLOB, &converted,
					     &converted_len, NULL);
		if (code) {
			pcre2_get_error_message(code, message, sizeof message);
			return error_set(err, CKPT_EINVAL, NULL, -1, "pattern '%s': %s",
					 text, (const char *)message);
		}
		source = converted;
		len = converted_len;
	}
	to->code = pcre2_compile(source, len, PCRE2_DOTALL, &code, &at, NULL);
	pcre2_converted_pattern_free(converted);
	if (to->code) {
		pcre2_jit_compile(to->code, PCRE2_JIT_COMPLETE);
		return 0;
	}
	pcre2_get_error_message(code, message, sizeof message);
	return error_set(err, CKPT_EINVAL, NULL, -1, "pattern '%s': character %zu: %s",
			 text, (size_t)at, (const char *)message);
}

struct matcher *match_compile(struct arena *a, char *const *patterns, size_t n_patterns,
			      char *const *excludes, size_t n_excludes, bool regex,
			      struct ckpt_error *err)
{
	struct matcher *m = arena_zeroed(a, 1, sizeof *m);
	const size_t n = n_patterns + n_excludes;
	if (!m || !(m->patterns = arena_zeroed(a, n, sizeof *m->patterns))) {
		arena_error(a, err);
		return NULL;
	}
	m->n_include = n_patterns;
	for (; m->n < n; m->n++) {
		const bool exclude = m->n >= n_patterns;
		struct pattern *p = &m->patterns[m->n];
		p->exclude = exclude;
		if (compile_one(p, exclude ? excludes[m->n - n_patterns] : patterns[m->n],
				regex, err))
			goto fail;
	}
	m->data = pcre2_match_data_create(1, NULL);
	m->context = pcre2_match_context_create(NULL);
	if (!m->data || !m->context) {
		error_set(err, CKPT_ENOMEM, NULL, -1, "out of memory");
		goto fail;
	}
	pcre2_set_match_limit(m->context, MATCH_LIMIT);
	return m;
fail:
	match_free(m);
	return NULL;
}

static bool applies(const struct matcher *m, const struct pattern *p, const char *name,
		    size_t len)
{
	return pcre2_match(p->code, (PCRE2_SPTR)name, len, 0, 0, m->data, m->context) >=
	       0;
}

bool match_excludes(const struct matcher *m, const char *name, size_t len)
{
	for (size_t i = m->n_include; i < m->n; i++)
		if (applies(m, &m->patterns[i], name, len))
			return true;
	return false;
}

bool match_name(const struct matcher *m, const char *name, size_t len)
{
	bool taken = m->n_include == 0;
	for (size_t i = 0; i < m->n_include && !taken; i++)
		taken = applies(m, &m->patterns[i], name, len);
	return taken && !match_excludes(m, name, len);
}

void match_free(struct matcher *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->n; i++)
		pcre2_code_free(m->patterns[i].code);
	pcre2_match_data_free(m->data);
	pcre2_match_context_free(m->context);
}

/* The last part of a name, after its last '/'. */
static const char *last_part(const char *name, size_t *len)
{
	const char *slash = memrchr(name, '/', *len);
	if (!slash)
		return name;
	*len -= (size_t)(slash + 1 - name);
	return slash + 1;
}

void near_offer(struct near_names *near, const char *name, size_t len)
{
	const unsigned limit = near->wanted_len < 6 ? 2 : (unsigned)near->wanted_len / 3;
	size_t part_len = len;
	const char *part = last_part(name, &part_len);
	unsigned d = text_distance(near->wanted, near->wanted_len, name, len, limit);
	/* "kernel" for "dense/kernel": the last part alone was typed. */
	if (part_len == near->wanted_len && !memcmp(part, near->wanted, part_len))
		d = 1;
	if (d > limit)
		return;
	const size_t most = sizeof near->best / sizeof *near->best;
	size_t at = near->n;
	while (at > 0 && near->best[at - 1].distance > d)
		at--;
	if (at == most)
		return;
	if (near->n < most)
		near->n++;
	for (size_t i = near->n - 1; i > at; i--)
		near->best[i] = near->best[i - 1];
	near->best[at].name = name;
	near->best[at].len = len;
	near->best[at].distance = d;
}
