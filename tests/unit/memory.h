/* memory.h — files that are bytes in memory, which source_open() finds.
 * SPDX-License-Identifier: Apache-2.0
 *
 * For the unit tests and the fuzz targets. A path belongs to the first file whose mark it
 * contains; one that belongs to none is not there.
 */
#ifndef UNIT_MEMORY_H
#define UNIT_MEMORY_H

#include "base/bytes.h"
#include "base/source.h"

struct memory_file {
	const char *mark; /* ".index", ".data-" */
	struct bytes content;
};

/* From here on sources are opened in memory; n 0: on the disk again. files must stay. */
void memory_files(const struct memory_file *files, size_t n);

#endif
