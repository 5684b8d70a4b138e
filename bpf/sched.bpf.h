/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's own tracepoints, which tell who is watched from when on, and until
 * when. It knows the types of their arguments, and lets what these point to be read
 * by plain loads.
 *
 * Exec and exit have two programs each, of which the tool loads one: held_NAME is called
 * by way of perf, which holds the CPU. The other can be preempted where tracepoint_srcu
 * guards tracepoints, and whoever then comes to it on this CPU is skipped.
 *
 * Included by forkwatch.bpf.c, behind what it uses.
 */
#ifndef FW_SCHED_BPF_H
#define FW_SCHED_BPF_H

/* sched_wakeup_new(child), in the parent */
SEC("tp_btf/sched_wakeup_new")
int on_wakeup_new(const __u64 *ctx)
{
	const struct task_struct *child = (const void *)ctx[0];
	struct forkwatch_wakeup_new *event;
	__u8 *task = find_task(current_tid());

	if (!task)
		return 0;
	watch(child->pid, *task & FW_TASK_FORKED);
	call_made_child();
	if (cow_watched && !begin_cow(child))
		count_watch_full();

	event = begin(forkwatch_wakeup_new, FORKWATCH_WAKEUP_NEW, task);
	if (!event)
		return 0;
	event->child = (__u64)child;
	event->start_time = child->start_time;
	event->child_tid = child->pid;
	event->target_cpu = task_cpu(child);
	submit(event, false);
	return 0;
}

/*
 * A thread that executes a program becomes its group's leader and takes over
 * that one's tid; it may have been watched under the one it had.
 */
static __always_inline bool exec_is_watched(__u32 tid, __u32 old_tid)
{
	if (!is_watched(tid) && !is_watched(old_tid))
		return current_is_in_view();
	if (tid != old_tid) {
		call_is_over(old_tid);
		end_stages(old_tid);
		unwatch(old_tid);
	}
	watch(tid, 0);
	return true;
}

static __always_inline int take_exec(const struct task_struct *task, __u32 old_tid,
				     const char *path)
{
	struct forkwatch_exec *event;

	if (!exec_is_watched(current_tid(), old_tid))
		return 0;
	end_cow(current_tgid(), FORKWATCH_COW_EXEC);

	event = begin(forkwatch_exec, FORKWATCH_EXEC, NULL);
	if (!event)
		return 0;
	event->task = (__u64)task;
	event->start_time = task->start_time;
	event->mm = (__u64)task->mm;
	event->old_tid = old_tid;
	event->reserved = 0;
	BPF_CORE_READ_STR_INTO(&event->comm, task, comm);
	bpf_probe_read_kernel_str(event->path, sizeof(event->path), path);
	submit(event, false);
	return 0;
}

/* sched_process_exec(task, old_pid, bprm), in the task */
SEC("tp_btf/sched_process_exec")
int on_exec(const __u64 *ctx)
{
	const struct linux_binprm *bprm = (const void *)ctx[2];

	return take_exec((const void *)ctx[0], ctx[1], bprm->filename);
}

/* The lower half of a __data_loc is where it lies in the record. */
SEC("tp/sched/sched_process_exec")
int held_exec(const struct trace_event_raw_sched_process_exec *record)
{
	return take_exec((const void *)bpf_get_current_task_btf(), record->old_pid,
			 (const char *)record + (record->__data_loc_filename & 0xffff));
}

/* Of its process' threads. */
static __always_inline bool is_last(const struct task_struct *task)
{
	return task->signal->live.counter == 0;
}

/*
 * A leader that exits before its threads stays: one of them may execute a
 * program and become the leader.
 */
static __always_inline void forget(const struct task_struct *task)
{
	__u32 tid = current_tid(), tgid = current_tgid();
	bool last = is_last(task);

	call_is_over(tid);
	end_stages(tid);
	if (tid != tgid || last)
		unwatch(tid);
	if (last)
		unwatch(tgid);
}

static __always_inline int take_exit(const struct task_struct *task)
{
	struct forkwatch_exit *event;

	if (!current_is_in_view())
		return 0;
	if (is_last(task))
		end_cow(current_tgid(), FORKWATCH_COW_EXIT);

	/* From 6.16 on the task still has its mm here, and is forgotten before it lets go of it. */
	if (task->vfork_done)
		send_release(task, (__u64)task->mm);
	event = begin(forkwatch_exit, FORKWATCH_EXIT, NULL);
	if (event) {
		event->task = (__u64)task;
		event->start_time = task->start_time;
		event->code = task->exit_code;
		event->reserved = 0;
		submit(event, false);
	}
	forget(task);
	return 0;
}

/* sched_process_exit(task), in the task */
SEC("tp_btf/sched_process_exit")
int on_exit(const __u64 *ctx)
{
	return take_exit((const void *)ctx[0]);
}

SEC("tp/sched/sched_process_exit")
int held_exit(void)
{
	return take_exit((const void *)bpf_get_current_task_btf());
}

#endif /* FW_SCHED_BPF_H */
