/* fuzz.h — what all fuzz targets share.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A target is one function, LLVMFuzzerTestOneInput. Built with --enable-fuzzers (clang)
 * it is linked with libFuzzer:
 *
 *	CC=clang ../configure --enable-fuzzers --enable-sanitizers && make check
 *	tests/fuzz/fuzz_table -max_len=65536 -timeout=5 -rss_limit_mb=512 \
 *		-dict=../tests/fuzz/checkpoint.dict new ../tests/fuzz/corpus/table
 *
 * else with replay.c. Every input that broke something goes into corpus/NAME/, which
 * tests/fuzz.sh replays.
 */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* What must hold for every input; unlike assert(), in every build. */
#define REQUIRE(condition)                                                               \
	((condition) ? (void)0                                                           \
		     : (fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition),  \
			abort()))

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

#endif
