/* flow_ops.c — ops that take variables: what becomes of them in a frozen graph.
 * SPDX-License-Identifier: Apache-2.0
 *
 * From the registry of TensorFlow 2.21: every op with an input that is a reference to a
 * variable (OpDef.ArgDef.is_ref; queues, readers and tables have references of another
 * kind), and the ops of core/ops/resource_variable_ops.cc and functional_ops.cc.
 */
#include "config.h"

#include "make/flow_ops.h"

#include <stdlib.h>

struct op_step {
	const char *op;
	enum flow_step step;
	uint32_t input; /* the one that may be a handle; ANY: each */
};

enum { ANY = UINT32_MAX };

static const struct op_step handle_steps[] = {
	{ "ReadVariableOp", FLOW_READ, 0 },
	{ "ResourceGather", FLOW_GATHER, 0 },
	{ "ResourceGatherNd", FLOW_GATHER_ND, 0 },
	{ "VariableShape", FLOW_SHAPE, 0 },
	{ "Identity", FLOW_PASS, 0 },
	{ "Enter", FLOW_PASS, 0 },
	{ "Exit", FLOW_PASS, 0 },
	{ "NextIteration", FLOW_PASS, 0 },
	{ "Switch", FLOW_PASS, 0 },
	{ "_SwitchN", FLOW_PASS, 0 },
	{ "Merge", FLOW_PASS, ANY },
};

static const struct {
	const char *op, *becomes;
} reference_steps[] = {
	{ "RefEnter", "Enter" },
	{ "RefExit", "Exit" },
	{ "RefIdentity", "Identity" },
	{ "RefMerge", "Merge" },
	{ "RefNextIteration", "NextIteration" },
	{ "RefSwitch", "Switch" },
};

/* In byte order. */
static const char *const reference_ops[] = {
	"ApplyAdaMax",
	"ApplyAdadelta",
	"ApplyAdagrad",
	"ApplyAdagradDA",
	"ApplyAdagradV2",
	"ApplyAdam",
	"ApplyAddSign",
	"ApplyCenteredRMSProp",
	"ApplyFtrl",
	"ApplyFtrlV2",
	"ApplyGradientDescent",
	"ApplyMomentum",
	"ApplyPowerSign",
	"ApplyProximalAdagrad",
	"ApplyProximalGradientDescent",
	"ApplyRMSProp",
	"Assign",
	"AssignAdd",
	"AssignSub",
	"CountUpTo",
	"DebugGradientRefIdentity",
	"DestroyTemporaryVariable",
	"IsVariableInitialized",
	"NegTrain",
	"RefSelect",
	"ScatterAdd",
	"ScatterDiv",
	"ScatterMax",
	"ScatterMin",
	"ScatterMul",
	"ScatterNdAdd",
	"ScatterNdMax",
	"ScatterNdMin",
	"ScatterNdSub",
	"ScatterNdUpdate",
	"ScatterSub",
	"ScatterUpdate",
	"SdcaShrinkL1",
	"SparseApplyAdadelta",
	"SparseApplyAdagrad",
	"SparseApplyAdagradDA",
	"SparseApplyAdagradV2",
	"SparseApplyCenteredRMSProp",
	"SparseApplyFtrl",
	"SparseApplyFtrlV2",
	"SparseApplyMomentum",
	"SparseApplyProximalAdagrad",
	"SparseApplyProximalGradientDescent",
	"SparseApplyRMSProp",
	"StridedSliceAssign",
};

static const struct call_op call_ops[] = {
	{ "PartitionedCall", 0, "Tin", "Tout", { "f" }, false },
	{ "StatefulPartitionedCall", 0, "Tin", "Tout", { "f" }, false },
	{ "If", 1, "Tin", "Tout", { "then_branch", "else_branch" }, false },
	{ "StatelessIf", 1, "Tin", "Tout", { "then_branch", "else_branch" }, false },
	{ "Case", 1, "Tin", "Tout", { "branches" }, false },
	{ "StatelessCase", 1, "Tin", "Tout", { "branches" }, false },
	{ "While", 0, "T", "T", { "cond", "body" }, true },
	{ "StatelessWhile", 0, "T", "T", { "cond", "body" }, true },
};

const struct call_op flow_direct_call = { "", 0, NULL, NULL, { NULL }, false };

#define COUNT(table) (sizeof(table) / sizeof *(table))

enum flow_step flow_of_handle(struct ckpt_string op, uint32_t input)
{
	for (size_t i = 0; i < COUNT(handle_steps); i++) {
		const struct op_step *s = &handle_steps[i];
		if (graph_text_is(op, s->op) && (s->input == ANY || s->input == input))
			return s->step;
	}
	return FLOW_KEEP;
}

enum flow_step flow_of_reference(struct ckpt_string op, const char **becomes)
{
	for (size_t i = 0; i < COUNT(reference_steps); i++)
		if (graph_text_is(op, reference_steps[i].op)) {
			*becomes = reference_steps[i].becomes;
			return FLOW_RENAME;
		}
	return FLOW_KEEP;
}

static int by_name(const void *key, const void *item)
{
	const struct ckpt_string *op = key;
	const char *name = *(const char *const *)item;
	return bytes_compare(op->p, op->len, name, strlen(name));
}

bool flow_needs_reference(struct ckpt_string op)
{
	return bsearch(&op, reference_ops, COUNT(reference_ops), sizeof *reference_ops,
		       by_name) != NULL;
}

const struct call_op *flow_call_op(struct ckpt_string op)
{
	for (size_t i = 0; i < COUNT(call_ops); i++)
		if (graph_text_is(op, call_ops[i].op))
			return &call_ops[i];
	return NULL;
}
