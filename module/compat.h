/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between kernels, each with the commit that made it. The rest of
 * the module reads as if there were one kernel.
 */
#ifndef FW_COMPAT_H
#define FW_COMPAT_H

#include <linux/cred.h>
#include <linux/kprobes.h>
#include <linux/mm.h>
#include <linux/pid_namespace.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/sched/user.h>
#include <linux/scs.h>
#include <linux/user_namespace.h>
#include <linux/version.h>

#include "forkwatch.h"

/*
 * v5.19: c5febea0956f ("fork: Pass struct kernel_clone_args into copy_thread")
 * and 5bd2e97c868a ("fork: Generalize PF_IO_WORKER handling"), one series.
 * Before it, copy_thread() took (clone_flags, stack_start, stk_sz, p, tls), and
 * a kernel thread's function travelled in args->stack.
 */
#define FW_CLONE_ARGS_HAVE_FN	(LINUX_VERSION_CODE >= KERNEL_VERSION(5, 19, 0))

/*
 * v5.12: cc440e8738e5 ("kernel: provide create_io_thread() helper"), in 5.10
 * since 5.10.162, which took over io_uring as a whole.
 */
#define FW_CLONE_ARGS_HAVE_IO_THREAD					\
	(LINUX_VERSION_CODE >= KERNEL_VERSION(5, 12, 0) ||		\
	 (LINUX_VERSION_CODE >= KERNEL_VERSION(5, 10, 162) &&		\
	  LINUX_VERSION_CODE < KERNEL_VERSION(5, 11, 0)))

/*
 * v6.11: the list behind sys_call_table is generated ("arm64: generate 64-bit
 * syscall.tbl"), holes included. sparse cannot parse __has_include(<...>).
 */
#define FW_HAVE_SYSCALL_TABLE_HEADER	(LINUX_VERSION_CODE >= KERNEL_VERSION(6, 11, 0))

/*
 * Sends @event to the listeners of tracepoint @name. A probe is armed before
 * its tracepoint's static key is on, and may run while the branch of
 * trace_*() is being patched; qemu 7.2 with a thread for each CPU then goes on
 * with the old branch for ever. So the key in memory is asked first: it is on
 * when the patching is done. The cast fits both types that a tracepoint's key
 * has had: struct static_key is the only member of struct static_key_false.
 */
#define FW_TRACE(name, event)							\
	do {									\
		const struct static_key *key_ =					\
			(const struct static_key *)&__tracepoint_##name.key;	\
										\
		if (atomic_read(&key_->enabled) > 0)				\
			trace_##name(event);					\
	} while (0)

/*
 * v5.11: d741bf41d7c7 ("kprobes: Remove kretprobe hash"), since which it is NULL while the
 * kretprobe is being unregistered: also at an entry, on a CPU that came to it before.
 */
static __always_inline struct kretprobe *fw_kretprobe(const struct kretprobe_instance *ri)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 11, 0)
	return get_kretprobe((struct kretprobe_instance *)ri);
#else
	return ri->rp;
#endif
}

/* Does @task owe a return to some kretprobe? Before v5.11 it is not told easily. */
static __always_inline bool fw_has_kretprobes(const struct task_struct *task)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 11, 0) && !defined(CONFIG_KRETPROBE_ON_RETHOOK)
	return READ_ONCE(task->kretprobe_instances.first);
#else
	return true;
#endif
}

/* The new task, from the registers at copy_thread()'s entry. */
static inline struct task_struct *fw_copy_thread_child(const struct pt_regs *regs)
{
#if FW_CLONE_ARGS_HAVE_FN
	return (struct task_struct *)regs->regs[0];
#else
	return (struct task_struct *)regs->regs[3];
#endif
}

/* The clone flags, likewise. */
static inline u64 fw_copy_thread_flags(const struct pt_regs *regs)
{
#if FW_CLONE_ARGS_HAVE_FN
	return ((const struct kernel_clone_args *)regs->regs[1])->flags;
#else
	return regs->regs[0];
#endif
}

static inline bool fw_clone_args_io_thread(const struct kernel_clone_args *args)
{
#if FW_CLONE_ARGS_HAVE_IO_THREAD
	return args->io_thread;
#else
	return false;
#endif
}

/* v6.4: 54e6842d0775 ("fork/vm: Move common PF_IO_WORKER behavior to new flag") */
static inline bool fw_clone_args_user_worker(const struct kernel_clone_args *args)
{
#ifdef PF_USER_WORKER
	return args->user_worker;
#else
	return false;
#endif
}

/* Will copy_thread() make a task that starts in the kernel? Asked in the parent. */
static inline bool fw_clone_args_kthread(const struct kernel_clone_args *args)
{
#if FW_CLONE_ARGS_HAVE_FN
	return args->fn;
#else
	return (current->flags & PF_KTHREAD) || fw_clone_args_io_thread(args);
#endif
}

/* The function of such a task, and its argument. */
static inline u64 fw_clone_args_fn(const struct kernel_clone_args *args)
{
#if FW_CLONE_ARGS_HAVE_FN
	return (u64)args->fn;
#else
	return fw_clone_args_kthread(args) ? args->stack : 0;
#endif
}

static inline u64 fw_clone_args_fn_arg(const struct kernel_clone_args *args)
{
#if FW_CLONE_ARGS_HAVE_FN
	return (u64)args->fn_arg;
#else
	return fw_clone_args_kthread(args) ? args->stack_size : 0;
#endif
}

/*
 * The tasks of the current user, as RLIMIT_NPROC counts them. v5.14:
 * 21d1c5e386bc ("Reimplement RLIMIT_NPROC on top of ucounts")
 */
static inline u64 fw_user_processes(void)
{
#ifdef task_ucounts
	return get_rlimit_value(task_ucounts(current), UCOUNT_RLIMIT_NPROC);
#else
	return atomic_read(&current_user()->processes);
#endif
}

/*
 * v6.14: 7863dcc72d0f ("pid: allow pid_max to be set per pid namespace"). Before
 * it there is one for all, which modules do not get at.
 */
static inline u32 fw_pid_ns_max(const struct pid_namespace *ns)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 14, 0)
	return ns->pid_max;
#else
	return 0;
#endif
}

/* A flag of clone3() that is named in a kernel's headers has its bit in struct signal_struct. */
static inline bool fw_signal_autoreap(const struct signal_struct *signal)
{
#ifdef CLONE_AUTOREAP
	return signal->autoreap;
#else
	return false;
#endif
}

/*
 * An mm's resident pages. v6.2: f1a7941243c1 ("mm: convert mm's rss stats into
 * percpu_counter"). Their sum is asked for: what get_mm_counter() reads may lag
 * by dozens of pages a CPU, and is 0 for most new processes.
 */
static inline u64 fw_mm_counter(struct mm_struct *mm, int member)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
	return percpu_counter_sum_positive(&mm->rss_stat[member]);
#else
	return get_mm_counter(mm, member);
#endif
}

/*
 * State of the CPU that came with time. A kernel without it says so, and its
 * fields read 0.
 *
 * v5.16: 5838a1557984 ("arm64/sve: Generalise vector length configuration prctl()
 * for SME") made the lengths an array.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 16, 0)
#define fw_thread_sve_vl(t)		((t)->vl[ARM64_VEC_SVE])
#define fw_thread_sve_vl_onexec(t)	((t)->vl_onexec[ARM64_VEC_SVE])
#else
#define fw_thread_sve_vl(t)		((t)->sve_vl)
#define fw_thread_sve_vl_onexec(t)	((t)->sve_vl_onexec)
#endif
#define fw_thread_sve_state(t)		((t)->sve_state)

/* v5.19: 8bd7f91c03d8 ("arm64/sme: Implement traps and syscall handling for SME") */
#ifdef CONFIG_ARM64_SME
#define FW_SME(expression)		(expression)
#else
#define FW_SME(expression)		0
#endif
#define fw_has_sme()			FW_SME(system_supports_sme())
#define fw_has_tpidr2()			FW_SME(system_supports_tpidr2())
#define fw_live_tpidr2()		FW_SME(read_sysreg_s(SYS_TPIDR2_EL0))
#define fw_thread_svcr(t)		FW_SME((t)->svcr)
#define fw_thread_tpidr2(t)		FW_SME((t)->tpidr2_el0)
#define fw_thread_sme_vl(t)		FW_SME((t)->vl[ARM64_VEC_SME])
#define fw_thread_sme_vl_onexec(t)	FW_SME((t)->vl_onexec[ARM64_VEC_SME])

/* v6.3: ce514000da4f ("arm64/sme: Rename za_state to sme_state"), for SME2. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
#define fw_has_sme2()			FW_SME(system_supports_sme2())
#define fw_thread_sme_state(t)		FW_SME((t)->sme_state)
#else
#define fw_has_sme2()			0
#define fw_thread_sme_state(t)		FW_SME((t)->za_state)
#endif

static inline u32 fw_task_sme_state(const struct task_struct *task)
{
	u32 state = 0;

#ifdef TIF_SME
	if (READ_ONCE(task->thread_info.flags) & BIT(TIF_SME))
		state |= FORKWATCH_STATE_SME;
#endif
	if (fw_thread_sme_state(&task->thread))
		state |= FORKWATCH_STATE_SME_BUFFER;
	return state;
}

/* v6.9: 203f2b95a882 ("arm64/fpsimd: Support FEAT_FPMR") */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 9, 0)
#define fw_has_fpmr()			system_supports_fpmr()
#define fw_thread_fpmr(t)		((t)->uw.fpmr)
#else
#define fw_has_fpmr()			0
#define fw_thread_fpmr(t)		0
#endif

/* v6.12: 160a8e13de6c ("arm64: context switch POR_EL0 register") */
#ifdef CONFIG_ARM64_POE
#define fw_has_poe()			system_supports_poe()
#define fw_live_por()			read_sysreg_s(SYS_POR_EL0)
#define fw_thread_por(t)		((t)->por_el0)
#else
#define fw_has_poe()			0
#define fw_live_por()			0
#define fw_thread_por(t)		0
#endif

/* v6.13: fc84bc5378a8 ("arm64/gcs: Context switch GCS state for EL0") */
#ifdef CONFIG_ARM64_GCS
#define fw_has_gcs()			system_supports_gcs()
#define fw_live_gcspr()			read_sysreg_s(SYS_GCSPR_EL0)
#define fw_thread_gcs(t, member)	((t)->member)
#else
#define fw_has_gcs()			0
#define fw_live_gcspr()			0
#define fw_thread_gcs(t, member)	0
#endif

/*
 * v5.13: 2f79d2fc391e ("arm64: mte: make the per-task SCTLR_EL1 field usable
 * elsewhere"), with MTE or without.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 13, 0)
#define fw_thread_sctlr(t)		((t)->sctlr_user)
#elif defined(CONFIG_ARM64_MTE)
#define fw_thread_sctlr(t)		((t)->sctlr_tcf0)
#else
#define fw_thread_sctlr(t)		0
#endif

/*
 * v5.11: 620954a67bce ("arm64: mte: convert gcr_user into an exclude mask");
 * v5.15: 638982a03fbc ("arm64: mte: change ASYNC and SYNC TCF settings into
 * bitfields"), of which that mask became a part.
 */
#ifndef CONFIG_ARM64_MTE
#define fw_thread_mte(t)		0
#elif LINUX_VERSION_CODE >= KERNEL_VERSION(5, 15, 0)
#define fw_thread_mte(t)		((t)->mte_ctrl)
#elif LINUX_VERSION_CODE >= KERNEL_VERSION(5, 11, 0)
#define fw_thread_mte(t)		((t)->gcr_user_excl)
#else
#define fw_thread_mte(t)		((t)->gcr_user_incl)
#endif

/* v6.2: 3b619e22c460 ("arm64: implement dynamic shadow call stack for Clang") */
#ifdef CONFIG_SHADOW_CALL_STACK
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
#define fw_has_scs()			scs_is_enabled()
#else
#define fw_has_scs()			1
#endif
#define fw_task_scs(task, member)	((u64)task_thread_info(task)->member)
#else
#define fw_has_scs()			0
#define fw_task_scs(task, member)	0
#endif

/*
 * What clone3() takes. v7.1 added four flags; a flag that a kernel's headers do
 * not name, it does not take.
 */
#define FW_CLONE3_FLAGS	(0xffffffffULL | CLONE_CLEAR_SIGHAND | CLONE_INTO_CGROUP | FW_CLONE3_NEW)
#ifdef CLONE_AUTOREAP
#define FW_CLONE3_NEW	(CLONE_AUTOREAP | CLONE_NNP | CLONE_PIDFD_AUTOKILL | CLONE_EMPTY_MNTNS)
#else
#define FW_CLONE3_NEW	0
#endif

/*
 * v6.18: edd3cb05c00a ("copy_process: pass clone_flags as u64 across calltree")
 * changed the tracepoint's argument. To be used after <trace/events/task.h>.
 */
#define FW_TASK_NEWTASK_FLAGS							\
	typeof(__builtin_choose_expr(						\
		__builtin_types_compatible_p(typeof(trace_task_newtask),	\
					     void (struct task_struct *, u64)),	\
		(u64)0, 0UL))

#endif /* FW_COMPAT_H */
