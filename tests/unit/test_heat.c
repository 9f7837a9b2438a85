/* test_heat.c — means of blocks, for any number of threads.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "unit.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "model/strided.h"
#include "report/heat.h"
#include "two_checkpoints.h"
#include "write_bundle.h"

enum { ELEMENTS = 60 * 90 * 3 };

static double values[ELEMENTS];

static void make(void)
{
	struct bundle_writer w;
	for (size_t i = 0; i < ELEMENTS; i++)
		values[i] = (double)chance_below(2000) - 1000;
	for (int i = 0; i < 20; i++) {
		values[chance_below(ELEMENTS)] = NAN;
		values[chance_below(ELEMENTS)] = i % 2 ? INFINITY : -INFINITY;
	}
	bundle_writer_begin(&w);
	bundle_writer_add(&w, "x", 1, CKPT_FLOAT64, ELEMENTS, values, sizeof values);
	two_a = two_open(bundle_writer_end(&w));
}

static void run(struct heat *h, const struct plane *q, size_t rows, size_t cols,
		unsigned threads)
{
	struct ckpt_error err = { 0 };
	const struct ckpt_tensor *t = ckpt_find(two_a, "x", 1, &err);
	assert_int_equal(heat_begin(h, two_a, t, q, rows, cols, threads, &err), 0);
	while (!pool_wait(&h->pool, 1000))
		;
	CHECK(!heat_end(h, &err), "%s", err.text);
}

/* Integers: their sums are exact in any order. */
static void check_block(const struct heat *h, size_t row, size_t col)
{
	const struct plane *q = &h->plane;
	const struct heat_block *b = heat_at(h, row, col);
	uint64_t finite = 0, nan = 0, inf = 0;
	double sum = 0;
	for (uint64_t r = row * h->row_block; r < (row + 1) * h->row_block; r++)
		for (uint64_t c = col * h->col_block; c < (col + 1) * h->col_block; c++) {
			if (r >= q->rows || c >= q->cols ||
			    r * q->cols + c >= q->elements)
				continue;
			const double v = values[plane_flat(q, r, c)];
			finite += isfinite(v) != 0;
			nan += isnan(v) != 0;
			inf += isinf(v) != 0;
			sum += isfinite(v) ? v : 0;
		}
	assert_int_equal(b->finite, finite);
	assert_int_equal(b->nan, nan);
	assert_int_equal(b->inf, inf);
	if (finite)
		CHECK(b->mean == sum / (double)finite, "%.17g", b->mean);
	else
		assert_true(isnan(b->mean));
	if (finite) {
		assert_true(h->low <= b->mean);
		assert_true(b->mean <= h->high);
	}
}

static void test_blocks(void **state)
{
	static const char *const slices[] = { "",    "...,1", "::2,::-3",  "5",
					      ":,7", "3,4",   "::-1,...,0" };
	static const int64_t dims[] = { 60, 90, 3 };
	struct heat h;
	(void)state;
	make();
	for (size_t i = 0; i < 5 * COUNT(slices); i++) {
		struct planes p;
		struct selection s;
		planes_begin(&p, dims, 3);
		assert_int_equal(
			selection_parse(&s, slices[i % COUNT(slices)], dims, 3, NULL), 0);
		planes_select(&p, &s);
		p.fold = 1 + chance_below(40);
		if (chance_one_in(2))
			planes_turn(&p);
		const struct plane q = planes_plane(&p);
		run(&h, &q, 1 + chance_below(30), 1 + chance_below(30),
		    1 + (unsigned)chance_below(3));
		assert_true(h.rows <= h.most_rows && h.cols <= h.most_cols);
		assert_true(h.rows * h.row_block >= q.rows);
		assert_true((h.rows - 1) * h.row_block < q.rows);
		for (size_t r = 0; r < h.rows; r++)
			for (size_t c = 0; c < h.cols; c++)
				check_block(&h, r, c);
		heat_drop(&h);
	}
}

static void test_threads(void **state)
{
	const struct plane q = { 120, 135, ELEMENTS, 0, 135, 1 };
	struct heat one, many;
	(void)state;
	for (size_t i = 0; i < ELEMENTS; i++)
		values[i] = ldexp((double)chance(), -(int)chance_below(120));
	struct bundle_writer w;
	bundle_writer_begin(&w);
	bundle_writer_add(&w, "x", 1, CKPT_FLOAT64, ELEMENTS, values, sizeof values);
	two_a = two_open(bundle_writer_end(&w));
	run(&one, &q, 7, 9, 1);
	run(&many, &q, 7, 9, 4);
	for (size_t r = 0; r < one.rows; r++)
		for (size_t c = 0; c < one.cols; c++)
			assert_memory_equal(&heat_at(&one, r, c)->mean,
					    &heat_at(&many, r, c)->mean, sizeof(double));
	heat_drop(&one);
	heat_drop(&many);
}

/* A sum that a double cannot hold. */
static void test_large(void **state)
{
	const struct plane q = { 1, ELEMENTS, ELEMENTS, 0, ELEMENTS, 1 };
	struct heat h;
	(void)state;
	for (size_t i = 0; i < ELEMENTS; i++)
		values[i] = DBL_MAX;
	struct bundle_writer w;
	bundle_writer_begin(&w);
	bundle_writer_add(&w, "x", 1, CKPT_FLOAT64, ELEMENTS, values, sizeof values);
	two_a = two_open(bundle_writer_end(&w));
	run(&h, &q, 1, 1, 1);
	CHECK(fabs(heat_at(&h, 0, 0)->mean / DBL_MAX - 1) < 1e-12, "%g",
	      heat_at(&h, 0, 0)->mean);
	heat_drop(&h);
}

int group_heat(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_blocks, two_begin, two_end),
		cmocka_unit_test_setup_teardown(test_threads, two_begin, two_end),
		cmocka_unit_test_setup_teardown(test_large, two_begin, two_end),
	};
	return unit_run("heat", tests, COUNT(tests));
}
