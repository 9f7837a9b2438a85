/* op_class.h — what ops and scopes are for, as far as outputs are guessed from it.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_OP_CLASS_H
#define FORMAT_OP_CLASS_H

#include <stdbool.h>

#include "ckpt.h"

enum op_class {
	OP_PLAIN,
	OP_ANSWER,   /* what a model ends with */
	OP_WEIGHTS,  /* applies weights to what comes in */
	OP_LOOKUP,   /* the same where its first input is the weights */
	OP_COMPARES, /* where a loss or a metric may begin */
	OP_LOSS,
	OP_MEASURES, /* only of interest to others: shapes */
	OP_TRAINS,   /* everything that changes a variable */
	OP_SAVES,
	OP_TELLS, /* summaries, assertions, printing */
};

enum op_class op_class(struct ckpt_string op);
/* Is it in a scope of that name, or of the name with a number: "save/x", "a/save_1/x"? */
bool op_in_scope(struct ckpt_string name, const char *scope);
/* Does it have a name that losses and metrics have? */
bool op_named_loss(struct ckpt_string name);

#endif
