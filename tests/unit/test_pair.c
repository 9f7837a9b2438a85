/* test_pair.c — tensors of two checkpoints joined by name; recorded checksums.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "unit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "report/pair.h"
#include "two_checkpoints.h"
#include "write_bundle.h"

static struct pairs pairs;

/* A checkpoint of scalars with these names, split at blanks. */
static struct ckpt *names(const char *words)
{
	struct bundle_writer w;
	const float value = 1;
	char copy[1000];
	snprintf(copy, sizeof copy, "%s", words);
	bundle_writer_begin(&w);
	for (char *p = copy, *word; (word = strsep(&p, " "));)
		if (*word)
			bundle_writer_floats(&w, word, 1, &value);
	return two_open(bundle_writer_end(&w));
}

static void open_both(const char *a, const char *b)
{
	ckpt_close(two_a);
	ckpt_close(two_b);
	two_a = names(a);
	two_b = names(b);
}

/* "a=b x= =y": the pairs in their order. */
static const char *shown(void)
{
	static char text[4000];
	size_t n = 0;
	*text = '\0';
	for (size_t i = 0; i < pairs.n && n < sizeof text; i++)
		n += (size_t)snprintf(text + n, sizeof text - n, "%s%s=%s", i ? " " : "",
				      pairs.all[i].a ? pairs.all[i].a->name : "",
				      pairs.all[i].b ? pairs.all[i].b->name : "");
	return text;
}

static const char *joined(const struct naming *naming, const struct matcher *m)
{
	struct ckpt_error err = { 0 };
	CHECK(!pair_make(&pairs, &two_arena, two_a, two_b, naming, m, &err), "%s",
	      err.text);
	return shown();
}

static void plain_names(void **state)
{
	(void)state;
	static const struct naming none;
	open_both("a b/c d z", "a0 b/c d/e z");
	assert_string_equal(joined(&none, NULL), "a= =a0 b/c=b/c d= =d/e z=z");
	assert_string_equal(joined(NULL, NULL), "a= =a0 b/c=b/c d= =d/e z=z");
	open_both("", "x");
	assert_string_equal(joined(NULL, NULL), "=x");
	open_both("x", "");
	assert_string_equal(joined(NULL, NULL), "x=");
	open_both("", "");
	assert_string_equal(joined(NULL, NULL), "");
}

static void prefixes(void **state)
{
	(void)state;
	const struct naming strip_a = { .strip_a = "old/" };
	const struct naming both = { .strip_a = "old/", .strip_b = "new/" };
	open_both("old/a old/b step old/", "a b step");
	assert_string_equal(joined(&strip_a, NULL), "old/a=a old/b=b old/= step=step");
	open_both("old/a old/b step", "new/a new/c step new");
	assert_string_equal(joined(&both, NULL),
			    "=new old/a=new/a =new/c old/b= step=step");
}

static struct matcher *matcher(const char *take, const char *leave)
{
	struct ckpt_error err = { 0 };
	char *patterns[] = { (char *)(uintptr_t)take };
	char *excludes[] = { (char *)(uintptr_t)leave };
	struct matcher *m = match_compile(&two_arena, patterns, take != NULL, excludes,
					  leave != NULL, false, &err);
	CHECK(m != NULL, "%s", err.text);
	return m;
}

static const char *taken(const struct naming *naming, const char *take, const char *leave)
{
	struct matcher *m = matcher(take, leave);
	const char *text = joined(naming, m);
	match_free(m);
	return text;
}

static void by_any_name(void **state)
{
	(void)state;
	const struct naming strip = { .strip_a = "old/", .strip_b = "new/" };
	open_both("old/a old/b step", "new/a new/c step");
	assert_string_equal(taken(&strip, "old/*", NULL), "old/a=new/a old/b=");
	assert_string_equal(taken(&strip, "new/*", NULL), "old/a=new/a =new/c");
	assert_string_equal(taken(&strip, "a", NULL), "old/a=new/a");
	assert_string_equal(taken(&strip, "c", NULL), "=new/c");
	assert_string_equal(taken(&strip, "s*", NULL), "step=step");
	assert_string_equal(taken(&strip, "none", NULL), "");
	/* An exclude of any name: all of the pair. */
	assert_string_equal(taken(&strip, NULL, "old/a"), "=new/c old/b= step=step");
	assert_string_equal(taken(&strip, NULL, "new/a"), "=new/c old/b= step=step");
	assert_string_equal(taken(&strip, NULL, "a"), "=new/c old/b= step=step");
	assert_string_equal(taken(&strip, "new/*", "old/*"), "=new/c");
	assert_string_equal(taken(&strip, NULL, "step"), "old/a=new/a =new/c old/b=");
	assert_string_equal(taken(NULL, "old/*", "*/b"), "old/a=");
}

static const char *map_file(const char *text)
{
	static char path[64];
	static const char *folder;
	folder = folder ? folder : unit_folder();
	unit_write(folder, "map", text, strlen(text));
	snprintf(path, sizeof path, "%s/map", folder);
	return path;
}

static void maps(void **state)
{
	(void)state;
	struct naming n = { .map_path = map_file("# a comment\r\n\r\n"
						 "w\tdense/kernel\r\n"
						 "  b   dense/bias  \n") };
	open_both("b step w", "dense/bias dense/kernel step");
	assert_string_equal(joined(&n, NULL), "b=dense/bias w=dense/kernel step=step");
	/* Escapes; two that change places; behind a prefix. */
	n.map_path = map_file("x\\x41\ty\ny\txA\n");
	open_both("xA y", "xA y");
	assert_string_equal(joined(&n, NULL), "y=xA xA=y");
	n = (struct naming){ .map_path = map_file("a\tz\n"),
			     .strip_a = "old/",
			     .strip_b = "new/" };
	open_both("old/a old/b", "new/z b");
	assert_string_equal(joined(&n, NULL), "old/b=b old/a=new/z");
	/* What the map has is not renamed. */
	char *renames[] = { (char *)"a=q", (char *)"z=q" };
	n = (struct naming){ .map_path = map_file("a\tz"),
			     .renames = renames,
			     .n_renames = 2 };
	open_both("a aa", "qq z");
	assert_string_equal(joined(&n, NULL), "aa=qq a=z");
}

static void fails(const struct naming *n, const char *text, const char *file)
{
	struct ckpt_error err = { 0 };
	CHECK(pair_make(&pairs, &two_arena, two_a, two_b, n, NULL, &err), "no '%s'",
	      text);
	CHECK(err.code == CKPT_EINVAL && strstr(err.text, text), "%s: %s", text,
	      err.text);
	CHECK(!file || strstr(err.file, file), "%s: %s", text, err.file);
}

static void maps_that_are_wrong(void **state)
{
	(void)state;
	static const struct {
		const char *text, *says;
	} bad[] = {
		{ "#\nw\n", "line 2: has no tab" },
		{ "w x y\n", "line 1: has no tab" },
		{ "w\tx\ty\n", "line 1: has more than one tab" },
		{ "w\t\\q\n", "line 1: '\\\\q' has an escape" },
		{ "w\tk\nw\tstep", "line 2: 'w' stands in line 1 already" },
		{ "w\tk\n\nW\tstep", "line 3: no tensor 'W' in " },
		{ "w\tk\nstep\tK", "line 2: no tensor 'K' in " },
		{ "step\tK\nW\tk\n", "line 1: no tensor 'K' in " },
		{ "w\tstep\n", "'step' and 'w' would both be 'step'" },
		{ "w\tk\nb\tk\n", "'b' and 'w' would both be 'k'" },
	};
	open_both("b step w", "k step");
	for (size_t i = 0; i < COUNT(bad); i++) {
		const struct naming n = { .map_path = map_file(bad[i].text) };
		fails(&n, bad[i].says, i < 8 ? n.map_path : ckpt_prefix(two_a));
	}
	struct ckpt_error err = { 0 };
	const struct naming nowhere = { .map_path = "/nowhere/map" };
	assert_int_equal(
		pair_make(&pairs, &two_arena, two_a, two_b, &nowhere, NULL, &err), -1);
	assert_int_equal(err.code, CKPT_ENOTFOUND);
}

static const char *renamed(const char *first, const char *second)
{
	char *renames[] = { (char *)(uintptr_t)first, (char *)(uintptr_t)second };
	const struct naming n = { .renames = renames, .n_renames = second ? 2 : 1 };
	return joined(&n, NULL);
}

static void renames(void **state)
{
	(void)state;
	open_both("layer_1/w layer_2/w", "block/1/w block/2/w");
	assert_string_equal(renamed("layer_(\\d+)=block/$1", NULL),
			    "layer_1/w=block/1/w layer_2/w=block/2/w");
	assert_string_equal(renamed("layer=block", "_=/"),
			    "layer_1/w=block/1/w layer_2/w=block/2/w");
	/* In all places; by name; in upper case; a group that did not match. */
	open_both("aXaX b", "cXcX B");
	assert_string_equal(renamed("a=c", "^(?<x>b)|(q)$=\\U${x}$2"), "b=B aXaX=cXcX");
	/* '=' in all places. */
	open_both("k=v/w", "k:v=w");
	assert_string_equal(renamed("(?\\=\\=v)\\==:", "/=="), "k=v/w=k:v=w");
	open_both("a", "b");
	assert_string_equal(renamed("a$=b", NULL), "a=b");
	assert_string_equal(renamed("q=b", NULL), "a= =b");
	assert_string_equal(renamed("a=", NULL), "a= =b");
	/* A name that becomes much longer. */
	char longer[600] = "a=", name[600] = "";
	memset(longer + 2, 'n', 400);
	memset(name, 'n', 400);
	open_both("a", name);
	CHECK(strchr(renamed(longer, NULL), '=') == shown() + 1, "%s", shown());
	assert_int_equal(pairs.n, 1);
}

static void names_are_bytes(void **state)
{
	(void)state;
	struct bundle_writer w;
	const float value = 1;
	char *const rename[] = { (char *)"\\x00=\xfe" };
	const struct naming n = { .renames = rename, .n_renames = 1 };
	for (int i = 0; i < 2; i++) {
		bundle_writer_begin(&w);
		bundle_writer_add(&w, i ? "a\xfe\xff" : "a\0\xff", 3, CKPT_FLOAT32, 1,
				  &value, 4);
		*(i ? &two_b : &two_a) = two_open(bundle_writer_end(&w));
	}
	joined(&n, NULL);
	assert_int_equal(pairs.n, 1);
	joined(NULL, NULL);
	assert_int_equal(pairs.n, 2);
}

static void renames_that_are_wrong(void **state)
{
	(void)state;
	static const struct {
		const char *rename, *says;
	} bad[] = {
		{ "abc", "rename 'abc': has no '='" },
		{ "abc\\=d", "has no '='" },
		{ "=x", "nothing stands before the '='" },
		{ "(w=x", "rename: '(w': character 2: missing closing parenthesis" },
		{ "w=$1", "rename: '$1'" },
		{ "w=${1", "rename: '${1': character 3" },
		{ "w=\\", "rename: '\\\\'" },
		{ "^.*$=x", "would both be 'x'" },
		{ "^(b|w)$=step", "'b' and 'step' would both be 'step'" },
	};
	open_both("b step w", "k step");
	for (size_t i = 0; i < COUNT(bad); i++) {
		char *one[] = { (char *)(uintptr_t)bad[i].rename };
		const struct naming n = { .renames = one, .n_renames = 1 };
		fails(&n, bad[i].says, NULL);
	}
	char slow[100] = "";
	memset(slow, 'a', 60);
	slow[60] = '!';
	open_both(slow, "b");
	char *one[] = { (char *)"^(a+)+$=b" };
	const struct naming n = { .renames = one, .n_renames = 1 };
	fails(&n, "match limit", NULL);
}

/* Of two names that become one it is an error only if both are asked for. */
static void collisions(void **state)
{
	(void)state;
	const struct naming n = { .strip_a = "x/", .strip_b = "y/" };
	open_both("w x/w x/v", "v w");
	fails(&n, "'w' and 'x/w' would both be 'w'", ckpt_prefix(two_a));
	assert_string_equal(taken(&n, "v", NULL), "x/v=v");
	assert_string_equal(taken(&n, "x/*", "w"), "x/v=v");
	assert_string_equal(taken(&n, NULL, "x/w"), "x/v=v w=w");
	open_both("v w", "w y/w y/v");
	fails(&n, "'w' and 'y/w' would both be 'w'", ckpt_prefix(two_b));
	assert_string_equal(taken(&n, NULL, "y/w"), "w=w v=y/v");
	assert_string_equal(taken(&n, "y/v", NULL), "v=y/v");
	open_both("q", "w y/w");
	assert_string_equal(taken(&n, "y/*", NULL), "=y/w");
}

static void a_damaged_index(void **state)
{
	(void)state;
	struct ckpt_error err = { 0 };
	two_a = two_open(unit_data("corpus/saver_v2/model.ckpt-150"));
	two_b = two_open(unit_data("broken/unsorted/m"));
	CHECK(pair_make(&pairs, &two_arena, two_a, two_b, NULL, NULL, &err), "%zu pairs",
	      pairs.n);
	assert_int_equal(err.code, CKPT_ECORRUPT);
}

/* 300,000 on each side, of which every third name is not on the other. */
static void very_many(void **state)
{
	(void)state;
	enum { MANY = 300000 };
	for (int side = 0; side < 2; side++) {
		struct bundle_writer w;
		char name[32];
		bundle_writer_begin(&w);
		for (int i = 0; i < MANY; i++) {
			const char *scope = i % 3 == 0 && side ? "other" : "layer";
			const int n = snprintf(name, sizeof name, "%s_%07d", scope, i);
			bundle_writer_add(&w, name, (size_t)n, CKPT_FLOAT32, 0, "", 0);
		}
		*(side ? &two_b : &two_a) = two_open(bundle_writer_end(&w));
		ckpt_count(side ? two_b : two_a);
	}
	char *const rename[] = { (char *)"^layer_(.*)$=l$1" };
	const struct naming n = { .strip_a = "layer", .strip_b = "layer" };
	const struct naming renames = { .renames = rename, .n_renames = 1 };
	clock_t start = clock();
	joined(NULL, NULL);
	assert_int_equal(pairs.n, MANY + MANY / 3);
	joined(&n, NULL);
	assert_int_equal(pairs.n, MANY + MANY / 3);
	joined(&renames, NULL);
	assert_int_equal(pairs.n, 2 * MANY);
	start = (clock() - start) * 1000 / CLOCKS_PER_SEC;
	CHECK(start < 8000, "that took %ld ms", (long)start);
}

static enum recorded recorded(const char *name)
{
	const struct ckpt_tensor *a = ckpt_find(two_a, name, strlen(name), NULL);
	const struct ckpt_tensor *b = ckpt_find(two_b, name, strlen(name), NULL);
	CHECK(a && b, "%s", name);
	return recorded_compare(a, b);
}

static void recorded_checksums(void **state)
{
	(void)state;
	const float one[] = { 1, 2, 3 }, other[] = { 1, 2, 4 };
	const char *const words[] = { "a", "b" }, *const longer[] = { "a", "bc" };
	for (int i = 0; i < 2; i++) {
		struct bundle_writer w;
		bundle_writer_begin(&w);
		bundle_writer_floats(&w, "same", 3, one);
		bundle_writer_floats(&w, "different", 3, i ? one : other);
		bundle_writer_floats(&w, "empty", 0, one);
		bundle_writer_strings(&w, "strings", 2, words);
		bundle_writer_strings(&w, "longer", 2, i ? words : longer);
		bundle_writer_halves(&w, "halves", 3, one);
		bundle_writer_halves(&w, "other", 3, i ? one : other);
		if (i)
			bundle_writer_halves(&w, "cut", 3, one);
		else
			bundle_writer_floats(&w, "cut", 3, one);
		*(i ? &two_b : &two_a) = two_open(bundle_writer_end(&w));
	}
	assert_int_equal(recorded("same"), RECORDED_SAME);
	assert_int_equal(recorded("different"), RECORDED_DIFFERENT);
	assert_int_equal(recorded("empty"), RECORDED_SAME);
	assert_int_equal(recorded("strings"), RECORDED_SAME);
	assert_int_equal(recorded("longer"), RECORDED_DIFFERENT);
	assert_int_equal(recorded("halves"), RECORDED_SAME);
	assert_int_equal(recorded("other"), RECORDED_DIFFERENT);
	assert_int_equal(recorded("cut"), RECORDED_UNKNOWN);
	/* The other byte order; V1; a malformed one. */
	struct ckpt_piece p = { .elements = 3, .size = 12, .has_crc32c = true }, q = p;
	const struct ckpt_error problem = { .code = CKPT_ECORRUPT };
	struct ckpt_tensor a = { .dtype = CKPT_UINT8, .elements = 3, .n_pieces = 1 };
	struct ckpt_tensor b = a;
	a.pieces = &p;
	b.pieces = &q;
	q.swap = 1;
	assert_int_equal(recorded_compare(&a, &b), RECORDED_SAME);
	a.dtype = b.dtype = CKPT_FLOAT32;
	assert_int_equal(recorded_compare(&a, &b), RECORDED_UNKNOWN);
	p.swap = 1;
	assert_int_equal(recorded_compare(&a, &b), RECORDED_SAME);
	a.dtype = b.dtype = CKPT_STRING;
	p.spelling = q.spelling = SPELL_STRINGS;
	assert_int_equal(recorded_compare(&a, &b), RECORDED_SAME);
	p.swap = 0;
	assert_int_equal(recorded_compare(&a, &b), RECORDED_UNKNOWN);
	q.swap = 0;
	b.problem = &problem;
	assert_int_equal(recorded_compare(&a, &b), RECORDED_UNKNOWN);
	b.problem = NULL;
	q.in_block = true;
	assert_int_equal(recorded_compare(&a, &b), RECORDED_UNKNOWN);
}

int group_pair(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(plain_names, two_begin, two_end),
		cmocka_unit_test_setup_teardown(prefixes, two_begin, two_end),
		cmocka_unit_test_setup_teardown(by_any_name, two_begin, two_end),
		cmocka_unit_test_setup_teardown(maps, two_begin, two_end),
		cmocka_unit_test_setup_teardown(maps_that_are_wrong, two_begin, two_end),
		cmocka_unit_test_setup_teardown(renames, two_begin, two_end),
		cmocka_unit_test_setup_teardown(names_are_bytes, two_begin, two_end),
		cmocka_unit_test_setup_teardown(renames_that_are_wrong, two_begin,
						two_end),
		cmocka_unit_test_setup_teardown(collisions, two_begin, two_end),
		cmocka_unit_test_setup_teardown(a_damaged_index, two_begin, two_end),
		cmocka_unit_test_setup_teardown(very_many, two_begin, two_end),
		cmocka_unit_test_setup_teardown(recorded_checksums, two_begin, two_end),
	};
	return unit_run("pair", tests, COUNT(tests));
}
