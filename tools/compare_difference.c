// SPDX-License-Identifier: GPL-2.0-only
/* The list of differences: what many forks have is one. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "compare_parts.h"
#include "names.h"

static char *plain_copy(const char *text)
{
	size_t length = strlen(text);
	char *copy = malloc(length + 1);

	return copy ? fw_name_plain(text, length, copy, length + 1) : NULL;
}

static int add_difference(struct fw_comparison *comparison, const struct fw_change *change)
{
	struct fw_difference *difference;

	if (comparison->nr == comparison->room) {
		size_t room = 2 * comparison->room + 16;
		struct fw_difference *list = reallocarray(comparison->list, room, sizeof(*list));

		if (!list)
			return -ENOMEM;
		comparison->list = list;
		comparison->room = room;
	}
	difference = &comparison->list[comparison->nr++];
	*difference = (struct fw_difference) {
		.aspect = change->aspect,
		.what = plain_copy(change->what),
		.a = plain_copy(change->a),
		.b = plain_copy(change->b),
	};
	return difference->what && difference->a && difference->b ? 0 : -ENOMEM;
}

static int add_place(struct fw_difference *difference, const char *place)
{
	difference->count++;
	if (difference->nr_places == FW_PLACES_KEPT || !place)
		return 0;
	difference->places[difference->nr_places] = plain_copy(place);
	return difference->places[difference->nr_places++] ? 0 : -ENOMEM;
}

/* The difference that @change is one case of. */
int fw_comparison_add(struct fw_comparison *comparison, const struct fw_change *change)
{
	json_t *nr;
	char *key;
	int ret = 0;

	if (asprintf(&key, "%u\n%s\n%s\n%s", change->aspect, change->what, change->a,
		     change->b) < 0)
		return -ENOMEM;
	nr = json_object_get(comparison->index, key);
	if (!nr) {
		ret = add_difference(comparison, change);
		if (!ret)
			ret = json_object_set_new(comparison->index, key,
						  json_integer(comparison->nr - 1)) ? -ENOMEM : 0;
		nr = json_object_get(comparison->index, key);
	}
	if (!ret)
		ret = add_place(&comparison->list[json_integer_value(nr)], change->place);
	free(key);
	return ret;
}
