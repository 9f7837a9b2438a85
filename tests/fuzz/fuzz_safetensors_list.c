/* fuzz_safetensors_list.c — any bytes as the list of a model's shards, and as a shard.
 * SPDX-License-Identifier: Apache-2.0
 *
 *	length of the list, u32 | list | shard
 *
 * All files that the list names are the same shard.
 */
#include "config.h"

#include "fuzz.h"
#include "memory.h"
#include "read_all.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static char path[FUZZ_PATH];
	if (!*path)
		fuzz_file(fuzz_folder(), "m.safetensors.index.json", path);
	struct bytes shard = bytes_of(p, n), list;
	uint32_t len;
	if (!bytes_u32le(&shard, &len) ||
	    !bytes_take(&shard, len < bytes_left(&shard) ? len : bytes_left(&shard),
			&list))
		return 0;
	const struct memory_file files[] = { { ".index.json", list },
					     { ".safetensors", shard } };
	memory_files(files, 2);
	read_all(path);
	memory_files(NULL, 0);
	return 0;
}
