/* test_archive.c — CRC-32 in parts, and deflated streams read forward and from the start.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "unit.h"

#include <string.h>
#include <zlib.h>

#include "base/crc32.h"
#include "base/error.h"
#include "base/inflate.h"

enum { LARGEST = 300000 };

static void the_same_as_zlib(void **state)
{
	(void)state;
	static uint8_t p[5000];
	assert_int_equal(crc32_of(0, "123456789", 9), 0xcbf43926);
	for (int round = 0; round < 500; round++) {
		const size_t n = chance_below(sizeof p), at = chance_below(n + 1);
		chance_bytes(p, n);
		const uint32_t all = (uint32_t)crc32(0, p, (uInt)n);
		const uint32_t a = crc32_of(0, p, at), b = crc32_of(0, p + at, n - at);
		assert_int_equal(crc32_of(0, p, n), all);
		assert_int_equal(crc32_of(a, p + at, n - at), all);
		assert_int_equal(crc32_combined(a, b, n - at), all);
		assert_int_equal(crc32_rest(all, a, n - at), b);
	}
}

/* Lengths that no memory holds: appending zeros twice is appending them once. */
static void parts_of_any_length(void **state)
{
	(void)state;
	for (int i = 0; i < 100; i++) {
		const uint32_t a = (uint32_t)chance(), b = (uint32_t)chance();
		const uint64_t n = chance_magnitude() >> 2, m = chance_magnitude() >> 2;
		assert_int_equal(crc32_combined(crc32_combined(a, 0, n), 0, m),
				 crc32_combined(a, 0, n + m));
		assert_int_equal(crc32_rest(crc32_combined(a, b, n), a, n), b);
	}
}

/* --- inflating --------------------------------------------------------------------- */

static struct file {
	uint8_t content[LARGEST + 1000], plain[LARGEST];
	size_t before, stored, n;
	uint64_t read;
} file;

static int read_file(void *arg, uint64_t offset, void *buf, size_t n,
		     struct ckpt_error *err)
{
	struct file *f = arg;
	(void)err;
	assert_true(offset >= f->before && offset + n <= f->before + f->stored);
	memcpy(buf, f->content + offset, n);
	f->read += n;
	return 0;
}

static void make_file(size_t n, bool plain)
{
	z_stream z = { .avail_in = (uInt)n, .next_in = file.plain };
	file.before = chance_below(200);
	file.n = n;
	chance_text((char *)file.plain, n, plain ? "a" : "abcd");
	assert_int_equal(deflateInit2(&z, 1 + (int)chance_below(9), Z_DEFLATED,
				      -MAX_WBITS, 8, Z_DEFAULT_STRATEGY),
			 Z_OK);
	z.next_out = file.content + file.before;
	z.avail_out = (uInt)(sizeof file.content - file.before);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	file.stored = z.total_out;
	deflateEnd(&z);
}

static int begin(struct inflater *f)
{
	return inflate_begin(f, read_file, &file, "file", file.before, file.stored, NULL);
}

static void what_went_in_comes_out(void **state)
{
	(void)state;
	static uint8_t got[LARGEST];
	struct inflater f = { .state = NULL };
	for (int round = 0; round < 60; round++) {
		make_file(chance_below(chance_one_in(4) ? LARGEST : 3000),
			  chance_one_in(4));
		assert_int_equal(begin(&f), 0);
		file.read = 0;
		for (size_t at = 0; at < file.n;) {
			const size_t n = 1 + chance_below(file.n - at);
			const bool skip = chance_one_in(3);
			assert_int_equal(inflate_read(&f, skip ? NULL : got, n, NULL), 0);
			if (!skip)
				assert_memory_equal(got, file.plain + at, n);
			at += n;
			assert_int_equal(f.out, at);
		}
		assert_int_equal(inflate_end(&f, NULL), 0);
		assert_int_equal(file.read, file.stored);
	}
	inflate_drop(&f);
}

static void streams_that_are_not_what_they_claim(void **state)
{
	(void)state;
	static uint8_t got[LARGEST];
	struct inflater f = { .state = NULL };
	for (int round = 0; round < 60; round++) {
		struct ckpt_error err = { 0 };
		make_file(1 + chance_below(3000), false);
		assert_int_equal(begin(&f), 0); /* more is wanted than there is */
		assert_int_equal(inflate_read(&f, got, file.n + 1, &err), -1);
		assert_int_equal(err.code, CKPT_ECORRUPT);
		assert_false(f.good);
		err = (struct ckpt_error){ 0 };
		assert_int_equal(begin(&f), 0); /* more is there than is wanted */
		assert_int_equal(inflate_read(&f, got, file.n - 1, &err), 0);
		assert_int_equal(inflate_end(&f, &err), -1);
		assert_int_equal(err.code, CKPT_ECORRUPT);
		file.stored++; /* bytes behind the stream */
		assert_int_equal(begin(&f), 0);
		assert_int_equal(inflate_read(&f, got, file.n, NULL), 0);
		assert_int_equal(inflate_end(&f, NULL), -1);
		file.stored = chance_below(file.stored - 1); /* cut */
		assert_int_equal(begin(&f), 0);
		assert_true(inflate_read(&f, got, file.n, NULL) || inflate_end(&f, NULL));
	}
	inflate_drop(&f);
}

int group_archive(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_as_zlib),
		cmocka_unit_test(parts_of_any_length),
		cmocka_unit_test(what_went_in_comes_out),
		cmocka_unit_test(streams_that_are_not_what_they_claim),
	};
	return unit_run("archive", tests, COUNT(tests));
}
