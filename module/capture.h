/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What each probe reads. These run as kprobe and kretprobe handlers: no
 * sleeping, no locks, no probes in them. Each ends in its tracepoint.
 */
#ifndef FW_CAPTURE_H
#define FW_CAPTURE_H

#include <linux/kprobes.h>

#include "forkwatch.h"

/* What a kretprobe keeps between entry and return. */
struct fw_copy_thread_call {
	struct task_struct *child;
	struct forkwatch_copy_thread event;
};

struct fw_kernel_clone_call {
	u64 enter_time;
};

int fw_fork_enter(struct kprobe *kp, struct pt_regs *regs);
int fw_copy_thread_enter(struct kretprobe_instance *ri, struct pt_regs *regs);
int fw_copy_thread_leave(struct kretprobe_instance *ri, struct pt_regs *regs);
int fw_fork_exit(struct kretprobe_instance *ri, struct pt_regs *regs);
int fw_kernel_clone_enter(struct kretprobe_instance *ri, struct pt_regs *regs);
int fw_fork_return(struct kretprobe_instance *ri, struct pt_regs *regs);
int fw_first_run(struct kprobe *kp, struct pt_regs *regs);
int fw_cpu_switch_to(struct kprobe *kp, struct pt_regs *regs);

#endif /* FW_CAPTURE_H */
