/* test_dead.c — rows and columns of zeros, however the elements come.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "unit.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/reals.h"
#include "report/dead.h"

enum { MOST = 3 * BLOCK, MOST_WIDTH = 600 };

static double reals[MOST];

/* Many zeros, in whole rows and columns too. */
static void make_matrix(uint64_t width, uint64_t height)
{
	const uint64_t dead_row = chance_below(height + 1),
		       dead_column = chance_below(width + 1);
	const uint64_t sparse = 1 + chance_below(6);
	for (uint64_t i = 0; i < width * height; i++) {
		const bool zero = i / width == dead_row || i % width == dead_column ||
				  (sparse > 1 && !chance_one_in(sparse));
		reals[i] = zero ? chance_one_in(2) ? 0.0 : -0.0
				: chance_one_in(50) ? NAN : 0x1p-1074;
	}
}

static uint64_t rows_slowly(uint64_t width, uint64_t height)
{
	uint64_t dead = 0;
	for (uint64_t r = 0; r < height; r++) {
		bool alive = false;
		for (uint64_t c = 0; c < width; c++)
			alive |= reals[r * width + c] != 0;
		dead += !alive;
	}
	return dead;
}

static uint64_t columns_slowly(uint64_t width, uint64_t height)
{
	uint64_t dead = 0;
	for (uint64_t c = 0; c < width; c++) {
		bool alive = false;
		for (uint64_t r = 0; r < height; r++)
			alive |= reals[r * width + c] != 0;
		dead += !alive;
	}
	return dead;
}

static size_t zeros_in(const double *v, size_t n)
{
	size_t zeros = 0;
	for (size_t i = 0; i < n; i++)
		zeros += v[i] == 0;
	return zeros;
}

/* Blocks of any size make ranges, and ranges are joined. */
static void test_any_cut(void **state)
{
	static atomic_uint_least64_t words[MOST_WIDTH / 64 + 1];
	(void)state;
	for (int times = 0; times < 3000; times++) {
		const uint64_t width = 1 + chance_below(chance_one_in(2) ? 5 : MOST_WIDTH);
		const uint64_t height = 1 + chance_below(MOST / width);
		const size_t n = (size_t)(width * height);
		struct dead_rows all, range;
		struct dead_columns columns;
		make_matrix(width, height);
		dead_rows_begin(&all);
		dead_rows_begin(&range);
		dead_columns_begin(&columns, width, words);
		for (size_t i = 0; i < n;) {
			const size_t most = 1 + (size_t)chance_below(BLOCK);
			const size_t some = n - i < most ? n - i : most;
			const size_t zeros = zeros_in(reals + i, some);
			dead_rows_block(&range, reals + i, some, i, zeros, width);
			dead_columns_block(&columns, reals + i, some, i, zeros);
			i += some;
			if (i < n && !chance_one_in(3))
				continue;
			dead_rows_join(&all, &range);
			dead_rows_begin(&range);
		}
		assert_int_equal(dead_rows_count(&all), rows_slowly(width, height));
		assert_int_equal(atomic_load(&columns.left),
				 columns_slowly(width, height));
	}
}

int group_dead(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_any_cut) };
	return unit_run("dead", tests, sizeof tests / sizeof *tests);
}
