/* test_renamed.c — tensors with another name found by content; paths that are nearest.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/crc32c.h"
#include "report/pair.h"
#include "two_checkpoints.h"
#include "write_bundle.h"

static struct pairs pairs;
static struct bundle_writer w;

/* "name:3 other:0.5": vectors of two such numbers. */
static struct ckpt *vectors(const char *words)
{
	char copy[2000];
	snprintf(copy, sizeof copy, "%s", words);
	bundle_writer_begin(&w);
	for (char *p = copy, *word; (word = strsep(&p, " "));) {
		char *colon = strchr(word, ':');
		assert_non_null(colon);
		*colon = '\0';
		const float value = strtof(colon + 1, NULL);
		bundle_writer_floats(&w, word, 2, (const float[]){ value, value });
	}
	return two_open(bundle_writer_end(&w));
}

/* "a=b c= =d": the pairs; "a=b!" is found, "a=?c?d" has candidates. */
static const char *shown(void)
{
	static char text[8000];
	size_t n = 0;
	*text = '\0';
	for (size_t i = 0; i < pairs.n && n < sizeof text - 200; i++) {
		const struct pair *p = &pairs.all[i];
		n += (size_t)snprintf(text + n, sizeof text - n, "%s%s=%s%s",
				      i ? " " : "", p->a ? p->a->name : "",
				      p->b ? p->b->name : "", p->found ? "!" : "");
		for (size_t k = 0; k < p->n_candidates; k++)
			n += (size_t)snprintf(text + n, sizeof text - n, "?%s",
					      p->candidates[k]->name);
	}
	return text;
}

static const char *search(bool recorded)
{
	struct ckpt_error err = { 0 };
	CHECK(!pair_make(&pairs, &two_arena, two_a, two_b, NULL, NULL, &err), "%s",
	      err.text);
	CHECK(!pair_renamed(&pairs, &two_arena, two_a, two_b, recorded, &err), "%s",
	      err.text);
	return shown();
}

static void check(const char *a, const char *b, const char *want)
{
	ckpt_close(two_a);
	ckpt_close(two_b);
	two_a = vectors(a);
	two_b = vectors(b);
	for (int recorded = 0; recorded < 2; recorded++)
		CHECK(!strcmp(search(recorded), want), "%s, expected %s", shown(), want);
}

static void the_only_one(void **state)
{
	(void)state;
	check("a:1 same:2", "b:1 same:2", "a=b! same=same");
	check("a:1 same:2", "b:3 same:2", "a= =b same=same");
	/* Both by name: not looked at. */
	check("a:1 b:2", "a:2 b:1", "a=a b=b");
	/* -0 is not 0: bytes count. */
	check("a:0", "b:-0", "a= =b");
	/* By b's names. */
	check("a:1 m:2 z:3", "b:3 m:2 y:1", "z=b! m=m a=y!");
	check("a:1", "a:2", "a=a");
}

static void nearest_paths(void **state)
{
	(void)state;
	/* Components from both ends. */
	check("net/l1/bias:0 net/l2/bias:0", "model/l1/bias:0 model/l2/bias:0",
	      "net/l1/bias=model/l1/bias! net/l2/bias=model/l2/bias!");
	check("net/l1/bias:0 net/l1/beta:0", "net/x/beta:0 net/x/bias:0",
	      "net/l1/beta=net/x/beta! net/l1/bias=net/x/bias!");
	/* Edits. */
	check("layer_1:0 layer_2:0", "layer1:0 layer2:0",
	      "layer_1=layer1! layer_2=layer2!");
	/* One that takes the nearest leaves the other to who is left. */
	check("x/a/w:0 q:0", "y/a/w:0 long_name:0", "q=long_name! x/a/w=y/a/w!");
	/* As near to one as to the other. */
	check("a/w:0", "b/w:0 c/w:0", "a/w=?b/w?c/w =b/w =c/w");
	check("a/w:0 b/w:0", "c/w:0", "a/w=?c/w b/w=?c/w =c/w");
	check("p:0 q:0", "r:0 s:0", "p=?r?s q=?r?s =r =s");
	/* Some are joined, the rest is not. */
	check("x/l1/w:0 p:0 q:0", "y/l1/w:0 r:0 s:0",
	      "p=?r?s q=?r?s =r =s x/l1/w=y/l1/w!");
	/* More of a than of b, all joined that can be. */
	check("n/l1/w:0 n/l2/w:0", "m/l2/w:0", "n/l2/w=m/l2/w! n/l1/w=");
}

static size_t found(void)
{
	size_t n = 0;
	for (size_t i = 0; i < pairs.n; i++)
		n += pairs.all[i].found;
	return n;
}

/* Biases that are all zero, in numbers. */
static void very_many(void **state)
{
	(void)state;
	static const struct {
		const char *a, *b;
		int n;
		size_t found;
	} cases[] = {
		/* Each with each, by their paths. */
		{ "net/layer_%d/bias", "model/layer_%d/bias", 900, 900 },
		/* By edits. */
		{ "layer%d", "block%d", 300, 300 },
		/* Too many for that: the last component is what tells them apart. */
		{ "old/scope/bias_%d", "new/bias_%d", 10000, 10000 },
		{ "old/scope_%d/bias", "new_%d/bias", 10000, 0 },
	};
	for (size_t c = 0; c < COUNT(cases); c++) {
		const float zeros[8] = { 0 };
		for (int side = 0; side < 2; side++) {
			struct ckpt **to = side ? &two_b : &two_a;
			char name[64];
			bundle_writer_begin(&w);
			for (int i = 0; i < cases[c].n; i++) {
				const char *format = side ? cases[c].b : cases[c].a;
				const char *d = strchr(format, '%');
				snprintf(name, sizeof name, "%.*s%d%s",
					 (int)(d - format), format, 10000 + i,
					 d + 2);
				bundle_writer_floats(&w, name, 8, zeros);
			}
			ckpt_close(*to);
			*to = two_open(bundle_writer_end(&w));
		}
		const clock_t start = clock();
		search(false);
		CHECK(found() == cases[c].found, "%s: %zu", cases[c].a, found());
		CHECK((clock() - start) / CLOCKS_PER_SEC < 20, "%s: too slow",
		      cases[c].a);
		if (!cases[c].found)
			assert_int_equal(pairs.all[pairs.n - 1].n_candidates, 10000);
	}
}

/* What has no whole checksum is computed; and is not, if only recorded ones count. */
static void computed(void **state)
{
	(void)state;
	const float one[] = { 1, 2, 3, 4 };
	const char *const words[] = { "a", "", "bcd" }, *const other[] = { "a", "b",
									   "cd" };
	for (int side = 0; side < 2; side++) {
		bundle_writer_begin(&w);
		if (side) {
			bundle_writer_halves(&w, "new/whole", 4, one);
			bundle_writer_halves(&w, "new/halves", 4, one);
			bundle_writer_strings(&w, "new/words", 3, words);
			bundle_writer_strings(&w, "new/other", 3, other);
		} else {
			bundle_writer_floats(&w, "whole", 4, one);
			bundle_writer_halves(&w, "halves", 4, one);
			bundle_writer_strings(&w, "words", 3, words);
		}
		*(side ? &two_b : &two_a) = two_open(bundle_writer_end(&w));
	}
	assert_string_equal(search(false), "halves=new/halves! =new/other "
					   "whole=new/whole! words=new/words!");
	assert_string_equal(search(true), "halves=new/halves! =new/other =new/whole "
					  "words=new/words! whole=");
}

/* Bytes in the other order are the same numbers. */
static void byte_orders(void **state)
{
	(void)state;
	const uint8_t little[] = { 1, 0, 2, 0 }, big[] = { 0, 1, 0, 2 };
	for (int side = 0; side < 2; side++) {
		bundle_writer_begin(&w);
		w.big_endian = side;
		bundle_writer_add(&w, side ? "b" : "a", 1, CKPT_INT16, 2,
				  side ? big : little, 4);
		bundle_writer_add(&w, side ? "d" : "c", 1, CKPT_UINT16, 2, little, 4);
		bundle_writer_add(&w, side ? "f" : "e", 1, CKPT_UINT8, 4, little, 4);
		*(side ? &two_b : &two_a) = two_open(bundle_writer_end(&w));
	}
	assert_string_equal(search(false), "a=b! c= =d e=f!");
	assert_string_equal(search(true), "a= =b c= =d e=f!");
}

/* dtype and shape count, too; and what is empty is the same. */
static void other_kinds(void **state)
{
	(void)state;
	const uint8_t zeros[16] = { 0 };
	for (int side = 0; side < 2; side++) {
		bundle_writer_begin(&w);
		bundle_writer_add(&w, side ? "b" : "a", 1,
				  side ? CKPT_INT32 : CKPT_FLOAT32, 2, zeros, 8);
		bundle_writer_add(&w, side ? "d" : "c", 1, CKPT_INT8, side ? 8 : 9, zeros,
				  side ? 8 : 9);
		bundle_writer_add(&w, side ? "f" : "e", 1, CKPT_FLOAT64, 0, zeros, 0);
		bundle_writer_strings(&w, side ? "h" : "g", 0, NULL);
		*(side ? &two_b : &two_a) = two_open(bundle_writer_end(&w));
	}
	assert_string_equal(search(false), "a= =b c= =d e=f! g=h!");
	assert_string_equal(search(true), "a= =b c= =d e=f! g=h!");
}

/* The same CRC-32C recorded for bytes that are not the same: one is damaged, and neither
 * is found. Its data file missing altogether. */
static void damage(void **state)
{
	(void)state;
	char path[4096], prefix[4096];
	const uint8_t other[8] = { 1 };
	two_a = vectors("a:1 x:2");
	two_b = vectors("b:1 y:3");
	snprintf(prefix, sizeof prefix, "%s", ckpt_prefix(two_a));
	snprintf(path, sizeof path, "%.4000s.data-00000-of-00001", prefix);
	FILE *f = fopen(path, "r+b");
	assert_non_null(f);
	assert_int_equal(fwrite(other, 1, 8, f), 8);
	fclose(f);
	assert_string_equal(search(false), "a= =b x= =y");
	assert_string_equal(search(true), "a=b! x= =y");
	ckpt_close(two_a);
	assert_int_equal(remove(path), 0);
	two_a = two_open(prefix);
	assert_string_equal(search(false), "a= =b x= =y");
}

/* Bytes that differ by a multiple of the polynomial have the same CRC. */
static void collisions(void **state)
{
	(void)state;
	const uint64_t polynomial = 1 | (uint64_t)0x82f63b78 << 1;
	uint8_t one[8] = "abcdefg", other[8];
	for (int i = 0; i < 8; i++)
		other[i] = (uint8_t)(one[i] ^ polynomial >> 8 * i);
	assert_int_equal(crc32c(0, one, 8), crc32c(0, other, 8));
	for (int side = 0; side < 2; side++) {
		bundle_writer_begin(&w);
		bundle_writer_add(&w, side ? "z" : "a", 1, CKPT_FLOAT32, 2, one, 8);
		bundle_writer_add(&w, side ? "y" : "b", 1, CKPT_FLOAT32, 2, other, 8);
		*(side ? &two_b : &two_a) = two_open(bundle_writer_end(&w));
	}
	assert_string_equal(search(false), "b=y! a=z!");
	assert_string_equal(search(true), "a=?y?z b=?y?z =y =z");
	ckpt_close(two_b);
	bundle_writer_begin(&w);
	bundle_writer_add(&w, "z", 1, CKPT_FLOAT32, 2, other, 8);
	two_b = two_open(bundle_writer_end(&w));
	assert_string_equal(search(false), "a= b=z!");
}

/* The same run, saved by both kinds of Saver. */
static void v1_and_v2(void **state)
{
	(void)state;
	static char *const rename[] = { (char *)"^=old/" };
	const struct naming n = { .renames = rename, .n_renames = 1 };
	struct ckpt_error err = { 0 };
	two_a = two_open(unit_data("corpus/saver_v1/model.ckpt-100"));
	two_b = two_open(unit_data("corpus/saver_v2/model.ckpt-100"));
	const size_t all = ckpt_count(two_a);
	for (int recorded = 0; recorded < 2; recorded++) {
		assert_int_equal(
			pair_make(&pairs, &two_arena, two_a, two_b, &n, NULL, &err), 0);
		assert_int_equal(pairs.n, 2 * all);
		assert_int_equal(
			pair_renamed(&pairs, &two_arena, two_a, two_b, recorded, &err),
			0);
		assert_int_equal(found(), recorded ? 0 : all);
		for (size_t i = 0; i < pairs.n && !recorded; i++)
			assert_string_equal(pairs.all[i].a->name, pairs.all[i].b->name);
	}
}

int group_renamed(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_only_one, two_begin, two_end),
		cmocka_unit_test_setup_teardown(nearest_paths, two_begin, two_end),
		cmocka_unit_test_setup_teardown(very_many, two_begin, two_end),
		cmocka_unit_test_setup_teardown(computed, two_begin, two_end),
		cmocka_unit_test_setup_teardown(byte_orders, two_begin, two_end),
		cmocka_unit_test_setup_teardown(other_kinds, two_begin, two_end),
		cmocka_unit_test_setup_teardown(damage, two_begin, two_end),
		cmocka_unit_test_setup_teardown(collisions, two_begin, two_end),
		cmocka_unit_test_setup_teardown(v1_and_v2, two_begin, two_end),
	};
	return unit_run("renamed", tests, COUNT(tests));
}
