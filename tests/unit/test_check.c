// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rules: every one passes on a good fork, fails on one that breaks it and
 * no other does, and says what is missing where nobody saw what it needs.
 */
#include <errno.h>
#include <linux/sched.h>
#include <linux/version.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "array.h"
#include "check.h"
#include "event.h"
#include "fixture.h"
#include "life.h"
#include "symbols.h"

static struct fw_env env;

static int setup(void **state)
{
	(void)state;
	fixture_env_open(&env);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fixture_env_close(&env);
	return 0;
}

/* Is @id one of the words in @list? */
static bool is_in(const char *id, const char *list)
{
	size_t length = strlen(id);
	const char *at;

	for (at = list; at && (at = strstr(at, id)); at += length)
		if ((at == list || at[-1] == ' ') && (!at[length] || at[length] == ' '))
			return true;
	return false;
}

static size_t rule_nr(const char *id)
{
	size_t i;

	for (i = 0; i < fw_nr_rules; i++)
		if (!strcmp(fw_rules[i].id, id))
			return i;
	fail_msg("there is no rule %s", id);
	return 0;
}

static void expect_verdict(const char *what, size_t rule, const struct fw_judgement *is,
			   enum fw_verdict should)
{
	if (is->verdict != should)
		fail_msg("%s: %s is %s (%s), not %s", what, fw_rules[rule].id,
			 fw_verdict_name(is->verdict), is->why.text, fw_verdict_name(should));
	/* A verdict explains itself where there is something to explain, and only there. */
	if ((should == FW_FAIL || should == FW_NOT_OBSERVED) != !!is->why.text[0])
		fail_msg("%s: %s is %s, and says \"%s\"", what, fw_rules[rule].id,
			 fw_verdict_name(should), is->why.text);
}

static struct fw_judgement *judge(struct fw_fork *fork)
{
	struct fw_judgement *verdicts = fw_check(fork, &env);

	assert_non_null(verdicts);
	assert_ptr_equal(fork->verdicts, verdicts);
	return verdicts;
}

#define RULES_E	"E1 E2 E3 E4 E5 E6 E7 E8"
#define RULES_S	"S1 S2 S3 S4 S5 S6 S7 S8 S9 S10"

/* What does not apply; all else passes. */
static const char * const not_for[FIXTURE_NR_KINDS] = {
	[FIXTURE_FORK] = "B4 D2 D3",
	[FIXTURE_VFORK] = "B4 D2 D3",
	[FIXTURE_THREAD] = "B4 D2 D3",
	[FIXTURE_CLONE3] = "B4 D2 D3",
	[FIXTURE_ASKED_X0] = "B4 D2 D3",
	[FIXTURE_COMPAT] = "B4 D2 D3",
	[FIXTURE_KTHREAD] = "A1 A2 A3 A4 A5 A6 A7 A8 A9 B3 D2 D3 E7 " RULES_S,
	[FIXTURE_IO_THREAD] = "A1 A2 A3 A4 A5 A6 A7 A8 A9 B3 D1 D2 D3 E7 " RULES_S,
	[FIXTURE_IDLE] = "A1 A2 A3 A4 A5 A6 A7 A8 A9 B3 C1 C2 C3 C4 C5 D1 D2 D3 E7 "
			 RULES_S,
	[FIXTURE_FAILED] = "B4 C1 C2 C3 C4 C5 D1 D3 " RULES_E,
	[FIXTURE_FAILED_EARLY] = "A1 A2 A3 A4 A5 A6 A7 A8 A9 B1 B2 B3 B4 B5 C1 C2 C3 C4 C5 D1 "
				 "D3 " RULES_E " " RULES_S,
	[FIXTURE_RESTARTED] = "A1 A2 A3 A4 A5 A6 A7 A8 A9 B1 B2 B3 B4 B5 C1 C2 C3 C4 C5 D1 "
			      RULES_E " " RULES_S,
	[FIXTURE_REFUSED] = "A1 A2 A3 A4 A5 A6 A7 A8 A9 B1 B2 B3 B4 B5 C1 C2 C3 C4 C5 "
			    "D1 D2 D3 " RULES_E " " RULES_S,
	[FIXTURE_BY_CLONE3] = "A1 A2 A3 A4 A5 A6 A7 A8 A9 B1 B2 B3 B4 B5 C1 C2 C3 C4 C5 "
			      "D1 D2 D3 " RULES_E " " RULES_S,
};

/*
 * Rules of vforks, the one that is not about forks, and that of witnesses: test_life.c and
 * test_witness.c break these.
 */
static bool is_for(enum fixture_kind kind, const char *id)
{
	if (!strcmp(id, FW_LIFE_RULE) || !strcmp(id, "W1") ||
	    (id[0] == 'F' && kind != FIXTURE_VFORK))
		return false;
	return !is_in(id, not_for[kind]);
}

static void good_forks_pass(void **state)
{
	const struct fw_judgement *verdicts;
	struct fw_fork *fork;
	unsigned int kind;
	size_t i;

	(void)state;
	for (kind = 0; kind < FIXTURE_NR_KINDS; kind++) {
		fork = fixture_fork(kind);
		verdicts = judge(fork);
		for (i = 0; i < fw_nr_rules; i++)
			expect_verdict(fixture_name(kind), i, &verdicts[i],
				       is_for(kind, fw_rules[i].id) ? FW_PASS : FW_NA);
		fw_fork_free(fork);
	}
}

static void every_rule_is_described(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < fw_nr_rules; i++) {
		assert_true(fw_rules[i].text[0] && fw_rules[i].source[0] && fw_rules[i].since[0]);
		assert_true(strlen(fw_rules[i].text) <= 90);
		assert_true(!i || strverscmp(fw_rules[i - 1].id, fw_rules[i].id) < 0);
	}
	assert_null(fw_rules[i].id);
}

/* The child's pt_regs as a kernel leaves them that does it wrong: seen twice. */
#define BOTH(fork, field, operation)						\
	do {									\
		(fork)->copy_thread->regs_after.field operation;		\
		if ((fork)->first_run)						\
			(fork)->first_run->regs.field operation;		\
	} while (0)

/* The parent's, and with them the child's. */
#define ALL(fork, field, operation)						\
	do {									\
		(fork)->enter->regs.field operation;				\
		(fork)->ret->regs.field operation;				\
		BOTH(fork, field, operation);					\
	} while (0)

/* A call from T32 by @word. */
#define THUMB(fork, word)							\
	do {									\
		ALL(fork, pstate, |= 0x20);					\
		(fork)->enter->insn = (word);					\
	} while (0)

/* What copy_thread() wrote into the cpu_context, and cpu_switch_to() loaded. */
#define CONTEXT(fork, field, operation)						\
	do {									\
		(fork)->copy_thread->context_after.field operation;		\
		(fork)->first_run->live.field operation;			\
	} while (0)

/* An object of the child that is the parent's. */
#define COPY_OBJECT(fork, NAME)							\
	((fork)->exit->child_ptr[FORKWATCH_SHARE_##NAME] =			\
	 (fork)->exit->parent_ptr[FORKWATCH_SHARE_##NAME])

/* The child was to be told its tid, and was not. */
static void lose_tid(struct fw_fork *fork)
{
	fork->enter->clone_flags |= CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID;
	fork->enter->child_tid = 0x1000;
	fork->exit->set_child_tid = 0x1000;
	fork->exit->clear_child_tid = 0x1000;
	if (!fork->tail_return)
		return;
	fork->tail_return->tid_there = 0;
	fork->tail_return->flags = FORKWATCH_TID_READ;
}

#define CHILD_FLAG(fork, flag) \
	((fork)->arch_state->child_state.flags |= FORKWATCH_STATE_##flag)
#define SET_FLAG(fork, flag)	((fork)->exit->flags |= (flag))

/*
 * The mutations: what each does to a fork, which rule that breaks, and which
 * others with it. @part is a text that the explanation has.
 */
#define MUTATIONS(M)									\
	M(x0_is_7,		FORK, "A1", "", "x0: child 0x7, expected 0x0",		\
	  BOTH(fork, x[0], = 7))							\
	M(x0_is_not_as_asked,	ASKED_X0, "A1", "", "0x0, asked for 0x4d",		\
	  fork->first_run->regs.x[0] = 0)						\
	M(x0_is_early,		ASKED_X0, "A1", "", "x0: child 0x4d, expected 0x0",	\
	  fork->copy_thread->regs_after.x[0] = 77)					\
	M(x1_differs,		FORK, "A2", "", "x1: child",				\
	  BOTH(fork, x[1], ^= 1))							\
	M(x30_differs,		FORK, "A2", "", "x30: child",				\
	  BOTH(fork, x[30], ^= 1ULL << 63))						\
	M(x13_differs,		THREAD, "A2", "", "x13: child",				\
	  BOTH(fork, x[13], += 16))							\
	M(r13_differs,		COMPAT, "A5", "", "sp: child 0xf7d00010",		\
	  BOTH(fork, x[13], += 16))							\
	M(r0_is_7,		COMPAT, "A1", "", "r0: child 0x7, expected 0x0",	\
	  BOTH(fork, x[0], = 7))							\
	M(r12_differs,		COMPAT, "A2", "", "r12: child",				\
	  BOTH(fork, x[12], += 16))							\
	M(pc_differs,		FORK, "A3", "", "pc: child",				\
	  BOTH(fork, pc, += 4))								\
	M(not_after_svc,	FORK, "A3", "", "0xd503201f, expected svc #0 0xd4",	\
	  fork->enter->insn = 0xd503201f)						\
	M(after_hvc,		FORK, "A3", "", "0xd4000002",				\
	  fork->enter->insn = 0xd4000002)						\
	M(not_after_a32_svc,	COMPAT, "A3", "", "0xe1a00000, expected svc #0 0xef",	\
	  fork->enter->insn = 0xe1a00000)						\
	M(not_after_thumb_svc,	COMPAT, "A3", "", "0xef000000, expected svc #0 0xdf",	\
	  THUMB(fork, 0xef000000))							\
	M(flags_differ,		FORK, "A4", "", "pstate: child 0xe0000000, parent 0x60",	\
	  BOTH(fork, pstate, |= 1U << 31))						\
	M(not_user_mode,	FORK, "A4", "", "pstate mode: child 0x5, user mode 0x0",	\
	  ALL(fork, pstate, |= 5))							\
	M(not_aarch32,		COMPAT, "A4", "", "pstate mode: child 0x0, user mode 0x10",	\
	  ALL(fork, pstate, &= ~0x10ULL))						\
	M(sp_differs,		FORK, "A5", "", "sp: child 0xfffff0c8e3a0, parent 0x",	\
	  BOTH(fork, sp, -= 16))							\
	M(stack_is_not_used,	THREAD, "A5", "", "stack asked for 0xffffa0fff000",	\
	  BOTH(fork, sp, = fork->enter->regs.sp))					\
	M(stack_size_is_added,	CLONE3, "A5", "", "sp: child 0xffffa100f000",		\
	  BOTH(fork, sp, += fork->enter->stack_size))					\
	M(orig_x0_differs,	FORK, "A6", "", "orig_x0: child",			\
	  BOTH(fork, orig_x0, = 0))							\
	M(syscallno_differs,	FORK, "A6", "", "child 0xffffffffffffffff, parent 0xdc",	\
	  BOTH(fork, syscallno, = -1))							\
	M(x8_is_not_syscallno,	FORK, "A6", "", "syscallno: parent 0xdc, its x8 0xdd",	\
	  ALL(fork, x[8], = 221))							\
	M(r7_is_not_syscallno,	COMPAT, "A6", "", "syscallno: parent 0x78, its r7 0xdc",	\
	  ALL(fork, x[7], = 220))							\
	M(x0_is_not_orig_x0,	FORK, "A6", "", "orig_x0: parent",			\
	  fork->enter->regs.x[0] ^= 1)							\
	M(tls_is_the_saved_one,	FORK, "A7", "", "tpidr_el0: child 0xffffa1f49740, parent",	\
	  fork->copy_thread->tp_after -= 0x1000)					\
	M(tls_is_not_as_asked,	THREAD, "A7", "", "tls: child 0xffffa1f4a740, asked for",	\
	  fork->copy_thread->tp_after = fork->copy_thread->parent_tpidr)		\
	M(compat_tls_is_lost,	COMPAT, "A7", "", "tpidrro_el0: child 0xf7cff4c1, tls",	\
	  fork->copy_thread->tp_after++)						\
	M(compat_tls_is_kept,	COMPAT, "A7", "", "tpidrro_el0: child 0xf7cff4c0, parent",	\
	  fork->enter->clone_flags &= ~(uint64_t)CLONE_SETTLS)				\
	M(compat_tp2_is_lost,	COMPAT, "A7", "", "tpidr_el0: child",			\
	  fork->copy_thread->tp2_after = fork->copy_thread->tp2_before)			\
	M(pt_regs_not_at_top,	FORK, "A9", "", "pt_regs: child",			\
	  fork->copy_thread->pt_regs_size += 16)					\
	M(pt_regs_unaligned,	FORK, "A9", "", "modulo 16: child 0x8, expected 0x0",	\
	  fork->copy_thread->pt_regs += 8; fork->copy_thread->stack_top += 8;		\
	  CONTEXT(fork, sp, += 8))							\
	M(context_not_copied,	FORK, "B1", "", "x22: child",				\
	  fork->copy_thread->parent_switches = fork->enter->switches;			\
	  fork->copy_thread->context_before.saved[3]++)					\
	M(kthread_not_copied,	KTHREAD, "B1", "", "pc: child",				\
	  fork->copy_thread->parent_switches = fork->enter->switches;			\
	  fork->copy_thread->context_before.pc = 0)					\
	M(context_pc,		FORK, "B2", "", "(ret_from_fork+0x8), expected",	\
	  fork->copy_thread->context_after.pc += 8)					\
	M(context_sp,		FORK, "B2", "", "context sp: child",			\
	  CONTEXT(fork, sp, -= 16))							\
	M(user_x19,		FORK, "B3", "", "x19: child's context 0x1, expected 0x0",	\
	  CONTEXT(fork, saved[0], = 1))							\
	M(user_x28,		FORK, "B3", "", "x28: child's context 0x1, expected 0x0",	\
	  CONTEXT(fork, saved[9], = 1))							\
	M(kthread_x19,		KTHREAD, "B4", "", "x19: child's context 0x0, fn 0x",	\
	  CONTEXT(fork, saved[0], = 0))							\
	M(kthread_x20,		KTHREAD, "B4", "", "fn's argument",			\
	  CONTEXT(fork, saved[1], ^= 1))						\
	M(kthread_x21,		KTHREAD, "B4", "", "x21: child's context 0x1, expected 0x0",	\
	  CONTEXT(fork, saved[2], = 1))							\
	M(kthread_regs,		KTHREAD, "B4", "", "x30: child 0x1, expected 0x0",	\
	  BOTH(fork, x[30], = 1))							\
	M(kthread_sp,		IO_THREAD, "B4", "", "sp: child 0x1, expected 0x0",	\
	  BOTH(fork, sp, = 1))								\
	M(kthread_syscallno,	KTHREAD, "B4", "", "syscallno: child 0x1, expected 0x0",	\
	  BOTH(fork, syscallno, = 1))							\
	M(kthread_pstate,	KTHREAD, "B4", "", "pstate: child 0x5, expected 0x100005",	\
	  BOTH(fork, pstate, ^= 1U << 20))						\
	M(kthread_user_pstate,	IO_THREAD, "B4", "", "pstate: child 0x0, expected 0x100005",	\
	  BOTH(fork, pstate, = 0))							\
	M(context_fp,		FORK, "B5", "", "context fp: child 0x",			\
	  CONTEXT(fork, fp, ^= 8))							\
	M(live_x19,		FORK, "C1", "", "x19: live 0x1, copy_thread wrote 0x0",	\
	  fork->first_run->live.saved[0] = 1)						\
	M(live_x20,		KTHREAD, "C1", "", "x20: live",				\
	  fork->first_run->live.saved[1]++)						\
	M(live_fp,		FORK, "C1", "", "fp: live",				\
	  fork->first_run->live.fp++)							\
	M(live_sp,		FORK, "C1", "", "sp: live",				\
	  fork->first_run->live.sp -= 32)						\
	M(live_lr,		FORK, "C1", "", "(ret_from_fork+0x8), expected 0xff",	\
	  fork->first_run->lr += 4)							\
	M(sp_el0_is_another,	FORK, "C2", "", "sp_el0: live 0x1, child's task_s",	\
	  fork->first_run->sp_el0 = 1)							\
	M(tid_is_another,	FORK, "C2", "", "tid: current 0x1, child 0x19d",	\
	  fork->first_run->hdr.tid = 1)							\
	M(sp_outside_the_stack,	FORK, "C2", "", "sp: live",				\
	  fork->first_run->stack_low += 0x4000; fork->first_run->stack_top += 0x4000)	\
	M(sp_at_the_top,	FORK, "C2", "", "sp: live",				\
	  fork->first_run->stack_top = fork->first_run->live.sp)			\
	M(prev_pc,		FORK, "C3", "", "(__switch_to+0xe4), after bl cpu_switch_to",	\
	  fork->first_run->prev_context.pc -= 4)					\
	M(prev_sp_too_low,	KTHREAD, "C3", "", "saved sp: prev 0x0, its stack",	\
	  fork->first_run->prev_context.sp = 0)						\
	M(prev_sp_too_high,	FORK, "C3", "", "saved sp: prev",			\
	  fork->first_run->prev_context.sp = fork->first_run->prev_stack_top)		\
	M(regs_x0_later,	FORK, "C4", "", "copy_thread 0x0, at its first run 0x1",	\
	  fork->first_run->regs.x[0] = 1)						\
	M(regs_x8_later,	ASKED_X0, "C4", "", "x8: after copy_thread",		\
	  fork->first_run->regs.x[8]++)							\
	M(regs_sp_later,	FORK, "C4", "", "sp: after copy_thread",		\
	  fork->first_run->regs.sp++)							\
	M(regs_pc_later,	FORK, "C4", "", "pc: after copy_thread",		\
	  fork->first_run->regs.pc++)							\
	M(regs_pstate_later,	KTHREAD, "C4", "", "pstate: after copy_thread 0x100005",	\
	  fork->first_run->regs.pstate ^= 1U << 20)					\
	M(regs_orig_x0_later,	FORK, "C4", "", "orig_x0: after copy_thread",		\
	  fork->first_run->regs.orig_x0++)						\
	M(regs_syscallno_later,	FORK, "C4", "", "syscallno: after copy_thread",		\
	  fork->first_run->regs.syscallno = -1)						\
	M(tpidr2_is_lost,	FORK, "A8", "", "tpidr2: child 0x0, parent 0xffffa1f60000",	\
	  fork->arch_state->child_state.tpidr2 ^= 0xffffa1f60000)			\
	M(tpidr2_is_kept,	THREAD, "A8", "", "tpidr2: child 0xffffa1f60000, expected 0x0",	\
	  fork->arch_state->child_state.tpidr2 = 0xffffa1f60000)			\
	M(por_differs,		VFORK, "S9", "", "por: child 0x77777776",		\
	  fork->arch_state->child_state.por--)						\
	M(vregs_differ,		FORK, "S1", "", "v0..v31 the same: child 0x0",		\
	  fork->arch_state->same &= ~FORKWATCH_SAME_VREGS)				\
	M(fpsr_differs,		FORK, "S1", "", "fpsr: child 0x11, parent 0x10",		\
	  fork->arch_state->child_state.fpsr ^= 1)					\
	M(fpcr_differs,		THREAD, "S1", "", "fpcr: child",			\
	  fork->arch_state->child_state.fpcr ^= 1)					\
	M(fpmr_differs,		FORK, "S10", "", "fpmr: child",				\
	  fork->arch_state->child_state.fpmr++)						\
	M(sve_vl_differs,	FORK, "S2", "", "sve_vl: child 0x10, parent 0x20",	\
	  fork->arch_state->child_state.sve_vl ^= 0x30)					\
	M(sve_onexec_differs,	FORK, "S2", "", "sve_vl_onexec: child 0x0",		\
	  fork->arch_state->child_state.sve_vl_onexec ^= 16)				\
	M(sve_stays_in_use,	FORK, "S2", "", "SVE in use: child 0x1",		\
	  CHILD_FLAG(fork, SVE))							\
	M(sve_memory_is_shared,	FORK, "S2", "", "memory for SVE: child 0x1",		\
	  fork->arch_state->parent_state.svcr = 0;					\
	  fork->arch_state->child_state.svcr = 0;					\
	  fork->arch_state->child_state.flags = FORKWATCH_STATE_SVE_BUFFER)		\
	M(sme_vl_differs,	FORK, "S3", "", "sme_vl: child",			\
	  fork->arch_state->child_state.sme_vl /= 2)					\
	M(sme_onexec_differs,	FORK, "S3", "", "sme_vl_onexec: child",			\
	  fork->arch_state->child_state.sme_vl_onexec ^= 16)				\
	M(streaming_mode_is_on,	FORK, "S3", "", "svcr.SM: child 0x1",			\
	  fork->arch_state->child_state.svcr |= 1)					\
	M(za_is_lost,		FORK, "S3", "", "svcr.ZA: child 0x0, expected 0x1",	\
	  fork->arch_state->child_state.svcr ^= 2)					\
	M(za_memory_is_lost,	FORK, "S3", "S2", "memory for ZA: child 0x0",		\
	  fork->arch_state->child_state.flags ^= FORKWATCH_STATE_SME_BUFFER)		\
	M(address_key_differs,	FORK, "S4", "", "by bit: child 0x3a, expected 0x3e",	\
	  fork->arch_state->same &= ~FORKWATCH_SAME_APIB)				\
	M(generic_key_differs,	FORK, "S4", "", "by bit: child 0x1e, expected 0x3e",	\
	  fork->arch_state->same &= ~FORKWATCH_SAME_APGA)				\
	M(sctlr_differs,	FORK, "S5", "", "sctlr: child 0x0",			\
	  fork->arch_state->child_state.sctlr ^= 0x4000000000)					\
	M(mte_differs,		FORK, "S5", "", "mte: child 0x10003",			\
	  fork->arch_state->child_state.mte++)						\
	M(tag_fault_is_kept,	FORK, "S5", "", "tag fault pending: child 0x1",		\
	  CHILD_FLAG(fork, MTE_FAULT))							\
	M(gcs_mode_differs,	FORK, "S6", "", "gcs_mode: child 0x0",			\
	  fork->arch_state->child_state.gcs_mode = 0)					\
	M(gcs_lock_differs,	FORK, "S6", "", "gcs_locked: child 0x0",		\
	  fork->arch_state->child_state.gcs_locked = 0)					\
	M(gcs_of_a_process,	FORK, "S6", "", "gcs_base: child 0x1000, expected 0x0",	\
	  fork->arch_state->child_state.gcs_base = 0x1000)				\
	M(gcspr_of_a_process,	VFORK, "S6", "", "gcspr: child",			\
	  fork->arch_state->child_state.gcspr -= 8)					\
	M(gcs_of_the_parent,	THREAD, "S6", "", "gcspr within its own stack: child 0x0",	\
	  fork->arch_state->child_state.gcspr = fork->arch_state->parent_state.gcspr)	\
	M(breakpoint_is_kept,	FORK, "S7", "", "breakpoints: child 0x1, expected 0x0",	\
	  fork->arch_state->child_state.breakpoints = 1)				\
	M(watchpoint_is_kept,	FORK, "S7", "", "watchpoints: child 0x2",		\
	  fork->arch_state->child_state.watchpoints = 2)				\
	M(step_is_kept,		FORK, "S7", "", "suspended step: child 0x1",		\
	  CHILD_FLAG(fork, SUSPENDED_STEP))						\
	M(scs_is_shared,	FORK, "S8", "", "shadow call stack of its own: child 0x0",	\
	  fork->arch_state->child_state.scs_base =					\
		fork->arch_state->parent_state.scs_base)				\
	M(scs_is_not_empty,	FORK, "S8", "", "scs_sp: child",			\
	  fork->arch_state->child_state.scs_sp += 8)					\
	M(exit_before_copy,	FORK, "C5", "", "time: copy_thread",			\
	  fork->exit->hdr.time = fork->copy_thread->hdr.time - 1)			\
	M(wakeup_before_exit,	FORK, "C5", "", "wakeup_new, which comes later",	\
	  fork->wakeup->hdr.time = fork->exit->hdr.time - 1)				\
	M(run_before_wakeup,	FORK, "C5", "", "first_run, which comes later",		\
	  fork->first_run->hdr.time = fork->wakeup->hdr.time - 1)			\
	M(run_before_copy,	IO_THREAD, "C5", "", "first_run, which comes later",	\
	  fork->first_run->hdr.time = fork->copy_thread->hdr.time - 1)			\
	M(another_is_copied,	FORK, "C5", "", "child: copy_thread 0x1, fork_exit",	\
	  fork->copy_thread->child = 1)							\
	M(another_is_made,	FORK, "C5", "C2", "child: copy_thread",			\
	  fork->exit->child = 1)							\
	M(another_is_woken,	FORK, "C5", "", "child: fork_exit",			\
	  fork->wakeup->child = 1)							\
	M(another_runs,		FORK, "C5", "", "child: wakeup_new",			\
	  fork->first_run->child = 1)							\
	M(start_time_differs,	FORK, "C5", "", "start_time: fork_exit",		\
	  fork->wakeup->start_time++)							\
	M(run_starts_later,	FORK, "C5", "", "start_time: wakeup_new",		\
	  fork->first_run->start_time++)						\
	M(result_is_not_child,	FORK, "D1", "", "parent 0x1 (1), child's pid 0x19d (413)",	\
	  fork->ret->result = 1)							\
	M(result_is_zero,	KTHREAD, "D1", "", "result: parent 0x0 (0), child's pid",	\
	  fork->ret->result = 0)							\
	M(parent_x1_lost,	FORK, "D1", "", "x1: parent at entry",			\
	  fork->ret->regs.x[1]++)							\
	M(parent_x30_lost,	VFORK, "D1", "", "x30: parent at entry",		\
	  fork->ret->regs.x[30]++)							\
	M(parent_sp_lost,	FORK, "D1", "", "sp: parent at entry",			\
	  fork->ret->regs.sp++)								\
	M(parent_pc_lost,	FORK, "D1", "", "pc: parent at entry",			\
	  fork->ret->regs.pc++)								\
	M(parent_flags_lost,	FORK, "D1", "", "at entry 0x60000000, at return 0x40000000",	\
	  fork->ret->regs.pstate ^= 1U << 29)						\
	M(another_error,	FAILED, "D2", "",					\
	  "copy_process 0xfffffffffffffff5 (-11), kernel_clone 0xfffffffffffffff4 (-12)", \
	  fork->ret->result = -ENOMEM)							\
	M(error_is_no_error,	FAILED_EARLY, "D2", "", "kernel_clone 0x19d (413)",	\
	  fork->ret->result = 413)							\
	M(restart_is_an_error,	RESTARTED, "D3", "D2", "kernel_clone 0xfffffffffffffffc (-4)",	\
	  fork->ret->result = -4)							\
	M(restart_loses_x0,	RESTARTED, "D3", "", "orig_x0: parent at entry",		\
	  fork->ret->regs.orig_x0 = 0)							\
	M(restart_loses_x8,	RESTARTED, "D3", "", "x8: parent at entry 0xdc",		\
	  fork->ret->regs.x[8] = 0)							\
	M(task_is_the_parents,	FORK, "E1", "", "task_struct: child",			\
	  fork->enter->task = fork->exit->child)					\
	M(stack_is_the_parents,	FORK, "E1", "", "kernel stack: child",			\
	  fork->enter->stack_low = fork->copy_thread->stack_low)			\
	M(no_magic,		FORK, "E1", "", "child 0x57ac6e9c, STACK_END_MAGIC 0x57ac6e9d",	\
	  fork->exit->stack_end ^= 1)							\
	M(mm_is_shared,		FORK, "E2", "", "though without CLONE_VM",		\
	  COPY_OBJECT(fork, MM))							\
	M(pgd_is_shared,	FORK, "E2", "", "pgd: child",				\
	  COPY_OBJECT(fork, PGD))							\
	M(mm_is_gone,		FORK, "E2", "", "mm: child 0x0",			\
	  fork->exit->child_ptr[FORKWATCH_SHARE_MM] = 0)				\
	M(mm_is_not_shared,	THREAD, "E2", "", "though shared by CLONE_VM",		\
	  fork->exit->child_ptr[FORKWATCH_SHARE_MM]++)					\
	M(vfork_mm_is_copied,	VFORK, "E2", "", "mm: child",				\
	  fork->exit->child_ptr[FORKWATCH_SHARE_MM]++)					\
	M(kthread_has_mm,	KTHREAD, "E2", "", "mm: child 0x1, parent 0x0",		\
	  fork->exit->child_ptr[FORKWATCH_SHARE_MM] = 1)				\
	M(vma_is_added,		FORK, "E2", "", "VMAs: child 29, parent 28",		\
	  fork->exit->child_vmas = 29)							\
	M(vmas_are_lost,	FORK, "E2", "", "VMAs: child 0, parent 28",		\
	  fork->exit->child_vmas = 0)							\
	M(files_are_shared,	FORK, "E3", "", "files: child",				\
	  COPY_OBJECT(fork, FILES))							\
	M(files_are_gone,	FORK, "E3", "", "files: child 0x0",			\
	  fork->exit->child_ptr[FORKWATCH_SHARE_FILES] = 0)				\
	M(files_are_not_shared,	IO_THREAD, "E3", "", "files: child",			\
	  fork->exit->child_ptr[FORKWATCH_SHARE_FILES]++)				\
	M(fs_is_shared,		VFORK, "E3", "", "though without CLONE_FS",		\
	  COPY_OBJECT(fork, FS))							\
	M(fs_is_not_shared,	KTHREAD, "E3", "", "though shared by CLONE_FS",		\
	  fork->exit->child_ptr[FORKWATCH_SHARE_FS]++)					\
	M(sighand_is_shared,	FORK, "E3", "", "sighand: child",			\
	  COPY_OBJECT(fork, SIGHAND))							\
	M(signal_is_shared,	FORK, "E3", "", "though without CLONE_THREAD",		\
	  COPY_OBJECT(fork, SIGNAL))							\
	M(signal_is_not_shared,	THREAD, "E3", "", "though shared by CLONE_THREAD",	\
	  fork->exit->child_ptr[FORKWATCH_SHARE_SIGNAL]++)				\
	M(nsproxy_is_new,	FORK, "E4", "", "though no CLONE_NEW* asked for it",	\
	  fork->exit->child_ptr[FORKWATCH_SHARE_NSPROXY]++)				\
	M(nsproxy_is_shared,	FORK, "E4", "", "expected a new one",			\
	  fork->enter->clone_flags |= CLONE_NEWUTS)					\
	M(thread_leaves_group,	THREAD, "E5", "", "tgid: child 0x19d, parent 0x19c",	\
	  fork->exit->child_tgid = fork->exit->child_tid)				\
	M(thread_leads,		THREAD, "E5", "", "group leader: child 0x19d",		\
	  fork->exit->leader_tid = fork->exit->child_tid)				\
	M(thread_signals,	THREAD, "E5", "", "exit_signal: child 0x11, expected 0xff",	\
	  fork->exit->exit_signal = 17)							\
	M(process_joins_group,	FORK, "E5", "", "tgid: child 0x19c, its tid 0x19d",	\
	  fork->exit->child_tgid = fork->parent_tid)					\
	M(process_is_led,	FORK, "E5", "", "group leader: child 0x19c",		\
	  fork->exit->leader_tid = fork->parent_tid)					\
	M(another_signal,	FORK, "E5", "", "exit_signal: child 0xa, asked for 0x11",	\
	  fork->exit->exit_signal = 10)							\
	M(siblings_signal,	FORK, "E5", "", "exit_signal: child 0x11, parent's leader 0xa",	\
	  fork->enter->clone_flags |= CLONE_PARENT; fork->exit->leader_exit_signal = 10; \
	  fork->exit->real_parent_tid = fork->exit->grand_parent_tid;			\
	  fork->exit->real_parent_tgid = fork->exit->grand_parent_tgid)			\
	M(another_parent,	FORK, "E6", "", "real_parent's tid: child 0x1, parent 0x19c",	\
	  fork->exit->real_parent_tid = 1)						\
	M(another_group,	FORK, "E6", "", "real_parent's tgid: child 0x1, parent",	\
	  fork->exit->real_parent_tgid = 1)						\
	M(thread_is_a_child,	THREAD, "E6", "", "child 0x19c, parent's parent 0x12c",	\
	  fork->exit->real_parent_tid = fork->parent_tid)				\
	M(sibling_is_a_child,	FORK, "E6", "", "parent's parent 0x12c",		\
	  fork->enter->clone_flags |= CLONE_PARENT;					\
	  fork->exit->leader_exit_signal = fork->exit->exit_signal)			\
	M(set_tid_elsewhere,	FORK, "E7", "", "set_child_tid: child",			\
	  fork->exit->set_child_tid += 4)						\
	M(clear_tid_unasked,	VFORK, "E7", "", "clear_child_tid: child 0x1, asked for 0x0",	\
	  fork->exit->clear_child_tid = 1)						\
	M(clear_tid_elsewhere,	THREAD, "E7", "", "clear_child_tid: child",		\
	  fork->exit->clear_child_tid = 0)						\
	M(tid_is_not_there,	FORK, "E7", "", "child_tid: memory 0x0, the child's tid 0x19d",	\
	  lose_tid(fork))								\
	M(parent_not_told,	FORK, "E7", "", "parent_tid: memory 0x1, the child's tid 0x19d", \
	  fork->enter->clone_flags |= CLONE_PARENT_SETTID;				\
	  fork->ret->tid_there = 1; fork->ret->flags = FORKWATCH_TID_READ)		\
	M(signal_stack_kept,	THREAD, "E8", "", "sas_ss_sp: child 0x1, expected 0x0",	\
	  fork->exit->sas_ss_sp = 1)							\
	M(signal_stack_lost,	FORK, "E8", "", "sas_ss_sp: child 0x0, parent",		\
	  fork->exit->parent_sas_ss_sp = 0x1000; fork->exit->sas_ss_sp = 0)		\
	M(vfork_stack_cut,	VFORK, "E8", "", "sas_ss_size: child",			\
	  fork->exit->sas_ss_size++)							\
	M(still_stepped,	FORK, "E8", "", "child 0x1, expected 0x0",		\
	  SET_FLAG(fork, FORKWATCH_EXIT_STEPPED))					\
	M(still_traced,		THREAD, "E8", "", "child 0x2, expected 0x0",		\
	  SET_FLAG(fork, FORKWATCH_EXIT_SYSCALL_TRACED))				\
	M(parent_is_early,	VFORK, "F1", "", "child's mm_release at",		\
	  fork->ret->hdr.time = fork->release->hdr.time - 1)				\
	M(runs_in_another_mm,	VFORK, "F2", "", "mm: released by the child",		\
	  fork->release->mm++)

#define MUTATION_FUNCTION(name, on, id, with, part, mutation)	\
	static void mutate_##name(struct fw_fork *fork)		\
	{							\
		mutation;					\
	}
MUTATIONS(MUTATION_FUNCTION)

static const struct mutation {
	const char *name;
	enum fixture_kind kind;
	const char *rule;
	const char *others;
	const char *part;
	void (*mutate)(struct fw_fork *fork);
} mutations[] = {
#define MUTATION_ROW(name, on, id, with, part, mutation)	\
	{ #name, FIXTURE_##on, id, with, part, mutate_##name },
	MUTATIONS(MUTATION_ROW)
};

/* Only the rule of @mutation, and those that it says, fail; the others are as they were. */
static void expect_broken(const struct mutation *mutation)
{
	struct fw_fork *fork = fixture_fork(mutation->kind);
	const struct fw_judgement *verdicts;
	bool breaks;
	size_t i;

	mutation->mutate(fork);
	verdicts = judge(fork);
	for (i = 0; i < fw_nr_rules; i++) {
		breaks = !strcmp(fw_rules[i].id, mutation->rule) ||
			 is_in(fw_rules[i].id, mutation->others);
		expect_verdict(mutation->name, i, &verdicts[i], breaks ? FW_FAIL :
			       is_for(mutation->kind, fw_rules[i].id) ? FW_PASS : FW_NA);
	}
	i = rule_nr(mutation->rule);
	if (!strstr(verdicts[i].why.text, mutation->part))
		fail_msg("%s: %s says \"%s\", not \"%s\"", mutation->name, mutation->rule,
			 verdicts[i].why.text, mutation->part);
	fw_fork_free(fork);
}

static void mutations_break_their_rule(void **state)
{
	bool *broken = calloc(fw_nr_rules, sizeof(*broken));
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(mutations); i++) {
		expect_broken(&mutations[i]);
		broken[rule_nr(mutations[i].rule)] = true;
	}
	broken[rule_nr(FW_LIFE_RULE)] = true;
	broken[rule_nr("W1")] = true;		/* test_witness.c does */
	for (i = 0; i < fw_nr_rules; i++)
		if (!broken[i])
			fail_msg("nothing breaks %s", fw_rules[i].id);
	free(broken);
}

/* Each register on its own, of those that a rule compares as a list. */
static void expect_fail(enum fixture_kind kind, const char *rule, size_t event, size_t field,
			size_t nr)
{
	struct fw_fork *fork;
	char *bytes;
	size_t i;

	for (i = 0; i < nr; i++) {
		fork = fixture_fork(kind);
		memcpy(&bytes, (char *)fork + event, sizeof(bytes));
		bytes[field + i * sizeof(__u64)] ^= 0x80;
		judge(fork);
		expect_verdict("a register", rule_nr(rule),
			       (struct fw_judgement *)fork->verdicts + rule_nr(rule), FW_FAIL);
		fw_fork_free(fork);
	}
}

#define EVENT(name)		offsetof(struct fw_fork, name)
#define FIELD(event, field)	offsetof(struct forkwatch_##event, field)

static void every_register_counts(void **state)
{
	(void)state;
	expect_fail(FIXTURE_FORK, "A2", EVENT(copy_thread), FIELD(copy_thread, regs_after.x[1]),
		    30);
	expect_fail(FIXTURE_KTHREAD, "B4", EVENT(copy_thread), FIELD(copy_thread, regs_after), 35);
	expect_fail(FIXTURE_FORK, "B1", EVENT(copy_thread), FIELD(copy_thread, context_before), 13);
	expect_fail(FIXTURE_FORK, "B3", EVENT(copy_thread), FIELD(copy_thread, context_after), 10);
	expect_fail(FIXTURE_KTHREAD, "B4", EVENT(copy_thread), FIELD(copy_thread, context_after),
		    10);
	expect_fail(FIXTURE_FORK, "C1", EVENT(first_run), FIELD(first_run, live), 12);
	expect_fail(FIXTURE_FORK, "C4", EVENT(first_run), FIELD(first_run, regs), 35);
	expect_fail(FIXTURE_FORK, "D1", EVENT(ret), FIELD(fork_return, regs.x[1]), 33);
}

/* What rules need of a fork that has a child. */
static const struct {
	const char *rule;
	const char *needs;
} needs[] = {
	{ "A1", "enter copy_thread" },
	{ "A2", "enter copy_thread" },
	{ "A3", "enter copy_thread" },
	{ "A4", "enter copy_thread" },
	{ "A5", "enter copy_thread" },
	{ "A6", "enter copy_thread" },
	{ "A7", "enter copy_thread" },
	{ "A8", "arch_state" },
	{ "A9", "enter copy_thread" },
	{ "B1", "copy_thread" },
	{ "B2", "copy_thread" },
	{ "B3", "enter copy_thread" },
	{ "B4", "enter copy_thread" },
	{ "B5", "copy_thread" },
	{ "C1", "copy_thread first_run" },
	{ "C2", "exit first_run" },
	{ "C3", "first_run" },
	{ "C4", "copy_thread first_run" },
	{ "C5", "copy_thread exit wakeup first_run" },
	{ "D1", "enter exit ret" },
	{ "D2", "exit ret" },
	{ "D3", "enter exit ret" },
	{ "E1", "enter copy_thread exit" },
	{ "E2", "enter exit" },
	{ "E3", "enter exit" },
	{ "E4", "enter exit" },
	{ "E5", "enter exit" },
	{ "E6", "enter exit" },
	{ "E8", "enter exit" },
	{ "F1", "ret release" },
	{ "F2", "enter exit release" },
	{ "S1", "arch_state" },
	{ "S2", "arch_state" },
	{ "S3", "arch_state" },
	{ "S4", "arch_state" },
	{ "S5", "arch_state" },
	{ "S6", "arch_state" },
	{ "S7", "arch_state" },
	{ "S8", "arch_state" },
	{ "S9", "arch_state" },
	{ "S10", "arch_state" },
};

static const struct {
	const char *name;
	const char *event;	/* as the user knows it */
	size_t offset;
} events[] = {
	{ "enter", "fork_enter", EVENT(enter) },
	{ "copy_thread", "copy_thread", EVENT(copy_thread) },
	{ "arch_state", "arch_state", EVENT(arch_state) },
	{ "exit", "fork_exit", EVENT(exit) },
	{ "wakeup", "wakeup_new", EVENT(wakeup) },
	{ "first_run", "first_run", EVENT(first_run) },
	{ "tail_return", "tail_return", EVENT(tail_return) },
	{ "ret", "fork_return", EVENT(ret) },
	{ "release", "mm_release", EVENT(release) },
};

static void lose(struct fw_fork *fork, size_t event)
{
	void *gone;

	memcpy(&gone, (char *)fork + event, sizeof(gone));
	free(gone);
	memset((char *)fork + event, 0, sizeof(gone));
}

static const char *needs_of(const char *rule, enum fixture_kind kind)
{
	size_t i;

	/* Who was told the tid: the thread's parent, the child of a fork. */
	if (!strcmp(rule, "E7"))
		return kind == FIXTURE_THREAD ? "enter exit ret" :
		       kind == FIXTURE_VFORK ? "enter exit" : "enter exit tail_return";
	for (i = 0; i < ARRAY_SIZE(needs); i++)
		if (!strcmp(needs[i].rule, rule))
			return needs[i].needs;
	return "";
}

/* Does the rule speak of a user task's child, and of one of which that is not known? */
static bool may_be_user(const char *rule)
{
	return rule[0] < 'C' || rule[0] == 'S' || !strcmp(rule, "E7");
}

/* An event that @kind's fork lost: what needs it was not observed, and names it. */
static void expect_not_observed(enum fixture_kind kind, size_t lost)
{
	struct fw_fork *fork = fixture_fork(kind);
	const struct fw_judgement *verdicts;
	bool applies;
	size_t i;

	lose(fork, events[lost].offset);
	verdicts = judge(fork);
	for (i = 0; i < fw_nr_rules; i++) {
		/* Without fork_enter nobody knows whether it was a user task. */
		applies = (is_for(kind, fw_rules[i].id) &&
			   (fork->enter || fw_rules[i].id[0] != 'F')) ||
			  (!fork->enter && fw_fork_error(fork) >= 0 &&
			   may_be_user(fw_rules[i].id));
		if (!is_in(events[lost].name, needs_of(fw_rules[i].id, kind)) || !applies) {
			expect_verdict(events[lost].name, i, &verdicts[i],
				       applies ? FW_PASS : FW_NA);
			continue;
		}
		expect_verdict(events[lost].name, i, &verdicts[i], FW_NOT_OBSERVED);
		if (!strstr(verdicts[i].why.text, events[lost].event))
			fail_msg("%s without %s: \"%s\"", fw_rules[i].id, events[lost].event,
				 verdicts[i].why.text);
	}
	fw_fork_free(fork);
}

static void lost_events_are_not_observed(void **state)
{
	size_t lost;

	(void)state;
	for (lost = 0; lost < ARRAY_SIZE(events); lost++) {
		expect_not_observed(FIXTURE_FORK, lost);
		expect_not_observed(FIXTURE_VFORK, lost);
		expect_not_observed(FIXTURE_THREAD, lost);
		expect_not_observed(FIXTURE_KTHREAD, lost);
		expect_not_observed(FIXTURE_RESTARTED, lost);
	}
}

/* An event of an older sender, which ended before the field that a rule needs. */
static void short_events_are_not_observed(void **state)
{
	struct fw_fork *fork = fixture_fork(FIXTURE_FORK);
	const struct fw_judgement *verdicts;

	(void)state;
	fork->copy_thread->hdr.size = FIELD(copy_thread, context_after);
	fork->first_run->hdr.size = FIELD(first_run, regs);
	verdicts = judge(fork);
	expect_verdict("short", rule_nr("A9"), &verdicts[rule_nr("A9")], FW_PASS);
	expect_verdict("short", rule_nr("A7"), &verdicts[rule_nr("A7")], FW_PASS);
	expect_verdict("short", rule_nr("B1"), &verdicts[rule_nr("B1")], FW_PASS);
	expect_verdict("short", rule_nr("C3"), &verdicts[rule_nr("C3")], FW_PASS);
	expect_verdict("short", rule_nr("A2"), &verdicts[rule_nr("A2")], FW_NOT_OBSERVED);
	expect_verdict("short", rule_nr("B2"), &verdicts[rule_nr("B2")], FW_NOT_OBSERVED);
	expect_verdict("short", rule_nr("C4"), &verdicts[rule_nr("C4")], FW_NOT_OBSERVED);
	assert_non_null(strstr(verdicts[rule_nr("B2")].why.text, "context_after"));
	fw_fork_free(fork);
}

/* Judges one rule of @fork, and frees it. */
static void expect_one(struct fw_fork *fork, const char *rule, enum fw_verdict verdict,
		       const char *part)
{
	const struct fw_judgement *is = judge(fork) + rule_nr(rule);

	expect_verdict(rule, rule_nr(rule), is, verdict);
	if (!strstr(is->why.text, part))
		fail_msg("%s says \"%s\", not \"%s\"", rule, is->why.text, part);
	fw_fork_free(fork);
}

static void what_else_hides_a_value(void **state)
{
	const struct fw_ksyms *ksyms = env.ksyms;
	struct fw_fork *fork;

	(void)state;
	fork = fixture_fork(FIXTURE_FORK);
	fork->enter->flags &= ~FORKWATCH_ENTER_INSN;
	expect_one(fork, "A3", FW_NOT_OBSERVED, "0xffffa1d4c96c was not in memory");

	fork = fixture_fork(FIXTURE_FORK);
	fork->copy_thread->context_before.saved[0]++;
	fork->copy_thread->parent_switches += 2;
	expect_one(fork, "B1", FW_NOT_OBSERVED, "switched out 2 times");

	fork = fixture_fork(FIXTURE_FORK);
	fork->first_run->switch_return = 0;
	expect_one(fork, "C3", FW_NOT_OBSERVED, "bl cpu_switch_to");

	fork = fixture_fork(FIXTURE_FORK);
	fork->first_run->lr = 0xffffffff00000000;
	assert_int_equal(fw_ksyms_add((struct fw_ksyms *)ksyms, fork->first_run->lr,
				      "__kretprobe_trampoline"), 0);
	expect_one(fork, "C1", FW_NOT_OBSERVED, "return probe on schedule_tail");

	env.ksyms = NULL;
	expect_one(fixture_fork(FIXTURE_FORK), "B2", FW_NOT_OBSERVED, "kptr_restrict");
	expect_one(fixture_fork(FIXTURE_FORK), "C1", FW_NOT_OBSERVED, "kptr_restrict");
	fork = fixture_fork(FIXTURE_FORK);
	fork->first_run->live.fp++;
	expect_one(fork, "C1", FW_FAIL, "fp: live");
	fork = fixture_fork(FIXTURE_FORK);
	fork->first_run->prev_context.pc++;
	expect_one(fork, "C3", FW_FAIL, "saved pc: prev");
	env.ksyms = ksyms;

	env.kernel = 0;
	expect_one(fixture_fork(FIXTURE_KTHREAD), "B4", FW_NOT_OBSERVED, env.release);
	expect_one(fixture_fork(FIXTURE_FORK), "B5", FW_NOT_OBSERVED, env.release);
	env.kernel = KERNEL_VERSION(6, 1, 0);
}

/* From 6.16 on ZA and tpidr2_el0 follow a child only into an mm of its own. */
static void state_follows_the_mm(void **state)
{
	struct fw_fork *fork;

	(void)state;
	env.kernel = KERNEL_VERSION(6, 16, 0);
	expect_one(fixture_fork(FIXTURE_FORK), "A8", FW_PASS, "");
	expect_one(fixture_fork(FIXTURE_FORK), "S3", FW_PASS, "");
	expect_one(fixture_fork(FIXTURE_VFORK), "A8", FW_FAIL, "tpidr2: child 0xff");
	expect_one(fixture_fork(FIXTURE_VFORK), "S3", FW_FAIL, "svcr.ZA: child 0x1, expected 0x0");
	fork = fixture_fork(FIXTURE_VFORK);
	fork->arch_state->child_state.tpidr2 = 0;
	expect_one(fork, "A8", FW_PASS, "");
	env.kernel = 0;
	expect_one(fixture_fork(FIXTURE_FORK), "A8", FW_NOT_OBSERVED, env.release);
	expect_one(fixture_fork(FIXTURE_FORK), "S3", FW_NOT_OBSERVED, env.release);
	env.kernel = KERNEL_VERSION(6, 1, 0);
}

/* What a CPU does not have is not judged. */
static void state_that_is_not_there(void **state)
{
	const char *const rules[] = { "A8", "S1", "S2", "S3", "S4", "S5", "S6", "S7", "S8",
				      "S9", "S10" };
	struct fw_fork *fork;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rules); i++) {
		fork = fixture_fork(FIXTURE_FORK);
		fork->arch_state->has = 0;
		expect_one(fork, rules[i], FW_NA, "");
	}
	fork = fixture_fork(FIXTURE_FORK);
	fork->arch_state->has = 1U << FORKWATCH_HAS_PAC_GENERIC;
	fork->arch_state->same = FORKWATCH_SAME_APGA;
	expect_one(fork, "S4", FW_PASS, "");
}

/* Rules E: what hides one of many values, and what stands for it in an older recording. */
static void what_else_hides_sharing(void **state)
{
	struct fw_fork *fork;

	(void)state;
	fork = fixture_fork(FIXTURE_FORK);
	lose(fork, EVENT(tail_return));
	expect_one(fork, "E7", FW_NOT_OBSERVED, "no tail_return event");
	fork = fixture_fork(FIXTURE_THREAD);
	lose(fork, EVENT(ret));
	expect_one(fork, "E7", FW_NOT_OBSERVED, "no fork_return event");
	fork = fixture_fork(FIXTURE_FORK);
	fork->tail_return->flags = 0;
	expect_one(fork, "E7", FW_NOT_OBSERVED, "memory at child_tid could not be read");
	/* A thread's end clears what the parent was told, at the same place. */
	fork = fixture_fork(FIXTURE_THREAD);
	fork->ret->tid_there = 0;
	expect_one(fork, "E7", FW_NOT_OBSERVED, "at parent_tid is 0, not 413");
	/* What is not seen hides no failure. */
	fork = fixture_fork(FIXTURE_FORK);
	fork->tail_return->flags = 0;
	fork->enter->clone_flags |= CLONE_PARENT_SETTID;
	fork->ret->flags = FORKWATCH_TID_READ;
	expect_one(fork, "E7", FW_FAIL, "parent_tid: memory 0x0");

	fork = fixture_fork(FIXTURE_FORK);
	fork->exit->child_vmas = 30;
	fork->exit->parent_threads = 2;
	expect_one(fork, "E2", FW_NOT_OBSERVED, "other threads");

	fork = fixture_fork(FIXTURE_FORK);
	fork->exit->hdr.size = FIELD(fork_exit, parent_time_ns);
	expect_one(fork, "E8", FW_NOT_OBSERVED, "fork_exit came without flags");
	fork = fixture_fork(FIXTURE_FORK);
	fork->exit->hdr.size = FIELD(fork_exit, parent_time_ns);
	expect_one(fork, "E4", FW_PASS, "");
	fork = fixture_fork(FIXTURE_FORK);
	fork->exit->hdr.size = FIELD(fork_exit, parent_time_ns);
	fork->exit->child_ptr[FORKWATCH_SHARE_NSPROXY]++;
	expect_one(fork, "E4", FW_NOT_OBSERVED, "came without parent_time_ns_for_children");
	fork = fixture_fork(FIXTURE_FORK);
	fork->exit->hdr.size = FIELD(fork_exit, parent_time_ns);
	fork->enter->clone_flags |= CLONE_PARENT;
	expect_one(fork, "E5", FW_NOT_OBSERVED, "came without leader_exit_signal");
}

/* What looks like a broken rule E, and is none. */
static void what_sharing_allows(void **state)
{
	struct fw_fork *fork;

	(void)state;
	/* unshare(CLONE_NEWTIME) */
	fork = fixture_fork(FIXTURE_FORK);
	fork->exit->child_ptr[FORKWATCH_SHARE_NSPROXY]++;
	fork->exit->parent_time_ns_for_children++;
	expect_one(fork, "E4", FW_PASS, "");
	fork = fixture_fork(FIXTURE_FORK);
	fork->exit->child_ptr[FORKWATCH_SHARE_NSPROXY]++;
	fork->enter->clone_flags |= CLONE_NEWPID;
	expect_one(fork, "E4", FW_PASS, "");
	/* A worker of vhost, but no other child, may have no files. */
	fork = fixture_fork(FIXTURE_IO_THREAD);
	fork->exit->child_ptr[FORKWATCH_SHARE_FILES] = 0;
	expect_one(fork, "E3", FW_PASS, "");
	/* One of a parent that has none has none. */
	fork = fixture_fork(FIXTURE_KTHREAD);
	fork->exit->parent_ptr[FORKWATCH_SHARE_FILES] = 0;
	fork->exit->child_ptr[FORKWATCH_SHARE_FILES] = 0;
	expect_one(fork, "E3", FW_PASS, "");
	/* A thread's CLONE_PARENT sibling signals as the group does. */
	fork = fixture_fork(FIXTURE_FORK);
	fork->enter->clone_flags |= CLONE_PARENT;
	fork->enter->exit_signal = 0;
	fork->exit->parent_exit_signal = -1;
	fork->exit->real_parent_tid = fork->exit->grand_parent_tid;
	fork->exit->real_parent_tgid = fork->exit->grand_parent_tgid;
	expect_one(fork, "E5", FW_PASS, "");
}

/* The parent was switched out before or after dup_task_struct(): one side still shows it. */
static void switched_out_once(void **state)
{
	struct fw_fork *fork = fixture_fork(FIXTURE_FORK);

	(void)state;
	fork->copy_thread->parent_context.saved[0]++;
	fork->copy_thread->parent_switches++;
	expect_one(fork, "B1", FW_PASS, "");

	fork = fixture_fork(FIXTURE_FORK);
	fork->copy_thread->parent_context.saved[0]++;
	fork->copy_thread->context_before.saved[0]++;
	fork->copy_thread->parent_switches++;
	expect_one(fork, "B1", FW_PASS, "");
}

static struct fw_fork *kthread_with_pstate(uint64_t pstate)
{
	struct fw_fork *fork = fixture_fork(FIXTURE_KTHREAD);

	BOTH(fork, pstate, = pstate);
	return fork;
}

static struct fw_fork *fork_with_fp(uint64_t fp)
{
	struct fw_fork *fork = fixture_fork(FIXTURE_FORK);

	CONTEXT(fork, fp, = fp);
	return fork;
}

static void kernels_differ(void **state)
{
	uint64_t stackframe;
	struct fw_fork *fork = fixture_fork(FIXTURE_FORK);

	(void)state;
	stackframe = fork->copy_thread->stackframe;
	fw_fork_free(fork);

	env.kernel = KERNEL_VERSION(5, 10, 0);
	expect_one(fork_with_fp(0), "B5", FW_PASS, "");
	expect_one(fork_with_fp(stackframe), "B5", FW_FAIL, "expected 0x0");
	expect_one(kthread_with_pstate(0x5), "B4", FW_PASS, "");
	expect_one(kthread_with_pstate(0x801005), "B4", FW_PASS, "");
	expect_one(kthread_with_pstate(0x100005), "B4", FW_FAIL, "expected 0x5");
	expect_one(kthread_with_pstate(0x4), "B4", FW_FAIL, "expected 0x5");

	env.kernel = KERNEL_VERSION(5, 11, 0);
	expect_one(kthread_with_pstate(0x5), "B4", FW_FAIL, "expected 0x100005");
	env.kernel = KERNEL_VERSION(5, 13, 0);
	expect_one(fork_with_fp(0), "B5", FW_PASS, "");
	env.kernel = KERNEL_VERSION(5, 14, 0);
	expect_one(fork_with_fp(0), "B5", FW_FAIL, "its stackframe");
	env.kernel = KERNEL_VERSION(7, 3, 0);
	expect_one(fork_with_fp(stackframe), "B5", FW_PASS, "");
	expect_one(kthread_with_pstate(0x100005), "B4", FW_PASS, "");
	env.kernel = KERNEL_VERSION(6, 1, 0);
}

/* A Cortex-A72 has no SSBS: a switch sets the bit in memory, the next entry finds it clear. */
static void ssbs_is_nobodys(void **state)
{
	struct fw_fork *fork = fixture_fork(FIXTURE_FORK);
	size_t i;

	(void)state;
	fork->first_run->regs.pstate |= 1U << 12;
	fork->ret->regs.pstate |= 1U << 12;
	judge(fork);
	for (i = 0; i < fw_nr_rules; i++)
		assert_int_not_equal(((struct fw_judgement *)fork->verdicts)[i].verdict, FW_FAIL);
	fw_fork_free(fork);

	/* For AArch32 it is another one, and bit 12 is of the IT state. */
	fork = fixture_fork(FIXTURE_COMPAT);
	fork->first_run->regs.pstate |= 1U << 23;
	expect_one(fork, "C4", FW_PASS, "");
	fork = fixture_fork(FIXTURE_COMPAT);
	fork->first_run->regs.pstate |= 1U << 12;
	expect_one(fork, "C4", FW_FAIL, "cpsr");
}

/* What lies where a kernel thread's user registers would be is no rule's concern. */
static void kernel_parent_has_no_registers(void **state)
{
	struct fw_fork *fork = fixture_fork(FIXTURE_KTHREAD);

	(void)state;
	fork->ret->regs.x[1]++;
	expect_one(fork, "D1", FW_PASS, "");
}

static struct fw_fork *fork_after(enum fixture_kind kind, uint32_t insn, uint64_t pstate)
{
	struct fw_fork *fork = fixture_fork(kind);

	fork->enter->insn = insn;
	ALL(fork, pstate, |= pstate);
	return fork;
}

static void forms_of_svc(void **state)
{
	(void)state;
	expect_one(fork_after(FIXTURE_FORK, 0xd4000001, 0), "A3", FW_PASS, "");
	expect_one(fork_after(FIXTURE_FORK, 0xd4001001, 0), "A3", FW_PASS, "");
	expect_one(fork_after(FIXTURE_FORK, 0xdf000000, 0), "A3", FW_FAIL, "");
	expect_one(fork_after(FIXTURE_COMPAT, 0xef000000, 0), "A3", FW_PASS, "");
	expect_one(fork_after(FIXTURE_COMPAT, 0x0f000000, 0), "A3", FW_PASS, "");
	expect_one(fork_after(FIXTURE_COMPAT, 0xd4000001, 0), "A3", FW_FAIL, "");
	expect_one(fork_after(FIXTURE_COMPAT, 0xff000000, 0), "A3", FW_FAIL, "");
	expect_one(fork_after(FIXTURE_COMPAT, 0xdf004770, 0x20), "A3", FW_PASS, "");
	expect_one(fork_after(FIXTURE_COMPAT, 0x4770df00, 0x20), "A3", FW_FAIL, "");
}

/* Without CLONE_SETTLS the child of an AArch32 task keeps both of its thread pointers. */
static void compat_tls(void **state)
{
	struct fw_fork *fork = fixture_fork(FIXTURE_COMPAT);

	(void)state;
	fork->enter->clone_flags &= ~(uint64_t)CLONE_SETTLS;
	fork->copy_thread->tp_after = fork->copy_thread->tp_before;
	expect_one(fork, "A7", FW_PASS, "");
}

/* copy_thread() itself may fail on newer kernels: what it left undone is no rule's concern. */
static void copy_thread_fails(void **state)
{
	struct fw_fork *fork = fixture_fork(FIXTURE_FAILED);
	size_t i;

	(void)state;
	fork->copy_thread->result = -ENOMEM;
	fork->exit->result = -ENOMEM;
	fork->ret->result = -ENOMEM;
	memset(&fork->copy_thread->context_after, 0, sizeof(fork->copy_thread->context_after));
	judge(fork);
	for (i = 0; i < fw_nr_rules; i++)
		expect_verdict("copy_thread failed", i, (struct fw_judgement *)fork->verdicts + i,
			       strcmp(fw_rules[i].id, "D2") ? FW_NA : FW_PASS);
	fw_fork_free(fork);
}

static void child_of_a_failed_fork(void **state)
{
	struct fw_fork *fork = fixture_fork(FIXTURE_FAILED);
	struct fw_fork *good = fixture_fork(FIXTURE_FORK);

	(void)state;
	fork->first_run = good->first_run;
	good->first_run = NULL;
	expect_one(fork, "D2", FW_FAIL, "ran");

	fork = fixture_fork(FIXTURE_FAILED);
	fork->wakeup = good->wakeup;
	good->wakeup = NULL;
	expect_one(fork, "D2", FW_FAIL, "was woken");
	fw_fork_free(good);

	fork = fixture_fork(FIXTURE_FAILED);
	lose(fork, EVENT(exit));
	expect_one(fork, "D2", FW_NOT_OBSERVED, "fork_exit");
	fork = fixture_fork(FIXTURE_FAILED);
	lose(fork, EVENT(ret));
	expect_one(fork, "D2", FW_NOT_OBSERVED, "fork_return");
}

static void nothing_but_a_child(void **state)
{
	struct fw_fork *fork = fixture_fork(FIXTURE_FORK);
	const struct fw_judgement *verdicts;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(events); i++)
		if (strcmp(events[i].name, "first_run"))
			lose(fork, events[i].offset);
	verdicts = judge(fork);
	for (i = 0; i < fw_nr_rules; i++)
		expect_verdict("first_run alone", i, &verdicts[i],
			       !strcmp(fw_rules[i].id, "C3") ? FW_PASS :
			       is_in(fw_rules[i].id, "D2 D3 F1 F2 X1 W1") ? FW_NA :
			       FW_NOT_OBSERVED);
	fw_fork_free(fork);
}

static void judged_again(void **state)
{
	struct fw_fork *fork = fixture_fork(FIXTURE_FORK);

	(void)state;
	judge(fork);
	fork->copy_thread->regs_after.x[0] = 1;
	expect_one(fork, "A1", FW_FAIL, "0x1");
}

static void verdicts_have_names(void **state)
{
	(void)state;
	assert_string_equal(fw_verdict_name(FW_PASS), "PASS");
	assert_string_equal(fw_verdict_name(FW_FAIL), "FAIL");
	assert_string_equal(fw_verdict_name(FW_NOT_OBSERVED), "NOT OBSERVED");
	assert_string_equal(fw_verdict_name(FW_NA), "N/A");
}

static void tally_counts(void **state)
{
	struct fw_tally tally;
	struct fw_fork *fork;
	uint64_t sum = 0;
	unsigned int i;

	(void)state;
	assert_int_equal(fw_tally_open(&tally), 0);
	for (i = 0; i < FIXTURE_NR_KINDS; i++) {
		fork = fixture_fork(i);
		if (i == FIXTURE_VFORK) {
			lose(fork, EVENT(first_run));
			fw_fork_settle(fork, true);
		}
		if (i == FIXTURE_THREAD)
			mutate_x1_differs(fork);
		if (i != FIXTURE_CLONE3)
			judge(fork);	/* one that was not judged has no verdicts */
		fw_tally_add(&tally, fork);
		fw_fork_free(fork);
	}
	assert_int_equal(tally.forks, FIXTURE_NR_KINDS);
	assert_int_equal(tally.failed, 5);
	assert_int_equal(tally.incomplete, 1);
	assert_int_equal(tally.by_kind[FW_FORK], 6);
	assert_int_equal(tally.by_kind[FW_VFORK], 1);
	assert_int_equal(tally.by_kind[FW_THREAD], 2);
	assert_int_equal(tally.by_kind[FW_SHARED_VM], 2);
	assert_int_equal(tally.by_kind[FW_KTHREAD], 2);
	assert_int_equal(tally.by_kind[FW_IO_THREAD], 1);
	assert_int_equal(tally.by_kind[FW_KIND_UNKNOWN], 0);
	assert_int_equal(tally.verdicts[FW_FAIL], 1);
	assert_int_equal(tally.by_rule[rule_nr("A2")][FW_FAIL], 1);
	assert_int_equal(tally.verdicts[FW_NOT_OBSERVED], 5);
	assert_int_equal(tally.by_rule[rule_nr("C5")][FW_NOT_OBSERVED], 1);
	assert_int_equal(tally.by_rule[rule_nr("D2")][FW_PASS], 3);
	for (i = 0; i < FW_NR_VERDICTS; i++)
		sum += tally.verdicts[i];
	assert_int_equal(sum, (FIXTURE_NR_KINDS - 1) * fw_nr_rules);
	fw_tally_close(&tally);
}

/* Does this recorded fork have all that @mutation touches? */
static bool is_like(const struct fw_fork *fork, const struct mutation *mutation)
{
	struct fw_fork *built = fixture_fork(mutation->kind);
	bool like = fw_fork_kind(fork) == fw_fork_kind(built) && fork->complete &&
		    fw_fork_error(fork) == fw_fork_error(built) &&
		    !fork->clone_call == !built->clone_call &&
		    !(fork->enter->flags & FORKWATCH_ENTER_COMPAT) ==
		    !(built->enter->flags & FORKWATCH_ENTER_COMPAT) &&
		    (strcmp(mutation->rule, "A5") ||
		     !fork->enter->stack == !built->enter->stack);

	fw_fork_free(built);
	return like;
}

static const struct fw_env *recorded_env;
static bool *recorded_broken;

/* Recorded by a module that did not send all that this build knows. */
static bool is_older(const struct fw_judgement *judgement)
{
	return judgement->verdict == FW_NOT_OBSERVED &&
	       (strstr(judgement->why.text, " came without ") ||
		strstr(judgement->why.text, "no tail_return event") ||
		strstr(judgement->why.text, "no arch_state event") ||
		strstr(judgement->why.text, "no mm_release event"));
}

/* Good as it was recorded; each mutation breaks its rule, and no other but those it says. */
static void expect_recorded(const char *name, struct fw_fork *fork)
{
	const struct fw_judgement *verdicts;
	size_t i;

	verdicts = fw_check(fork, recorded_env);
	for (i = 0; i < fw_nr_rules; i++)
		if (!is_older(&verdicts[i]) && verdicts[i].verdict != FW_PASS &&
		    verdicts[i].verdict != FW_NA)
			fail_msg("%s: fork %llu: %s is %s: %s", name,
				 (unsigned long long)fork->id, fw_rules[i].id,
				 fw_verdict_name(verdicts[i].verdict), verdicts[i].why.text);
}

static void *copy_event(const void *event)
{
	const struct forkwatch_header *hdr = event;
	void *copy;

	if (!hdr)
		return NULL;
	/* As long as this build knows it, whatever its sender knew. */
	copy = calloc(1, fw_event_type(hdr->kind)->size);
	assert_non_null(copy);
	return memcpy(copy, event, hdr->size);
}

static struct fw_fork *copy_fork(const struct fw_fork *fork)
{
	struct fw_fork *copy = calloc(1, sizeof(*copy));

	assert_non_null(copy);
	copy->enter = copy_event(fork->enter);
	copy->copy_thread = copy_event(fork->copy_thread);
	copy->arch_state = copy_event(fork->arch_state);
	copy->exit = copy_event(fork->exit);
	copy->wakeup = copy_event(fork->wakeup);
	copy->first_run = copy_event(fork->first_run);
	copy->tail_return = copy_event(fork->tail_return);
	copy->ret = copy_event(fork->ret);
	copy->clone_call = copy_event(fork->clone_call);
	copy->release = copy_event(fork->release);
	return copy;
}

/* Did the machine have it, and the module see it? */
static bool has_what_it_speaks_of(const struct fw_fork *fork, const char *rule)
{
	const struct fw_rule *is = &fw_rules[rule_nr(rule)];

	return !is->of_machine || (fork->arch_state && is->applies(fork, recorded_env));
}

static void break_recorded(const char *name, const struct fw_fork *fork,
			   const struct mutation *mutation)
{
	const struct fw_judgement *verdicts;
	struct fw_fork *copy;
	size_t i;

	if (!is_like(fork, mutation) || !has_what_it_speaks_of(fork, mutation->rule))
		return;
	copy = copy_fork(fork);
	mutation->mutate(copy);
	verdicts = fw_check(copy, recorded_env);
	for (i = 0; i < fw_nr_rules; i++) {
		if (!strcmp(fw_rules[i].id, mutation->rule)) {
			if (is_older(&verdicts[i]))
				continue;
			expect_verdict(mutation->name, i, &verdicts[i], FW_FAIL);
			recorded_broken[i] = true;
		} else if (verdicts[i].verdict == FW_FAIL &&
			   !is_in(fw_rules[i].id, mutation->others)) {
			fail_msg("%s: %s breaks %s", name, mutation->name, fw_rules[i].id);
		}
	}
	fw_fork_free(copy);
}

static void judge_recorded(const char *name, struct fixture_forks *forks,
			   const struct fw_env *of)
{
	struct fw_fork *fork;
	size_t i;

	recorded_env = of;
	for (fork = forks->first; fork; fork = fork->next) {
		expect_recorded(name, fork);
		for (i = 0; i < ARRAY_SIZE(mutations); i++)
			break_recorded(name, fork, &mutations[i]);
	}
}

static void recorded_forks_are_judged(void **state)
{
	int traces;
	size_t i;

	(void)state;
	recorded_broken = calloc(fw_nr_rules, sizeof(*recorded_broken));
	traces = fixture_recorded(judge_recorded);
	/* No recorded workload is hit by a signal that early. */
	recorded_broken[rule_nr("D3")] = true;
	recorded_broken[rule_nr(FW_LIFE_RULE)] = true;
	/* Nor were copies recorded. */
	recorded_broken[rule_nr("W1")] = true;
	for (i = 0; traces && i < fw_nr_rules; i++)
		if (!recorded_broken[i] && !fw_rules[i].of_machine)
			fail_msg("no recorded fork could break %s", fw_rules[i].id);
	free(recorded_broken);
	if (!traces)
		skip();
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(good_forks_pass),
		TEST(every_rule_is_described),
		TEST(mutations_break_their_rule),
		TEST(every_register_counts),
		TEST(lost_events_are_not_observed),
		TEST(short_events_are_not_observed),
		TEST(what_else_hides_a_value),
		TEST(state_follows_the_mm),
		TEST(state_that_is_not_there),
		TEST(what_else_hides_sharing),
		TEST(what_sharing_allows),
		TEST(switched_out_once),
		TEST(kernels_differ),
		TEST(ssbs_is_nobodys),
		TEST(kernel_parent_has_no_registers),
		TEST(forms_of_svc),
		TEST(compat_tls),
		TEST(copy_thread_fails),
		TEST(child_of_a_failed_fork),
		TEST(nothing_but_a_child),
		TEST(judged_again),
		TEST(verdicts_have_names),
		TEST(tally_counts),
		TEST(recorded_forks_are_judged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
