/* test_npy.c — headers of .npy files, and NumPy's strings as UTF-8.
 * SPDX-License-Identifier: Apache-2.0
 *
 * More headers with faults are in tests/data/broken_arrays.
 */
#include "config.h"

#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "format/npy.h"

static int parse(const char *descr, const char *order, const char *shape, struct npy *n,
		 struct ckpt_error *err)
{
	char header[400];
	const int len = snprintf(header + 10, sizeof header - 10,
				 "{'descr': %s, 'fortran_order': %s, 'shape': %s, }\n",
				 descr, order, shape);
	memcpy(header, "\x93NUMPY\1\0", 8);
	header[8] = (char)len;
	header[9] = (char)(len >> 8);
	return npy_parse(bytes_of(header, (size_t)len + 10), n, err);
}

static void what_np_save_writes(void **state)
{
	(void)state;
	static const struct {
		const char *descr, *order, *shape;
		int dtype, rank;
		uint64_t size;
		enum spelling spelling;
		bool swap, by_columns;
	} good[] = {
		{ "'<f4'", "False", "(2, 3)", CKPT_FLOAT32, 2, 24, SPELL_RAW, 0, 0 },
		{ "'>f8'", "True", "(2, 3)", CKPT_FLOAT64, 2, 48, SPELL_RAW, 1, 1 },
		{ "'|b1'", "False", "()", CKPT_BOOL, 0, 1, SPELL_RAW, 0, 0 },
		{ "'>i1'", "False", "(7,)", CKPT_INT8, 1, 7, SPELL_RAW, 0, 0 },
		{ "'>c16'", "False", "(2,)", CKPT_COMPLEX128, 1, 32, SPELL_RAW, 1, 0 },
		{ "'<V2'", "False", "(4,)", CKPT_BFLOAT16, 1, 8, SPELL_RAW, 0, 0 },
		{ "'|V2'", "False", "(4,)", CKPT_BFLOAT16, 1, 8, SPELL_RAW, 0, 0 },
		{ "'<f1'", "False", "(4,)", CKPT_FLOAT8_E5M2, 1, 4, SPELL_RAW, 0, 0 },
		{ "[('quint16', '>u2')]", "False", "(4,)", CKPT_QUINT16, 1, 8, SPELL_RAW,
		  1, 0 },
		{ "'|S5'", "False", "(2, 2)", CKPT_STRING, 2, 20, SPELL_BYTES, 0, 0 },
		{ "'>U5'", "True", "(2, 2)", CKPT_STRING, 2, 80, SPELL_UCS4, 1, 1 },
		/* The order does not matter here. */
		{ "'<f4'", "True", "(1, 9, 1)", CKPT_FLOAT32, 3, 36, SPELL_RAW, 0, 0 },
		{ "'<f4'", "True", "(5, 0, 7)", CKPT_FLOAT32, 3, 0, SPELL_RAW, 0, 0 },
	};
	for (size_t i = 0; i < COUNT(good); i++) {
		struct npy n;
		struct ckpt_error err = { 0 };
		CHECK(!parse(good[i].descr, good[i].order, good[i].shape, &n, &err),
		      "%s: %s", good[i].descr, err.text);
		CHECK(n.dtype == good[i].dtype && n.rank == good[i].rank &&
			      n.size == good[i].size && n.spelling == good[i].spelling &&
			      n.swap == good[i].swap &&
			      n.by_columns == good[i].by_columns,
		      "%s %s", good[i].descr, good[i].shape);
	}
}

static void what_is_refused_is_named(void **state)
{
	(void)state;
	static const struct {
		const char *descr, *says;
	} bad[] = {
		{ "'|O'", "unpickled" },      { "[('a', '<f4')]", "fields" },
		{ "'<M8[ns]'", "dates" },     { "'<V1'", "float8 or int4" },
		{ "'<f16'", "no such type" }, { "[('qint8', '|u1')]", "fields" },
	};
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct npy n;
		struct ckpt_error err = { 0 };
		assert_int_equal(parse(bad[i].descr, "False", "(2, 3)", &n, &err), -1);
		assert_int_equal(err.code, CKPT_EUNSUPPORTED);
		CHECK(strstr(err.text, bad[i].says), "%s: %s", bad[i].descr, err.text);
		/* Its shape is known all the same. */
		assert_int_equal(n.rank, 2);
		assert_int_equal(n.elements, 6);
		assert_int_equal(n.dtype, 0);
	}
}

/* --- strings ----------------------------------------------------------------------- */

/* A piece of two strings of two code points each. */
struct pair {
	struct store store;
	uint8_t bytes[16];
};

static int read_pair(struct store *s, const struct ckpt_piece *p, uint64_t at, void *buf,
		     size_t n, struct ckpt_error *err)
{
	(void)err;
	assert_true(at + n <= p->size);
	memcpy(buf, ((struct pair *)s)->bytes + at, n);
	return 0;
}

static const char *name_pair(struct store *s, const struct ckpt_piece *p)
{
	(void)s;
	(void)p;
	return "pair";
}

static int take(void *arg, const struct ckpt_run *run)
{
	char *out = arg;
	for (uint64_t i = 0; i < run->n; i++)
		snprintf(out + strlen(out), 100 - strlen(out), "%.*s|",
			 (int)run->strings[i].len, run->strings[i].p);
	return 0;
}

static int read_codes(const uint32_t codes[4], bool swap, char out[100],
		      struct ckpt_error *err)
{
	struct pair pair = { .store = { .read = read_pair, .file = name_pair } };
	struct ckpt_piece p = {
		.elements = 2, .size = 16, .spelling = SPELL_UCS4, .swap = swap
	};
	const int64_t dims[] = { 2 };
	const struct ckpt_tensor t = { .name = "t",
				       .name_len = 1,
				       .dims = dims,
				       .rank = 1,
				       .elements = 2,
				       .pieces = &p,
				       .n_pieces = 1,
				       .dtype = CKPT_STRING };
	struct values v;
	for (int i = 0; i < 16; i++)
		pair.bytes[i] = (uint8_t)(codes[i / 4] >> 8 * (swap ? 3 - i % 4 : i % 4));
	*out = '\0';
	int r = values_open(&v, &pair.store, &t, 1 << 20, err);
	r = r ? r : values_runs(&v, 0, 2, take, out, err);
	values_close(&v);
	return r;
}

static void code_points_become_utf8(void **state)
{
	(void)state;
	char out[100];
	for (int swap = 0; swap < 2; swap++) {
		const uint32_t codes[] = { 'a', 0, 0x1f642, 0xe9 };
		assert_int_equal(read_codes(codes, swap, out, NULL), 0);
		assert_string_equal(out, "a|\xf0\x9f\x99\x82\xc3\xa9|");
		static const uint32_t limits[] = { 0x7f,   0x80,    0x7ff,   0x800,
						   0xffff, 0x10000, 0x10ffff };
		for (size_t i = 0; i < COUNT(limits); i++) {
			const uint32_t one[] = { limits[i], 0, 0, 0 };
			assert_int_equal(read_codes(one, swap, out, NULL), 0);
			assert_int_equal(strlen(out), 2 + 1 + (limits[i] > 0x7f) +
							      (limits[i] > 0x7ff) +
							      (limits[i] > 0xffff));
		}
		static const uint32_t none[] = { 0xd800, 0xdfff, 0x110000, UINT32_MAX };
		for (size_t i = 0; i < COUNT(none); i++) {
			struct ckpt_error err = { 0 };
			const uint32_t bad[] = { 'a', 0, 'b', none[i] };
			assert_int_equal(read_codes(bad, swap, out, &err), -1);
			assert_int_equal(err.code, CKPT_ECORRUPT);
			assert_string_equal(out, ""); /* nothing before the check */
		}
	}
}

/* --- files that change ------------------------------------------------------------- */

static void header_and_data_are_of_one_file(void **state)
{
	(void)state;
	static const char text[] =
		"{'descr': '|u1', 'fortran_order': False, 'shape': (1,), }\n\7more";
	const char *folder = unit_folder();
	char file[10 + sizeof text] = "\x93NUMPY\1", path[200];
	const size_t length = strchr(text, '\n') + 1 - text, whole = 10 + length + 1;
	struct ckpt_error err = { 0 };
	uint8_t element;
	file[8] = (char)length;
	memcpy(file + 10, text, sizeof text);
	unit_write(folder, "a.npy", file, whole);
	snprintf(path, sizeof path, "%s/a.npy", folder);
	struct ckpt *c = ckpt_open(path, NULL, &err);
	CHECK(c, "%s", err.text);
	assert_int_equal(ckpt_unchanged(c, &err), 0);
	/* Replaced before its data is looked at. */
	unit_write(folder, "a.npy", file, whole + 1);
	assert_int_equal(ckpt_read(c, ckpt_at(c, 0), 0, 1, &element, &err), 0);
	assert_int_equal(element, 7);
	assert_int_equal(ckpt_unchanged(c, &err), -1);
	assert_int_equal(err.code, CKPT_EIO);
	ckpt_close(c);
}

int group_npy(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_np_save_writes),
		cmocka_unit_test(what_is_refused_is_named),
		cmocka_unit_test(code_points_become_utf8),
		cmocka_unit_test(header_and_data_are_of_one_file),
	};
	return unit_run("npy", tests, COUNT(tests));
}
