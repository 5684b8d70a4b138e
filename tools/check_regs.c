// SPDX-License-Identifier: GPL-2.0-only
/* Rules A: the child's pt_regs, as copy_thread() leaves them for a user task. */
#include <linux/sched.h>

#include "rule.h"

#define PSTATE_T		(1U << 5)	/* AArch32: Thumb */
#define PSTATE_MODE		0x1fU		/* with the bit that says AArch32 */
#define PSTATE_EL0T		0x00U
#define PSTATE_AARCH32_USER	0x10U

#define COMPAT_SP	13
#define COMPAT_NR	7	/* el0_svc_compat() takes the number from r7 */
#define NATIVE_NR	8

static struct fw_regs_side child(const struct fw_fork *fork)
{
	return (struct fw_regs_side) { "child", &fork->copy_thread->regs_after };
}

static struct fw_regs_side parent(const struct fw_fork *fork)
{
	return (struct fw_regs_side) { "parent", &fork->enter->regs };
}

/* What nearly all of these rules compare. */
static bool saw_both(const struct fw_fork *fork, struct fw_why *why)
{
	return FW_SAW(fork, enter, regs, why) && FW_SAW(fork, copy_thread, regs_after, why);
}

/* forkwatch_clone() sets the x0 it is asked for when copy_thread() is over. */
enum fw_verdict fw_holds_child_x0(const struct fw_fork *fork, const struct fw_env *env,
				  struct fw_why *why)
{
	(void)env;
	if (!saw_both(fork, why))
		return FW_NOT_OBSERVED;
	if (!fw_same(fw_is_compat(fork) ? "r0" : "x0",
		     FW_SIDE("child", fork->copy_thread->regs_after.x[0]),
		     FW_SIDE("expected", 0), why))
		return FW_FAIL;
	if (!fw_asks_x0(fork))
		return FW_PASS;
	if (!FW_SAW(fork, first_run, regs, why))
		return FW_NOT_OBSERVED;
	return fw_same("x0", FW_SIDE("child at its first run", fork->first_run->regs.x[0]),
		       FW_SIDE("asked for", fork->clone_call->child_x0), why) ? FW_PASS : FW_FAIL;
}

enum fw_verdict fw_holds_child_x(const struct fw_fork *fork, const struct fw_env *env,
				 struct fw_why *why)
{
	uint64_t except = 0;

	(void)env;
	if (!saw_both(fork, why))
		return FW_NOT_OBSERVED;
	/* For AArch32 this is the stack pointer, of which child_sp judges. */
	if (fw_is_compat(fork) && fork->enter->stack)
		except = 1U << COMPAT_SP;
	return fw_same_regs(child(fork), parent(fork), 1, FORKWATCH_NR_X - 1, except, why) ?
	       FW_PASS : FW_FAIL;
}

/* The kernel looks at no immediate, so that any svc will do. */
static bool is_svc(const struct fw_fork *fork)
{
	uint32_t insn = fork->enter->insn;

	if (!fw_is_compat(fork))
		return (insn & 0xffe0001fU) == 0xd4000001U;
	if (fork->enter->regs.pstate & PSTATE_T)
		return insn >> 24 == 0xdfU;
	return (insn & 0x0f000000U) == 0x0f000000U && insn >> 28 != 0xfU;
}

static uint32_t plain_svc(const struct fw_fork *fork)
{
	if (!fw_is_compat(fork))
		return 0xd4000001U;
	return fork->enter->regs.pstate & PSTATE_T ? 0xdf000000U : 0xef000000U;
}

enum fw_verdict fw_holds_child_pc(const struct fw_fork *fork, const struct fw_env *env,
				  struct fw_why *why)
{
	(void)env;
	if (!saw_both(fork, why))
		return FW_NOT_OBSERVED;
	if (!fw_same_regs(child(fork), parent(fork), FW_AT_PC, 1, 0, why))
		return FW_FAIL;
	if (!(fork->enter->flags & FORKWATCH_ENTER_INSN)) {
		fw_explain(why, "the word before the user pc 0x%llx was not in memory",
			   (unsigned long long)fork->enter->regs.pc);
		return FW_NOT_OBSERVED;
	}
	if (is_svc(fork))
		return FW_PASS;
	fw_same("instruction before pc", FW_SIDE("parent", fork->enter->insn),
		FW_SIDE("expected svc #0", plain_svc(fork)), why);
	return FW_FAIL;
}

enum fw_verdict fw_holds_child_pstate(const struct fw_fork *fork, const struct fw_env *env,
				      struct fw_why *why)
{
	uint64_t mode;

	(void)env;
	if (!saw_both(fork, why))
		return FW_NOT_OBSERVED;
	if (!fw_same_regs(child(fork), parent(fork), FW_AT_PSTATE, 1, 0, why))
		return FW_FAIL;
	mode = fw_is_compat(fork) ? PSTATE_AARCH32_USER : PSTATE_EL0T;
	return fw_same("pstate mode",
		       FW_SIDE("child", fork->copy_thread->regs_after.pstate & PSTATE_MODE),
		       FW_SIDE("user mode", mode), why) ? FW_PASS : FW_FAIL;
}

/*
 * clone3's stack and stack_size are one sum by then: clone3_stack_valid() adds
 * them, and copy_thread() looks at stack alone, as for clone.
 */
enum fw_verdict fw_holds_child_sp(const struct fw_fork *fork, const struct fw_env *env,
				  struct fw_why *why)
{
	unsigned int sp = fw_is_compat(fork) ? COMPAT_SP : FW_AT_SP;
	uint64_t value;

	(void)env;
	if (!saw_both(fork, why))
		return FW_NOT_OBSERVED;
	if (!fork->enter->stack)
		return fw_same_regs(child(fork), parent(fork), sp, 1, 0, why) ? FW_PASS : FW_FAIL;
	value = fw_is_compat(fork) ? fork->copy_thread->regs_after.x[COMPAT_SP] :
		fork->copy_thread->regs_after.sp;
	return fw_same("sp", FW_SIDE("child", value),
		       FW_SIDE("stack asked for", fork->enter->stack), why) ? FW_PASS : FW_FAIL;
}

/* el0_svc_common() takes number and x0 from the registers, the former as an int. */
static bool entered_by_svc(const struct fw_fork *fork, struct fw_why *why)
{
	const struct forkwatch_regs *regs = &fork->enter->regs;
	int32_t nr = regs->x[fw_is_compat(fork) ? COMPAT_NR : NATIVE_NR];

	return fw_same("syscallno", FW_SIDE("parent", (int64_t)regs->syscallno),
		       FW_SIDE(fw_is_compat(fork) ? "its r7" : "its x8", (int64_t)nr), why) &&
	       fw_same(fw_is_compat(fork) ? "orig_r0" : "orig_x0",
		       FW_SIDE("parent", regs->orig_x0),
		       FW_SIDE("its first argument", regs->x[0]), why);
}

enum fw_verdict fw_holds_child_syscall(const struct fw_fork *fork, const struct fw_env *env,
				       struct fw_why *why)
{
	(void)env;
	if (!saw_both(fork, why))
		return FW_NOT_OBSERVED;
	if (!fw_same_regs(child(fork), parent(fork), FW_AT_ORIG_X0, 2, 0, why))
		return FW_FAIL;
	return entered_by_svc(fork, why) ? FW_PASS : FW_FAIL;
}

/*
 * An AArch32 task has two, see task_user_tls(): tpidr_el0 is its own, and always as
 * it was; CLONE_SETTLS and set_tls() set tpidrro_el0, which the task can only read.
 */
static enum fw_verdict compat_tls(const struct fw_fork *fork, struct fw_why *why)
{
	const struct forkwatch_copy_thread *copy = fork->copy_thread;
	bool asked = fork->enter->clone_flags & CLONE_SETTLS;

	if (!fw_same("tpidrro_el0", FW_SIDE("child", copy->tp_after),
		     asked ? FW_SIDE("tls asked for", fork->enter->tls) :
			     FW_SIDE("parent", copy->parent_tp), why))
		return FW_FAIL;
	if (!FW_SAW(fork, copy_thread, parent_tpidr, why))
		return FW_NOT_OBSERVED;
	return fw_same("tpidr_el0", FW_SIDE("child", copy->tp2_after),
		       FW_SIDE("parent", copy->parent_tpidr), why) ? FW_PASS : FW_FAIL;
}

enum fw_verdict fw_holds_child_tls(const struct fw_fork *fork, const struct fw_env *env,
				   struct fw_why *why)
{
	const struct forkwatch_copy_thread *copy = fork->copy_thread;

	(void)env;
	if (!FW_SAW(fork, enter, tls, why) || !FW_SAW(fork, copy_thread, tp2_after, why))
		return FW_NOT_OBSERVED;
	if (fw_is_compat(fork))
		return compat_tls(fork, why);
	if (fork->enter->clone_flags & CLONE_SETTLS)
		return fw_same("tls", FW_SIDE("child", copy->tp_after),
			       FW_SIDE("asked for", fork->enter->tls), why) ? FW_PASS : FW_FAIL;
	if (!FW_SAW(fork, copy_thread, parent_tpidr, why))
		return FW_NOT_OBSERVED;
	return fw_same("tpidr_el0", FW_SIDE("child", copy->tp_after),
		       FW_SIDE("parent", copy->parent_tpidr), why) ? FW_PASS : FW_FAIL;
}

enum fw_verdict fw_holds_child_pt_regs(const struct fw_fork *fork, const struct fw_env *env,
				       struct fw_why *why)
{
	const struct forkwatch_copy_thread *copy = fork->copy_thread;

	(void)env;
	if (!FW_SAW(fork, enter, flags, why) || !FW_SAW(fork, copy_thread, pt_regs, why))
		return FW_NOT_OBSERVED;
	if (!fw_same("pt_regs", FW_SIDE("child", copy->pt_regs),
		     FW_SIDE("stack top - size", copy->stack_top - copy->pt_regs_size), why))
		return FW_FAIL;
	return fw_same("pt_regs modulo 16", FW_SIDE("child", copy->pt_regs % 16),
		       FW_SIDE("expected", 0), why) ? FW_PASS : FW_FAIL;
}
