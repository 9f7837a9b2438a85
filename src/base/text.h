/* text.h — UTF-8, escaping for terminals, display width, natural order.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Names and strings from a file never reach a terminal raw: they pass text_escape().
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The length of the well-formed UTF-8 sequence at p (no surrogates, no overlong forms),
 * its code point in *cp; 0 if there is none. */
size_t text_utf8(const char *p, size_t n, uint32_t *cp);
bool text_is_utf8(const char *p, size_t n);
/* Writes a code point as UTF-8 to out (room for 4 bytes): its length, 0 if it is none
 * (above U+10FFFF, or a surrogate). */
size_t text_from_code(char *out, uint32_t cp);
/* Code points that move, hide or reorder what a terminal shows: C0, DEL, C1, bidi
 * controls, zero-width characters, line separators, the byte order mark. */
bool text_is_unsafe(uint32_t cp);

/* Writes a printable form of n bytes to out, NUL-terminated and never beyond cap; returns
 * its whole length, which may be more than was written. Backslash is doubled, \t \n \r as
 * in C, other unsafe bytes \xHH, unsafe code points above U+007F \uHHHH, invalid UTF-8
 * \xHH. Reversible by text_unescape(). */
size_t text_escape(char *out, size_t cap, const char *p, size_t n);
/* True if the text is printable ASCII that needs no escape: as wide as it is long. */
bool text_is_plain(const char *p, size_t n);
/* The bytes that an escaped form stands for; out needs len bytes. SIZE_MAX if it is
 * none. */
size_t text_unescape(char *out, const char *p, size_t len);

/* Terminal columns of well-formed, escaped text, as wcwidth(3) counts them. */
size_t text_width(const char *p, size_t n);
/* The longest part of p that fills no more than width columns. */
size_t text_fit(const char *p, size_t n, size_t width);

/* How many of n bytes are the same at the beginning of both. */
size_t text_common(const char *a, const char *b, size_t n);
/* Natural order: runs of digits count as numbers, so layer_2 comes before layer_10. Ties
 * are broken byte by byte, so that the order is total. */
int text_natural(const char *a, size_t a_len, const char *b, size_t b_len);
/* Edits (insert, delete, replace, swap neighbours) that make a of b, or limit + 1. */
unsigned text_distance(const char *a, size_t a_len, const char *b, size_t b_len,
		       unsigned limit);

#endif
