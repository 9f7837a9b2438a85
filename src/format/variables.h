/* variables.h — the variables of a graph, and the tensors that restore them.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A variable is a node of the main graph (Variable, VariableV2, VarHandleOp); which
 * tensor of a checkpoint restores it is what the graph itself would do:
 *
 *	restore    RestoreV2, Restore or RestoreSlice of the saver, through Identity, to
 *	           the variable's Assign or AssignVariableOp (python/training/saver.py)
 *	function   the same in the function that the saver's node calls; its argument is
 *	           the variable's handle (TF2: python/checkpoint/functional_saver.py)
 *	name       there is a tensor of the variable's name, or its handle's shared_name
 *	object     the checkpoint's object graph has one variable of that full name
 *	partition  it is a part; the tensor of the whole has another name (VariableDef)
 *
 * The first two are of the graph alone; the others need the checkpoint.
 *
 *	variables_read(&v, g, &net, a, err);
 *	variables_match(&v, c, a, err);
 *	for (i = 0; i < v.n; i++)
 *		if (v.all[i].status == VARIABLE_PRESENT)
 *			variable_selection(&v.all[i], &selection) … of v.all[i].tensor
 */
#ifndef FORMAT_VARIABLES_H
#define FORMAT_VARIABLES_H

#include "format/graph_net.h"
#include "model/slice.h"

enum variable_how {
	VARIABLE_BY_NOTHING,
	VARIABLE_BY_RESTORE,
	VARIABLE_BY_FUNCTION,
	VARIABLE_BY_NAME,
	VARIABLE_BY_OBJECT,
	VARIABLE_BY_PARTITION,
};

extern const char *const variable_how_names[]; /* "none", "restore", …; ended by NULL */

enum variable_status {
	VARIABLE_UNMATCHED, /* variables_match() has not been called */
	VARIABLE_PRESENT,
	VARIABLE_MISSING, /* the checkpoint has no tensor for it */
	VARIABLE_DTYPE,	  /* it has, of another dtype */
	VARIABLE_SHAPE,	  /* … of another shape */
	VARIABLE_DAMAGED, /* … whose entry is malformed: tensor->problem */
	/* the saver leaves it out, as local variables are; it has no value there, and
	 * that is no fault */
	VARIABLE_NOT_SAVED,
};

extern const char *const variable_status_names[]; /* ended by NULL */

struct variable {
	struct ckpt_string name; /* of its node */
	struct ckpt_string op;
	struct ckpt_string shared_name; /* of a handle; "" if it is the node's name */
	uint32_t node;			/* in the net */
	int dtype;			/* enum ckpt_dtype; 0: not said */
	int rank;			/* -1: not known before it is assigned */
	const int64_t *dims;		/* -1: not known */
	bool resource;			/* VarHandleOp */
	bool saved;			/* the saver restores it, or there is no saver */
	enum variable_how how;
	/* The tensor of the checkpoint; p is NULL while none is known. */
	struct ckpt_string key;
	struct ckpt_string restore; /* BY_RESTORE, BY_FUNCTION: the node that reads it */
	/* The box of that tensor, where the variable is a part of it; else slice_rank
	 * is -1. full_dims: the shape that the tensor should have. */
	int slice_rank;
	const int64_t *full_dims, *start, *extent;
	const char *problem; /* what the graph says of its slice is nonsense; else NULL */
	/* variables_match(): */
	enum variable_status status;
	const struct ckpt_tensor *tensor; /* NULL: none */
};

struct variables {
	struct variable *all; /* in file order */
	size_t n;
	/* All that the restore ops of the saver read, tables' contents too. */
	const struct ckpt_string *read;
	size_t n_read;
	bool has_saver; /* there are restore ops */
	struct graph *graph;
	/* variables_match(): tensors that no variable and no restore op takes; the object
	 * graph is not among them. */
	const struct ckpt_tensor *const *unused;
	size_t n_unused;
};

/* The variables of the main graph, with what restores them. Where there are several
 * savers, the one of the SaverDef counts; without one, all do, and one that is given its
 * file's name goes before one that has it built in (init_from_checkpoint). net: the main
 * graph. Memory is a's. -1: ECORRUPT, EIO, ELIMIT. */
int variables_read(struct variables *v, struct graph *g, const struct net *net,
		   struct arena *a, struct ckpt_error *err);
/* Joins them with the tensors of a checkpoint, which must outlive them. -1: the
 * checkpoint's index is damaged, EIO, ELIMIT: then nothing is said. */
int variables_match(struct variables *v, struct ckpt *c, struct arena *a,
		    struct ckpt_error *err);
/* What of its tensor the variable takes: all, or its slice. The variable is PRESENT. */
void variable_selection(const struct variable *v, struct selection *s);
/* Is this the op of a variable? */
bool variable_op(struct ckpt_string op);

#endif
