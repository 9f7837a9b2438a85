/* help.c — --help, from the tables of commands and options.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "cli/cmd.h"
#include "report/column.h"

static void print_examples(const char *examples)
{
	puts("Examples:");
	for (const char *p = examples; *p;) {
		const size_t n = strcspn(p, "\n");
		printf("  %.*s\n", (int)n, p);
		p += n + (p[n] == '\n');
	}
}

static void print_option(enum option_id id)
{
	const struct option_spec *s = &option_specs[id];
	char left[64];
	snprintf(left, sizeof left, "%c%c%s--%s%s%s", s->letter ? '-' : ' ',
		 s->letter ? s->letter : ' ', s->letter ? ", " : "  ", s->name,
		 s->arg ? "=" : "", s->arg ? s->arg : "");
	printf("  %-24s %s\n", left, s->help);
}

static void print_columns(const struct command_columns *t)
{
	printf("\n%s:\n", t->title);
	for (const struct column *column = t->columns; column->name; column++)
		printf("  %-20s %s\n", column->name, column->help ? column->help : "");
}

static void program_help(void)
{
	puts("ckpt-inspect: look into TensorFlow checkpoints without TensorFlow\n");
	print_examples(
		"ckpt-inspect model.ckpt-200          # any of its files, or its folder\n"
		"ckpt-inspect print run/ dense1/kernel\n"
		"ckpt-inspect verify run/\n"
		"ckpt-inspect --json run/ | jq '.tensors[].name'\n");
	puts("\nCommands (without one: list):");
	for (const struct command *const *c = commands; *c; c++)
		printf("  %-12s %s\n", (*c)->name, (*c)->summary);
	puts("\nOptions of every command:");
	for (const enum option_id *o = common_options; *o; o++)
		print_option(*o);
	puts("\nExit codes: 0 fine, 1 damage or a difference was found, 2 trouble.\n"
	     "ckpt-inspect COMMAND --help tells more; so does ckpt-inspect(1).");
}

void print_help(const struct command *c)
{
	if (!c) {
		program_help();
		return;
	}
	printf("ckpt-inspect %s %s: %s\n\n", c->name, c->args, c->summary);
	print_examples(c->examples);
	puts("\nOptions:");
	for (const enum option_id *o = c->options; *o; o++)
		print_option(*o);
	for (const enum option_id *o = common_options; *o; o++)
		print_option(*o);
	for (const struct command_columns *t = c->columns; t->title; t++)
		print_columns(t);
	if (c->notes)
		printf("\n%s", c->notes);
}
