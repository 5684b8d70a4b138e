// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "check.h"
#include "draft.h"
#include "forms.h"
#include "golden.h"
#include "names.h"
#include "normal.h"
#include "places.h"
#include "replay.h"
#include "steps.h"
#include "tree.h"

struct made {
	json_t *fork;
	struct fw_steps *steps;
};

struct making {
	struct fw_golden *golden;
	struct fw_tree *tree;
	struct fw_replay *replay;
	struct fw_forms *forms;
	struct fw_draft draft;
	struct made *made;	/* by the forks' ids */
	size_t room;
	bool timed;		/* times are wanted, too */
	bool undone_known;	/* what takes stages back is among those that were watched */
};

static int make_room(struct making *making, uint64_t id)
{
	size_t room = making->room ? 2 * making->room : 64;
	struct made *made;

	if (id < making->room)
		return 0;
	while (room <= id)
		room *= 2;
	made = reallocarray(making->made, room, sizeof(*made));
	if (!made)
		return -ENOMEM;
	memset(made + making->room, 0, (room - making->room) * sizeof(*made));
	making->made = made;
	making->room = room;
	return 0;
}

/*
 * A stage is watched in all forks or in none, but not every fork says so: what takes
 * them back is in those only that failed.
 */
static void learn_watched(struct making *making, const struct fw_fork *fork)
{
	struct fw_golden *golden = making->golden;
	bool first = !json_array_size(golden->watched);
	json_t *watched;

	if (!fork->stages || (!first && (!fork->undone || making->undone_known)))
		return;
	watched = fw_normal_watched(fork);
	if (!watched)
		return;
	json_decref(golden->watched);
	golden->watched = watched;
	making->undone_known = fork->undone;
}

static int keep_steps(struct making *making, const struct fw_fork *fork)
{
	if (!making->timed)
		return 0;
	free(making->made[fork->id].steps);
	making->made[fork->id].steps = fw_steps_make(fork);
	return making->made[fork->id].steps ? 0 : -ENOMEM;
}

static int keep(struct making *making, const struct fw_fork *fork)
{
	json_t *normal;
	int ret;

	/* One that began before the recording has no number, and no place. */
	if (!fork->id)
		return 0;
	ret = make_room(making, fork->id);
	if (ret)
		return ret;
	fw_normal_fork(fork, &fw_replay_info(making->replay)->env, &making->draft);
	normal = fw_forms_get(making->forms, &making->draft);
	if (!normal)
		return -ENOMEM;
	json_decref(making->made[fork->id].fork);
	making->made[fork->id].fork = normal;
	learn_watched(making, fork);
	ret = keep_steps(making, fork);
	return ret ? ret : fw_tree_fork(making->tree, fork);
}

static int take_fork(void *ctx, struct fw_fork *fork)
{
	int ret = keep(ctx, fork);

	fw_fork_free(fork);
	return ret;
}

static int take_event(void *ctx, const struct forkwatch_header *event)
{
	struct making *making = ctx;

	return fw_tree_event(making->tree, event);
}

static int add_fork(struct making *making, const struct fw_node *node, const char *place)
{
	struct fw_golden *golden = making->golden;
	struct fw_golden_fork *fork;
	struct made *made;

	if (!node->id || node->id >= making->room || !making->made[node->id].fork)
		return 0;
	made = &making->made[node->id];
	fork = &golden->forks[golden->nr];
	fork->place = strdup(place);
	if (!fork->place)
		return -ENOMEM;
	fork->fork = json_incref(made->fork);
	fork->steps = made->steps;
	made->steps = NULL;
	golden->nr++;
	return 0;
}

static int place_forks(struct making *making)
{
	const struct fw_node *node = fw_tree_first(making->tree);
	struct fw_places *places;
	unsigned int depth = 0;
	const char *place;
	int ret;

	making->golden->forks = calloc(making->room + 1, sizeof(*making->golden->forks));
	ret = making->golden->forks ? fw_places_open(&places) : -ENOMEM;
	if (ret)
		return ret;
	while (node && !ret) {
		place = fw_places_next(places, node, depth);
		ret = place ? add_fork(making, node, place) : -ENOMEM;
		node = fw_tree_next(node, &depth);
	}
	fw_places_close(places);
	return ret;
}

static json_t *all_rules(void)
{
	json_t *array = json_array();
	size_t i;

	for (i = 0; i < fw_nr_rules; i++)
		json_array_append_new(array, json_string(fw_rules[i].id));
	return array;
}

static int make_of(struct making *making)
{
	const struct fw_replay_sink sink = { .event = take_event, .fork = take_fork };
	struct fw_golden *golden = making->golden;
	struct fw_replay_result result;
	const char *release;
	int ret;

	ret = fw_replay_run(making->replay, &sink, making, &result);
	if (ret)
		return ret;
	release = fw_replay_info(making->replay)->env.release;
	fw_name_plain(release, sizeof(golden->kernel) - 1, golden->kernel, sizeof(golden->kernel));
	golden->complete = result.complete;
	golden->rules = all_rules();
	return golden->rules ? place_forks(making) : -ENOMEM;
}

static int make_golden(struct fw_golden *golden, struct fw_replay *replay, bool timed)
{
	struct making making = { .golden = golden, .replay = replay, .timed = timed };
	size_t i;
	int ret;

	memset(golden, 0, sizeof(*golden));
	golden->watched = json_array();
	ret = golden->watched ? fw_forms_open(&making.forms) : -ENOMEM;
	if (!ret)
		ret = fw_tree_open(&making.tree);
	if (!ret)
		ret = make_of(&making);
	for (i = 0; i < making.room; i++) {
		json_decref(making.made[i].fork);
		free(making.made[i].steps);
	}
	free(making.made);
	fw_draft_free(&making.draft);
	fw_forms_close(making.forms);
	fw_tree_close(making.tree);
	if (ret)
		fw_golden_close(golden);
	return ret;
}

int fw_golden_make(struct fw_golden *golden, struct fw_replay *replay)
{
	return make_golden(golden, replay, false);
}

static int golden_of_trace(struct fw_golden *golden, const char *dir, bool timed)
{
	struct fw_replay *replay;
	int ret;

	ret = fw_replay_open(&replay, dir);
	if (ret)
		return ret;
	ret = make_golden(golden, replay, timed);
	if (ret)
		fw_trace_fail(ret, "%s: %s", dir, strerror(-ret));
	golden->path = dir;
	fw_replay_close(replay);
	return ret;
}

static int open_golden(struct fw_golden *golden, const char *path, bool timed)
{
	struct stat st;
	int ret;

	memset(golden, 0, sizeof(*golden));
	golden->path = path;
	fw_trace_fail(0, "out of memory");
	if (stat(path, &st) || !S_ISREG(st.st_mode))
		ret = golden_of_trace(golden, path, timed);
	else if (timed)
		ret = fw_trace_fail(-ENODATA, "%s is a file, and golden files have no times: "
				    "compare those of two traces", path);
	else
		ret = fw_golden_read(golden);
	if (ret)
		fw_golden_close(golden);
	return ret;
}

int fw_golden_open(struct fw_golden *golden, const char *path)
{
	return open_golden(golden, path, false);
}

int fw_golden_open_timed(struct fw_golden *golden, const char *path)
{
	return open_golden(golden, path, true);
}

void fw_golden_close(struct fw_golden *golden)
{
	size_t i;

	for (i = 0; i < golden->nr; i++) {
		free(golden->forks[i].place);
		json_decref(golden->forks[i].fork);
		free(golden->forks[i].steps);
	}
	free(golden->forks);
	json_decref(golden->watched);
	json_decref(golden->rules);
	memset(golden, 0, sizeof(*golden));
}
