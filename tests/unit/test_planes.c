/* test_planes.c — planes of tensors against indices that are counted one by one.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "unit.h"

#include <inttypes.h>
#include <string.h>

#include "model/planes.h"
#include "model/strided.h"

enum { MOST_RANK = 5, MOST_DIM = 6 };

static int64_t dims[MOST_RANK];
static int rank;
static struct planes planes;

/* A shape, and a part of it. */
static void make(void)
{
	struct selection s;
	rank = (int)chance_below(MOST_RANK + 1);
	for (int i = 0; i < rank; i++)
		dims[i] = 1 + (int64_t)chance_below(MOST_DIM);
	planes_begin(&planes, dims, rank);
	selection_all(&s, dims, rank);
	for (int i = 0; i < rank; i++) {
		struct selected *d = &s.dim[i];
		if (chance_one_in(3))
			continue;
		d->start = (int64_t)chance_below((uint64_t)dims[i]);
		d->drop = chance_one_in(3);
		d->step = chance_one_in(2) ? 1 : -1;
		d->step *= 1 + (int64_t)chance_below(2);
		d->count = 1;
		while (!d->drop && chance_one_in(2)) {
			const int64_t next = d->start + (int64_t)d->count * d->step;
			if (next < 0 || next >= dims[i])
				break;
			d->count++;
		}
	}
	planes_select(&planes, &s);
	planes.fold = 1 + chance_below(4);
	if (chance_one_in(2))
		planes_turn(&planes);
}

/* The flattened index of where one stands, as the definition has it. */
static uint64_t flat_slowly(void)
{
	uint64_t flat = 0;
	for (int i = 0; i < rank; i++) {
		const struct selected *d = &planes.s.dim[i];
		flat = flat * (uint64_t)dims[i] +
		       (uint64_t)(d->start + (int64_t)planes.at[i] * d->step);
	}
	return flat;
}

static void test_numbers(void **state)
{
	(void)state;
	for (int run = 0; run < 2000; run++) {
		make();
		const uint64_t all = selection_elements(&planes.s);
		for (uint64_t n = 0; n < all; n++) {
			planes_go(&planes, n);
			assert_int_equal(planes_number(&planes), n);
			assert_int_equal(planes_flat(&planes), flat_slowly());
			assert_int_equal(planes_flat_of(&planes, n), flat_slowly());
		}
	}
}

static void test_go_flat(void **state)
{
	(void)state;
	for (int run = 0; run < 500; run++) {
		bool selected[7776] = { false };
		uint64_t elements = 1;
		make();
		for (int i = 0; i < rank; i++)
			elements *= (uint64_t)dims[i];
		for (uint64_t n = 0; n < selection_elements(&planes.s); n++)
			selected[planes_flat_of(&planes, n)] = true;
		for (uint64_t flat = 0; flat < elements; flat++) {
			const uint64_t was = planes_flat(&planes);
			const bool there = planes_go_flat(&planes, flat);
			CHECK(there == selected[flat], "flat %" PRIu64, flat);
			assert_int_equal(planes_flat(&planes), there ? flat : was);
		}
		assert_false(planes_go_flat(&planes, elements));
		assert_false(planes_go_flat(&planes, UINT64_MAX));
	}
}

/* Each plane has the elements at which one stands there; all planes have all. */
static void test_planes(void **state)
{
	(void)state;
	for (int run = 0; run < 1000; run++) {
		uint64_t seen = 0;
		make();
		planes_go(&planes, 0);
		do {
			const struct plane q = planes_plane(&planes);
			for (uint64_t row = 0; row < q.rows; row++)
				for (uint64_t col = 0; col < q.cols; col++) {
					if (row * q.cols + col >= q.elements)
						continue;
					planes_set(&planes, row, col);
					assert_int_equal(planes_row(&planes), row);
					assert_int_equal(planes_col(&planes), col);
					assert_int_equal(plane_flat(&q, row, col),
							 flat_slowly());
					seen++;
				}
			planes_set(&planes, 0, 0);
		} while (planes_step(&planes, true, false));
		assert_int_equal(seen, selection_elements(&planes.s));
		/* And back. */
		while (planes_step(&planes, false, false))
			;
		assert_int_equal(planes_number(&planes), 0);
	}
}

/* There is always somewhere to stand, and never beyond the end. */
static void test_clamps(void **state)
{
	(void)state;
	for (int run = 0; run < 500; run++) {
		make();
		const struct plane q = planes_plane(&planes);
		planes_set(&planes, chance_magnitude(), chance_magnitude());
		assert_true(planes_row(&planes) < q.rows);
		assert_true(planes_col(&planes) < q.cols);
		assert_true(planes_row(&planes) * q.cols + planes_col(&planes) <
			    q.elements);
		planes_set(&planes, UINT64_MAX, UINT64_MAX);
		assert_int_equal(planes_row(&planes), q.rows - 1);
	}
}

static void test_empty(void **state)
{
	static const int64_t shapes[][3] = { { 0, 5, 1 },
					     { 3, 0, 2 },
					     { INT64_MAX, INT64_MAX, 0 } };
	(void)state;
	for (size_t i = 0; i < COUNT(shapes); i++) {
		planes_begin(&planes, shapes[i], 3);
		assert_true(planes.empty);
		assert_int_equal(planes_plane(&planes).elements, 0);
		planes_set(&planes, 3, 3);
		assert_false(planes_go_flat(&planes, 0));
		assert_false(planes_step(&planes, true, true));
		planes_go(&planes, 7);
		assert_int_equal(planes_flat_of(&planes, 7), 0);
	}
	planes_begin(&planes, NULL, 0);
	assert_false(planes.empty);
	assert_false(planes_turn(&planes));
	assert_int_equal(planes_plane(&planes).elements, 1);
	assert_int_equal(planes_flat(&planes), 0);
}

static void test_deep(void **state)
{
	int64_t deep[MAX_RANK];
	(void)state;
	for (int i = 0; i < MAX_RANK; i++)
		deep[i] = i % 50 == 49 ? 3 : 1;
	planes_begin(&planes, deep, MAX_RANK);
	uint64_t n = 1;
	while (planes_step(&planes, true, false))
		n++;
	assert_int_equal(n, 243);
	assert_int_equal(planes_flat(&planes), 242);
	assert_true(planes_go_flat(&planes, 100));
	assert_int_equal(planes_number(&planes), 100);
	/* The first of the dimensions that have several indices. */
	planes_go(&planes, 5);
	assert_true(planes_step(&planes, true, true));
	assert_int_equal(planes_number(&planes), 81 + 5);
	assert_true(planes_step(&planes, true, true));
	assert_false(planes_step(&planes, true, true));
	assert_int_equal(planes_number(&planes), 162 + 5);
}

int group_planes(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers), cmocka_unit_test(test_go_flat),
		cmocka_unit_test(test_planes),	cmocka_unit_test(test_clamps),
		cmocka_unit_test(test_empty),	cmocka_unit_test(test_deep),
	};
	return unit_run("planes", tests, COUNT(tests));
}
