// SPDX-License-Identifier: GPL-2.0-only
/* The table of rules, and the judging of forks by it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "life.h"
#include "rule.h"
#include "witness.h"

/* copy_thread() ran, or should have run, and did not fail. */
static bool is_copied(const struct fw_fork *fork)
{
	return fork->copy_thread ? !fork->copy_thread->result : fw_fork_error(fork) >= 0;
}

static bool applies_any(const struct fw_fork *fork, const struct fw_env *env)
{
	(void)env;
	return is_copied(fork);
}

/* Without fork_enter it is not known whether a child starts in user mode: it may. */
static bool applies_user(const struct fw_fork *fork, const struct fw_env *env)
{
	return (!fork->enter || fw_fork_is_user(fork)) && applies_any(fork, env);
}

/* Such a child, on a machine that has what the rule speaks of. */
#define APPLIES_STATE(name, features)						\
static bool applies_##name(const struct fw_fork *fork, const struct fw_env *env)	\
{										\
	return applies_user(fork, env) && fw_has_state(fork, features);		\
}

#define HAS(feature)	(1U << FORKWATCH_HAS_##feature)

APPLIES_STATE(tpidr2, HAS(TPIDR2))
APPLIES_STATE(fpsimd, HAS(FPSIMD))
APPLIES_STATE(sve, HAS(SVE))
APPLIES_STATE(sme, HAS(SME))
APPLIES_STATE(keys, HAS(PAC_ADDRESS) | HAS(PAC_GENERIC))
APPLIES_STATE(mte, HAS(MTE))
APPLIES_STATE(gcs, HAS(GCS))
APPLIES_STATE(debug, HAS(BREAKPOINTS))
APPLIES_STATE(scs, HAS(SCS))
APPLIES_STATE(poe, HAS(POE))
APPLIES_STATE(fpmr, HAS(FPMR))

static bool applies_kernel(const struct fw_fork *fork, const struct fw_env *env)
{
	return !fw_fork_is_user(fork) && applies_any(fork, env);
}

/* There is a child, whether it will run or not. */
static bool applies_made(const struct fw_fork *fork, const struct fw_env *env)
{
	(void)env;
	return fw_fork_error(fork) >= 0;
}

/* Likewise, and it may be one that a user task asked for. */
static bool applies_tids(const struct fw_fork *fork, const struct fw_env *env)
{
	return (!fork->enter || fw_fork_is_user(fork)) && applies_made(fork, env);
}

/* A child that its parent waits for; a parent that is killed does not wait any longer. */
static bool applies_vfork(const struct fw_fork *fork, const struct fw_env *env)
{
	return fw_fork_kind(fork) == FW_VFORK && !fork->parent_killed && applies_made(fork, env);
}

/* Not to a fork, but to what the child does later: see life.h. */
static bool applies_later(const struct fw_fork *fork, const struct fw_env *env)
{
	(void)fork;
	(void)env;
	return false;
}

/* There is a child that will run. */
static bool applies_run(const struct fw_fork *fork, const struct fw_env *env)
{
	(void)env;
	return fw_fork_error(fork) >= 0 && !fw_fork_is_idle(fork);
}

static bool applies_return(const struct fw_fork *fork, const struct fw_env *env)
{
	(void)env;
	return fw_fork_error(fork) >= 0 && fw_fork_returns(fork);
}

/* What kernel_clone() refuses itself never gets to copy_process(): there is nothing to undo. */
static bool applies_error(const struct fw_fork *fork, const struct fw_env *env)
{
	(void)env;
	return fw_fork_error(fork) < 0 && fw_fork_returns(fork) &&
	       (fork->enter || fork->copy_thread || fork->exit);
}

/* There are copies to compare with. */
static bool applies_witnessed(const struct fw_fork *fork, const struct fw_env *env)
{
	(void)env;
	return fw_witness_count(fork);
}

/* An attempt that a signal ended. */
static bool applies_restart(const struct fw_fork *fork, const struct fw_env *env)
{
	return fw_fork_restarts(fork) && applies_error(fork, env);
}

#define READ_IN	"5.10 .. 7.3"

/* Of what not every machine has. */
#define STATE_RULE(name, who, func, function, what)		\
	ANY_RULE(name, who, func, function, what, true)
#define RULE(name, who, func, function, what)			\
	ANY_RULE(name, who, func, function, what, false)

#define ANY_RULE(name, who, func, function, what, machine)	\
	{							\
		.id = (name),					\
		.text = (what),					\
		.source = (function),				\
		.since = READ_IN,				\
		.of_machine = (machine),			\
		.applies = applies_##who,			\
		.holds = fw_holds_##func,			\
	}

const struct fw_rule fw_rules[] = {
	RULE("A1", user, child_x0, "copy_thread",
	     "the child's x0 is 0, or what forkwatch_clone was asked for"),
	RULE("A2", user, child_x, "copy_thread",
	     "the child's x1..x30 are the parent's"),
	RULE("A3", user, child_pc, "copy_thread",
	     "the child's pc is the parent's, just after an svc"),
	RULE("A4", user, child_pstate, "copy_thread",
	     "the child's pstate is the parent's, in user mode"),
	RULE("A5", user, child_sp, "copy_thread",
	     "the child's sp is the stack asked for, else the parent's"),
	RULE("A6", user, child_syscall, "el0_svc_common",
	     "orig_x0 and syscallno are the parent's: its x0 and x8 at the svc"),
	RULE("A7", user, child_tls, "copy_thread",
	     "the child's tpidr_el0 is the TLS asked for, else the parent's live one"),
	STATE_RULE("A8", tpidr2, child_tpidr2, "copy_thread",
		   "tpidr2_el0 is the parent's, and 0 where ZA may not follow"),
	RULE("A9", user, child_pt_regs, "task_pt_regs",
	     "the child's pt_regs end at its stack's top, aligned to 16 bytes"),
	RULE("B1", any, context_copied, "dup_task_struct",
	     "before copy_thread the child's cpu_context is a copy of the parent's"),
	RULE("B2", any, context_start, "copy_thread",
	     "after it pc is ret_from_fork, and sp is the child's pt_regs"),
	RULE("B3", user, context_user, "copy_thread",
	     "user task: x19..x28 are 0, and x19 sends it to user mode"),
	RULE("B4", kernel, context_kernel, "copy_thread",
	     "kernel thread: x19 is fn, x20 its argument; pt_regs are 0 but for an EL1h pstate"),
	RULE("B5", any, context_fp, "copy_thread",
	     "fp is the frame record in the child's pt_regs (0 before 5.14)"),
	RULE("C1", run, run_registers, "ret_from_fork",
	     "in ret_from_fork the live x19..x28, fp and sp are what copy_thread wrote"),
	RULE("C2", run, run_current, "cpu_switch_to",
	     "there current, in sp_el0, is the child, on its own stack"),
	RULE("C3", run, run_prev, "cpu_switch_to",
	     "the task before it saved the pc after bl cpu_switch_to, and an sp in its stack"),
	RULE("C4", run, run_pt_regs, "copy_thread",
	     "the child's pt_regs have not changed since copy_thread"),
	RULE("C5", run, run_order, "kernel_clone",
	     "copy_thread, fork_exit, wake-up and first run in this order, of one child"),
	RULE("D1", return, return_parent, "kernel_clone",
	     "the parent gets the child's pid, and keeps x1..x30, sp, pc and pstate"),
	RULE("D2", error, return_error, "kernel_clone",
	     "a failed fork returns copy_process's error, and no child runs"),
	RULE("D3", restart, return_restart, "copy_process",
	     "a signal ends an attempt with -ERESTARTNOINTR: no child, all registers kept"),
	RULE("E1", made, task_new, "dup_task_struct",
	     "task_struct and kernel stack are new, STACK_END_MAGIC at the stack's end"),
	RULE("E2", made, mm, "copy_mm",
	     "CLONE_VM shares the mm; else mm and pgd are new, and no VMA is added"),
	RULE("E3", made, shared, "copy_process",
	     "CLONE_FILES, _FS, _SIGHAND and _THREAD share these, else they are new"),
	RULE("E4", made, nsproxy, "copy_namespaces",
	     "the nsproxy is shared unless a CLONE_NEW* flag asks otherwise"),
	RULE("E5", made, group, "copy_process",
	     "a thread joins its parent's group; a process leads its own, and signals as asked"),
	RULE("E6", made, real_parent, "copy_process",
	     "real_parent is the parent, or its parent with CLONE_PARENT or CLONE_THREAD"),
	RULE("E7", tids, tids, "schedule_tail",
	     "the child's tid is set and cleared where the flags say, and stands there"),
	RULE("E8", made, untraced, "copy_process",
	     "the signal stack is as the flags say; single-step and syscall tracing are off"),
	RULE("F1", vfork, vfork_waits, "wait_for_vfork_done",
	     "a vfork parent returns after its child's mm_release, by exec or exit"),
	RULE("F2", vfork, vfork_mm, "copy_mm",
	     "until then the child runs in its parent's mm (without CLONE_VM, in one of its own)"),
	STATE_RULE("S1", fpsimd, state_fpsimd, "arch_dup_task_struct",
		   "v0..v31, fpsr and fpcr are the parent's"),
	STATE_RULE("S2", sve, state_sve, "arch_dup_task_struct",
		   "the SVE vector lengths are the parent's; its SVE registers are not kept"),
	STATE_RULE("S3", sme, state_sme, "copy_thread",
		   "the SME vector lengths are the parent's, streaming mode off, ZA a copy or off"),
	STATE_RULE("S4", keys, state_keys, "dup_task_struct",
		   "the pointer authentication keys are the parent's"),
	STATE_RULE("S5", mte, state_mte, "arch_dup_task_struct",
		   "the tag check modes are the parent's, and no tag fault is pending"),
	STATE_RULE("S6", gcs, state_gcs, "copy_thread_gcs",
		   "guarded control stack: a thread has its own, other children the parent's"),
	STATE_RULE("S7", debug, state_debug, "ptrace_hw_copy_thread",
		   "no hardware breakpoint or watchpoint, and no suspended step"),
	STATE_RULE("S8", scs, state_scs, "dup_task_struct",
		   "the shadow call stack is its own, and empty"),
	STATE_RULE("S9", poe, state_poe, "copy_thread",
		   "por_el0 is the parent's"),
	STATE_RULE("S10", fpmr, state_fpmr, "arch_dup_task_struct",
		   "fpmr is the parent's"),
	RULE("W1", witnessed, witness, "the module and BPF",
	     "the module and BPF programs read the same of every field that both see"),
	RULE("X1", later, exec, "begin_new_exec",
	     "an exec keeps task_struct, tid (a thread's leader's) and start time; the mm is new"),
	{ .id = NULL }
};

const size_t fw_nr_rules = ARRAY_SIZE(fw_rules) - 1;

static void judge(const struct fw_rule *rule, const struct fw_fork *fork,
		  const struct fw_env *env, struct fw_judgement *judgement)
{
	judgement->why.text[0] = '\0';
	if (!rule->applies(fork, env)) {
		judgement->verdict = FW_NA;
		return;
	}
	judgement->verdict = rule->holds(fork, env, &judgement->why);
	/* A comparison that failed on the way to another that held. */
	if (judgement->verdict == FW_PASS)
		judgement->why.text[0] = '\0';
}

static int find_reason(struct fw_fork *fork, const struct fw_env *env)
{
	struct fw_reason *reason = malloc(sizeof(*reason));

	if (!reason)
		return -ENOMEM;
	free(fork->reason);
	fork->reason = NULL;
	if (fw_reason(fork, env, reason))
		fork->reason = reason;
	else
		free(reason);
	return 0;
}

struct fw_judgement *fw_check(struct fw_fork *fork, const struct fw_env *env)
{
	struct fw_judgement *verdicts = malloc(fw_nr_rules * sizeof(*verdicts));
	size_t i;

	if (!verdicts)
		return NULL;
	if (find_reason(fork, env)) {
		free(verdicts);
		return NULL;
	}
	for (i = 0; i < fw_nr_rules; i++)
		judge(&fw_rules[i], fork, env, &verdicts[i]);
	free(fork->verdicts);
	fork->verdicts = verdicts;
	return verdicts;
}

size_t fw_rule_index(const char *id)
{
	size_t i;

	for (i = 0; i < fw_nr_rules && strcmp(fw_rules[i].id, id); i++)
		;
	return i;
}

const char *fw_verdict_name(enum fw_verdict verdict)
{
	static const char * const names[FW_NR_VERDICTS] = {
		[FW_NA] = "N/A",
		[FW_PASS] = "PASS",
		[FW_FAIL] = "FAIL",
		[FW_NOT_OBSERVED] = "NOT OBSERVED",
	};

	return names[verdict];
}

int fw_tally_open(struct fw_tally *tally)
{
	*tally = (struct fw_tally) { .forks = 0 };
	tally->by_rule = calloc(fw_nr_rules, sizeof(*tally->by_rule));
	return tally->by_rule ? 0 : -ENOMEM;
}

void fw_tally_add(struct fw_tally *tally, const struct fw_fork *fork)
{
	const struct fw_judgement *verdicts = fork->verdicts;
	size_t i;

	tally->forks++;
	tally->failed += fw_fork_error(fork) < 0;
	if (fork->reason)
		tally->by_reason[fork->reason->code]++;
	tally->incomplete += !fork->complete;
	tally->by_kind[fw_fork_kind(fork)]++;
	for (i = 0; verdicts && i < fw_nr_rules; i++) {
		tally->verdicts[verdicts[i].verdict]++;
		tally->by_rule[i][verdicts[i].verdict]++;
	}
}

void fw_tally_add_life(struct fw_tally *tally, const struct fw_life *life,
		       const struct fw_judgement *judgement)
{
	tally->execs += !!life->exec;
	tally->exits += !!life->exit;
	if (judgement->verdict == FW_NA)
		return;
	tally->verdicts[judgement->verdict]++;
	tally->by_rule[fw_rule_index(FW_LIFE_RULE)][judgement->verdict]++;
}

void fw_tally_close(struct fw_tally *tally)
{
	free(tally->by_rule);
	tally->by_rule = NULL;
}
