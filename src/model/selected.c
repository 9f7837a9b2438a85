/* selected.c — the elements that a selection takes, in its order.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A row without a step is read as it is, and one of a short step with what lies between.
 * A far step reads its elements one by one; so does a backward one, which strings and
 * runs do not know.
 */
#include "config.h"

#include "model/selected.h"

enum { FAR_STEP = 64 };

struct stepping {
	ckpt_run_fn fn;
	void *arg;
	size_t size;
	uint64_t step, skip; /* of skipping: elements until the next one taken */
};

static int on_run(void *arg, const struct ckpt_run *run)
{
	struct stepping *s = arg;
	uint64_t i = s->skip;
	for (; i < run->n; i += s->step) {
		const struct ckpt_run one = {
			run->first + i, 1,
			run->data ? (const char *)run->data + i * s->size : NULL,
			run->strings ? &run->strings[i] : NULL
		};
		if (s->fn(s->arg, &one))
			return 1;
	}
	s->skip = i - run->n;
	return 0;
}

static int row_runs(struct values *v, const struct selection_row *row, struct stepping *s,
		    struct ckpt_error *err)
{
	if (row->step == 1)
		return values_runs(v, row->first, row->n, s->fn, s->arg, err);
	if (row->step > 0 && row->step <= FAR_STEP) {
		s->step = (uint64_t)row->step;
		s->skip = 0;
		return values_runs(v, row->first, (row->n - 1) * s->step + 1, on_run, s,
				   err);
	}
	for (uint64_t i = 0; i < row->n; i++) {
		const uint64_t at = row->first + i * (uint64_t)row->step;
		if (values_runs(v, at, 1, s->fn, s->arg, err))
			return -1;
	}
	return 0;
}

int selected_runs(struct values *v, const struct selection *s, ckpt_run_fn fn, void *arg,
		  struct ckpt_error *err)
{
	struct selection_walk w;
	struct selection_row row;
	struct stepping stepping = { .fn = fn, .arg = arg, .size = v->dtype->size };
	selection_begin(&w, s, v->tensor->dims);
	while (selection_next(&w, &row))
		if (row_runs(v, &row, &stepping, err))
			return -1;
	return 0;
}
