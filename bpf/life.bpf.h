/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Life: a vfork child that lets its parent go. sched_process_exec comes later
 * than that, when the parent may be back, and so does sched_process_exit before
 * 6.16. The tool attaches this to the functions that this kernel does it in.
 *
 * Included by forkwatch.bpf.c, behind what it uses.
 */
#ifndef FW_LIFE_BPF_H
#define FW_LIFE_BPF_H

#define PF_EXITING	0x4	/* include/linux/sched.h; set before the mm is left */

/* @task, whose parent waits for that, lets go of @mm, which is 0 where it has none. */
static __always_inline void send_release(const struct task_struct *task, __u64 mm)
{
	struct forkwatch_mm_release *event;

	/* Kernel threads use vfork_done for something else. */
	if (!mm)
		return;
	event = begin(forkwatch_mm_release, FORKWATCH_MM_RELEASE, NULL);
	if (!event)
		return;
	event->task = (__u64)task;
	event->start_time = BPF_CORE_READ(task, start_time);
	event->mm = mm;
	event->reason = BPF_CORE_READ(task, flags) & PF_EXITING ? FORKWATCH_RELEASE_EXIT :
								  FORKWATCH_RELEASE_EXEC;
	event->reserved = 0;
	submit(event, false);
}

/* exec_mm_release(task, mm), exit_mm_release(task, mm), in the task */
SEC("kprobe")
int on_mm_release(const __u64 *regs)
{
	const struct task_struct *task = (const void *)regs[0];

	/* A child that somebody waits for is watched by itself, even where all tasks are. */
	if (is_watched(current_tid()) && BPF_CORE_READ(task, vfork_done))
		send_release(task, regs[1]);
	return 0;
}

#endif /* FW_LIFE_BPF_H */
