/* sign.h — our own signs, and what stands for them where there is ASCII alone.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TUI_SIGN_H
#define TUI_SIGN_H

#include <stdbool.h>
#include <stdint.h>

/* True if the locale is UTF-8 and each sign fills one column there: where characters of
 * ambiguous width fill two, nothing would stand where it should. */
bool signs_are_shown(void);
/* The ASCII twin of a sign, ASCII itself, '?' for everything else. */
uint32_t sign_ascii(uint32_t cp);

#endif
