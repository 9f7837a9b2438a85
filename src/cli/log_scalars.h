/* log_scalars.h — what event files recorded at the checkpoints of a history.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_LOG_SCALARS_H
#define CLI_LOG_SCALARS_H

#include "cli/log_print.h"

/* Reads the event files of the folder that all checkpoints lie in, or of --events; not
 * with --check, nor where the checkpoints have no steps. ELIMIT; what a file does not
 * give is an error of l->scalars. */
int log_scalars_read(struct logging *l, struct ckpt_error *err);
/* A table, if there is something. */
int log_scalars_text(struct logging *l, struct ckpt_error *err);
/* The records behind those of steps. */
void log_scalars_json(struct logging *l, struct document *doc);
/* What standard error says of them. */
void log_scalars_tell(const struct logging *l);

#endif
