/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What comes after a kprobe's handler: a kretprobe's own, and the instruction that the
 * kprobe replaced.
 */
#ifndef FW_STEP_H
#define FW_STEP_H

#include <linux/kprobes.h>

/*
 * To be returned by a pre_handler that has done its work: 0 where the kernel has to execute
 * the instruction out of line, which takes another trap; 1 where that was done here.
 */
int fw_step_over(struct kprobe *kp, struct pt_regs *regs);

/*
 * Registers @rp, of which all but the number of instances is filled in; that is @wanted, or
 * what keeps it within reason. @handler is called at each entry; it is to call what was put
 * into @hook_return, which has the return seen where there is an instance, and fw_step_over().
 * Entries before that are the kretprobe's alone, and a CPU may see @handler before
 * @hook_return. Returns 0 or -errno.
 */
int fw_register_kretprobe(struct kretprobe *rp, unsigned int wanted, unsigned int limit,
			  kprobe_pre_handler_t handler, kprobe_pre_handler_t *hook_return);

#endif /* FW_STEP_H */
