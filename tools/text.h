/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Text in rows: a label, then items side by side, wrapped under each other
 * before they leave the screen. It collects what is written in memory.
 */
#ifndef FW_TEXT_H
#define FW_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#define FW_TEXT_WIDTH	100
#define FW_TEXT_INDENT	10	/* where items begin, behind the label */

enum fw_style {
	FW_PLAIN,
	FW_BOLD,
	FW_DIM,
	FW_LOUD,
};

struct fw_text {
	char *data;
	size_t size, room;
	size_t column;		/* of the line that is being written */
	size_t indent;		/* where this row's items begin */
	bool color;
	bool failed;		/* memory ran out on the way */
};

/*
 * 0 or -ENOMEM. Closing frees; finishing puts a NUL behind the @size bytes of @data, and says what
 * failed before.
 */
int fw_text_open(struct fw_text *text, bool color);
int fw_text_finish(struct fw_text *text);
void fw_text_close(struct fw_text *text);

/* Begins a row, ending the one before it; "" continues under the last label. */
void fw_text_row(struct fw_text *text, const char *label);
void fw_text_row_styled(struct fw_text *text, enum fw_style style, const char *label);
/* Ends the row, and leaves a line free if @gap. */
void fw_text_end(struct fw_text *text, bool gap);

/* The next item of the row. */
__attribute__((format(printf, 2, 3)))
void fw_text_item(struct fw_text *text, const char *format, ...);
__attribute__((format(printf, 3, 4)))
void fw_text_styled(struct fw_text *text, enum fw_style style, const char *format, ...);
/* What belongs to the item before it without a space, as "a|b|c" does. */
__attribute__((format(printf, 2, 3)))
void fw_text_more(struct fw_text *text, const char *format, ...);
/* One word behind another, or the first of its row. */
void fw_text_word(struct fw_text *text, const char *word);
/* A sentence as the next item, wrapped between its words. */
void fw_text_words(struct fw_text *text, const char *sentence);
/* From now on this row is wrapped to where its next item begins. */
void fw_text_hang(struct fw_text *text);
/* What starts at @column at the earliest, and on this line. */
void fw_text_at(struct fw_text *text, size_t column, enum fw_style style, const char *string);

#endif
