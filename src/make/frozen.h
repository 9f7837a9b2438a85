/* frozen.h — a frozen graph as bytes: nodes and functions, rewritten where it is due.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Fields stand in the order of their numbers and attributes in that of their names, as in
 * protobuf's deterministic form: the same graph and checkpoint give the same bytes.
 * Constants of the graph and values of variables go through in windows.
 */
#ifndef MAKE_FROZEN_H
#define MAKE_FROZEN_H

#include "make/constant.h"
#include "make/keep.h"

struct frozen {
	struct flow *flow;
	const struct kept_functions *functions;
	const bool *kept;
	const struct constant *constants; /* of each variable; those that are kept */
	bool keep_devices;
	/* What was written last: */
	uint64_t n_nodes, n_functions; /* of the main graph; of the library */
	/* The library's own. */
	struct arena arena; /* of the node that is written */
	uint64_t *sizes;    /* of each function */
};

/* Where the functions are changed to what they become; once. -1: ELIMIT, ECORRUPT. */
int frozen_prepare(struct frozen *z, struct ckpt_error *err);
/* Writes the GraphDef, or counts its bytes: what is counted is what is written. */
void frozen_put(struct frozen *z, struct sink *s);
void frozen_drop(struct frozen *z);

#endif
