/* flow.h — where the values of variables go, and what becomes of the nodes on their way.
 * SPDX-License-Identifier: Apache-2.0
 *
 * What was a handle (dtype resource) is now a tensor. So ReadVariableOp becomes Identity,
 * ResourceGather GatherV2, what passes a value on gets its dtype, and a function that is
 * called with it is written once more for these arguments, for as many of them as differ
 * (tensorflow/python/framework/convert_to_constants.py). A node that needs the variable
 * itself, as an assignment does, is refused.
 */
#ifndef MAKE_FLOW_H
#define MAKE_FLOW_H

#include "format/graph_index.h"
#include "format/variables.h"

/* What is written for a node. */
enum flow_step {
	FLOW_KEEP,	/* the node as it is */
	FLOW_CONST,	/* a Const: it is a variable */
	FLOW_PASS,	/* the same, with the value's dtype in T */
	FLOW_RENAME,	/* the same under another op: RefSwitch is a Switch */
	FLOW_READ,	/* Identity */
	FLOW_GATHER,	/* GatherV2, and a Const for its axis */
	FLOW_GATHER_ND, /* GatherNd */
	FLOW_SHAPE,	/* Shape */
	FLOW_CALL,	/* the same, calling other functions */
};

/* A value that was a variable. */
struct flow_value {
	int dtype; /* 0: it was none */
	/* in the main graph the variable's number, in a function the argument's */
	uint32_t origin;
};

struct flow_mark {
	enum flow_step step;
	struct flow_value value; /* that it takes */
	struct flow_call *call;	 /* FLOW_CALL */
	const char *op;		 /* FLOW_RENAME */
	uint32_t order;		 /* FLOW_GATHER: the how manyth of the scope */
};

struct call_op;

/* A node that calls functions with such values. */
struct flow_call {
	const struct call_op *op;
	uint32_t node;
	int64_t *functions;	    /* their numbers, in the order of the attributes */
	struct flow_scope **scopes; /* what is called in their place */
	size_t n_functions;
	struct flow_value *in, *out; /* arguments, results */
	size_t n_in, n_out;
	bool changed;
};

/* The main graph, or a function for arguments of which some were variables. */
struct flow_scope {
	int64_t function; /* or GRAPH_MAIN */
	const char *name; /* of the new function; given when all are known */
	struct net net;
	const Ckpt__FunctionDef *def; /* without its nodes; NULL for the main graph */
	struct flow_mark *marks;      /* of each node of net */
	const bool *kept;	      /* of the main graph; NULL: all are */
	struct flow_value *in, *out;
	size_t n_in, n_out;
	uint32_t n_gathers;
	const struct ckpt_string *origins; /* their names, for messages */
	struct flow_scope *next;	   /* of the same function */
	bool busy, used;
};

/* How an op hands its inputs to functions. */
struct call_op {
	const char *op;
	uint32_t first;			  /* the first input that is an argument */
	const char *types_in, *types_out; /* attributes: the dtypes; NULL: none */
	const char *functions[2];	  /* attributes; NULL: the op itself is one */
	bool loop; /* results are the arguments of the next round */
};

struct flow {
	struct graph *graph;
	struct arena *arena;
	struct flow_scope main;
	struct flow_scope **of_function; /* the first scope of each function */
	struct graph_index functions;
	size_t n_scopes, depth;
};

/* Follows the variables of the main graph that are kept. net and kept stay the caller's.
 * -1: EUNSUPPORTED, naming the node that needs a variable itself; ECORRUPT, ELIMIT. */
int flow_run(struct flow *f, struct graph *g, struct arena *a, const struct net *net,
	     const bool *kept, const struct variables *variables, struct ckpt_error *err);
/* The function of that name, or -1. */
int64_t flow_function(const struct flow *f, struct ckpt_string name);

#endif
