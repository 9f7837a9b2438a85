/* cmd_completion.c — ckpt-inspect completion: what a shell needs to complete our words.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Made from the tables of commands and options; share/completions holds what this prints,
 * and a test compares the two.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "cli/cmd.h"

/* Calls fn for each option of a command, common ones included. */
static void each_option(const struct command *c, void (*fn)(const struct option_spec *s))
{
	for (const enum option_id *o = c->options; *o; o++)
		fn(&option_specs[*o]);
	for (const enum option_id *o = common_options; *o; o++)
		fn(&option_specs[*o]);
}

static void bash_option(const struct option_spec *s)
{
	printf(" --%s%s", s->name, s->arg ? "=" : "");
	if (s->letter)
		printf(" -%c", s->letter);
}

static void bash(void)
{
	puts("# bash completion for ckpt-inspect; made by \"ckpt-inspect completion "
	     "bash\"");
	puts("_ckpt_inspect()\n{\n\tlocal cur=${COMP_WORDS[COMP_CWORD]} command=list "
	     "words i");
	fputs("\tlocal commands='", stdout);
	for (const struct command *const *c = commands; *c; c++)
		printf("%s%s", c == commands ? "" : " ", (*c)->name);
	puts("'");
	puts("\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	     "\t\tcase \" $commands \" in\n"
	     "\t\t*\" ${COMP_WORDS[i]} \"*) command=${COMP_WORDS[i]}; break ;;\n"
	     "\t\tesac\n\tdone");
	puts("\tcase $command in");
	for (const struct command *const *c = commands; *c; c++) {
		printf("\t%s) words='", (*c)->name);
		each_option(*c, bash_option);
		puts("' ;;");
	}
	puts("\tesac\n"
	     "\tif [[ $cur == -* ]]; then\n"
	     "\t\tCOMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
	     "\t\t[[ ${COMPREPLY-} == *= ]] && compopt -o nospace\n"
	     "\telse\n"
	     "\t\tcompopt -o filenames\n"
	     "\t\tCOMPREPLY=($(compgen -f -- \"$cur\"))\n"
	     "\t\t((COMP_CWORD == 1)) && COMPREPLY+=($(compgen -W \"$commands\" -- "
	     "\"$cur\"))\n"
	     "\tfi\n}\ncomplete -F _ckpt_inspect ckpt-inspect");
}

/* Text within single quotes, for zsh's and fish's own syntax. */
static void put_quoted(const char *text)
{
	for (; *text; text++) {
		if (*text == '\'')
			fputs("'\\''", stdout);
		else if (*text == '[' || *text == ']' || *text == ':')
			printf("\\%c", *text);
		else
			putchar(*text);
	}
}

static void zsh_option(const struct option_spec *s)
{
	printf(" \\\n\t\t\t'--%s%s[", s->name, s->arg ? "=" : "");
	put_quoted(s->help);
	putchar(']');
	if (s->arg)
		printf(":%s:", s->arg);
	putchar('\'');
}

static void zsh(void)
{
	puts("#compdef ckpt-inspect\n"
	     "# zsh completion for ckpt-inspect; made by \"ckpt-inspect completion "
	     "zsh\"\n"
	     "_ckpt_inspect()\n{\n\tlocal -a commands\n\tcommands=(");
	for (const struct command *const *c = commands; *c; c++) {
		printf("\t\t'%s:", (*c)->name);
		put_quoted((*c)->summary);
		puts("'");
	}
	puts("\t)\n"
	     "\tif ((CURRENT == 2)) && [[ $PREFIX != -* ]]; then\n"
	     "\t\t_describe command commands\n"
	     "\t\t_files\n"
	     "\t\treturn\n"
	     "\tfi\n"
	     "\tcase $words[2] in");
	for (const struct command *const *c = commands + 1; *c; c++) {
		printf("\t%s)\n\t\t_arguments", (*c)->name);
		each_option(*c, zsh_option);
		puts(" \\\n\t\t\t'*:path:_files' ;;");
	}
	fputs("\t*)\n\t\t_arguments", stdout);
	each_option(commands[0], zsh_option);
	puts(" \\\n\t\t\t'*:path:_files' ;;\n\tesac\n}\n_ckpt_inspect \"$@\"");
}

static const struct command *fish_command;

static void put_fish(const char *text)
{
	for (; *text; text++) {
		if (*text == '\'' || *text == '\\')
			putchar('\\');
		putchar(*text);
	}
}

static void fish_option(const struct option_spec *s)
{
	printf("complete -c ckpt-inspect -n '__fish_seen_subcommand_from %s' -l %s",
	       fish_command->name, s->name);
	if (s->letter)
		printf(" -s %c", s->letter);
	fputs(s->arg ? " -r -d '" : " -d '", stdout);
	put_fish(s->help);
	puts("'");
}

static void fish(void)
{
	puts("# fish completion for ckpt-inspect; made by \"ckpt-inspect completion "
	     "fish\"");
	for (const struct command *const *c = commands; *c; c++) {
		printf("complete -c ckpt-inspect -n __fish_use_subcommand -a %s -d '",
		       (*c)->name);
		put_fish((*c)->summary);
		puts("'");
	}
	for (const struct command *const *c = commands; *c; c++) {
		fish_command = *c;
		each_option(*c, fish_option);
	}
}

static int run(const struct options *o)
{
	static const struct {
		const char *name;
		void (*print)(void);
	} shells[] = { { "bash", bash }, { "zsh", zsh }, { "fish", fish } };
	struct ckpt_error err = { 0 };
	for (size_t i = 0; i < sizeof shells / sizeof *shells; i++)
		if (!strcmp(o->args[0], shells[i].name)) {
			shells[i].print();
			return EXIT_FINE;
		}
	error_set(&err, CKPT_EINVAL, NULL, -1,
		  "completion is for bash, zsh or fish, not '%.40s'", o->args[0]);
	return fail(o, &err);
}

const struct command cmd_completion = {
	.name = "completion",
	.args = "SHELL",
	.summary = "print the completions of bash, zsh or fish",
	.examples = "ckpt-inspect completion bash > "
		    "~/.local/share/bash-completion/completions/"
		    "ckpt-inspect\n",
	.options = { OPT_NONE },
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
