// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <limits.h>
#include <stdarg.h>

#include "xml.h"

void fw_xml_put(FILE *out, const char *text)
{
	static const char *const entities[UCHAR_MAX + 1] = {
		['&'] = "&amp;", ['<'] = "&lt;", ['>'] = "&gt;", ['"'] = "&quot;",
	};

	for (; *text; text++) {
		unsigned char c = *text;

		if (entities[c])
			fputs(entities[c], out);
		else
			fputc(c < 0x80 && (isprint(c) || c == '\n') ? c : '?', out);
	}
}

void fw_xml_format(FILE *out, const char *format, ...)
{
	char text[PATH_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fw_xml_put(out, text);
}
