/* delta.c — the difference of two elements, for people.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "report/delta.h"

#include <math.h>
#include <string.h>

#include "base/number.h"
#include "report/column.h"

/* An integer of either sign: int64 and uint64 alike. */
struct whole {
	bool negative;
	uint64_t magnitude;
};

static struct whole whole_of(const struct dtype *d, const void *p)
{
	if (d->kind != KIND_INT)
		return (struct whole){ false, dtype_uint(d, p) };
	const int64_t v = dtype_int(d, p);
	return (struct whole){ v < 0, v < 0 ? 0 - (uint64_t)v : (uint64_t)v };
}

/* False: it has more than 64 bits. */
static bool subtract(struct whole b, struct whole a, struct whole *delta)
{
	if (a.negative == b.negative) {
		const bool less = b.magnitude < a.magnitude;
		delta->negative = less != b.negative;
		delta->magnitude =
			less ? a.magnitude - b.magnitude : b.magnitude - a.magnitude;
		return true;
	}
	delta->negative = b.negative;
	return !__builtin_add_overflow(a.magnitude, b.magnitude, &delta->magnitude);
}

static void parts_of(const struct dtype *d, const void *p, double v[2])
{
	v[1] = 0;
	if (d->kind == KIND_COMPLEX) {
		dtype_complex(d, p, &v[0], &v[1]);
	} else if (d->kind == KIND_FLOAT) {
		v[0] = dtype_real(d, p);
	} else {
		const struct whole w = whole_of(d, p);
		v[0] = w.negative ? -(double)w.magnitude : (double)w.magnitude;
	}
}

size_t delta_text(const struct dtype *da, const void *a, const struct dtype *db,
		  const void *b, int digits, char *out)
{
	struct whole delta;
	double va[2], vb[2];
	if (dtype_whole(da) && dtype_whole(db) &&
	    subtract(whole_of(db, b), whole_of(da, a), &delta)) {
		size_t n = 0;
		if (delta.negative && delta.magnitude)
			out[n++] = '-';
		return n + number_u64(out + n, delta.magnitude);
	}
	parts_of(da, a, va);
	parts_of(db, b, vb);
	const bool complex = da->kind == KIND_COMPLEX || db->kind == KIND_COMPLEX;
	const double v[2] = { vb[0] - va[0], vb[1] - va[1] };
	struct cell_element e = { .digits = digits };
	e.dtype = dtype_of(complex ? CKPT_COMPLEX128 : CKPT_FLOAT64);
	memcpy(e.bytes, v, e.dtype->size);
	return cell_element_text(&e, out, 2 * NUMBER_MAX);
}

static bool same_real(double a, double b)
{
	return a == b || (isnan(a) && isnan(b));
}

bool delta_none(const struct dtype *da, const void *a, const struct dtype *db,
		const void *b)
{
	struct whole delta;
	double va[2], vb[2];
	if (dtype_whole(da) && dtype_whole(db))
		return subtract(whole_of(db, b), whole_of(da, a), &delta) &&
		       !delta.magnitude;
	parts_of(da, a, va);
	parts_of(db, b, vb);
	return same_real(va[0], vb[0]) && same_real(va[1], vb[1]);
}
