// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads what the tool shows of forks and holds their stages against each other: one
 * begins and ends within the one above, and is what is below it and its own. Prints
 * a line for each; what is wrong goes to standard error, and makes it exit with 1.
 *
 * usage: stages FILE		JSON: "fork NAME TOTAL PERCENT", PERCENT of the outermost
 *        stages -t FILE	text: "fork NAME TOTAL", in ns, of three digits
 *        stages -u FILE	JSON: "fork NAME STAGE HOW TOTAL" of what was taken back
 */
#include <stdbool.h>
#include <string.h>

#include <jansson.h>

#include "workload.h"

/* Where the columns of the text are. */
#define NAME_AT		10
#define TIME_AT		37
#define TIME_END	45
#define DEPTH_MAX	16

static bool wrong;

static json_int_t number(const json_t *row, const char *key)
{
	return json_integer_value(json_object_get(row, key));
}

static const char *text(const json_t *row, const char *key)
{
	return json_string_value(json_object_get(row, key));
}

static bool is(const json_t *row, const char *key)
{
	return json_is_true(json_object_get(row, key));
}

static json_int_t end_of(const json_t *row)
{
	return number(row, "start") + number(row, "total");
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

static bool succeeded(const json_t *fork)
{
	const json_t *error = json_object_get(json_object_get(fork, "result"), "error");

	return !error || json_is_null(error);
}

/* Of what is torn the times are too short, and are called so: nothing is said of them. */
static void check_row(const json_t *fork, const json_t *rows, const json_t *row)
{
	const char *above = text(row, "parent");
	const json_t *parent = above ? find(rows, above) : NULL, *other;
	json_int_t sum = number(row, "self");
	bool leaf = true;
	size_t i;

	if (number(row, "result") && succeeded(fork))
		complain(fork, row, "failed, and the fork did not");
	if (is(row, "torn")) {
		complain(fork, row, "is torn");
		return;
	}
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
	if (!parent)
		return;
	if (number(row, "start") < number(parent, "start"))
		complain(fork, row, "begins before the one above");
	if (end_of(row) > end_of(parent) && !is(parent, "torn"))
		complain(fork, row, "ends after the one above");
}

static void check_stages(const json_t *fork)
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

/* One behind the other, within copy_process(). */
static void check_undone(const json_t *fork)
{
	const json_t *rows = json_object_get(json_object_get(fork, "undone"), "rows"), *row;
	const json_t *stages = json_object_get(json_object_get(fork, "stages"), "rows");
	const json_t *copy = find(stages, "copy_process"), *before = NULL;
	size_t i;

	json_array_foreach(rows, i, row) {
		const char *how = text(row, "how");

		printf("%lld %s %s %s %lld\n", (long long)number(fork, "id"), text(row, "name"),
		       text(row, "stage"), how, (long long)number(row, "total"));
		if (strcmp(how, "observed"))
			continue;
		if (is(row, "torn") || !number(row, "total"))
			complain(fork, row, "has no time");
		if (before && number(row, "start") < end_of(before))
			complain(fork, row, "begins before the one ahead of it has ended");
		if (!copy || number(row, "start") < number(copy, "start") ||
		    end_of(row) > end_of(copy))
			complain(fork, row, "is not within copy_process");
		before = row;
	}
}

static void read_json(FILE *file, void (*check)(const json_t *fork))
{
	json_error_t error;
	json_t *object;

	while ((object = json_loadf(file, JSON_DISABLE_EOF_CHECK, &error))) {
		if (json_object_get(object, "id"))
			check(object);
		json_decref(object);
	}
}

/*
 * Text.
 */
struct line {
	char name[TIME_AT - NAME_AT + 1];
	double ns, below;	/* its time, and the sum of what is below it */
	double slack;		/* by how much both may be off, for having three digits */
};

static void close_line(int fork, const struct line *line)
{
	double off = line->ns - line->below;

	if (!line->below)
		return;
	if (off <= line->slack && off >= -line->slack)
		return;
	fprintf(stderr, "fork %d: %s is %.0f ns, what is below it %.0f ns\n", fork, line->name,
		line->ns, line->below);
	wrong = true;
}

static double to_ns(double value, const char *unit)
{
	static const struct {
		const char *name;
		double ns;
	} units[] = { { " ns", 1 }, { " us", 1e3 }, { " ms", 1e6 }, { " s", 1e9 } };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(units); i++)
		if (!strncmp(unit, units[i].name, strlen(units[i].name)))
			return value * units[i].ns;
	return -1;
}

/* "stages  NAME  8.30 us  100%  ####": returns its depth, -1 for what is no such line. */
static int parse_line(char *text, struct line *line)
{
	size_t first = NAME_AT + strspn(text + NAME_AT, " "), len;
	char *unit;
	double value;

	if (first >= TIME_AT || strlen(text) < TIME_END)
		return -1;
	value = strtod(text + TIME_AT, &unit);
	if (unit == text + TIME_AT || to_ns(value, unit) < 0)
		return -1;
	for (len = TIME_AT - first; len && text[first + len - 1] == ' ';)
		len--;
	*line = (struct line) { .ns = to_ns(value, unit) };
	line->slack = 1 + line->ns * 0.005;
	memcpy(line->name, text + first, len);
	return (first - NAME_AT) / 2;
}

static void read_text(FILE *file)
{
	struct line lines[DEPTH_MAX + 1], line;
	int fork = 0, depth, top = -1;
	bool in_stages = false;
	char text[512];

	while (fgets(text, sizeof(text), file)) {
		if (!strncmp(text, "fork ", 5))
			fork = strtol(text + 5, NULL, 10);
		if (!strncmp(text, "  stages  ", NAME_AT))
			in_stages = true;
		depth = in_stages && strlen(text) > NAME_AT ? parse_line(text, &line) : -1;
		if (depth > DEPTH_MAX)
			die("%s is too deep", line.name);
		in_stages = depth >= 0;
		for (; top >= 0 && top >= depth; top--)
			close_line(fork, &lines[top]);
		if (depth < 0)
			continue;
		if (depth > top + 1)
			die("%s has none above it", line.name);
		printf("%d %s %.0f\n", fork, line.name, line.ns);
		if (depth) {
			lines[depth - 1].below += line.ns;
			lines[depth - 1].slack += line.slack;
		}
		lines[depth] = line;
		top = depth;
	}
}

int main(int argc, char **argv)
{
	bool of_text = argc == 3 && !strcmp(argv[1], "-t");
	bool of_undone = argc == 3 && !strcmp(argv[1], "-u");
	FILE *file;

	if (argc != 2 && !of_text && !of_undone)
		usage("[-t | -u] FILE");
	file = fopen(argv[argc - 1], "re");
	if (!file)
		die(argv[argc - 1]);
	if (of_text)
		read_text(file);
	else
		read_json(file, of_undone ? check_undone : check_stages);
	fclose(file);
	return wrong;
}
