/* test_events.c — event files: torn, damaged and hostile ones, and their graphs.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "format/event_files.h"
#include "format/events.h"
#include "memory.h"
#include "report/scalars.h"

enum { LIMIT = 16 << 20, ROOM = 64 << 10 };

static struct arena arena;

static int begin(void **state)
{
	(void)state;
	arena_init(&arena, LIMIT);
	return 0;
}

static int end(void **state)
{
	(void)state;
	memory_files(NULL, 0);
	arena_drop(&arena);
	return 0;
}

/* --- making files ------------------------------------------------------------------ */

struct made {
	uint8_t p[ROOM];
	size_t n;
};

static void put(struct made *m, const void *p, size_t n)
{
	assert_true(n <= sizeof m->p - m->n);
	if (n)
		memcpy(m->p + m->n, p, n);
	m->n += n;
}

static void put_number(struct made *m, uint64_t v, size_t n)
{
	for (size_t i = 0; i < n; i++, v >>= 8)
		put(m, &(uint8_t){ (uint8_t)v }, 1);
}

static void put_varint(struct made *m, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		put_number(m, (v & 0x7f) | 0x80, 1);
	put_number(m, v, 1);
}

/* A field of bytes; its number is below 16. */
static void put_field(struct made *m, unsigned number, const void *p, size_t n)
{
	put_varint(m, number << 3 | 2);
	put_varint(m, n);
	put(m, p, n);
}

/* The head of a record that claims n bytes. */
static void put_length(struct made *m, uint64_t n)
{
	const size_t at = m->n;
	put_number(m, n, 8);
	put_number(m, crc32c_mask(crc32c(0, m->p + at, 8)), 4);
}

static void put_record(struct made *m, const void *p, size_t n)
{
	put_length(m, n);
	put(m, p, n);
	put_number(m, crc32c_mask(crc32c(0, p, n)), 4);
}

/* An event: its step, and a field. */
static void put_event(struct made *m, uint64_t step, unsigned field, const void *p,
		      size_t n)
{
	struct made e = { .n = 0 };
	put_number(&e, 1 << 3 | 1, 1);
	put_number(&e, UINT64_C(0x41d9000000000000), 8); /* 1677721600.0 */
	put_varint(&e, 2 << 3);
	put_varint(&e, step);
	put_field(&e, field, p, n);
	put_record(m, e.p, e.n);
}

static void put_version(struct made *m)
{
	put_event(m, 0, 3, "brain.Event:2", 13);
}

static void put_simple(struct made *m, uint64_t step, const char *tag, float v)
{
	struct made value = { .n = 0 }, summary = { .n = 0 };
	uint32_t bits;
	memcpy(&bits, &v, sizeof bits);
	put_field(&value, 1, tag, strlen(tag));
	put_number(&value, 2 << 3 | 5, 1);
	put_number(&value, bits, 4);
	put_field(&summary, 1, value.p, value.n);
	put_event(m, step, 5, summary.p, summary.n);
}

static const char graph_a[] = "\x0a\x0a\x0a\x01" "a\x12\x05" "Const";
static const char graph_b[] = "\x0a\x0a\x0a\x01" "b\x12\x05" "Const";
static const char meta_c[] = "\x0a\x07\x2a\x05" "1.2.3"
			     "\x12\x0c\x0a\x0a\x0a\x01" "c\x12\x05" "Const";
static const char meta_only[] = "\x0a\x07\x2a\x05" "1.2.3";

#define TEXT(array) array, sizeof array - 1

/* Three scalars and a graph. */
static struct made usual_file(void)
{
	struct made m = { .n = 0 };
	put_version(&m);
	put_event(&m, 0, 4, TEXT(graph_a));
	put_simple(&m, 1, "loss", 0.5f);
	put_simple(&m, 2, "loss", 0.25f);
	put_simple(&m, 3, "loss", 0.125f);
	return m;
}

/* --- reading ----------------------------------------------------------------------- */

struct seen {
	size_t events, errors;
	int64_t first_error;
	bool torn;
	struct ckpt_error err;
};

/* Everything that n bytes hold. */
static struct seen read_bytes(const void *p, size_t n)
{
	const struct memory_file file = { "e", bytes_of(p, n) };
	struct seen seen = { .first_error = -1 };
	struct source source;
	struct events e;
	struct event event;
	memory_files(&file, 1);
	assert_false(source_open(&source, "e", NULL));
	events_begin(&e, &source, LIMIT);
	for (int r = 1; r;) {
		struct ckpt_error err = { 0 };
		r = events_next(&e, &event, &err);
		assert_true((r < 0) == (err.code != 0));
		seen.events += r > 0;
		seen.errors += r < 0;
		if (r < 0 && seen.errors == 1) {
			seen.err = err;
			seen.first_error = err.offset;
		}
	}
	seen.torn = e.records.torn;
	events_end(&e);
	source_close(&source);
	memory_files(NULL, 0);
	return seen;
}

static void torn_anywhere(void **state)
{
	(void)state;
	const struct made m = usual_file();
	size_t ends = 0, whole = 0;
	for (size_t n = 0; n <= m.n; n++) {
		const struct seen seen = read_bytes(m.p, n);
		assert_int_equal(seen.errors, 0);
		ends += !seen.torn;
		CHECK(seen.events >= whole, "%zu bytes", n);
		whole = seen.events;
	}
	assert_int_equal(whole, 5);
	assert_int_equal(ends, 6); /* behind each record, and of nothing */
}

static void any_byte_damaged(void **state)
{
	(void)state;
	struct made m = usual_file();
	for (size_t i = 0; i < m.n; i++) {
		m.p[i] ^= 0x20;
		const struct seen seen = read_bytes(m.p, m.n);
		CHECK(seen.errors == 1 && seen.err.code == CKPT_ECORRUPT, "byte %zu", i);
		CHECK(seen.first_error >= 0 && seen.first_error <= (int64_t)i,
		      "byte %zu: %d", i, (int)seen.first_error);
		CHECK(strstr(seen.err.text, "checksum mismatch"), "%s", seen.err.text);
		m.p[i] ^= 0x20;
	}
}

/* Data is damaged: what follows is read. A length is: nothing is known. */
static void damage_and_what_follows(void **state)
{
	(void)state;
	struct made m = { .n = 0 };
	put_version(&m);
	const size_t second = m.n;
	put_simple(&m, 1, "loss", 0.5f);
	put_simple(&m, 2, "loss", 0.25f);
	m.p[second + 14] ^= 1;
	struct seen seen = read_bytes(m.p, m.n);
	assert_int_equal(seen.events, 2);
	assert_int_equal(seen.first_error, second);
	assert_non_null(strstr(seen.err.text, "record's data"));
	m.p[second + 14] ^= 1;
	m.p[second + 9] ^= 1;
	seen = read_bytes(m.p, m.n);
	assert_int_equal(seen.events, 1);
	assert_int_equal(seen.first_error, second);
	assert_non_null(strstr(seen.err.text, "record's length"));
}

static void hostile_lengths(void **state)
{
	(void)state;
	static const uint64_t lengths[] = { UINT64_MAX,	     UINT64_MAX - 15,
					    UINT64_MAX - 16, (uint64_t)INT64_MAX,
					    1 << 20,	     5 };
	for (size_t i = 0; i < COUNT(lengths); i++) {
		struct made m = { .n = 0 };
		put_version(&m);
		put_length(&m, lengths[i]);
		put(&m, "12345678", 8); /* no room for what checks 5 bytes */
		const struct seen seen = read_bytes(m.p, m.n);
		CHECK(seen.events == 1 && !seen.errors && seen.torn, "case %zu", i);
	}
}

static void malformed_events(void **state)
{
	(void)state;
	static const struct {
		const char *p;
		size_t n;
	} cases[] = { { TEXT("\x09\x01") },
		      { TEXT("\x2a\x7f") },
		      { TEXT("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff") },
		      { TEXT("\x3a\x02\x08\xff") } };
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct made m = { .n = 0 };
		put_version(&m);
		put_record(&m, cases[i].p, cases[i].n);
		put_simple(&m, 1, "loss", 0.5f);
		const struct seen seen = read_bytes(m.p, m.n);
		CHECK(seen.events == 2 && seen.errors == 1, "case %zu", i);
		CHECK(seen.err.code == CKPT_ECORRUPT, "case %zu", i);
	}
}

/* One folder for all that one is enough for. */
static const char *scratch(void)
{
	static const char *folder;
	if (!folder)
		folder = unit_folder();
	return folder;
}

/* --- graphs ------------------------------------------------------------------------ */

static void check_graph(const struct made *m, const char *node, enum graph_kind kind,
			const char *note)
{
	const char *folder = scratch();
	struct ckpt_error err = { 0 };
	struct graph_walk w;
	struct graph_node found;
	enum graph_kind is;
	unit_write(folder, "f", m->p, m->n);
	const char *path = arena_printf(&arena, "%s/f", folder);
	struct graph *g = graph_open(&arena, path, NULL, LIMIT, &err);
	CHECK(!g == !node, "%s: %s", node ? node : "none", err.text);
	assert_int_equal(graph_is(path, &is), g || err.code == CKPT_ECORRUPT);
	if (!g) {
		CHECK(strstr(err.text, note), "%s", err.text);
		return;
	}
	assert_int_equal(g->kind, kind);
	CHECK(!g->note == !note && (!note || strstr(g->note, note)), "%s", g->note);
	graph_walk_begin(&w, g, GRAPH_MAIN);
	assert_int_equal(graph_walk_next(&w, &found, &err), 1);
	assert_string_equal(found.name.p, node);
	graph_walk_end(&w);
	/* A run that is alive adds to the file; nobody makes it shorter. */
	FILE *f = fopen(path, "ab");
	assert_non_null(f);
	fputs("more", f);
	fclose(f);
	assert_false(graph_unchanged(g, &err));
	assert_int_equal(truncate(path, 9), 0);
	assert_int_equal(graph_unchanged(g, &err), -1);
	graph_close(g);
}

static void the_last_graph_wins(void **state)
{
	(void)state;
	struct made m = usual_file();
	check_graph(&m, "a", GRAPH_DEF, NULL);
	put_event(&m, 0, 4, TEXT(graph_b));
	check_graph(&m, "b", GRAPH_DEF, "2 graphs");
	put_event(&m, 0, 9, TEXT(meta_c));
	check_graph(&m, "c", GRAPH_META, "3 graphs");
	put_event(&m, 0, 9, TEXT(meta_only));
	put_event(&m, 0, 4, "", 0);
	check_graph(&m, "c", GRAPH_META, "3 graphs");
	put_event(&m, 0, 4, TEXT(graph_a));
	check_graph(&m, "a", GRAPH_DEF, "4 graphs");
	m.n -= 3; /* torn */
	check_graph(&m, "c", GRAPH_META, "3 graphs");
	m.p[m.n - 4] ^= 1; /* and that is still not damage */
	check_graph(&m, "c", GRAPH_META, "3 graphs");
}

static void graphs_and_damage(void **state)
{
	(void)state;
	struct made m = { .n = 0 };
	put_version(&m);
	check_graph(&m, NULL, GRAPH_DEF, "without a graph");
	const size_t at = m.n;
	put_event(&m, 0, 4, TEXT(graph_a));
	m.p[at + 20] ^= 1;
	check_graph(&m, NULL, GRAPH_DEF, "checksum mismatch");
	put_event(&m, 0, 4, TEXT(graph_b));
	check_graph(&m, "b", GRAPH_DEF, "damaged at byte");
}

/* --- scalars ----------------------------------------------------------------------- */

static struct scalars read_scalars(const char *folder, const int64_t *steps, size_t n)
{
	struct ckpt_error err = { 0 };
	struct scalars s;
	struct scalar_checkpoint *at = arena_zeroed(&arena, n, sizeof *at);
	for (size_t k = 0; k < n; k++)
		at[k] = (struct scalar_checkpoint){ steps[k], k };
	CHECK(!scalars_read(&s, &arena, folder, at, n, LIMIT, &err), "%s", err.text);
	return s;
}

static float value_at(const struct scalars *s, size_t row, size_t k)
{
	const struct scalar_step_row *steps = s->rows[row].steps.p;
	float v;
	if (steps[k].null & NO_VALUE)
		return -1;
	memcpy(&v, steps[k].value.bytes, sizeof v);
	return v;
}

/* At the very step; else before it and after the checkpoint before. */
static void the_nearest_step_before(void **state)
{
	(void)state;
	static const int64_t steps[] = { 10, 20, 20, 30, 40 };
	struct made m = { .n = 0 };
	const char *folder = unit_folder();
	put_version(&m);
	put_simple(&m, 10, "loss", 10);
	put_simple(&m, 11, "loss", 11);
	put_simple(&m, 19, "loss", 19);
	put_simple(&m, 12, "loss", 12);
	put_simple(&m, 40, "loss", 4);
	put_simple(&m, 40, "loss", 40);
	put_simple(&m, 41, "loss", 41);
	put_simple(&m, (uint64_t)-7, "below", -7);
	put_simple(&m, 50, "beyond", 50);
	unit_write(folder, "a.tfevents.1", m.p, m.n);
	struct scalars s = read_scalars(folder, steps, COUNT(steps));
	assert_int_equal(s.n, 2);
	assert_int_equal(s.n_tags, 3);
	assert_int_equal(s.first, -7);
	assert_int_equal(s.last, 50);
	assert_string_equal(s.rows[0].tag.p, "below");
	assert_true(value_at(&s, 0, 0) == -7 && value_at(&s, 0, 1) == -1);
	static const float want[] = { 10, 19, 19, -1, 40 };
	for (size_t k = 0; k < COUNT(want); k++)
		CHECK(value_at(&s, 1, k) == want[k], "%zu: %f", k, value_at(&s, 1, k));
	scalars_drop(&s);
}

/* The newer file wins a step; a session voids what was recorded from its step on. */
static void restarts(void **state)
{
	(void)state;
	static const int64_t steps[] = { 10, 20, 30 };
	const char *folder = unit_folder();
	for (int session = 0; session < 2; session++) {
		struct made old = { .n = 0 }, new = { .n = 0 };
		put_version(&old);
		put_simple(&old, 10, "loss", 10);
		put_simple(&old, 20, "loss", 20);
		put_simple(&old, 29, "loss", 29);
		put_version(&new);
		if (session)
			put_event(&new, 12, 7, "\x08\x01", 2);
		put_simple(&new, 19, "loss", 119);
		put_simple(&new, 29, "loss", 129);
		unit_write(folder, "a.tfevents.1", old.p, old.n);
		unit_write(folder, "a.tfevents.2", new.p, new.n);
		struct scalars s = read_scalars(folder, steps, COUNT(steps));
		assert_int_equal(s.n, 1);
		assert_true(value_at(&s, 0, 0) == 10);
		assert_true(value_at(&s, 0, 1) == (session ? 119 : 20));
		assert_true(value_at(&s, 0, 2) == 129);
		scalars_drop(&s);
	}
}

static void damage_is_an_error_of_its_file(void **state)
{
	(void)state;
	static const int64_t steps[] = { 1, 3 };
	struct made m = usual_file();
	const char *folder = unit_folder();
	unit_write(folder, "b.tfevents.2", m.p, m.n - 1);
	m.p[m.n - 1] ^= 1;
	unit_write(folder, "a.tfevents.1", m.p, m.n);
	unit_write(folder, "c.tfevents.3", "no events", 9);
	struct scalars s = read_scalars(folder, steps, 2);
	assert_int_equal(s.n_files, 3);
	assert_int_equal(s.errors.n, 1);
	assert_int_equal(s.n, 1);
	assert_true(value_at(&s, 0, 1) == 0.25f);
	scalars_drop(&s);
}

/* Each of many tags is found again in logarithmic time. */
static void many_tags(void **state)
{
	(void)state;
	static const int64_t steps[] = { 1 };
	enum { TAGS = 700 };
	static struct made m;
	char tag[32];
	const char *folder = unit_folder();
	m.n = 0;
	put_version(&m);
	for (int i = 0; i < TAGS; i++) {
		snprintf(tag, sizeof tag, "layer_%d", (i * 37) % TAGS);
		put_simple(&m, 1, tag, (float)((i * 37) % TAGS));
	}
	unit_write(folder, "a.tfevents.1", m.p, m.n);
	struct scalars s = read_scalars(folder, steps, 1);
	assert_int_equal(s.n, TAGS);
	for (size_t i = 0; i < TAGS; i++)
		assert_true(value_at(&s, i, 0) == (float)i);
	scalars_drop(&s);
}

int group_events(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(torn_anywhere, begin, end),
		cmocka_unit_test_setup_teardown(any_byte_damaged, begin, end),
		cmocka_unit_test_setup_teardown(damage_and_what_follows, begin, end),
		cmocka_unit_test_setup_teardown(hostile_lengths, begin, end),
		cmocka_unit_test_setup_teardown(malformed_events, begin, end),
		cmocka_unit_test_setup_teardown(the_last_graph_wins, begin, end),
		cmocka_unit_test_setup_teardown(graphs_and_damage, begin, end),
		cmocka_unit_test_setup_teardown(the_nearest_step_before, begin, end),
		cmocka_unit_test_setup_teardown(restarts, begin, end),
		cmocka_unit_test_setup_teardown(damage_is_an_error_of_its_file, begin,
						end),
		cmocka_unit_test_setup_teardown(many_tags, begin, end),
	};
	return unit_run("events", tests, COUNT(tests));
}
