/* op_class.c — what ops and scopes are for, as far as outputs are guessed from it.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "format/op_class.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

struct op_entry {
	const char *name;
	enum op_class class;
};

/* By name; what begins or ends as a family does is told by op_family(). */
static const struct op_entry ops[] = {
	{ "ArgMax", OP_ANSWER },
	{ "ArgMin", OP_ANSWER },
	{ "Assert", OP_TELLS },
	{ "BatchMatMul", OP_WEIGHTS },
	{ "BatchMatMulV2", OP_WEIGHTS },
	{ "BatchMatMulV3", OP_WEIGHTS },
	{ "CTCBeamSearchDecoder", OP_ANSWER },
	{ "CTCGreedyDecoder", OP_ANSWER },
	{ "CTCLoss", OP_LOSS },
	{ "CTCLossV2", OP_LOSS },
	{ "CombinedNonMaxSuppression", OP_ANSWER },
	{ "Const", OP_MEASURES },
	{ "Conv2D", OP_WEIGHTS },
	{ "Conv2DBackpropInput", OP_WEIGHTS },
	{ "Conv3D", OP_WEIGHTS },
	{ "Conv3DBackpropInputV2", OP_WEIGHTS },
	{ "DepthwiseConv2dNative", OP_WEIGHTS },
	{ "Einsum", OP_WEIGHTS },
	{ "Equal", OP_COMPARES },
	{ "Gather", OP_LOOKUP },
	{ "GatherNd", OP_LOOKUP },
	{ "GatherV2", OP_LOOKUP },
	{ "InTopK", OP_LOSS },
	{ "InTopKV2", OP_LOSS },
	{ "LogSoftmax", OP_ANSWER },
	{ "MatMul", OP_WEIGHTS },
	{ "MergeV2Checkpoints", OP_SAVES },
	{ "Mul", OP_COMPARES },
	{ "NoOp", OP_MEASURES },
	{ "NonMaxSuppressionV2", OP_ANSWER },
	{ "NonMaxSuppressionV3", OP_ANSWER },
	{ "NonMaxSuppressionV4", OP_ANSWER },
	{ "NonMaxSuppressionV5", OP_ANSWER },
	{ "NotEqual", OP_COMPARES },
	{ "OnesLike", OP_MEASURES },
	{ "Print", OP_TELLS },
	{ "PrintV2", OP_TELLS },
	{ "Rank", OP_MEASURES },
	{ "ResourceGather", OP_LOOKUP },
	{ "ResourceGatherNd", OP_LOOKUP },
	{ "Shape", OP_MEASURES },
	{ "ShapeN", OP_MEASURES },
	{ "ShardedFilename", OP_SAVES },
	{ "ShardedFilespec", OP_SAVES },
	{ "Sigmoid", OP_ANSWER },
	{ "Size", OP_MEASURES },
	{ "Softmax", OP_ANSWER },
	{ "SquaredDifference", OP_COMPARES },
	{ "Sub", OP_COMPARES },
	{ "TopK", OP_ANSWER },
	{ "TopKV2", OP_ANSWER },
	{ "ZerosLike", OP_MEASURES },
};

static bool begins(struct ckpt_string s, const char *with)
{
	const size_t n = strlen(with);
	return s.len >= n && !memcmp(s.p, with, n);
}

static bool contains(struct ckpt_string s, const char *what)
{
	const size_t n = strlen(what);
	for (size_t i = 0; i + n <= s.len; i++)
		if (!memcmp(s.p + i, what, n))
			return true;
	return false;
}

static enum op_class op_family(struct ckpt_string op)
{
	if (begins(op, "Save") || begins(op, "Restore"))
		return OP_SAVES;
	if (begins(op, "Assign") || begins(op, "Apply") || begins(op, "ResourceApply") ||
	    begins(op, "SparseApply") || begins(op, "ResourceSparseApply") ||
	    begins(op, "Scatter") || begins(op, "ResourceScatter"))
		return OP_TRAINS;
	if (contains(op, "Summary"))
		return OP_TELLS;
	return contains(op, "CrossEntropyWithLogits") ? OP_LOSS : OP_PLAIN;
}

static int compare_entry(const void *key, const void *entry)
{
	const struct ckpt_string *op = key;
	const char *name = ((const struct op_entry *)entry)->name;
	return bytes_compare(op->p, op->len, name, strlen(name));
}

enum op_class op_class(struct ckpt_string op)
{
	const struct op_entry *e =
		bsearch(&op, ops, sizeof ops / sizeof *ops, sizeof *ops, compare_entry);
	return e ? e->class : op_family(op);
}

/* --- what names are ---------------------------------------------------------------- */

bool op_in_scope(struct ckpt_string name, const char *scope)
{
	const size_t n = strlen(scope);
	for (const char *p = name.p, *end = p + name.len, *slash; p < end;
	     p = slash + 1) {
		slash = memchr(p, '/', (size_t)(end - p));
		if (!slash)
			return false;
		const char *q = p + n;
		if ((size_t)(slash - p) < n || memcmp(p, scope, n))
			continue;
		if (q < slash && *q == '_')
			for (q++; q < slash && isdigit((unsigned char)*q); q++)
				;
		if (q == slash)
			return true;
	}
	return false;
}

bool op_named_loss(struct ckpt_string name)
{
	static const char *const words[] = { "loss", "xent", "cross_entropy", "accuracy",
					     "metrics/" };
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (contains(name, words[i]))
			return true;
	return false;
}
