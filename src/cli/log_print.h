/* log_print.h — a history as a table, or as a document.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_LOG_PRINT_H
#define CLI_LOG_PRINT_H

#include "cli/log_open.h"
#include "out/document.h"
#include "report/history_row.h"
#include "report/scalars.h"

/* One run of the command. */
struct logging {
	const struct options *o;
	struct log_run run;
	struct arena arena, scratch; /* scratch: what one row needs */
	struct matcher *matcher;
	struct rules *rules;
	struct history_query query;
	struct history history;
	struct ckpt_error trouble; /* a file that changed: nothing holds */
	struct history_row row;
	struct scalars scalars;
	bool scalars_read; /* else they have not been looked for */
};

/* Items from … to-1 as one row: a tensor, a scope, or all. */
struct log_entry {
	size_t from, to;
	struct cell_text name;
	bool scope;
	double drift; /* from the first; -1: none is known */
};

/* What is shown: tensors or, with --depth, scopes; with --top the N that have moved
 * farthest; NULL without memory. offences: those alone that --check does not let pass. */
struct log_entry *log_entries(struct logging *l, bool offences, size_t *n);

/* Makes the row of an entry; what was in scratch is gone. */
void log_fill_row(struct logging *l, const struct log_entry *e);

int log_text(struct logging *l, struct ckpt_error *err);
/* "reads 4 checkpoints, 2.0 GiB": on a terminal, if it is much. */
void log_announce(const struct logging *l);
/* What could not be read, on standard error. */
void log_tell_errors(const struct logging *l);

/* Why a tensor could not be read in snapshot k; false: it could, or is not there. */
bool log_error_of(const struct history *h, const struct history_item *item, uint32_t k,
		  struct ckpt_error *e);

void log_json_begin(struct logging *l, struct document *doc);
void log_json_entry(struct logging *l, struct document *doc, const struct log_entry *e);
void log_json_end(struct logging *l, struct document *doc, int verdict);

#endif
