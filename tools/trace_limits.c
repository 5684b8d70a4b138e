// SPDX-License-Identifier: GPL-2.0-only
/* Limits of failed forks in traces. A fork is found again by its parent and its first event. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trace_limits.h"

#define KNOWN	(FW_LIMIT_THREADS | FW_LIMIT_PID_MAX | FW_LIMIT_COMMIT | FW_LIMIT_PIDS | \
		 FW_LIMIT_PIDS_MAX | FW_LIMIT_PARENT)

/* The numbers, which are called the same in both structs. */
#define NUMBERS(N)								\
	N(threads) N(threads_max) N(pid_max) N(overcommit) N(commit_limit)	\
	N(committed) N(parent_data) N(pids_refused) N(pids_max) N(pids_current)

struct recorded {
	uint64_t fork_time;
	uint32_t tid;
	struct fw_limits limits;
};

/* When the first event of @fork came, of those that a failed one has. */
static uint64_t time_of(const struct fw_fork *fork)
{
	if (fork->enter)
		return fork->enter->hdr.time;
	if (fork->exit)
		return fork->exit->hdr.time;
	return fork->ret ? fork->ret->hdr.time : 0;
}

void fw_limits_to_record(const struct fw_fork *fork, struct fw_ctf_limits *record)
{
	*record = (struct fw_ctf_limits){
		.hdr.kind = FW_CTF_LIMITS,
		.hdr.tid = fork->parent_tid,
		.hdr.tgid = fork->parent_tgid,
		.fork_time = time_of(fork),
		.seen = fork->limits->seen,
	};
#define TO_RECORD(number)	record->number = fork->limits->number;
	NUMBERS(TO_RECORD)
}

static int compare(const void *left, const void *right)
{
	const struct recorded *a = left, *b = right;

	if (a->fork_time != b->fork_time)
		return a->fork_time < b->fork_time ? -1 : 1;
	return (a->tid > b->tid) - (a->tid < b->tid);
}

int fw_recorded_limits_add(struct fw_recorded_limits *limits, const struct fw_ctf_limits *record)
{
	const char *cgroup = (const char *)(record + 1);
	size_t room = limits->room ? 2 * limits->room : 16;
	struct recorded *recorded;

	if (limits->nr == limits->room) {
		recorded = reallocarray(limits->recorded, room, sizeof(*recorded));
		if (!recorded)
			return -ENOMEM;
		limits->recorded = recorded;
		limits->room = room;
	}
	recorded = &limits->recorded[limits->nr++];
	*recorded = (struct recorded){
		.fork_time = record->fork_time,
		.tid = record->hdr.tid,
		.limits.seen = record->seen & KNOWN,
	};
#define FROM_RECORD(number)	recorded->limits.number = record->number;
	NUMBERS(FROM_RECORD)
	/* A limit of nobody explains nothing, and half a name is another's. */
	if (!*cgroup || strlen(cgroup) >= sizeof(recorded->limits.cgroup))
		recorded->limits.seen &= ~FW_LIMIT_PIDS_MAX;
	else
		strcpy(recorded->limits.cgroup, cgroup);
	limits->sorted = false;
	return 0;
}

int fw_recorded_limits_give(struct fw_recorded_limits *limits, struct fw_fork *fork)
{
	const struct recorded key = { .fork_time = time_of(fork), .tid = fork->parent_tid };
	const struct recorded *found;

	if (!limits->nr)
		return 0;
	if (!limits->sorted)
		qsort(limits->recorded, limits->nr, sizeof(key), compare);
	limits->sorted = true;
	found = bsearch(&key, limits->recorded, limits->nr, sizeof(key), compare);
	if (!found)
		return 0;
	free(fork->limits);
	fork->limits = malloc(sizeof(*fork->limits));
	if (!fork->limits)
		return -ENOMEM;
	*fork->limits = found->limits;
	return 0;
}

void fw_recorded_limits_free(struct fw_recorded_limits *limits)
{
	free(limits->recorded);
}
