/* finding.h — what a verification can find: the one table of codes.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_FINDING_H
#define FORMAT_FINDING_H

#include "ckpt.h"

enum finding_code {
	FOUND_INDEX,
	FOUND_ENTRY,
	FOUND_ORDER,
	FOUND_SLICES,
	FOUND_ORPHAN_SLICE,
	FOUND_CHECKSUM,
	FOUND_VALUES,
	FOUND_MISSING_SHARD,
	FOUND_SHORT_SHARD,
	FOUND_SHARD_COUNT,
	FOUND_UNREADABLE,
	FOUND_OVERLAP,
	FOUND_GAP,
	FOUND_TRAILING,
	FOUND_UNCHECKED,
	FOUND_OTHER_SAVE,
	FOUND_CRLF,
	FOUND_ZEROS,
	FOUND_NOT_DATA,
	FOUND_META,
	FOUND_GRAPH,
	FOUND_NO_GRAPH,
	FOUND_FINGERPRINT,
	FOUND_FINGERPRINT_OK,
	FOUND_V1_SUFFIX,
	FOUND_LEFTOVER,
	FOUND_TORN,
	FOUND_GONE,
	FOUND_LAYOUT,
	FOUND_UNSUPPORTED,
	FOUND_MEMBER_NAME,
	FOUND_OTHER_MEMBER,
	FOUND_UNLISTED,
	FOUND_CODES
};

struct finding_kind {
	const char *code; /* stable: other programs compare it */
	enum ckpt_severity severity;
	const char *help;
};

extern const struct finding_kind finding_kinds[FOUND_CODES];
extern const char *const severity_names[]; /* by enum ckpt_severity */

/* Whom findings are told. */
struct finder {
	ckpt_finding_fn fn;
	void *arg;
	struct ckpt_summary *summary; /* counts by severity; may be NULL */
};

void finding_emit(const struct finder *f, enum finding_code code,
		  const struct ckpt_tensor *t, const char *file, int64_t offset,
		  int64_t length, const char *format, ...)
	__attribute__((format(printf, 7, 8)));

#endif
