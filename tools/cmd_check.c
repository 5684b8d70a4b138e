// SPDX-License-Identifier: GPL-2.0-only
/* forkwatch check: does every fork of a trace keep the rules? The answer is the exit status. */
#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "cmd_options.h"
#include "message.h"
#include "replay.h"
#include "verdicts.h"

struct check {
	const char *dir;
	const char *rules;		/* NULL: all */
	const char *allowed;		/* file of known deviations, NULL: none */
	struct fw_allow allow;
	struct fw_output output;
	enum fw_addresses_choice addresses;
	const struct fw_verdict_format *format;
	struct fw_verdicts verdicts;
};

static int take_fork(void *ctx, struct fw_fork *fork)
{
	struct check *check = ctx;

	fw_verdicts_add(&check->verdicts, fork);
	fw_fork_free(fork);
	return 0;
}

static int take_life(void *ctx, const struct fw_life *life)
{
	struct check *check = ctx;

	fw_verdicts_add_life(&check->verdicts, life);
	return 0;
}

static const struct fw_replay_sink sink = {
	.fork = take_fork,
	.life = take_life,
};

/* Returns an exit status. */
static int judge(struct check *check, struct fw_replay *replay)
{
	struct fw_replay_result result;
	int err;

	check->verdicts.trace = check->dir;
	check->verdicts.info = fw_replay_info(replay);
	err = fw_replay_run(replay, &sink, check, &result);
	if (err) {
		fw_message("%s: %s", check->dir, strerror(-err));
		return FW_STATUS_TROUBLE;
	}
	fw_verdicts_settle(&check->verdicts, &result);
	if (fw_output_open(&check->output))
		return FW_STATUS_TROUBLE;
	err = check->format->put(&check->verdicts, check->output.file,
				 fw_output_colored(&check->output));
	if (fw_output_close(&check->output, err))
		return FW_STATUS_TROUBLE;
	return check->verdicts.answer;
}

static int check_trace(struct check *check)
{
	struct fw_replay *replay;
	int status;

	if (fw_replay_open_with(&replay, check->dir, check->addresses)) {
		fw_message("%s", fw_trace_error());
		return FW_STATUS_TROUBLE;
	}
	status = judge(check, replay);
	fw_replay_close(replay);
	return status;
}

enum {
	OPT_ALLOW = FW_OPT_OWN,
	OPT_RULES,
};

static const struct option long_options[] = {
	{ "allow",	required_argument,	NULL, OPT_ALLOW },
	FW_ADDRESSES_OPTION,
	FW_OUTPUT_OPTIONS,
	{ "rules",	required_argument,	NULL, OPT_RULES },
	{ NULL }
};

/* Returns -1 to go on, else the exit status. */
static int parse_option(const struct fw_cmd *cmd, void *ctx, int c)
{
	struct check *check = ctx;

	switch (c) {
	case FW_OPT_ADDRESSES:
		return fw_addresses_option(cmd, &check->addresses);
	case 'f':
		check->format = fw_verdict_format_find(optarg);
		if (!check->format)
			return fw_cmd_misuse(cmd, "format '%s' is not known", optarg);
		return -1;
	case OPT_ALLOW:
		check->allowed = optarg;
		return -1;
	case OPT_RULES:
		check->rules = optarg;
		return -1;
	}
	return fw_output_option(cmd, &check->output, c);
}

static const struct fw_options options = { .rows = long_options, .take = parse_option };

static int parse(const struct fw_cmd *cmd, struct check *check, int argc, char **argv)
{
	int status = fw_options_parse(&options, cmd, check, argc, argv);

	if (status >= 0)
		return status;
	if (argc - optind != 1)
		return fw_cmd_misuse(cmd, "check what? give the directory of one trace");
	check->dir = argv[optind];
	return -1;
}

/* Returns an exit status. */
static int check_allowing(struct check *check)
{
	char error[512];
	int status;

	if (!check->allowed)
		return check_trace(check);
	if (fw_allow_open(&check->allow, check->allowed, error, sizeof(error))) {
		fw_message("%s", error);
		return FW_STATUS_TROUBLE;
	}
	check->verdicts.allow = &check->allow;
	status = check_trace(check);
	fw_allow_close(&check->allow);
	return status;
}

static int check_main(const struct fw_cmd *cmd, int argc, char **argv)
{
	struct check check = { .format = fw_verdict_format_find("text") };
	char word[64];
	int status;

	status = parse(cmd, &check, argc, argv);
	if (status >= 0)
		return status;
	if (fw_verdicts_open(&check.verdicts)) {
		fw_message("%s", strerror(ENOMEM));
		return FW_STATUS_TROUBLE;
	}
	if (check.rules &&
	    fw_verdicts_choose(&check.verdicts, check.rules, word, sizeof(word)))
		status = fw_cmd_misuse(cmd, "there is no rule '%s' (forkwatch list rules)", word);
	else
		status = check_allowing(&check);
	fw_verdicts_close(&check.verdicts);
	return status;
}

const struct fw_cmd fw_cmd_check = {
	.name = "check",
	.summary = "judge every fork of a trace by the rules; the exit status is the answer",
	.usage =
"check [OPTION…] DIR\n"
"\n"
"Judges every fork of the trace in DIR by the rules that `forkwatch list rules'\n"
"shows, and says of each rule whether it holds, with every value that does not.\n"
"\n"
"      --allow FILE      known deviations: lines of RULE WHERE REASON, where WHERE is *\n"
"                        or conditions: comm=sh,kind=fork,kernel=6.1.*,field=x0\n"
"      --rules LIST      only these: ids, or letters for all of a kind: A1,B2,C\n"
"  -f, --format FORMAT   text (default), json, ktap or junit\n"
"  -o, --output FILE     write there, not to standard output\n"
"      --addresses WHICH the kernel's: auto (default), as they were recorded; raw; or\n"
"                        symbols, with a stand-in for what has none\n"
"      --color WHEN      auto (default), always or never; NO_COLOR is honoured\n"
"  -h, --help            this text\n"
"\n"
"exit status: 0 all that was judged holds, or is allowed not to; 1 a rule is broken; 2\n"
"trouble; 3 nothing is broken, but events were lost or the recording was cut; 4\n"
"nothing could be judged, or a rule named by its id was not observed in any fork\n",
	.trouble = FW_STATUS_TROUBLE,
	.main = check_main,
};
