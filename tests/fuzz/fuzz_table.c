/* fuzz_table.c — any bytes as a table: every entry walked, and looked for.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <string.h>

#include "format/table.h"
#include "fuzz.h"
#include "memory.h"
#include "sign.h"

enum { LIMIT = 1 << 20, MOST_KEYS = 64 };

/* Looks for some of the keys; the table may be too damaged for that. */
static void find_keys(struct table *t, char (*keys)[64], const size_t *lengths, size_t n)
{
	struct table_walk w;
	struct table_entry e;
	table_walk_begin(&w, t);
	for (size_t i = 0; i < n; i++)
		if (table_find(&w, bytes_of(keys[i], lengths[i]), &e, NULL) > 0)
			REQUIRE(bytes_left(&e.key) == lengths[i] &&
				!bytes_compare(e.key.p, lengths[i], keys[i], lengths[i]));
	table_find(&w, bytes_of("\xff\xff", 2), &e, NULL);
	table_walk_end(&w);
}

static void walk(struct table *t, size_t most_damage)
{
	static char keys[MOST_KEYS][64];
	static size_t lengths[MOST_KEYS];
	struct table_walk w;
	struct table_entry e;
	size_t n = 0, damage = 0;
	int r;
	table_walk_begin(&w, t);
	for (;;) {
		struct ckpt_error err = { 0 };
		r = table_next(&w, &e, &err);
		REQUIRE((r < 0) == (err.code != CKPT_OK));
		if (r == 0)
			break;
		damage += r < 0;
		REQUIRE(damage <= most_damage);
		if (r < 0 || n == MOST_KEYS || bytes_left(&e.key) > sizeof *keys)
			continue;
		lengths[n] = bytes_left(&e.key);
		if (lengths[n])
			memcpy(keys[n], e.key.p, lengths[n]);
		n++;
	}
	REQUIRE(table_next(&w, &e, NULL) == 0);
	table_walk_end(&w);
	find_keys(t, keys, lengths, n);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct memory_file file = { "table", { NULL, NULL } };
	struct source source;
	struct table table;
	uint8_t *copy = malloc(n ? n : 1);
	REQUIRE(copy);
	if (n)
		memcpy(copy, p, n);
	sign_table(copy, n);
	file.content = bytes_of(copy, n);
	memory_files(&file, 1);
	REQUIRE(!source_open(&source, "table", NULL));
	/* Snappy may make an index 22 times as large; an entry has 3 bytes or more. */
	if (!table_open(&table, &source, LIMIT, NULL))
		walk(&table, 8 * n + 8);
	source_close(&source);
	free(copy);
	return 0;
}
