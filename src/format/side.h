/* side.h — one tensor's values for a thread of its own, beside its checkpoint.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A struct ckpt belongs to one thread. That thread makes a side and takes it back; in
 * between the side may belong to another one.
 */
#ifndef FORMAT_SIDE_H
#define FORMAT_SIDE_H

#include "format/reader.h"

struct side {
	struct ckpt *c;
	const struct ckpt_tensor *tensor;
	struct arena arena;
	struct store *store;
	struct values values;
	bool open;
};

/* The checkpoint and the tensor must stay until side_join(). */
int side_fork(struct side *s, struct ckpt *c, const struct ckpt_tensor *t,
	      struct ckpt_error *err);
/* EIO: a file has changed since it was opened. Zeroed is fine. */
int side_join(struct side *s, struct ckpt_error *err);
/* The values, opened when they are first asked for; NULL as values_open(). */
struct values *side_values(struct side *s, struct ckpt_error *err);
/* EIO if bytes of the tensor that were read through memory were not what they seemed. */
int side_intact(struct side *s, struct ckpt_error *err);

/* The same of any store. */
int store_intact(struct store *store, const struct ckpt_tensor *t,
		 struct ckpt_error *err);

#endif
