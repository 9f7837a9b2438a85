/* test_values.c — reading elements from pieces, against the tensor that was cut up.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "base/error.h"
#include "fake_tensor.h"

enum { LIMIT = 4 << 20 };

/* Compares each run with what it should be. */
struct comparing {
	const struct fake_tensor *f;
	uint64_t next, runs;
	uint64_t stop_after; /* runs; 0: none */
};

static int compare_run(void *arg, const struct ckpt_run *run)
{
	struct comparing *c = arg;
	const struct fake_tensor *f = c->f;
	const size_t size = ckpt_dtype_size(f->t.dtype);
	assert_int_equal(run->first, c->next);
	assert_true(run->n > 0 && run->n <= f->t.elements - run->first);
	if (size) {
		assert_null(run->strings);
		assert_int_equal((uintptr_t)run->data % (size < 8 ? size : 8), 0);
		assert_memory_equal(run->data, f->plain + run->first * size,
				    run->n * size);
	} else {
		assert_null(run->data);
		for (uint64_t i = 0; i < run->n; i++) {
			const struct ckpt_string *want = &f->strings[run->first + i];
			assert_int_equal(run->strings[i].len, want->len);
			if (want->len)
				assert_memory_equal(run->strings[i].p, want->p,
						    want->len);
		}
	}
	c->next += run->n;
	return ++c->runs == c->stop_after;
}

static void check_range(struct values *v, const struct fake_tensor *f, uint64_t first,
			uint64_t n)
{
	struct comparing c = { .f = f, .next = first };
	struct ckpt_error err = { 0 };
	CHECK(values_runs(v, first, n, compare_run, &c, &err) == 0, "%s", err.text);
	assert_int_equal(c.next, first + n);
}

static void open_values(struct values *v, struct fake_tensor *f)
{
	struct ckpt_error err = { 0 };
	CHECK(values_open(v, &f->store, &f->t, LIMIT, &err) == 0, "%s", err.text);
}

static void any_range_of_any_tensor(void **state)
{
	(void)state;
	static struct fake_tensor f;
	for (int round = 0; round < 6000; round++) {
		const struct fake_plan plan = fake_plan_any();
		struct values v;
		fake_tensor_make(&f, &plan);
		open_values(&v, &f);
		for (int i = 0; i < 6; i++) {
			const uint64_t first = chance_below(f.t.elements + 1);
			check_range(&v, &f, first,
				    chance_below(f.t.elements - first + 1));
		}
		check_range(&v, &f, 0, f.t.elements);
		struct ckpt_error err = { 0 };
		CHECK(values_check(&v, &err) == 0, "dtype %d: %s", f.t.dtype, err.text);
		assert_true(values_checked(&v));
		values_close(&v);
		fake_tensor_drop(&f);
	}
}

static void element_by_element(void **state)
{
	(void)state;
	static struct fake_tensor f;
	for (int round = 0; round < 300; round++) {
		const struct fake_plan plan = fake_plan_any();
		struct values v;
		fake_tensor_make(&f, &plan);
		open_values(&v, &f);
		for (uint64_t i = 0; i < f.t.elements; i++)
			check_range(&v, &f, i, 1);
		for (uint64_t i = f.t.elements; i--;)
			check_range(&v, &f, i, 1);
		values_close(&v);
		fake_tensor_drop(&f);
	}
}

/* More than a window (256 KiB), more strings than a batch (1024), one beyond a window. */
static void larger_than_the_windows(void **state)
{
	(void)state;
	static const struct fake_plan plans[] = {
		{ .dtype = CKPT_FLOAT32, .rank = 1, .dims = { 200000 } },
		{ .dtype = CKPT_COMPLEX128,
		  .rank = 2,
		  .dims = { 30, 2000 },
		  .pieces = 5,
		  .other_order = true },
		{ .dtype = CKPT_BFLOAT16, .rank = 2, .dims = { 2, 200001 }, .pieces = 2 },
		{ .dtype = CKPT_STRING, .rank = 1, .dims = { 5000 }, .longest = 300 },
		{ .dtype = CKPT_STRING,
		  .rank = 2,
		  .dims = { 3, 1500 },
		  .pieces = 4,
		  .longest = 3,
		  .other_order = true },
		{ .dtype = CKPT_STRING, .rank = 1, .dims = { 5 }, .longest = 800000 },
		{ .dtype = CKPT_VARIANT, .rank = 1, .dims = { 3000 }, .longest = 400 },
		{ .dtype = CKPT_VARIANT, .rank = 1, .dims = { 3 }, .longest = 800000 },
		{ .dtype = CKPT_COMPLEX64,
		  .rank = 2,
		  .dims = { 5, 3000 },
		  .pieces = 3,
		  .in_block = true },
		{ .dtype = CKPT_STRING,
		  .rank = 1,
		  .dims = { 3000 },
		  .longest = 30,
		  .in_block = true },
	};
	static struct fake_tensor f;
	for (size_t i = 0; i < COUNT(plans); i++) {
		struct values v;
		fake_tensor_make(&f, &plans[i]);
		open_values(&v, &f);
		check_range(&v, &f, 0, f.t.elements);
		for (int k = 0; k < 10; k++) {
			const uint64_t first = chance_below(f.t.elements);
			check_range(&v, &f, first,
				    chance_below(f.t.elements - first + 1));
		}
		values_close(&v);
		fake_tensor_drop(&f);
	}
}

/* Forwards in small steps, everything is read once or little more. */
static void small_steps_do_not_read_again(void **state)
{
	(void)state;
	static const struct fake_plan plans[] = {
		{ .dtype = CKPT_STRING, .rank = 1, .dims = { 4000 }, .longest = 200 },
		{ .dtype = CKPT_VARIANT, .rank = 1, .dims = { 4000 }, .longest = 200 },
		{ .dtype = CKPT_INT16, .rank = 1, .dims = { 300000 } },
	};
	static struct fake_tensor f;
	for (size_t i = 0; i < COUNT(plans); i++) {
		struct values v;
		fake_tensor_make(&f, &plans[i]);
		open_values(&v, &f);
		for (uint64_t at = 0; at + 7 < f.t.elements; at += 7)
			check_range(&v, &f, at, 7);
		CHECK(f.bytes_read < 4 * f.data.len,
		      "case %zu: %zu bytes stored, %zu read", i, f.data.len,
		      (size_t)f.bytes_read);
		values_close(&v);
		fake_tensor_drop(&f);
	}
}

static int count_run(void *arg, const struct ckpt_run *run)
{
	*(uint64_t *)arg += run->n;
	return 0;
}

static void a_flipped_bit_is_seen(void **state)
{
	(void)state;
	if (!CRC32C_COMPARED)
		skip();
	static struct fake_tensor f;
	for (int round = 0; round < 3000; round++) {
		const struct fake_plan plan = fake_plan_any();
		struct values v;
		fake_tensor_make(&f, &plan);
		const struct ckpt_piece *p = &f.pieces[chance_below(f.t.n_pieces)];
		if (p->size && (p->has_crc32c || p->has_crc32)) {
			uint64_t handed = 0;
			struct ckpt_error err = { 0 };
			f.data.p[p->offset + chance_below(p->size)] ^=
				(uint8_t)(1 << chance_below(8));
			open_values(&v, &f);
			assert_int_equal(values_check(&v, &err), -1);
			assert_int_equal(err.code, CKPT_ECORRUPT);
			assert_string_equal(err.file, "fake");
			assert_in_range(err.offset, p->offset, p->offset + p->size);
			assert_false(values_checked(&v));
			if (p->elements)
				assert_int_equal(values_runs(&v, 0, f.t.elements,
							     count_run, &handed, NULL),
						 -1);
			assert_int_equal(handed, 0);
			values_close(&v);
		}
		fake_tensor_drop(&f);
	}
}

/* Without checksums, and with lengths that lie: anything may come out but a crash. */
static void damage_that_no_checksum_finds(void **state)
{
	(void)state;
	static struct fake_tensor f;
	for (int round = 0; round < 6000; round++) {
		struct fake_plan plan = fake_plan_any();
		struct values v;
		if (round % 4) {
			plan.dtype = round % 2 ? CKPT_STRING : CKPT_VARIANT;
			plan.in_block &= plan.dtype == CKPT_STRING;
			plan.by_columns = false;
		}
		fake_tensor_make(&f, &plan);
		for (uint64_t i = 0; i <= chance_below(4) && f.data.len; i++)
			chance_text((char *)f.data.p + chance_below(f.data.len), 1,
				    "\1\2\5\x7f\x80\xff");
		for (uint32_t i = 0; i < f.t.n_pieces; i++) {
			f.pieces[i].has_crc32c = f.pieces[i].has_crc32 = false;
			if (!ckpt_dtype_size(f.t.dtype) && chance_one_in(3))
				f.pieces[i].size = chance_below(f.pieces[i].size + 1);
			if (f.pieces[i].in_block && chance_one_in(3))
				f.message_len[i] = chance_below(f.message_len[i] + 1);
		}
		open_values(&v, &f);
		for (int i = 0; i < 5; i++) {
			uint64_t handed = 0;
			const uint64_t first = chance_below(f.t.elements + 1);
			values_runs(&v, first, chance_below(f.t.elements - first + 1),
				    count_run, &handed, NULL);
		}
		values_check(&v, NULL);
		assert_true(!values_checked(&v) || plan.in_block);
		values_close(&v);
		fake_tensor_drop(&f);
	}
}

/* V1: one value more or less than the piece has elements, and none is handed over. */
static void messages_with_another_number_of_values(void **state)
{
	(void)state;
	static struct fake_tensor f;
	for (int round = 0; round < 2000; round++) {
		struct fake_plan plan = fake_plan_any();
		struct values v;
		uint64_t handed = 0;
		struct ckpt_error err = { 0 };
		plan.pieces = 0;
		fake_tensor_make(&f, &plan);
		if (plan.in_block && f.t.elements > 1 && f.dims[0] > 1) {
			/* The first dimension is one more or less than was stored. */
			const int64_t by = chance_one_in(2) ? 1 : -1;
			f.t.elements = f.t.elements / (uint64_t)f.dims[0] *
				       (uint64_t)(f.dims[0] + by);
			f.dims[0] += by;
			f.pieces[0].elements = f.t.elements;
			open_values(&v, &f);
			assert_int_equal(values_check(&v, &err), -1);
			assert_int_equal(err.code, CKPT_ECORRUPT);
			assert_int_equal(values_runs(&v, 0, 1, count_run, &handed, NULL),
					 -1);
			assert_int_equal(handed, 0);
			values_close(&v);
		}
		fake_tensor_drop(&f);
	}
}

static void reading_that_fails(void **state)
{
	(void)state;
	static struct fake_tensor f;
	for (int round = 0; round < 1500; round++) {
		const struct fake_plan plan = fake_plan_any();
		struct values v;
		struct comparing c = { .f = &f };
		struct ckpt_error err = { 0 };
		fake_tensor_make(&f, &plan);
		open_values(&v, &f);
		f.reads_until_error = chance_below(4);
		if (values_runs(&v, 0, f.t.elements, compare_run, &c, &err)) {
			assert_int_equal(err.code, CKPT_EIO);
			/* Once it works again, so does reading. */
			f.reads_until_error = UINT64_MAX;
			check_range(&v, &f, 0, f.t.elements);
		}
		values_close(&v);
		fake_tensor_drop(&f);
	}
}

static void callers_may_stop_and_err(void **state)
{
	(void)state;
	static struct fake_tensor f;
	const struct fake_plan plan = { .dtype = CKPT_INT32,
					.rank = 1,
					.dims = { 300000 } };
	struct values v;
	struct comparing c = { .f = &f, .stop_after = 2 };
	struct ckpt_error err = { 0 };
	fake_tensor_make(&f, &plan);
	open_values(&v, &f);
	assert_int_equal(values_runs(&v, 0, 300000, compare_run, &c, &err), -1);
	assert_int_equal(err.code, CKPT_OK);
	assert_int_equal(c.runs, 2);
	static const uint64_t outside[][2] = { { 300001, 0 },
					       { 300000, 1 },
					       { 0, 300001 },
					       { UINT64_MAX, 1 },
					       { 1, UINT64_MAX } };
	for (size_t i = 0; i < COUNT(outside); i++) {
		error_clear(&err);
		assert_int_equal(values_runs(&v, outside[i][0], outside[i][1],
					     compare_run, &c, &err),
				 -1);
		assert_int_equal(err.code, CKPT_EINVAL);
	}
	c = (struct comparing){ .f = &f };
	assert_int_equal(values_runs(&v, 300000, 0, compare_run, &c, NULL), 0);
	assert_int_equal(c.runs, 0);
	values_close(&v);
	values_close(&v);
	fake_tensor_drop(&f);
}

static void a_string_above_the_limit(void **state)
{
	(void)state;
	static struct fake_tensor f;
	for (int dtype = 0; dtype < 2; dtype++) {
		const struct fake_plan plan = { .dtype = dtype ? CKPT_STRING
							       : CKPT_VARIANT,
						.rank = 1,
						.dims = { 6 },
						.longest = 900000 };
		struct values v;
		uint64_t handed = 0;
		struct ckpt_error err = { 0 };
		fake_tensor_make(&f, &plan);
		assert_int_equal(values_open(&v, &f.store, &f.t, 300000, NULL), 0);
		/* A checksum goes window by window, one string has to be there whole. */
		assert_int_equal(values_check(&v, NULL), 0);
		assert_int_equal(values_runs(&v, 0, 6, count_run, &handed, &err), -1);
		assert_int_equal(err.code, CKPT_ELIMIT);
		values_close(&v);
		fake_tensor_drop(&f);
	}
}

/* --- geometry ---------------------------------------------------------------------- */

static void holes_and_overlaps(void **state)
{
	(void)state;
	static struct fake_tensor f;
	int holes = 0, overlaps = 0;
	for (int round = 0; round < 3000; round++) {
		struct fake_plan plan = fake_plan_any();
		struct ckpt_error err = { 0 };
		plan.pieces += 2;
		plan.pieces =
			plan.pieces > FAKE_MAX_PIECES ? FAKE_MAX_PIECES : plan.pieces;
		fake_tensor_make(&f, &plan);
		CHECK(pieces_cover(&f.t, &err) == 0, "%s", err.text);
		const uint32_t i = (uint32_t)chance_below(f.t.n_pieces),
			       last = f.t.n_pieces - 1;
		struct ckpt_piece kept = f.pieces[i];
		if (kept.elements && f.t.n_pieces > 1) {
			/* One is missing. */
			struct ckpt_tensor less = f.t;
			memmove(&f.pieces[i], &f.pieces[i + 1], (last - i) * sizeof kept);
			less.n_pieces--;
			assert_int_equal(pieces_cover(&less, &err), -1);
			assert_int_equal(err.code, CKPT_ECORRUPT);
			memmove(&f.pieces[i + 1], &f.pieces[i], (last - i) * sizeof kept);
			holes++;
			/* One stands twice, for another: the sum may be right. */
			const uint32_t other = i ? i - 1 : i + 1;
			f.pieces[i] = kept;
			if (f.pieces[other].elements) {
				f.pieces[i] = f.pieces[other];
				assert_int_equal(pieces_cover(&f.t, NULL), -1);
				overlaps++;
			}
		}
		fake_tensor_drop(&f);
	}
	assert_true(holes > 500 && overlaps > 500);
}

static void tensors_that_cannot_be_opened(void **state)
{
	(void)state;
	static struct fake_tensor f;
	const struct fake_plan plan = {
		.dtype = CKPT_INT8, .rank = 2, .dims = { 4, 4 }, .pieces = 6
	};
	struct values v;
	struct ckpt_error err = { 0 };
	fake_tensor_make(&f, &plan);
	f.t.n_pieces--;
	assert_int_equal(values_open(&v, &f.store, &f.t, LIMIT, &err), -1);
	assert_int_equal(err.code, CKPT_ECORRUPT);
	values_close(&v);
	f.t.n_pieces++;
	const struct ckpt_error problem = {
		.code = CKPT_EUNSUPPORTED, .offset = 5, .file = "x.index", .text = "odd"
	};
	f.t.problem = &problem;
	error_clear(&err);
	assert_int_equal(values_open(&v, &f.store, &f.t, LIMIT, &err), -1);
	assert_memory_equal(&err, &problem, sizeof err);
	values_close(&v);
	fake_tensor_drop(&f);
}

int group_values(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_range_of_any_tensor),
		cmocka_unit_test(element_by_element),
		cmocka_unit_test(larger_than_the_windows),
		cmocka_unit_test(small_steps_do_not_read_again),
		cmocka_unit_test(a_flipped_bit_is_seen),
		cmocka_unit_test(damage_that_no_checksum_finds),
		cmocka_unit_test(messages_with_another_number_of_values),
		cmocka_unit_test(reading_that_fails),
		cmocka_unit_test(callers_may_stop_and_err),
		cmocka_unit_test(a_string_above_the_limit),
		cmocka_unit_test(holes_and_overlaps),
		cmocka_unit_test(tensors_that_cannot_be_opened),
	};
	return unit_run("values", tests, COUNT(tests));
}
