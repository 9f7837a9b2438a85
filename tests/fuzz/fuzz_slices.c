/* fuzz_slices.c — any bytes as a V1 checkpoint of one file, read whole.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <string.h>

#include "fuzz.h"
#include "memory.h"
#include "read_all.h"
#include "sign.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static char path[FUZZ_PATH];
	if (!*path)
		fuzz_file(fuzz_folder(), "v1", path);
	uint8_t *copy = malloc(n ? n : 1);
	REQUIRE(copy);
	if (n)
		memcpy(copy, p, n);
	sign_table(copy, n);
	const struct memory_file file = { "v1", bytes_of(copy, n) };
	memory_files(&file, 1);
	read_all(path);
	memory_files(NULL, 0);
	free(copy);
	return 0;
}
