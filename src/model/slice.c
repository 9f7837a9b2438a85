/* slice.c — NumPy slices of a tensor, and boxes of elements.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "model/slice.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

bool shape_elements(const int64_t *dims, int rank, uint64_t *elements)
{
	int64_t n = 1;
	for (int i = 0; i < rank; i++)
		if (dims[i] < 0 || __builtin_mul_overflow(n, dims[i], &n))
			return false;
	*elements = (uint64_t)n;
	return true;
}

bool shape_same(const struct ckpt_tensor *a, const struct ckpt_tensor *b)
{
	return a->rank == b->rank &&
	       (!a->rank || !memcmp(a->dims, b->dims, (size_t)a->rank * sizeof *a->dims));
}

void selection_all(struct selection *s, const int64_t *dims, int rank)
{
	s->rank = rank;
	for (int i = 0; i < rank; i++)
		s->dim[i] = (struct selected){ 0, 1, (uint64_t)dims[i], false };
}

/* Reads an optional integer; false if what stands there is none. */
static bool read_index(const char **p, int64_t *v, bool *given)
{
	char *end;
	while (isspace((unsigned char)**p))
		++*p;
	*given = **p == '-' || **p == '+' || isdigit((unsigned char)**p);
	if (*given) {
		errno = 0;
		*v = strtoll(*p, &end, 10);
		if (end == *p || errno)
			return false;
		*p = end;
	}
	while (isspace((unsigned char)**p))
		++*p;
	return true;
}

static int64_t clamp(int64_t v, int64_t low, int64_t high)
{
	return v < low ? low : v > high ? high : v;
}

/* start:stop:step as PySlice_AdjustIndices does it. */
static struct selected adjust(int64_t n, int64_t step, bool has_start, int64_t start,
			      bool has_stop, int64_t stop)
{
	const int64_t low = step < 0 ? -1 : 0, high = step < 0 ? n - 1 : n;
	start = has_start ? clamp(start < 0 ? start + n : start, low, high)
			  : (step < 0 ? high : 0);
	stop = has_stop ? clamp(stop < 0 ? stop + n : stop, low, high)
			: (step < 0 ? -1 : n);
	struct selected d = { .start = start, .step = step };
	if (step > 0 && start < stop)
		d.count = (uint64_t)(stop - start - 1) / (uint64_t)step + 1;
	else if (step < 0 && start > stop)
		d.count = (uint64_t)(start - stop - 1) / (0 - (uint64_t)step) + 1;
	return d;
}

static int parse_one(struct selected *d, const char **p, int64_t n, int axis,
		     struct ckpt_error *err)
{
	int64_t v[3] = { 0, 0, 1 };
	bool given[3] = { false, false, false };
	int parts = 0;
	for (;; ++*p) {
		if (parts == 3 || !read_index(p, &v[parts], &given[parts]))
			return error_set(err, CKPT_EINVAL, NULL, -1,
					 "slice: dimension %d is not an index or "
					 "start:stop:step: '%.40s'",
					 axis, *p);
		parts++;
		if (**p != ':')
			break;
	}
	if (parts == 1) {
		if (!given[0])
			return error_set(err, CKPT_EINVAL, NULL, -1,
					 "slice: dimension %d has no index: '%.40s'",
					 axis, *p);
		const int64_t i = v[0] < 0 ? v[0] + n : v[0];
		if (i < 0 || i >= n)
			return error_set(err, CKPT_EINVAL, NULL, -1,
					 "slice: index %" PRId64 " is out of bounds for "
					 "dimension %d, which has %" PRId64 " elements",
					 v[0], axis, n);
		*d = (struct selected){ i, 1, 1, true };
		return 0;
	}
	if (given[2] && v[2] == 0)
		return error_set(err, CKPT_EINVAL, NULL, -1, "slice: step is 0");
	*d = adjust(n, v[2], given[0], v[0], given[1], v[1]);
	return 0;
}

static const char *skip_ellipsis(const char *p)
{
	while (isspace((unsigned char)*p))
		p++;
	if (strncmp(p, "...", 3))
		return NULL;
	for (p += 3; isspace((unsigned char)*p); p++)
		;
	return p;
}

/* The number of indices in text, without an ellipsis. */
static int count_indices(const char *text)
{
	int n = 0;
	for (const char *p = text; *p; n++) {
		const char *comma = strchr(p, ',');
		if (skip_ellipsis(p))
			n--;
		if (!comma)
			return n + 1;
		p = comma + 1;
	}
	return n;
}

int selection_parse(struct selection *s, const char *text, const int64_t *dims, int rank,
		    struct ckpt_error *err)
{
	const char *p = text;
	size_t len = strlen(text);
	char inner[1024];
	if (len >= 2 && len < sizeof inner && text[0] == '[' && text[len - 1] == ']') {
		memcpy(inner, text + 1, len - 2);
		inner[len - 2] = '\0';
		p = inner;
	}
	selection_all(s, dims, rank);
	const int given = count_indices(p);
	if (given > rank)
		return error_set(err, CKPT_EINVAL, NULL, -1,
				 "slice: %d indices for a tensor of rank %d", given,
				 rank);
	bool ellipsis = false;
	for (int axis = 0; *p;) {
		const char *after = skip_ellipsis(p);
		if (after) {
			if (ellipsis)
				return error_set(err, CKPT_EINVAL, NULL, -1,
						 "slice: '...' may stand once only");
			ellipsis = true;
			axis += rank - given;
			p = after;
		} else {
			if (parse_one(&s->dim[axis], &p, dims[axis], axis, err))
				return -1;
			axis++;
		}
		if (*p == ',')
			p++;
		else if (*p)
			return error_set(err, CKPT_EINVAL, NULL, -1,
					 "slice: unexpected '%.40s'", p);
	}
	return 0;
}

bool selection_is_all(const struct selection *s, const int64_t *dims)
{
	for (int i = 0; i < s->rank; i++) {
		const struct selected *d = &s->dim[i];
		if (d->count != (uint64_t)dims[i] || (d->count > 1 && d->step != 1))
			return false;
	}
	return true;
}

uint64_t selection_elements(const struct selection *s)
{
	uint64_t n = 1;
	for (int i = 0; i < s->rank; i++)
		n *= s->dim[i].count;
	return n;
}

int selection_shape(const struct selection *s, int64_t *dims)
{
	int rank = 0;
	for (int i = 0; i < s->rank; i++)
		if (!s->dim[i].drop)
			dims[rank++] = (int64_t)s->dim[i].count;
	return rank;
}

void selection_begin(struct selection_walk *w, const struct selection *s,
		     const int64_t *dims)
{
	memset(w, 0, sizeof *w);
	w->s = s;
	w->row_n = 1;
	w->row_step = 1;
	w->done = selection_elements(s) == 0;
	if (w->done)
		return; /* strides may overflow beside a dimension of 0 */
	uint64_t stride = 1;
	for (int i = s->rank - 1; i >= 0; i--) {
		w->stride[i] = stride;
		stride *= (uint64_t)dims[i];
	}
	/* Join dimensions from the innermost on, as long as the row stays evenly
	 * spaced. */
	for (w->outer = s->rank; w->outer > 0; w->outer--) {
		const struct selected *d = &s->dim[w->outer - 1];
		if (d->count == 1) /* and its step may be anything */
			continue;
		const int64_t step = d->step * (int64_t)w->stride[w->outer - 1];
		if (w->row_n > 1 && step != (int64_t)w->row_n * w->row_step)
			break;
		w->row_step = w->row_n > 1 ? w->row_step : step;
		w->row_n *= d->count;
	}
}

bool selection_next(struct selection_walk *w, struct selection_row *row)
{
	if (w->done)
		return false;
	uint64_t first = 0;
	for (int i = 0; i < w->s->rank; i++) {
		const struct selected *d = &w->s->dim[i];
		const int64_t index =
			d->start + (i < w->outer ? (int64_t)w->at[i] : 0) * d->step;
		first += (uint64_t)index * w->stride[i];
	}
	*row = (struct selection_row){ first, w->row_n, w->row_step };
	w->done = true;
	for (int i = w->outer - 1; i >= 0 && w->done; i--) {
		if (++w->at[i] < w->s->dim[i].count)
			w->done = false;
		else
			w->at[i] = 0;
	}
	return true;
}
