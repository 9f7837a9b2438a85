/* side.c — one tensor's values for a thread of its own, beside its checkpoint.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "format/side.h"

#include <stdio.h>

#include "base/error.h"
#include "base/mapping.h"

int side_fork(struct side *s, struct ckpt *c, const struct ckpt_tensor *t,
	      struct ckpt_error *err)
{
	*s = (struct side){ .c = c, .tensor = t };
	arena_init(&s->arena, UINT64_MAX);
	s->store = c->reader->fork(c, &s->arena);
	if (s->store)
		return 0;
	arena_drop(&s->arena);
	return error_set(err, CKPT_ENOMEM, NULL, -1, "out of memory");
}

int side_join(struct side *s, struct ckpt_error *err)
{
	int r = 0;
	values_close(&s->values);
	if (s->store)
		r = s->c->reader->join(s->c, s->store, err);
	arena_drop(&s->arena);
	*s = (struct side){ .c = NULL };
	return r;
}

struct values *side_values(struct side *s, struct ckpt_error *err)
{
	struct ckpt_error why = { 0 };
	if (s->open)
		return &s->values;
	values_close(&s->values);
	if (!values_open(&s->values, s->store, s->tensor, s->c->limit, &why)) {
		s->open = true;
		return &s->values;
	}
	if (!*why.file) /* it concerns the tensor, not one of its files */
		snprintf(why.file, sizeof why.file, "%s", s->c->at.prefix);
	error_copy(err, &why);
	return NULL;
}

int store_intact(struct store *store, const struct ckpt_tensor *t, struct ckpt_error *err)
{
	if (!store->intact || !mapping_faults())
		return 0;
	for (uint32_t i = 0; i < t->n_pieces; i++)
		if (store->intact(store, &t->pieces[i], err))
			return -1;
	return 0;
}

int side_intact(struct side *s, struct ckpt_error *err)
{
	return store_intact(s->store, s->tensor, err);
}
