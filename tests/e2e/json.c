// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads one JSON object after another and prints, for each of them, one line
 * with the values at the given places, tabs between them and "-" for what is
 * not there. A place is a path such as events.copy_thread.regs_after.x.0.
 *
 * usage: json FILE PLACE...
 */
#include <jansson.h>

#include "workload.h"

static const json_t *descend(const json_t *value, const char *name)
{
	char *end;
	unsigned long index;

	if (!json_is_array(value))
		return json_object_get(value, name);
	index = strtoul(name, &end, 10);
	return *end ? NULL : json_array_get(value, index);
}

static const json_t *find(const json_t *value, const char *place)
{
	char *path = strdup(place);
	char *rest = path;
	char *name;

	while (value && (name = strsep(&rest, ".")))
		value = descend(value, name);
	free(path);
	return value;
}

static void print(const json_t *value)
{
	char *text;

	if (!value || json_is_null(value)) {
		printf("-");
	} else if (json_is_string(value)) {
		printf("%s", json_string_value(value));
	} else {
		text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_PRESERVE_ORDER);
		printf("%s", text ? text : "?");
		free(text);
	}
}

/* Is there anything but blanks before the end? */
static int more(FILE *file)
{
	int c;

	do {
		c = fgetc(file);
	} while (c == ' ' || c == '\n' || c == '\t' || c == '\r');
	return c != EOF && ungetc(c, file) != EOF;
}

int main(int argc, char **argv)
{
	json_error_t error;
	json_t *object;
	FILE *file;
	int i;

	if (argc < 3)
		usage("FILE PLACE...");
	file = fopen(argv[1], "r");
	if (!file)
		die("%s", argv[1]);
	while (more(file)) {
		object = json_loadf(file, JSON_DISABLE_EOF_CHECK, &error);
		if (!object) {
			fprintf(stderr, "json: %s: %s\n", argv[1], error.text);
			return 2;
		}
		for (i = 2; i < argc; i++) {
			print(find(object, argv[i]));
			putchar(i + 1 < argc ? '\t' : '\n');
		}
		json_decref(object);
	}
	fclose(file);
	return 0;
}
