// SPDX-License-Identifier: GPL-2.0-only
/* forkwatch diff: did the same happen in two traces? The answer is the exit status. */
#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "cmd_options.h"
#include "compare_times.h"
#include "message.h"
#include "trace.h"

struct diff {
	const char *paths[2];
	struct fw_golden sides[2];
	struct fw_output output;
	const struct fw_comparison_format *format;
	bool timed;
	double threshold;		/* of times, a share */
};

/* Returns an exit status. */
static int show(struct diff *diff, const struct fw_comparison *comparison)
{
	int err;

	if (fw_output_open(&diff->output))
		return FW_STATUS_TROUBLE;
	err = diff->format->put(comparison, diff->output.file, fw_output_colored(&diff->output));
	if (fw_output_close(&diff->output, err))
		return FW_STATUS_TROUBLE;
	return comparison->answer;
}

static int compare(struct diff *diff)
{
	struct fw_comparison comparison;
	int err, status;

	err = fw_compare(&comparison, &diff->sides[0], &diff->sides[1]);
	if (!err && diff->timed)
		err = fw_compare_times(&comparison, diff->threshold);
	if (err) {
		fw_message("%s", strerror(-err));
		status = FW_STATUS_TROUBLE;
	} else {
		status = show(diff, &comparison);
	}
	fw_comparison_close(&comparison);
	return status;
}

static int read_and_compare(struct diff *diff)
{
	int (*open)(struct fw_golden *golden, const char *path) = fw_golden_open;
	int status = FW_STATUS_TROUBLE;

	if (diff->timed)
		open = fw_golden_open_timed;
	if (open(&diff->sides[0], diff->paths[0])) {
		fw_message("%s", fw_trace_error());
		return status;
	}
	if (open(&diff->sides[1], diff->paths[1]))
		fw_message("%s", fw_trace_error());
	else
		status = compare(diff);
	fw_golden_close(&diff->sides[1]);
	fw_golden_close(&diff->sides[0]);
	return status;
}

enum {
	OPT_TIME_THRESHOLD = FW_OPT_OWN,
};

static const struct option long_options[] = {
	FW_OUTPUT_OPTIONS,
	{ "time-threshold", required_argument,	NULL, OPT_TIME_THRESHOLD },
	{ NULL }
};

/* Returns -1 to go on, else the exit status. */
static int parse_option(const struct fw_cmd *cmd, void *ctx, int c)
{
	struct diff *diff = ctx;

	switch (c) {
	case 'f':
		diff->format = fw_comparison_format_find(optarg);
		if (!diff->format)
			return fw_cmd_misuse(cmd, "format '%s' is none of text, json, ktap, junit",
					     optarg);
		return -1;
	case OPT_TIME_THRESHOLD:
		diff->timed = true;
		if (fw_parse_threshold(optarg, &diff->threshold))
			return fw_cmd_misuse(cmd, "'%s' is no threshold of times: 10%%, 2.5%%",
					     optarg);
		return -1;
	}
	return fw_output_option(cmd, &diff->output, c);
}

static const struct fw_options options = { .rows = long_options, .take = parse_option };

static int parse(const struct fw_cmd *cmd, struct diff *diff, int argc, char **argv)
{
	int status = fw_options_parse(&options, cmd, diff, argc, argv);

	if (status >= 0)
		return status;
	if (argc - optind != 2)
		return fw_cmd_misuse(cmd, "compare what? give two traces, or golden files: A B");
	diff->paths[0] = argv[optind];
	diff->paths[1] = argv[optind + 1];
	return -1;
}

static int diff_main(const struct fw_cmd *cmd, int argc, char **argv)
{
	struct diff diff = { .format = fw_comparison_format_find("text") };
	int status = parse(cmd, &diff, argc, argv);

	return status >= 0 ? status : read_and_compare(&diff);
}

const struct fw_cmd fw_cmd_diff = {
	.name = "diff",
	.summary = "compare two traces; the exit status is the answer",
	.usage =
"diff [OPTION…] A B\n"
"\n"
"Says what happened otherwise in B than in A: which forks there are, how they were\n"
"asked for, what came of them, their events, stages, sharing, registers and rules.\n"
"Each of A and B is the directory of a trace, or a golden file (forkwatch convert\n"
"--to golden). Forks are matched by their place in the tree. Ids, addresses, CPUs and\n"
"times do not count: an address is what lies there, or how far it is from the top of\n"
"the stack. What a golden file leaves out is not compared.\n"
"\n"
"With a threshold, each step of the forks that are at the same place in both is\n"
"judged by its median and the interval in which the median's change lies: slower is\n"
"what is beyond the threshold with all of it. Both sides have to be traces then.\n"
"\n"
"      --time-threshold N%\n"
"                        judge times, too: what took N % longer in B is a difference\n"
"  -f, --format FORMAT   text (default), json, ktap or junit\n"
"  -o, --output FILE     write there, not to standard output\n"
"      --color WHEN      auto (default), always or never; NO_COLOR is honoured\n"
"  -h, --help            this text\n"
"\n"
"exit status: 0 the same; 1 different; 2 trouble; 3 nothing is different, but events\n"
"were lost or a recording was cut; 4 there is no fork in either, or too few to judge\n"
"times\n",
	.trouble = FW_STATUS_TROUBLE,
	.main = diff_main,
};
