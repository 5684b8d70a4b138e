// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/mman.h>

#include <bpf/libbpf.h>

#include "../bpf/transport.h"
#include "watch_set.h"

#define PID_MAX_FILE	"/proc/sys/kernel/pid_max"

/* Where the file cannot be read: the kernel's own limit, PID_MAX_LIMIT. */
#define PID_MAX_LIMIT	4194304U

static unsigned int pid_max(void)
{
	FILE *file = fopen(PID_MAX_FILE, "re");
	unsigned int max = PID_MAX_LIMIT;

	if (!file)
		return max;
	if (fscanf(file, "%u", &max) != 1 || max > PID_MAX_LIMIT)
		max = PID_MAX_LIMIT;
	fclose(file);
	return max;
}

void fw_watch_set_size(struct bpf_map *map)
{
	bpf_map__set_max_entries(map, pid_max() / FW_TASKS_PER_ENTRY + 1);
}

int fw_watch_set_open(struct fw_watch_set *set, const struct bpf_map *map)
{
	size_t tids = (size_t)bpf_map__max_entries(map) * FW_TASKS_PER_ENTRY;
	void *tasks = mmap(NULL, tids, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);

	if (tasks == MAP_FAILED)
		return -errno;
	set->tasks = tasks;
	set->tids = tids;
	return 0;
}

int fw_watch_set_add(struct fw_watch_set *set, pid_t tid)
{
	uint8_t nothing = 0;

	if (tid <= 0 || (size_t)tid >= set->tids)
		return -E2BIG;
	return __atomic_compare_exchange_n(&set->tasks[tid], &nothing, FW_TASK_WATCHED, false,
					   __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST) ? 0 : -EEXIST;
}

void fw_watch_set_close(struct fw_watch_set *set)
{
	if (set->tasks)
		munmap(set->tasks, set->tids);
	set->tasks = NULL;
}
