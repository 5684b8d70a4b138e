// SPDX-License-Identifier: GPL-2.0-only
/* forkwatch: what an arm64 kernel does when a process forks. */
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "array.h"
#include "cmd.h"
#include "message.h"

static const struct fw_cmd * const commands[] = {
	&fw_cmd_run,
	&fw_cmd_record,
	&fw_cmd_report,
	&fw_cmd_show,
	&fw_cmd_stat,
	&fw_cmd_check,
	&fw_cmd_diff,
	&fw_cmd_convert,
	&fw_cmd_clone,
	&fw_cmd_arch,
	&fw_cmd_list,
	&fw_cmd_doctor,
};

int fw_cmd_help(const struct fw_cmd *cmd)
{
	printf("usage: forkwatch %s", cmd->usage);
	return 0;
}

int fw_cmd_misuse(const struct fw_cmd *cmd, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fw_message("%s; see forkwatch %s --help", text, cmd->name);
	return cmd->trouble;
}

int fw_cmd_bad_option(const struct fw_cmd *cmd, int c, char **argv)
{
	const char *word = argv[optind - 1];
	char letter[] = { '-', optopt, 0 };

	/* A long option's text is in its word; a letter may be within one. */
	if (strncmp(word, "--", 2))
		word = letter;
	return fw_cmd_misuse(cmd, c == ':' ? "option '%s' wants a value" : "unknown option '%s'",
			     word);
}

static int help(FILE *out)
{
	size_t i;

	fputs("usage: forkwatch [-h] [-V] COMMAND [OPTION…]\n\n"
	      "Shows what an arm64 Linux kernel does when a process forks.\n\n"
	      "commands:\n", out);
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(out, "  %-10s %s\n", commands[i]->name, commands[i]->summary);
	fputs("\noptions:\n"
	      "  -h, --help     this text; forkwatch COMMAND --help for a command's own\n"
	      "  -V, --version  the version\n", out);
	return 0;
}

static int misuse(const char *format, const char *word)
{
	fw_message(format, word);
	fw_message("see forkwatch --help");
	return FW_STATUS_TROUBLE;
}

int main(int argc, char **argv)
{
	size_t i;

	if (argc < 2) {
		help(stderr);
		return FW_STATUS_TROUBLE;
	}
	if (!strcmp(argv[1], "-h") || !strcmp(argv[1], "--help"))
		return help(stdout);
	if (!strcmp(argv[1], "-V") || !strcmp(argv[1], "--version")) {
		puts("forkwatch " FORKWATCH_VERSION);
		return 0;
	}
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(argv[1], commands[i]->name))
			return commands[i]->main(commands[i], argc - 1, argv + 1);
	return misuse(argv[1][0] == '-' ? "unknown option '%s'" : "unknown command '%s'", argv[1]);
}
