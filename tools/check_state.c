// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rules A8 and S: the rest of the CPU's state that a child gets, as struct
 * thread_struct has it when copy_thread() is done. Of what this CPU or this
 * kernel does not have they do not speak.
 */
#include <linux/prctl.h>
#include <linux/sched.h>
#include <linux/version.h>

#include "rule.h"

/* SVCR, "Streaming Vector Control Register". */
#define SVCR_SM	(1U << 0)
#define SVCR_ZA	(1U << 1)

/* Of prctl(PR_SET_SHADOW_STACK_STATUS), which linux/prctl.h has since v6.13. */
#ifndef PR_SHADOW_STACK_ENABLE
#define PR_SHADOW_STACK_ENABLE	(1UL << 0)
#endif

#define HAS(feature)	(1U << FORKWATCH_HAS_##feature)
#define KEYS_ADDRESS	(FORKWATCH_SAME_APIA | FORKWATCH_SAME_APIB |	\
			 FORKWATCH_SAME_APDA | FORKWATCH_SAME_APDB)

bool fw_has_state(const struct fw_fork *fork, uint32_t features)
{
	return !fork->arch_state || fork->arch_state->has & features;
}

static bool saw_state(const struct fw_fork *fork, struct fw_why *why)
{
	return FW_SAW(fork, arch_state, child_state, why);
}

/* Is @field of the child what the parent has? */
#define INHERITS(state, field, why)						\
	fw_same(#field, FW_SIDE("child", (state)->child_state.field),		\
		FW_SIDE("parent", (state)->parent_state.field), why)

/* Is @field of the child @value? */
#define IS(state, field, whose, value, why)					\
	fw_same(#field, FW_SIDE("child", (state)->child_state.field),		\
		FW_SIDE(whose, value), why)

/* Is none of @flags in the child's state? */
static bool is_clear(const struct forkwatch_arch_state *state, uint32_t flags, const char *what,
		     struct fw_why *why)
{
	return fw_same(what, FW_SIDE("child", !!(state->child_state.flags & flags)),
		       FW_SIDE("expected", 0), why);
}

static enum fw_verdict verdict(bool holds)
{
	return holds ? FW_PASS : FW_FAIL;
}

/*
 * v6.16: cde5c32db557 ("arm64/fpsimd: Make clone() compatible with ZA lazy
 * saving"). Before it a thread inherited ZA, and lost tpidr2_el0 with CLONE_SETTLS.
 */
static bool by_vm(const struct fw_env *env)
{
	return env->kernel >= KERNEL_VERSION(6, 16, 0);
}

static bool tpidr2_is_kept(const struct fw_fork *fork, const struct fw_env *env)
{
	uint64_t resets = by_vm(env) ? CLONE_VM : CLONE_SETTLS;

	return !(fork->arch_state->clone_flags & resets);
}

enum fw_verdict fw_holds_child_tpidr2(const struct fw_fork *fork, const struct fw_env *env,
				      struct fw_why *why)
{
	const struct forkwatch_arch_state *state = fork->arch_state;

	if (!saw_state(fork, why))
		return FW_NOT_OBSERVED;
	if (!fw_knows_kernel(env, why))
		return FW_NOT_OBSERVED;
	return verdict(tpidr2_is_kept(fork, env) ? INHERITS(state, tpidr2, why) :
		       IS(state, tpidr2, "expected", 0, why));
}

enum fw_verdict fw_holds_state_fpsimd(const struct fw_fork *fork, const struct fw_env *env,
				      struct fw_why *why)
{
	const struct forkwatch_arch_state *state = fork->arch_state;

	(void)env;
	if (!saw_state(fork, why))
		return FW_NOT_OBSERVED;
	return verdict(fw_same("v0..v31 the same",
			       FW_SIDE("child", !!(state->same & FORKWATCH_SAME_VREGS)),
			       FW_SIDE("expected", 1), why) &&
		       INHERITS(state, fpsr, why) && INHERITS(state, fpcr, why));
}

/* A child with ZA has room for SVE, too: see arch_dup_task_struct(), later copy_thread_za(). */
static bool sve_buffer_fits(const struct forkwatch_arch_state *state, struct fw_why *why)
{
	return state->child_state.flags & FORKWATCH_STATE_SME_BUFFER ||
	       is_clear(state, FORKWATCH_STATE_SVE_BUFFER, "memory for SVE", why);
}

enum fw_verdict fw_holds_state_sve(const struct fw_fork *fork, const struct fw_env *env,
				   struct fw_why *why)
{
	const struct forkwatch_arch_state *state = fork->arch_state;

	(void)env;
	if (!saw_state(fork, why))
		return FW_NOT_OBSERVED;
	return verdict(INHERITS(state, sve_vl, why) && INHERITS(state, sve_vl_onexec, why) &&
		       is_clear(state, FORKWATCH_STATE_SVE, "SVE in use", why) &&
		       sve_buffer_fits(state, why));
}

static bool za_is_kept(const struct fw_fork *fork, const struct fw_env *env)
{
	return fork->arch_state->parent_state.svcr & SVCR_ZA &&
	       !(by_vm(env) && fork->arch_state->clone_flags & CLONE_VM);
}

enum fw_verdict fw_holds_state_sme(const struct fw_fork *fork, const struct fw_env *env,
				   struct fw_why *why)
{
	const struct forkwatch_arch_state *state = fork->arch_state;

	if (!saw_state(fork, why) || !fw_knows_kernel(env, why))
		return FW_NOT_OBSERVED;
	return verdict(INHERITS(state, sme_vl, why) && INHERITS(state, sme_vl_onexec, why) &&
		       fw_same("svcr.SM", FW_SIDE("child", state->child_state.svcr & SVCR_SM),
			       FW_SIDE("expected", 0), why) &&
		       fw_same("svcr.ZA", FW_SIDE("child", !!(state->child_state.svcr & SVCR_ZA)),
			       FW_SIDE("expected", za_is_kept(fork, env)), why) &&
		       fw_same("memory for ZA",
			       FW_SIDE("child",
				       !!(state->child_state.flags & FORKWATCH_STATE_SME_BUFFER)),
			       FW_SIDE("expected", za_is_kept(fork, env)), why));
}

enum fw_verdict fw_holds_state_keys(const struct fw_fork *fork, const struct fw_env *env,
				    struct fw_why *why)
{
	const struct forkwatch_arch_state *state = fork->arch_state;
	uint32_t keys = 0;

	(void)env;
	if (!saw_state(fork, why))
		return FW_NOT_OBSERVED;
	if (state->has & HAS(PAC_ADDRESS))
		keys |= KEYS_ADDRESS;
	if (state->has & HAS(PAC_GENERIC))
		keys |= FORKWATCH_SAME_APGA;
	return verdict(fw_same("keys the same as the parent's, by bit",
			       FW_SIDE("child", state->same & keys),
			       FW_SIDE("expected", keys), why));
}

enum fw_verdict fw_holds_state_mte(const struct fw_fork *fork, const struct fw_env *env,
				   struct fw_why *why)
{
	const struct forkwatch_arch_state *state = fork->arch_state;

	(void)env;
	if (!saw_state(fork, why))
		return FW_NOT_OBSERVED;
	return verdict(INHERITS(state, sctlr, why) && INHERITS(state, mte, why) &&
		       is_clear(state, FORKWATCH_STATE_MTE_FAULT, "tag fault pending", why));
}

/* gcs_alloc_thread_stack(): only a thread that is no vfork gets a stack of its own. */
static bool has_own_gcs(const struct forkwatch_arch_state *state)
{
	return (state->clone_flags & (CLONE_VM | CLONE_VFORK)) == CLONE_VM &&
	       state->parent_state.gcs_mode & PR_SHADOW_STACK_ENABLE;
}

enum fw_verdict fw_holds_state_gcs(const struct fw_fork *fork, const struct fw_env *env,
				   struct fw_why *why)
{
	const struct forkwatch_arch_state *state = fork->arch_state;
	const struct forkwatch_state *child;

	(void)env;
	if (!saw_state(fork, why))
		return FW_NOT_OBSERVED;
	child = &state->child_state;
	if (!INHERITS(state, gcs_mode, why) || !INHERITS(state, gcs_locked, why))
		return FW_FAIL;
	if (has_own_gcs(state))
		return verdict(fw_same("gcspr within its own stack",
				       FW_SIDE("child", child->gcspr - child->gcs_base <
					       child->gcs_size),
				       FW_SIDE("expected", 1), why));
	if (!IS(state, gcs_base, "expected", 0, why))
		return FW_FAIL;
	return verdict(!(state->parent_state.gcs_mode & PR_SHADOW_STACK_ENABLE) ||
		       INHERITS(state, gcspr, why));
}

enum fw_verdict fw_holds_state_debug(const struct fw_fork *fork, const struct fw_env *env,
				     struct fw_why *why)
{
	const struct forkwatch_arch_state *state = fork->arch_state;

	(void)env;
	if (!saw_state(fork, why))
		return FW_NOT_OBSERVED;
	return verdict(IS(state, breakpoints, "expected", 0, why) &&
		       IS(state, watchpoints, "expected", 0, why) &&
		       is_clear(state, FORKWATCH_STATE_SUSPENDED_STEP, "suspended step", why));
}

enum fw_verdict fw_holds_state_scs(const struct fw_fork *fork, const struct fw_env *env,
				   struct fw_why *why)
{
	const struct forkwatch_arch_state *state = fork->arch_state;

	(void)env;
	if (!saw_state(fork, why))
		return FW_NOT_OBSERVED;
	return verdict(fw_same("shadow call stack of its own",
			       FW_SIDE("child", state->child_state.scs_base &&
				       state->child_state.scs_base != state->parent_state.scs_base),
			       FW_SIDE("expected", 1), why) &&
		       IS(state, scs_sp, "its base", state->child_state.scs_base, why));
}

enum fw_verdict fw_holds_state_poe(const struct fw_fork *fork, const struct fw_env *env,
				   struct fw_why *why)
{
	(void)env;
	if (!saw_state(fork, why))
		return FW_NOT_OBSERVED;
	return verdict(INHERITS(fork->arch_state, por, why));
}

enum fw_verdict fw_holds_state_fpmr(const struct fw_fork *fork, const struct fw_env *env,
				    struct fw_why *why)
{
	(void)env;
	if (!saw_state(fork, why))
		return FW_NOT_OBSERVED;
	return verdict(INHERITS(fork->arch_state, fpmr, why));
}
