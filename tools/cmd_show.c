// SPDX-License-Identifier: GPL-2.0-only
/* forkwatch show: one fork of a trace, whole. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "cmd_options.h"
#include "message.h"
#include "render.h"
#include "replay.h"

struct show {
	const char *dir;
	const char *which;
	bool failed;			/* all that failed, not one */
	uint64_t id;			/* the one to show */
	uint64_t shown;
	uint64_t forks;			/* seen so far */
	uint64_t slowest;		/* ns */
	struct fw_output output;
	enum fw_addresses_choice addresses;
	const struct fw_render_ops *format;
	enum fw_stage_order order;
	struct fw_render render;
};

/* Something that is found by looking at all forks. */
struct choice {
	const char *name;
	int (*look)(void *ctx, struct fw_fork *fork);
};

static int look_last(void *ctx, struct fw_fork *fork)
{
	struct show *show = ctx;

	show->forks++;
	if (fork->id > show->id)
		show->id = fork->id;
	fw_fork_free(fork);
	return 0;
}

/* By copy_process() alone: kernel_clone() of a vfork waits for what the child does. */
static int look_slowest(void *ctx, struct fw_fork *fork)
{
	struct show *show = ctx;
	uint64_t time = 0;

	show->forks++;
	if (fork->enter && fork->exit)
		time = fork->exit->hdr.time - fork->enter->hdr.time;
	if (time > show->slowest) {
		show->slowest = time;
		show->id = fork->id;
	}
	fw_fork_free(fork);
	return 0;
}

static const struct choice choices[] = {
	{ "last", look_last },
	{ "slowest", look_slowest },
	{ NULL }
};

static bool has_failed(const struct fw_fork *fork)
{
	return fw_fork_error(fork) < 0 || fw_render_has_failed(fork);
}

static int show_fork(void *ctx, struct fw_fork *fork)
{
	struct show *show = ctx;
	int err = 0;

	show->forks++;
	if (show->failed ? has_failed(fork) : fork->id == show->id) {
		err = show->format->fork(&show->render, fork);
		show->shown++;
	}
	fw_fork_free(fork);
	return err;
}

static int show_cow(void *ctx, const struct fw_cow *cow)
{
	struct show *show = ctx;

	return !show->failed && cow->fork == show->id ?
	       show->format->cow(&show->render, cow) : 0;
}

static int show_life(void *ctx, const struct fw_life *life)
{
	struct fw_judgement judgement;
	struct show *show = ctx;

	fw_check_life(life, &judgement);
	if (!show->format->life ||
	    (show->failed ? judgement.verdict != FW_FAIL : life->fork != show->id))
		return 0;
	show->shown++;
	return show->format->life(&show->render, life, &judgement);
}

/* Plays the trace into @look. Returns an exit status. */
static int replay(struct show *show, int (*look)(void *ctx, struct fw_fork *fork))
{
	const struct fw_replay_sink sink = { .fork = look };
	struct fw_replay_result result;
	struct fw_replay *replay;
	int err;

	if (fw_replay_open(&replay, show->dir)) {
		fw_message("%s", fw_trace_error());
		return FW_STATUS_TROUBLE;
	}
	err = fw_replay_run(replay, &sink, show, &result);
	fw_replay_close(replay);
	if (err)
		fw_message("%s: %s", show->dir, strerror(-err));
	return err ? FW_STATUS_TROUBLE : 0;
}

static int find(struct show *show)
{
	const struct choice *choice = choices;

	while (choice->name && strcmp(choice->name, show->which))
		choice++;
	if (!choice->name)
		return 0;
	show->id = 0;
	return replay(show, choice->look);
}

static int render(struct show *show, struct fw_replay *replay)
{
	const struct fw_replay_sink sink = {
		.fork = show_fork, .life = show_life, .cow = show_cow,
	};
	struct fw_render_options opt = {
		.out = show->output.file,
		.color = fw_output_colored(&show->output),
		.stage_order = show->order,
		.env = &fw_replay_info(replay)->env,
		.usyms = fw_replay_usyms(replay),
	};
	struct fw_replay_result result;
	int err;

	show->forks = 0;
	err = fw_render_open(&show->render, show->format, &opt);
	if (!err && show->format->begin)
		err = show->format->begin(&show->render);
	if (!err)
		err = fw_replay_run(replay, &sink, show, &result);
	fw_render_close(&show->render);
	return err;
}

static int say_what_is_not_there(const struct show *show)
{
	if (show->failed) {
		fw_message("%s: no fork failed, and none broke a rule", show->dir);
		return 0;
	}
	if (!show->forks)
		fw_message("%s holds no fork", show->dir);
	else
		fw_message("%s has no fork %s: `forkwatch report %s' lists them", show->dir,
			   show->which, show->dir);
	return FW_STATUS_TROUBLE;
}

static int show_what_was_found(struct show *show)
{
	struct fw_replay *replay;
	int err;

	if (fw_replay_open_with(&replay, show->dir, show->addresses)) {
		fw_message("%s", fw_trace_error());
		return FW_STATUS_TROUBLE;
	}
	if (fw_output_open(&show->output)) {
		fw_replay_close(replay);
		return FW_STATUS_TROUBLE;
	}
	err = render(show, replay);
	fw_replay_close(replay);
	if (fw_output_close(&show->output, err))
		return FW_STATUS_TROUBLE;
	return show->shown || err ? 0 : say_what_is_not_there(show);
}

enum {
	OPT_SORT = FW_OPT_OWN,
};

static const struct option long_options[] = {
	FW_ADDRESSES_OPTION,
	FW_OUTPUT_OPTIONS,
	{ "sort",	required_argument,	NULL, OPT_SORT },
	{ NULL }
};

/* Returns -1 to go on, else the exit status. */
static int parse_option(const struct fw_cmd *cmd, void *ctx, int c)
{
	struct show *show = ctx;

	switch (c) {
	case FW_OPT_ADDRESSES:
		return fw_addresses_option(cmd, &show->addresses);
	case 'f':
		show->format = fw_render_find(optarg);
		if (!show->format)
			return fw_cmd_misuse(cmd, "format '%s' is not known", optarg);
		return -1;
	case OPT_SORT:
		if (fw_parse_stage_order(optarg, &show->order))
			return fw_cmd_misuse(cmd, "sort '%s' is none of start, time", optarg);
		return -1;
	}
	return fw_output_option(cmd, &show->output, c);
}

static const struct fw_options options = { .rows = long_options, .take = parse_option };

static int parse_which(const struct fw_cmd *cmd, struct show *show)
{
	const struct choice *choice;
	char *end;

	show->failed = !strcmp(show->which, "failed");
	for (choice = choices; choice->name; choice++)
		if (!strcmp(choice->name, show->which))
			return -1;
	if (show->failed)
		return -1;
	errno = 0;
	show->id = strtoull(show->which, &end, 10);
	if (errno || *end || end == show->which || !show->id || *show->which == '-')
		return fw_cmd_misuse(cmd, "'%s' is no fork's number, nor last, slowest or failed",
				     show->which);
	return -1;
}

static int parse(const struct fw_cmd *cmd, struct show *show, int argc, char **argv)
{
	int status = fw_options_parse(&options, cmd, show, argc, argv);

	if (status >= 0)
		return status;
	if (argc - optind != 2)
		return fw_cmd_misuse(cmd, "show what? give a trace and a fork: DIR ID");
	show->dir = argv[optind];
	show->which = argv[optind + 1];
	return parse_which(cmd, show);
}

static int show_main(const struct fw_cmd *cmd, int argc, char **argv)
{
	struct show show = { .format = fw_render_find("text"), .which = "" };
	int status;

	status = parse(cmd, &show, argc, argv);
	if (status >= 0)
		return status;
	status = find(&show);
	return status ? status : show_what_was_found(&show);
}

const struct fw_cmd fw_cmd_show = {
	.name = "show",
	.summary = "show one fork of a trace whole: registers, times, verdicts",
	.usage =
"show [OPTION…] DIR ID|last|slowest|failed\n"
"\n"
"Shows of the trace in DIR the fork with the number ID, as `forkwatch report' has\n"
"it; or the last one, the one that copy_process() took longest for, or every one\n"
"that ended in an error or broke a rule.\n"
"\n"
"  -f, --format FORMAT   text (default) or json\n"
"  -o, --output FILE     write there, not to standard output\n"
"      --addresses WHICH the kernel's: auto (default), as they were recorded; raw; or\n"
"                        symbols, with a stand-in for what has none\n"
"      --color WHEN      auto (default), always or never; NO_COLOR is honoured\n"
"      --sort ORDER      of the steps: start (default) or time, the longest first\n"
"  -h, --help            this text\n"
"\n"
"exit status: 0; 2 if the trace cannot be read or has no such fork\n",
	.trouble = FW_STATUS_TROUBLE,
	.main = show_main,
};
