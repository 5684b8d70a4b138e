// SPDX-License-Identifier: GPL-2.0-only
/* What is wrong with a trace, for a terminal. */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>

#include "trace.h"

static char error_text[1024] = "no error";

const char *fw_trace_error(void)
{
	return error_text;
}

int fw_trace_fail(int error, const char *format, ...)
{
	va_list args;
	char *s;

	va_start(args, format);
	vsnprintf(error_text, sizeof(error_text), format, args);
	va_end(args);
	for (s = error_text; *s; s++)
		if (iscntrl((unsigned char)*s))
			*s = '?';
	return error;
}
