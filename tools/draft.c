// SPDX-License-Identifier: GPL-2.0-only
/*
 * An item is its type, then its name and, of a string, its value. Of each of those there
 * is a word of 64 bits: where a constant is, or COPY and how long the text is that lies in
 * the words behind it, padded with zeroes. CLOSE ends what OBJECT or ARRAY began.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "draft.h"

#define STRING	1
#define OBJECT	2
#define ARRAY	3
#define CLOSE	4

#define COPY	(1ULL << 63)	/* no program lies so high */

#define WORDS(bytes)	(((bytes) + sizeof(uint64_t) - 1) / sizeof(uint64_t))

#define DEPTH	4

void fw_draft_reset(struct fw_draft *draft)
{
	draft->used = 0;
	draft->failed = false;
}

void fw_draft_free(struct fw_draft *draft)
{
	free(draft->words);
	memset(draft, 0, sizeof(*draft));
}

static bool make_room(struct fw_draft *draft, size_t words)
{
	size_t room = 2 * (draft->used + words);
	uint64_t *more;

	if (draft->used + words <= draft->room)
		return true;
	more = realloc(draft->words, room * sizeof(*more));
	if (!more) {
		draft->failed = true;
		return false;
	}
	draft->words = more;
	draft->room = room;
	return true;
}

/* In the unit tests, which are built with it: is @text really there for good? */
static void assert_constant(const char *text)
{
#ifdef __SANITIZE_ADDRESS__
	extern const char __executable_start[], _end[];

	assert(!text || (text >= __executable_start && text < _end));
#else
	(void)text;
#endif
}

static void put_constants(struct fw_draft *draft, unsigned int type, const char *name,
			  const char *value)
{
	uint64_t *at;

	assert_constant(name);
	assert_constant(value);
	if (!make_room(draft, 3))
		return;
	at = draft->words + draft->used;
	*at++ = type;
	*at++ = (uintptr_t)name;
	if (type == STRING)
		*at++ = (uintptr_t)value;
	draft->used = at - draft->words;
}

static void put_copy(struct fw_draft *draft, const char *text)
{
	size_t length = strlen(text), words = WORDS(length);
	uint64_t *at;

	if (!make_room(draft, 1 + words))
		return;
	at = draft->words + draft->used;
	*at++ = COPY | length;
	if (words)
		at[words - 1] = 0;
	memcpy(at, text, length);
	draft->used += 1 + words;
}

static void put_type(struct fw_draft *draft, unsigned int type)
{
	if (make_room(draft, 1))
		draft->words[draft->used++] = type;
}

void fw_draft_string(struct fw_draft *draft, const char *name, const char *value)
{
	if (!value)
		return;
	put_type(draft, STRING);
	put_copy(draft, name ? name : "");
	put_copy(draft, value);
}

void fw_draft_constant(struct fw_draft *draft, const char *name, const char *value)
{
	if (value)
		put_constants(draft, STRING, name, value);
}

void fw_draft_object(struct fw_draft *draft, const char *name)
{
	put_constants(draft, OBJECT, name, NULL);
}

void fw_draft_array(struct fw_draft *draft, const char *name)
{
	put_constants(draft, ARRAY, name, NULL);
}

void fw_draft_close(struct fw_draft *draft)
{
	put_type(draft, CLOSE);
}

bool fw_draft_equal(const struct fw_draft *draft, const uint64_t *words, size_t used)
{
	return draft->used == used &&
	       (!used || !memcmp(draft->words, words, used * sizeof(*words)));
}

/* The text at @at, which is moved behind it. */
static json_t *take_text(const uint64_t **at)
{
	uint64_t word = *(*at)++;
	const char *text = (const char *)*at;

	if (!(word & COPY))
		return json_string(word ? (const char *)(uintptr_t)word : "");
	*at += WORDS(word & ~COPY);
	return json_stringn(text, word & ~COPY);
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
static size_t add_item(json_t **open, size_t depth, const uint64_t **at)
{
	unsigned int type = *(*at)++;
	json_t *name, *value;
	int ret;

	if (type == CLOSE)
		return depth - 1;
	name = take_text(at);
	if (type == STRING)
		value = take_text(at);
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
	const uint64_t *at = draft->words;
	size_t depth = 1;

	while (open[0] && depth && draft->used > (size_t)(at - draft->words))
		depth = add_item(open, depth, &at);
	if (depth)
		return open[0];
	json_decref(open[0]);
	return NULL;
}
