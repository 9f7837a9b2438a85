/* selected.h — the elements that a selection takes, in its order.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_SELECTED_H
#define MODEL_SELECTED_H

#include "model/slice.h"
#include "model/values.h"

/* Hands them over in runs, whose first is the index of the tensor's element; elements of
 * a step come one by one. Pieces that lie whole in what is read are checked before their
 * first element, others are not: see values_check(). */
int selected_runs(struct values *v, const struct selection *s, ckpt_run_fn fn, void *arg,
		  struct ckpt_error *err);

#endif
