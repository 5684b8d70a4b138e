/* SPDX-License-Identifier: GPL-2.0-only */
/* What rules are written with: comparisons that explain themselves. Only for check*.c. */
#ifndef FW_RULE_H
#define FW_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "check.h"
#include "observer.h"

/* The kind of event that a pointer of struct fw_fork points to. */
#define FW_KIND_OF_enter	FORKWATCH_FORK_ENTER
#define FW_KIND_OF_copy_thread	FORKWATCH_COPY_THREAD
#define FW_KIND_OF_arch_state	FORKWATCH_ARCH_STATE
#define FW_KIND_OF_exit		FORKWATCH_FORK_EXIT
#define FW_KIND_OF_wakeup	FORKWATCH_WAKEUP_NEW
#define FW_KIND_OF_first_run	FORKWATCH_FIRST_RUN
#define FW_KIND_OF_tail_return	FORKWATCH_TAIL_RETURN
#define FW_KIND_OF_ret		FORKWATCH_FORK_RETURN
#define FW_KIND_OF_release	FORKWATCH_MM_RELEASE

/*
 * Did anybody see @member of @fork's @event? If not, @why says what would show
 * it. An event may lack it, too: it came from an older sender, or from one that
 * does not see it.
 */
#define FW_SAW(fork, event, member, why)					\
	fw_saw(fork, (const struct forkwatch_header *)(fork)->event, FW_KIND_OF_##event,	\
	       offsetof(__typeof__(*(fork)->event), member),			\
	       sizeof((fork)->event->member), #member, why)

/* Says what would show it. */
void fw_unseen(const struct fw_fork *fork, const struct forkwatch_header *event,
	       enum forkwatch_kind kind, size_t offset, size_t size, const char *member,
	       struct fw_why *why);

static inline bool fw_saw(const struct fw_fork *fork, const struct forkwatch_header *event,
			  enum forkwatch_kind kind, size_t offset, size_t size,
			  const char *member, struct fw_why *why)
{
	if (event && fw_observed(event, offset, size))
		return true;
	fw_unseen(fork, event, kind, offset, size, member, why);
	return false;
}

/* One of two values that should be the same, and whose it is. */
struct fw_side {
	const char *who;	/* "child" */
	uint64_t value;
};

/* Writes "x0: child 0x7, expected 0x0" into @why unless both are the same. */
bool fw_same(const char *field, struct fw_side a, struct fw_side b, struct fw_why *why);
/* The same for addresses in the kernel's text, which are named. */
bool fw_same_code(const char *field, struct fw_side a, struct fw_side b,
		  const struct fw_env *env, struct fw_why *why);

#define FW_SIDE(name, number)	((struct fw_side) { .who = (name), .value = (number) })

/* One of two sets of registers, likewise. */
struct fw_regs_side {
	const char *who;
	const struct forkwatch_regs *regs;
};

/*
 * Are @nr registers from @first on the same, less those whose bit is set in
 * @except? They are numbered as fw_regs_list() lists them: n for xn, FW_AT_* for
 * the others. In pstate the bit that a switch may rewrite is left out.
 */
bool fw_same_regs(struct fw_regs_side a, struct fw_regs_side b, unsigned int first,
		  unsigned int nr, uint64_t except, struct fw_why *why);

/* Where fw_regs_list() has what is no xn. */
enum {
	FW_AT_SP = FORKWATCH_NR_X,
	FW_AT_PC,
	FW_AT_PSTATE,
	FW_AT_ORIG_X0,
	FW_AT_SYSCALLNO,
	FW_AT_END,
};

/* The parent is an AArch32 task, and so is its child. */
bool fw_is_compat(const struct fw_fork *fork);

/* Has this machine any of @features, 1 << FORKWATCH_HAS_*? If nobody saw that: it may. */
bool fw_has_state(const struct fw_fork *fork, uint32_t features);

/* Did forkwatch_clone() ask for a value of the child's x0? */
bool fw_asks_x0(const struct fw_fork *fork);

/* The address of ret_from_fork, 0 if hidden: then @why says so. */
uint64_t fw_ret_from_fork(const struct fw_env *env, struct fw_why *why);

/* Is the kernel known, to be compared with KERNEL_VERSION()? If not, @why says so. */
bool fw_knows_kernel(const struct fw_env *env, struct fw_why *why);

void fw_explain(struct fw_why *why, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* What each rule of the table in check.c holds by. */
#define FW_RULES(R)					\
	R(child_x0)		R(child_x)		\
	R(child_pc)		R(child_pstate)		\
	R(child_sp)		R(child_syscall)	\
	R(child_tls)		R(child_pt_regs)	\
	R(context_copied)	R(context_start)	\
	R(context_user)		R(context_kernel)	\
	R(context_fp)		R(run_registers)	\
	R(run_current)		R(run_prev)		\
	R(run_pt_regs)		R(run_order)		\
	R(return_parent)	R(return_error)		\
	R(return_restart)	R(task_new)		\
	R(mm)			R(shared)		\
	R(nsproxy)		R(group)		\
	R(real_parent)		R(tids)			\
	R(untraced)		R(vfork_waits)		\
	R(vfork_mm)		R(exec)			\
	R(child_tpidr2)		R(state_fpsimd)		\
	R(state_sve)		R(state_sme)		\
	R(state_keys)		R(state_mte)		\
	R(state_gcs)		R(state_debug)		\
	R(state_scs)		R(state_poe)		\
	R(state_fpmr)		\
	R(witness)

#define FW_RULE_HOLDS(rule)							\
	enum fw_verdict fw_holds_##rule(const struct fw_fork *fork,		\
					const struct fw_env *env, struct fw_why *why);
FW_RULES(FW_RULE_HOLDS)
#undef FW_RULE_HOLDS

#endif
