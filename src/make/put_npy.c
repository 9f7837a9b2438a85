/* put_npy.c — one array as NumPy's np.save writes it.
 * SPDX-License-Identifier: Apache-2.0
 *
 * numpy/lib/format.py: a magic number, the version, the length of a dictionary in
 * Python's spelling, spaces that leave room for a first dimension to grow and fill up to
 * 64 bytes, a line feed, the elements. The same array gives the same bytes as np.save.
 * Strings are bytes of one width, 'S', which NumPy fills up with zeros.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "make/write.h"

bool npy_holds(const struct dtype *d)
{
	return d->npy || d->kind == KIND_STRING;
}

/* The `descr`. np.save's own name for float8_e5m2, '<f1', is one that np.load refuses: it
 * is written as the other ones of a byte that NumPy does not know. */
static void put_descr(const struct export_item *item, char *out, size_t cap)
{
	char text[DTYPE_DESCR_MAX + 1];
	const struct dtype *d = dtype_of(item->dtype);
	if (d->kind == KIND_STRING)
		snprintf(out, cap, "'|S%" PRIu64 "'", item->width);
	else if (item->dtype == CKPT_FLOAT8_E5M2)
		snprintf(out, cap, "'<V1'");
	else if (dtype_npy_descr(d, text))
		snprintf(out, cap, "%s", text);
}

size_t npy_head(const struct export_item *item, char out[NPY_HEAD_MOST])
{
	enum { LEAD = 10, GROWTH = 21, ALIGN = 64 };
	char descr[64] = "";
	char *p = out + LEAD, *const end = out + NPY_HEAD_MOST;
	put_descr(item, descr, sizeof descr);
	p += snprintf(p, (size_t)(end - p),
		      "{'descr': %s, 'fortran_order': False, 'shape': (", descr);
	int first = 0; /* characters of the first dimension */
	for (int i = 0; i < item->rank; i++) {
		const int n = snprintf(p, (size_t)(end - p), "%s%" PRId64, i ? ", " : "",
				       item->dims[i]);
		first = i ? first : n;
		p += n;
	}
	p += snprintf(p, (size_t)(end - p), "%s), }", item->rank == 1 ? "," : "");
	size_t n = (size_t)(p - out) + (item->rank ? (size_t)(GROWTH - first) : 0);
	n += ALIGN - (n + 1) % ALIGN;
	memset(p, ' ', (size_t)(out + n - p));
	out[n++] = '\n';
	memcpy(out, "\x93NUMPY\x01\x00", 8);
	out[8] = (char)((n - LEAD) & 0xff);
	out[9] = (char)((n - LEAD) >> 8);
	return n;
}

struct putting {
	put_fn put;
	void *arg;
	uint64_t width;
};

static int put_string(void *arg, const struct ckpt_string *s, struct ckpt_error *err)
{
	static const char zeros[4096];
	const struct putting *p = arg;
	if (p->put(p->arg, s->p, s->len, err))
		return -1;
	for (uint64_t n = p->width - s->len; n;) {
		const size_t part = n < sizeof zeros ? (size_t)n : sizeof zeros;
		if (p->put(p->arg, zeros, part, err))
			return -1;
		n -= part;
	}
	return 0;
}

int npy_put(struct export_job *e, const struct export_item *item, put_fn put, void *arg,
	    struct ckpt_error *err)
{
	char head[NPY_HEAD_MOST];
	struct putting p = { put, arg, item->width };
	if (put(arg, head, npy_head(item, head), err))
		return -1;
	if (dtype_of(item->dtype)->kind == KIND_STRING)
		return elements_strings(e, item, put_string, &p, err);
	return elements_put(e, item, put, arg, err);
}
