/* fuzz_rules.c — any bytes as a file of rules, as a map of names, and as a name.
 * SPDX-License-Identifier: Apache-2.0
 *
 *	which of the three | text
 */
#include "config.h"

#include "fuzz.h"
#include "memory.h"
#include "model/naming.h"
#include "report/rules.h"

static const struct tolerance defaults = { .ulp = 7 };

static struct rules *read_text(struct arena *a, struct bytes text)
{
	const struct memory_file file = { "rules", text };
	struct ckpt_error err = { 0 };
	memory_files(&file, 1);
	struct rules *r = rules_read(a, "rules", &err);
	REQUIRE(r || err.code);
	memory_files(NULL, 0);
	return r;
}

static void as_rules(struct arena *a, struct bytes text)
{
	uint64_t line;
	const char *pattern;
	struct rules *r = read_text(a, text);
	if (r) {
		const struct expected e = rules_for(r, "net/layer_1/kernel", 18,
						    &defaults);
		REQUIRE(e.tolerance.atol >= 0 && e.tolerance.rtol >= 0);
		REQUIRE(rules_all_used(r, &line, &pattern) || pattern);
	}
	rules_free(r);
}

/* A name as a pattern matches the name. */
static void as_name(struct arena *a, struct bytes name)
{
	const char *pattern = rules_pattern_of(a, (const char *)name.p, bytes_left(&name));
	REQUIRE(pattern);
	const char *text = arena_printf(a, "%s ulp=42", pattern);
	REQUIRE(text);
	struct rules *r = read_text(a, bytes_of(text, strlen(text)));
	REQUIRE(r);
	const struct expected e = rules_for(r, (const char *)name.p, bytes_left(&name),
					    &defaults);
	REQUIRE(e.tolerance.ulp == 42);
	rules_free(r);
}

static void as_map(struct arena *a, struct bytes text)
{
	const struct memory_file file = { "map", text };
	struct name_map map;
	struct ckpt_error err = { 0 };
	memory_files(&file, 1);
	if (name_map_read(&map, a, "map", &err))
		REQUIRE(err.code);
	else
		for (size_t i = 0; i < map.n; i++)
			REQUIRE(name_map_find(&map, map.all[i].old, map.all[i].old_len) ==
				&map.all[i]);
	memory_files(NULL, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static void (*const as[])(struct arena *a, struct bytes b) = { as_rules, as_name,
								       as_map };
	struct arena a;
	if (!n)
		return 0;
	arena_init(&a, 256 << 20);
	as[p[0] % 3](&a, bytes_of(p + 1, n - 1));
	arena_drop(&a);
	return 0;
}
