// SPDX-License-Identifier: GPL-2.0-only
/* Two forks at the same place, member by member. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "compare_parts.h"
#include "mix.h"

/* Members of fw_normal_fork(), and the words for what is in them. */
static const struct member {
	const char *name;
	enum fw_aspect aspect;
	const char *prefix;		/* of each item's name */
	const char *has, *lacks;	/* an item of an array is there, or is not */
} members[] = {
	{ "kind", FW_ASPECT_CALL, "", NULL, NULL },
	{ "call", FW_ASPECT_CALL, "", NULL, NULL },
	{ "instructions", FW_ASPECT_CALL, "", NULL, NULL },
	{ "flags", FW_ASPECT_CALL, "", "set", "not set" },
	{ "result", FW_ASPECT_RESULT, "", NULL, NULL },
	{ "reason", FW_ASPECT_RESULT, "", NULL, NULL },
	{ "parent registers", FW_ASPECT_RESULT, "parent's ", NULL, NULL },
	{ "parent events", FW_ASPECT_EVENTS, "", "seen", "missing" },
	{ "child events", FW_ASPECT_EVENTS, "", "seen", "missing" },
	{ "stages", FW_ASPECT_STAGES, "", "called", "not called" },
	{ "sharing", FW_ASPECT_SHARING, "", NULL, NULL },
	{ "registers", FW_ASPECT_REGISTERS, "", NULL, NULL },
	{ "context", FW_ASPECT_REGISTERS, "cpu_context ", NULL, NULL },
	{ "thread", FW_ASPECT_REGISTERS, "", NULL, NULL },
	{ "first run", FW_ASPECT_FIRST_RUN, "", NULL, NULL },
	{ "rules", FW_ASPECT_RULES, "", NULL, NULL },
	{ NULL, FW_ASPECT_OTHER, "", "there", "not there" }
};

static const struct member *find_member(const char *name)
{
	const struct member *member = members;

	while (member->name && strcmp(member->name, name))
		member++;
	return member;
}

/* A pair of forks while it is compared. */
struct pair {
	struct fw_comparison *comparison;
	const char *place;
	const struct member *member;
	bool differs;
	int error;
};

bool fw_has_string(const json_t *strings, const char *string)
{
	const json_t *item;
	size_t i;

	json_array_foreach(strings, i, item)
		if (!strcmp(json_string_value(item), string))
			return true;
	return false;
}

static void differ(struct pair *pair, const char *what, const char *a, const char *b)
{
	struct fw_change change = {
		.aspect = pair->member->aspect,
		.what = what,
		.a = a,
		.b = b,
		.place = pair->place,
	};

	pair->differs = true;
	if (!pair->error)
		pair->error = fw_comparison_add(pair->comparison, &change);
}

/*
 * Arrays of "name" or "name = detail".
 */
#define NAME_MAX_LEN	128

static void split_item(const char *item, char name[NAME_MAX_LEN], const char **detail)
{
	const char *equals = strstr(item, " = ");

	snprintf(name, NAME_MAX_LEN, "%.*s", equals ? (int)(equals - item) : (int)strlen(item),
		 item);
	*detail = equals ? equals + 3 : NULL;
}

/* May the item @name be compared? A stage that only one side watched may not. */
static bool is_common(const struct pair *pair, const char *name)
{
	return pair->member->aspect != FW_ASPECT_STAGES ||
	       (fw_has_string(pair->comparison->a->watched, name) &&
		fw_has_string(pair->comparison->b->watched, name));
}

static const char *find_item(const json_t *array, const char *name, const char **detail)
{
	char other[NAME_MAX_LEN];
	const json_t *item;
	size_t i;

	json_array_foreach(array, i, item) {
		split_item(json_string_value(item), other, detail);
		if (!strcmp(other, name))
			return json_string_value(item);
	}
	return NULL;
}

/* The items of @array that @other has too, as one text. From malloc. */
static char *common_items(const struct pair *pair, const json_t *array, const json_t *other)
{
	char name[NAME_MAX_LEN], *text = NULL;
	const char *detail;
	const json_t *item;
	size_t size, i;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	json_array_foreach(array, i, item) {
		split_item(json_string_value(item), name, &detail);
		if (is_common(pair, name) && find_item(other, name, &detail))
			fprintf(out, "%s%s", ftell(out) ? ", " : "", name);
	}
	fclose(out);
	return text;
}

/* Cuts the items with which both texts begin, and those with which they end. */
static void cut_common(char *a, char *b)
{
	size_t length = strlen(a), start = 0, end = length, i;

	/* The same items make texts of the same length. */
	if (strlen(b) != length)
		return;
	for (i = 0; a[i] && a[i] == b[i]; i++)
		if (a[i] == ' ')
			start = i + 1;
	for (i = length; i > start && a[i - 1] == b[i - 1]; i--)
		if (a[i - 1] == ',')
			end = i - 1;
	memmove(a, a + start, end - start);
	memmove(b, b + start, end - start);
	a[end - start] = '\0';
	b[end - start] = '\0';
}

static void compare_order(struct pair *pair, const json_t *a, const json_t *b)
{
	char *in_a = common_items(pair, a, b), *in_b = common_items(pair, b, a);

	if (!in_a || !in_b) {
		pair->error = -ENOMEM;
	} else if (strcmp(in_a, in_b)) {
		cut_common(in_a, in_b);
		differ(pair, "order", in_a, in_b);
	}
	free(in_a);
	free(in_b);
}

static void compare_arrays(struct pair *pair, const json_t *a, const json_t *b)
{
	const struct member *member = pair->member;
	const char *in_a, *in_b;
	char name[NAME_MAX_LEN];
	const json_t *item;
	size_t i;

	json_array_foreach(a, i, item) {
		split_item(json_string_value(item), name, &in_a);
		if (!is_common(pair, name))
			continue;
		if (!find_item(b, name, &in_b))
			differ(pair, name, member->has, member->lacks);
		else if (strcmp(in_a ? in_a : "0", in_b ? in_b : "0"))
			differ(pair, name, in_a ? in_a : "0", in_b ? in_b : "0");
	}
	json_array_foreach(b, i, item) {
		split_item(json_string_value(item), name, &in_b);
		if (is_common(pair, name) && !find_item(a, name, &in_a))
			differ(pair, name, member->lacks, member->has);
	}
	if (member->aspect != FW_ASPECT_CALL)
		compare_order(pair, a, b);
}

/*
 * Objects. What changed in the same way is told at once.
 */
static const char *value_of(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);

	if (!value)
		value = json_object_get(object, "others");
	return value ? json_string_value(value) : "nothing";
}

/* All names of both, in order. */
static json_t *names_of(const json_t *a, const json_t *b)
{
	json_t *names = json_array(), *value;
	const char *name;

	json_object_foreach((json_t *)a, name, value)
		json_array_append_new(names, json_string(name));
	json_object_foreach((json_t *)b, name, value)
		if (!json_object_get(a, name))
			json_array_append_new(names, json_string(name));
	return names;
}

/* Does the fork have to have @name? A rule that one side did not know may be anything. */
static bool is_judged(const struct pair *pair, const char *name)
{
	return pair->member->aspect != FW_ASPECT_RULES || !strcmp(name, "others") ||
	       (fw_has_string(pair->comparison->a->rules, name) &&
		fw_has_string(pair->comparison->b->rules, name));
}

/*
 * Whether a rule could be observed may be luck: a parent that is switched out in the
 * middle of a fork takes what B1 compares along. Luck is no difference; what was seen
 * of the events is compared on its own.
 */
static bool is_luck(const struct pair *pair, const char *a, const char *b)
{
	const char *unseen = fw_verdict_name(FW_NOT_OBSERVED);

	return pair->member->aspect == FW_ASPECT_RULES &&
	       (!strcmp(a, unseen) || !strcmp(b, unseen));
}

/* Nor is it one that the CPU of one side has what the other's has not. */
static bool is_of_machine(const struct pair *pair, const char *name, const char *a, const char *b)
{
	const char *silent = fw_verdict_name(FW_NA);
	size_t rule = fw_rule_index(name);

	return pair->member->aspect == FW_ASPECT_RULES && rule < fw_nr_rules &&
	       fw_rules[rule].of_machine && (!strcmp(a, silent) || !strcmp(b, silent));
}

struct values {
	const char *a, *b;
};

static bool changes_so(const json_t *a, const json_t *b, const char *name,
		       const struct values *values)
{
	return !strcmp(value_of(a, name), values->a) && !strcmp(value_of(b, name), values->b);
}

/* Tells of the name at @first, and of all behind it that changed in the same way. */
static void tell_change(struct pair *pair, json_t *names, size_t first, const json_t *a,
			const json_t *b)
{
	const char *name = json_string_value(json_array_get(names, first));
	struct values values = { value_of(a, name), value_of(b, name) };
	char *what = NULL;
	size_t size, i;
	FILE *out = open_memstream(&what, &size);

	if (!out) {
		pair->error = -ENOMEM;
		return;
	}
	fputs(pair->member->prefix, out);
	for (i = first; i < json_array_size(names); i++) {
		name = json_string_value(json_array_get(names, i));
		if (!name || !is_judged(pair, name) || !changes_so(a, b, name, &values))
			continue;
		fprintf(out, "%s%s", i > first ? ", " : "", name);
		if (i > first)
			json_array_set_new(names, i, json_null());
	}
	if (fclose(out))
		pair->error = -ENOMEM;
	else
		differ(pair, what, values.a, values.b);
	free(what);
}

static void compare_objects(struct pair *pair, const json_t *a, const json_t *b)
{
	json_t *names = names_of(a, b);
	const char *name, *in_a, *in_b;
	size_t i;

	for (i = 0; i < json_array_size(names); i++) {
		name = json_string_value(json_array_get(names, i));
		if (!name || !is_judged(pair, name))
			continue;
		in_a = value_of(a, name);
		in_b = value_of(b, name);
		if (strcmp(in_a, in_b) && !is_luck(pair, in_a, in_b) &&
		    !is_of_machine(pair, name, in_a, in_b))
			tell_change(pair, names, i, a, b);
	}
	json_decref(names);
}

/*
 * What one side lacks is not compared: nobody saw it, because an event is missing,
 * which is told; or whoever edited a golden file does not care.
 */
static void compare_member(struct pair *pair, const char *name, const json_t *a, const json_t *b)
{
	pair->member = find_member(name);
	if (!a || !b)
		return;
	if (json_is_string(a) && json_is_string(b)) {
		if (strcmp(json_string_value(a), json_string_value(b)))
			differ(pair, name, json_string_value(a), json_string_value(b));
	} else if (json_is_array(a) && json_is_array(b)) {
		compare_arrays(pair, a, b);
	} else if (json_is_object(a) && json_is_object(b)) {
		compare_objects(pair, a, b);
	} else {
		differ(pair, name, "of one type", "of another");
	}
}

/* Forks that are the same share one object: most pairs are one that was compared before. */
static const json_t **find_same(struct fw_comparison *comparison, const struct fw_golden_fork *a,
				const struct fw_golden_fork *b)
{
	uint64_t hash = fw_mix((uintptr_t)a->fork * 31 + (uintptr_t)b->fork);

	return comparison->same[hash % FW_SAME_KEPT];
}

int fw_compare_forks(struct fw_comparison *comparison, const struct fw_golden_fork *a,
		     const struct fw_golden_fork *b)
{
	struct pair pair = { .comparison = comparison, .place = a->place };
	const json_t **same = find_same(comparison, a, b);
	const char *name;
	json_t *value;

	comparison->matched++;
	if (same[0] == a->fork && same[1] == b->fork)
		return 0;
	json_object_foreach(a->fork, name, value)
		compare_member(&pair, name, value, json_object_get(b->fork, name));
	if (!pair.differs && !pair.error) {
		same[0] = a->fork;
		same[1] = b->fork;
	}
	comparison->different += pair.differs;
	return pair.error;
}
