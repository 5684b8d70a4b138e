// SPDX-License-Identifier: GPL-2.0-only
/*
 * The event arch_state: the state of the CPU that a task has, beyond its general
 * registers, and what its child gets of it. Which of it exists is asked of the
 * kernel itself, which may leave alone what the CPU has.
 */
#include <linux/bitops.h>
#include <linux/sched.h>
#include <linux/string.h>

#include <asm/cpufeature.h>
#include <asm/processor.h>
#include <asm/sysreg.h>

#include "capture.h"
#include "compat.h"
#include "events.h"
#include "state.h"

static u32 features(void)
{
	u32 has = 0;

#define ASK(feature, supported)	(has |= (supported) ? BIT(FORKWATCH_HAS_##feature) : 0)
	ASK(FPSIMD, system_supports_fpsimd());
	ASK(SVE, system_supports_sve());
	ASK(SME, fw_has_sme());
	ASK(SME2, fw_has_sme2());
	ASK(TPIDR2, fw_has_tpidr2());
	ASK(FPMR, fw_has_fpmr());
	ASK(PAC_ADDRESS, system_supports_address_auth());
	ASK(PAC_GENERIC, system_supports_generic_auth());
	ASK(MTE, system_supports_mte());
	ASK(POE, fw_has_poe());
	ASK(GCS, fw_has_gcs());
	ASK(SCS, fw_has_scs());
	ASK(BREAKPOINTS, IS_ENABLED(CONFIG_HAVE_HW_BREAKPOINT));
#undef ASK
	return has;
}
NOKPROBE_SYMBOL(features);

/* Mostly none is, which takes the least to see. */
static u32 count_set(struct perf_event *const *slots, int n)
{
	unsigned long any = 0;
	u32 count = 0;
	int i;

	for (i = 0; i < n; i++)
		any |= (unsigned long)slots[i];
	for (i = 0; any && i < n; i++)
		count += !!READ_ONCE(slots[i]);
	return count;
}
NOKPROBE_SYMBOL(count_set);

static void copy_debug(struct forkwatch_state *state, const struct task_struct *task)
{
#ifdef CONFIG_HAVE_HW_BREAKPOINT
	const struct debug_info *debug = &task->thread.debug;

	state->breakpoints = count_set(debug->hbp_break, ARM_MAX_BRP);
	state->watchpoints = count_set(debug->hbp_watch, ARM_MAX_WRP);
	if (debug->suspended_step)
		state->flags |= FORKWATCH_STATE_SUSPENDED_STEP;
#endif
}
NOKPROBE_SYMBOL(copy_debug);

/* A flag of thread_info, as one of ours. */
static u32 flag_of(const struct task_struct *task, int flag, u32 state)
{
	return READ_ONCE(task->thread_info.flags) & BIT(flag) ? state : 0;
}
NOKPROBE_SYMBOL(flag_of);

static void copy_state(struct forkwatch_state *state, const struct task_struct *task)
{
	const struct thread_struct *thread = &task->thread;

	state->fpsr = thread->uw.fpsimd_state.fpsr;
	state->fpcr = thread->uw.fpsimd_state.fpcr;
	state->fpmr = fw_thread_fpmr(thread);
	state->svcr = fw_thread_svcr(thread);
	state->tpidr2 = fw_thread_tpidr2(thread);
	state->por = fw_thread_por(thread);
	state->sctlr = fw_thread_sctlr(thread);
	state->mte = fw_thread_mte(thread);
	state->sve_vl = fw_thread_sve_vl(thread);
	state->sve_vl_onexec = fw_thread_sve_vl_onexec(thread);
	state->sme_vl = fw_thread_sme_vl(thread);
	state->sme_vl_onexec = fw_thread_sme_vl_onexec(thread);
	state->gcspr = fw_thread_gcs(thread, gcspr_el0);
	state->gcs_base = fw_thread_gcs(thread, gcs_base);
	state->gcs_size = fw_thread_gcs(thread, gcs_size);
	state->gcs_mode = fw_thread_gcs(thread, gcs_el0_mode);
	state->gcs_locked = fw_thread_gcs(thread, gcs_el0_locked);
	state->scs_base = fw_task_scs(task, scs_base);
	state->scs_sp = fw_task_scs(task, scs_sp);
	state->flags = flag_of(task, TIF_SVE, FORKWATCH_STATE_SVE) |
		       flag_of(task, TIF_TAGGED_ADDR, FORKWATCH_STATE_TAGGED_ADDR) |
		       flag_of(task, TIF_MTE_ASYNC_FAULT, FORKWATCH_STATE_MTE_FAULT) |
		       fw_task_sme_state(task);
	if (fw_thread_sve_state(thread))
		state->flags |= FORKWATCH_STATE_SVE_BUFFER;
	copy_debug(state, task);
}
NOKPROBE_SYMBOL(copy_state);

/* What copy_thread() reads in the CPU, since memory may be behind it. */
static void copy_live(struct forkwatch_state *state, u32 has)
{
	if (has & BIT(FORKWATCH_HAS_TPIDR2))
		state->tpidr2 = fw_live_tpidr2();
	if (has & BIT(FORKWATCH_HAS_POE))
		state->por = fw_live_por();
	if (has & BIT(FORKWATCH_HAS_GCS))
		state->gcspr = fw_live_gcspr();
}
NOKPROBE_SYMBOL(copy_live);

#ifdef CONFIG_ARM64_PTR_AUTH
static u32 same_keys(const struct task_struct *a, const struct task_struct *b)
{
	const struct ptrauth_keys_user *x = &a->thread.keys_user, *y = &b->thread.keys_user;
	u32 same = 0;

#define COMPARE(key, KEY)						\
	(same |= memcmp(&x->key, &y->key, sizeof(x->key)) ? 0 : FORKWATCH_SAME_##KEY)
	COMPARE(apia, APIA);
	COMPARE(apib, APIB);
	COMPARE(apda, APDA);
	COMPARE(apdb, APDB);
	COMPARE(apga, APGA);
#undef COMPARE
	return same;
}
#else
static u32 same_keys(const struct task_struct *a, const struct task_struct *b)
{
	return 0;
}
#endif
NOKPROBE_SYMBOL(same_keys);

static u32 same_vregs(const struct task_struct *a, const struct task_struct *b)
{
	const struct user_fpsimd_state *x = &a->thread.uw.fpsimd_state;
	const struct user_fpsimd_state *y = &b->thread.uw.fpsimd_state;

	return memcmp(x->vregs, y->vregs, sizeof(x->vregs)) ? 0 : FORKWATCH_SAME_VREGS;
}
NOKPROBE_SYMBOL(same_vregs);

int fw_arch_state_enter(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct fw_copy_thread_call *call = (void *)ri->data;

	call->child = fw_copy_thread_child(regs);
	call->clone_flags = fw_copy_thread_flags(regs);
	return 0;
}
NOKPROBE_SYMBOL(fw_arch_state_enter);

int fw_arch_state(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	const struct fw_copy_thread_call *call = (void *)ri->data;
	struct forkwatch_arch_state event = {};

	fw_fill_header(&event.hdr, FORKWATCH_ARCH_STATE, sizeof(event));
	event.child = (u64)call->child;
	event.clone_flags = call->clone_flags;
	event.has = features();
	event.same = same_vregs(current, call->child) | same_keys(current, call->child);
	copy_state(&event.parent_state, current);
	copy_live(&event.parent_state, event.has);
	copy_state(&event.child_state, call->child);
	FW_TRACE(arch_state, &event);
	return 0;
}
NOKPROBE_SYMBOL(fw_arch_state);
