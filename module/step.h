/* SPDX-License-Identifier: GPL-2.0-only */
/* What comes after a kprobe's handler: the instruction that it replaced. */
#ifndef FW_STEP_H
#define FW_STEP_H

#include <linux/kprobes.h>

/*
 * To be returned by a pre_handler that has done its work: 0 where the kernel has to execute
 * the instruction out of line, which takes another trap; 1 where that was done here.
 */
int fw_step_over(struct kprobe *kp, struct pt_regs *regs);

#endif /* FW_STEP_H */
