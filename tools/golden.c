// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "check.h"
#include "draft.h"
#include "golden.h"
#include "names.h"
#include "normal.h"
#include "replay.h"
#include "steps.h"
#include "tree.h"

#define PLACE_MAX	4096	/* forks that lie deeper are not told apart by their parents */

/*
 * Forks that are the same share one object, so that what is kept of each is
 * little.
 */
struct made {
	json_t *fork;
	struct fw_steps *steps;
};

struct making {
	struct fw_golden *golden;
	struct fw_tree *tree;
	struct fw_replay *replay;
	json_t *known;		/* forks by their drafts' text */
	struct fw_draft draft;
	struct made *forks;	/* by id */
	size_t room;
	bool timed;		/* times are wanted, too */
	bool undone_known;	/* what takes stages back is among those that were watched */
};

/* The fork that the draft says, a new reference: one that is known, or a new one. */
static json_t *share(struct making *making)
{
	const char *text = making->draft.text;
	json_t *fork;

	if (making->draft.failed)
		return NULL;
	fork = json_object_get(making->known, text);
	if (fork)
		return json_incref(fork);
	fork = fw_draft_json(&making->draft);
	if (fork && !json_object_set(making->known, text, fork))
		return fork;
	json_decref(fork);
	return NULL;
}

static int make_room(struct making *making, uint64_t id)
{
	size_t room = making->room ? 2 * making->room : 64;
	struct made *forks;

	if (id < making->room)
		return 0;
	while (room <= id)
		room *= 2;
	forks = reallocarray(making->forks, room, sizeof(*forks));
	if (!forks)
		return -ENOMEM;
	memset(forks + making->room, 0, (room - making->room) * sizeof(*forks));
	making->forks = forks;
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
	free(making->forks[fork->id].steps);
	making->forks[fork->id].steps = fw_steps_make(fork);
	return making->forks[fork->id].steps ? 0 : -ENOMEM;
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
	normal = share(making);
	if (!normal)
		return -ENOMEM;
	json_decref(making->forks[fork->id].fork);
	making->forks[fork->id].fork = normal;
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

/* "fork ls": what siblings are counted by. The program is that which the child executed. */
static void name_node(const struct fw_node *node, char *name, size_t size)
{
	char plain[FORKWATCH_PATH_LEN + 1];
	const char *slash;

	if (!node->id) {
		fw_name_plain(node->comm, sizeof(node->comm), name, size);
		return;
	}
	snprintf(name, size, "%s", fw_fork_kind_name(node->kind));
	if (!node->path)
		return;
	slash = strrchr(node->path, '/');
	fw_name_plain(slash ? slash + 1 : node->path, FORKWATCH_PATH_LEN, plain, sizeof(plain));
	snprintf(name + strlen(name), size - strlen(name), " %s", plain);
}

/* The place of @node, that of its parent being @parent (NULL: it is a root). From malloc. */
static char *name_place(const struct fw_node *node, const char *parent, json_t *counts)
{
	char name[FORKWATCH_PATH_LEN + 64], *place = NULL;
	json_int_t nr;

	name_node(node, name, sizeof(name));
	if (asprintf(&place, "%s%s%s", parent ? parent : "", parent ? "/" : "", name) < 0)
		return NULL;
	nr = json_integer_value(json_object_get(counts, place)) + 1;
	json_object_set_new(counts, place, json_integer(nr));
	/* Most traces have one root. */
	if (parent || nr > 1) {
		char *numbered = NULL;

		if (asprintf(&numbered, "%s#%" JSON_INTEGER_FORMAT, place, nr) < 0)
			numbered = NULL;
		free(place);
		place = numbered;
	}
	return place;
}

static int add_fork(struct making *making, const struct fw_node *node, const char *place)
{
	struct fw_golden *golden = making->golden;
	struct fw_golden_fork *fork;
	struct made *made;

	if (!node->id || node->id >= making->room || !making->forks[node->id].fork)
		return 0;
	made = &making->forks[node->id];
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

/* The places of a node and of all above it. */
struct path {
	char **places;
	unsigned int room, depth;
};

static int step(struct path *path, const struct fw_node *node, json_t *counts)
{
	const char *parent = path->depth ? path->places[path->depth - 1] : NULL;

	if (path->depth >= path->room) {
		unsigned int room = 2 * path->depth + 16;
		char **places = reallocarray(path->places, room, sizeof(*places));

		if (!places)
			return -ENOMEM;
		memset(places + path->room, 0, (room - path->room) * sizeof(*places));
		path->places = places;
		path->room = room;
	}
	if (parent && strlen(parent) > PLACE_MAX)
		parent = "...";
	free(path->places[path->depth]);
	path->places[path->depth] = name_place(node, parent, counts);
	return path->places[path->depth] ? 0 : -ENOMEM;
}

static int place_forks(struct making *making)
{
	const struct fw_node *node = fw_tree_first(making->tree);
	json_t *counts = json_object();
	struct path path = { 0 };
	unsigned int i;
	int ret = counts ? 0 : -ENOMEM;

	making->golden->forks = calloc(making->room + 1, sizeof(*making->golden->forks));
	if (!making->golden->forks)
		ret = -ENOMEM;
	while (node && !ret) {
		ret = step(&path, node, counts);
		if (!ret)
			ret = add_fork(making, node, path.places[path.depth]);
		node = fw_tree_next(node, &path.depth);
	}
	for (i = 0; i < path.room; i++)
		free(path.places[i]);
	free(path.places);
	json_decref(counts);
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
	making.known = json_object();
	golden->watched = json_array();
	ret = making.known && golden->watched ? fw_tree_open(&making.tree) : -ENOMEM;
	if (!ret)
		ret = make_of(&making);
	for (i = 0; i < making.room; i++) {
		json_decref(making.forks[i].fork);
		free(making.forks[i].steps);
	}
	free(making.forks);
	fw_draft_free(&making.draft);
	json_decref(making.known);
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
