/* sign.c — our own signs, and what stands for them where there is ASCII alone.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "tui/sign.h"

#include <langinfo.h>
#include <string.h>
#include <wchar.h>

/* In the order of their code points. */
static const struct sign {
	uint32_t cp;
	char ascii;
} signs[] = {
	{ 0x00b7, '.' }, /* · no change, between words */
	{ 0x00d7, 'x' }, /* × */
	{ 0x0394, 'd' }, /* Δ */
	{ 0x2016, '|' }, /* ‖ */
	{ 0x2026, '~' }, /* … */
	{ 0x2190, '<' }, { 0x2191, '^' }, { 0x2192, '>' }, { 0x2193, 'v' }, /* ←↑→↓ */
	{ 0x21b5, 'E' }, /* ↵ */
	{ 0x21b9, 'T' }, /* ↹ */
	{ 0x2264, '<' }, /* ≤ */
	{ 0x2500, '-' }, { 0x2502, '|' }, { 0x2514, '+' }, { 0x251c, '+' },
	{ 0x2524, '+' }, /* ─│└├┤ */
	{ 0x2581, '_' }, { 0x2582, '.' }, { 0x2583, '-' }, { 0x2584, '-' },
	{ 0x2585, '=' }, { 0x2586, '+' }, { 0x2587, '*' }, /* ▁ to ▇ */
	{ 0x2588, '#' }, { 0x2589, '#' }, { 0x258a, '#' }, { 0x258b, '#' },
	{ 0x258c, '#' }, { 0x258d, ' ' }, { 0x258e, ' ' }, { 0x258f, ' ' }, /* █ to ▏ */
	{ 0x2591, '.' }, { 0x2592, '=' }, { 0x2593, '#' }, /* ░▒▓ */
	{ 0x25b4, '^' }, { 0x25b8, '+' }, { 0x25be, 'v' }, /* ▴▸▾ */
};

enum { N_SIGNS = sizeof signs / sizeof *signs };

bool signs_are_shown(void)
{
	if (strcmp(nl_langinfo(CODESET), "UTF-8"))
		return false;
	for (int i = 0; i < N_SIGNS; i++)
		if (wcwidth((wchar_t)signs[i].cp) != 1)
			return false;
	return true;
}

uint32_t sign_ascii(uint32_t cp)
{
	if (cp < 0x80)
		return cp;
	for (int i = 0; i < N_SIGNS; i++)
		if (signs[i].cp == cp)
			return (uint8_t)signs[i].ascii;
	return '?';
}
