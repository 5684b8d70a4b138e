/* SPDX-License-Identifier: GPL-2.0-only */
/* What a task has of the CPU's state beyond pt_regs, cpu_context and its TLS registers. */
#ifndef FW_STATE_H
#define FW_STATE_H

#include <linux/kprobes.h>

int fw_arch_state_enter(struct kretprobe_instance *ri, struct pt_regs *regs);
int fw_arch_state(struct kretprobe_instance *ri, struct pt_regs *regs);

#endif /* FW_STATE_H */
