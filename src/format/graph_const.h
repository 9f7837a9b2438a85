/* graph_const.h — constants of a graph as tensors.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The value of a Const node is a TensorProto: tensor_content, or the typed field of its
 * dtype. Fewer values than elements: the last is repeated; none: zeros, or empty strings
 * (tensorflow/core/framework/tensor.cc, FromProtoField).
 */
#ifndef FORMAT_GRAPH_CONST_H
#define FORMAT_GRAPH_CONST_H

#include "format/graph.h"
#include "model/values.h"

/* Describes a TensorProto in pieces that graph_store() reads; memory is a's. A tensor
 * that is malformed has its problem. -1: EIO, ELIMIT. name is not copied. */
int graph_tensor(struct graph *g, struct arena *a, struct graph_range proto,
		 struct ckpt_string name, struct ckpt_tensor *t, struct ckpt_error *err);
/* The same of a node's attribute "value", under the node's name. 0: the node has no such
 * attribute; 1: done. */
int graph_const(struct graph *g, struct arena *a, const struct graph_node *n,
		struct ckpt_tensor *t, struct ckpt_error *err);
/* Where the bytes of such tensors come from, for values_open(); one for each thread. It
 * is a's, NULL: no memory; its buffers go with graph_store_drop(). */
struct store *graph_store(struct graph *g, struct arena *a);
void graph_store_drop(struct store *store);
/* All elements of a string tensor (tensor_names of a RestoreV2), copied into a. EINVAL if
 * it is of another dtype. */
int graph_strings(struct graph *g, struct arena *a, const struct ckpt_tensor *t,
		  const struct ckpt_string **strings, size_t *n, struct ckpt_error *err);

#endif
