/* fuzz_safetensors.c — any bytes as a .safetensors file, read whole.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "fuzz.h"
#include "memory.h"
#include "read_all.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static char path[FUZZ_PATH];
	if (!*path)
		fuzz_file(fuzz_folder(), "w.safetensors", path);
	const struct memory_file file = { "w.safetensors", bytes_of(p, n) };
	memory_files(&file, 1);
	read_all(path);
	memory_files(NULL, 0);
	return 0;
}
