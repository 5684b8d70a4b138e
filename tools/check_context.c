// SPDX-License-Identifier: GPL-2.0-only
/* Rules B: the child's cpu_context, before and after copy_thread(). */
#include <string.h>
#include <linux/version.h>

#include "regs.h"
#include "rule.h"

#define FIRST_SAVED	19

#define PSTATE_EL1H	0x5ULL
#define PSTATE_IL	(1ULL << 20)
#define PSTATE_UAO	(1ULL << 23)
#define PSTATE_SSBS	(1ULL << 12)

struct context_side {
	const char *who;
	const struct forkwatch_context *context;
};

static bool same_context(struct context_side a, struct context_side b, struct fw_why *why)
{
	struct fw_reg as[FW_NR_CONTEXT], bs[FW_NR_CONTEXT];
	unsigned int i;

	if (!memcmp(a.context, b.context, sizeof(*a.context)))
		return true;
	fw_context_list(a.context, as);
	fw_context_list(b.context, bs);
	for (i = 0; i < FW_NR_CONTEXT; i++)
		if (!fw_same(as[i].name, FW_SIDE(a.who, as[i].value),
			     FW_SIDE(b.who, bs[i].value), why))
			return false;
	return true;
}

/*
 * dup_task_struct() runs between fork_enter and copy_thread, and whenever the
 * parent is switched out its own cpu_context changes. One of the two moments
 * shows what was copied, unless it was switched out on both sides of it.
 */
enum fw_verdict fw_holds_context_copied(const struct fw_fork *fork, const struct fw_env *env,
					struct fw_why *why)
{
	const struct forkwatch_copy_thread *copy = fork->copy_thread;
	struct context_side child, parent;

	(void)env;
	if (!FW_SAW(fork, copy_thread, context_before, why))
		return FW_NOT_OBSERVED;
	child = (struct context_side) { "child", &copy->context_before };
	parent = (struct context_side) { "parent", &copy->parent_context };
	if (same_context(child, parent, why))
		return FW_PASS;
	if (!FW_SAW(fork, enter, context, why))
		return FW_NOT_OBSERVED;
	parent.context = &fork->enter->context;
	if (same_context(child, parent, why))
		return FW_PASS;
	if (copy->parent_switches == fork->enter->switches)
		return FW_FAIL;
	fw_explain(why, "what was copied is gone: the parent was switched out %llu times",
		   (unsigned long long)(copy->parent_switches - fork->enter->switches));
	return FW_NOT_OBSERVED;
}

enum fw_verdict fw_holds_context_start(const struct fw_fork *fork, const struct fw_env *env,
				       struct fw_why *why)
{
	const struct forkwatch_copy_thread *copy = fork->copy_thread;
	uint64_t start;

	if (!FW_SAW(fork, copy_thread, context_after, why))
		return FW_NOT_OBSERVED;
	if (!fw_same("context sp", FW_SIDE("child", copy->context_after.sp),
		     FW_SIDE("its pt_regs", copy->pt_regs), why))
		return FW_FAIL;
	start = fw_ret_from_fork(env, why);
	if (!start)
		return FW_NOT_OBSERVED;
	return fw_same_code("context pc", FW_SIDE("child", copy->context_after.pc),
			    FW_SIDE("expected", start), env, why) ? FW_PASS : FW_FAIL;
}

/* x19 and x20 are @first and @second, and the others 0. */
static bool saved_are(const struct forkwatch_context *context, struct fw_side first,
		      struct fw_side second, struct fw_why *why)
{
	struct fw_side expected;
	char name[8];
	unsigned int i;

	for (i = 0; i < FORKWATCH_NR_SAVED; i++) {
		expected = i == 0 ? first : i == 1 ? second : FW_SIDE("expected", 0);
		if (!fw_same(fw_x_name(FIRST_SAVED + i, name, sizeof(name)),
			     FW_SIDE("child's context", context->saved[i]), expected, why))
			return false;
	}
	return true;
}

enum fw_verdict fw_holds_context_user(const struct fw_fork *fork, const struct fw_env *env,
				      struct fw_why *why)
{
	(void)env;
	if (!FW_SAW(fork, enter, flags, why) || !FW_SAW(fork, copy_thread, context_after, why))
		return FW_NOT_OBSERVED;
	return saved_are(&fork->copy_thread->context_after, FW_SIDE("expected", 0),
			 FW_SIDE("expected", 0), why) ? FW_PASS : FW_FAIL;
}

/*
 * f80d034086d5 ("arm64: ensure ERET from kthread is illegal"), v5.11, sets the
 * illegal-exception bit. Before it UAO may be set, where the CPU has it, and
 * SSBS as spectre_v4_enable_task_mitigation() decides.
 */
static bool kernel_pstate(uint64_t pstate, unsigned int kernel, struct fw_why *why)
{
	uint64_t expected = PSTATE_EL1H | PSTATE_IL;

	if (kernel < KERNEL_VERSION(5, 11, 0))
		expected = PSTATE_EL1H | (pstate & (PSTATE_UAO | PSTATE_SSBS));
	return fw_same("pstate", FW_SIDE("child", pstate), FW_SIDE("expected", expected), why);
}

enum fw_verdict fw_holds_context_kernel(const struct fw_fork *fork, const struct fw_env *env,
					struct fw_why *why)
{
	static const struct forkwatch_regs zero;
	struct fw_regs_side child, expected = { "expected", &zero };

	if (!FW_SAW(fork, enter, fn_arg, why) || !FW_SAW(fork, copy_thread, regs_after, why))
		return FW_NOT_OBSERVED;
	if (!saved_are(&fork->copy_thread->context_after, FW_SIDE("fn", fork->enter->fn),
		       FW_SIDE("fn's argument", fork->enter->fn_arg), why))
		return FW_FAIL;
	child = (struct fw_regs_side) { "child", &fork->copy_thread->regs_after };
	if (!fw_same_regs(child, expected, 0, FW_AT_END, 1ULL << FW_AT_PSTATE, why))
		return FW_FAIL;
	if (!fw_knows_kernel(env, why))
		return FW_NOT_OBSERVED;
	return kernel_pstate(child.regs->pstate, env->kernel, why) ? FW_PASS : FW_FAIL;
}

/*
 * 7d7b720a4b80 ("arm64: Implement stack trace termination record"), v5.14, ends
 * the child's chain of frame records in its pt_regs. Before it memset() left 0.
 */
enum fw_verdict fw_holds_context_fp(const struct fw_fork *fork, const struct fw_env *env,
				    struct fw_why *why)
{
	const struct forkwatch_copy_thread *copy = fork->copy_thread;
	struct fw_side expected;

	if (!FW_SAW(fork, copy_thread, context_after, why) || !fw_knows_kernel(env, why))
		return FW_NOT_OBSERVED;
	expected = env->kernel < KERNEL_VERSION(5, 14, 0) ? FW_SIDE("expected", 0) :
		   FW_SIDE("its stackframe", copy->stackframe);
	return fw_same("context fp", FW_SIDE("child", copy->context_after.fp), expected, why) ?
	       FW_PASS : FW_FAIL;
}
