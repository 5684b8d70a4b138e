// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "check.h"
#include "convert.h"
#include "golden.h"
#include "json.h"
#include "render.h"

static int to_golden(struct fw_replay *replay, FILE *out)
{
	struct fw_golden golden;
	int ret;

	ret = fw_golden_make(&golden, replay);
	if (ret)
		return ret;
	ret = fw_golden_write(&golden, out);
	fw_golden_close(&golden);
	return ret;
}

/*
 * JSON, as `forkwatch run --format json' has it: a line for each fork, and one
 * for the summary.
 */
struct lines {
	struct fw_render render;
	struct fw_tally tally;
	const char *before;		/* each fork but the first */
	FILE *out;
};

static int put_fork(void *ctx, struct fw_fork *fork)
{
	struct lines *lines = ctx;
	int ret;

	if (lines->tally.forks)
		fputs(lines->before, lines->out);
	fw_tally_add(&lines->tally, fork);
	ret = lines->render.ops->fork(&lines->render, fork);
	fw_fork_free(fork);
	return ret;
}

/* A line of its own; the one object of all forks has the sums. */
static int put_cow(void *ctx, const struct fw_cow *cow)
{
	struct lines *lines = ctx;

	fw_cow_add(&lines->tally.cow, cow->event);
	return *lines->before ? 0 : lines->render.ops->cow(&lines->render, cow);
}

static const struct fw_replay_sink sink = {
	.fork = put_fork,
	.cow = put_cow,
};

static int put_lines(struct lines *lines, struct fw_replay *replay, const char *between)
{
	const struct fw_trace_info *info = fw_replay_info(replay);
	struct fw_replay_result result;
	struct fw_summary summary = { .tally = &lines->tally, .losses = &result.losses };
	int ret;

	ret = fw_replay_run(replay, &sink, lines, &result);
	if (ret)
		return ret;
	summary.events = result.events;
	summary.command = result.end.has_status ? info->command : "";
	summary.status = result.end.status;
	fputs(between, lines->out);
	return lines->render.ops->end(&lines->render, &summary);
}

static int render_lines(struct fw_replay *replay, FILE *out, const char *before,
			const char *between)
{
	const struct fw_render_options opt = {
		.out = out,
		.env = &fw_replay_info(replay)->env,
		.usyms = fw_replay_usyms(replay),
	};
	struct lines lines = { .before = before, .out = out };
	int ret;

	ret = fw_tally_open(&lines.tally);
	if (ret)
		return ret;
	ret = fw_render_open(&lines.render, &fw_render_json, &opt);
	if (!ret) {
		ret = put_lines(&lines, replay, between);
		fw_render_close(&lines.render);
	}
	fw_tally_close(&lines.tally);
	return ret;
}

static int to_ndjson(struct fw_replay *replay, FILE *out)
{
	return render_lines(replay, out, "", "");
}

static json_t *info_json(const struct fw_trace_info *info)
{
	return json_pack("{s:o, s:o, s:I, s:I, s:o, s:o, s:o, s:o, s:o}",
			 "release", fw_json_text(info->env.release, sizeof(info->env.release)),
			 "machine", fw_json_text(info->env.machine, sizeof(info->env.machine)),
			 "cpus", (json_int_t)info->env.cpus,
			 "page_size", (json_int_t)info->env.page_size,
			 "tool", fw_json_text(info->tool, sizeof(info->tool)),
			 "module", fw_json_text(info->module, sizeof(info->module)),
			 "sources", fw_json_text(info->sources, sizeof(info->sources)),
			 "features", fw_json_text(info->features, sizeof(info->features)),
			 "command", fw_json_text(info->command, sizeof(info->command)));
}

/* One object of the same: what was recorded on, all forks, and the summary. */
static int to_json(struct fw_replay *replay, FILE *out)
{
	json_t *info = info_json(fw_replay_info(replay));
	char *text = info ? json_dumps(info, JSON_COMPACT) : NULL;
	int ret = -ENOMEM;

	if (text) {
		fprintf(out, "{\"version\":1,\"type\":\"trace\",\"trace\":%s,\n", text);
		fputs("\"forks\":[\n", out);
		ret = render_lines(replay, out, ",", "],\n\"summary\":");
		fputs("}\n", out);
	}
	free(text);
	json_decref(info);
	return ret;
}

const struct fw_conversion fw_conversions[] = {
	{ "golden", "what two recordings of the same have in common", to_golden },
	{ "json", "one object with all forks, their events, and the summary", to_json },
	{ "ndjson", "the same, an object a line: forks, then the summary", to_ndjson },
	{ "chrome", "Chrome's trace events, for ui.perfetto.dev and chrome://tracing",
	  fw_convert_chrome },
	{ "perfetto", "Perfetto's own format, for ui.perfetto.dev and trace_processor",
	  fw_convert_perfetto },
	{ "csv", "a row for each fork, for spreadsheets and data frames", fw_convert_csv },
	{ NULL }
};

const struct fw_conversion *fw_conversion_find(const char *name)
{
	const struct fw_conversion *conversion;

	for (conversion = fw_conversions; conversion->name; conversion++)
		if (!strcmp(conversion->name, name))
			return conversion;
	return NULL;
}
