// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "check.h"
#include "golden.h"
#include "names.h"
#include "normal.h"
#include "replay.h"
#include "tree.h"

/* Changes when the same trace gives something else. */
#define GOLDEN_VERSION	1

#define PLACE_MAX	4096	/* forks that lie deeper are not told apart by their parents */

/*
 * Of a trace. Forks that are the same share one object, so that what is kept of
 * each is little.
 */
struct making {
	struct fw_golden *golden;
	struct fw_tree *tree;
	struct fw_replay *replay;
	json_t *known;		/* forks by their text */
	json_t **forks;		/* by id */
	size_t room;
};

/* The fork in @known that is the same as @fork, which is dropped. */
static json_t *share(struct making *making, json_t *fork)
{
	char *text = json_dumps(fork, JSON_COMPACT);
	json_t *same = text ? json_object_get(making->known, text) : NULL;

	if (text && !same && !json_object_set(making->known, text, fork))
		same = fork;
	json_incref(same);
	json_decref(fork);
	free(text);
	return same;
}

static int make_room(struct making *making, uint64_t id)
{
	size_t room = making->room ? 2 * making->room : 64;
	json_t **forks;

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

/* A stage is watched in all forks or in none, but not every fork says so. */
static void learn_watched(struct fw_golden *golden, const struct fw_fork *fork)
{
	if (!json_array_size(golden->watched) && fork->stages) {
		json_t *watched = fw_normal_watched(fork);

		if (watched) {
			json_decref(golden->watched);
			golden->watched = watched;
		}
	}
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
	normal = fw_normal_fork(fork, &fw_replay_info(making->replay)->env);
	normal = normal ? share(making, normal) : NULL;
	if (!normal)
		return -ENOMEM;
	json_decref(making->forks[fork->id]);
	making->forks[fork->id] = normal;
	learn_watched(making->golden, fork);
	return fw_tree_fork(making->tree, fork);
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

	if (!node->id || node->id >= making->room || !making->forks[node->id])
		return 0;
	fork = &golden->forks[golden->nr];
	fork->place = strdup(place);
	if (!fork->place)
		return -ENOMEM;
	fork->fork = json_incref(making->forks[node->id]);
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

int fw_golden_make(struct fw_golden *golden, struct fw_replay *replay)
{
	struct making making = { .golden = golden, .replay = replay };
	size_t i;
	int ret;

	memset(golden, 0, sizeof(*golden));
	making.known = json_object();
	golden->watched = json_array();
	ret = making.known && golden->watched ? fw_tree_open(&making.tree) : -ENOMEM;
	if (!ret)
		ret = make_of(&making);
	for (i = 0; i < making.room; i++)
		json_decref(making.forks[i]);
	free(making.forks);
	json_decref(making.known);
	fw_tree_close(making.tree);
	if (ret)
		fw_golden_close(golden);
	return ret;
}

static int golden_of_trace(struct fw_golden *golden, const char *dir)
{
	struct fw_replay *replay;
	int ret;

	ret = fw_replay_open(&replay, dir);
	if (ret)
		return ret;
	ret = fw_golden_make(golden, replay);
	if (ret)
		fw_trace_fail(ret, "%s: %s", dir, strerror(-ret));
	golden->path = dir;
	fw_replay_close(replay);
	return ret;
}

/*
 * Of a file, which anybody may have edited.
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

static int golden_of_file(struct fw_golden *golden)
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

int fw_golden_open(struct fw_golden *golden, const char *path)
{
	struct stat st;
	int ret;

	memset(golden, 0, sizeof(*golden));
	golden->path = path;
	fw_trace_fail(0, "out of memory");
	if (!stat(path, &st) && S_ISREG(st.st_mode))
		ret = golden_of_file(golden);
	else
		ret = golden_of_trace(golden, path);
	if (ret)
		fw_golden_close(golden);
	return ret;
}

void fw_golden_close(struct fw_golden *golden)
{
	size_t i;

	for (i = 0; i < golden->nr; i++) {
		free(golden->forks[i].place);
		json_decref(golden->forks[i].fork);
	}
	free(golden->forks);
	json_decref(golden->watched);
	json_decref(golden->rules);
	memset(golden, 0, sizeof(*golden));
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
