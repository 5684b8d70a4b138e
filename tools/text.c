// SPDX-License-Identifier: GPL-2.0-only
/* Text in rows of items. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

#define GAP	3	/* spaces between two items */

/* Room for @more bytes behind what there is; NULL without memory. */
static char *make_room(struct fw_text *text, size_t more)
{
	size_t room = 2 * (text->size + more);
	char *data;

	if (text->size + more > text->room) {
		data = realloc(text->data, room);
		if (!data) {
			text->failed = true;
			return NULL;
		}
		text->data = data;
		text->room = room;
	}
	return text->data + text->size;
}

int fw_text_open(struct fw_text *text, bool color)
{
	memset(text, 0, sizeof(*text));
	text->color = color;
	return make_room(text, 4096) ? 0 : -ENOMEM;
}

int fw_text_finish(struct fw_text *text)
{
	char *end = make_room(text, 1);

	if (end)
		*end = '\0';
	return text->failed ? -ENOMEM : 0;
}

void fw_text_close(struct fw_text *text)
{
	free(text->data);
}

static void put_bytes(struct fw_text *text, const char *bytes, size_t len)
{
	char *to = make_room(text, len);

	if (!to)
		return;
	memcpy(to, bytes, len);
	text->size += len;
}

static void put_spaces(struct fw_text *text, size_t len)
{
	char *to = make_room(text, len);

	if (!to)
		return;
	memset(to, ' ', len);
	text->size += len;
}

static void put(struct fw_text *text, enum fw_style style, const char *string, size_t len)
{
	static const char * const on[] = {
		[FW_PLAIN] = "",
		[FW_BOLD] = "\033[1m",
		[FW_DIM] = "\033[2m",
		[FW_LOUD] = "\033[1;31m",
	};
	static const char off[] = "\033[0m";
	bool colored = text->color && *on[style];

	text->column += len;
	if (colored)
		put_bytes(text, on[style], strlen(on[style]));
	put_bytes(text, string, len);
	if (colored)
		put_bytes(text, off, strlen(off));
}

static void pad_to(struct fw_text *text, size_t column)
{
	if (text->column >= column)
		return;
	put_spaces(text, column - text->column);
	text->column = column;
}

static void new_line(struct fw_text *text)
{
	put_bytes(text, "\n", 1);
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

/* What does not fit into @room is made by malloc(); NULL without memory. */
__attribute__((format(printf, 3, 0)))
static char *format_into(char *room, size_t size, const char *format, va_list args, size_t *len)
{
	va_list again;
	char *string;
	int ret;

	va_copy(again, args);
	ret = vsnprintf(room, size, format, again);
	va_end(again);
	if (ret >= 0 && (size_t)ret < size) {
		*len = ret;
		return room;
	}
	ret = vasprintf(&string, format, args);
	*len = ret < 0 ? 0 : ret;
	return ret < 0 ? NULL : string;
}

__attribute__((format(printf, 4, 0)))
static void append(struct fw_text *text, size_t gap, enum fw_style style, const char *format,
		   va_list args)
{
	char room[256];
	size_t len;
	char *string = format_into(room, sizeof(room), format, args, &len);

	if (!string) {
		text->failed = true;
		return;
	}
	put_behind(text, gap, style, string, len);
	if (string != room)
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

void fw_text_word(struct fw_text *text, const char *word)
{
	put_behind(text, 1, FW_PLAIN, word, strlen(word));
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
