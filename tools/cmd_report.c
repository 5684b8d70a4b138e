// SPDX-License-Identifier: GPL-2.0-only
/* forkwatch report: a trace at a glance: who forked whom, one line a fork, and the summary. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "check.h"
#include "clone_flags.h"
#include "cmd.h"
#include "message.h"
#include "names.h"
#include "output.h"
#include "render_text.h"
#include "replay.h"
#include "tree.h"

struct report {
	const char *dir;
	bool summary_only;
	uint64_t limit;			/* of lines, UINT64_MAX: none */
	struct fw_output output;
	const struct fw_render_ops *format;	/* NULL: text, the one that is made here */
	struct fw_replay *replay;
	struct fw_replay_result result;
	struct fw_tally tally;
	struct fw_findings *findings;
	struct fw_tree *tree;
	const struct fw_node *node;	/* the one to put in the next line */
	unsigned int depth;
	struct fw_render render;
	bool color;
};

/*
 * The table.
 */
enum column {
	AT_ID = 2,
	AT_KIND = 8,
	AT_TASK = 18,
	AT_COPY = 50,
	AT_WAKE = 60,
	AT_RULES = 70,
	AT_THEN = 80,
};

#define MAX_INDENT	8	/* generations; what lies deeper is shown there too */

/* "exec /bin/ls, exit 0": what became of the task. */
static void put_fate(struct fw_text *text, const struct fw_node *node)
{
	char plain[FORKWATCH_PATH_LEN + 8], signal[24], fate[FORKWATCH_PATH_LEN + 64];

	*plain = '\0';
	if (node->path)
		fw_name_plain(node->path, FORKWATCH_PATH_LEN, plain, sizeof(plain));
	*fate = '\0';
	if (node->ended && WIFSIGNALED(node->code))
		snprintf(fate, sizeof(fate), "%s",
			 fw_signal_name(WTERMSIG(node->code), signal, sizeof(signal)));
	else if (node->ended)
		snprintf(fate, sizeof(fate), "exit %d", WEXITSTATUS(node->code));
	if (*fate)
		fw_text_at(text, AT_THEN, FW_PLAIN, fate);
	if (*plain) {
		snprintf(fate, sizeof(fate), "%s%s", node->ended ? "  " : "", plain);
		fw_text_at(text, AT_THEN, FW_DIM, fate);
	}
}

static void put_task(struct fw_text *text, const struct fw_node *node, unsigned int depth)
{
	unsigned int indent = depth < MAX_INDENT ? depth : MAX_INDENT;
	const char *error = fw_error_name(node->error);
	char name[FW_NAME_TASK_LEN];

	if (node->error)
		snprintf(name, sizeof(name), "-%s", error ? error : "?");
	else
		fw_name_task(node->comm, node->tid, node->tgid, name, sizeof(name));
	fw_text_at(text, AT_TASK + 2 * indent, node->error ? FW_BOLD : FW_PLAIN, name);
}

static void put_time(struct fw_text *text, enum column column, uint64_t ns)
{
	char time[32];

	if (ns)
		fw_text_at(text, column, FW_PLAIN, fw_name_duration(0, ns, time, sizeof(time)));
}

static void put_rules(struct fw_text *text, const struct fw_node *node)
{
	char rules[64];

	if (node->failed)
		snprintf(rules, sizeof(rules), "%" PRIu32 " FAIL", node->failed);
	else
		snprintf(rules, sizeof(rules), "%" PRIu32 " pass", node->passed);
	fw_text_at(text, AT_RULES, node->failed ? FW_LOUD : FW_PLAIN, rules);
}

static void put_node(struct report *report, struct fw_text *text)
{
	const struct fw_node *node = report->node;
	char id[24];

	if (node->id) {
		snprintf(id, sizeof(id), "%4" PRIu64, node->id);
		fw_text_at(text, AT_ID, FW_PLAIN, id);
		fw_text_at(text, AT_KIND, FW_PLAIN, fw_fork_kind_name(node->kind));
	}
	put_task(text, node, report->depth);
	put_time(text, AT_COPY, node->copy_ns);
	put_time(text, AT_WAKE, node->wake_ns);
	if (node->id)
		put_rules(text, node);
	if (node->id && !node->complete)
		fw_text_at(text, AT_THEN, FW_LOUD, "INCOMPLETE");
	put_fate(text, node);
	fw_text_end(text, false);
}

static void put_headings(struct report *report, struct fw_text *text)
{
	static const struct {
		enum column column;
		const char *text;
	} headings[] = {
		{ AT_ID, "fork" }, { AT_KIND, "kind" }, { AT_TASK, "task" }, { AT_COPY, "copy" },
		{ AT_WAKE, "wake" }, { AT_RULES, "rules" }, { AT_THEN, "then" },
	};
	size_t i;

	(void)report;
	for (i = 0; i < sizeof(headings) / sizeof(*headings); i++)
		fw_text_at(text, headings[i].column, FW_BOLD, headings[i].text);
	fw_text_end(text, false);
}

/*
 * The text: made piece by piece, so that a long table is never in memory.
 */
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
	uint64_t lines = 0;
	int err = 0;

	report->node = fw_tree_first(report->tree);
	report->depth = 0;
	if (report->node)
		err = put_text(report, put_headings);
	for (; report->node && !err && lines < report->limit; lines++) {
		err = put_text(report, put_node);
		report->node = fw_tree_next(report->node, &report->depth);
	}
	for (lines = 0; report->node && !err; lines++)
		report->node = fw_tree_next(report->node, &report->depth);
	if (lines)
		fprintf(report->output.file, "  and %" PRIu64 " more lines\n", lines);
	fputc('\n', report->output.file);
	return err;
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

static int take_fork(void *ctx, struct fw_fork *fork)
{
	struct report *report = ctx;
	int err;

	fw_tally_add(&report->tally, fork);
	err = fw_findings_add(report->findings, fork);
	if (!err && report->format && !report->summary_only)
		err = report->format->fork(&report->render, fork);
	else if (!err && !report->summary_only)
		err = fw_tree_fork(report->tree, fork);
	fw_fork_free(fork);
	return err;
}

static const struct fw_replay_sink sink = {
	.event = take_event,
	.fork = take_fork,
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
	fw_tree_close(report->tree);
	fw_findings_close(report->findings);
	fw_tally_close(&report->tally);
	return err ? FW_STATUS_TROUBLE : 0;
}

enum {
	OPT_COLOR = 256,
	OPT_LIMIT,
	OPT_SUMMARY,
};

static const struct option long_options[] = {
	{ "color",	required_argument,	NULL, OPT_COLOR },
	{ "format",	required_argument,	NULL, 'f' },
	{ "help",	no_argument,		NULL, 'h' },
	{ "limit",	required_argument,	NULL, OPT_LIMIT },
	{ "output",	required_argument,	NULL, 'o' },
	{ "summary",	no_argument,		NULL, OPT_SUMMARY },
	{ NULL }
};

static int parse_limit(const char *text, uint64_t *limit)
{
	char *end;

	errno = 0;
	*limit = strtoull(text, &end, 10);
	return errno || *end || end == text || *text == '-' ? -EINVAL : 0;
}

/* Returns -1 to go on, else the exit status. */
static int parse_option(const struct fw_cmd *cmd, struct report *report, int c, char **argv)
{
	switch (c) {
	case 'f':
		report->format = strcmp(optarg, "text") ? fw_render_find(optarg) : NULL;
		if (!report->format && strcmp(optarg, "text"))
			return fw_cmd_misuse(cmd, "format '%s' is not known", optarg);
		return -1;
	case 'h':
		return fw_cmd_help(cmd);
	case 'o':
		report->output.path = optarg;
		return -1;
	case OPT_COLOR:
		if (fw_output_parse_color(optarg, &report->output.color))
			return fw_cmd_misuse(cmd, "color '%s' is none of auto, always, never",
					     optarg);
		return -1;
	case OPT_LIMIT:
		if (parse_limit(optarg, &report->limit))
			return fw_cmd_misuse(cmd, "'%s' is no number of lines", optarg);
		return -1;
	case OPT_SUMMARY:
		report->summary_only = true;
		return -1;
	}
	return fw_cmd_bad_option(cmd, c, argv);
}

static int parse(const struct fw_cmd *cmd, struct report *report, int argc, char **argv)
{
	int c, status;

	opterr = 0;
	while ((c = getopt_long(argc, argv, ":f:ho:", long_options, NULL)) != -1) {
		status = parse_option(cmd, report, c, argv);
		if (status >= 0)
			return status;
	}
	if (argc - optind != 1)
		return fw_cmd_misuse(cmd, "report what? give the directory of one trace");
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
	if (fw_replay_open(&report.replay, report.dir)) {
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
"      --limit N         at most N lines of the tree\n"
"  -f, --format FORMAT   text (default); json: each fork whole, one a line\n"
"  -o, --output FILE     write there, not to standard output\n"
"      --color WHEN      auto (default), always or never; NO_COLOR is honoured\n"
"  -h, --help            this text\n"
"\n"
"exit status: 0; 2 if the trace cannot be read\n",
	.trouble = FW_STATUS_TROUBLE,
	.main = report_main,
};
