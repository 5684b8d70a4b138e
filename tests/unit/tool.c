// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <cmocka.h>

#include "tool.h"

char tool_output[1 << 20];

int tool(const char *format, ...)
{
	char command[2048] = TEST_TOOL " ";
	size_t length = strlen(command);
	va_list args;
	FILE *pipe;
	int status;

	va_start(args, format);
	vsnprintf(command + length, sizeof(command) - length, format, args);
	va_end(args);
	strncat(command, " 2>&1", sizeof(command) - strlen(command) - 1);
	pipe = popen(command, "r");
	assert_non_null(pipe);
	tool_output[fread(tool_output, 1, sizeof(tool_output) - 1, pipe)] = '\0';
	status = pclose(pipe);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

void assert_tool_says(const char *words)
{
	if (!strstr(tool_output, words))
		fail_msg("`%s' is not in:\n%s", words, tool_output);
}
