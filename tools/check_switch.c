// SPDX-License-Identifier: GPL-2.0-only
/* Rules C: the child's first run, from cpu_switch_to() to ret_from_fork(). */
#include <string.h>

#include "regs.h"
#include "rule.h"
#include "symbols.h"

#define INSN_SIZE	4

static bool is_within(uint64_t addr, uint64_t low, uint64_t top)
{
	return addr >= low && addr < top;
}

/*
 * Another tracer's return probe on schedule_tail() has put its own return address
 * in the place of the one that the child brought along.
 */
static bool is_return_probe(const struct fw_env *env, uint64_t lr)
{
	uint64_t offset;
	const char *name = env->ksyms ? fw_ksyms_find(env->ksyms, lr, &offset) : NULL;

	return name && !offset &&
	       (strstr(name, "kretprobe_trampoline") || strstr(name, "rethook_trampoline"));
}

/*
 * `bl schedule_tail` is ret_from_fork()'s first instruction in all kernels, and
 * what cpu_switch_to() loaded stands unchanged until then.
 */
enum fw_verdict fw_holds_run_registers(const struct fw_fork *fork, const struct fw_env *env,
				       struct fw_why *why)
{
	struct fw_reg live[FW_NR_CONTEXT], written[FW_NR_CONTEXT];
	uint64_t start;
	unsigned int i;

	if (!FW_SAW(fork, copy_thread, context_after, why) ||
	    !FW_SAW(fork, first_run, live, why))
		return FW_NOT_OBSERVED;
	fw_context_list(&fork->first_run->live, live);
	fw_context_list(&fork->copy_thread->context_after, written);
	/* The pc is schedule_tail()'s by now; lr tells where it came from. */
	for (i = 0; i < FW_NR_CONTEXT - 1; i++)
		if (!fw_same(live[i].name, FW_SIDE("live", live[i].value),
			     FW_SIDE("copy_thread wrote", written[i].value), why))
			return FW_FAIL;
	start = fw_ret_from_fork(env, why);
	if (!start)
		return FW_NOT_OBSERVED;
	if (is_return_probe(env, fork->first_run->lr)) {
		fw_explain(why, "lr is that of somebody's return probe on schedule_tail()");
		return FW_NOT_OBSERVED;
	}
	return fw_same_code("lr", FW_SIDE("live", fork->first_run->lr),
			    FW_SIDE("expected", start + INSN_SIZE), env, why) ? FW_PASS : FW_FAIL;
}

/* `current` is sp_el0: compare it with whom the parent had made. */
enum fw_verdict fw_holds_run_current(const struct fw_fork *fork, const struct fw_env *env,
				     struct fw_why *why)
{
	const struct forkwatch_first_run *run = fork->first_run;

	(void)env;
	if (!FW_SAW(fork, exit, start_time, why) || !FW_SAW(fork, first_run, stack_top, why) ||
	    !FW_SAW(fork, first_run, sp_el0, why))
		return FW_NOT_OBSERVED;
	if (!fw_same("sp_el0", FW_SIDE("live", run->sp_el0),
		     FW_SIDE("child's task_struct", fork->exit->child), why) ||
	    !fw_same("tid", FW_SIDE("current", run->hdr.tid),
		     FW_SIDE("child", fork->exit->child_tid), why))
		return FW_FAIL;
	if (is_within(run->live.sp, run->stack_low, run->stack_top))
		return FW_PASS;
	fw_explain(why, "sp: live 0x%llx, child's stack 0x%llx..0x%llx",
		   (unsigned long long)run->live.sp, (unsigned long long)run->stack_low,
		   (unsigned long long)run->stack_top);
	return FW_FAIL;
}

enum fw_verdict fw_holds_run_prev(const struct fw_fork *fork, const struct fw_env *env,
				  struct fw_why *why)
{
	const struct forkwatch_first_run *run = fork->first_run;

	if (!FW_SAW(fork, first_run, prev_context, why))
		return FW_NOT_OBSERVED;
	if (!is_within(run->prev_context.sp, run->prev_stack_low, run->prev_stack_top)) {
		fw_explain(why, "saved sp: prev 0x%llx, its stack 0x%llx..0x%llx",
			   (unsigned long long)run->prev_context.sp,
			   (unsigned long long)run->prev_stack_low,
			   (unsigned long long)run->prev_stack_top);
		return FW_FAIL;
	}
	if (!FW_SAW(fork, first_run, switch_return, why))
		return FW_NOT_OBSERVED;
	if (!run->switch_return) {
		fw_explain(why, "the module found no bl cpu_switch_to in __switch_to");
		return FW_NOT_OBSERVED;
	}
	return fw_same_code("saved pc", FW_SIDE("prev", run->prev_context.pc),
			    FW_SIDE("after bl cpu_switch_to", run->switch_return), env, why) ?
	       FW_PASS : FW_FAIL;
}

/* But for the x0 that forkwatch_clone() writes meanwhile, of which A1 judges. */
enum fw_verdict fw_holds_run_pt_regs(const struct fw_fork *fork, const struct fw_env *env,
				     struct fw_why *why)
{
	struct fw_regs_side before, now;

	(void)env;
	if (!FW_SAW(fork, copy_thread, regs_after, why) || !FW_SAW(fork, first_run, regs, why))
		return FW_NOT_OBSERVED;
	before = (struct fw_regs_side) { "after copy_thread", &fork->copy_thread->regs_after };
	now = (struct fw_regs_side) { "at its first run", &fork->first_run->regs };
	return fw_same_regs(before, now, 0, FW_AT_END, fw_asks_x0(fork), why) ?
	       FW_PASS : FW_FAIL;
}

/* One of the moments of a child's beginning, and whose it was. */
struct moment {
	const char *event;
	uint64_t time;
	uint64_t child;
	uint64_t start_time;	/* 0: this event has none */
};

/* Moments may be equal: a clock ticks more slowly than a CPU runs. */
static bool in_order(const struct moment *a, const struct moment *b, struct fw_why *why)
{
	if (!fw_same("child", FW_SIDE(a->event, a->child), FW_SIDE(b->event, b->child), why))
		return false;
	if (a->start_time && b->start_time &&
	    !fw_same("start_time", FW_SIDE(a->event, a->start_time),
		     FW_SIDE(b->event, b->start_time), why))
		return false;
	if (a->time <= b->time)
		return true;
	fw_explain(why, "time: %s %llu ns, %s, which comes later, %llu ns", a->event,
		   (unsigned long long)a->time, b->event, (unsigned long long)b->time);
	return false;
}

enum fw_verdict fw_holds_run_order(const struct fw_fork *fork, const struct fw_env *env,
				   struct fw_why *why)
{
	struct moment moments[4];
	unsigned int nr = 0, i;
	bool all;

	(void)env;
	if (fork->copy_thread)
		moments[nr++] = (struct moment) { "copy_thread", fork->copy_thread->hdr.time,
						  fork->copy_thread->child, 0 };
	if (fork->exit)
		moments[nr++] = (struct moment) { "fork_exit", fork->exit->hdr.time,
						  fork->exit->child, fork->exit->start_time };
	/* Not every sender of wake-ups knows more than the child's tid. */
	if (fork->wakeup && FW_SAW(fork, wakeup, start_time, why))
		moments[nr++] = (struct moment) { "wakeup_new", fork->wakeup->hdr.time,
						  fork->wakeup->child, fork->wakeup->start_time };
	if (fork->first_run)
		moments[nr++] = (struct moment) { "first_run", fork->first_run->hdr.time,
						  fork->first_run->child,
						  fork->first_run->start_time };
	for (i = 1; i < nr; i++)
		if (!in_order(&moments[i - 1], &moments[i], why))
			return FW_FAIL;
	all = FW_SAW(fork, copy_thread, child, why) && FW_SAW(fork, exit, start_time, why) &&
	      FW_SAW(fork, wakeup, start_time, why) && FW_SAW(fork, first_run, start_time, why);
	return all ? FW_PASS : FW_NOT_OBSERVED;
}
