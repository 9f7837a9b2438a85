/* unit.c — runs all groups of unit tests, or those that are named.
 * SPDX-License-Identifier: Apache-2.0
 *
 *	unit [GROUP…]
 */
#include "config.h"

#include "unit.h"

#include <errno.h>
#include <ftw.h>
#include <inttypes.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct {
	const char *name;
	int (*run)(void);
} groups[] = {
	{ "base", group_base },
	{ "bytes", group_bytes },
	{ "crc32c", group_crc32c },
	{ "archive", group_archive },
	{ "jsontext", group_jsontext },
	{ "output", group_output },
	{ "number", group_number },
	{ "text", group_text },
	{ "dtype", group_dtype },
	{ "reals", group_reals },
	{ "cast", group_cast },
	{ "slice", group_slice },
	{ "scope", group_scope },
	{ "match", group_match },
	{ "values", group_values },
	{ "slicekey", group_slicekey },
	{ "wire", group_wire },
	{ "textprint", group_textprint },
	{ "textproto", group_textproto },
	{ "npy", group_npy },
	{ "table", group_table },
	{ "block", group_block },
	{ "state", group_state },
	{ "bundle", group_bundle },
	{ "events", group_events },
	{ "fields", group_fields },
	{ "graph", group_graph },
	{ "variables", group_variables },
	{ "source", group_source },
	{ "pool", group_pool },
	{ "compare", group_compare },
	{ "compare_chance", group_compare_chance },
	{ "moments", group_moments },
	{ "histogram", group_histogram },
	{ "dead", group_dead },
	{ "planes", group_planes },
	{ "find", group_find },
	{ "heat", group_heat },
	{ "pair", group_pair },
	{ "renamed", group_renamed },
	{ "rules", group_rules },
	{ "member_name", group_member_name },
	{ "torture", group_torture },
};

static uint64_t first_seed = 20260101, seed;
static char folders[256][32];
static size_t n_folders;

void unit_fail(const char *file, int line, const char *condition, const char *format, ...)
{
	char words[1024];
	va_list ap;
	va_start(ap, format);
	vsnprintf(words, sizeof words, format, ap);
	va_end(ap);
	print_error("%s (UNIT_SEED=%" PRIu64 ")\n", words, first_seed);
	_assert_true(0, condition, file, line);
	abort(); /* not reached: the line above leaves the test */
}

/* splitmix64: Steele, Lea and Flood, "Fast splittable pseudorandom number generators". */
uint64_t chance(void)
{
	uint64_t z = seed += UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

uint64_t chance_below(uint64_t n)
{
	return n ? chance() % n : 0;
}

bool chance_one_in(uint64_t n)
{
	return chance_below(n) == 0;
}

uint64_t chance_magnitude(void)
{
	return chance() >> chance_below(64);
}

void chance_bytes(void *to, size_t n)
{
	uint8_t *p = to;
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)chance();
}

void chance_text(char *to, size_t n, const char *alphabet)
{
	const size_t letters = strlen(alphabet);
	for (size_t i = 0; i < n; i++)
		to[i] = alphabet[chance_below(letters)];
}

struct digits unit_digits(const char *text)
{
	struct digits d = { 0, 0, 0 };
	bool fraction = false;
	const char *p = text + (*text == '-');
	for (; *p && *p != 'e'; p++) {
		if (*p == '.') {
			fraction = true;
			continue;
		}
		d.power -= fraction;
		d.m = d.m * 10 + (uint64_t)(*p - '0');
	}
	d.power += *p ? (int)strtol(p + 1, NULL, 10) : 0;
	for (; d.m && d.m % 10 == 0; d.power++)
		d.m /= 10;
	for (uint64_t rest = d.m; rest; rest /= 10)
		d.n++;
	return d;
}

const char *unit_data(const char *rest)
{
	static char path[4096];
	const char *sources = getenv("SRCDIR");
	snprintf(path, sizeof path, "%s/tests/data/%s", sources ? sources : ".", rest);
	return path;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

static void remove_folders(void)
{
	while (n_folders)
		nftw(folders[--n_folders], remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *unit_folder(void)
{
	assert_true(n_folders < COUNT(folders));
	strcpy(folders[n_folders], "/tmp/unit-XXXXXX");
	assert_non_null(mkdtemp(folders[n_folders]));
	return folders[n_folders++];
}

void unit_write(const char *folder, const char *name, const void *p, size_t n)
{
	char path[4096];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *f = fopen(path, "wb");
	CHECK(f != NULL, "%s: %s", path, strerror(errno));
	assert_int_equal(fwrite(p, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
}

const char *unit_comma(void)
{
	static const char *const names[] = { "de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8",
					     "fr_FR.utf8",  "de_DE",	  "fr_FR" };
	const char *set = NULL;
	for (size_t i = 0; i < COUNT(names) && !set; i++)
		set = setlocale(LC_NUMERIC, names[i]);
	return set;
}

void unit_point(void)
{
	setlocale(LC_NUMERIC, "C");
}

int unit_run(const char *name, const struct CMUnitTest *tests, size_t n)
{
	seed = first_seed;
	return _cmocka_run_group_tests(name, tests, n, NULL, NULL);
}

int main(int argc, char **argv)
{
	int failed = 0, known = argc < 2;
	const char *wish = getenv("UNIT_SEED");
	if (wish)
		first_seed = strtoull(wish, NULL, 10);
	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		setlocale(LC_CTYPE, "");
	atexit(remove_folders);
	for (size_t i = 0; i < COUNT(groups); i++)
		for (int k = argc < 2 ? 0 : 1; k < argc; k++)
			if (argc < 2 || !strcmp(argv[k], groups[i].name)) {
				failed += groups[i].run();
				known = 1;
				break;
			}
	if (!known)
		fprintf(stderr, "unit: no group of that name\n");
	return failed || !known;
}
