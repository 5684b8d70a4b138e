// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "cmd.h"
#include "message.h"
#include "target.h"

int fw_parse_pid(const char *text, pid_t *pid)
{
	char *end;
	long number;

	errno = 0;
	number = strtol(text, &end, 10);
	if (errno || *end || end == text || number <= 0 || number > 1 << 30)
		return -EINVAL;
	*pid = number;
	return 0;
}

int fw_parse_bytes(const char *text, size_t *bytes)
{
	unsigned long long number;
	char *end;
	int shift = 0;

	errno = 0;
	number = strtoull(text, &end, 10);
	if (errno || end == text || text[0] == '-')
		return -EINVAL;
	if (*end == 'K' || *end == 'M')
		shift = *end++ == 'K' ? 10 : 20;
	if (*end || !number || number > (1ULL << 30) >> shift)
		return -EINVAL;
	*bytes = number << shift;
	return 0;
}

const char *fw_target_fault(const struct fw_session_options *opt)
{
	if (opt->pid && opt->argv)
		return "there is a command and a process to trace (-p): give one of them";
	if (opt->pid && opt->source.all)
		return "-a traces all processes, -p one: give one of them";
	if (opt->user.name && !opt->argv)
		return "-u says who executes a command: give one";
	if (!opt->argv && !opt->pid && !opt->source.all)
		return "nothing to trace: give a command, -p PID or -a";
	return NULL;
}

/* Does it mean itself to every shell? */
static bool is_plain(const char *word)
{
	const char *c = word;

	while (isalnum((unsigned char)*c) || (*c && strchr("_-./,:=+@%^", *c)))
		c++;
	return c > word && !*c;
}

static void put_word(FILE *out, const char *word)
{
	if (is_plain(word)) {
		fputs(word, out);
		return;
	}
	fputc('\'', out);
	for (; *word; word++)
		if (*word == '\'')
			fputs("'\\''", out);
		else
			fputc(*word, out);
	fputc('\'', out);
}

char *fw_target_command(char *const *argv)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (; argv && *argv; argv++) {
		put_word(out, *argv);
		if (argv[1])
			fputc(' ', out);
	}
	fclose(out);
	return text;
}

int fw_target_status(const struct fw_session_result *result)
{
	if (result->left) {
		fw_message("interrupted: the command goes on as process %d, untraced",
			   result->left);
		return 128 + SIGINT;
	}
	if (WIFSIGNALED(result->status))
		return 128 + WTERMSIG(result->status);
	return result->ended ? WEXITSTATUS(result->status) : 0;
}

int fw_target_failed(const struct fw_session_result *result)
{
	fw_message("%s", result->error);
	if (!result->exec_error)
		return FW_STATUS_RUN_FAILED;
	return result->exec_error == -ENOENT ? 127 : 126;
}
