/* test_slice.c — slices as NumPy takes them, against a list of indices made the slow way.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "unit.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "model/slice.h"

/* What Python 3.11 says of list(range(n))[text]. */
static const struct {
	int64_t n;
	const char *text;
	int count;
	int64_t index[8];
} python[] = {
	{ 5, ":", 5, { 0, 1, 2, 3, 4 } },
	{ 5, "1:3", 2, { 1, 2 } },
	{ 5, "-2:", 2, { 3, 4 } },
	{ 5, ":-2", 3, { 0, 1, 2 } },
	{ 5, "::2", 3, { 0, 2, 4 } },
	{ 5, "1::2", 2, { 1, 3 } },
	{ 5, "::-1", 5, { 4, 3, 2, 1, 0 } },
	{ 5, "3:0:-1", 3, { 3, 2, 1 } },
	{ 5, "3::-2", 2, { 3, 1 } },
	{ 5, ":1:-1", 3, { 4, 3, 2 } },
	{ 5, "-1:-6:-2", 3, { 4, 2, 0 } },
	{ 5, "10:", 0, { 0 } },
	{ 5, "-10:2", 2, { 0, 1 } },
	{ 5, "4:1", 0, { 0 } },
	{ 5, "10::-3", 2, { 4, 1 } },
	{ 5, "-10::-1", 0, { 0 } },
	{ 5, "2:2", 0, { 0 } },
	{ 5, "0:5:7", 1, { 0 } },
	{ 0, ":", 0, { 0 } },
	{ 0, "::-1", 0, { 0 } },
	{ 1, "::-9223372036854775808", 1, { 0 } },
	{ 5, "::9223372036854775807", 1, { 0 } },
	{ 5, "-9223372036854775808:9223372036854775807", 5, { 0, 1, 2, 3, 4 } },
};

static void one_dimension_as_python(void **state)
{
	(void)state;
	static struct selection s;
	for (size_t i = 0; i < COUNT(python); i++) {
		struct ckpt_error err = { 0 };
		const int r = selection_parse(&s, python[i].text, &python[i].n, 1, &err);
		CHECK(r == 0, "%s: %s", python[i].text, err.text);
		CHECK((int)s.dim[0].count == python[i].count, "%s", python[i].text);
		for (int k = 0; k < python[i].count; k++)
			assert_int_equal(s.dim[0].start + k * s.dim[0].step,
					 python[i].index[k]);
	}
}

/* A random tensor, a random slice of it as text, and the indices taken per dimension. */
struct trial {
	int rank;
	int64_t dims[4];
	char text[256];
	int64_t index[4][8];
	int n[4];
	bool drop[4];
};

static int print_bound(char *to, int64_t v)
{
	const char *before = chance_one_in(4) ? " " : "",
		   *after = chance_one_in(4) ? "\t" : "";
	const char *plus = v >= 0 && chance_one_in(4) ? "+" : "";
	return sprintf(to, "%s%s%" PRId64 "%s", before, plus, v, after);
}

/* The indices in the order of the step that lie between the bounds: by trying all. */
static void take_slice(struct trial *t, int d, char **to)
{
	const int64_t n = t->dims[d];
	const bool has[3] = { chance_one_in(2), chance_one_in(2), chance_one_in(2) };
	const int64_t start = (int64_t)chance_below(17) - 8,
		      stop = (int64_t)chance_below(17) - 8;
	int64_t step = has[2] ? (int64_t)chance_below(9) - 4 : 1;
	step = step ? step : 1;
	if (has[0])
		*to += print_bound(*to, start);
	*to += sprintf(*to, ":");
	if (has[1])
		*to += print_bound(*to, stop);
	if (has[2]) {
		*to += sprintf(*to, ":");
		*to += print_bound(*to, step);
	}
	const int64_t first = !has[0]	  ? (step > 0 ? 0 : n - 1)
			      : start < 0 ? start + n
					  : start;
	const int64_t end = !has[1] ? (step > 0 ? n : -1) : stop < 0 ? stop + n : stop;
	const bool to_the_end = !has[1] || (step < 0 && stop < 0 && stop + n < 0);
	int64_t i = first;
	/* A start outside is moved to the edge. */
	if (step > 0 && i < 0)
		i = 0;
	if (step < 0 && i >= n)
		i = n - 1;
	for (t->n[d] = 0; i >= 0 && i < n; i += step)
		if (to_the_end || (step > 0 ? i < end : i > end))
			t->index[d][t->n[d]++] = i;
		else
			break;
}

static void take_index(struct trial *t, int d, char **to)
{
	const int64_t n = t->dims[d];
	const int64_t i = (int64_t)chance_below((uint64_t)(2 * n)) - n;
	*to += print_bound(*to, i);
	t->n[d] = 1;
	t->index[d][0] = i < 0 ? i + n : i;
	t->drop[d] = true;
}

static void take_all(struct trial *t, int d)
{
	for (t->n[d] = 0; t->n[d] < t->dims[d]; t->n[d]++)
		t->index[d][t->n[d]] = t->n[d];
}

static void make_trial(struct trial *t)
{
	memset(t, 0, sizeof *t);
	t->rank = (int)chance_below(5);
	for (int d = 0; d < t->rank; d++)
		t->dims[d] = (int64_t)chance_below(chance_one_in(8) ? 2 : 7);
	/* In the text stand some dimensions, an ellipsis for those in the middle. */
	const int given = (int)chance_below((uint64_t)t->rank + 1);
	const int before = (int)chance_below((uint64_t)given + 1);
	const bool ellipsis = before < given || chance_one_in(3),
		   bracket = chance_one_in(4);
	char *to = t->text + sprintf(t->text, "%s", bracket ? "[" : "");
	bool some = false;
	for (int d = 0; d < t->rank; d++) {
		const bool here = d < before || d >= t->rank - (given - before);
		if (d == before && ellipsis)
			to += sprintf(to, "%s...", some ? ", " : ""), some = true;
		if (!here) {
			take_all(t, d);
			continue;
		}
		to += sprintf(to, "%s", some ? "," : "");
		some = true;
		if (t->dims[d] && chance_one_in(3))
			take_index(t, d, &to);
		else
			take_slice(t, d, &to);
	}
	sprintf(to, "%s%s", some && chance_one_in(5) ? "," : "", bracket ? "]" : "");
}

/* All elements of the trial in their order; returns their number. */
static size_t enumerate(const struct trial *t, uint64_t *flat)
{
	int at[4] = { 0 };
	size_t n = 0;
	for (int d = 0; d < t->rank; d++)
		if (!t->n[d])
			return 0;
	for (;;) {
		uint64_t f = 0;
		for (int d = 0; d < t->rank; d++)
			f = f * (uint64_t)t->dims[d] + (uint64_t)t->index[d][at[d]];
		flat[n++] = f;
		int d = t->rank - 1;
		while (d >= 0 && ++at[d] == t->n[d])
			at[d--] = 0;
		if (d < 0)
			return n;
	}
}

static void check_walk(const struct trial *t, const struct selection *s)
{
	static uint64_t want[4096];
	const size_t n = enumerate(t, want);
	size_t at = 0, rows = 0;
	struct selection_walk w;
	struct selection_row row;
	uint64_t total = 1;
	for (int d = 0; d < t->rank; d++)
		total *= (uint64_t)t->dims[d];
	for (selection_begin(&w, s, t->dims); selection_next(&w, &row); rows++)
		for (uint64_t i = 0; i < row.n; i++, at++) {
			CHECK(at < n, "'%s' gives too many", t->text);
			const uint64_t flat = row.first + i * (uint64_t)row.step;
			CHECK(flat == want[at],
			      "'%s' item %zu is %" PRIu64 ", not %" PRIu64, t->text, at,
			      flat, want[at]);
		}
	CHECK(at == n, "'%s' gives %zu of %zu", t->text, at, n);
	assert_false(selection_next(&w, &row));
	assert_int_equal(selection_elements(s), n);
	bool all = n == total;
	for (size_t i = 0; all && i < n; i++)
		all = want[i] == i;
	if (n)
		CHECK(selection_is_all(s, t->dims) == all, "'%s'", t->text);
	if (n && all)
		assert_int_equal(rows, 1);
}

static void walks_of_random_slices(void **state)
{
	(void)state;
	static struct selection s;
	static struct trial t;
	for (int i = 0; i < 60000; i++) {
		struct ckpt_error err = { 0 };
		int64_t shape[MAX_RANK];
		make_trial(&t);
		CHECK(selection_parse(&s, t.text, t.dims, t.rank, &err) == 0,
		      "rank %d: '%s': %s", t.rank, t.text, err.text);
		int kept = 0;
		const int rank = selection_shape(&s, shape);
		for (int d = 0; d < t.rank; d++)
			if (!t.drop[d])
				assert_int_equal(shape[kept++], t.n[d]);
		assert_int_equal(rank, kept);
		check_walk(&t, &s);
	}
}

static void the_whole_tensor_is_one_row(void **state)
{
	(void)state;
	static struct selection s;
	const int64_t dims[] = { 3, 1, 4, 1, 5 };
	struct selection_walk w;
	struct selection_row row;
	selection_all(&s, dims, 5);
	assert_true(selection_is_all(&s, dims));
	selection_begin(&w, &s, dims);
	assert_true(selection_next(&w, &row));
	assert_int_equal(row.first, 0);
	assert_int_equal(row.n, 60);
	assert_int_equal(row.step, 1);
	assert_false(selection_next(&w, &row));
	/* Backwards in all dimensions is one row as well. */
	assert_int_equal(selection_parse(&s, "::-1,0,::-1,0,::-1", dims, 5, NULL), 0);
	assert_false(selection_is_all(&s, dims));
	selection_begin(&w, &s, dims);
	assert_true(selection_next(&w, &row));
	assert_int_equal(row.first, 59);
	assert_int_equal(row.n, 60);
	assert_int_equal(row.step, -1);
	selection_all(&s, NULL, 0);
	assert_int_equal(selection_elements(&s), 1);
	selection_begin(&w, &s, NULL);
	assert_true(selection_next(&w, &row));
	assert_false(selection_next(&w, &row));
}

static void what_is_no_slice(void **state)
{
	(void)state;
	static const struct {
		const char *text, *says;
	} bad[] = {
		{ "5", "out of bounds" },      { "-6", "out of bounds" },
		{ "0,7", "out of bounds" },    { "0,0,0", "rank 2" },
		{ "::0", "step is 0" },	       { "a", "no index" },
		{ "1:2:3:4", "not an index" }, { "1:b", "unexpected" },
		{ "1 2", "unexpected" },       { "...,...", "once" },
		{ "...,1,...", "once" },       { ",", "no index" },
		{ ",1", "no index" },	       { "1,,", "no index" },
		{ "....", "unexpected" },      { "...1", "unexpected" },
		{ "1...", "unexpected" },      { "99999999999999999999", "not an index" },
		{ "[1", "no index" },	       { "1]", "unexpected" },
		{ " ", "no index" },	       { "[ ]", "no index" },
		{ "1.5", "unexpected" },       { "0x1", "unexpected" },
		{ "--1", "not an index" },     { "- 1", "not an index" },
		{ "None", "no index" },	       { "[[1]]", "no index" },
	};
	static struct selection s;
	const int64_t dims[] = { 5, 7 };
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct ckpt_error err = { 0 };
		CHECK(selection_parse(&s, bad[i].text, dims, 2, &err) == -1,
		      "'%s' is taken", bad[i].text);
		assert_int_equal(err.code, CKPT_EINVAL);
		CHECK(strstr(err.text, "slice") && strstr(err.text, bad[i].says),
		      "'%s': '%s' does not say '%s'", bad[i].text, err.text, bad[i].says);
	}
	assert_int_equal(selection_parse(&s, "0", NULL, 0, NULL), -1);
	assert_int_equal(selection_parse(&s, "", NULL, 0, NULL), 0);
	assert_int_equal(selection_parse(&s, "...", NULL, 0, NULL), 0);
	assert_int_equal(selection_parse(&s, "0", (const int64_t[]){ 0 }, 1, NULL), -1);
}

static void text_of_any_kind(void **state)
{
	(void)state;
	static struct selection s;
	const int64_t dims[] = { 5, 0, INT64_C(1) << 40 };
	for (int i = 0; i < 100000; i++) {
		char text[24];
		const size_t n = chance_below(sizeof text);
		chance_text(text, n, "0123:::,,,-...[] +9");
		text[n] = '\0';
		selection_parse(&s, text, dims, (int)chance_below(4), NULL);
	}
}

/* Steps and strides whose product does not fit: no index is ever so far away. */
static void huge_steps_and_shapes(void **state)
{
	(void)state;
	static struct selection s;
	static const char *const texts[] = { "::4611686018427387904",
					     "::-9223372036854775808",
					     "::9223372036854775807", "...,::-3",
					     "::-1,::-1,::-1" };
	static const int64_t shapes[][3] = { { 3, 4, 5 },
					     { 1, INT64_C(1) << 31, INT64_C(1) << 31 },
					     { 2, 2, INT64_C(1) << 60 },
					     { 0, 2, INT64_C(1) << 62 },
					     { 0, INT64_MAX, INT64_MAX } };
	for (size_t i = 0; i < COUNT(texts); i++)
		for (size_t k = 0; k < COUNT(shapes); k++) {
			struct selection_walk w;
			struct selection_row row;
			uint64_t total;
			assert_true(shape_elements(shapes[k], 3, &total));
			assert_int_equal(
				selection_parse(&s, texts[i], shapes[k], 3, NULL), 0);
			selection_begin(&w, &s, shapes[k]);
			for (int n = 0; n < 20 && selection_next(&w, &row); n++) {
				assert_true(row.first < total);
				assert_true(row.first + (row.n - 1) * (uint64_t)row.step <
					    total);
			}
		}
}

static void products_of_dimensions(void **state)
{
	(void)state;
	static const struct {
		int rank;
		int64_t dims[4];
		bool good;
		uint64_t n;
	} known[] = {
		{ 0, { 0 }, true, 1 },
		{ 1, { 0 }, true, 0 },
		{ 1, { INT64_MAX }, true, INT64_MAX },
		{ 3, { 2, 3, 7 }, true, 42 },
		{ 1, { -1 }, false, 0 },
		{ 2, { 0, -1 }, false, 0 },
		{ 2, { INT64_C(1) << 32, INT64_C(1) << 31 }, false, 0 },
		{ 2, { INT64_C(1) << 31, INT64_C(1) << 31 }, true, UINT64_C(1) << 62 },
		{ 3, { 4194305, 4194305, INT64_C(211106198978564) }, false, 0 },
		{ 3, { 0, INT64_MAX, INT64_MAX }, true, 0 },
		{ 3, { INT64_MAX, 2, 0 }, false, 0 },
		{ 4,
		  { INT64_C(1) << 16, INT64_C(1) << 16, INT64_C(1) << 16, 32767 },
		  true,
		  UINT64_C(32767) << 48 },
	};
	for (size_t i = 0; i < COUNT(known); i++) {
		uint64_t n = 0;
		CHECK(shape_elements(known[i].dims, known[i].rank, &n) == known[i].good,
		      "case %zu", i);
		if (known[i].good)
			assert_int_equal(n, known[i].n);
	}
}

int group_slice(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_dimension_as_python),
		cmocka_unit_test(walks_of_random_slices),
		cmocka_unit_test(the_whole_tensor_is_one_row),
		cmocka_unit_test(what_is_no_slice),
		cmocka_unit_test(text_of_any_kind),
		cmocka_unit_test(huge_steps_and_shapes),
		cmocka_unit_test(products_of_dimensions),
	};
	return unit_run("slice", tests, COUNT(tests));
}
