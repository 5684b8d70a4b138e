// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "names.h"
#include "places.h"

#define PLACE_MAX	4096	/* forks that lie deeper are not told apart by their parents */
#define NAME_LEN	(FORKWATCH_PATH_LEN + 64)
#define NUMBER_LEN	24

/* A node on the way to the one at hand. */
struct level {
	char *place;
	size_t length, room;
	json_t *counts;			/* of its children so far, by name; NULL: there is none */
};

struct fw_places {
	struct level *levels;
	unsigned int room, used;
	json_t *roots, *deep;		/* counts of those that have no parent, or lie too deep */
};

int fw_places_open(struct fw_places **out)
{
	struct fw_places *places = calloc(1, sizeof(*places));

	if (!places)
		return -ENOMEM;
	places->roots = json_object();
	places->deep = json_object();
	if (!places->roots || !places->deep) {
		fw_places_close(places);
		return -ENOMEM;
	}
	*out = places;
	return 0;
}

void fw_places_close(struct fw_places *places)
{
	unsigned int i;

	for (i = 0; i < places->used; i++) {
		free(places->levels[i].place);
		json_decref(places->levels[i].counts);
	}
	free(places->levels);
	json_decref(places->roots);
	json_decref(places->deep);
	free(places);
}

/* "fork ls": what siblings are counted by. The program is that which the child executed. */
static void name_node(const struct fw_node *node, char name[NAME_LEN])
{
	const char *kind = fw_fork_kind_name(node->kind), *slash;
	size_t length = strlen(kind);

	if (!node->id) {
		fw_name_plain(node->comm, sizeof(node->comm), name, NAME_LEN);
		return;
	}
	memcpy(name, kind, length + 1);
	if (!node->path)
		return;
	name[length++] = ' ';
	slash = strrchr(node->path, '/');
	fw_name_plain(slash ? slash + 1 : node->path, FORKWATCH_PATH_LEN, name + length,
		      NAME_LEN - length);
}

/* How many of that name there are by now; 0 without memory. */
static json_int_t count(json_t *counts, const char *name)
{
	json_t *nr = json_object_get(counts, name);

	if (!nr)
		return json_object_set_new(counts, name, json_integer(1)) ? 0 : 1;
	json_integer_set(nr, json_integer_value(nr) + 1);
	return json_integer_value(nr);
}

/* The counts that a child of @parent belongs to, NULL without memory. */
static json_t *counts_below(struct fw_places *places, struct level *parent)
{
	if (!parent)
		return places->roots;
	if (parent->length > PLACE_MAX)
		return places->deep;
	if (!parent->counts)
		parent->counts = json_object();
	return parent->counts;
}

static struct level *get_level(struct fw_places *places, unsigned int depth)
{
	if (depth >= places->room) {
		unsigned int room = 2 * depth + 16;
		struct level *levels = reallocarray(places->levels, room, sizeof(*levels));

		if (!levels)
			return NULL;
		places->levels = levels;
		places->room = room;
	}
	for (; places->used <= depth; places->used++)
		places->levels[places->used] = (struct level) { .place = NULL };
	return &places->levels[depth];
}

static bool make_room(struct level *level, size_t size)
{
	char *place;

	if (size <= level->room)
		return true;
	place = realloc(level->place, 2 * size);
	if (!place)
		return false;
	level->place = place;
	level->room = 2 * size;
	return true;
}

/* "#1", as printf() would, which took most of the time. Returns the end. */
static char *put_number(char *at, json_int_t nr)
{
	char digits[NUMBER_LEN], *first = digits + sizeof(digits);

	for (; nr; nr /= 10)
		*--first = '0' + nr % 10;
	*at++ = '#';
	at = mempcpy(at, first, digits + sizeof(digits) - first);
	*at = '\0';
	return at;
}

/* Writes the place of @level: that of its parent, its name, and its number @nr. */
static bool write_place(struct level *level, const struct level *parent, const char *name,
			json_int_t nr)
{
	bool deep = parent && parent->length > PLACE_MAX;
	size_t length = parent ? deep ? strlen("...") : parent->length : 0;
	char *at;

	if (!make_room(level, length + 1 + strlen(name) + NUMBER_LEN))
		return false;
	at = level->place;
	if (parent) {
		at = mempcpy(at, deep ? "..." : parent->place, length);
		*at++ = '/';
	}
	at = stpcpy(at, name);
	/* Most traces have one root. */
	if (parent || nr > 1)
		at = put_number(at, nr);
	level->length = at - level->place;
	return true;
}

const char *fw_places_next(struct fw_places *places, const struct fw_node *node,
			   unsigned int depth)
{
	struct level *level = get_level(places, depth), *parent;
	char name[NAME_LEN];
	json_t *counts;
	json_int_t nr;

	if (!level)
		return NULL;
	parent = depth ? level - 1 : NULL;
	name_node(node, name);
	counts = counts_below(places, parent);
	nr = counts ? count(counts, name) : 0;
	if (!nr || !write_place(level, parent, name, nr))
		return NULL;
	json_decref(level->counts);
	level->counts = NULL;
	return level->place;
}
