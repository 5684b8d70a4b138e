// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads the tool's JSON and holds the stages of each fork against each other:
 * one begins and ends within the one above, and is what is below it and its
 * own. Prints "fork NAME TOTAL PERCENT" for each stage, PERCENT of the
 * outermost; what is wrong goes to standard error, and makes it exit with 1.
 *
 * usage: stages FILE
 */
#include <stdbool.h>
#include <string.h>

#include <jansson.h>

#include "workload.h"

static bool wrong;

static json_int_t number(const json_t *row, const char *key)
{
	return json_integer_value(json_object_get(row, key));
}

static const char *text(const json_t *row, const char *key)
{
	return json_string_value(json_object_get(row, key));
}

static void complain(const json_t *fork, const json_t *row, const char *what)
{
	fprintf(stderr, "fork %lld: %s %s\n", (long long)number(fork, "id"), text(row, "name"),
		what);
	wrong = true;
}

static const json_t *find(const json_t *rows, const char *name)
{
	const json_t *row;
	size_t i;

	json_array_foreach(rows, i, row)
		if (!strcmp(text(row, "name"), name))
			return row;
	return NULL;
}

static void check_row(const json_t *fork, const json_t *rows, const json_t *row)
{
	const char *above = text(row, "parent");
	const json_t *parent = above ? find(rows, above) : NULL, *other;
	json_int_t sum = number(row, "self");
	bool leaf = true;
	size_t i;

	json_array_foreach(rows, i, other) {
		if (!text(other, "parent") || strcmp(text(other, "parent"), text(row, "name")))
			continue;
		sum += number(other, "total");
		leaf = false;
	}
	if (!leaf && sum != number(row, "total"))
		complain(fork, row, "is not the sum of what is below it");
	if (!number(row, "total"))
		complain(fork, row, "took no time");
	if (json_is_true(json_object_get(row, "torn")))
		complain(fork, row, "is torn");
	if (!parent)
		return;
	if (number(row, "start") < number(parent, "start"))
		complain(fork, row, "begins before the one above");
	if (number(row, "start") + number(row, "total") >
	    number(parent, "start") + number(parent, "total"))
		complain(fork, row, "ends after the one above");
}

static void check_fork(const json_t *fork)
{
	const json_t *rows = json_object_get(json_object_get(fork, "stages"), "rows"), *row;
	json_int_t all = number(json_array_get(rows, 0), "total");
	size_t i;

	json_array_foreach(rows, i, row) {
		check_row(fork, rows, row);
		printf("%lld %s %lld %lld\n", (long long)number(fork, "id"), text(row, "name"),
		       (long long)number(row, "total"),
		       (long long)(all ? number(row, "total") * 100 / all : 0));
	}
}

int main(int argc, char **argv)
{
	json_error_t error;
	json_t *object;
	FILE *file;

	if (argc != 2)
		usage("FILE");
	file = fopen(argv[1], "re");
	if (!file)
		die(argv[1]);
	while ((object = json_loadf(file, JSON_DISABLE_EOF_CHECK, &error))) {
		if (json_object_get(object, "id"))
			check_fork(object);
		json_decref(object);
	}
	fclose(file);
	return wrong;
}
