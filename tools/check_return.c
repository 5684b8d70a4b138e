// SPDX-License-Identifier: GPL-2.0-only
/* Rules D: what the parent gets back. */
#include "rule.h"

/* -11 is more to a reader than 0xfffffffffffffff5. */
static bool same_result(struct fw_side a, struct fw_side b, struct fw_why *why)
{
	if (a.value == b.value)
		return true;
	fw_explain(why, "result: %s 0x%llx (%lld), %s 0x%llx (%lld)",
		   a.who, (unsigned long long)a.value, (long long)a.value,
		   b.who, (unsigned long long)b.value, (long long)b.value);
	return false;
}

/* All but x0, which the result replaces after this. */
static enum fw_verdict registers_kept(const struct fw_fork *fork, struct fw_why *why)
{
	struct fw_regs_side entry, now;

	if (!FW_SAW(fork, enter, regs, why) || !FW_SAW(fork, ret, regs, why))
		return FW_NOT_OBSERVED;
	if (fork->enter->flags & FORKWATCH_ENTER_PARENT_KTHREAD)
		return FW_PASS;
	entry = (struct fw_regs_side) { "parent at entry", &fork->enter->regs };
	now = (struct fw_regs_side) { "at return", &fork->ret->regs };
	return fw_same_regs(entry, now, 1, FW_AT_PSTATE, 0, why) ? FW_PASS : FW_FAIL;
}

enum fw_verdict fw_holds_return_parent(const struct fw_fork *fork, const struct fw_env *env,
				       struct fw_why *why)
{
	(void)env;
	if (!FW_SAW(fork, exit, child_vpid, why) || !FW_SAW(fork, ret, result, why))
		return FW_NOT_OBSERVED;
	if (!same_result(FW_SIDE("parent", fork->ret->result),
			 FW_SIDE("child's pid", fork->exit->child_vpid), why))
		return FW_FAIL;
	return registers_kept(fork, why);
}

enum fw_verdict fw_holds_return_error(const struct fw_fork *fork, const struct fw_env *env,
				      struct fw_why *why)
{
	(void)env;
	if (fork->wakeup || fork->first_run) {
		fw_explain(why, "result: 0x%llx (%d), and yet task 0x%llx %s",
			   (unsigned long long)(int64_t)fw_fork_error(fork), fw_fork_error(fork),
			   (unsigned long long)(fork->first_run ? fork->first_run->child :
						fork->wakeup->child),
			   fork->first_run ? "ran" : "was woken");
		return FW_FAIL;
	}
	if (!FW_SAW(fork, exit, result, why) || !FW_SAW(fork, ret, result, why))
		return FW_NOT_OBSERVED;
	return same_result(FW_SIDE("copy_process", fork->exit->result),
			   FW_SIDE("kernel_clone", fork->ret->result), why) ? FW_PASS : FW_FAIL;
}

/* The call can be made again if nothing was made, and nothing is lost. */
enum fw_verdict fw_holds_return_restart(const struct fw_fork *fork, const struct fw_env *env,
					struct fw_why *why)
{
	(void)env;
	if (!FW_SAW(fork, enter, regs, why) || !FW_SAW(fork, exit, result, why) ||
	    !FW_SAW(fork, ret, regs, why))
		return FW_NOT_OBSERVED;
	if (fork->copy_thread) {
		fw_explain(why, "result: -513 (ERESTARTNOINTR), and yet copy_thread made 0x%llx",
			   (unsigned long long)fork->copy_thread->child);
		return FW_FAIL;
	}
	if (!same_result(FW_SIDE("copy_process", fork->exit->result),
			 FW_SIDE("kernel_clone", fork->ret->result), why) ||
	    !fw_same("orig_x0", FW_SIDE("parent at entry", fork->enter->regs.orig_x0),
		     FW_SIDE("at return", fork->ret->regs.orig_x0), why))
		return FW_FAIL;
	return registers_kept(fork, why);
}
