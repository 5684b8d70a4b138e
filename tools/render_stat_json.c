// SPDX-License-Identifier: GPL-2.0-only
/* The numbers of many forks as JSON. */
#include <stdlib.h>

#include "json.h"
#include "render_stat.h"
#include "stages.h"

/* Changes when a key changes its meaning or goes away; new keys may come at any time. */
#define SCHEMA_VERSION	1

static json_t *bucket_json(unsigned int i, uint64_t count)
{
	return json_pack("{s:o, s:o, s:o}", "from", fw_json_integer(fw_histogram_from(i)),
			 "to", fw_json_integer(fw_histogram_from(i + 1)),
			 "count", fw_json_integer(count));
}

static json_t *buckets_json(const struct fw_histogram *times)
{
	json_t *array = json_array();
	unsigned int first, last, i;

	fw_histogram_range(times, &first, &last);
	for (i = first; i <= last; i++)
		json_array_append_new(array, bucket_json(i, times->buckets[i]));
	return array;
}

static json_t *time_json(unsigned int time, const struct fw_histogram *times)
{
	return json_pack("{s:s, s:b, s:i, s:o, s:o, s:o, s:o, s:o, s:o}",
			 "name", fw_stat_name(time),
			 "stage", time >= FW_STAT_STAGES,
			 "depth", fw_stat_depth(time),
			 "count", fw_json_integer(times->count),
			 "sum", fw_json_integer(times->sum),
			 "mean", fw_json_integer(fw_histogram_mean(times)),
			 "min", fw_json_integer(times->min),
			 "max", fw_json_integer(times->max),
			 "buckets", buckets_json(times));
}

static json_t *times_json(const struct fw_stat *stat)
{
	unsigned int order[FW_STAT_TIMES];
	size_t nr = fw_stat_order(order), i;
	json_t *array = json_array();

	for (i = 0; i < nr; i++)
		if (stat->times[order[i]].count)
			json_array_append_new(array,
					      time_json(order[i], &stat->times[order[i]]));
	return array;
}

static json_t *comm_json(const struct fw_stat_comm *comm)
{
	return json_pack("{s:o, s:o, s:o, s:o}",
			 "comm", *comm->comm ? fw_json_text(comm->comm, FORKWATCH_COMM_LEN) :
					       json_null(),
			 "forks", fw_json_integer(comm->forks),
			 "failed", fw_json_integer(comm->failed),
			 "lately", fw_json_integer(comm->forks - comm->before));
}

static json_t *comms_json(const struct fw_stat *stat)
{
	const struct fw_stat_comm **list = fw_stat_comms(stat);
	json_t *array = list ? json_array() : NULL;
	size_t i;

	for (i = 0; array && list[i]; i++)
		json_array_append_new(array, comm_json(list[i]));
	free(list);
	return array;
}

json_t *fw_stat_json(const struct fw_stat_view *view)
{
	const struct fw_stat *stat = view->stat;
	const struct fw_summary summary = { .command = view->command, .status = view->status };

	return json_pack("{s:i, s:s, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o,"
			 " s:o, s:o, s:o, s:o, s:o}",
			 "version", SCHEMA_VERSION,
			 "type", "stat",
			 "last", view->last,
			 "kernel", fw_json_kernel(view->env),
			 "duration", fw_json_integer(view->duration),
			 "lap", view->lap ? fw_json_integer(view->lap) : json_null(),
			 "forks", fw_json_integer(stat->tally.forks),
			 "lately", fw_json_integer(stat->tally.forks - stat->lap_forks),
			 "failed", fw_json_integer(stat->tally.failed),
			 "incomplete", fw_json_integer(stat->tally.incomplete),
			 "by_kind", fw_json_kinds(&stat->tally),
			 "reasons", fw_json_reasons(&stat->tally),
			 "comms", comms_json(stat),
			 "times", times_json(stat),
			 "absent", fw_json_stage_set(stat->absent),
			 "refused", fw_json_stage_set(stat->refused),
			 "cow", fw_json_cow_totals(&stat->tally.cow),
			 "lost", fw_json_losses(view->last ? view->losses : NULL),
			 "command", fw_json_command(&summary));
}
