// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "compare_times.h"

/* The order in which a fork takes its steps. */
static const uint8_t order[] = {
#define STAGE(STAGE, value, name, PARENT)	FORKWATCH_STAGE_##STAGE,
	FORKWATCH_STAGES(STAGE)
#undef STAGE
	FW_STAGE_WAKE,
};

/*
 * Pairs of one step of one kind. Of many, some at equal distances are kept: each
 * time there is no room, every second one goes.
 */
struct pairs {
	uint64_t *a, *b;
	uint64_t seen, distance;
	size_t nr;
};

_Static_assert(FW_TIMING_PAIRS_MAX % 2 == 0, "half of the pairs is a number");

struct collection {
	struct pairs pairs[FW_NR_FORK_KINDS][FW_NR_STEPS];
};

static int make_room(struct pairs *pairs)
{
	size_t i;

	if (!pairs->a)
		pairs->a = calloc(2 * FW_TIMING_PAIRS_MAX, sizeof(*pairs->a));
	if (!pairs->a)
		return -ENOMEM;
	pairs->b = pairs->a + FW_TIMING_PAIRS_MAX;
	if (!pairs->distance)
		pairs->distance = 1;
	if (pairs->nr < FW_TIMING_PAIRS_MAX)
		return 0;
	pairs->nr /= 2;
	pairs->distance *= 2;
	for (i = 0; i < pairs->nr; i++) {
		pairs->a[i] = pairs->a[2 * i];
		pairs->b[i] = pairs->b[2 * i];
	}
	return 0;
}

static int add_pair(struct pairs *pairs, uint64_t a, uint64_t b)
{
	int ret = make_room(pairs);

	if (ret)
		return ret;
	if (pairs->seen++ % pairs->distance)
		return 0;
	pairs->a[pairs->nr] = a;
	pairs->b[pairs->nr++] = b;
	return 0;
}

static const struct fw_step_time *find_step(const struct fw_steps *steps, unsigned int step)
{
	size_t i;

	for (i = 0; i < steps->nr; i++)
		if (steps->list[i].step == step)
			return &steps->list[i];
	return NULL;
}

/* Only what both did is compared: a fork that became a vfork is another thing. */
static int add_fork(struct collection *all, const struct fw_steps *a, const struct fw_steps *b)
{
	size_t i;
	int ret = 0;

	if (!a || !b || a->kind != b->kind)
		return 0;
	for (i = 0; !ret && i < a->nr; i++) {
		const struct fw_step_time *mine = &a->list[i], *other = find_step(b, mine->step);

		if (other)
			ret = add_pair(&all->pairs[a->kind][mine->step], mine->ns, other->ns);
	}
	return ret;
}

static int collect(struct collection *all, const struct fw_comparison *comparison)
{
	const struct fw_golden *a = comparison->a, *b = comparison->b;
	json_t *index = json_object(), *nr;
	int ret = index ? 0 : -ENOMEM;
	size_t i;

	for (i = 0; !ret && i < b->nr; i++)
		ret = json_object_set_new(index, b->forks[i].place, json_integer(i)) ? -ENOMEM : 0;
	for (i = 0; !ret && i < a->nr; i++) {
		nr = json_object_get(index, a->forks[i].place);
		if (nr)
			ret = add_fork(all, a->forks[i].steps,
				       b->forks[json_integer_value(nr)].steps);
	}
	json_decref(index);
	return ret;
}

static int judge(struct fw_time_comparison *times, const struct pairs *pairs,
		 enum fw_fork_kind kind, unsigned int step)
{
	struct fw_step_timing *row = &times->list[times->nr];
	int ret;

	if (!pairs->seen)
		return 0;
	row->kind = kind;
	row->step = step;
	row->forks = pairs->seen;
	ret = fw_timing_judge(pairs->a, pairs->b, pairs->nr, times->threshold, &row->timing);
	times->verdicts[row->timing.verdict]++;
	times->nr++;
	return ret;
}

static int judge_all(struct fw_time_comparison *times, const struct collection *all)
{
	unsigned int kind;
	int ret = 0;
	size_t i;

	for (kind = 0; kind < FW_NR_FORK_KINDS; kind++)
		for (i = 0; !ret && i < ARRAY_SIZE(order); i++)
			ret = judge(times, &all->pairs[kind][order[i]], kind, order[i]);
	return ret;
}

/* Was any step judged? */
static bool are_judged(const struct fw_time_comparison *times)
{
	return times->nr > times->verdicts[FW_TIMING_TOO_FEW];
}

/* Probes take time, of every step that has some below it. */
static bool watches_differ(const struct fw_comparison *comparison)
{
	return !json_array_size(comparison->a->watched) !=
	       !json_array_size(comparison->b->watched);
}

const char *fw_times_obstacle(const struct fw_comparison *comparison)
{
	if (watches_differ(comparison))
		return "stages were watched in one recording only, and watching takes time";
	if (!comparison->times->nr)
		return "no fork is at the same place in both and succeeded in both";
	return NULL;
}

/* Appends to the reason. */
static void add_reason(struct fw_comparison *comparison, const char *text)
{
	size_t length = strlen(comparison->reason);

	snprintf(comparison->reason + length, sizeof(comparison->reason) - length, "%s%s",
		 length ? "; " : "", text);
}

static void answer(struct fw_comparison *comparison)
{
	const struct fw_time_comparison *times = comparison->times;
	uint64_t slower = times->verdicts[FW_TIMING_SLOWER];
	const char *obstacle = fw_times_obstacle(comparison);
	char text[120];

	if (slower) {
		comparison->answer = FW_DIFFERENT;
		snprintf(text, sizeof(text), "%" PRIu64 " of %zu steps are slower", slower,
			 times->nr);
		add_reason(comparison, text);
	} else if (comparison->answer == FW_SAME && !are_judged(times)) {
		comparison->answer = FW_NOTHING_TO_COMPARE;
		snprintf(text, sizeof(text), "times: no step is of %d forks or more in both",
			 FW_TIMING_PAIRS_MIN);
		add_reason(comparison, obstacle ? obstacle : text);
	}
}

static void free_collection(struct collection *all)
{
	unsigned int kind, step;

	for (kind = 0; all && kind < FW_NR_FORK_KINDS; kind++)
		for (step = 0; step < FW_NR_STEPS; step++)
			free(all->pairs[kind][step].a);
	free(all);
}

int fw_compare_times(struct fw_comparison *comparison, double threshold)
{
	struct collection *all = calloc(1, sizeof(*all));
	int ret;

	comparison->times = calloc(1, sizeof(*comparison->times));
	ret = all && comparison->times ? 0 : -ENOMEM;
	if (!ret)
		comparison->times->threshold = threshold;
	if (!ret && !watches_differ(comparison))
		ret = collect(all, comparison);
	if (!ret)
		ret = judge_all(comparison->times, all);
	free_collection(all);
	if (!ret)
		answer(comparison);
	return ret;
}

int fw_parse_threshold(const char *text, double *threshold)
{
	char *end;

	errno = 0;
	*threshold = strtod(text, &end) / 100;
	if (errno || end == text || (*end && strcmp(end, "%")))
		return -EINVAL;
	return *threshold >= 0 && *threshold <= 10 ? 0 : -EINVAL;
}
