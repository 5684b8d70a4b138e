/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The watch set holds tids. The tool puts the first one in; a child joins when
 * its parent wakes it for the first time, which is before it can run and is
 * seen even where a probe missed the fork itself. A task leaves when it exits.
 * Where all tasks are traced, each joins with the first fork that it begins: a
 * fork that was under way when tracing began is not seen by half.
 *
 * The tracer is never traced, or its own wake-ups would make the events that
 * wake it.
 */
#ifndef FW_WATCH_BPF_H
#define FW_WATCH_BPF_H

#include <stdbool.h>

#include "current.bpf.h"

/* Set by the tool before it loads. */
const volatile __u8 all_tasks;		/* every task but the tracer */
const volatile __u32 tracer;		/* its tgid, and the tid of its only thread */

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);		/* the tool sets it, by the highest tid there may be */
	__type(key, __u32);
	__type(value, struct fw_tasks);
} watched SEC(".maps");

/* Where it is said of @tid whether it is watched; NULL: nowhere. */
static __always_inline __u8 *task_place(__u32 tid)
{
	__u32 entry = tid / FW_TASKS_PER_ENTRY;
	struct fw_tasks *tasks = bpf_map_lookup_elem(&watched, &entry);

	return tasks ? &tasks->tasks[tid % FW_TASKS_PER_ENTRY] : NULL;
}

/* What is known of a watched task, FW_TASK_*; NULL: it is not watched. */
static __always_inline __u8 *find_task(__u32 tid)
{
	__u8 *task = task_place(tid);

	return task && *task ? task : NULL;
}

static __always_inline bool is_watched(__u32 tid)
{
	return find_task(tid);
}

/* For events that have nothing to do with a fork. */
static __always_inline bool current_is_in_view(void)
{
	return all_tasks ? current_tgid() != tracer : is_watched(current_tid());
}

/* One side of a switch. The idle tasks are every CPU's tid 0. */
static __always_inline bool side_is_watched(__u32 tid)
{
	return all_tasks ? tid && tid != tracer : is_watched(tid);
}

/* A child is not followed, since there are too many. */
static __always_inline void count_watch_full(void)
{
	struct fw_cpu_state *cpu = this_cpu();

	if (cpu)
		cpu->watch_full++;
}

/* A place among `stages` stays its own. */
static __always_inline void set_task(__u8 *task, __u8 flags)
{
	*task = (*task & FW_TASK_STAGES) | FW_TASK_WATCHED | flags;
}

/* Returns what is known of @tid from now on; NULL: the set does not reach so far. */
static __always_inline __u8 *watch(__u32 tid, __u8 flags)
{
	__u8 *task = task_place(tid);

	if (task) {
		set_task(task, flags);
		return task;
	}
	count_watch_full();
	return NULL;
}

static __always_inline void unwatch(__u32 tid)
{
	__u8 *task = task_place(tid);

	if (task)
		*task = 0;
}

#endif /* FW_WATCH_BPF_H */
