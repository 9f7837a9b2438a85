/* write_npz.c — tensors as the members of a .npz archive.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <string.h>

#include "base/error.h"
#include "make/write.h"
#include "make/write_zip.h"

static int write_member(struct export_job *e, struct zip_writer *z,
			const struct export_item *item, struct ckpt_error *err)
{
	char head[NPY_HEAD_MOST];
	const uint64_t size = npy_head(item, head) + item->size;
	return zip_member(z, item->written, item->written_len, size, e->query->compress,
			  err) ||
			       npy_put(e, item, zip_put, z, err) || zip_member_end(z, err)
		       ? -1
		       : 0;
}

int write_npz(struct export_job *e, struct ckpt_error *err)
{
	struct output o = { .fd = -1 };
	struct zip_writer z = { .members = 0 };
	int result = -1;
	if (export_open(e, &o, e->query->out, err))
		goto out;
	zip_begin(&z, &o, e->c->limit);
	for (size_t i = 0; i < e->n; i++) {
		struct export_item *item = &e->items[i];
		if (!item_is_written(item))
			continue;
		item->file = o.path;
		if (write_member(e, &z, item, err))
			goto out;
	}
	result = zip_end(&z, err) || export_publish(e, &o, 1, err) ? -1 : 0;
out:
	zip_drop(&z);
	output_drop(&o);
	return result;
}
