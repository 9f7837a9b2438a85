/* unit.h — what all unit tests share: checks that say more, chance that repeats itself.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Each test_NAME.c is a cmocka group behind a function group_NAME(), which returns the
 * number of tests that failed. Chance starts from the same seed in each group, or from
 * UNIT_SEED.
 */
#ifndef UNIT_H
#define UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/bytes.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* As assert_true, with words about the case at hand behind it, as printf has them. */
#define CHECK(condition, ...)                                                            \
	((condition) ? (void)0 : unit_fail(__FILE__, __LINE__, #condition, __VA_ARGS__))

__attribute__((noreturn, format(printf, 4, 5))) void
unit_fail(const char *file, int line, const char *condition, const char *format, ...);

/* 64 random bits; a number below n; true once in n; a number of a random magnitude. */
uint64_t chance(void);
uint64_t chance_below(uint64_t n);
bool chance_one_in(uint64_t n);
uint64_t chance_magnitude(void);
/* n random bytes: any, or of the alphabet. */
void chance_bytes(void *to, size_t n);
void chance_text(char *to, size_t n, const char *alphabet);

/* The significant digits of a number as text, and the power of ten of the last one. */
struct digits {
	uint64_t m;
	int power, n;
};

struct digits unit_digits(const char *text);

/* The folder of the sources (environment: SRCDIR), behind it /tests/data/ and rest. */
const char *unit_data(const char *rest);
/* A new temporary folder; it goes away with all that is in it when the program ends. */
const char *unit_folder(void);
/* Writes a file into a folder. */
void unit_write(const char *folder, const char *name, const void *p, size_t n);
/* Makes the decimal point a comma, where such a locale is installed; NULL: none is.
 * unit_point() undoes it. */
const char *unit_comma(void);
void unit_point(void);
/* Runs the tests of a group with the seed set afresh. */
int unit_run(const char *name, const struct CMUnitTest *tests, size_t n);

int group_base(void);
int group_bytes(void);
int group_crc32c(void);
int group_archive(void);
int group_jsontext(void);
int group_output(void);
int group_number(void);
int group_text(void);
int group_dtype(void);
int group_reals(void);
int group_cast(void);
int group_compare(void);
int group_compare_chance(void);
int group_slice(void);
int group_scope(void);
int group_match(void);
int group_values(void);
int group_slicekey(void);
int group_wire(void);
int group_textprint(void);
int group_textproto(void);
int group_npy(void);
int group_table(void);
int group_block(void);
int group_bundle(void);
int group_state(void);
int group_pool(void);
int group_events(void);
int group_fields(void);
int group_graph(void);
int group_variables(void);
int group_source(void);
int group_pair(void);
int group_renamed(void);
int group_rules(void);
int group_moments(void);
int group_histogram(void);
int group_dead(void);
int group_planes(void);
int group_find(void);
int group_heat(void);
int group_member_name(void);
int group_torture(void);

#endif
