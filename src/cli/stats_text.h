/* stats_text.h — what stats prints for people: a table, histograms, what --check found.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_STATS_TEXT_H
#define CLI_STATS_TEXT_H

#include "out/text.h"
#include "report/stats.h"

/* scratch is rewound for each row. */
void stats_table(const struct stats *st, const struct chosen *columns,
		 struct arena *scratch);
/* For each tensor the bins as bars. */
void stats_histograms(const struct stats *st, struct arena *scratch);
/* A line for each tensor with NaN or infinities, behind the path if there is one. */
void stats_findings(const struct stats *st, const char *path, struct arena *scratch);
/* The line below a table, and that below findings. of: tensors that there are, matched or
 * not. */
void stats_totals(const struct stats_counts *n, uint64_t of, bool complete);
void stats_verdict(const struct stats_counts *n, uint64_t checkpoints, bool complete);

#endif
