/* graph_signatures.h — the signatures of a graph: what to feed, and what to fetch.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Those of a MetaGraphDef's signature_def, and of the collection serving_signatures that
 * SessionBundle wrote before there were SavedModels
 * (tensorflow/contrib/session_bundle/manifest.proto).
 */
#ifndef FORMAT_GRAPH_SIGNATURES_H
#define FORMAT_GRAPH_SIGNATURES_H

#include "format/graph.h"

struct signature_tensor {
	struct ckpt_string key;	 /* "scores" */
	struct ckpt_string name; /* of the tensor, "softmax:0" */
	int dtype;		 /* enum ckpt_dtype; 0: not said */
	int rank;		 /* -1: not known */
	const int64_t *dims;	 /* -1: not known */
};

struct signature {
	struct ckpt_string key;	   /* "serving_default" */
	struct ckpt_string method; /* "tensorflow/serving/predict" */
	/* __saved_model_init_op, __saved_model_train_op: no model's answer */
	bool internal;
	const struct signature_tensor *inputs, *outputs; /* by key */
	size_t n_inputs, n_outputs;
};

/* By key, serving_default (in SessionBundle the default one) first, the internal ones
 * last. Sparse and composite tensors are those they consist of, under one key. n is 0 for
 * a GraphDef. Memory is a's. -1: ECORRUPT, ELIMIT. */
int graph_signatures(struct graph *g, struct arena *a, const struct signature **all,
		     size_t *n, struct ckpt_error *err);

#endif
