// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "check.h"
#include "compare.h"
#include "names.h"

static const struct {
	const char *name, *text;
} aspects[FW_NR_ASPECTS] = {
	[FW_ASPECT_FORKS] = { "forks", "every fork of one is in the other, in the same order" },
	[FW_ASPECT_CALL] = { "call", "forks are made by the same call, with the same flags" },
	[FW_ASPECT_RESULT] = { "result", "they give the parent the same result" },
	[FW_ASPECT_EVENTS] = { "events", "they send the same events, in the same order" },
	[FW_ASPECT_STAGES] = { "stages", "they go through the same stages, in the same order" },
	[FW_ASPECT_SHARING] = { "sharing", "children share the same with their parents" },
	[FW_ASPECT_REGISTERS] = { "registers", "copy_thread() gives children the same registers" },
	[FW_ASPECT_FIRST_RUN] = { "first run", "children begin with the same registers" },
	[FW_ASPECT_RULES] = { "rules", "the same rules hold" },
	[FW_ASPECT_OTHER] = { "other", "what else is known of them is the same" },
};

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

/* One thing that changed, in one fork. */
struct change {
	enum fw_aspect aspect;
	const char *what, *a, *b;
	const char *place;
};

/* A pair of forks while it is compared. */
struct pair {
	struct fw_comparison *comparison;
	const char *place;
	const struct member *member;
	bool differs;
	int error;
};

static char *plain_copy(const char *text)
{
	size_t length = strlen(text);
	char *copy = malloc(length + 1);

	return copy ? fw_name_plain(text, length, copy, length + 1) : NULL;
}

static int add_difference(struct fw_comparison *comparison, const struct change *change)
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
static int add_change(struct fw_comparison *comparison, const struct change *change)
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

static void differ(struct pair *pair, const char *what, const char *a, const char *b)
{
	struct change change = {
		.aspect = pair->member->aspect,
		.what = what,
		.a = a,
		.b = b,
		.place = pair->place,
	};

	pair->differs = true;
	if (!pair->error)
		pair->error = add_change(pair->comparison, &change);
}

static bool has(const json_t *strings, const char *string)
{
	const json_t *item;
	size_t i;

	json_array_foreach(strings, i, item)
		if (!strcmp(json_string_value(item), string))
			return true;
	return false;
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
	       (has(pair->comparison->a->watched, name) && has(pair->comparison->b->watched, name));
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
	       (has(pair->comparison->a->rules, name) && has(pair->comparison->b->rules, name));
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
	uint64_t hash = (uintptr_t)a->fork * 31 + (uintptr_t)b->fork;

	/* The upper bits of a product are those that all of its factors' have a part in. */
	return comparison->same[hash * 0x9e3779b97f4a7c15ULL >> 32 & (FW_SAME_KEPT - 1)];
}

static int compare_forks(struct fw_comparison *comparison, const struct fw_golden_fork *a,
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

/*
 * The tree.
 */

/* Indexes of the forks of @golden by place; NULL without memory. */
static json_t *index_places(const struct fw_golden *golden)
{
	json_t *index = json_object();
	size_t i;

	for (i = 0; index && i < golden->nr; i++)
		json_object_set_new(index, golden->forks[i].place, json_integer(i));
	return index;
}

static const char *kind_of(const struct fw_golden_fork *fork)
{
	const char *kind = json_string_value(json_object_get(fork->fork, "kind"));

	return kind ? kind : "fork";
}

static int tell_lonely(struct fw_comparison *comparison, const struct fw_golden_fork *fork,
		       bool in_a)
{
	struct change change = {
		.aspect = FW_ASPECT_FORKS,
		.what = in_a ? "a fork less" : "a fork more",
		.a = in_a ? kind_of(fork) : FW_NOT_THERE,
		.b = in_a ? FW_NOT_THERE : kind_of(fork),
		.place = fork->place,
	};

	return add_change(comparison, &change);
}

/* What is behind the place of its parent. */
static const char *last_part(const char *place)
{
	const char *slash = strrchr(place, '/');

	return slash ? slash + 1 : place;
}

/* For each parent: its forks that are in @other too, in order. */
static json_t *children_by_parent(const struct fw_golden *golden, const json_t *other)
{
	json_t *parents = json_object();
	size_t i;

	for (i = 0; i < golden->nr; i++) {
		const char *place = golden->forks[i].place, *last = last_part(place);
		char *parent;
		json_t *list;

		if (!json_object_get(other, place))
			continue;
		parent = strndup(place, last - place);
		list = parent ? json_object_get(parents, parent) : NULL;
		if (parent && !list) {
			list = json_array();
			json_object_set_new(parents, parent, list);
		}
		json_array_append_new(list, json_string(last));
		free(parent);
	}
	return parents;
}

/* Where two lists of the same forks begin to differ. */
static int compare_siblings(struct fw_comparison *comparison, const char *parent, const json_t *a,
			    const json_t *b)
{
	struct change change = { .aspect = FW_ASPECT_FORKS };
	char what[64];
	size_t i;

	for (i = 0; i < json_array_size(a) && i < json_array_size(b); i++) {
		if (json_equal(json_array_get(a, i), json_array_get(b, i)))
			continue;
		snprintf(what, sizeof(what), "order: number %zu is", i + 1);
		change.what = what;
		change.a = json_string_value(json_array_get(a, i));
		change.b = json_string_value(json_array_get(b, i));
		change.place = parent;
		return add_change(comparison, &change);
	}
	return 0;
}

static int compare_tree_order(struct fw_comparison *comparison, const json_t *in_a,
			      const json_t *in_b)
{
	json_t *a = children_by_parent(comparison->a, in_b);
	json_t *b = children_by_parent(comparison->b, in_a), *list;
	const char *parent;
	int ret = a && b ? 0 : -ENOMEM;

	json_object_foreach(a, parent, list)
		if (!ret)
			ret = compare_siblings(comparison, parent, list,
					       json_object_get(b, parent));
	json_decref(a);
	json_decref(b);
	return ret;
}

static int compare_places(struct fw_comparison *comparison, const json_t *in_a,
			  const json_t *in_b)
{
	const struct fw_golden *a = comparison->a, *b = comparison->b;
	int ret = 0;
	size_t i;

	for (i = 0; !ret && i < a->nr; i++) {
		const json_t *other = json_object_get(in_b, a->forks[i].place);

		ret = other ? compare_forks(comparison, &a->forks[i],
					    &b->forks[json_integer_value(other)]) :
			      tell_lonely(comparison, &a->forks[i], true);
	}
	for (i = 0; !ret && i < b->nr; i++)
		if (!json_object_get(in_a, b->forks[i].place))
			ret = tell_lonely(comparison, &b->forks[i], false);
	return ret ? ret : compare_tree_order(comparison, in_a, in_b);
}

/* Are the same forks in both, in the same order? Then each has its like at its own index. */
static bool have_same_places(const struct fw_golden *a, const struct fw_golden *b)
{
	size_t i;

	if (a->nr != b->nr)
		return false;
	for (i = 0; i < a->nr; i++)
		if (strcmp(a->forks[i].place, b->forks[i].place))
			return false;
	return true;
}

static int compare_like(struct fw_comparison *comparison)
{
	const struct fw_golden *a = comparison->a, *b = comparison->b;
	int ret = 0;
	size_t i;

	for (i = 0; !ret && i < a->nr; i++)
		ret = compare_forks(comparison, &a->forks[i], &b->forks[i]);
	return ret;
}

static int compare_all(struct fw_comparison *comparison)
{
	json_t *in_a, *in_b;
	int ret;

	if (have_same_places(comparison->a, comparison->b))
		return compare_like(comparison);
	in_a = index_places(comparison->a);
	in_b = index_places(comparison->b);
	ret = in_a && in_b ? compare_places(comparison, in_a, in_b) : -ENOMEM;
	json_decref(in_a);
	json_decref(in_b);
	return ret;
}

static int tell_watched(struct fw_comparison *comparison, const json_t *mine,
			const json_t *others, bool in_a)
{
	struct change change = {
		.aspect = FW_ASPECT_STAGES,
		.a = in_a ? "watched" : "not watched",
		.b = in_a ? "not watched" : "watched",
	};
	const json_t *item;
	int ret = 0;
	size_t i;

	json_array_foreach(mine, i, item) {
		change.what = json_string_value(item);
		if (!ret && !has(others, change.what))
			ret = add_change(comparison, &change);
	}
	return ret;
}

/* Stages that one kernel has and the other has not are a difference. None at all is a choice. */
static int compare_watched(struct fw_comparison *comparison)
{
	const json_t *a = comparison->a->watched, *b = comparison->b->watched;
	int ret;

	if (!json_array_size(a) || !json_array_size(b))
		return 0;
	ret = tell_watched(comparison, a, b, true);
	return ret ? ret : tell_watched(comparison, b, a, false);
}

static const char *which_is_incomplete(const struct fw_comparison *comparison)
{
	if (comparison->a->complete)
		return comparison->b->complete ? NULL : "B is incomplete";
	return comparison->b->complete ? "A is incomplete" : "A and B are incomplete";
}

static void answer(struct fw_comparison *comparison)
{
	const char *incomplete = which_is_incomplete(comparison);
	char *reason = comparison->reason;
	size_t size = sizeof(comparison->reason);

	comparison->answer = FW_SAME;
	if (comparison->nr) {
		comparison->answer = FW_DIFFERENT;
		snprintf(reason, size, "%zu difference%s; %" PRIu64 " of %" PRIu64
			 " matched forks differ%s%s", comparison->nr,
			 comparison->nr == 1 ? "" : "s", comparison->different,
			 comparison->matched, incomplete ? "; not sure: " : "",
			 incomplete ? incomplete : "");
	} else if (incomplete) {
		comparison->answer = FW_CANNOT_TELL;
		snprintf(reason, size, "%s: what it lacks was not compared", incomplete);
	} else if (!comparison->matched) {
		comparison->answer = FW_NOTHING_TO_COMPARE;
		snprintf(reason, size, "there is no fork in either");
	}
}

int fw_compare(struct fw_comparison *comparison, const struct fw_golden *a,
	       const struct fw_golden *b)
{
	int ret;

	*comparison = (struct fw_comparison) { .a = a, .b = b, .index = json_object() };
	ret = comparison->index ? compare_all(comparison) : -ENOMEM;
	if (!ret)
		ret = compare_watched(comparison);
	if (ret) {
		fw_comparison_close(comparison);
		return ret;
	}
	answer(comparison);
	return 0;
}

void fw_comparison_close(struct fw_comparison *comparison)
{
	unsigned int place;
	size_t i;

	for (i = 0; i < comparison->nr; i++) {
		struct fw_difference *difference = &comparison->list[i];

		free(difference->what);
		free(difference->a);
		free(difference->b);
		for (place = 0; place < difference->nr_places; place++)
			free(difference->places[place]);
	}
	free(comparison->list);
	free(comparison->times);
	json_decref(comparison->index);
	memset(comparison, 0, sizeof(*comparison));
}

size_t fw_comparison_count(const struct fw_comparison *comparison, enum fw_aspect aspect)
{
	size_t i, n = 0;

	for (i = 0; i < comparison->nr; i++)
		n += comparison->list[i].aspect == aspect;
	return n;
}

const char *fw_aspect_name(enum fw_aspect aspect)
{
	return aspects[aspect].name;
}

const char *fw_aspect_text(enum fw_aspect aspect)
{
	return aspects[aspect].text;
}

const char *fw_comparison_answer_name(enum fw_comparison_answer answer)
{
	static const char *const names[] = {
		[FW_SAME] = "same",
		[FW_DIFFERENT] = "different",
		[FW_CANNOT_TELL] = "incomplete",
		[FW_NOTHING_TO_COMPARE] = "not supported",
	};

	return names[answer];
}

const struct fw_comparison_format *fw_comparison_format_find(const char *name)
{
	const struct fw_comparison_format *format;

	for (format = fw_comparison_formats; format->name; format++)
		if (!strcmp(format->name, name))
			return format;
	return NULL;
}
