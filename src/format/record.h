/* record.h — record files (TFRecord): lengths, checksums, data, back to back.
 * SPDX-License-Identifier: Apache-2.0
 *
 *	u64 length | u32 masked CRC-32C of those 8 bytes | data | u32 masked CRC-32C of it
 *
 * All little-endian. Who writes such a file may be writing still, or may have been
 * stopped in the middle of a record: a last record that the file ends within, or of which
 * there are zeros alone, is torn, and that is no damage. Where data is damaged the next
 * record is known; where a length is damaged nothing is known of what stands behind it.
 *
 * tsl/lib/io/record_writer.cc
 */
#ifndef FORMAT_RECORD_H
#define FORMAT_RECORD_H

#include "base/fields.h"

struct records {
	struct scan *scan;
	uint64_t at; /* of the next record */
	bool torn;   /* the file ends within the record that begins at at */
	bool lost;   /* a length was damaged: this is the end */
};

struct record {
	uint64_t begin; /* of its length */
	uint64_t at, n; /* of its data */
};

/* The records of the scan's file, as long as it was when it was opened. */
struct records records_of(struct scan *s);
/* The next record, its checksums compared: 1 item, 0 end, -1 error: ECORRUPT with the
 * byte at which the record begins, EIO. After ECORRUPT the next call goes on behind the
 * damage, if that is known. */
int records_next(struct records *r, struct record *record, struct ckpt_error *err);

#endif
