/* SPDX-License-Identifier: GPL-2.0-only */
/* Many forks in numbers: how long they took, who made them, why they failed. Pure. */
#ifndef FW_STAT_H
#define FW_STAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "check.h"
#include "fork.h"
#include "histogram.h"

/* What is measured of a fork, beside its stages. */
enum fw_stat_time {
	FW_STAT_FORK,		/* kernel_clone(), of forks that made a child, but for vforks */
	FW_STAT_VFORK,		/* likewise of vforks, which wait for what the child does */
	FW_STAT_TO_FIRST_RUN,	/* from the entry of copy_process() to the child's first run */
	FW_STAT_WAKE_UP,	/* the part of it behind the child's wake-up */
	FW_STAT_STAGES,		/* from here on: FW_STAT_STAGES + FORKWATCH_STAGE_* */
};

#define FW_STAT_TIMES	(FW_STAT_STAGES + 64)

/* Who forks, by the name that the parent has then. */
struct fw_stat_comm {
	struct fw_stat_comm *next;
	char comm[FORKWATCH_COMM_LEN + 1];	/* "": not known */
	uint64_t forks, failed;
	uint64_t before;			/* forks until the last fw_stat_lap() */
};

struct fw_stat {
	struct fw_tally tally;
	struct fw_histogram times[FW_STAT_TIMES];
	uint32_t absent, refused;		/* stages, as in struct forkwatch_stages */
	struct fw_stat_comm *comms;
	size_t nr_comms;
	uint64_t lap_forks;			/* until the last fw_stat_lap() */
};

int fw_stat_open(struct fw_stat *stat);
void fw_stat_close(struct fw_stat *stat);

/* A fork that was judged. Returns 0 or -ENOMEM. */
int fw_stat_fork(struct fw_stat *stat, const struct fw_fork *fork);

/* What has come until now is the last lap's. */
void fw_stat_lap(struct fw_stat *stat);

/* "whole fork", "copy_mm"; NULL where @time is nothing. */
const char *fw_stat_name(unsigned int time);

/*
 * The times in the order in which they are shown, FW_STAT_TIMES of them at most:
 * whole forks, then the stages, each below the one that calls it. Returns how many.
 */
size_t fw_stat_order(unsigned int *times);

/* How deep a stage is below kernel_clone(); 0 for others. */
unsigned int fw_stat_depth(unsigned int time);

/* All who forked, those with the most forks first. From malloc; NULL without memory. */
const struct fw_stat_comm **fw_stat_comms(const struct fw_stat *stat);

#endif
