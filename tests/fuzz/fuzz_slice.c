/* fuzz_slice.c — any text as a slice of any shape; its walk stays within the tensor.
 * SPDX-License-Identifier: Apache-2.0
 *
 *	rank | a byte for each dimension: up to 31, or a power of two | text
 */
#include "config.h"

#include <string.h>

#include "fuzz.h"
#include "model/slice.h"

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
	if (selection_parse(&s, text, dims, rank, &err))
		REQUIRE(err.code == CKPT_EINVAL);
	else
		check_walk(&s, dims, total);
	return 0;
}
