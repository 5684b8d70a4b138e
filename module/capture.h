/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What each probe reads. Most of these run as kprobe and kretprobe handlers: no
 * sleeping, no locks, no probes in them. Each ends in its tracepoint.
 */
#ifndef FW_CAPTURE_H
#define FW_CAPTURE_H

#include <linux/kprobes.h>

#include "forkwatch.h"

/* What a kretprobe keeps between entry and return: first, which events were armed. */
#define FW_PROBE_RETURNS	2

struct fw_probe_call {
	bool armed[FW_PROBE_RETURNS];
};

struct fw_copy_thread_call {
	struct fw_probe_call call;
	struct task_struct *child;
	u64 clone_flags;
	struct forkwatch_copy_thread event;
};

struct fw_kernel_clone_call {
	struct fw_probe_call call;
	u64 enter_time;
	u64 parent_tid;
	u64 clone_flags;
	u64 pidfd;
	s32 exit_signal;
};

struct fw_schedule_tail_call {
	struct fw_probe_call call;
	u64 enter_time;
};

struct fw_clone3_call {
	struct fw_probe_call call;
	u64 enter_time;
};

/* Numbers and stamps an event of @kind, as one of the current task. */
void fw_fill_header(struct forkwatch_header *hdr, u16 kind, u16 size);

int fw_fork_enter(struct kprobe *kp, struct pt_regs *regs);
int fw_copy_thread_enter(struct kretprobe_instance *ri, struct pt_regs *regs);
int fw_copy_thread_leave(struct kretprobe_instance *ri, struct pt_regs *regs);
int fw_fork_exit(struct kretprobe_instance *ri, struct pt_regs *regs);
int fw_kernel_clone_enter(struct kretprobe_instance *ri, struct pt_regs *regs);
int fw_fork_return(struct kretprobe_instance *ri, struct pt_regs *regs);
int fw_first_run(struct kprobe *kp, struct pt_regs *regs);
int fw_schedule_tail_enter(struct kretprobe_instance *ri, struct pt_regs *regs);
int fw_tail_return(struct kretprobe_instance *ri, struct pt_regs *regs);
int fw_clone3_enter(struct kretprobe_instance *ri, struct pt_regs *regs);
int fw_clone3_return(struct kretprobe_instance *ri, struct pt_regs *regs);
int fw_cpu_switch_to(struct kprobe *kp, struct pt_regs *regs);

/*
 * The registers, stack and sharing of the current task and of @child, which
 * does not run yet, for forkwatch_clone()'s report.
 */
void fw_fill_report(struct forkwatch_clone_report *report, struct task_struct *child);
void fw_set_child_x0(struct task_struct *child, u64 x0);

#endif /* FW_CAPTURE_H */
