// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "compare_parts.h"

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
	struct fw_change change = {
		.aspect = FW_ASPECT_FORKS,
		.what = in_a ? "a fork less" : "a fork more",
		.a = in_a ? kind_of(fork) : FW_NOT_THERE,
		.b = in_a ? FW_NOT_THERE : kind_of(fork),
		.place = fork->place,
	};

	return fw_comparison_add(comparison, &change);
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
	struct fw_change change = { .aspect = FW_ASPECT_FORKS };
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
		return fw_comparison_add(comparison, &change);
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

		ret = other ? fw_compare_forks(comparison, &a->forks[i],
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
		ret = fw_compare_forks(comparison, &a->forks[i], &b->forks[i]);
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
	struct fw_change change = {
		.aspect = FW_ASPECT_STAGES,
		.a = in_a ? "watched" : "not watched",
		.b = in_a ? "not watched" : "watched",
	};
	const json_t *item;
	int ret = 0;
	size_t i;

	json_array_foreach(mine, i, item) {
		change.what = json_string_value(item);
		if (!ret && !fw_has_string(others, change.what))
			ret = fw_comparison_add(comparison, &change);
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
