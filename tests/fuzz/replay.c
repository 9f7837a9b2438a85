/* replay.c — feeds files to a fuzz target, where there is no libFuzzer.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "fuzz.h"

int main(int argc, char **argv)
{
	enum { MOST = 1 << 20 };
	static uint8_t bytes[MOST];
	for (int i = 1; i < argc; i++) {
		FILE *f = fopen(argv[i], "rb");
		if (!f) {
			perror(argv[i]);
			return 2;
		}
		const size_t n = fread(bytes, 1, MOST, f);
		fclose(f);
		/* A block of its own size, so that a sanitizer sees one byte too many. */
		uint8_t *exact = malloc(n ? n : 1);
		if (!exact)
			return 2;
		memcpy(exact, bytes, n);
		LLVMFuzzerTestOneInput(exact, n);
		free(exact);
	}
	return 0;
}
