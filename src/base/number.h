/* number.h — numbers as text: the only place where a number becomes characters.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Each function writes a NUL-terminated text of at most NUMBER_MAX bytes and returns
 * its length. Reals are laid out as Python's repr does: positional for exponents -4 …
 * 15, with ".0" where there is no fraction; non-finite values are "nan", "inf", "-inf".
 */
#ifndef BASE_NUMBER_H
#define BASE_NUMBER_H

#include <stddef.h>
#include <stdint.h>

enum { NUMBER_MAX = 400 };

/* The shortest text that reads back as the same double, or float. */
size_t number_double(char *out, double v);
size_t number_float(char *out, float v);
/* The shortest text that lies between low and high, the midpoints to the neighbours of
 * v in its own type; closed: the midpoints themselves read back as v too. */
size_t number_between(char *out, double v, double low, double high, int closed);
/* digits significant digits, trailing zeros removed. */
size_t number_digits(char *out, double v, int digits);
/* The same for people: no digit stands there that is not known, 65536 is 6.554e+04. */
size_t number_short(char *out, double v, int digits);
/* strtod(3) and strtof(3) with a decimal point, whatever locale the program has set. */
double number_read(const char *text, char **end);
float number_read_float(const char *text, char **end);
/* C's %a with the fewest digits. */
size_t number_hex(char *out, double v);
size_t number_u64(char *out, uint64_t v);
size_t number_i64(char *out, int64_t v);
/* With thousands separators: "1,234,567". */
size_t number_grouped(char *out, uint64_t v);
/* "0 B", "417.6 MiB": three to four significant digits. */
size_t number_bytes(char *out, uint64_t v);

#endif
