// SPDX-License-Identifier: GPL-2.0-only
#include <regex.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "array.h"
#include "schema.h"

struct check {
	json_t *root;
	bool strict;
	char *why;
	size_t size;
};

static bool accepts(const struct check *check, json_t *schema, json_t *value, const char *path);

__attribute__((format(printf, 3, 4)))
static bool no(const struct check *check, const char *path, const char *format, ...)
{
	va_list args;
	int len = snprintf(check->why, check->size, "%s: ", path);

	va_start(args, format);
	if (len >= 0 && (size_t)len < check->size)
		vsnprintf(check->why + len, check->size - len, format, args);
	va_end(args);
	return false;
}

/* "#/$defs/name" */
static json_t *resolve(const struct check *check, const char *ref)
{
	static const char prefix[] = "#/$defs/";

	if (strncmp(ref, prefix, strlen(prefix)))
		return NULL;
	return json_object_get(json_object_get(check->root, "$defs"), ref + strlen(prefix));
}

static bool is_type(const char *type, const json_t *value)
{
	return (!strcmp(type, "object") && json_is_object(value)) ||
	       (!strcmp(type, "array") && json_is_array(value)) ||
	       (!strcmp(type, "string") && json_is_string(value)) ||
	       (!strcmp(type, "integer") && json_is_integer(value)) ||
	       (!strcmp(type, "number") && json_is_number(value)) ||
	       (!strcmp(type, "boolean") && json_is_boolean(value)) ||
	       (!strcmp(type, "null") && json_is_null(value));
}

static bool check_type(const struct check *check, json_t *type, json_t *value, const char *path)
{
	json_t *each;
	size_t i;

	if (json_is_string(type))
		return is_type(json_string_value(type), value) ||
		       no(check, path, "is no %s", json_string_value(type));
	json_array_foreach(type, i, each)
		if (is_type(json_string_value(each), value))
			return true;
	return no(check, path, "has another type");
}

static bool check_ref(const struct check *check, json_t *ref, json_t *value, const char *path)
{
	json_t *schema = resolve(check, json_string_value(ref));

	if (!schema)
		return no(check, path, "%s leads nowhere", json_string_value(ref));
	return accepts(check, schema, value, path);
}

static bool check_const(const struct check *check, json_t *expected, json_t *value,
			const char *path)
{
	return json_equal(expected, value) || no(check, path, "has another value");
}

static bool check_enum(const struct check *check, json_t *values, json_t *value, const char *path)
{
	json_t *each;
	size_t i;

	json_array_foreach(values, i, each)
		if (json_equal(each, value))
			return true;
	return no(check, path, "is none of the values there are");
}

static bool check_any(const struct check *check, json_t *schemas, json_t *value, const char *path)
{
	size_t i;

	/* From behind, so that what is said in the end is about the first choice. */
	for (i = json_array_size(schemas); i--; )
		if (accepts(check, json_array_get(schemas, i), value, path))
			return true;
	return false;
}

static bool check_one(const struct check *check, json_t *schemas, json_t *value, const char *path)
{
	json_t *each;
	size_t i, nr = 0;

	json_array_foreach(schemas, i, each)
		nr += accepts(check, each, value, path);
	return nr == 1 || no(check, path, "fits %zu schemas, not one", nr);
}

static bool check_pattern(const struct check *check, json_t *pattern, json_t *value,
			  const char *path)
{
	regex_t regex;
	bool fits;

	if (!json_is_string(value))
		return true;
	if (regcomp(&regex, json_string_value(pattern), REG_EXTENDED | REG_NOSUB))
		return no(check, path, "bad pattern %s", json_string_value(pattern));
	fits = !regexec(&regex, json_string_value(value), 0, NULL, 0);
	regfree(&regex);
	return fits || no(check, path, "'%s' does not fit %s", json_string_value(value),
			  json_string_value(pattern));
}

static bool check_minimum(const struct check *check, json_t *minimum, json_t *value,
			  const char *path)
{
	return !json_is_integer(value) ||
	       json_integer_value(value) >= json_integer_value(minimum) ||
	       no(check, path, "is too small");
}

static bool check_items(const struct check *check, json_t *items, json_t *value, const char *path)
{
	char below[256];
	json_t *each;
	size_t i;

	json_array_foreach(value, i, each) {
		snprintf(below, sizeof(below), "%.200s[%zu]", path, i);
		if (!accepts(check, items, each, below))
			return false;
	}
	return true;
}

static bool check_min_items(const struct check *check, json_t *min, json_t *value,
			    const char *path)
{
	return !json_is_array(value) ||
	       json_array_size(value) >= (size_t)json_integer_value(min) ||
	       no(check, path, "has too few items");
}

static bool check_max_items(const struct check *check, json_t *max, json_t *value,
			    const char *path)
{
	return !json_is_array(value) ||
	       json_array_size(value) <= (size_t)json_integer_value(max) ||
	       no(check, path, "has too many items");
}

static bool check_required(const struct check *check, json_t *keys, json_t *value,
			   const char *path)
{
	json_t *each;
	size_t i;

	json_array_foreach(keys, i, each)
		if (json_is_object(value) && !json_object_get(value, json_string_value(each)))
			return no(check, path, "lacks %s", json_string_value(each));
	return true;
}

/* properties and additionalProperties together: the one is what the other leaves. */
static bool check_keys(const struct check *check, json_t *schema, json_t *value, const char *path)
{
	json_t *named = json_object_get(schema, "properties"), *each, *found;
	json_t *others = json_object_get(schema, "additionalProperties");
	char below[256];
	const char *key;

	if (!named && !others)
		return true;
	json_object_foreach(value, key, each) {
		snprintf(below, sizeof(below), "%.200s.%s", path, key);
		found = json_object_get(named, key);
		if (!found)
			found = others;
		if (found ? !accepts(check, found, each, below) :
			    check->strict && !no(check, below, "is not described"))
			return false;
	}
	return true;
}

static const struct keyword {
	const char *name;
	bool (*check)(const struct check *check, json_t *argument, json_t *value,
		      const char *path);
} keywords[] = {
	{ "$ref", check_ref },
	{ "type", check_type },
	{ "const", check_const },
	{ "enum", check_enum },
	{ "anyOf", check_any },
	{ "oneOf", check_one },
	{ "pattern", check_pattern },
	{ "minimum", check_minimum },
	{ "items", check_items },
	{ "minItems", check_min_items },
	{ "maxItems", check_max_items },
	{ "required", check_required },
};

static const char * const other_keywords[] = {
	"properties", "additionalProperties",
	"description", "title", "$schema", "$comment", "$defs",
};

static bool check_keyword(const struct check *check, const char *name, json_t *argument,
			  json_t *value, const char *path)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(keywords); i++)
		if (!strcmp(name, keywords[i].name))
			return keywords[i].check(check, argument, value, path);
	for (i = 0; i < ARRAY_SIZE(other_keywords); i++)
		if (!strcmp(name, other_keywords[i]))
			return true;
	return no(check, path, "the schema's %s is not known here", name);
}

static bool accepts(const struct check *check, json_t *schema, json_t *value, const char *path)
{
	const char *name;
	json_t *argument;

	json_object_foreach(schema, name, argument)
		if (!check_keyword(check, name, argument, value, path))
			return false;
	return !json_is_object(value) || check_keys(check, schema, value, path);
}

bool schema_accepts(json_t *root, json_t *schema, json_t *value, bool strict,
		    char *why, size_t size)
{
	struct check check = { .root = root, .strict = strict, .why = why, .size = size };

	return accepts(&check, schema, value, "$");
}
