/* SPDX-License-Identifier: GPL-2.0-only */
/* The tool itself, called as users call it. */
#ifndef TEST_UNIT_TOOL_H
#define TEST_UNIT_TOOL_H

/* What it wrote when it was called last, errors too. */
extern char tool_output[1 << 20];

/* Calls it with the words of @format, by a shell. Returns its exit status. */
__attribute__((format(printf, 1, 2)))
int tool(const char *format, ...);

/* Fails the test unless @words are in tool_output. */
void assert_tool_says(const char *words);

#endif
