/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What limits forks beside what their events carry: facts of /proc and of the
 * cgroups' pids controller, read when a failed fork is seen.
 */
#ifndef FW_LIMIT_H
#define FW_LIMIT_H

#include <stdint.h>
#include <sys/types.h>

#include "fork.h"

#define FW_LIMIT_THREADS	(1U << 0)	/* threads, threads_max */
#define FW_LIMIT_PID_MAX	(1U << 1)
#define FW_LIMIT_COMMIT		(1U << 2)	/* overcommit, commit_limit, committed */
#define FW_LIMIT_PIDS		(1U << 3)	/* pids_refused, of all the parent's cgroups */
#define FW_LIMIT_PIDS_MAX	(1U << 4)	/* cgroup, pids_max, pids_current */

#define FW_LIMIT_PARENT		(1U << 5)	/* parent_data */

#define FW_LIMIT_CGROUP_LEN	256

struct fw_limits {
	unsigned int seen;		/* FW_LIMIT_*: which of these were read */
	uint64_t threads, threads_max;	/* in the system */
	uint64_t pid_max;
	uint64_t overcommit;		/* vm.overcommit_memory */
	uint64_t commit_limit, committed;	/* KiB */
	uint64_t parent_data;		/* KiB: what the parent has private and may write to */
	uint64_t pids_refused;		/* pids.events had counted so many refusals more */
	char cgroup[FW_LIMIT_CGROUP_LEN];	/* the one that is full, below its mount */
	uint64_t pids_max, pids_current;
};

struct fw_limits_watch;

/*
 * Remembers what each pids.events counts by now, to tell what it counts later.
 * @root stands before every path: "" but in tests. Returns 0 or -ENOMEM.
 */
int fw_limits_open(struct fw_limits_watch **out, const char *root);
void fw_limits_close(struct fw_limits_watch *watch);

/*
 * Reads what there is to read of @fork, which failed, into fork->limits. A
 * refusal that pids.events counted explains one fork, and only one.
 */
int fw_limits_look(struct fw_limits_watch *watch, struct fw_fork *fork);

#endif
