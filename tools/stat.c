// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "stages.h"
#include "stat.h"

/*
 * Names.
 */
static const char *const names[] = {
	[FW_STAT_FORK] = "whole fork",
	[FW_STAT_VFORK] = "whole vfork",
	[FW_STAT_TO_FIRST_RUN] = "fork to first run",
	[FW_STAT_WAKE_UP] = "wake-up to first run",
};

static const struct stage {
	int stage, parent;
} stages[] = {
#define STAGE(STAGE, value, name, PARENT) \
	{ FORKWATCH_STAGE_##STAGE, FORKWATCH_STAGE_##PARENT },
	FORKWATCH_STAGES(STAGE)
#undef STAGE
};

const char *fw_stat_name(unsigned int time)
{
	return time < FW_STAT_STAGES ? names[time] : fw_stage_name(time - FW_STAT_STAGES);
}

size_t fw_stat_order(unsigned int *times)
{
	size_t nr = 0, i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		times[nr++] = i;
	for (i = 0; i < ARRAY_SIZE(stages); i++)
		times[nr++] = FW_STAT_STAGES + stages[i].stage;
	return nr;
}

static int parent_of(int stage)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(stages); i++)
		if (stages[i].stage == stage)
			return stages[i].parent;
	return stage;
}

unsigned int fw_stat_depth(unsigned int time)
{
	unsigned int depth = 0;
	int stage = (int)time - FW_STAT_STAGES;

	if (time < FW_STAT_STAGES)
		return 0;
	for (; parent_of(stage) != stage; stage = parent_of(stage))
		depth++;
	return depth;
}

/*
 * Times.
 */
static void add_span(struct fw_stat *stat, enum fw_stat_time time, uint64_t start, uint64_t end)
{
	/* Clocks that disagree measure nothing. */
	if (end >= start)
		fw_histogram_add(&stat->times[time], end - start);
}

static void add_times(struct fw_stat *stat, const struct fw_fork *fork)
{
	bool vfork = fw_fork_kind(fork) == FW_VFORK;

	if (fork->ret && fork->ret->result > 0)
		add_span(stat, vfork ? FW_STAT_VFORK : FW_STAT_FORK, fork->ret->enter_time,
			 fork->ret->hdr.time);
	if (fork->enter && fork->first_run)
		add_span(stat, FW_STAT_TO_FIRST_RUN, fork->enter->hdr.time,
			 fork->first_run->hdr.time);
	if (fork->wakeup && fork->first_run)
		add_span(stat, FW_STAT_WAKE_UP, fork->wakeup->hdr.time, fork->first_run->hdr.time);
}

/* Each fork's total; one whose return was missed is too short to count. */
static void add_stages(struct fw_stat *stat, const struct fw_fork *fork)
{
	struct fw_stages tree;
	size_t i;

	if (fw_stages_build(fork, FW_BY_START, &tree))
		return;
	stat->absent |= tree.absent;
	stat->refused |= tree.refused;
	for (i = 0; i < tree.nr; i++)
		if (tree.rows[i].stage != FW_STAGE_OTHER && tree.rows[i].stage != FW_STAGE_WAKE &&
		    !tree.rows[i].torn)
			fw_histogram_add(&stat->times[FW_STAT_STAGES + tree.rows[i].stage],
					 tree.rows[i].total);
}

/*
 * Who forked.
 */
static struct fw_stat_comm *find_comm(struct fw_stat *stat, const char *comm)
{
	struct fw_stat_comm **at, *found;

	for (at = &stat->comms; *at; at = &(*at)->next)
		if (!strncmp((*at)->comm, comm, FORKWATCH_COMM_LEN))
			break;
	found = *at;
	if (found) {
		/* Who forks once forks again: the next search is a short one. */
		*at = found->next;
	} else {
		found = calloc(1, sizeof(*found));
		if (!found)
			return NULL;
		memcpy(found->comm, comm, strnlen(comm, FORKWATCH_COMM_LEN));
		stat->nr_comms++;
	}
	found->next = stat->comms;
	stat->comms = found;
	return found;
}

int fw_stat_open(struct fw_stat *stat)
{
	memset(stat, 0, sizeof(*stat));
	return fw_tally_open(&stat->tally);
}

void fw_stat_close(struct fw_stat *stat)
{
	struct fw_stat_comm *comm;

	while ((comm = stat->comms)) {
		stat->comms = comm->next;
		free(comm);
	}
	fw_tally_close(&stat->tally);
}

int fw_stat_fork(struct fw_stat *stat, const struct fw_fork *fork)
{
	struct fw_stat_comm *comm = find_comm(stat, fork->enter ? fork->enter->comm : "");

	if (!comm)
		return -ENOMEM;
	comm->forks++;
	comm->failed += fw_fork_error(fork) < 0;
	fw_tally_add(&stat->tally, fork);
	add_times(stat, fork);
	add_stages(stat, fork);
	return 0;
}

void fw_stat_lap(struct fw_stat *stat)
{
	struct fw_stat_comm *comm;

	stat->lap_forks = stat->tally.forks;
	for (comm = stat->comms; comm; comm = comm->next)
		comm->before = comm->forks;
}

static int by_forks(const void *a, const void *b)
{
	const struct fw_stat_comm *x = *(const struct fw_stat_comm *const *)a;
	const struct fw_stat_comm *y = *(const struct fw_stat_comm *const *)b;

	if (x->forks != y->forks)
		return x->forks < y->forks ? 1 : -1;
	return strcmp(x->comm, y->comm);
}

const struct fw_stat_comm **fw_stat_comms(const struct fw_stat *stat)
{
	const struct fw_stat_comm **list = calloc(stat->nr_comms + 1, sizeof(*list)), *comm;
	size_t nr = 0;

	if (!list)
		return NULL;
	for (comm = stat->comms; comm; comm = comm->next)
		list[nr++] = comm;
	qsort(list, nr, sizeof(*list), by_forks);
	return list;
}
