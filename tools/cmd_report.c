// SPDX-License-Identifier: GPL-2.0-only
/* forkwatch report: a trace at a glance: who forked whom, one line a fork, and the summary. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "array.h"
#include "check.h"
#include "cmd_options.h"
#include "filter.h"
#include "message.h"
#include "names.h"
#include "render_text.h"
#include "replay.h"
#include "table.h"

struct report {
	const char *dir;
	bool summary_only;
	uint64_t limit;			/* of lines, UINT64_MAX: none */
	struct fw_output output;
	enum fw_addresses_choice addresses;
	const struct fw_render_ops *format;	/* NULL: text, the one that is made here */
	struct fw_replay *replay;
	struct fw_replay_result result;
	struct fw_tally tally;
	struct fw_findings *findings;
	struct fw_tree *tree;
	struct fw_filter filter;
	struct fw_ids chosen;		/* what it took, by id */
	struct fw_ids shown;		/* and what of it is within the limit */
	uint64_t forks, taken;		/* all; those */
	const struct fw_order *order;	/* NULL: as they began */
	bool reverse;
	struct fw_render render;
	bool color;
};

static int put_text(struct report *report,
		    void (*put)(struct report *report, struct fw_text *text))
{
	struct fw_text text;
	int err = fw_text_open(&text, report->color);

	if (err)
		return err;
	put(report, &text);
	err = fw_text_finish(&text);
	if (!err && fwrite(text.data, 1, text.size, report->output.file) != text.size)
		err = -errno;
	fw_text_close(&text);
	return err;
}

static void put_head(struct report *report, struct fw_text *text)
{
	const struct fw_trace_info *info = fw_replay_info(report->replay);
	const struct fw_replay_result *result = &report->result;
	time_t seconds = (result->first_time + info->clock_offset) / 1000000000;
	char when[64] = "", plain[256], sources[64], length[32];
	struct tm tm;

	if (result->events && gmtime_r(&seconds, &tm))
		strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S UTC", &tm);
	fw_name_plain(report->dir, PATH_MAX, plain, sizeof(plain));
	fw_name_plain(info->sources, sizeof(info->sources), sources, sizeof(sources));
	fw_name_duration(result->first_time, result->last_time, length, sizeof(length));
	fw_text_at(text, 0, FW_BOLD, "trace");
	fw_text_at(text, FW_TEXT_INDENT, FW_BOLD, plain);
	if (*when)
		fw_text_item(text, "%s", when);
	fw_text_item(text, "%s", length);
	fw_text_item(text, "by %s", sources);
	if (report->filter.nr) {
		fw_text_row(text, "");
		fw_text_item(text, "%" PRIu64 " of %" PRIu64 " forks are what was asked for",
			     report->taken, report->forks);
	}
	fw_text_end(text, true);
}

static void put_missing(struct report *report, struct fw_text *text)
{
	char *line, *rest = report->result.missing;
	const char *label = "MISSING";

	while ((line = strsep(&rest, "\n")) && *line) {
		fw_text_row_styled(text, FW_LOUD, label);
		fw_text_words(text, line);
		label = "";
	}
	fw_text_end(text, false);
}

static void put_summary(struct report *report, struct fw_text *text)
{
	const struct fw_trace_info *info = fw_replay_info(report->replay);
	const struct fw_summary summary = {
		.tally = &report->tally,
		.losses = &report->result.losses,
		.events = report->result.events,
		.command = report->result.end.has_status ? info->command : "",
		.status = report->result.end.status,
	};

	fw_view_summary(text, report->findings, &summary, &info->env);
	put_missing(report, text);
}

static int put_table(struct report *report)
{
	const struct fw_table table = {
		.out = report->output.file,
		.color = report->color,
		.limit = report->limit,
		.chosen = report->filter.nr ? &report->chosen : NULL,
		.order = report->order,
		.reverse = report->reverse,
	};

	return fw_table_put(&table, report->tree);
}

static int put_report(struct report *report)
{
	int err = put_text(report, put_head);

	if (!err && !report->summary_only)
		err = put_table(report);
	return err ? err : put_text(report, put_summary);
}

/*
 * The replay.
 */
static int take_event(void *ctx, const struct forkwatch_header *event)
{
	struct report *report = ctx;

	return report->summary_only || report->format ? 0 : fw_tree_event(report->tree, event);
}

/* Does the fork @id get a line of its own, and so does what comes of it? */
static bool is_shown(const struct report *report, uint64_t id)
{
	return report->format && !report->summary_only && fw_ids_has(&report->shown, id);
}

/* One that was asked for. */
static int take(struct report *report, const struct fw_fork *fork)
{
	int err;

	report->taken++;
	fw_tally_add(&report->tally, fork);
	err = fw_findings_add(report->findings, fork);
	if (!err)
		err = fw_ids_add(&report->chosen, fork->id);
	if (!err && report->taken <= report->limit)
		err = fw_ids_add(&report->shown, fork->id);
	if (!err && is_shown(report, fork->id))
		err = report->format->fork(&report->render, fork);
	return err;
}

/* The tree has all forks: those that are not asked for may be parents of one that is. */
static int take_fork(void *ctx, struct fw_fork *fork)
{
	struct report *report = ctx;
	int err = 0;

	report->forks++;
	if (fw_filter_takes(&report->filter, fork))
		err = take(report, fork);
	if (!err && !report->format && !report->summary_only)
		err = fw_tree_fork(report->tree, fork);
	fw_fork_free(fork);
	return err;
}

static int take_life(void *ctx, const struct fw_life *life)
{
	struct fw_judgement judgement;
	struct report *report = ctx;
	int err;

	if (report->filter.nr && !fw_ids_has(&report->chosen, life->fork))
		return 0;
	fw_check_life(life, &judgement);
	fw_tally_add_life(&report->tally, life, &judgement);
	err = fw_findings_add_life(report->findings, life, &judgement);
	if (!err && is_shown(report, life->fork) && report->format->life)
		err = report->format->life(&report->render, life, &judgement);
	return err;
}

static int take_cow(void *ctx, const struct fw_cow *cow)
{
	struct report *report = ctx;

	if (report->filter.nr && !fw_ids_has(&report->chosen, cow->fork))
		return 0;
	fw_cow_add(&report->tally.cow, cow->event);
	return is_shown(report, cow->fork) ? report->format->cow(&report->render, cow) : 0;
}

static const struct fw_replay_sink sink = {
	.event = take_event,
	.fork = take_fork,
	.life = take_life,
	.cow = take_cow,
};

static int render(struct report *report)
{
	const struct fw_trace_info *info = fw_replay_info(report->replay);
	const struct fw_render_options opt = {
		.out = report->output.file,
		.color = report->color,
		.env = &info->env,
		.usyms = fw_replay_usyms(report->replay),
	};
	struct fw_summary summary = { .tally = &report->tally, .losses = &report->result.losses };
	int err = fw_render_open(&report->render, report->format, &opt);

	if (err)
		return err;
	if (report->format->begin)
		err = report->format->begin(&report->render);
	if (!err)
		err = fw_replay_run(report->replay, &sink, report, &report->result);
	summary.events = report->result.events;
	summary.command = report->result.end.has_status ? info->command : "";
	summary.status = report->result.end.status;
	if (!err && report->format->end)
		err = report->format->end(&report->render, &summary);
	fw_render_close(&report->render);
	return err;
}

static int make(struct report *report)
{
	int err;

	report->color = fw_output_colored(&report->output);
	if (report->format)
		return render(report);
	err = fw_replay_run(report->replay, &sink, report, &report->result);
	return err ? err : put_report(report);
}

static int report_trace(struct report *report)
{
	int err;

	err = fw_tally_open(&report->tally);
	if (!err)
		err = fw_findings_open(&report->findings);
	if (!err)
		err = fw_tree_open(&report->tree);
	if (!err)
		err = make(report);
	err = fw_output_close(&report->output, err);
	if (!err && !report->result.complete)
		fw_message("%s is incomplete: events were lost, or the recording was cut",
			   report->dir);
	fw_ids_free(&report->chosen);
	fw_ids_free(&report->shown);
	fw_tree_close(report->tree);
	fw_findings_close(report->findings);
	fw_tally_close(&report->tally);
	return err ? FW_STATUS_TROUBLE : 0;
}

enum {
	OPT_LIMIT = FW_OPT_OWN,
	OPT_SORT,
	OPT_SUMMARY,
	OPT_CONDITION,			/* the first of them */
};

static const struct option long_options[] = {
	FW_ADDRESSES_OPTION,
	FW_OUTPUT_OPTIONS,
	{ "limit",	required_argument,	NULL, OPT_LIMIT },
	{ "reverse",	no_argument,		NULL, 'r' },
	{ "sort",	required_argument,	NULL, OPT_SORT },
	{ "summary",	no_argument,		NULL, OPT_SUMMARY },
};

/* These, and one for each condition of a filter. */
static void list_options(struct option list[ARRAY_SIZE(long_options) + FW_NR_FILTERS + 1])
{
	unsigned int i;

	memcpy(list, long_options, sizeof(long_options));
	list += ARRAY_SIZE(long_options);
	for (i = 0; i < FW_NR_FILTERS; i++)
		list[i] = (struct option) {
			fw_conditions[i].name, required_argument, NULL, OPT_CONDITION + i
		};
	list[i] = (struct option) { 0 };
}

static int parse_condition(const struct fw_cmd *cmd, struct report *report,
			   const struct fw_condition *condition)
{
	if (condition->parse(&report->filter, optarg))
		return fw_cmd_misuse(cmd, "--%s '%s' is not understood: give %s", condition->name,
				     optarg, condition->example);
	report->filter.nr++;
	return -1;
}

static int parse_limit(const char *text, uint64_t *limit)
{
	char *end;

	errno = 0;
	*limit = strtoull(text, &end, 10);
	return errno || *end || end == text || *text == '-' ? -EINVAL : 0;
}

static int parse_order(const struct fw_cmd *cmd, struct report *report)
{
	char names[128] = "";
	size_t length = 0;
	unsigned int i;

	report->order = fw_order_find(optarg);
	if (report->order)
		return -1;
	for (i = 0; fw_orders[i].name && length < sizeof(names); i++)
		length += snprintf(names + length, sizeof(names) - length, "%s%s",
				   i ? ", " : "", fw_orders[i].name);
	return fw_cmd_misuse(cmd, "sort '%s' is none of %s", optarg, names);
}

/* Returns -1 to go on, else the exit status. */
static int parse_option(const struct fw_cmd *cmd, void *ctx, int c)
{
	struct report *report = ctx;

	if (c >= OPT_CONDITION)
		return parse_condition(cmd, report, &fw_conditions[c - OPT_CONDITION]);
	switch (c) {
	case FW_OPT_ADDRESSES:
		return fw_addresses_option(cmd, &report->addresses);
	case 'f':
		report->format = strcmp(optarg, "text") ? fw_render_find(optarg) : NULL;
		if (!report->format && strcmp(optarg, "text"))
			return fw_cmd_misuse(cmd, "format '%s' is not known", optarg);
		return -1;
	case OPT_LIMIT:
		if (parse_limit(optarg, &report->limit))
			return fw_cmd_misuse(cmd, "'%s' is no number of lines", optarg);
		return -1;
	case 'r':
		report->reverse = true;
		return -1;
	case OPT_SORT:
		return parse_order(cmd, report);
	case OPT_SUMMARY:
		report->summary_only = true;
		return -1;
	}
	return fw_output_option(cmd, &report->output, c);
}

static int parse(const struct fw_cmd *cmd, struct report *report, int argc, char **argv)
{
	struct option rows[ARRAY_SIZE(long_options) + FW_NR_FILTERS + 1];
	const struct fw_options options = { .rows = rows, .take = parse_option };
	int status;

	list_options(rows);
	status = fw_options_parse(&options, cmd, report, argc, argv);
	if (status >= 0)
		return status;
	if (argc - optind != 1)
		return fw_cmd_misuse(cmd, "report what? give the directory of one trace");
	if (report->format && (report->order || report->reverse))
		return fw_cmd_misuse(cmd, "JSON comes as forks do: sort it where it is read");
	report->dir = argv[optind];
	return -1;
}

static int report_main(const struct fw_cmd *cmd, int argc, char **argv)
{
	struct report report = { .limit = UINT64_MAX };
	int status;

	status = parse(cmd, &report, argc, argv);
	if (status >= 0)
		return status;
	if (fw_replay_open_with(&report.replay, report.dir, report.addresses)) {
		fw_message("%s", fw_trace_error());
		return FW_STATUS_TROUBLE;
	}
	status = FW_STATUS_TROUBLE;
	if (!fw_output_open(&report.output))
		status = report_trace(&report);
	fw_replay_close(report.replay);
	return status;
}

const struct fw_cmd fw_cmd_report = {
	.name = "report",
	.summary = "show a trace at a glance: who forked whom, a line a fork, and the summary",
	.usage =
"report [OPTION…] DIR\n"
"\n"
"Shows the trace in DIR: the tasks as a tree, a line for each fork with its number,\n"
"how long copy_process() took and how long the child then waited for its first run,\n"
"what was judged, and what the child executed and ended with; and the summary.\n"
"\n"
"      --summary         only that\n"
"      --limit N         at most N lines, or forks\n"
"      --sort ORDER      a list: time, duration and wake (the longest first), pid, comm,\n"
"                        kind, errno, or verdict\n"
"  -r, --reverse         the other way round\n"
"  -f, --format FORMAT   text (default); json: each fork whole, one a line\n"
"  -o, --output FILE     write there, not to standard output\n"
"      --addresses WHICH the kernel's: auto (default), as they were recorded; raw; or\n"
"                        symbols, with a stand-in for what has none\n"
"      --color WHEN      auto (default), always or never; NO_COLOR is honoured\n"
"  -h, --help            this text\n"
"\n"
"only forks that meet all of these, in a list, and their summary:\n"
"      --comm PATTERN    of the parent or the child: 'sh*'\n"
"      --pid PID         of either: a process or a thread\n"
"      --kind LIST       fork, vfork, thread, clone, kthread, io-thread,\n"
"                        user-worker, unknown\n"
"      --flag LIST       called with all of these: CLONE_VM,!CLONE_VFORK\n"
"      --errno ERROR     that failed so: EAGAIN; any\n"
"      --duration RANGE  of copy_process(): 1ms (and more), 10us..1ms, ..10us\n"
"      --verdict VERDICT pass, fail, unseen, na: of any rule, or of one: fail:A1\n"
"\n"
"exit status: 0; 2 if the trace cannot be read\n",
	.trouble = FW_STATUS_TROUBLE,
	.main = report_main,
};
