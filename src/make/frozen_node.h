/* frozen_node.h — one node of a frozen graph, as bytes.
 * SPDX-License-Identifier: Apache-2.0
 *
 * For frozen.c alone.
 */
#ifndef MAKE_FROZEN_NODE_H
#define MAKE_FROZEN_NODE_H

#include "make/frozen.h"

struct new_attr {
	struct ckpt_string key;
	struct graph_range entry; /* as it stands in the graph; n is 0: it does not */
	struct bytes value;	  /* else an AttrValue; p is NULL: */
	const struct constant *tensor; /* else this variable */
};

struct new_node {
	struct ckpt_string name, op, device;
	const struct ckpt_string *inputs;
	size_t n_inputs;
	struct new_attr *attrs; /* sorted by their keys, each once */
	size_t n_attrs;
	struct graph_range rest; /* its fields above 5 go along; n is 0: there are none */
	bool typed;		 /* its full type does not */
};

/* What becomes of a node; its number in the scope. Memory is z->arena's. axis: the name
 * of a gather's axis. */
int new_node(struct frozen *z, const struct flow_scope *s, const struct graph_node *n,
	     uint32_t at, const char *axis, struct new_node *to, struct ckpt_error *err);
/* The op that it has then. */
struct ckpt_string new_op(const struct net_node *n, const struct flow_mark *mark);
/* The constant 0 that is the axis of a gather. */
int new_axis(struct frozen *z, const struct graph_node *gather, const char *axis,
	     struct new_node *to, struct ckpt_error *err);
/* Writes a node as field `field` of what it stands in. */
void put_node(struct frozen *z, const struct new_node *n, uint32_t field, struct sink *s);

/* frozen_call.c: the attributes of a node that calls functions. */
int change_call(struct frozen *z, const struct flow_scope *s,
		const struct flow_call *call, const struct graph_attr *attr,
		struct new_attr *to, struct ckpt_error *err);
/* An AttrValue with a message as its field: list, shape, func. */
int pack_value(struct arena *a, uint32_t field, const void *message, struct bytes *value,
	       struct ckpt_error *err);
/* "x:value:0" is "x:output:0" where x is no ReadVariableOp any more. */
int new_input(struct frozen *z, const struct flow_scope *s, struct ckpt_string text,
	      uint32_t node, struct ckpt_string *to, struct ckpt_error *err);

#endif
