/* flow_call.h — functions that are called with variables: who, which, with how many.
 * SPDX-License-Identifier: Apache-2.0
 *
 * For flow.c alone.
 */
#ifndef MAKE_FLOW_CALL_H
#define MAKE_FLOW_CALL_H

#include "make/flow.h"

/* Makes flow_function() ready. */
int call_index(struct flow *f, struct ckpt_error *err);
/* The functions of a node, and room for its arguments and results. NULL: EUNSUPPORTED if
 * one of them is not in the library. */
struct flow_call *call_read(struct flow *f, const struct flow_scope *s, uint32_t node,
			    const struct call_op *op, struct ckpt_error *err);
/* A function's nodes, not followed yet; n_in: of the call. */
struct flow_scope *call_scope(struct flow *f, int64_t function, size_t n_in,
			      struct ckpt_error *err);
/* What each output_arg of a function returns, NULL where that is not said. Memory is
 * a's. */
const Ckpt__FunctionDef__NameEntry *const *
call_results(struct arena *a, const Ckpt__FunctionDef *def, struct ckpt_error *err);

#endif
