/* graph_ends.h — where a graph begins and ends: its inputs, and its likely outputs.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Which node is the answer of a model stands in its signatures, if it has any. Else it
 * is guessed: what depends on an input and on the weights, is not of the training, the
 * saver, the summaries or the assertions, and what nobody uses but these and the loss.
 * Each guess says its reason.
 */
#ifndef FORMAT_GRAPH_ENDS_H
#define FORMAT_GRAPH_ENDS_H

#include "format/graph_users.h"

/* What an input is for. */
enum input_role {
	INPUT_MODEL,
	INPUT_SAVER, /* only the saver uses it: the name of its file */
	INPUT_ASSET, /* the path of a file in assets/ */
};

extern const char *const input_role_names[]; /* ended by NULL */

/* Something that is fed: a placeholder, or an output of an iterator. */
struct graph_input {
	struct ckpt_string name; /* "x"; of an iterator "IteratorGetNext:3" */
	struct ckpt_string op;
	uint32_t node;
	int32_t output;
	int dtype;	     /* enum ckpt_dtype; 0: not said */
	int rank;	     /* -1: not known */
	const int64_t *dims; /* -1: not known */
	bool has_default;    /* PlaceholderWithDefault: it need not be fed */
	enum input_role role;
};

/* Why a node is taken for an output. The first that is true, in this order. */
enum output_reason {
	OUTPUT_SIGNATURE,   /* a signature says so */
	OUTPUT_ANSWER,	    /* Softmax, Sigmoid, ArgMax, …, behind the last weights */
	OUTPUT_BEFORE_LOSS, /* nobody but the loss uses it */
	OUTPUT_SINK,	    /* nobody uses it */
	OUTPUT_SIDE,	    /* the same beside the last weights; or a summary uses it */
	OUTPUT_LOSS,	    /* it is a loss or a metric, and there is nothing better */
};

extern const char *const output_reason_names[]; /* "signature", …; ended by NULL */

struct graph_output {
	struct ckpt_string name; /* of the node */
	struct ckpt_string op;
	uint32_t node;
	int32_t output; /* of a signature: which one it is; else 0 */
	enum output_reason reason;
	const char *why; /* a sentence for people; names in it are as in the file */
};

struct graph_ends {
	const struct graph_input *inputs; /* in file order */
	size_t n_inputs;
	const struct graph_output *outputs; /* the likeliest first, each node once */
	size_t n_outputs;
	/* How many of them are as likely as the first: those of the signatures, or of
	 * the first's reason. Is it one, it may be taken unasked. */
	size_t n_likeliest;
};

/* Of the main graph. Linear in nodes and edges. Memory is a's. -1: ECORRUPT, EIO,
 * ELIMIT. */
int graph_ends(struct graph *g, const struct net *net, const struct net_users *users,
	       struct arena *a, struct graph_ends *ends, struct ckpt_error *err);

#endif
