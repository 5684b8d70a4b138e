// SPDX-License-Identifier: GPL-2.0-only
/* The numbers of many forks as text: a summary, then a histogram for each time. */
#include <stdlib.h>
#include <string.h>

#include "names.h"
#include "render_stat.h"
#include "render_text.h"
#include "stages.h"

#define COMMS_MAX	12		/* rows; the others are counted */
#define BAR_WIDTH	50

enum column {
	AT_NAME = 2,
	AT_COUNT = 32,
	AT_MEAN = 44,
	AT_MIN = 58,
	AT_MAX = 70,
	AT_FROM = 6,
	AT_TO = 15,
	AT_BUCKET = 26,
	AT_BAR = 36,
};

static unsigned long long ull(uint64_t value)
{
	return value;
}

/* "335/s"; "0.21/s" for the rare. */
static char *name_rate(uint64_t count, uint64_t ns, char *buf, size_t size)
{
	double rate = ns ? count * 1e9 / ns : 0;

	snprintf(buf, size, rate >= 9.995 ? "%.0f/s" : "%.2f/s", rate);
	return buf;
}

static void put_comm(struct fw_text *text, const struct fw_stat_view *view,
		     const struct fw_stat_comm *comm)
{
	char plain[FORKWATCH_COMM_LEN + 1], rate[32], number[24];

	fw_text_row(text, "");
	fw_text_item(text, "%s", *comm->comm ? fw_name_plain(comm->comm, FORKWATCH_COMM_LEN, plain,
							     sizeof(plain)) : FW_UNSEEN);
	snprintf(number, sizeof(number), "%9llu", ull(comm->forks));
	fw_text_at(text, 28, FW_PLAIN, number);
	name_rate(comm->forks, view->duration, rate, sizeof(rate));
	fw_text_at(text, 40, FW_PLAIN, rate);
	if (view->lap) {
		name_rate(comm->forks - comm->before, view->lap, rate, sizeof(rate));
		fw_text_item(text, "lately %s", rate);
	}
	if (comm->failed)
		fw_text_item(text, "%llu failed", ull(comm->failed));
}

static void put_comms(struct fw_text *text, const struct fw_stat_view *view)
{
	const struct fw_stat_comm **list = fw_stat_comms(view->stat);
	uint64_t others = 0;
	size_t i;

	fw_text_row(text, "by name");
	if (!list) {
		fw_text_item(text, "not shown: out of memory");
		return;
	}
	for (i = 0; list[i]; i++) {
		if (i < COMMS_MAX)
			put_comm(text, view, list[i]);
		else
			others += list[i]->forks;
	}
	if (others) {
		fw_text_row(text, "");
		fw_text_item(text, "%llu by %zu others", ull(others), i - COMMS_MAX);
	}
	free(list);
}

static void put_head(struct fw_text *text, const struct fw_stat_view *view)
{
	char time[32], rate[32];

	fw_text_at(text, 0, FW_BOLD, "stat");
	fw_text_item(text, "%s", fw_name_duration(0, view->duration, time, sizeof(time)));
	fw_text_item(text, "%s", name_rate(view->stat->tally.forks, view->duration, rate,
					   sizeof(rate)));
	if (view->lap)
		fw_text_item(text, "lately %s",
			     name_rate(view->stat->tally.forks - view->stat->lap_forks, view->lap,
				       rate, sizeof(rate)));
}

static void put_at(struct fw_text *text, enum column column, uint64_t ns)
{
	char time[32];

	fw_text_at(text, column, FW_PLAIN, fw_name_duration(0, ns, time, sizeof(time)));
}

static void put_bar(struct fw_text *text, uint64_t count, uint64_t most)
{
	char bar[BAR_WIDTH + 1];
	size_t length = (count * BAR_WIDTH + most - 1) / most;

	memset(bar, '#', length);
	bar[length] = '\0';
	fw_text_at(text, AT_BAR, FW_PLAIN, bar);
}

static void put_bucket(struct fw_text *text, const struct fw_histogram *times, unsigned int i,
		       uint64_t most)
{
	char number[24];

	put_at(text, AT_FROM, fw_histogram_from(i));
	put_at(text, AT_TO, fw_histogram_from(i + 1));
	snprintf(number, sizeof(number), "%8llu", ull(times->buckets[i]));
	fw_text_at(text, AT_BUCKET, FW_PLAIN, number);
	if (most)
		put_bar(text, times->buckets[i], most);
	fw_text_end(text, false);
}

static void put_histogram(struct fw_text *text, unsigned int time, const struct fw_histogram *times)
{
	unsigned int first, last, i;
	char number[24];
	uint64_t most = 0;

	fw_text_at(text, AT_NAME + 2 * fw_stat_depth(time), FW_BOLD, fw_stat_name(time));
	snprintf(number, sizeof(number), "%9llu", ull(times->count));
	fw_text_at(text, AT_COUNT, FW_PLAIN, number);
	put_at(text, AT_MEAN, fw_histogram_mean(times));
	put_at(text, AT_MIN, times->min);
	put_at(text, AT_MAX, times->max);
	fw_text_end(text, false);

	/* Of one fork, all has been said. */
	if (times->count == 1)
		return;
	fw_histogram_range(times, &first, &last);
	for (i = first; i <= last; i++)
		if (times->buckets[i] > most)
			most = times->buckets[i];
	for (i = first; i <= last; i++)
		put_bucket(text, times, i, most);
}

static void put_histograms(struct fw_text *text, const struct fw_stat *stat)
{
	unsigned int order[FW_STAT_TIMES];
	size_t nr = fw_stat_order(order), i;

	fw_text_at(text, AT_NAME, FW_BOLD, "times");
	fw_text_at(text, AT_COUNT, FW_BOLD, "    forks");
	fw_text_at(text, AT_MEAN, FW_BOLD, "mean");
	fw_text_at(text, AT_MIN, FW_BOLD, "shortest");
	fw_text_at(text, AT_MAX, FW_BOLD, "longest");
	fw_text_end(text, false);
	for (i = 0; i < nr; i++)
		if (stat->times[order[i]].count)
			put_histogram(text, order[i], &stat->times[order[i]]);
}

static void put_set(struct fw_text *text, const char *label, uint32_t set, const char *why)
{
	int stage;

	if (!set)
		return;
	fw_text_row(text, label);
	for (stage = 0; stage < FORKWATCH_NR_STAGES; stage++)
		if (set & 1U << stage && fw_stage_name(stage))
			fw_text_item(text, "%s", fw_stage_name(stage));
	fw_text_item(text, "%s", why);
}

void fw_stat_text(struct fw_text *text, const struct fw_stat_view *view)
{
	const struct fw_summary summary = {
		.tally = &view->stat->tally,
		.losses = view->losses,
		.events = view->events,
		.command = view->command,
		.status = view->status,
	};

	put_head(text, view);
	fw_view_counts(text, &summary, view->env);
	if (view->stat->tally.forks)
		put_comms(text, view);
	put_set(text, "absent", view->stat->absent, "(their time is their callers')");
	put_set(text, "refused", view->stat->refused, "(the kernel let nobody probe them)");
	fw_view_cow_totals(text, &summary.tally->cow);
	if (view->last)
		fw_view_end(text, &summary);
	fw_text_end(text, true);
	if (view->stat->tally.forks)
		put_histograms(text, view->stat);
}
