/* fuzz_slice.c — any text as a slice of any shape; what it selects is in the tensor.
 * SPDX-License-Identifier: Apache-2.0
 *
 *	rank | a byte for each dimension: up to 31, or a power of two | text
 */
#include "config.h"

#include <string.h>

#include "fuzz.h"
#include "model/planes.h"
#include "model/strided.h"

enum { MOST_RANK = 8, MOST_ROWS = 3000 };

static void check_walk(const struct selection *s, const int64_t *dims, uint64_t total)
{
	struct selection_walk w;
	struct selection_row row;
	int64_t shape[MAX_RANK];
	uint64_t taken = 0, product;
	int rows = 0;
	const uint64_t wanted = selection_elements(s);
	for (selection_begin(&w, s, dims); rows < MOST_ROWS && selection_next(&w, &row);
	     rows++) {
		REQUIRE(row.n > 0 && row.n <= total && row.first < total);
		REQUIRE(row.first + (row.n - 1) * (uint64_t)row.step < total);
		taken += row.n;
	}
	REQUIRE(taken <= wanted && (rows == MOST_ROWS || taken == wanted));
	const int rank = selection_shape(s, shape);
	REQUIRE(rank <= s->rank);
	if (total)
		REQUIRE(shape_elements(shape, rank, &product) && product == wanted);
	if (total && selection_is_all(s, dims))
		REQUIRE(wanted == total && rows == 1);
}

/* Wherever one goes one stands at an element, which is where the walk has it too. */
static void check_planes(const struct selection *s, const int64_t *dims, uint64_t total)
{
	static struct planes p;
	const uint64_t n = selection_elements(s);
	planes_begin(&p, dims, s->rank);
	planes_select(&p, s);
	REQUIRE(p.empty == !n);
	uint64_t k = 1;
	for (int i = 0; n && i < 40; i++, k *= 3) {
		planes_go(&p, k % n);
		const struct plane q = planes_plane(&p);
		const uint64_t flat = planes_flat(&p);
		REQUIRE(planes_number(&p) == k % n && flat < total);
		REQUIRE(planes_flat_of(&p, k % n) == flat);
		REQUIRE(plane_flat(&q, planes_row(&p), planes_col(&p)) == flat);
		planes_set(&p, k, ~k);
		REQUIRE(planes_flat(&p) < total);
		planes_step(&p, k % 2, k % 4 > 1);
		planes_turn(&p);
		REQUIRE(planes_go_flat(&p, flat) && planes_number(&p) == k % n);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static struct selection s;
	int64_t dims[MOST_RANK];
	char text[512];
	uint64_t total;
	const int rank = n ? p[0] % (MOST_RANK + 1) : 0;
	if (n < (size_t)rank + 1)
		return 0;
	for (int i = 0; i < rank; i++)
		dims[i] = p[1 + i] < 32 ? p[1 + i] : INT64_C(1) << (p[1 + i] % 63);
	n -= (size_t)rank + 1;
	n = n < sizeof text ? n : sizeof text - 1;
	memcpy(text, p + rank + 1, n);
	text[n] = '\0';
	struct ckpt_error err = { 0 };
	if (!shape_elements(dims, rank, &total))
		return 0;
	if (selection_parse(&s, text, dims, rank, &err)) {
		REQUIRE(err.code == CKPT_EINVAL);
	} else {
		check_walk(&s, dims, total);
		check_planes(&s, dims, total);
	}
	return 0;
}
