/* write_csv.c — a tensor of up to two dimensions as comma-separated values.
 * SPDX-License-Identifier: Apache-2.0
 *
 * RFC 4180, but for the line ends, which are LF: a line for each row, or for each element
 * where there is one dimension. Numbers are the shortest text that reads back as the same
 * in their dtype. A string is quoted always, with its bytes as they are.
 */
#include "config.h"

#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "make/write.h"

struct csv {
	struct output *o;
	const struct dtype *d;
	uint64_t width, column; /* of a row, in elements */
};

/* What stands behind an element. */
static int separate(struct csv *c, struct ckpt_error *err)
{
	c->column = (c->column + 1) % c->width;
	return output_write(c->o, c->column ? "," : "\n", 1, err);
}

static int put_elements(void *arg, const void *data, size_t n, struct ckpt_error *err)
{
	struct csv *c = arg;
	char text[2 * NUMBER_MAX];
	const uint8_t *p = data;
	for (size_t i = 0; i < n; i++, p += c->d->size) {
		const size_t len = dtype_element_text(c->d, p, text);
		if (output_write(c->o, text, len, err) || separate(c, err))
			return -1;
	}
	return 0;
}

static int put_string(void *arg, const struct ckpt_string *s, struct ckpt_error *err)
{
	struct csv *c = arg;
	const char *p = s->p, *const end = p + s->len;
	if (output_write(c->o, "\"", 1, err))
		return -1;
	for (const char *quote; (quote = memchr(p, '"', (size_t)(end - p)));
	     p = quote + 1)
		if (output_write(c->o, p, (size_t)(quote + 1 - p), err) ||
		    output_write(c->o, "\"", 1, err))
			return -1;
	return output_write(c->o, p, (size_t)(end - p), err) ||
			       output_write(c->o, "\"", 1, err) || separate(c, err)
		       ? -1
		       : 0;
}

static int write_item(struct export_job *e, struct export_item *item, struct output *o,
		      struct ckpt_error *err)
{
	struct csv c = { .o = o, .d = dtype_of(item->dtype) };
	c.width = item->rank == 2 ? (uint64_t)item->dims[1] : 1;
	item->file = o->path;
	if (c.d->size)
		return elements_each(e, item, put_elements, &c, err);
	const int result = elements_strings(e, item, put_string, &c, err);
	item->size = o->at;
	return result;
}

int write_csv(struct export_job *e, struct ckpt_error *err)
{
	struct output o = { .fd = -1 };
	int result = 0;
	for (size_t i = 0; !result && i < e->n; i++)
		if (item_is_written(&e->items[i]))
			result = export_open(e, &o, e->query->out, err) ||
						 write_item(e, &e->items[i], &o, err) ||
						 export_publish(e, &o, 1, err)
					 ? -1
					 : 0;
	output_drop(&o);
	return result;
}
