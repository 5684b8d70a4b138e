// SPDX-License-Identifier: GPL-2.0-only
/*
 * A fuzz target for all that takes bytes from traces: the reader, the decoding
 * of events, the model, the rules, the formats that show forks, conversions and
 * comparisons.
 *
 * The input is the files of a trace, each as its name's length (one byte), its
 * name, its size (four bytes, little-endian) and its bytes: tests/fuzz/pack.
 * The reader wants a directory: one in memory, where there is /dev/shm.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compare_times.h"
#include "convert.h"
#include "render.h"
#include "replay.h"
#include "tree.h"
#include "verdicts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_FILES	8

static char dir[64];
static FILE *nowhere;

static void remove_files(void)
{
	DIR *list = opendir(dir);
	struct dirent *entry;

	while (list && (entry = readdir(list)))
		unlinkat(dirfd(list), entry->d_name, 0);
	if (list)
		closedir(list);
}

static void remove_dir(void)
{
	remove_files();
	rmdir(dir);
}

static void make_dir(void)
{
	nowhere = fopen("/dev/null", "w");
	snprintf(dir, sizeof(dir), "%s/forkwatch-fuzz-XXXXXX",
		 access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
	if (!nowhere || !mkdtemp(dir))
		abort();
	atexit(remove_dir);
}

static void put_file(const char *name, const uint8_t *data, size_t size)
{
	char path[512];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0)
		return;
	if (write(fd, data, size) != (ssize_t)size)
		abort();
	close(fd);
}

/* Writes the files that are in the input; the last one may be cut. */
static void unpack(const uint8_t *data, size_t size)
{
	unsigned int i;

	for (i = 0; i < MAX_FILES && size; i++) {
		char name[256] = "";
		uint32_t length;
		size_t name_size = data[0];

		if (size < 1 + name_size + sizeof(length))
			return;
		memcpy(name, data + 1, name_size);
		memcpy(&length, data + 1 + name_size, sizeof(length));
		data += 1 + name_size + sizeof(length);
		size -= 1 + name_size + sizeof(length);
		if (length > size)
			length = size;
		if (*name && !strchr(name, '/') && strcmp(name, ".") && strcmp(name, ".."))
			put_file(name, data, length);
		data += length;
		size -= length;
	}
}

struct fuzz {
	struct fw_render text, json;
	struct fw_tree *tree;
	struct fw_verdicts verdicts;
};

static int take_event(void *ctx, const struct forkwatch_header *event)
{
	struct fuzz *fuzz = ctx;

	return fw_tree_event(fuzz->tree, event);
}

static int take_fork(void *ctx, struct fw_fork *fork)
{
	struct fuzz *fuzz = ctx;
	int ret;

	ret = fuzz->text.ops->fork(&fuzz->text, fork);
	if (!ret)
		ret = fuzz->json.ops->fork(&fuzz->json, fork);
	if (!ret)
		ret = fw_tree_fork(fuzz->tree, fork);
	fw_verdicts_add(&fuzz->verdicts, fork);
	fw_fork_free(fork);
	return ret;
}

static void put_verdicts(struct fw_verdicts *verdicts, const struct fw_replay_result *result)
{
	const struct fw_verdict_format *format;

	fw_verdicts_settle(verdicts, result);
	for (format = fw_verdict_formats; format->name; format++)
		if (format->put(verdicts, nowhere, true))
			abort();
}

static void walk(const struct fw_tree *tree)
{
	const struct fw_node *node;
	unsigned int depth = 0;

	for (node = fw_tree_first(tree); node; node = fw_tree_next(node, &depth))
		;
}

static void play(struct fw_replay *replay)
{
	const struct fw_replay_sink sink = { .event = take_event, .fork = take_fork };
	const struct fw_render_options opt = {
		.out = nowhere,
		.env = &fw_replay_info(replay)->env,
		.usyms = fw_replay_usyms(replay),
	};
	struct fw_replay_result result;
	struct fuzz fuzz = { .tree = NULL };

	if (fw_verdicts_open(&fuzz.verdicts) || fw_tree_open(&fuzz.tree) ||
	    fw_render_open(&fuzz.text, &fw_render_text, &opt) ||
	    fw_render_open(&fuzz.json, &fw_render_json, &opt))
		abort();
	fuzz.verdicts.trace = "fuzz";
	fuzz.verdicts.info = fw_replay_info(replay);
	if (fw_replay_run(replay, &sink, &fuzz, &result))
		abort();
	put_verdicts(&fuzz.verdicts, &result);
	walk(fuzz.tree);
	fw_render_close(&fuzz.json);
	fw_render_close(&fuzz.text);
	fw_tree_close(fuzz.tree);
	fw_verdicts_close(&fuzz.verdicts);
}

static void convert(void)
{
	const struct fw_conversion *conversion;
	struct fw_replay *replay;

	for (conversion = fw_conversions; conversion->name; conversion++) {
		if (fw_replay_open(&replay, dir) || conversion->write(replay, nowhere))
			abort();
		fw_replay_close(replay);
	}
}

/* Whatever it holds, a trace is the same as itself. */
static void compare(void)
{
	const struct fw_comparison_format *format;
	struct fw_comparison comparison;
	struct fw_golden golden;

	if (fw_golden_open_timed(&golden, dir) || fw_compare(&comparison, &golden, &golden) ||
	    comparison.answer == FW_DIFFERENT || fw_compare_times(&comparison, 0) ||
	    comparison.answer == FW_DIFFERENT)
		abort();
	for (format = fw_comparison_formats; format->name; format++)
		if (format->put(&comparison, nowhere, true))
			abort();
	fw_comparison_close(&comparison);
	fw_golden_close(&golden);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fw_replay *replay;

	if (!*dir)
		make_dir();
	remove_files();
	unpack(data, size);
	if (!fw_replay_open(&replay, dir)) {
		play(replay);
		fw_replay_close(replay);
		convert();
		compare();
	}
	return 0;
}
