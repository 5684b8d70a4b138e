/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The events of the module, one by one.
 *
 * Included by forkwatch.bpf.c, behind what it uses.
 */
#ifndef FW_MODULE_BPF_H
#define FW_MODULE_BPF_H

static __always_inline int take_cpu_switch_to(const volatile __u64 *ctx, const bool direct)
{
	if (side_is_watched(FIELD(ctx, direct, forkwatch_cpu_switch_to, prev_tid)) ||
	    side_is_watched(FIELD(ctx, direct, forkwatch_cpu_switch_to, next_tid)))
		forward(ctx, sizeof(struct forkwatch_cpu_switch_to), direct, NULL, false);
	return 0;
}

MODULE_PROGRAMS(cpu_switch_to)

/* @whose: task where a lost event tears the current task's fork, NULL where it does not. */
#define FORWARD(name, whose)							\
static __always_inline int take_##name(const volatile __u64 *ctx, const bool direct) \
{										\
	__u8 *task = find_task(current_tid());					\
										\
	if (task)								\
		forward(ctx, sizeof(struct forkwatch_##name), direct, whose, false); \
	return 0;								\
}										\
										\
MODULE_PROGRAMS(name)

/* In the child, which is found by its task_struct and start time. */
FORWARD(tail_return, NULL)

static __always_inline int take_first_run(const volatile __u64 *ctx, const bool direct)
{
	__u32 tid = current_tid();

	if (!is_watched(tid))
		return 0;
	begin_tail(tid);
	forward(ctx, sizeof(struct forkwatch_first_run), direct, NULL, false);
	return 0;
}

MODULE_PROGRAMS(first_run)

/*
 * Sent ahead of @end, the event that ends the fork, and with its time: traces
 * are read in order of time. @worker: that is fork_exit.
 */
static __always_inline void on_stages(const struct forkwatch_header *end, __u8 *task, bool worker)
{
	__u32 tid = current_tid();
	const struct fw_stage_times *times = find_stages(tid);
	struct forkwatch_stages *event;

	if (!times || times->worker != worker)
		return;
	event = begin(forkwatch_stages, FORKWATCH_STAGES, task);
	if (event) {
		event->hdr.time = end->time;
		event->armed = stages_armed;
		event->absent = stages_absent;
		event->refused = stages_refused;
		event->torn = times->torn | times->open;
		if (event->torn)
			count_stages_lost();
		copy_direct(event->enter, times->enter, FW_STAGE_TIMES_BYTES);
		event->fds = -1;
		event->handlers = -1;
		if (!worker)
			count_fds(&event->fds);
		if (!worker && stages_level == FW_STAGES_ALL)
			count_handlers(&event->handlers);
		submit(event, false);
	}
	end_stages(tid);
}

/* In the parent, in order. @is_exit: fork_exit, which is a worker's last event. */
#define FORWARD_LAST(name, is_exit)						\
static __always_inline int take_##name(const volatile __u64 *ctx, const bool direct) \
{										\
	__u8 *task = find_task(current_tid());					\
										\
	if (!task)								\
		return 0;							\
	if (stages_level) {							\
		struct forkwatch_header end = {					\
			.time = FIELD(ctx, direct, forkwatch_header, time),	\
		};								\
										\
		if (is_exit)							\
			on_undone(end.time, FIELD(ctx, direct, forkwatch_fork_exit, result), \
				  task);					\
		on_stages(&end, task, is_exit);					\
	}									\
	if (!forward(ctx, sizeof(struct forkwatch_##name), direct, task, false) && is_exit && \
	    !FIELD(ctx, direct, forkwatch_fork_exit, result))			\
		count_fork_lost();						\
	return 0;								\
}										\
										\
MODULE_PROGRAMS(name)

FORWARD_LAST(fork_return, false)
FORWARD_LAST(fork_exit, true)
FORWARD(copy_thread, task)
FORWARD(arch_state, task)

/* The current task, about to fork; NULL if it is not to be watched. */
static __always_inline __u8 *find_parent(void)
{
	__u32 tid = current_tid();
	__u8 *task = find_task(tid);

	if (task || !all_tasks || current_tgid() == tracer)
		return task;
	return watch(tid, 0);
}

static __always_inline int take_clone_call(const volatile __u64 *ctx, const bool direct)
{
	__u8 *task = find_parent();

	if (!task)
		return 0;
	set_task(task, *task & FW_TASK_FORKED);
	forward(ctx, sizeof(struct forkwatch_clone_call), direct, task, false);
	if (*task & FW_TASK_TORN)
		*task |= FW_TASK_CALL_LOST;
	return 0;
}

MODULE_PROGRAMS(clone_call)

/* Of a fork that clone3() refuses there is nothing else; the task may not have forked before. */
static __always_inline int take_clone3_return(const volatile __u64 *ctx, const bool direct)
{
	__u8 *task = find_parent();

	if (task)
		forward(ctx, sizeof(struct forkwatch_clone3_return), direct, task, false);
	return 0;
}

MODULE_PROGRAMS(clone3_return)

/*
 * Attached last: of a fork whose beginning was seen, the rest is seen too.
 *
 * A program's first fork wakes the tracer, who reads the process' maps while
 * it is there to be asked.
 */
static __always_inline int take_fork_enter(const volatile __u64 *ctx, const bool direct)
{
	__u8 *task = find_parent();
	bool first;

	if (!task)
		return 0;
	first = !(*task & FW_TASK_FORKED);
	set_task(task, FW_TASK_FORKED | (*task & FW_TASK_CALL_LOST ? FW_TASK_TORN : 0));
	forward(ctx, sizeof(struct forkwatch_fork_enter), direct, task, first);
	if (stages_level)
		begin_stages(current_tid(), task, FIELD(ctx, direct, forkwatch_fork_enter, flags) &
			     (FORKWATCH_ENTER_IO_THREAD | FORKWATCH_ENTER_USER_WORKER));
	return 0;
}

MODULE_PROGRAMS(fork_enter)

#endif /* FW_MODULE_BPF_H */
