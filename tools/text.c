// SPDX-License-Identifier: GPL-2.0-only
/* Text in rows of items. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

#define GAP	3	/* spaces between two items */

int fw_text_open(struct fw_text *text, bool color)
{
	memset(text, 0, sizeof(*text));
	text->color = color;
	text->out = open_memstream(&text->data, &text->size);
	return text->out ? 0 : -ENOMEM;
}

int fw_text_finish(struct fw_text *text)
{
	return fflush(text->out) || ferror(text->out) || text->failed ? -ENOMEM : 0;
}

void fw_text_close(struct fw_text *text)
{
	fclose(text->out);
	free(text->data);
}

static void put(struct fw_text *text, enum fw_style style, const char *string, size_t len)
{
	static const char * const on[] = {
		[FW_PLAIN] = "",
		[FW_BOLD] = "\033[1m",
		[FW_DIM] = "\033[2m",
		[FW_LOUD] = "\033[1;31m",
	};
	bool colored = text->color && *on[style];

	text->column += len;
	fprintf(text->out, "%s%.*s%s", colored ? on[style] : "", (int)len, string,
		colored ? "\033[0m" : "");
}

static void pad_to(struct fw_text *text, size_t column)
{
	if (text->column < column)
		fprintf(text->out, "%*s", (int)(column - text->column), "");
	if (text->column < column)
		text->column = column;
}

static void new_line(struct fw_text *text)
{
	fputc('\n', text->out);
	text->column = 0;
}

void fw_text_row_styled(struct fw_text *text, enum fw_style style, const char *label)
{
	if (text->column)
		new_line(text);
	text->indent = FW_TEXT_INDENT;
	if (*label) {
		pad_to(text, 2);
		put(text, style, label, strlen(label));
	}
}

void fw_text_row(struct fw_text *text, const char *label)
{
	fw_text_row_styled(text, FW_PLAIN, label);
}

void fw_text_end(struct fw_text *text, bool gap)
{
	if (text->column)
		new_line(text);
	if (gap)
		new_line(text);
}

/* Behind @gap spaces, or on the next line if this one is full. */
static void put_behind(struct fw_text *text, size_t gap, enum fw_style style,
		       const char *string, size_t len)
{
	size_t at = text->column + gap;

	if (text->column < text->indent)
		at = text->indent;
	if (at + len > FW_TEXT_WIDTH && at > text->indent) {
		new_line(text);
		at = text->indent;
		/* What kept it apart from the item before is not needed here. */
		if (len && *string == ' ') {
			string++;
			len--;
		}
	}
	pad_to(text, at);
	put(text, style, string, len);
}

__attribute__((format(printf, 4, 0)))
static void append(struct fw_text *text, size_t gap, enum fw_style style, const char *format,
		   va_list args)
{
	char *string;

	if (vasprintf(&string, format, args) < 0) {
		text->failed = true;
		return;
	}
	put_behind(text, gap, style, string, strlen(string));
	free(string);
}

void fw_text_item(struct fw_text *text, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	append(text, GAP, FW_PLAIN, format, args);
	va_end(args);
}

void fw_text_styled(struct fw_text *text, enum fw_style style, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	append(text, GAP, style, format, args);
	va_end(args);
}

void fw_text_more(struct fw_text *text, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	append(text, 0, FW_PLAIN, format, args);
	va_end(args);
}

void fw_text_hang(struct fw_text *text)
{
	if (text->column + GAP > text->indent)
		text->indent = text->column + GAP;
}

void fw_text_words(struct fw_text *text, const char *sentence)
{
	size_t gap = GAP, len;

	for (; *sentence; sentence += len + strspn(sentence + len, " ")) {
		len = strcspn(sentence, " ");
		put_behind(text, gap, FW_PLAIN, sentence, len);
		gap = 1;
	}
}

void fw_text_at(struct fw_text *text, size_t column, enum fw_style style, const char *string)
{
	if (!*string)
		return;
	/* A cell that is too wide pushes the next one away. */
	pad_to(text, text->column < column || !text->column ? column : text->column + 1);
	put(text, style, string, strlen(string));
}
