// SPDX-License-Identifier: GPL-2.0-only
/* forkwatch stat: forks in numbers: histograms of their times, rates, failures, copies. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd_options.h"
#include "env.h"
#include "limit.h"
#include "message.h"
#include "now.h"
#include "render_stat.h"
#include "replay.h"
#include "session.h"
#include "source_choice.h"
#include "target.h"

#define NS	1000000000ULL

struct stat_cmd {
	struct fw_session_options session;
	struct fw_output output;
	const char *dir;		/* a trace, in place of what happens now */
	bool json, quiet, verbose, stages_asked;
	uint64_t interval;		/* ns, 0: only in the end */
	struct fw_env env;
	struct fw_limits_watch *limits;
	struct fw_stat stat;
	uint64_t start, lap;		/* CLOCK_MONOTONIC, ns; when the last look was */
};

/*
 * Showing.
 */
static int write_all(struct stat_cmd *cmd, const char *data, size_t size)
{
	errno = 0;
	if (fwrite(data, 1, size, cmd->output.file) == size)
		return fw_output_flush(&cmd->output);
	return errno ? -errno : -EIO;
}

static int show_json(struct stat_cmd *cmd, const struct fw_stat_view *view)
{
	json_t *object = fw_stat_json(view);
	char *line = object ? json_dumps(object, JSON_COMPACT) : NULL;
	int err = -ENOMEM;

	if (line) {
		fputs(line, cmd->output.file);
		err = write_all(cmd, "\n", 1);
	}
	free(line);
	json_decref(object);
	return err;
}

/* From the top of the screen, down to what was below it. */
#define HOME	"\033[H\033[J"

static int show_text(struct stat_cmd *cmd, const struct fw_stat_view *view)
{
	struct fw_text text;
	int err = fw_text_open(&text, fw_output_colored(&cmd->output));

	if (err)
		return err;
	if (cmd->interval && isatty(fileno(cmd->output.file)))
		fputs(HOME, cmd->output.file);
	fw_stat_text(&text, view);
	err = fw_text_finish(&text);
	if (!err)
		err = write_all(cmd, text.data, text.size);
	fw_text_close(&text);
	return err;
}

static int show(struct stat_cmd *cmd, const struct fw_stat_view *view)
{
	return cmd->json ? show_json(cmd, view) : show_text(cmd, view);
}

/*
 * What happens now.
 */
static int sink_begin(void *ctx)
{
	struct stat_cmd *cmd = ctx;

	cmd->start = fw_now();
	cmd->lap = cmd->start;
	return 0;
}

static int sink_fork(void *ctx, struct fw_fork *fork)
{
	struct stat_cmd *cmd = ctx;
	int err = -ENOMEM;

	if (!(fw_fork_error(fork) < 0 && fw_limits_look(cmd->limits, fork)) &&
	    fw_check(fork, &cmd->env))
		err = fw_stat_fork(&cmd->stat, fork);
	fw_fork_free(fork);
	return err;
}

static int sink_cow(void *ctx, const struct fw_cow *cow)
{
	struct stat_cmd *cmd = ctx;

	fw_cow_add(&cmd->stat.tally.cow, cow->event);
	return 0;
}

/* Called after each look into the ring, many times a second. */
static int sink_flush(void *ctx)
{
	struct stat_cmd *cmd = ctx;
	uint64_t now = fw_now();
	struct fw_stat_view view = {
		.stat = &cmd->stat,
		.env = &cmd->env,
		.duration = now - cmd->start,
		.lap = now - cmd->lap,
	};
	int err;

	if (!cmd->interval || now - cmd->lap < cmd->interval)
		return 0;
	err = show(cmd, &view);
	fw_stat_lap(&cmd->stat);
	cmd->lap = now;
	return err;
}

static const struct fw_session_sink sink = {
	.begin = sink_begin,
	.fork = sink_fork,
	.cow = sink_cow,
	.flush = sink_flush,
};

static int show_last(struct stat_cmd *cmd, const struct fw_session_result *result)
{
	char *command = fw_target_command(cmd->session.argv);
	uint64_t now = fw_now();
	struct fw_stat_view view = {
		.stat = &cmd->stat,
		.env = &cmd->env,
		.duration = now - cmd->start,
		.lap = cmd->interval ? now - cmd->lap : 0,
		.last = true,
		.losses = &result->losses,
		.events = result->events,
		.command = command ? command : "",
		.status = result->status,
	};
	int err = show(cmd, &view);

	free(command);
	return err;
}

static int run_session(struct stat_cmd *cmd)
{
	struct fw_session_result result;
	int err;

	err = fw_session_run(&cmd->session, &sink, cmd, &result);
	if (cmd->verbose)
		fputs(fw_source_bpf_log(), stderr);
	if (err && !result.sink_failed)
		return fw_target_failed(&result);
	if (!err)
		err = show_last(cmd, &result);
	if (fw_output_close(&cmd->output, err))
		return FW_STATUS_RUN_FAILED;
	if (fw_losses_total(&result.losses) && !cmd->quiet)
		fw_message("events were lost: these are not all forks");
	return fw_target_status(&result);
}

static int stat_session(struct stat_cmd *cmd)
{
	int status, err, ksyms_error;

	err = fw_env_open(&cmd->env, &ksyms_error);
	if (!err)
		err = fw_limits_open(&cmd->limits, "");
	if (err) {
		fw_message("%s", strerror(-err));
		return FW_STATUS_RUN_FAILED;
	}
	status = run_session(cmd);
	fw_limits_close(cmd->limits);
	fw_env_close(&cmd->env);
	return status;
}

/*
 * What was recorded.
 */
static int take_fork(void *ctx, struct fw_fork *fork)
{
	struct stat_cmd *cmd = ctx;
	int err = fw_stat_fork(&cmd->stat, fork);

	fw_fork_free(fork);
	return err;
}

static int show_trace(struct stat_cmd *cmd, struct fw_replay *replay)
{
	const struct fw_replay_sink taker = { .fork = take_fork, .cow = sink_cow };
	const struct fw_trace_info *info = fw_replay_info(replay);
	struct fw_replay_result result;
	struct fw_stat_view view = {
		.stat = &cmd->stat,
		.env = &info->env,
		.last = true,
		.losses = &result.losses,
	};
	int err = fw_replay_run(replay, &taker, cmd, &result);

	if (err)
		return err;
	view.duration = result.last_time - result.first_time;
	view.events = result.events;
	view.command = result.end.has_status ? info->command : "";
	view.status = result.end.status;
	err = show(cmd, &view);
	if (!err && !result.complete && !cmd->quiet)
		fw_message("%s is incomplete: events were lost, or the recording was cut",
			   cmd->dir);
	return err;
}

static int stat_trace(struct stat_cmd *cmd)
{
	struct fw_replay *replay;
	int err;

	if (fw_replay_open(&replay, cmd->dir)) {
		fw_message("%s", fw_trace_error());
		return FW_STATUS_RUN_FAILED;
	}
	err = show_trace(cmd, replay);
	fw_replay_close(replay);
	return fw_output_close(&cmd->output, err) ? FW_STATUS_RUN_FAILED : 0;
}

/*
 * Options.
 */
enum {
	OPT_INTERVAL = FW_OPT_OWN,
};

static const struct option long_options[] = {
	FW_TARGET_OPTIONS,
	FW_OUTPUT_OPTIONS,
	{ "interval",	required_argument,	NULL, OPT_INTERVAL },
	{ "quiet",	no_argument,		NULL, 'q' },
	{ "verbose",	no_argument,		NULL, 'v' },
	{ NULL }
};

/* Seconds, with a fraction if need be: "0.5". */
static int parse_interval(const char *text, uint64_t *ns)
{
	char *end;
	double seconds;

	errno = 0;
	seconds = strtod(text, &end);
	if (errno || end == text || *end || !(seconds >= 0.1 && seconds <= 86400))
		return -EINVAL;
	*ns = seconds * NS;
	return 0;
}

/* Returns -1 to go on, else the exit status. */
static int parse_option(const struct fw_cmd *cmd, void *ctx, int c)
{
	struct stat_cmd *opt = ctx;

	switch (c) {
	case 'f':
		return fw_json_option(cmd, &opt->json);
	case 'q':
		opt->quiet = true;
		return -1;
	case 'v':
		opt->verbose = true;
		return -1;
	case 'o':
	case FW_OPT_COLOR:
		return fw_output_option(cmd, &opt->output, c);
	case OPT_INTERVAL:
		if (parse_interval(optarg, &opt->interval))
			return fw_cmd_misuse(cmd, "interval '%s' is no number of seconds from 0.1 "
					     "to 86400", optarg);
		return -1;
	case FW_OPT_STAGES:
		opt->stages_asked = true;
		break;
	}
	return fw_target_option(cmd, &opt->session, c);
}

static const struct fw_options options = {
	.rows = long_options, .command = true, .take = parse_option
};

/* A directory cannot be executed, so that it can only be a trace. */
static bool is_trace(const struct stat_cmd *opt, char **rest)
{
	struct stat st;

	return !opt->session.pid && !opt->session.source.all && rest[0] && !rest[1] &&
	       !stat(rest[0], &st) && S_ISDIR(st.st_mode);
}

static int parse(const struct fw_cmd *cmd, struct stat_cmd *opt, int argc, char **argv)
{
	int status = fw_options_parse(&options, cmd, opt, argc, argv);

	if (status >= 0)
		return status;
	if (is_trace(opt, argv + optind)) {
		opt->dir = argv[optind];
		return -1;
	}
	return fw_target_command_line(cmd, &opt->session, argc, argv);
}

/* The stages that nobody asked for are left out where the source has none. */
static void choose_source(struct stat_cmd *opt)
{
	if (!opt->session.ops)
		opt->session.ops = fw_source_auto(opt->quiet);
	if (opt->stages_asked || !opt->session.ops->no_stages)
		return;
	opt->session.source.stages = FW_STAGES_OFF;
	if (!opt->quiet)
		fw_message("source %s: no stages are shown, which BPF programs time",
			   opt->session.ops->name);
}

static int stat_main(const struct fw_cmd *cmd, int argc, char **argv)
{
	struct stat_cmd opt = {
		.session.source.stages = FW_STAGES_CORE,
		.session.drop_privileges = true,
	};
	int status, err;

	status = parse(cmd, &opt, argc, argv);
	if (status >= 0)
		return status;
	if (!opt.dir)
		choose_source(&opt);
	err = fw_stat_open(&opt.stat);
	if (err) {
		fw_message("%s", strerror(-err));
		return FW_STATUS_RUN_FAILED;
	}
	status = FW_STATUS_RUN_FAILED;
	if (!fw_output_open(&opt.output))
		status = opt.dir ? stat_trace(&opt) : stat_session(&opt);
	fw_stat_close(&opt.stat);
	return status;
}

const struct fw_cmd fw_cmd_stat = {
	.name = "stat",
	.summary = "show forks in numbers: histograms of their times, rates, failures",
	.usage =
"stat [OPTION…] [--] COMMAND [ARGUMENT…]\n"
"       forkwatch stat [OPTION…] -p PID\n"
"       forkwatch stat [OPTION…] -a [[--] COMMAND [ARGUMENT…]]\n"
"       forkwatch stat [OPTION…] DIR\n"
"\n"
"Counts the forks of COMMAND and all its descendants, of a process and what it will\n"
"fork, of everything, or of the trace in DIR: how often and by whom, how long they\n"
"and each of their steps took, how long children waited for their first run, and why\n"
"forks failed. Shows that in the end, or again and again.\n"
"\n"
"  -a, --all             all processes but forkwatch\n"
"  -p, --pid PID         the process PID\n"
"  -u, --user USER       execute COMMAND as this user\n"
"      --source WHICH    who watches: auto (default), module and BPF both, module or bpf\n"
"      --interval N      each N seconds, too; on a terminal in place of the last time\n"
"      --stages WHICH    how long the steps of a fork took: off, core (default) or all\n"
"      --cow             what parents and children write to afterwards: pages copied, until\n"
"                        the child executes a program or exits\n"
"  -f, --format FORMAT   text (default); json: an object each time\n"
"  -o, --output FILE     write there, not to standard output\n"
"  -q, --quiet           no word on what was lost but the numbers\n"
"  -v, --verbose         what the libraries have to say, on standard error\n"
"      --color WHEN      auto (default), always or never; NO_COLOR is honoured\n"
"      --ring SIZE       of the buffer between kernel and tool (default 4M)\n"
"  -h, --help            this text\n"
"\n"
"exit status: the command's, 128+N if signal N killed it; 127 if it was not found,\n"
"126 if it could not be executed, 125 if forkwatch itself failed; 0 for a trace\n",
	.trouble = FW_STATUS_RUN_FAILED,
	.main = stat_main,
};
