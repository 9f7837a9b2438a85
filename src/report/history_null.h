/* history_null.h — what a row of a history may lack: the bits of its mask.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef REPORT_HISTORY_NULL_H
#define REPORT_HISTORY_NULL_H

enum history_null {
	NULL_PREVIOUS = 1,    /* nothing to compare with */
	NULL_L2 = 1 << 1,
	NULL_REL = 1 << 2,
	NULL_DRIFT = 1 << 3,  /* from the first */
	NULL_COSINE = 1 << 4,
	NULL_NAN = 1 << 5,
	NULL_SHAPE = 1 << 6,
	NULL_FROZEN_SINCE = 1 << 7,
	NULL_NAN_SINCE = 1 << 8,
	NULL_INF_SINCE = 1 << 9,
	NULL_ADDED = 1 << 10,
	NULL_REMOVED = 1 << 11,
	NULL_RESHAPED = 1 << 12,
};

#endif
