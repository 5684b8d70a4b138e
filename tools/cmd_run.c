// SPDX-License-Identifier: GPL-2.0-only
/* forkwatch run: trace a command, and show each fork as it completes. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "cmd_options.h"
#include "env.h"
#include "limit.h"
#include "message.h"
#include "render.h"
#include "session.h"
#include "source_choice.h"
#include "target.h"

struct options {
	struct fw_session_options session;
	const struct fw_render_ops *format;
	struct fw_output output;
	enum fw_stage_order order;
	bool quiet;
	bool verbose;
};

struct run {
	struct options *opt;
	struct fw_env env;
	int ksyms_error;
	struct fw_tally tally;
	struct fw_limits_watch *limits;
	struct fw_render render;
};

/*
 * Options.
 */
enum {
	OPT_SORT = FW_OPT_OWN,
};

static const struct option long_options[] = {
	FW_ADDRESSES_OPTION,
	FW_TARGET_OPTIONS,
	FW_OUTPUT_OPTIONS,
	{ "quiet",	no_argument,		NULL, 'q' },
	{ "sort",	required_argument,	NULL, OPT_SORT },
	FW_SWITCHES_OPTION,
	{ "verbose",	no_argument,		NULL, 'v' },
	{ NULL }
};

/* Returns -1 to go on, else the exit status. */
static int parse_option(const struct fw_cmd *cmd, void *ctx, int c)
{
	struct options *opt = ctx;

	switch (c) {
	case 'f':
		opt->format = fw_render_find(optarg);
		if (!opt->format)
			return fw_cmd_misuse(cmd, "format '%s' is neither text nor json", optarg);
		return -1;
	case 'q':
		opt->quiet = true;
		return -1;
	case 'v':
		opt->verbose = true;
		return -1;
	case 'o':
	case FW_OPT_COLOR:
		return fw_output_option(cmd, &opt->output, c);
	case OPT_SORT:
		if (fw_parse_stage_order(optarg, &opt->order))
			return fw_cmd_misuse(cmd, "sort '%s' is none of start, time", optarg);
		return -1;
	}
	return fw_target_option(cmd, &opt->session, c);
}

static const struct fw_options options = {
	.rows = long_options, .command = true, .take = parse_option
};

static int parse(const struct fw_cmd *cmd, struct options *opt, int argc, char **argv)
{
	int status = fw_options_parse(&options, cmd, opt, argc, argv);

	return status >= 0 ? status : fw_target_command_line(cmd, &opt->session, argc, argv);
}

/*
 * The sink of the session.
 */
static int flush(void *ctx)
{
	struct run *run = ctx;

	return fw_output_flush(&run->opt->output);
}

static int sink_begin(void *ctx)
{
	struct run *run = ctx;
	const struct options *opt = run->opt;
	struct fw_render_options render = {
		.out = opt->output.file,
		.color = fw_output_colored(&opt->output),
		.quiet = opt->quiet,
		.stage_order = opt->order,
		.env = &run->env,
		.usyms = opt->session.usyms,
	};
	int err;

	if (!opt->quiet)
		fw_env_warn(run->ksyms_error);
	err = fw_render_open(&run->render, opt->format, &render);
	if (!err && opt->format->begin)
		err = opt->format->begin(&run->render);
	return err ? err : flush(run);
}

static int sink_fork(void *ctx, struct fw_fork *fork)
{
	struct run *run = ctx;
	int err;

	if ((fw_fork_error(fork) < 0 && fw_limits_look(run->limits, fork)) ||
	    !fw_check(fork, &run->env)) {
		fw_fork_free(fork);
		return -ENOMEM;
	}
	fw_tally_add(&run->tally, fork);
	err = run->opt->format->fork(&run->render, fork);
	fw_fork_free(fork);
	return err;
}

static int sink_cow(void *ctx, const struct fw_cow *cow)
{
	struct run *run = ctx;

	fw_cow_add(&run->tally.cow, cow->event);
	return run->opt->format->cow(&run->render, cow);
}

static int sink_life(void *ctx, const struct fw_life *life)
{
	struct fw_judgement judgement;
	struct run *run = ctx;

	fw_check_life(life, &judgement);
	fw_tally_add_life(&run->tally, life, &judgement);
	return run->opt->format->life ? run->opt->format->life(&run->render, life, &judgement) : 0;
}

static const struct fw_session_sink sink = {
	.begin = sink_begin,
	.fork = sink_fork,
	.cow = sink_cow,
	.life = sink_life,
	.flush = flush,
};

static int summarise(struct run *run, const struct fw_session_result *result)
{
	char *command = fw_target_command(run->opt->session.argv);
	struct fw_summary summary = {
		.tally = &run->tally,
		.losses = &result->losses,
		.events = result->events,
		.command = command ? command : "",
		.status = result->status,
	};
	int err;

	err = run->opt->format->end ? run->opt->format->end(&run->render, &summary) : 0;
	free(command);
	return err ? err : flush(run);
}

static int run_session(struct run *run)
{
	struct options *opt = run->opt;
	struct fw_session_result result;
	int err;

	err = fw_session_run(&opt->session, &sink, run, &result);
	if (opt->verbose)
		fputs(fw_source_bpf_log(), stderr);
	if (err && !result.sink_failed)
		return fw_target_failed(&result);
	if (!err)
		err = summarise(run, &result);
	if (fw_output_close(&opt->output, err))
		return FW_STATUS_RUN_FAILED;
	if (run->tally.incomplete)
		fw_message("%llu forks were under way when tracing ended, or lack events: "
			   "they are marked as incomplete",
			   (unsigned long long)run->tally.incomplete);
	return fw_target_status(&result);
}

static int with_env(struct run *run)
{
	int status, err;

	err = fw_env_open(&run->env, &run->ksyms_error);
	if (!err)
		err = fw_tally_open(&run->tally);
	if (!err)
		err = fw_limits_open(&run->limits, "");
	if (err) {
		fw_message("%s", strerror(-err));
		return FW_STATUS_RUN_FAILED;
	}
	fw_env_hide(&run->env, &run->opt->session.addresses);
	status = run_session(run);
	fw_render_close(&run->render);
	fw_limits_close(run->limits);
	fw_tally_close(&run->tally);
	fw_env_close(&run->env);
	return status;
}

static int run_main(const struct fw_cmd *cmd, int argc, char **argv)
{
	struct options opt = {
		.session.source.stages = FW_STAGES_OFF,
		.session.drop_privileges = true,
		.format = fw_render_find("text"),
	};
	struct run run = { .opt = &opt };
	int status, err;

	status = parse(cmd, &opt, argc, argv);
	if (status >= 0)
		return status;
	if (fw_addresses_decide(&opt.session.addresses))
		return FW_STATUS_RUN_FAILED;
	if (!opt.session.ops)
		opt.session.ops = fw_source_auto(opt.quiet);
	if (fw_output_open(&opt.output))
		return FW_STATUS_RUN_FAILED;
	err = fw_usyms_open(&opt.session.usyms);
	if (err) {
		fw_message("%s", strerror(-err));
		return FW_STATUS_RUN_FAILED;
	}
	status = with_env(&run);
	fw_usyms_close(opt.session.usyms);
	return status;
}

const struct fw_cmd fw_cmd_run = {
	.name = "run",
	.summary = "trace a command and all it starts, and show every fork as it completes",
	.usage =
"run [OPTION…] [--] COMMAND [ARGUMENT…]\n"
"       forkwatch run [OPTION…] -p PID\n"
"       forkwatch run [OPTION…] -a [[--] COMMAND [ARGUMENT…]]\n"
"\n"
"Traces COMMAND and all its descendants from the first instruction, a process\n"
"and what it will fork, or everything, and shows every fork as it completes:\n"
"registers, the first switch, the results and what was judged. Ends with the\n"
"command or process, or when interrupted (twice, if there is a command).\n"
"\n"
"  -a, --all             all processes but forkwatch\n"
"  -p, --pid PID         the process PID\n"
"  -u, --user USER       execute COMMAND as this user\n"
"      --source WHICH    who watches: auto (default), module and BPF both, module or bpf\n"
"      --stages WHICH    how long the steps of a fork took: off (default), core or all\n"
"      --sort ORDER      of the steps: start (default) or time, the longest first\n"
"      --cow             what parent and child write to afterwards: pages copied, until\n"
"                        the child executes a program or exits\n"
"      --switches        watch every switch of these tasks too, not only the first\n"
"  -f, --format FORMAT   text (default) or json\n"
"  -o, --output FILE     write there, not to standard output\n"
"  -q, --quiet           only what failed, and the summary\n"
"  -v, --verbose         what the libraries have to say, on standard error\n"
"      --color WHEN      auto (default), always or never; NO_COLOR is honoured\n"
"      --addresses WHICH the kernel's: auto (default), as you may see them; raw; or symbols,\n"
"                        with a stand-in for what has none\n"
"      --ring SIZE       of the buffer between kernel and tool (default 4M)\n"
"  -h, --help            this text\n"
"\n"
"exit status: the command's, 128+N if signal N killed it; 127 if it was not found,\n"
"126 if it could not be executed, 125 if forkwatch itself failed\n",
	.trouble = FW_STATUS_RUN_FAILED,
	.main = run_main,
};
