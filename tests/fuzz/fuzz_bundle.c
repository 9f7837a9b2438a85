/* fuzz_bundle.c — any bytes as index and data of a V2 checkpoint, read whole.
 * SPDX-License-Identifier: Apache-2.0
 *
 *	length of the index, u32 | index | data
 */
#include "config.h"

#include <string.h>

#include "fuzz.h"
#include "memory.h"
#include "read_all.h"
#include "sign.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static char path[FUZZ_PATH];
	if (!*path) {
		const char *folder = fuzz_folder();
		fuzz_file(folder, "m.data-00000-of-00001", path);
		fuzz_file(folder, "m.index", path);
	}
	struct bytes b = bytes_of(p, n);
	uint32_t len;
	if (!bytes_u32le(&b, &len))
		return 0;
	const size_t index_len = len < bytes_left(&b) ? len : bytes_left(&b);
	uint8_t *index = malloc(index_len + 1);
	REQUIRE(index);
	memcpy(index, b.p, index_len);
	bytes_skip(&b, index_len);
	sign_table(index, index_len);
	const struct memory_file files[] = { { ".index", bytes_of(index, index_len) },
					     { ".data-", b } };
	memory_files(files, 2);
	read_all(path);
	memory_files(NULL, 0);
	free(index);
	return 0;
}
