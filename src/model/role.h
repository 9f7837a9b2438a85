/* role.h — what a tensor is there for: weight, slot, moving average, step, other.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Told by names: those of TF1 ("w/Adam"), of Keras and of the object graph. Moving
 * statistics of batch normalisation are weights, beta powers are slots.
 */
#ifndef MODEL_ROLE_H
#define MODEL_ROLE_H

#include "ckpt.h"

enum role { ROLE_WEIGHT, ROLE_SLOT, ROLE_EMA, ROLE_STEP, ROLE_OTHER, N_ROLES };

extern const char *const role_names[N_ROLES];

/* The role of a tensor. full_name: what the object graph calls it, NULL
 * if it does not. */
enum role role_of(const struct ckpt_tensor *t, const char *full_name, size_t full_len);
/* "weight,slot": a set of bits 1 << role; 0 if a word is no role. */
unsigned roles_parse(const char *words);

#endif
