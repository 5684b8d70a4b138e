// SPDX-License-Identifier: GPL-2.0-only
/* See step.h. Instructions are those that functions begin with, before they touch memory. */
#include <linux/cpumask.h>
#include <linux/list.h>
#include <linux/minmax.h>

#include <asm/ptrace.h>

#include "step.h"

/* A64: "NOP", "BTI" with any target, "MOV (register)" of 64 bits. */
#define NOP_VALUE	0xd503201fU
#define BTI_MASK	0xffffff3fU
#define BTI_VALUE	0xd503241fU
#define MOV_MASK	0xffe0ffe0U
#define MOV_VALUE	0xaa0003e0U

static __always_inline bool execute(u32 insn, struct pt_regs *regs)
{
	if (insn == NOP_VALUE || (insn & BTI_MASK) == BTI_VALUE)
		return true;
	if ((insn & MOV_MASK) != MOV_VALUE)
		return false;
	pt_regs_write_reg(regs, insn & 31, pt_regs_read_reg(regs, insn >> 16 & 31));
	return true;
}
NOKPROBE_SYMBOL(execute);

/* With others of the same place we are on a list, and the first that says 1 ends it. */
static bool is_alone(const struct kprobe *kp)
{
	return READ_ONCE(kp->list.next) == &kp->list;
}
NOKPROBE_SYMBOL(is_alone);

int fw_step_over(struct kprobe *kp, struct pt_regs *regs)
{
	if (!is_alone(kp) || !execute(kp->opcode, regs))
		return 0;
	/* BTYPE says how it was come to the instruction that is over. */
	regs->pstate &= ~PSR_BTYPE_MASK;
	instruction_pointer_set(regs, instruction_pointer(regs) + sizeof(u32));
	return 1;
}
NOKPROBE_SYMBOL(fw_step_over);

int fw_register_kretprobe(struct kretprobe *rp, unsigned int wanted, unsigned int limit,
			  kprobe_pre_handler_t handler, kprobe_pre_handler_t *hook_return)
{
	int err;

	rp->maxactive = clamp(wanted, 2 * num_possible_cpus(), limit);
	err = register_kretprobe(rp);
	if (err)
		return err;
	*hook_return = rp->kp.pre_handler;
	WRITE_ONCE(rp->kp.pre_handler, handler);
	return 0;
}
