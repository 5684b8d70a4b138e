// SPDX-License-Identifier: GPL-2.0-only
/* What went wrong with a source, in words. */
#include <stdarg.h>
#include <stdio.h>

#include "source.h"

static char source_error[1024];

const char *fw_source_error(void)
{
	return source_error;
}

int fw_source_fail(int err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(source_error, sizeof(source_error), format, args);
	va_end(args);
	return err;
}
