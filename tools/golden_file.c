// SPDX-License-Identifier: GPL-2.0-only
/* Golden files: JSON, read and written. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "golden.h"
#include "names.h"
#include "trace.h"

/* Changes when the same trace gives something else. */
#define GOLDEN_VERSION	1

/*
 * Reading: anybody may have edited it.
 */
static bool is_strings(const json_t *array)
{
	const json_t *item;
	size_t i;

	if (!json_is_array(array))
		return false;
	json_array_foreach(array, i, item)
		if (!json_is_string(item))
			return false;
	return true;
}

static bool is_names(json_t *object)
{
	const char *name;
	json_t *value;

	if (!json_is_object(object))
		return false;
	json_object_foreach(object, name, value)
		if (!json_is_string(value))
			return false;
	return true;
}

static int bad(const struct fw_golden *golden, const char *what)
{
	return fw_trace_fail(-EBADMSG, "%s is no golden file: %s; make it anew with "
			     "forkwatch convert --to golden", golden->path, what);
}

/* One of "forks": its members but the place are the fork. */
static int read_fork(struct fw_golden *golden, json_t *object)
{
	struct fw_golden_fork *fork = &golden->forks[golden->nr];
	const char *place, *name;
	json_t *value;

	place = json_string_value(json_object_get(object, "place"));
	if (!place)
		return bad(golden, "a fork has no place");
	json_object_foreach(object, name, value)
		if (!json_is_string(value) && !is_strings(value) && !is_names(value))
			return bad(golden, "a member of a fork is neither text nor made of text");
	fork->place = strdup(place);
	if (!fork->place)
		return fw_trace_fail(-ENOMEM, "out of memory");
	fork->fork = json_incref(object);
	golden->nr++;
	json_object_del(object, "place");
	return 0;
}

static int read_forks(struct fw_golden *golden, json_t *forks)
{
	json_t *places = json_object(), *fork;
	int ret = places ? 0 : -ENOMEM;
	size_t i;

	golden->forks = calloc(json_array_size(forks) + 1, sizeof(*golden->forks));
	if (!golden->forks)
		ret = -ENOMEM;
	json_array_foreach(forks, i, fork) {
		if (!ret)
			ret = read_fork(golden, fork);
		if (!ret && json_object_get(places, golden->forks[i].place))
			ret = bad(golden, "two forks have the same place");
		if (!ret)
			ret = json_object_set_new(places, golden->forks[i].place, json_true());
	}
	json_decref(places);
	return ret;
}

static int read_golden(struct fw_golden *golden, json_t *file)
{
	json_t *watched = json_object_get(file, "watched"), *rules = json_object_get(file, "rules");
	json_t *complete = json_object_get(file, "complete");
	const char *type = json_string_value(json_object_get(file, "type"));
	const char *kernel = json_string_value(json_object_get(file, "kernel"));
	json_t *forks = json_object_get(file, "forks");

	if (!type || strcmp(type, "golden"))
		return bad(golden, "its type is not golden");
	if (json_integer_value(json_object_get(file, "version")) != GOLDEN_VERSION)
		return bad(golden, "another version of forkwatch made it");
	if (!kernel || !json_is_boolean(complete) || !is_strings(watched) || !is_strings(rules) ||
	    !json_is_array(forks))
		return bad(golden, "it lacks kernel, complete, watched, rules or forks");
	fw_name_plain(kernel, sizeof(golden->kernel) - 1, golden->kernel, sizeof(golden->kernel));
	golden->complete = json_is_true(complete);
	golden->watched = json_incref(watched);
	golden->rules = json_incref(rules);
	return read_forks(golden, forks);
}

int fw_golden_read(struct fw_golden *golden)
{
	json_error_t error;
	json_t *file = json_load_file(golden->path, JSON_REJECT_DUPLICATES, &error);
	int ret;

	if (!file)
		return fw_trace_fail(-EBADMSG, "%s: line %d: %s; a trace is a directory, "
				     "a golden file is JSON", golden->path, error.line, error.text);
	ret = read_golden(golden, file);
	json_decref(file);
	return ret;
}

/*
 * Writing: a member a line, so that a change is a line.
 */
static int put_member(FILE *out, const char *indent, const char *name, const json_t *value,
		      const char *end)
{
	char *text = json_dumps(value, JSON_ENCODE_ANY);

	if (!text)
		return -ENOMEM;
	fprintf(out, "%s\"%s\": %s%s\n", indent, name, text, end);
	free(text);
	return 0;
}

static int put_fork(FILE *out, const struct fw_golden_fork *fork, bool last)
{
	size_t left = json_object_size(fork->fork);
	json_t *place = json_string(fork->place), *value;
	const char *name;
	int ret;

	fputs("    {\n", out);
	ret = place ? put_member(out, "      ", "place", place, left ? "," : "") : -ENOMEM;
	json_decref(place);
	json_object_foreach(fork->fork, name, value) {
		if (ret)
			return ret;
		ret = put_member(out, "      ", name, value, --left ? "," : "");
	}
	fprintf(out, "    }%s\n", last ? "" : ",");
	return ret;
}

int fw_golden_write(const struct fw_golden *golden, FILE *out)
{
	json_t *kernel = json_string(golden->kernel);
	size_t i;
	int ret;

	fprintf(out, "{\n  \"type\": \"golden\",\n  \"version\": %d,\n", GOLDEN_VERSION);
	ret = kernel ? put_member(out, "  ", "kernel", kernel, ",") : -ENOMEM;
	json_decref(kernel);
	fprintf(out, "  \"complete\": %s,\n", golden->complete ? "true" : "false");
	if (!ret)
		ret = put_member(out, "  ", "watched", golden->watched, ",");
	if (!ret)
		ret = put_member(out, "  ", "rules", golden->rules, ",");
	fputs("  \"forks\": [\n", out);
	for (i = 0; !ret && i < golden->nr; i++)
		ret = put_fork(out, &golden->forks[i], i + 1 == golden->nr);
	fputs("  ]\n}\n", out);
	if (ret)
		return ret;
	return ferror(out) ? errno ? -errno : -EIO : 0;
}
