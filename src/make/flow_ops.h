/* flow_ops.h — ops that take variables: what becomes of them in a frozen graph.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef MAKE_FLOW_OPS_H
#define MAKE_FLOW_OPS_H

#include "make/flow.h"

/* What becomes of a node that takes a handle, or a reference, as input number `input`.
 * FLOW_KEEP: it cannot be frozen (a handle), or nothing (a reference, read only).
 * *becomes: the new op of FLOW_RENAME. */
enum flow_step flow_of_handle(struct ckpt_string op, uint32_t input);
enum flow_step flow_of_reference(struct ckpt_string op, const char **becomes);
/* Does the op write to a reference, or ask whether it holds a value? */
bool flow_needs_reference(struct ckpt_string op);
/* Does the value leave the node as it came? */
static inline bool flow_passes(enum flow_step step)
{
	return step == FLOW_CONST || step == FLOW_PASS || step == FLOW_RENAME;
}
/* NULL: it calls no function. */
const struct call_op *flow_call_op(struct ckpt_string op);
/* Of a node whose op is a function's name. */
extern const struct call_op flow_direct_call;

#endif
