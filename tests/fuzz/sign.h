/* sign.h — makes the checksums of a table good, so that what lies behind them is reached.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FUZZ_SIGN_H
#define FUZZ_SIGN_H

#include "base/bytes.h"

/* Signs the index block and each block that it names, as far as they lie in the file. */
void sign_table(uint8_t *file, size_t n);

#endif
