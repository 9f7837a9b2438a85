/* graph_sound.h — whether a graph is one that can run.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_GRAPH_SOUND_H
#define FORMAT_GRAPH_SOUND_H

#include "format/graph_net.h"

/* EUNSUPPORTED names the node where names stand twice, where an input is not there, or
 * where a node needs itself other than by NextIteration. kept: NULL for all nodes.
 * function: for messages. a: for the time of the call. */
int sound_check(struct graph *g, struct arena *a, const struct net *net, const bool *kept,
		int64_t function, struct ckpt_error *err);

#endif
