// SPDX-License-Identifier: GPL-2.0-only
/*
 * The text: an item is its type, its name and, of a string, its value, both ended by
 * END; CLOSE ends what OBJECT or ARRAY began.
 */
#include <stdlib.h>
#include <string.h>

#include "draft.h"

#define STRING	's'
#define OBJECT	'o'
#define ARRAY	'a'
#define CLOSE	'e'
#define END	'\x1f'

#define DEPTH	4

void fw_draft_reset(struct fw_draft *draft)
{
	draft->used = 0;
	draft->failed = false;
	if (draft->text)
		*draft->text = '\0';
}

void fw_draft_free(struct fw_draft *draft)
{
	free(draft->text);
	memset(draft, 0, sizeof(*draft));
}

static bool make_room(struct fw_draft *draft, size_t size)
{
	size_t room = 2 * (draft->used + size);
	char *text;

	if (draft->used + size < draft->room)
		return true;
	text = realloc(draft->text, room);
	if (!text) {
		draft->failed = true;
		return false;
	}
	draft->text = text;
	draft->room = room;
	return true;
}

static void put_type(struct fw_draft *draft, char type)
{
	if (!make_room(draft, 2))
		return;
	draft->text[draft->used++] = type;
	draft->text[draft->used] = '\0';
}

/* What is in @word cannot end it. */
static void put_word(struct fw_draft *draft, const char *word)
{
	char *at;

	if (!make_room(draft, strlen(word) + 2))
		return;
	for (at = draft->text + draft->used; *word; word++)
		*at++ = *word == END ? '?' : *word;
	*at++ = END;
	*at = '\0';
	draft->used = at - draft->text;
}

void fw_draft_string(struct fw_draft *draft, const char *name, const char *value)
{
	if (!value)
		return;
	put_type(draft, STRING);
	put_word(draft, name ? name : "");
	put_word(draft, value);
}

void fw_draft_object(struct fw_draft *draft, const char *name)
{
	put_type(draft, OBJECT);
	put_word(draft, name ? name : "");
}

void fw_draft_array(struct fw_draft *draft, const char *name)
{
	put_type(draft, ARRAY);
	put_word(draft, name ? name : "");
}

void fw_draft_close(struct fw_draft *draft)
{
	put_type(draft, CLOSE);
}

/* The word at @at, which is moved behind it. */
static json_t *take_word(const char **at)
{
	const char *word = *at;

	*at = strchr(word, END) + 1;
	return json_stringn(word, *at - 1 - word);
}

/* Takes @value in any case. Returns 0, or -1 without memory. */
static int add(json_t *to, const json_t *name, json_t *value)
{
	if (json_is_array(to))
		return json_array_append_new(to, value);
	if (!name || !value) {
		json_decref(value);
		return -1;
	}
	return json_object_set_new(to, json_string_value(name), value);
}

/* Adds the item at @at to the last of @open; returns how many are open then, 0 without memory. */
static size_t add_item(json_t **open, size_t depth, const char **at)
{
	char type = *(*at)++;
	json_t *name, *value;
	int ret;

	if (type == CLOSE)
		return depth - 1;
	name = take_word(at);
	if (type == STRING)
		value = take_word(at);
	else
		value = type == OBJECT ? json_object() : json_array();
	ret = add(open[depth - 1], name, value);
	json_decref(name);
	if (ret)
		return 0;
	if (type != STRING)
		open[depth++] = value;
	return depth;
}

json_t *fw_draft_json(const struct fw_draft *draft)
{
	json_t *open[DEPTH] = { draft->failed ? NULL : json_object() };
	const char *at = draft->text ? draft->text : "";
	size_t depth = 1;

	while (open[0] && depth && *at)
		depth = add_item(open, depth, &at);
	if (depth)
		return open[0];
	json_decref(open[0]);
	return NULL;
}
