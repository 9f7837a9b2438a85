/* fuzz_slicekey.c — any bytes as the key of a slice; what is one can be written again.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <string.h>

#include "format/slicekey.h"
#include "fuzz.h"
#include "model/slice.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static int64_t start[2][MAX_RANK], length[2][MAX_RANK];
	struct buffer name, again, key;
	int rank, other;
	buffer_init(&name, SIZE_MAX);
	buffer_init(&again, SIZE_MAX);
	buffer_init(&key, SIZE_MAX);
	if (slicekey_decode(bytes_of(p, n), &name, &rank, start[0], length[0])) {
		REQUIRE(rank >= 0 && rank <= MAX_RANK);
		REQUIRE(!slicekey_encode(&key, (char *)name.p, name.len, rank, start[0],
					 length[0], NULL));
		REQUIRE(key.len <=
			n); /* a code may be longer than it must, not shorter */
		REQUIRE(slicekey_decode(bytes_of(key.p, key.len), &again, &other,
					start[1], length[1]));
		REQUIRE(other == rank);
		REQUIRE(!bytes_compare(name.p, name.len, again.p, again.len));
		REQUIRE(!memcmp(start[0], start[1], (size_t)rank * sizeof **start));
		REQUIRE(!memcmp(length[0], length[1], (size_t)rank * sizeof **length));
	}
	buffer_drop(&name);
	buffer_drop(&again);
	buffer_drop(&key);
	return 0;
}
